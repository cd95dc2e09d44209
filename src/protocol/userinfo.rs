//! Bearer tokens: where a request carries one, and the challenge that answers it (RFC 6750; OIDC Core §5.3.1).
//! Used by userinfo, by introspection with a bearer, and by the admin API.

use std::fmt;

use super::error::OAuthError;
use super::params::{MAX_DOCUMENT, Params};

/// An access token as it came in. Neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

impl BearerToken {
    /// The text, for verification only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken")
    }
}

/// Finds the one bearer token: in the `Authorization` header or, for a POSTed form, in the body (RFC 6750 §2.1, §2.2).
/// Both at once is `invalid_request`; none is `Ok(None)`, to be answered by a [`challenge`] without an error.
/// A token in the URL (§2.3) is refused by [`Params::parse_post`] and [`refuse_in_query`].
pub fn bearer(
    authorization: Option<&str>,
    body: Option<&Params>,
) -> Result<Option<BearerToken>, OAuthError> {
    let header = match authorization.and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim()),
        _ => None,
    };
    match (header, body.and_then(|params| params.one("access_token"))) {
        (None, None) => Ok(None),
        (Some(token), None) | (None, Some(token)) => check(token).map(Some),
        (Some(_), Some(_)) => Err(OAuthError::invalid_request(
            "send the access token in the header or in the body, not in both",
        )),
    }
}

/// Refuses an access token in the URL, where logs keep it (RFC 6750 §5.3).
pub fn refuse_in_query(query: Option<&str>) -> Result<(), OAuthError> {
    match Params::read(query.unwrap_or_default())?.one("access_token") {
        Some(_) => Err(OAuthError::invalid_request(
            "access_token must not be sent in the URL",
        )),
        None => Ok(()),
    }
}

/// The `WWW-Authenticate` value (RFC 6750 §3). Without an error it only says what is expected, as §3.1 asks when the
/// request carried no token. `scope` names what would suffice.
pub fn challenge(realm: &str, error: Option<&OAuthError>, scope: Option<&str>) -> String {
    let mut out = format!("Bearer realm=\"{}\"", quotable(realm));
    if let Some(error) = error {
        out.push_str(&format!(
            ", error=\"{}\", error_description=\"{}\"",
            error.code,
            error.description()
        ));
    }
    if let Some(scope) = scope {
        out.push_str(&format!(", scope=\"{}\"", quotable(scope)));
    }
    out
}

/// The `WWW-Authenticate` value after a failed client authentication by Basic (RFC 6749 §5.2).
pub fn basic_challenge(realm: &str) -> String {
    format!("Basic realm=\"{}\", charset=\"UTF-8\"", quotable(realm))
}

/// RFC 6750 §2.1: b64token.
fn check(token: &str) -> Result<BearerToken, OAuthError> {
    let body = token.trim_end_matches('=');
    let good = !body.is_empty()
        && token.len() <= MAX_DOCUMENT
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
    if good {
        Ok(BearerToken(token.to_owned()))
    } else {
        Err(OAuthError::invalid_token("the access token is malformed"))
    }
}

fn quotable(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\'))
        .take(256)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Params {
        Params::parse_form(text).unwrap()
    }

    #[test]
    fn a_token_comes_by_header_or_by_body() {
        for (header, body, expected) in [
            (Some("Bearer abc.d-e_f~+/=="), "", Some("abc.d-e_f~+/==")),
            (Some("bearer  x"), "", Some("x")),
            (None, "access_token=x", Some("x")),
            (Some("Basic eDp5"), "", None),
            (Some("DPoP x"), "", None),
            (Some("Bearer"), "", None),
            (None, "", None),
        ] {
            let got = bearer(header, Some(&form(body))).unwrap();
            assert_eq!(
                got.as_ref().map(BearerToken::expose),
                expected,
                "{header:?} {body}"
            );
        }
    }

    #[test]
    fn a_token_in_two_places_or_in_the_url_is_invalid_request() {
        let error = bearer(Some("Bearer x"), Some(&form("access_token=x"))).unwrap_err();
        assert_eq!(error.http_status(), 400);
        assert_eq!(
            refuse_in_query(Some("a=b&access_token=x"))
                .unwrap_err()
                .http_status(),
            400
        );
        assert!(refuse_in_query(Some("a=b")).is_ok() && refuse_in_query(None).is_ok());
    }

    #[test]
    fn a_malformed_token_is_invalid_token() {
        for header in [
            "Bearer a b",
            "Bearer ===",
            "Bearer é",
            "Bearer a=b",
            "Bearer ",
        ] {
            assert_eq!(
                bearer(Some(header), None).unwrap_err().http_status(),
                401,
                "{header}"
            );
        }
        assert!(
            bearer(
                Some(&format!("Bearer {}", "x".repeat(MAX_DOCUMENT + 1))),
                None
            )
            .is_err()
        );
    }

    #[test]
    fn the_challenge_names_the_error_only_when_there_is_one() {
        assert_eq!(challenge("de\"mo\r\n", None, None), "Bearer realm=\"demo\"");
        let error = OAuthError::new(
            super::super::ErrorCode::InsufficientScope,
            "ask for \"openid\"",
        );
        assert_eq!(
            challenge("demo", Some(&error), Some("openid")),
            "Bearer realm=\"demo\", error=\"insufficient_scope\", error_description=\"ask for 'openid'\", scope=\"openid\""
        );
        assert_eq!(
            basic_challenge("demo"),
            "Basic realm=\"demo\", charset=\"UTF-8\""
        );
    }

    #[test]
    fn debug_never_shows_the_token() {
        assert!(!format!("{:?}", bearer(Some("Bearer hush"), None).unwrap()).contains("hush"));
    }
}
