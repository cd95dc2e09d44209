//! Token introspection (RFC 7662): the question and the answer. A dead, unknown or foreign token is exactly
//! `{"active":false}`: the answer must not say which (§2.2).

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::error::OAuthError;
use super::params::Params;
use super::scope::ScopeSet;

/// What kind of token the caller believes it is; a hint only (RFC 7009 §2.1). An unknown hint is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenTypeHint {
    /// `access_token`
    AccessToken,
    /// `refresh_token`
    RefreshToken,
}

/// The request: the same two parameters as revocation (RFC 7662 §2.1, RFC 7009 §2.1). `Debug` hides the token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenQuestion {
    /// The token asked about.
    pub token: String,
    /// Where to look first.
    pub token_type_hint: Option<TokenTypeHint>,
}

impl TokenQuestion {
    /// Reads the form; a missing token is `invalid_request`.
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        Ok(Self {
            token: params.require("token")?.to_owned(),
            token_type_hint: match params.one("token_type_hint") {
                Some("access_token") => Some(TokenTypeHint::AccessToken),
                Some("refresh_token") => Some(TokenTypeHint::RefreshToken),
                _ => None,
            },
        })
    }
}

impl fmt::Debug for TokenQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenQuestion")
            .field("token_type_hint", &self.token_type_hint)
            .finish_non_exhaustive()
    }
}

/// The answer (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq)]
pub enum Introspection {
    /// Not good, for whatever reason.
    Inactive,
    /// Good at this moment.
    Active(Box<ActiveToken>),
}

/// What is said about a good token. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ActiveToken {
    /// What it allows.
    #[serde(skip_serializing_if = "ScopeSet::is_empty")]
    pub scope: ScopeSet,
    /// Whom it was issued to.
    pub client_id: String,
    /// The user's name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// `Bearer` for an access token; absent for a refresh token, which is not used as one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<&'static str>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// When it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Whom it speaks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Whom it is for; one audience is sent as a string.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "one_or_many")]
    pub aud: Vec<String>,
    /// Who issued it.
    pub iss: String,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The session it hangs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// How strongly the user signed in (RFC 9470 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By which means (RFC 8176).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// When the user signed in (RFC 9470 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Members beyond the standard ones, such as roles. A standard name here would repeat a member: do not.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Serialize for Introspection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Active<'a> {
            active: bool,
            #[serde(flatten)]
            token: &'a ActiveToken,
        }
        match self {
            Introspection::Inactive => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("active", &false)?;
                map.end()
            }
            Introspection::Active(token) => Active {
                active: true,
                token,
            }
            .serialize(serializer),
        }
    }
}

fn one_or_many<S: Serializer>(values: &Vec<String>, serializer: S) -> Result<S::Ok, S::Error> {
    match values.as_slice() {
        [one] => serializer.serialize_str(one),
        many => many.serialize(serializer),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_inactive_token_is_answered_with_one_member() {
        assert_eq!(
            serde_json::to_string(&Introspection::Inactive).unwrap(),
            r#"{"active":false}"#
        );
    }

    #[test]
    fn an_active_token_is_described() {
        let token = ActiveToken {
            scope: ScopeSet::parse("openid api").unwrap(),
            client_id: "app".to_owned(),
            token_type: Some("Bearer"),
            exp: Some(20),
            aud: vec!["https://api.example".to_owned()],
            iss: "https://id.example/realms/demo".to_owned(),
            sid: Some("s".to_owned()),
            extra: Map::from_iter([("roles".to_owned(), json!(["a"]))]),
            ..ActiveToken::default()
        };
        let answer = Introspection::Active(Box::new(token));
        assert_eq!(
            serde_json::to_value(&answer).unwrap(),
            json!({"active": true, "scope": "openid api", "client_id": "app", "token_type": "Bearer", "exp": 20,
                   "aud": "https://api.example", "iss": "https://id.example/realms/demo", "sid": "s", "roles": ["a"]})
        );
    }

    #[test]
    fn the_hint_is_only_a_hint() {
        for (form, hint) in [
            ("token=t", None),
            (
                "token=t&token_type_hint=refresh_token",
                Some(TokenTypeHint::RefreshToken),
            ),
            (
                "token=t&token_type_hint=access_token",
                Some(TokenTypeHint::AccessToken),
            ),
            ("token=t&token_type_hint=pat", None),
        ] {
            let question = TokenQuestion::parse(&Params::parse_form(form).unwrap()).unwrap();
            assert_eq!(question.token_type_hint, hint);
            assert!(!format!("{question:?}").contains("\"t\""));
        }
        let error = TokenQuestion::parse(&Params::parse_form("token=").unwrap()).unwrap_err();
        assert_eq!(error.code.as_str(), "invalid_request");
    }
}
