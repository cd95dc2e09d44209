//! The `claims` parameter (OIDC Core §5.5): which claims a client asks for by name, and how firmly.
//!
//! Kept as its JSON text, so that any store format can hold it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::error::OAuthError;

/// Most claims asked for in one place.
pub const MAX_CLAIMS: usize = 64;

/// The claims asked for in each place. Unknown members are ignored (§5.5).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimsRequest {
    /// For the userinfo answer.
    pub userinfo: BTreeMap<String, ClaimRequest>,
    /// For the ID token.
    pub id_token: BTreeMap<String, ClaimRequest>,
}

/// One claim asked for (§5.5.1). The default is voluntary, with any value.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClaimRequest {
    /// The client needs it. For `acr` an unmet essential request is an error (§5.5.1.1); for others it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The one value wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The values wanted, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl ClaimsRequest {
    /// Reads the parameter; anything but the shape of §5.5 is `invalid_request`.
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let shape = || {
            OAuthError::invalid_request(
                "claims must be a JSON object with members userinfo and id_token",
            )
        };
        let whole: Map<String, Value> = serde_json::from_str(text).map_err(|_| shape())?;
        let part = |name| {
            whole
                .get(name)
                .map_or(Some(BTreeMap::new()), read_part)
                .ok_or_else(shape)
        };
        let request = Self {
            userinfo: part("userinfo")?,
            id_token: part("id_token")?,
        };
        if request.userinfo.len() > MAX_CLAIMS || request.id_token.len() > MAX_CLAIMS {
            return Err(OAuthError::invalid_request(format!(
                "claims asks for more than {MAX_CLAIMS} claims"
            )));
        }
        Ok(request)
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// The `acr` values that must be reached, best first; empty when none is essential (§5.5.1.1).
    pub fn essential_acr(&self) -> Vec<&str> {
        self.id_token
            .get("acr")
            .filter(|acr| acr.essential)
            .map(ClaimRequest::texts)
            .unwrap_or_default()
    }

    /// The user the ID token must be about, if `sub` was asked with a value (§5.5.1).
    pub fn subject(&self) -> Option<&str> {
        self.id_token
            .get("sub")
            .and_then(|sub| sub.texts().into_iter().next())
    }
}

impl ClaimRequest {
    /// Whether a value satisfies the request; any does when none was named.
    pub fn accepts(&self, value: &Value) -> bool {
        let mut wanted = self.value.iter().chain(&self.values).peekable();
        wanted.peek().is_none() || wanted.any(|w| w == value)
    }

    /// The wanted values that are strings, best first.
    pub fn texts(&self) -> Vec<&str> {
        self.value
            .iter()
            .chain(&self.values)
            .filter_map(Value::as_str)
            .collect()
    }
}

impl TryFrom<String> for ClaimsRequest {
    type Error = OAuthError;

    fn try_from(text: String) -> Result<Self, OAuthError> {
        Self::parse(&text)
    }
}

impl From<ClaimsRequest> for String {
    fn from(request: ClaimsRequest) -> Self {
        json!({ "userinfo": request.userinfo, "id_token": request.id_token }).to_string()
    }
}

/// One member of the parameter. `None` for another shape: derived readers would also take arrays for objects.
fn read_part(part: &Value) -> Option<BTreeMap<String, ClaimRequest>> {
    match part {
        Value::Null => Some(BTreeMap::new()),
        Value::Object(claims) => claims
            .iter()
            .map(|(name, wanted)| Some((name.clone(), read_claim(wanted)?)))
            .collect(),
        _ => None,
    }
}

fn read_claim(wanted: &Value) -> Option<ClaimRequest> {
    let members = match wanted {
        Value::Null => return Some(ClaimRequest::default()),
        other => other.as_object()?,
    };
    Some(ClaimRequest {
        essential: members
            .get("essential")
            .map_or(Some(false), Value::as_bool)?,
        value: members.get("value").cloned(),
        values: members
            .get("values")
            .map_or(Some(Vec::new()), |values| values.as_array().cloned())?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXAMPLE: &str = r#"{"userinfo":{"given_name":{"essential":true},"nickname":null},
        "id_token":{"auth_time":{"essential":true},"acr":{"essential":true,"values":["gold","silver"]},"sub":{"value":"248"}},
        "other":1}"#;

    #[test]
    fn essential_and_voluntary_claims_are_read() {
        let claims = ClaimsRequest::parse(EXAMPLE).unwrap();
        assert!(claims.userinfo["given_name"].essential && !claims.userinfo["nickname"].essential);
        assert!(claims.id_token["auth_time"].essential);
        assert_eq!(claims.essential_acr(), ["gold", "silver"]);
        assert_eq!(claims.subject(), Some("248"));
    }

    #[test]
    fn a_voluntary_acr_is_not_a_requirement() {
        assert!(
            ClaimsRequest::parse(r#"{"id_token":{"acr":{"value":"gold"}}}"#)
                .unwrap()
                .essential_acr()
                .is_empty()
        );
    }

    #[test]
    fn only_a_named_value_is_accepted() {
        let any = ClaimRequest::default();
        let one = ClaimRequest {
            values: vec![json!("a"), json!(2)],
            ..ClaimRequest::default()
        };
        assert!(any.accepts(&json!(true)));
        assert!(one.accepts(&json!(2)) && !one.accepts(&json!("b")));
    }

    #[test]
    fn another_shape_is_invalid_request() {
        let many: String = (0..=MAX_CLAIMS)
            .map(|i| format!("\"c{i}\":null,"))
            .collect();
        let many = format!("{{\"id_token\":{{{many}\"z\":null}}}}");
        for text in [
            "[]",
            "1",
            "{",
            r#"{"id_token":[1]}"#,
            r#"{"id_token":{"acr":"gold"}}"#,
            r#"{"id_token":{"acr":[true]}}"#,
            r#"{"id_token":{"acr":{"values":"gold"}}}"#,
            r#"{"userinfo":{"a":{"essential":"yes"}}}"#,
            &many,
        ] {
            assert_eq!(
                ClaimsRequest::parse(text).unwrap_err().code.as_str(),
                "invalid_request",
                "{text}"
            );
        }
        assert!(
            ClaimsRequest::parse(r#"{"userinfo":null}"#)
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn it_is_kept_as_text_and_read_back() {
        let claims = ClaimsRequest::parse(EXAMPLE).unwrap();
        let bytes = postcard::to_stdvec(&claims).unwrap();
        assert_eq!(
            postcard::from_bytes::<ClaimsRequest>(&bytes).unwrap(),
            claims
        );
    }
}
