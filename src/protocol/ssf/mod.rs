//! Shared Signals Framework 1.0: what a transmitter's endpoints read and write.
//!
//! | specification | file |
//! |---|---|
//! | SSF 1.0 §7.1 (transmitter metadata) | here |
//! | SSF 1.0 §8.1.1 (stream configuration) | [`stream`] |
//! | SSF 1.0 §8.1.3, RFC 9493 (subjects) | [`subject`] |
//! | SSF 1.0 §8.1.2, §8.1.4 (status, verification), RFC 8936 §2.4 (poll) | [`request`] |

pub mod request;
pub mod stream;
pub mod subject;

use serde_json::{Map, Value, json};

use super::discovery;
use crate::domain::ssf::Method;

/// Paths below the issuer. Keycloak's, as the others.
pub mod path {
    /// The metadata.
    pub const METADATA: &str = "/.well-known/ssf-configuration";
    /// Stream configuration.
    pub const STREAMS: &str = "/ssf/transmitter/streams";
    /// Stream status.
    pub const STATUS: &str = "/ssf/transmitter/streams/status";
    /// Adds a subject.
    pub const ADD_SUBJECT: &str = "/ssf/transmitter/subjects/add";
    /// Removes a subject.
    pub const REMOVE_SUBJECT: &str = "/ssf/transmitter/subjects/remove";
    /// Asks for a verification event.
    pub const VERIFY: &str = "/ssf/transmitter/verify";
    /// Where a stream is polled, as a route.
    pub const POLL: &str = "/ssf/transmitter/receivers/{client}/streams/{id}/poll";

    /// Where a stream is polled.
    pub fn poll(client_id: &str, id: &str) -> String {
        let client: String = url::form_urlencoded::byte_serialize(client_id.as_bytes()).collect();
        // A form writes a space as +, which a path does not know; there is none in a client_id.
        format!("/ssf/transmitter/receivers/{client}/streams/{id}/poll")
    }
}

/// The transmitter metadata (SSF 1.0 §7.1).
pub fn metadata(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    json!({
        "spec_version": "1_0",
        "issuer": issuer,
        "jwks_uri": at(discovery::path::CERTS),
        "delivery_methods_supported": [Method::PUSH, Method::POLL],
        "configuration_endpoint": at(path::STREAMS),
        "status_endpoint": at(path::STATUS),
        "add_subject_endpoint": at(path::ADD_SUBJECT),
        "remove_subject_endpoint": at(path::REMOVE_SUBJECT),
        "verification_endpoint": at(path::VERIFY),
        "critical_subject_members": ["user"],
        "authorization_schemes": [{ "spec_urn": "urn:ietf:rfc:6749" }],
        // All that are the receiver's business: who they are is `domain::ssf`'s to say.
        "default_subjects": "ALL",
    })
}

/// Why a body does not read; safe to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unread(pub String);

impl Unread {
    fn expected(name: &str, what: &str) -> Unread {
        Unread(format!("{name} must be {what}"))
    }
}

/// The members of a JSON object, taken out one after the other. What is left is an extension and not looked at.
struct Members(Map<String, Value>);

impl Members {
    fn read(body: &[u8]) -> Result<Members, Unread> {
        serde_json::from_slice(body)
            .map(Members)
            .map_err(|_| Unread("the body must be a JSON object".to_owned()))
    }

    fn of(name: &str, value: Value) -> Result<Members, Unread> {
        match value {
            Value::Object(map) => Ok(Members(map)),
            _ => Err(Unread::expected(name, "an object")),
        }
    }

    /// What was given, null too.
    fn given(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.given(name).filter(|value| !value.is_null())
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, Unread> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Unread::expected(name, "text")),
        }
    }

    fn flag(&mut self, name: &str) -> Result<Option<bool>, Unread> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(Unread::expected(name, "true or false")),
        }
    }

    fn id<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, Unread> {
        let Some(text) = self.text(name)? else {
            return Err(Unread(format!("{name} is missing")));
        };
        // An id that is none is one that nothing has.
        Ok(text.parse().ok())
    }
}

fn texts(name: &str, value: Value) -> Result<Vec<String>, Unread> {
    let Value::Array(items) = value else {
        return Err(Unread::expected(name, "a list of texts"));
    };
    let text = |item| match item {
        Value::String(text) => Ok(text),
        _ => Err(Unread::expected(name, "a list of texts")),
    };
    items.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests;
