//! Status (SSF 1.0 §8.1.2), verification (§8.1.4) and polling (RFC 8936 §2.4).

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Members, Unread, texts};
use crate::domain::id::StreamId;
use crate::domain::ssf::queue::{Poll, Polled};
use crate::domain::ssf::{Marks, Status, Stream};

/// A wish for a status.
#[derive(Debug)]
pub struct StatusRequest {
    /// Of which stream; `None` when no stream can have this id.
    pub id: Option<StreamId>,
    /// Which.
    pub status: Status,
    /// Why.
    pub reason: Option<String>,
}

/// Reads a wish for a status.
///
/// # Errors
/// [`Unread`] says what was expected.
pub fn status(body: &[u8]) -> Result<StatusRequest, Unread> {
    let mut members = Members::read(body)?;
    let id = members.id("stream_id")?;
    let (status, reason) = wish(&mut members)?;
    Ok(StatusRequest { id, status, reason })
}

fn wish(members: &mut Members) -> Result<(Status, Option<String>), Unread> {
    let status = members.text("status")?;
    let status = status
        .as_deref()
        .and_then(Status::parse)
        .ok_or_else(|| Unread::expected("status", "enabled, paused or disabled"))?;
    Ok((status, members.text("reason")?))
}

/// A stream's status, with how many events wait in it and how many were dropped.
pub fn status_answer(stream: &Stream, waiting: (usize, bool), marks: &Marks) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("stream_id", stream.id.to_string().into());
    put("status", stream.status.as_str().into());
    if let Some(reason) = &stream.reason {
        put("reason", reason.clone().into());
    }
    put("events_held", waiting.0.into());
    put("events_held_is_exact", waiting.1.into());
    put("events_dropped", marks.dropped.into());
    Value::Object(out)
}

/// Reads a wish for a verification event: of which stream, and with what to come back.
///
/// # Errors
/// [`Unread`] says what was expected. The stream is `None` when no stream can have this id.
pub fn verify(body: &[u8]) -> Result<(Option<StreamId>, Option<String>), Unread> {
    let mut members = Members::read(body)?;
    Ok((members.id("stream_id")?, members.text("state")?))
}

/// Reads a poll.
///
/// # Errors
/// [`Unread`] says what was expected.
pub fn poll(body: &[u8]) -> Result<Poll, Unread> {
    // RFC 8936 §2.4: an empty request asks for everything there is.
    if body.trim_ascii().is_empty() {
        return Ok(Poll::waiting());
    }
    let mut members = Members::read(body)?;
    let max = match members.take("maxEvents") {
        None => None,
        Some(value) => Some(
            value
                .as_u64()
                .and_then(|n| usize::try_from(n).ok())
                .ok_or_else(|| {
                    Unread::expected("maxEvents", "a whole number that is not negative")
                })?,
        ),
    };
    let at_once = members.flag("returnImmediately")?.unwrap_or(false);
    let ack = members
        .take("ack")
        .map_or(Ok(Vec::new()), |value| texts("ack", value))?;
    let errors = match members.take("setErrs") {
        None => Map::new(),
        Some(value) => Members::of("setErrs", value)?.0,
    };
    if ack.len() + errors.len() > MOST {
        return Err(Unread(format!(
            "ack and setErrs name at most {MOST} events together"
        )));
    }
    let mut refused = Vec::with_capacity(errors.len());
    for (jti, error) in errors {
        let mut error = Members::of("setErrs", error)?;
        let code = error
            .text("err")?
            .ok_or_else(|| Unread("setErrs: err is missing".to_owned()))?;
        let why = match error.text("description")? {
            Some(words) => format!("{code}: {words}"),
            None => code,
        };
        // What is no id of ours was never sent.
        refused.extend(jti.parse::<Uuid>().ok().map(|id| (id, why)));
    }
    Ok(Poll {
        max,
        wait: !at_once,
        ack: ack.iter().filter_map(|jti| jti.parse().ok()).collect(),
        errors: refused,
    })
}

/// What a poll is answered with (RFC 8936 §2.5).
pub fn polled(polled: &Polled) -> Value {
    let sets: Map<String, Value> = polled
        .sets
        .iter()
        .map(|(id, token)| (id.to_string(), token.clone().into()))
        .collect();
    json!({ "sets": sets, "moreAvailable": polled.more })
}

/// The most events that one poll may settle.
const MOST: usize = 1000;
