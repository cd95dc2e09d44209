//! The request of draft-parecki-oauth-global-token-revocation-06 §3: a subject identifier (RFC 9493) in JSON, and no more.

use serde_json::Value;

use super::OAuthError;

/// Whom a command names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// By an issuer and its `sub` (RFC 9493 §3.2.3).
    IssSub {
        /// The issuer.
        iss: String,
        /// The subject.
        sub: String,
    },
    /// By an address of electronic mail (§3.2.2).
    Email(String),
    /// By an id of the realm's own (§3.2.5).
    Opaque(String),
}

/// The formats that are read.
pub const FORMATS: [&str; 3] = ["iss_sub", "email", "opaque"];
/// The most bytes of a request's body.
pub const MAX_BODY: usize = 16 * 1024;
/// The longest text in a subject, in bytes.
const MAX_TEXT: usize = 1000;

impl Subject {
    /// Reads a request's body.
    ///
    /// # Errors
    /// `invalid_request` for anything malformed and for a format that is not read (§3.4: 400).
    pub fn parse(body: &[u8]) -> Result<Subject, OAuthError> {
        let refuse = |why: &str| Err(OAuthError::invalid_request(why));
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return refuse("the body must be a JSON object with the member sub_id");
        };
        let Some(Value::Object(subject)) = body.get("sub_id") else {
            return refuse("sub_id must be a subject identifier (RFC 9493): an object");
        };
        let text = |name: &str| {
            subject
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty() && text.len() <= MAX_TEXT)
                .map(str::to_owned)
                .ok_or_else(|| {
                    OAuthError::invalid_request(format!(
                        "sub_id must have the member {name}: text of 1 to {MAX_TEXT} bytes"
                    ))
                })
        };
        match text("format")?.as_str() {
            "iss_sub" => Ok(Subject::IssSub {
                iss: text("iss")?,
                sub: text("sub")?,
            }),
            "email" => text("email").map(Subject::Email),
            "opaque" => text("id").map(Subject::Opaque),
            _ => refuse(&format!(
                "sub_id has a format that is not read here; known are {}",
                FORMATS.join(", ")
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_formats_are_read() {
        for (body, expected) in [
            (
                r#"{"sub_id":{"format":"iss_sub","iss":"https://id.example","sub":"7"},"x":1}"#,
                Subject::IssSub {
                    iss: "https://id.example".to_owned(),
                    sub: "7".to_owned(),
                },
            ),
            (
                r#"{"sub_id":{"format":"email","email":"a@b.example"}}"#,
                Subject::Email("a@b.example".to_owned()),
            ),
            (
                r#"{"sub_id":{"format":"opaque","id":"7"}}"#,
                Subject::Opaque("7".to_owned()),
            ),
        ] {
            assert_eq!(Subject::parse(body.as_bytes()).unwrap(), expected);
        }
    }

    #[test]
    fn whatever_else_is_refused_in_words() {
        for (body, words) in [
            ("", "JSON object"),
            ("[]", "JSON object"),
            ("{}", "sub_id"),
            (r#"{"sub_id":"alice"}"#, "an object"),
            // The name it had in the first drafts.
            (r#"{"subject":{"format":"email","email":"a@b"}}"#, "sub_id"),
            (r#"{"sub_id":{"email":"a@b"}}"#, "format"),
            (r#"{"sub_id":{"format":"email"}}"#, "member email"),
            (r#"{"sub_id":{"format":"iss_sub","sub":"7"}}"#, "member iss"),
            (r#"{"sub_id":{"format":"opaque","id":""}}"#, "member id"),
            (r#"{"sub_id":{"format":"opaque","id":7}}"#, "member id"),
            (
                r#"{"sub_id":{"format":"phone_number","phone_number":"+1"}}"#,
                "known are",
            ),
        ] {
            let error = Subject::parse(body.as_bytes()).unwrap_err();
            assert!(error.description().contains(words), "{body}: {error}");
        }
    }
}
