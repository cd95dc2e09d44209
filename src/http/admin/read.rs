//! Reads bodies and queries: what is not understood is refused with what was expected, never passed over.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::domain::time::{Span, Timestamp};
use crate::http::answer::Problem;
use crate::http::state::App;

/// A body that is not read yet. Its content type is not looked at: Keycloak's clients send `application/json` with nothing.
pub(super) struct Body(Bytes);

impl FromRequest<App> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Body, Problem> {
        match Bytes::from_request(request, app).await {
            Ok(bytes) => Ok(Body(bytes)),
            Err(rejected) if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too-large",
                    "The body is too large",
                    "a body has at most 1 MiB, a file with people 64",
                ))
            }
            Err(_) => Err(Problem::bad_request("the body broke off")),
        }
    }
}

impl Body {
    /// The body as a JSON object.
    ///
    /// # Errors
    /// 400 with line and column.
    pub(super) fn object(&self) -> Result<Map<String, Value>, Problem> {
        serde_json::from_slice(&self.0).map_err(|error| {
            Problem::bad_request(format!("the body must be a JSON object: {error}"))
        })
    }

    /// The body as it came.
    pub(super) fn bytes(&self) -> Bytes {
        self.0.clone()
    }

    /// The same as an object, for bodies that may be left out.
    ///
    /// # Errors
    /// 400 with line and column.
    pub(super) fn object_or_empty(&self) -> Result<Map<String, Value>, Problem> {
        if self.0.trim_ascii().is_empty() {
            Ok(Map::new())
        } else {
            self.object()
        }
    }
}

/// The members of a JSON object, taken out one after the other.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// An object that may have these members and no others.
    ///
    /// # Errors
    /// 400 naming a member that is not known, and the one that was probably meant.
    pub(super) fn of(map: Map<String, Value>, known: &[&str]) -> Result<Fields, Problem> {
        match map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(unknown("member", name, known)),
            None => Ok(Fields(map)),
        }
    }

    /// Takes a member out; `None` when it is absent or null.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a member out as it was given, null too; `None` when it is absent.
    pub(super) fn given(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Takes text out.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        self.take(name).map(|value| text(name, value)).transpose()
    }

    /// Takes true or false out.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        self.take(name).map(|value| flag(name, &value)).transpose()
    }

    /// Takes a list of texts out.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub(super) fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Problem> {
        self.take(name).map(|value| texts(name, value)).transpose()
    }

    /// Takes an object out.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub(super) fn object(&mut self, name: &str) -> Result<Option<Map<String, Value>>, Problem> {
        self.take(name).map(|value| object(name, value)).transpose()
    }
}

/// A member that must be text.
pub(super) fn text(name: &str, value: Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(expected(name, "text", &other)),
    }
}

/// A member that must be true or false.
pub(super) fn flag(name: &str, value: &Value) -> Result<bool, Problem> {
    value
        .as_bool()
        .ok_or_else(|| expected(name, "true or false", value))
}

/// How long somebody is blocked: `true` or `"lifted"` until it is lifted, a duration from now on, or a time to come. The
/// outer `None` is `false`.
///
/// # Errors
/// 400 when it is none of these, 422 for a time that is over.
pub(super) fn block_until(
    name: &str,
    value: Value,
    now: Timestamp,
) -> Result<Option<Option<Timestamp>>, Problem> {
    const WHAT: &str = "true (until an administrator lifts it), a duration such as \"2h\", or a time such as \"2027-03-01T08:00:00Z\"";
    let text = match value {
        Value::Bool(on) => return Ok(on.then_some(None)),
        Value::String(text) => text,
        other => return Err(expected(name, WHAT, &other)),
    };
    if text == "lifted" {
        return Ok(Some(None));
    }
    let until = match (text.parse::<Span>(), Timestamp::parse(&text)) {
        (Ok(span), _) if !span.is_zero() => now.plus(span),
        (_, Some(at)) => at,
        _ => return Err(Problem::bad_request(format!("{name} must be {WHAT}"))),
    };
    if until <= now {
        return Err(Problem::invalid(format!("{name} must be a time to come")));
    }
    Ok(Some(Some(until)))
}

/// A member that must be a list of texts.
pub(super) fn texts(name: &str, value: Value) -> Result<Vec<String>, Problem> {
    match value {
        Value::Array(items) => items.into_iter().map(|item| text(name, item)).collect(),
        other => Err(expected(name, "a list of texts", &other)),
    }
}

/// A member that must be an object.
pub(super) fn object(name: &str, value: Value) -> Result<Map<String, Value>, Problem> {
    match value {
        Value::Object(map) => Ok(map),
        other => Err(expected(name, "an object", &other)),
    }
}

/// 400: a member is of the wrong kind. Says the kind it is of and not what it says, which may be a secret.
pub(super) fn expected(name: &str, what: &str, found: &Value) -> Problem {
    let kind = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Problem::bad_request(format!("{name} must be {what}, found {kind}"))
}

/// 400: a name that is not known, and the one that was probably meant.
pub(super) fn unknown(kind: &str, name: &str, known: &[&str]) -> Problem {
    let shown: String = name.chars().take(60).collect();
    let near = known
        .iter()
        .map(|k| {
            (
                strsim::jaro_winkler(&k.to_lowercase(), &name.to_lowercase()),
                *k,
            )
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(score, _)| *score > 0.8);
    let hint = match near {
        Some((_, meant)) => format!("did you mean {meant:?}?"),
        None if known.is_empty() => "there are none here".to_owned(),
        None => format!("known are {}", known.join(", ")),
    };
    Problem::bad_request(format!("the {kind} {shown:?} is not known; {hint}"))
}

/// The query of an address.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query.
    ///
    /// # Errors
    /// 400 when a parameter stands twice: which one counts would be a guess.
    pub(super) fn parse(query: &str) -> Result<Params, Problem> {
        let mut params: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if params.iter().any(|(there, _)| *there == name) {
                return Err(Problem::bad_request(format!(
                    "the query has {name:?} twice"
                )));
            }
            params.push((name.into_owned(), value.into_owned()));
        }
        Ok(Params(params))
    }

    /// Refuses what is not among these: a filter that is passed over lists what nobody asked for.
    ///
    /// # Errors
    /// 400 naming it, and the one that was probably meant.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        match self
            .0
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()))
        {
            Some((name, _)) => Err(unknown("parameter", name, known)),
            None => Ok(()),
        }
    }

    /// A parameter's text; `None` when it is absent or empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A parameter that is true or false, in whatever case: Python writes `True`.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.to_lowercase().as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(Problem::bad_request(format!(
                "{name} must be true or false"
            ))),
        }
    }

    /// A parameter that is a number.
    ///
    /// # Errors
    /// 400 when it is something else.
    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Problem> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            Problem::bad_request(format!("{name} must be a whole number, not negative"))
        })
    }

    /// How many are asked for: `limit`, or `usual` of them, and never more than `largest`.
    ///
    /// # Errors
    /// 400 when it is no number, or none at all are asked for.
    pub(super) fn limit(&self, usual: usize, largest: usize) -> Result<usize, Problem> {
        match self.number("limit")? {
            Some(0) => Err(Problem::bad_request(format!(
                "limit must be between 1 and {largest}"
            ))),
            given => Ok(given.unwrap_or(usual).min(largest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn an_unknown_member_is_refused_with_the_one_that_was_meant() {
        let Err(problem) = Fields::of(map(json!({"sesions": []})), &["sessions", "users"]) else {
            panic!("let through")
        };
        assert_eq!(
            problem.detail,
            "the member \"sesions\" is not known; did you mean \"sessions\"?"
        );
        let Err(problem) = Fields::of(map(json!({"zzz": 1})), &["sessions"]) else {
            panic!("let through")
        };
        assert!(
            problem.detail.ends_with("known are sessions"),
            "{}",
            problem.detail
        );
    }

    #[test]
    fn a_member_of_the_wrong_kind_is_refused_without_repeating_it() {
        let mut fields = Fields::of(
            map(json!({"reason": ["hunter2"], "dryRun": "yes", "note": null})),
            &["reason", "dryRun", "note"],
        )
        .unwrap();
        assert_eq!(
            fields.text("reason").unwrap_err().detail,
            "reason must be text, found a list"
        );
        assert_eq!(
            fields.flag("dryRun").unwrap_err().detail,
            "dryRun must be true or false, found text"
        );
        assert_eq!(fields.text("note").unwrap(), None);
    }

    #[test]
    fn pythons_booleans_read() {
        let params = Params::parse("exact=True&brief=False&max=20").unwrap();
        assert_eq!(params.flag("exact").unwrap(), Some(true));
        assert_eq!(params.flag("brief").unwrap(), Some(false));
        assert_eq!(params.number("max").unwrap(), Some(20));
        assert!(params.flag("max").is_err() && params.number("exact").is_err());
        assert!(params.only(&["exact", "brief"]).is_err());
        assert!(Params::parse("a=1&a=2").is_err());
    }
}
