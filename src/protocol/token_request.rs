//! The token endpoint: the form that comes in (RFC 6749 §4.1.3, §4.4.2, §6, RFC 8628 §3.4) and the tokens that go out (§5.1).
//! Absent on purpose: the password and implicit grants (RFC 9700 §2.1.2, §2.4).

use std::fmt;

use serde::Serialize;

use super::authorize::resources;
use super::error::{ErrorCode, OAuthError};
use super::params::Params;
use super::scope::ScopeSet;
/// `grant_type` of a device without a browser.
pub use crate::domain::client::check::DEVICE_CODE;

/// `grant_type` of the authorization code grant.
pub const AUTHORIZATION_CODE: &str = "authorization_code";
/// `grant_type` of a refresh.
pub const REFRESH_TOKEN: &str = "refresh_token";
/// `grant_type` of a client acting for itself.
pub const CLIENT_CREDENTIALS: &str = "client_credentials";

/// A readable token request. `Debug` shows the grant type, never a code or token.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenRequest {
    /// A code is exchanged (RFC 6749 §4.1.3).
    AuthorizationCode {
        /// The code.
        code: String,
        /// If sent, it must equal the one of the authorization request (OAuth 2.1 §10.2).
        redirect_uri: Option<String>,
        /// The PKCE verifier (RFC 7636 §4.5).
        code_verifier: Option<String>,
        /// The audiences wanted now; a subset of those granted (RFC 8707 §2.2).
        resource: Vec<String>,
    },
    /// A refresh token is rotated (RFC 6749 §6).
    RefreshToken {
        /// The token.
        refresh_token: String,
        /// If sent, a subset of what was granted.
        scope: Option<ScopeSet>,
        /// As above.
        resource: Vec<String>,
    },
    /// The client asks for itself (RFC 6749 §4.4.2).
    ClientCredentials {
        /// If sent, a subset of what the client may have.
        scope: Option<ScopeSet>,
        /// As above.
        resource: Vec<String>,
    },
    /// A device asks whether its person has answered (RFC 8628 §3.4).
    DeviceCode {
        /// The device's code.
        device_code: String,
        /// The PKCE verifier.
        code_verifier: Option<String>,
        /// As above.
        resource: Vec<String>,
    },
}

impl TokenRequest {
    /// Reads the form. Parameters of other grants are ignored: some clients send them along.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        match params.require("grant_type")? {
            AUTHORIZATION_CODE => Ok(Self::AuthorizationCode {
                code: params.require("code")?.to_owned(),
                redirect_uri: params.owned("redirect_uri"),
                code_verifier: params.owned("code_verifier"),
                resource: resources(params)?,
            }),
            REFRESH_TOKEN => Ok(Self::RefreshToken {
                refresh_token: params.require("refresh_token")?.to_owned(),
                scope: scope(params)?,
                resource: resources(params)?,
            }),
            CLIENT_CREDENTIALS => Ok(Self::ClientCredentials {
                scope: scope(params)?,
                resource: resources(params)?,
            }),
            DEVICE_CODE => Ok(Self::DeviceCode {
                device_code: params.require("device_code")?.to_owned(),
                code_verifier: params.owned("code_verifier"),
                resource: resources(params)?,
            }),
            _ => Err(OAuthError::new(
                ErrorCode::UnsupportedGrantType,
                format!(
                    "grant_type must be {AUTHORIZATION_CODE}, {REFRESH_TOKEN}, {CLIENT_CREDENTIALS} or {DEVICE_CODE}"
                ),
            )),
        }
    }

    /// The name on the wire, to compare with the client's registered `grant_types`.
    pub const fn grant_type(&self) -> &'static str {
        match self {
            Self::AuthorizationCode { .. } => AUTHORIZATION_CODE,
            Self::RefreshToken { .. } => REFRESH_TOKEN,
            Self::ClientCredentials { .. } => CLIENT_CREDENTIALS,
            Self::DeviceCode { .. } => DEVICE_CODE,
        }
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenRequest({})", self.grant_type())
    }
}

fn scope(params: &Params) -> Result<Option<ScopeSet>, OAuthError> {
    params.one("scope").map(ScopeSet::parse).transpose()
}

/// The body of a successful answer (RFC 6749 §5.1, OIDC Core §3.1.3.3). No `Debug`: it is made of secrets.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// Always `Bearer` here.
    pub token_type: &'static str,
    /// Seconds until the access token ends.
    pub expires_in: u64,
    /// The successor or first refresh token, if one was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Seconds until the refresh token ends if it is not used; a field Keycloak's clients read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_in: Option<u64>,
    /// The ID token, if `openid` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What was granted, always said: the client need not compare (RFC 6749 §5.1).
    #[serde(skip_serializing_if = "ScopeSet::is_empty")]
    pub scope: ScopeSet,
    /// The `sid`, a field Keycloak's clients read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_state: Option<String>,
    /// Always 0, a field Keycloak's clients read; cuts in time are enforced here, not by the client.
    #[serde(rename = "not-before-policy")]
    pub not_before_policy: u64,
}

impl TokenResponse {
    /// An answer with an access token alone; the rest is filled in by struct update.
    pub fn bearer(access_token: String, expires_in: u64, scope: ScopeSet) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            expires_in,
            refresh_token: None,
            refresh_expires_in: None,
            id_token: None,
            scope,
            session_state: None,
            not_before_policy: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(form: &str) -> Result<TokenRequest, OAuthError> {
        TokenRequest::parse(&Params::parse_form(form).unwrap())
    }

    #[test]
    fn each_grant_is_read() {
        assert!(matches!(
            parse("grant_type=authorization_code&code=c&redirect_uri=https://a.example/cb&code_verifier=v&resource=urn:a").unwrap(),
            TokenRequest::AuthorizationCode { code, redirect_uri: Some(_), code_verifier: Some(_), resource }
                if code == "c" && resource == ["urn:a"]
        ));
        // Some libraries add empty and foreign parameters to a refresh.
        assert!(matches!(
            parse("grant_type=refresh_token&refresh_token=r&code=&redirect_uri=&scope=openid").unwrap(),
            TokenRequest::RefreshToken { refresh_token, scope: Some(_), .. } if refresh_token == "r"
        ));
        assert!(matches!(
            parse("grant_type=client_credentials").unwrap(),
            TokenRequest::ClientCredentials { scope: None, .. }
        ));
        assert!(matches!(
            parse("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d")
                .unwrap(),
            TokenRequest::DeviceCode { device_code, code_verifier: None, .. } if device_code == "d"
        ));
    }

    #[test]
    fn what_is_missing_or_unknown_has_its_own_error() {
        for (form, code) in [
            ("code=c", "invalid_request"),
            ("grant_type=", "invalid_request"),
            ("grant_type=authorization_code", "invalid_request"),
            ("grant_type=refresh_token", "invalid_request"),
            (
                "grant_type=urn:ietf:params:oauth:grant-type:device_code",
                "invalid_request",
            ),
            ("grant_type=device_code", "unsupported_grant_type"),
            (
                "grant_type=password&username=a&password=b",
                "unsupported_grant_type",
            ),
            ("grant_type=implicit", "unsupported_grant_type"),
            (
                "grant_type=Authorization_Code&code=c",
                "unsupported_grant_type",
            ),
            ("grant_type=client_credentials&scope=a%22b", "invalid_scope"),
            (
                "grant_type=client_credentials&resource=api",
                "invalid_target",
            ),
        ] {
            assert_eq!(parse(form).unwrap_err().code.as_str(), code, "{form}");
        }
    }

    #[test]
    fn debug_never_shows_a_code_or_token() {
        let shown = format!(
            "{:?}",
            parse("grant_type=refresh_token&refresh_token=hush").unwrap()
        );
        assert_eq!(shown, "TokenRequest(refresh_token)");
    }

    #[test]
    fn the_answer_names_only_what_was_issued() {
        let mut answer =
            TokenResponse::bearer("at".to_owned(), 300, ScopeSet::parse("openid").unwrap());
        assert_eq!(
            serde_json::to_value(&answer).unwrap(),
            json!({"access_token": "at", "token_type": "Bearer", "expires_in": 300, "scope": "openid", "not-before-policy": 0})
        );
        answer.refresh_token = Some("rt".to_owned());
        answer.refresh_expires_in = Some(1800);
        answer.id_token = Some("idt".to_owned());
        answer.session_state = Some("sid".to_owned());
        let json = serde_json::to_value(&answer).unwrap();
        assert_eq!(
            (&json["refresh_expires_in"], &json["session_state"]),
            (&json!(1800), &json!("sid"))
        );
    }
}
