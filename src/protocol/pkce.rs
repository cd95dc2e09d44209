//! Proof Key for Code Exchange (RFC 7636), method S256 only: `plain` protects nothing once a request is read.

use aws_lc_rs::{constant_time, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::error::OAuthError;

/// Length of an S256 challenge: 32 bytes in base64url without padding.
pub const CHALLENGE_LENGTH: usize = 43;
/// Allowed lengths of a verifier (RFC 7636 §4.1).
pub const VERIFIER_LENGTH: std::ops::RangeInclusive<usize> = 43..=128;

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

/// Compares what the token request presented with what the authorization request fixed: a verifier is there if and
/// only if a challenge was (RFC 9700 §4.8.2), and it matches (RFC 7636 §4.6). Every failure is `invalid_grant`.
pub fn verify(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), OAuthError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(OAuthError::invalid_grant(
            "code_verifier was sent but the authorization had no code_challenge",
        )),
        (Some(_), None) => Err(OAuthError::invalid_grant(
            "code_verifier is required for this code",
        )),
        (Some(challenge), Some(verifier)) if matches(challenge, verifier) => Ok(()),
        (Some(_), Some(_)) => Err(OAuthError::invalid_grant(
            "code_verifier does not match the code_challenge",
        )),
    }
}

/// The S256 challenge of a verifier.
pub fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

fn matches(challenge: &str, verifier: &str) -> bool {
    VERIFIER_LENGTH.contains(&verifier.len())
        && verifier
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
        && constant_time::verify_slices_are_equal(
            challenge_of(verifier).as_bytes(),
            challenge.as_bytes(),
        )
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_verifies() {
        assert_eq!(challenge_of(VERIFIER), CHALLENGE);
        assert!(verify(Some(CHALLENGE), Some(VERIFIER)).is_ok());
    }

    #[test]
    fn a_verifier_is_there_if_and_only_if_a_challenge_was() {
        assert!(verify(None, None).is_ok());
        for (challenge, verifier) in [(None, Some(VERIFIER)), (Some(CHALLENGE), None)] {
            assert_eq!(
                verify(challenge, verifier).unwrap_err().code.as_str(),
                "invalid_grant"
            );
        }
    }

    #[test]
    fn a_wrong_or_malformed_verifier_is_invalid_grant() {
        let short = "a".repeat(42);
        let long = "a".repeat(129);
        let odd = format!("{}!", "a".repeat(50));
        for verifier in [CHALLENGE, short.as_str(), long.as_str(), odd.as_str()] {
            let own = challenge_of(verifier);
            let challenge = if verifier == CHALLENGE {
                CHALLENGE
            } else {
                own.as_str()
            };
            assert_eq!(
                verify(Some(challenge), Some(verifier))
                    .unwrap_err()
                    .code
                    .as_str(),
                "invalid_grant",
                "{verifier}"
            );
        }
        for good in ["a".repeat(43), "~".repeat(128)] {
            assert!(verify(Some(&challenge_of(&good)), Some(&good)).is_ok());
        }
    }

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
