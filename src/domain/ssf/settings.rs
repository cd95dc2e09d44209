//! What a receiver may say of its stream, and the header for its own door, which is kept sealed.

use bytes::Bytes;

use super::verbs::SsfError;
use super::{Method, Stream};
use crate::crypto::Secret;
use crate::domain::client::check as client;
use crate::domain::id::{RealmId, StreamId};
use crate::domain::record::{decode, encode_json};
use crate::domain::{Context, Fault};

/// How a receiver wants to hear.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// The server sends (RFC 8935).
    Push {
        /// Where to.
        endpoint_url: String,
        /// The `Authorization` header that goes with each event.
        authorization: Option<Secret>,
    },
    /// The receiver fetches (RFC 8936).
    Poll,
}

/// What a receiver says of its stream: all of it, so that what it does not say is not so.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How it wants to hear.
    pub method: Wanted,
    /// Which event types it asks for; all when absent.
    pub events_requested: Option<Vec<String>>,
    /// Its own words about the stream.
    pub description: Option<String>,
}

/// What a receiver changes of its stream: only what it says.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// How it wants to hear.
    pub method: Option<Wanted>,
    /// Which event types it asks for.
    pub events_requested: Option<Option<Vec<String>>>,
    /// Its own words about the stream.
    pub description: Option<Option<String>>,
}

/// The header that goes with each event of a stream.
///
/// # Errors
/// [`Fault::Crypto`] when it does not open.
pub(super) fn authorization(
    ctx: &Context,
    realm: RealmId,
    stream: &Stream,
) -> Result<Option<Secret>, Fault> {
    let Method::Push {
        authorization: Some(sealed),
        ..
    } = &stream.method
    else {
        return Ok(None);
    };
    let opened = ctx
        .vault
        .open(&sealed_for(realm, stream.id), sealed)
        .map_err(|e| Fault::Crypto(format!("the header of stream {}: {e}", stream.id)))?;
    let text = String::from_utf8(opened).map_err(|_| Fault::Record("header of a stream"))?;
    Ok(Some(Secret::new(text)))
}

/// A stream's record with its header sealed by the key that seals now; `None` when it is already.
///
/// # Errors
/// [`Fault`] when it does not open.
pub(in crate::domain) fn reseal(
    ctx: &Context,
    realm: RealmId,
    value: &[u8],
) -> Result<Option<Bytes>, Fault> {
    let mut stream: Stream = decode(value, "stream")?;
    let id = stream.id;
    let Method::Push {
        authorization: Some(sealed),
        ..
    } = &mut stream.method
    else {
        return Ok(None);
    };
    let fresh = ctx
        .vault
        .reseal(&sealed_for(realm, id), sealed)
        .map_err(|e| Fault::Crypto(format!("the header of stream {id}: {e}")))?;
    let Some(fresh) = fresh else {
        return Ok(None);
    };
    *sealed = fresh;
    encode_json(&stream).map(Some)
}

fn sealed_for(realm: RealmId, id: StreamId) -> String {
    format!("stream-authorization:{}:{id}", realm.0)
}

/// Brings what is wanted into the form that is kept.
pub(super) fn sealed(
    ctx: &Context,
    realm: RealmId,
    id: StreamId,
    wanted: Wanted,
) -> Result<Method, Fault> {
    Ok(match wanted {
        Wanted::Poll => Method::Poll,
        Wanted::Push {
            endpoint_url,
            authorization,
        } => {
            let seal = |header: Secret| {
                ctx.vault
                    .seal(&sealed_for(realm, id), header.expose().as_bytes())
                    .map_err(|e| Fault::Crypto(e.to_string()))
            };
            Method::Push {
                endpoint_url,
                authorization: authorization.map(seal).transpose()?,
            }
        }
    })
}

pub(super) fn check(settings: &Settings) -> Result<(), SsfError> {
    check_method(&settings.method)?;
    if let Some(events) = &settings.events_requested {
        check_events(events)?;
    }
    settings
        .description
        .as_deref()
        .map_or(Ok(()), check_description)
}

pub(super) fn check_method(method: &Wanted) -> Result<(), SsfError> {
    let Wanted::Push {
        endpoint_url,
        authorization,
    } = method
    else {
        return Ok(());
    };
    client::receiver_address(endpoint_url)
        .map_err(|why| SsfError::Invalid(format!("delivery.endpoint_url: {why}")))?;
    // RFC 9110 §5.5: what a header may hold; a line break would be a header of its own.
    let good = |header: &str| {
        !header.is_empty()
            && header.len() <= LONGEST_HEADER
            && header.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
    };
    if authorization.as_ref().is_some_and(|h| !good(h.expose())) {
        return Err(SsfError::Invalid(format!(
            "delivery.authorization_header has 1 to {LONGEST_HEADER} printable ASCII characters"
        )));
    }
    Ok(())
}

pub(super) fn check_events(events: &[String]) -> Result<(), SsfError> {
    if events.len() > MOST_EVENTS || events.iter().any(|uri| uri.len() > LONGEST_URI) {
        return Err(SsfError::Invalid(format!(
            "events_requested has at most {MOST_EVENTS} URIs of at most {LONGEST_URI} bytes"
        )));
    }
    Ok(())
}

pub(super) fn check_description(description: &str) -> Result<(), SsfError> {
    if description.chars().count() > LONGEST_WORDS {
        return Err(SsfError::Invalid(format!(
            "description has at most {LONGEST_WORDS} characters"
        )));
    }
    Ok(())
}

pub(super) fn check_reason(reason: Option<&str>) -> Result<(), SsfError> {
    if reason.is_some_and(|reason| reason.chars().count() > LONGEST_WORDS) {
        return Err(SsfError::Invalid(format!(
            "reason has at most {LONGEST_WORDS} characters"
        )));
    }
    Ok(())
}

pub(super) fn check_state(state: Option<&str>) -> Result<(), SsfError> {
    if state.is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(SsfError::Invalid(format!(
            "state has at most {LONGEST_STATE} bytes"
        )));
    }
    Ok(())
}

const LONGEST_HEADER: usize = 4096;
const LONGEST_URI: usize = 500;
const LONGEST_WORDS: usize = 1000;
const LONGEST_STATE: usize = 1024;
const MOST_EVENTS: usize = 100;
