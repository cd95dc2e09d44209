//! Every error code a standard registers, in one table, and the error value all endpoints answer with.
//!
//! Owns: code → wire name → HTTP status, and the rule that a description is safe to send anywhere.
//! Does not own: headers and bodies (`http::answer`), redirects ([`crate::protocol::answer`]).

use std::fmt;

use serde_json::{Value, json};

/// Longest description that leaves this server, in characters.
pub const MAX_DESCRIPTION: usize = 512;

/// One row per code: variant, wire name, status of a direct (non-redirect) answer, where it is registered.
macro_rules! codes {
    ($($variant:ident $name:literal $status:literal $doc:literal;)*) => {
        /// A registered error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $(#[doc = $doc] $variant,)* }

        impl ErrorCode {
            /// All codes, in table order.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)*];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$variant => $name,)* }
            }

            /// The HTTP status when the error is answered directly rather than by redirect.
            pub const fn http_status(self) -> u16 {
                match self { $(ErrorCode::$variant => $status,)* }
            }
        }
    };
}

codes! {
    InvalidRequest "invalid_request" 400 "A parameter is missing, repeated or malformed (RFC 6749 §4.1.2.1, §5.2).";
    InvalidClient "invalid_client" 401 "The client is unknown or failed to authenticate (RFC 6749 §5.2).";
    InvalidGrant "invalid_grant" 400 "The code or refresh token is no longer good, or belongs to another client (RFC 6749 §5.2).";
    UnauthorizedClient "unauthorized_client" 400 "The client may not use this grant (RFC 6749 §5.2).";
    UnsupportedGrantType "unsupported_grant_type" 400 "A grant type this server does not offer (RFC 6749 §5.2).";
    UnsupportedResponseType "unsupported_response_type" 400 "A response type other than `code` (RFC 6749 §4.1.2.1).";
    InvalidScope "invalid_scope" 400 "The scope is malformed or wider than what was granted (RFC 6749 §5.2).";
    AccessDenied "access_denied" 400 "The user or the server refused (RFC 6749 §4.1.2.1).";
    ServerError "server_error" 500 "The server could not decide (RFC 6749 §4.1.2.1).";
    TemporarilyUnavailable "temporarily_unavailable" 503 "Overloaded or in maintenance (RFC 6749 §4.1.2.1).";
    InteractionRequired "interaction_required" 400 "`prompt=none` cannot be kept (OIDC Core §3.1.2.6).";
    LoginRequired "login_required" 400 "Nobody suitable is signed in and `prompt=none` was asked (OIDC Core §3.1.2.6).";
    AccountSelectionRequired "account_selection_required" 400 "The user must choose an account (OIDC Core §3.1.2.6).";
    ConsentRequired "consent_required" 400 "The user must consent (OIDC Core §3.1.2.6).";
    InvalidRequestUri "invalid_request_uri" 400 "The `request_uri` is unknown, used or expired (OIDC Core §3.1.2.6, RFC 9126 §2.2).";
    InvalidRequestObject "invalid_request_object" 400 "The request object is invalid (OIDC Core §3.1.2.6, RFC 9101 §6).";
    RequestNotSupported "request_not_supported" 400 "The `request` parameter is not offered (OIDC Core §3.1.2.6).";
    RequestUriNotSupported "request_uri_not_supported" 400 "The `request_uri` parameter is not offered (OIDC Core §3.1.2.6).";
    RegistrationNotSupported "registration_not_supported" 400 "The `registration` parameter is not offered (OIDC Core §3.1.2.6).";
    UnmetAuthenticationRequirements "unmet_authentication_requirements" 400 "An essential `acr` cannot be reached (OIDC Unmet Authentication Requirements 1.0).";
    InvalidTarget "invalid_target" 400 "The `resource` is malformed or not allowed (RFC 8707 §2).";
    InvalidToken "invalid_token" 401 "The access token is expired, revoked or malformed (RFC 6750 §3.1).";
    InsufficientScope "insufficient_scope" 403 "The access token lacks a scope (RFC 6750 §3.1).";
    InsufficientUserAuthentication "insufficient_user_authentication" 401 "A stronger or fresher sign-in is needed (RFC 9470 §3).";
    UnsupportedTokenType "unsupported_token_type" 400 "This kind of token cannot be revoked (RFC 7009 §2.2.1).";
    InvalidRedirectUri "invalid_redirect_uri" 400 "A redirect URI in a registration is refused (RFC 7591 §3.2.2).";
    InvalidClientMetadata "invalid_client_metadata" 400 "A field of a registration is refused (RFC 7591 §3.2.2).";
    InvalidSoftwareStatement "invalid_software_statement" 400 "The software statement is invalid (RFC 7591 §3.2.2).";
    UnapprovedSoftwareStatement "unapproved_software_statement" 400 "The software statement is not approved here (RFC 7591 §3.2.2).";
    AuthorizationPending "authorization_pending" 400 "The user has not finished on the other device (RFC 8628 §3.5).";
    SlowDown "slow_down" 400 "The device polls too fast (RFC 8628 §3.5).";
    ExpiredToken "expired_token" 400 "The device code has expired (RFC 8628 §3.5).";
    InvalidDpopProof "invalid_dpop_proof" 400 "The DPoP proof is invalid (RFC 9449 §5).";
    UseDpopNonce "use_dpop_nonce" 400 "The DPoP proof must carry the server's nonce (RFC 9449 §8).";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal in the words of the standards. The description says what was expected and never repeats a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub struct OAuthError {
    /// Which registered refusal this is.
    pub code: ErrorCode,
    description: String,
}

impl OAuthError {
    /// An error with any code. The description is cut to [`MAX_DESCRIPTION`] and to the characters RFC 6749 allows.
    pub fn new(code: ErrorCode, description: impl AsRef<str>) -> Self {
        Self {
            code,
            description: sanitise(description.as_ref()),
        }
    }

    /// What was expected, in the charset of RFC 6749 §5.2 (printable ASCII without `"` and `\`).
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The status of a direct answer.
    pub const fn http_status(&self) -> u16 {
        self.code.http_status()
    }

    /// The body of a direct answer (RFC 6749 §5.2).
    pub fn to_json(&self) -> Value {
        json!({ "error": self.code.as_str(), "error_description": self.description })
    }

    /// `invalid_request`
    pub fn invalid_request(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    /// `invalid_client`
    pub fn invalid_client(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::InvalidClient, description)
    }

    /// `invalid_grant`
    pub fn invalid_grant(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::InvalidGrant, description)
    }

    /// `invalid_grant` for a session that ended. Client libraries look for these words to start a new sign-in.
    pub fn session_not_active() -> Self {
        Self::invalid_grant("Session not active")
    }

    /// `invalid_scope`
    pub fn invalid_scope(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::InvalidScope, description)
    }

    /// `invalid_target`
    pub fn invalid_target(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::InvalidTarget, description)
    }

    /// `invalid_token`
    pub fn invalid_token(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::InvalidToken, description)
    }

    /// `unauthorized_client`
    pub fn unauthorized_client(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::UnauthorizedClient, description)
    }

    /// `access_denied`
    pub fn access_denied(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::AccessDenied, description)
    }

    /// `login_required`
    pub fn login_required(description: impl AsRef<str>) -> Self {
        Self::new(ErrorCode::LoginRequired, description)
    }

    /// `server_error`; the caller learns nothing more, the log has the chain.
    pub fn server_error() -> Self {
        Self::new(
            ErrorCode::ServerError,
            "the server could not complete the request",
        )
    }

    /// `temporarily_unavailable`
    pub fn temporarily_unavailable() -> Self {
        Self::new(
            ErrorCode::TemporarilyUnavailable,
            "the server is busy, try again shortly",
        )
    }
}

/// RFC 6749 §5.2: `error_description` holds only %x20-21 / %x23-5B / %x5D-7E.
fn sanitise(text: &str) -> String {
    text.chars()
        .take(MAX_DESCRIPTION)
        .map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => c,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_lower_case_wire_name() {
        let mut names: Vec<_> = ErrorCode::ALL.iter().map(|c| c.as_str()).collect();
        for name in &names {
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{name}"
            );
        }
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(before, names.len());
    }

    #[test]
    fn only_the_named_codes_leave_status_400() {
        for code in ErrorCode::ALL {
            let expected = match code {
                ErrorCode::InvalidClient
                | ErrorCode::InvalidToken
                | ErrorCode::InsufficientUserAuthentication => 401,
                ErrorCode::InsufficientScope => 403,
                ErrorCode::ServerError => 500,
                ErrorCode::TemporarilyUnavailable => 503,
                _ => 400,
            };
            assert_eq!(code.http_status(), expected, "{code}");
        }
    }

    #[test]
    fn a_description_keeps_only_the_characters_rfc_6749_allows() {
        let error = OAuthError::invalid_request("say \"hi\" \\ to\r\nJosé");
        assert_eq!(error.description(), "say 'hi' / to??Jos?");
        assert_eq!(error.to_json()["error"], "invalid_request");
    }

    #[test]
    fn a_description_is_bounded() {
        assert_eq!(
            OAuthError::invalid_request("x".repeat(10_000))
                .description()
                .len(),
            MAX_DESCRIPTION
        );
    }
}
