//! Stream configuration (SSF 1.0 §8.1.1).

use serde_json::{Map, Value, json};

use super::{Members, Unread, path, texts};
use crate::crypto::Secret;
use crate::domain::id::StreamId;
use crate::domain::ssf::settings::{Patch, Settings, Wanted};
use crate::domain::ssf::{EventType, Method, Stream};

/// What a receiver sees of its stream. The header that it gave is not shown again.
pub fn answer(issuer: &str, stream: &Stream) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("stream_id", stream.id.to_string().into());
    put("iss", issuer.into());
    put("aud", stream.client_id.clone().into());
    put("delivery", delivery(issuer, stream));
    put("events_supported", uris(&EventType::OFFERED));
    if let Some(asked) = &stream.events_requested {
        put("events_requested", json!(asked));
    }
    put("events_delivered", uris(&stream.events_delivered()));
    put(
        "min_verification_interval",
        stream.min_verification_interval.whole_secs().into(),
    );
    if let Some(description) = &stream.description {
        put("description", description.clone().into());
    }
    Value::Object(out)
}

fn uris(types: &[EventType]) -> Value {
    types.iter().map(|kind| kind.uri()).collect()
}

fn delivery(issuer: &str, stream: &Stream) -> Value {
    let endpoint_url = match &stream.method {
        Method::Push { endpoint_url, .. } => endpoint_url.clone(),
        Method::Poll => {
            let path = path::poll(&stream.client_id, &stream.id.to_string());
            format!("{issuer}{path}")
        }
    };
    json!({ "method": stream.method.urn(), "endpoint_url": endpoint_url })
}

/// Reads the body of a POST. Members that are the server's to say are not looked at.
///
/// # Errors
/// [`Unread`] says what was expected.
pub fn create(body: &[u8]) -> Result<Settings, Unread> {
    settings(&mut Members::read(body)?)
}

/// Reads the body of a PUT: the stream, which must be there, and all that the receiver says of it.
///
/// # Errors
/// [`Unread`] says what was expected. The stream is `None` when no stream can have this id.
pub fn replace(body: &[u8]) -> Result<(Option<StreamId>, Settings, Claims), Unread> {
    let mut members = Members::read(body)?;
    let id = members.id("stream_id")?;
    let claims = Claims::take(&mut members);
    Ok((id, settings(&mut members)?, claims))
}

/// Reads the body of a PATCH: the stream, which must be there, and what changes.
///
/// # Errors
/// [`Unread`] says what was expected. The stream is `None` when no stream can have this id.
pub fn update(body: &[u8]) -> Result<(Option<StreamId>, Patch, Claims), Unread> {
    let mut members = Members::read(body)?;
    let id = members.id("stream_id")?;
    let claims = Claims::take(&mut members);
    let method = match members.given("delivery") {
        None => None,
        Some(Value::Null) => Some(Wanted::Poll),
        Some(value) => Some(wanted(value)?),
    };
    let events_requested = match members.given("events_requested") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(value) => Some(Some(texts("events_requested", value)?)),
    };
    let description = match members.given("description") {
        None => None,
        Some(Value::Null) => Some(None),
        Some(Value::String(text)) => Some(Some(text)),
        Some(_) => return Err(Unread::expected("description", "text")),
    };
    let patch = Patch {
        method,
        events_requested,
        description,
    };
    Ok((id, patch, claims))
}

fn settings(members: &mut Members) -> Result<Settings, Unread> {
    // SSF 1.0 §8.1.1.1: without a delivery method it is polling.
    let method = members.take("delivery").map_or(Ok(Wanted::Poll), wanted)?;
    let events = members.take("events_requested");
    Ok(Settings {
        method,
        events_requested: events
            .map(|value| texts("events_requested", value))
            .transpose()?,
        description: members.text("description")?,
    })
}

fn wanted(value: Value) -> Result<Wanted, Unread> {
    let mut members = Members::of("delivery", value)?;
    let method = members
        .text("method")?
        .ok_or_else(|| Unread("delivery.method is missing".to_owned()))?;
    match method.as_str() {
        Method::POLL => Ok(Wanted::Poll),
        Method::PUSH => {
            let endpoint_url = members
                .text("endpoint_url")?
                .ok_or_else(|| Unread("delivery.endpoint_url is missing".to_owned()))?;
            Ok(Wanted::Push {
                endpoint_url,
                authorization: members.text("authorization_header")?.map(Secret::new),
            })
        }
        _ => Err(Unread(format!(
            "delivery.method must be {} or {}",
            Method::PUSH,
            Method::POLL
        ))),
    }
}

/// What a request repeats of what the server says: it must be as the server says it (SSF 1.0 §8.1.1.3, §8.1.1.4).
#[derive(Debug, Default)]
pub struct Claims(Vec<(&'static str, Value)>);

const THE_SERVERS: [&str; 5] = [
    "iss",
    "aud",
    "events_supported",
    "events_delivered",
    "min_verification_interval",
];

impl Claims {
    fn take(members: &mut Members) -> Claims {
        let given = |name| members.take(name).map(|value| (name, value));
        Claims(THE_SERVERS.into_iter().filter_map(given).collect())
    }

    /// Compares with the stream as it was. What is delivered follows from what is asked for, so that it may be either.
    ///
    /// # Errors
    /// [`Unread`] names the member that differs.
    pub fn check(&self, issuer: &str, stream: &Stream) -> Result<(), Unread> {
        let shown = answer(issuer, stream);
        for (name, value) in &self.0 {
            let same = match (shown.get(*name), value) {
                (Some(Value::Array(ours)), Value::Array(theirs)) => {
                    ours.len() == theirs.len() && ours.iter().all(|item| theirs.contains(item))
                }
                // An audience of one may be written as a list (RFC 7519 §4.1.3).
                (Some(ours), Value::Array(theirs)) => theirs.len() == 1 && theirs.contains(ours),
                (Some(ours), theirs) => ours == theirs,
                (None, _) => false,
            };
            if !same {
                return Err(Unread(format!("{name} is the transmitter's to say")));
            }
        }
        Ok(())
    }
}
