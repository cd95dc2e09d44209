//! What a client presented to prove itself (RFC 6749 §2.3, OIDC Core §9, RFC 7523 §2.2). Whether it is right is
//! decided elsewhere; here only that it is one method, readable, and not in the URL ([`Params::parse_post`]).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::error::OAuthError;
use super::params::{MAX_VALUE, Params, decode};

/// `client_assertion_type` of a JWT (RFC 7523 §2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A secret or assertion as it came in. Neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct PresentedSecret(String);

impl PresentedSecret {
    /// The text, for verification only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PresentedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedSecret")
    }
}

/// What came with the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// No client named itself.
    None,
    /// Only a `client_id`.
    Public {
        /// The client named.
        client_id: String,
    },
    /// `Authorization: Basic`.
    Basic {
        /// The client named.
        client_id: String,
        /// Its secret.
        secret: PresentedSecret,
    },
    /// `client_id` and `client_secret` in the body.
    Post {
        /// The client named.
        client_id: String,
        /// Its secret.
        secret: PresentedSecret,
    },
    /// `client_assertion` in the body.
    Assertion {
        /// The client named beside the assertion; it must equal `sub`.
        client_id: Option<String>,
        /// The assertion, not yet verified.
        jwt: PresentedSecret,
    },
}

impl Presented {
    /// Reads the one method in use (RFC 6749 §2.3: never more than one). `authorization` is the header as sent.
    /// A scheme other than Basic is no client authentication and is left to whoever expects it.
    pub fn parse(authorization: Option<&str>, body: &Params) -> Result<Self, OAuthError> {
        let basic = match authorization.and_then(|value| value.split_once(' ')) {
            Some((scheme, credentials)) if scheme.eq_ignore_ascii_case("basic") => {
                Some(parse_basic(credentials.trim())?)
            }
            _ => None,
        };
        let client_id = body.owned("client_id");
        let secret = body.owned("client_secret").map(PresentedSecret);
        let assertion = parse_assertion(body)?;
        match (basic, secret, assertion) {
            (Some((id, _)), None, None) if client_id.as_ref().is_some_and(|other| *other != id) => {
                Err(OAuthError::invalid_request(
                    "client_id differs from the Authorization header",
                ))
            }
            (Some((client_id, None)), None, None) => Ok(Presented::Public { client_id }),
            (Some((client_id, Some(secret))), None, None) => {
                Ok(Presented::Basic { client_id, secret })
            }
            (None, Some(secret), None) => match client_id {
                Some(client_id) => Ok(Presented::Post { client_id, secret }),
                None => Err(OAuthError::invalid_request(
                    "client_secret needs client_id beside it",
                )),
            },
            (None, None, Some(jwt)) => Ok(Presented::Assertion { client_id, jwt }),
            (None, None, None) => {
                Ok(client_id.map_or(Presented::None, |client_id| Presented::Public { client_id }))
            }
            _ => Err(OAuthError::invalid_request(
                "use exactly one client authentication method",
            )),
        }
    }
}

/// RFC 6749 §2.3.1: id and secret are form-urlencoded before they are joined by `:` and base64-encoded.
fn parse_basic(credentials: &str) -> Result<(String, Option<PresentedSecret>), OAuthError> {
    let malformed = || {
        OAuthError::invalid_client(
            "the Basic credentials must be base64 of form-urlencoded client_id:client_secret",
        )
    };
    if credentials.len() > 2 * MAX_VALUE {
        return Err(malformed());
    }
    let bytes = STANDARD.decode(credentials).map_err(|_| malformed())?;
    let mut halves = bytes.splitn(2, |b| *b == b':');
    let id = decode(halves.next().unwrap_or_default()).map_err(|_| malformed())?;
    let secret = decode(halves.next().ok_or_else(malformed)?).map_err(|_| malformed())?;
    if id.is_empty() {
        return Err(malformed());
    }
    // Some libraries send public clients as `id:`; an empty secret is no secret (RFC 6749 §2.3.1).
    Ok((id, (!secret.is_empty()).then_some(PresentedSecret(secret))))
}

fn parse_assertion(body: &Params) -> Result<Option<PresentedSecret>, OAuthError> {
    match (
        body.one("client_assertion_type"),
        body.owned("client_assertion"),
    ) {
        (None, None) => Ok(None),
        (Some(JWT_BEARER), Some(jwt)) => Ok(Some(PresentedSecret(jwt))),
        (Some(JWT_BEARER), None) => Err(OAuthError::invalid_request(
            "the parameter client_assertion is required",
        )),
        _ => Err(OAuthError::invalid_request(format!(
            "client_assertion_type must be {JWT_BEARER}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    fn presented(authorization: Option<&str>, body: &str) -> Result<Presented, OAuthError> {
        Presented::parse(authorization, &Params::parse_form(body).unwrap())
    }

    fn secret_of(presented: &Presented) -> Option<&str> {
        match presented {
            Presented::Basic { secret, .. } | Presented::Post { secret, .. } => {
                Some(secret.expose())
            }
            Presented::Assertion { jwt, .. } => Some(jwt.expose()),
            Presented::None | Presented::Public { .. } => None,
        }
    }

    fn client_id_of(presented: &Presented) -> Option<&str> {
        match presented {
            Presented::None => None,
            Presented::Public { client_id }
            | Presented::Basic { client_id, .. }
            | Presented::Post { client_id, .. } => Some(client_id),
            Presented::Assertion { client_id, .. } => client_id.as_deref(),
        }
    }

    #[test]
    fn each_method_is_recognised() {
        let assertion =
            format!("client_assertion_type={JWT_BEARER}&client_assertion=a.b.c&client_id=app");
        let header = basic("app:s");
        let is_basic: fn(&Presented) -> bool = |p| matches!(p, Presented::Basic { .. });
        let is_public: fn(&Presented) -> bool = |p| matches!(p, Presented::Public { .. });
        let is_post: fn(&Presented) -> bool = |p| matches!(p, Presented::Post { .. });
        let is_assertion: fn(&Presented) -> bool = |p| matches!(p, Presented::Assertion { .. });
        for (authorization, body, is_it) in [
            (Some(header.as_str()), "", is_basic),
            (Some(header.as_str()), "client_id=app", is_basic),
            (None, "client_id=app&client_secret=s", is_post),
            (None, &assertion, is_assertion),
            (None, "client_id=app", is_public),
            (Some("Bearer x"), "client_id=app", is_public),
            (Some("basic YXBwOnM="), "", is_basic),
        ] {
            let got = presented(authorization, body).unwrap();
            assert!(is_it(&got), "{body}: {got:?}");
            assert_eq!(client_id_of(&got), Some("app"));
        }
        assert_eq!(presented(None, "grant_type=x").unwrap(), Presented::None);
    }

    #[test]
    fn two_methods_at_once_are_refused() {
        let assertion = format!("client_assertion_type={JWT_BEARER}&client_assertion=a.b.c");
        let header = basic("app:s");
        for (authorization, body) in [
            (
                Some(header.as_str()),
                "client_id=app&client_secret=s".to_owned(),
            ),
            (Some(header.as_str()), "client_id=other".to_owned()),
            (Some(header.as_str()), assertion.clone()),
            (None, format!("{assertion}&client_id=app&client_secret=s")),
            (None, "client_secret=s".to_owned()),
            (None, "client_assertion=a.b.c".to_owned()),
            (
                None,
                "client_assertion=a.b.c&client_assertion_type=urn:x".to_owned(),
            ),
            (None, format!("client_assertion_type={JWT_BEARER}")),
        ] {
            assert_eq!(
                presented(authorization, &body).unwrap_err().code.as_str(),
                "invalid_request",
                "{body}"
            );
        }
    }

    #[test]
    fn basic_credentials_are_form_decoded() {
        for (text, id, secret) in [
            ("app:a%3Ab%25c%2Bd+%C3%A9", "app", "a:b%c+d é"),
            ("my%3Aapp:s", "my:app", "s"),
            ("app:a:b", "app", "a:b"),
        ] {
            let got = presented(Some(&basic(text)), "").unwrap();
            assert_eq!(
                (client_id_of(&got), secret_of(&got)),
                (Some(id), Some(secret))
            );
        }
    }

    #[test]
    fn an_empty_basic_secret_is_a_public_client() {
        assert_eq!(
            presented(Some(&basic("app:")), "").unwrap(),
            Presented::Public {
                client_id: "app".to_owned()
            }
        );
    }

    #[test]
    fn unreadable_basic_credentials_are_invalid_client() {
        for header in [
            "Basic !!!".to_owned(),
            basic("app"),
            basic(":s"),
            basic("app:%zz"),
            "Basic ".to_owned(),
        ] {
            assert_eq!(
                presented(Some(&header), "").unwrap_err().http_status(),
                401,
                "{header}"
            );
        }
        let oversized = basic(&"x".repeat(3 * MAX_VALUE));
        assert!(presented(Some(&oversized), "").is_err());
    }

    #[test]
    fn debug_never_shows_a_secret() {
        let shown = format!(
            "{:?}",
            presented(None, "client_id=app&client_secret=hush").unwrap()
        );
        assert!(shown.contains("app") && !shown.contains("hush"), "{shown}");
    }
}
