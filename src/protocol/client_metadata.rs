//! Rules of client metadata that are pure text (RFC 7591 §2, OIDC Registration §2, Back-Channel Logout §2.2): used
//! alike by realm files, the admin API and dynamic registration, so that all three refuse with the same sentence.

use std::fmt;

use super::client_auth::AuthMethod;
use super::error::{ErrorCode, OAuthError};
use super::redirect::{UriProblem, check_redirect_uri, check_web_uri};
use super::scope::ScopeSet;
use super::token_request::{AUTHORIZATION_CODE, CLIENT_CREDENTIALS, REFRESH_TOKEN};

/// Longest `client_id` and `client_name`, in bytes.
pub const MAX_NAME: usize = 255;
/// Most URIs in one list.
pub const MAX_URIS: usize = 100;

/// Grant types a client may register.
pub const GRANT_TYPES: &[&str] = &[AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS];
/// Response types a client may register.
pub const RESPONSE_TYPES: &[&str] = &["code"];

/// One field that is refused, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataProblem {
    /// The RFC 7591 name of the field.
    pub field: &'static str,
    /// What is wrong and what was expected, for the person who wrote it.
    pub message: String,
}

impl fmt::Display for MetadataProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl From<&MetadataProblem> for OAuthError {
    /// RFC 7591 §3.2.2: redirect URIs have a code of their own.
    fn from(problem: &MetadataProblem) -> Self {
        let code = match problem.field {
            "redirect_uris" => ErrorCode::InvalidRedirectUri,
            _ => ErrorCode::InvalidClientMetadata,
        };
        OAuthError::new(code, problem.to_string())
    }
}

/// The fields that are checked, as text, after the defaults of RFC 7591 §2 were filled in. Absent lists are empty.
#[derive(Clone, Debug, Default)]
pub struct ClientMetadata<'a> {
    /// `client_id`
    pub client_id: &'a str,
    /// `client_name`
    pub client_name: Option<&'a str>,
    /// Whether a secret is set, and its length in bytes; the secret itself stays outside.
    pub secret_length: Option<usize>,
    /// `redirect_uris`
    pub redirect_uris: Vec<&'a str>,
    /// `post_logout_redirect_uris`
    pub post_logout_redirect_uris: Vec<&'a str>,
    /// `grant_types`
    pub grant_types: Vec<&'a str>,
    /// `response_types`
    pub response_types: Vec<&'a str>,
    /// `token_endpoint_auth_method`
    pub token_endpoint_auth_method: Option<&'a str>,
    /// Whether `jwks` or `jwks_uri` is set.
    pub has_keys: bool,
    /// `scope`
    pub scope: Option<&'a str>,
    /// `id_token_signed_response_alg`
    pub id_token_signed_response_alg: Option<&'a str>,
    /// Fields holding a URL that is called or shown: name and value.
    pub web_uris: Vec<(&'static str, &'a str)>,
    /// Algorithms the server can sign with.
    pub signing_algorithms: &'a [&'a str],
    /// Client authentication the server offers.
    pub auth_methods: &'a [AuthMethod],
    /// Whether the client need not use PKCE.
    pub pkce_exempt: bool,
}

impl ClientMetadata<'_> {
    /// Everything that is wrong, in the order of the fields; empty when the client may be registered.
    pub fn problems(&self) -> Vec<MetadataProblem> {
        let mut found = Problems::default();
        self.check_names(&mut found);
        self.check_uris(&mut found);
        found.names("grant_types", &self.grant_types, GRANT_TYPES);
        found.names("response_types", &self.response_types, RESPONSE_TYPES);
        self.check_authentication(&mut found);
        if let Some(Err(error)) = self.scope.map(ScopeSet::parse) {
            found.add("scope", error.description());
        }
        if let Some(name) = self.id_token_signed_response_alg {
            found.names(
                "id_token_signed_response_alg",
                &[name],
                self.signing_algorithms,
            );
        }
        self.check_together(&mut found);
        found.0
    }

    fn check_names(&self, found: &mut Problems) {
        if let Err(message) = check_client_id(self.client_id) {
            found.add("client_id", message);
        }
        if self
            .client_name
            .is_some_and(|name| name.len() > MAX_NAME || name.chars().any(char::is_control))
        {
            found.add(
                "client_name",
                format!("at most {MAX_NAME} bytes without control characters are expected"),
            );
        }
    }

    fn check_uris(&self, found: &mut Problems) {
        for (field, uris) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            if uris.len() > MAX_URIS {
                found.add(field, format!("at most {MAX_URIS} URIs are expected"));
            }
            for uri in uris {
                found.uri(field, uri, check_redirect_uri(uri));
            }
        }
        for (field, uri) in &self.web_uris {
            found.uri(field, uri, check_web_uri(uri));
        }
    }

    fn check_authentication(&self, found: &mut Problems) {
        const FIELD: &str = "token_endpoint_auth_method";
        let offered: Vec<&str> = self.auth_methods.iter().map(|m| m.as_str()).collect();
        let name = self
            .token_endpoint_auth_method
            .unwrap_or(AuthMethod::default().as_str());
        let Some(method) = AuthMethod::parse(name).filter(|m| self.auth_methods.contains(m)) else {
            return found.names(FIELD, &[name], &offered);
        };
        match (method, self.secret_length) {
            (AuthMethod::None, Some(_)) => {
                found.add(FIELD, "none is for public clients: remove client_secret")
            }
            (AuthMethod::PrivateKeyJwt, _) if !self.has_keys => {
                found.add(
                    FIELD,
                    "private_key_jwt needs the client's public keys in jwks or jwks_uri",
                );
            }
            (
                AuthMethod::ClientSecretBasic
                | AuthMethod::ClientSecretPost
                | AuthMethod::ClientSecretJwt,
                None,
            ) => {
                found.add(
                    FIELD,
                    format!("{name} needs client_secret; use none for a public client"),
                );
            }
            (_, Some(0)) => found.add("client_secret", "an empty secret protects nothing"),
            _ => {}
        }
    }

    /// Fields that only make sense with others (RFC 7591 §2.1; RFC 6749 §4.4; RFC 9700 §2.1.1).
    fn check_together(&self, found: &mut Problems) {
        let grants = |name: &str| self.grant_types.contains(&name);
        let public = self.token_endpoint_auth_method == Some(AuthMethod::None.as_str());
        if grants(AUTHORIZATION_CODE) && self.redirect_uris.is_empty() {
            found.add(
                "redirect_uris",
                "the grant authorization_code needs at least one redirect URI",
            );
        }
        if grants(CLIENT_CREDENTIALS) && public {
            found.add(
                "grant_types",
                "client_credentials needs a client that authenticates, not a public one",
            );
        }
        if public && self.pkce_exempt {
            found.add("require_pkce", "a public client cannot do without PKCE");
        }
    }
}

/// A `client_id` is 1 to [`MAX_NAME`] bytes of visible ASCII (RFC 6749 appendix A.1), safe in logs, paths and forms.
/// A leading `https://` is left to client id metadata documents.
pub fn check_client_id(client_id: &str) -> Result<(), String> {
    if client_id.is_empty()
        || client_id.len() > MAX_NAME
        || !client_id.bytes().all(|b| b.is_ascii_graphic())
    {
        return Err(format!(
            "1 to {MAX_NAME} visible ASCII characters without spaces are expected"
        ));
    }
    if client_id.starts_with("https://") {
        return Err("a client_id that starts with https:// names a metadata document and cannot be registered".to_owned());
    }
    Ok(())
}

/// The known name closest to a misspelt one, if any is close.
pub fn suggestion<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase()),
                *candidate,
            )
        })
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[derive(Default)]
struct Problems(Vec<MetadataProblem>);

impl Problems {
    fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(MetadataProblem {
            field,
            message: message.into(),
        });
    }

    fn uri(&mut self, field: &'static str, uri: &str, result: Result<(), UriProblem>) {
        if let Err(problem) = result {
            self.add(field, format!("'{}': {problem}", excerpt(uri)));
        }
    }

    fn names(&mut self, field: &'static str, given: &[&str], known: &[&str]) {
        for name in given.iter().filter(|name| !known.contains(name)) {
            let hint = suggestion(name, known)
                .map(|s| format!("; did you mean {s}?"))
                .unwrap_or_default();
            self.add(
                field,
                format!(
                    "'{}' is not offered, only {}{hint}",
                    excerpt(name),
                    known.join(", ")
                ),
            );
        }
    }
}

/// Enough of a wrong value to find it again, safe for a log.
fn excerpt(text: &str) -> String {
    text.chars().take(80).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests;
