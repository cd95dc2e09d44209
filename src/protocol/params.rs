//! Parameters of a request: `application/x-www-form-urlencoded` text, read once and strictly.
//!
//! Invariant: a value that leaves here is valid UTF-8 without NUL, not empty and of bounded length.

use std::fmt;

use super::error::OAuthError;

/// Longest query or form that is read, in bytes.
pub const MAX_FORM: usize = 64 * 1024;
/// Most parameters in one request.
pub const MAX_COUNT: usize = 100;
/// Longest name, in bytes.
pub const MAX_NAME: usize = 128;
/// Longest value of an ordinary parameter, in bytes.
pub const MAX_VALUE: usize = 4096;
/// Longest value of a parameter that carries a JWT or JSON, in bytes.
pub const MAX_DOCUMENT: usize = 16 * 1024;
/// Longest `state`, in bytes. It travels in URLs and is kept while the user signs in.
pub const MAX_STATE: usize = 2048;

/// Parameters whose value is a whole document and may be as long as [`MAX_DOCUMENT`].
const DOCUMENTS: &[&str] = &[
    "id_token_hint",
    "client_assertion",
    "claims",
    "request",
    "token",
    "access_token",
    "refresh_token",
    "subject_token",
    "actor_token",
    "assertion",
];

/// Parameters that may come several times (RFC 8707 §2, RFC 8693 §2.1).
const REPEATABLE: &[&str] = &["resource", "audience"];

/// Parameters that must never be in a URL, where logs and histories keep them (RFC 6749 §2.3.1, RFC 7009 §2.1).
const BODY_ONLY: &[&str] = &[
    "client_secret",
    "client_assertion",
    "code",
    "code_verifier",
    "refresh_token",
    "token",
    "access_token",
    "password",
    "subject_token",
    "actor_token",
    "device_code",
];

/// The parameters of one request. `Debug` shows names, never values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// Reads a query or form and refuses a repeated parameter (RFC 6749 §3.1), other than `resource` and `audience`.
    /// A parameter without a value counts as absent (same section).
    pub fn parse_form(input: impl AsRef<[u8]>) -> Result<Self, OAuthError> {
        let params = Self::read(input)?;
        params.refuse_repeats()?;
        Ok(params)
    }

    /// Like [`Params::parse_form`], but leaves repeats for later: the authorization endpoint must first find out
    /// whether the refusal may go to the redirect URI. Follow with [`Params::refuse_repeats`].
    pub fn read(input: impl AsRef<[u8]>) -> Result<Self, OAuthError> {
        let input = input.as_ref();
        if input.len() > MAX_FORM {
            return Err(OAuthError::invalid_request(format!(
                "the parameters are longer than {MAX_FORM} bytes"
            )));
        }
        let mut pairs = Vec::new();
        for piece in input
            .split(|b| *b == b'&')
            .filter(|piece| !piece.is_empty())
        {
            let mut halves = piece.splitn(2, |b| *b == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if value.is_empty() {
                continue;
            }
            check_size(&name, &value)?;
            pairs.push((name, value));
            if pairs.len() > MAX_COUNT {
                return Err(OAuthError::invalid_request(format!(
                    "more than {MAX_COUNT} parameters"
                )));
            }
        }
        Ok(Self { pairs })
    }

    /// Reads the body of a POST. Parameters in the URL are ignored, except that a secret there, or a parameter given
    /// in both places, is refused: whoever sends those believes they count (RFC 6749 §2.3.1, RFC 6750 §2).
    pub fn parse_post(query: Option<&str>, body: impl AsRef<[u8]>) -> Result<Self, OAuthError> {
        let params = Self::parse_form(body)?;
        for (name, _) in &Self::read(query.unwrap_or_default())?.pairs {
            if BODY_ONLY.contains(&name.as_str()) {
                return Err(OAuthError::invalid_request(format!(
                    "{name} must be sent in the body, not in the URL"
                )));
            }
            if params.one(name).is_some() {
                return Err(OAuthError::invalid_request(
                    "a parameter was sent both in the URL and in the body",
                ));
            }
        }
        Ok(params)
    }

    /// Refuses a parameter that came twice.
    pub fn refuse_repeats(&self) -> Result<(), OAuthError> {
        match self
            .pairs
            .iter()
            .find(|(name, _)| !REPEATABLE.contains(&name.as_str()) && self.repeats(name))
        {
            // An unknown name is the caller's text and is not echoed.
            Some(_) => Err(OAuthError::invalid_request(
                "a parameter was sent more than once",
            )),
            None => Ok(()),
        }
    }

    /// Whether this parameter came more than once.
    pub fn repeats(&self, name: &str) -> bool {
        self.many(name).nth(1).is_some()
    }

    /// The value, or `None` when absent or empty.
    pub fn one(&self, name: &str) -> Option<&str> {
        self.many(name).next()
    }

    /// The value as an owned string.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.one(name).map(str::to_owned)
    }

    /// All values of a repeatable parameter, in order.
    pub fn many<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// The space-separated words of a parameter, in order.
    pub fn words(&self, name: &str) -> Vec<String> {
        self.one(name)
            .unwrap_or_default()
            .split(' ')
            .filter(|w| !w.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The value, or `invalid_request` naming what is missing.
    pub fn require(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.one(name)
            .ok_or_else(|| OAuthError::invalid_request(format!("the parameter {name} is required")))
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.pairs.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Decodes one form-urlencoded piece: `+` is a space, `%XX` a byte. Anything malformed is refused, not guessed at.
pub fn decode(piece: &[u8]) -> Result<String, OAuthError> {
    let mut bytes = Vec::with_capacity(piece.len());
    let mut rest = piece.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (rest.next().and_then(hex), rest.next().and_then(hex)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => {
                    return Err(OAuthError::invalid_request(
                        "a percent sign must be followed by two hex digits",
                    ));
                }
            },
            other => other,
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(OAuthError::invalid_request(
            "parameters must be UTF-8 text without NUL",
        )),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

fn check_size(name: &str, value: &str) -> Result<(), OAuthError> {
    if name.len() > MAX_NAME {
        return Err(OAuthError::invalid_request(format!(
            "a parameter name is longer than {MAX_NAME} bytes"
        )));
    }
    let limit = match name {
        "state" => MAX_STATE,
        _ if DOCUMENTS.contains(&name) => MAX_DOCUMENT,
        _ => MAX_VALUE,
    };
    if value.len() > limit {
        return Err(OAuthError::invalid_request(format!(
            "the parameter {name} is longer than {limit} bytes"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(input: &[u8]) -> String {
        Params::parse_form(input)
            .expect_err("refused")
            .description()
            .to_owned()
    }

    #[test]
    fn plus_percent_and_utf_8_are_decoded() {
        let params = Params::parse_form("a=1+2%2B3&b=%C3%A9&c=x=y").unwrap();
        assert_eq!(params.one("a"), Some("1 2+3"));
        assert_eq!(params.one("b"), Some("é"));
        assert_eq!(params.one("c"), Some("x=y"));
    }

    #[test]
    fn an_empty_value_is_an_absent_parameter() {
        let params = Params::parse_form("code=&redirect_uri&scope=openid&&scope=").unwrap();
        assert_eq!(params.one("code"), None);
        assert_eq!(params.one("redirect_uri"), None);
        assert_eq!(params.one("scope"), Some("openid"));
    }

    #[test]
    fn a_repeated_parameter_is_refused_unless_it_is_resource() {
        assert_eq!(
            refusal(b"scope=a&scope=b"),
            "a parameter was sent more than once"
        );
        assert_eq!(
            refusal(b"scope=a&sc%6fpe=a"),
            "a parameter was sent more than once"
        );
        let params = Params::parse_form("resource=a&resource=b").unwrap();
        assert_eq!(params.many("resource").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn malformed_text_is_refused() {
        for input in [
            &b"a=%ff"[..],
            b"a=%c3",
            b"a=\xff",
            b"a=%zz",
            b"a=%4",
            b"a=%",
            b"a=%00",
            b"%ff=a",
        ] {
            assert!(Params::parse_form(input).is_err(), "{input:?}");
        }
    }

    #[test]
    fn sizes_are_capped() {
        let long = |name: &str, n: usize| Params::parse_form(format!("{name}={}", "x".repeat(n)));
        assert!(long("state", MAX_STATE).is_ok());
        assert!(long("state", MAX_STATE + 1).is_err());
        assert!(long("nonce", MAX_VALUE).is_ok());
        assert!(long("nonce", MAX_VALUE + 1).is_err());
        assert!(long("id_token_hint", MAX_DOCUMENT).is_ok());
        assert!(long("id_token_hint", MAX_DOCUMENT + 1).is_err());
        assert!(long(&"n".repeat(MAX_NAME + 1), 1).is_err());
        assert!(Params::parse_form("a=&".repeat(MAX_FORM)).is_err());
        let many: String = (0..=MAX_COUNT).map(|i| format!("p{i}=1&")).collect();
        assert!(Params::parse_form(many).is_err());
    }

    #[test]
    fn secrets_in_the_url_of_a_post_are_refused() {
        assert!(Params::parse_post(Some("client_secret=x"), "grant_type=a").is_err());
        assert!(Params::parse_post(Some("grant_type=b"), "grant_type=a").is_err());
        let params = Params::parse_post(Some("tracking=1"), "grant_type=a").unwrap();
        assert_eq!(params.one("grant_type"), Some("a"));
        assert_eq!(params.one("tracking"), None);
    }

    #[test]
    fn debug_shows_names_but_no_values() {
        let shown = format!("{:?}", Params::parse_form("client_secret=hush").unwrap());
        assert!(
            shown.contains("client_secret") && !shown.contains("hush"),
            "{shown}"
        );
    }
}
