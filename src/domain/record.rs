//! How a record becomes bytes: a format byte, then postcard for what is hot or JSON for what changes shape.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Fault;
use crate::store::{Record, Version};

const POSTCARD: u8 = 1;
const JSON: u8 = 2;

/// A record together with the version it was read at: what a guard needs.
#[derive(Clone, Debug)]
pub struct Versioned<T> {
    /// The record.
    pub value: T,
    /// The version it was read at.
    pub version: Version,
}

/// Encodes a hot record.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub fn encode<T: Serialize>(value: &T) -> Result<Bytes, Fault> {
    postcard::to_extend(value, vec![POSTCARD])
        .map(Bytes::from)
        .map_err(|_| Fault::Record("record being written"))
}

/// Encodes a record whose shape grows: realms, clients, users, audit.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub fn encode_json<T: Serialize>(value: &T) -> Result<Bytes, Fault> {
    let mut bytes = vec![JSON];
    serde_json::to_writer(&mut bytes, value).map_err(|_| Fault::Record("record being written"))?;
    Ok(Bytes::from(bytes))
}

/// Decodes a record of either format; `what` names it in the error.
///
/// # Errors
/// [`Fault::Record`] when the bytes are not such a record.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, Fault> {
    match bytes.split_first() {
        Some((&POSTCARD, body)) => postcard::from_bytes(body).map_err(|_| Fault::Record(what)),
        Some((&JSON, body)) => serde_json::from_slice(body).map_err(|_| Fault::Record(what)),
        _ => Err(Fault::Record(what)),
    }
}

/// Decodes what a read answered, keeping its version.
///
/// # Errors
/// [`Fault::Record`] when the bytes are not such a record.
pub fn versioned<T: DeserializeOwned>(
    record: Option<Record>,
    what: &'static str,
) -> Result<Option<Versioned<T>>, Fault> {
    record
        .map(|r| {
            Ok(Versioned {
                value: decode(&r.value, what)?,
                version: r.version,
            })
        })
        .transpose()
}
