//! Proof Key for Code Exchange (RFC 7636), method S256 only: `plain` protects nothing once a request is read.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::error::OAuthError;

/// Length of an S256 challenge: 32 bytes in base64url without padding.
pub const CHALLENGE_LENGTH: usize = 43;
/// Checks the challenge of an authorization request; the method must be named, since its default is `plain`
/// (RFC 7636 §4.3).
pub fn check_challenge(challenge: &str, method: Option<&str>) -> Result<(), OAuthError> {
    if method != Some("S256") {
        return Err(OAuthError::invalid_request(
            "code_challenge_method must be S256",
        ));
    }
    let digest = URL_SAFE_NO_PAD.decode(challenge).unwrap_or_default();
    if challenge.len() != CHALLENGE_LENGTH || digest.len() != 32 {
        return Err(OAuthError::invalid_request(
            "code_challenge must be the base64url SHA-256 of the code_verifier",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn only_an_s256_challenge_is_taken() {
        assert!(check_challenge(CHALLENGE, Some("S256")).is_ok());
        for (challenge, method) in [
            (CHALLENGE, None),
            (CHALLENGE, Some("plain")),
            (CHALLENGE, Some("s256")),
            (VERIFIER.get(1..).unwrap(), Some("S256")),
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=", Some("S256")),
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", Some("S256")),
        ] {
            assert_eq!(
                check_challenge(challenge, method)
                    .unwrap_err()
                    .code
                    .as_str(),
                "invalid_request"
            );
        }
    }
}
