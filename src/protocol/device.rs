//! The device authorization endpoint (RFC 8628 §3.1, §3.2): what a device asks for, and what it is told.

use serde::Serialize;

use super::authorize::{parse_challenge, resources};
use super::error::OAuthError;
use super::params::Params;
use super::scope::ScopeSet;

/// A readable request of a device; who asks is said by client authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest {
    /// What is asked for and allowed.
    pub scope: ScopeSet,
    /// Audiences wanted for the access token (RFC 8707).
    pub resource: Vec<String>,
    /// The S256 challenge. Optional, since nothing is sent to the device that somebody on the way could redeem.
    pub code_challenge: Option<String>,
}

impl DeviceRequest {
    /// Reads the form. Scopes that the client may not ask for are dropped, as RFC 6749 §3.3 allows.
    pub fn parse(params: &Params, allowed_scopes: &ScopeSet) -> Result<Self, OAuthError> {
        Ok(Self {
            scope: ScopeSet::parse(params.one("scope").unwrap_or_default())?
                .intersection(allowed_scopes),
            resource: resources(params)?,
            code_challenge: parse_challenge(params, false)?,
        })
    }
}

/// The answer (RFC 8628 §3.2). No `Debug`: it holds secrets.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct DeviceResponse {
    /// What the device asks with at the token endpoint.
    pub device_code: String,
    /// What it shows to the person.
    pub user_code: String,
    /// Where the person goes.
    pub verification_uri: String,
    /// The same with the code filled in, for a picture that a phone reads.
    pub verification_uri_complete: String,
    /// Seconds until both codes are over.
    pub expires_in: u64,
    /// Seconds to wait from one question to the next.
    pub interval: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(form: &str) -> Result<DeviceRequest, OAuthError> {
        let allowed = ScopeSet::parse("openid profile").unwrap();
        DeviceRequest::parse(&Params::parse_form(form).unwrap(), &allowed)
    }

    #[test]
    fn what_is_asked_for_is_read_and_what_is_not_allowed_is_dropped() {
        let asked = parse("client_id=tv&scope=openid%20admin&resource=urn:a").unwrap();
        assert_eq!(asked.scope.to_string(), "openid");
        assert_eq!(asked.resource, ["urn:a"]);
        assert_eq!(asked.code_challenge, None);
        assert_eq!(parse("").unwrap().scope.to_string(), "");
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let with = format!("code_challenge={challenge}&code_challenge_method=S256");
        assert_eq!(
            parse(&with).unwrap().code_challenge.as_deref(),
            Some(challenge)
        );
    }

    #[test]
    fn what_is_malformed_has_its_own_error() {
        for (form, code) in [
            ("scope=a%22b", "invalid_scope"),
            ("resource=api", "invalid_target"),
            ("code_challenge=x", "invalid_request"),
            ("code_challenge_method=S256", "invalid_request"),
        ] {
            assert_eq!(parse(form).unwrap_err().code.as_str(), code, "{form}");
        }
    }
}
