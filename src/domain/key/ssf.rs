//! The keys of Shared Signals: streams, the subjects they named, what waits in them, and how they fare.

use bytes::Bytes;

use super::Key;
use crate::domain::id::{ClientId, RealmId, StreamId};
use crate::store::Range;

/// An event stream.
pub fn stream(realm: RealmId, id: StreamId) -> Bytes {
    Key::of(0x65, realm).bytes(id.bytes()).end()
}

/// All streams of a realm, oldest first.
pub fn streams(realm: RealmId) -> Range {
    Key::of(0x65, realm).range()
}

/// A subject that a receiver added to its stream or removed from it, by the SHA-256 of its canonical text.
pub fn stream_subject(realm: RealmId, id: StreamId, hash: &[u8; 32]) -> Bytes {
    Key::of(0x66, realm).bytes(id.bytes()).bytes(hash).end()
}

/// All subjects that a stream's receiver named.
pub fn stream_subjects(realm: RealmId, id: StreamId) -> Range {
    Key::of(0x66, realm).bytes(id.bytes()).range()
}

/// The one stream of a client.
pub fn stream_by_client(realm: RealmId, client: ClientId) -> Bytes {
    Key::of(0x67, realm).bytes(client.bytes()).end()
}

/// The space of what waits in streams.
pub const STREAM_QUEUED: u8 = 0x68;

/// An event that waits in a stream, by its place.
pub fn stream_event(realm: RealmId, id: StreamId, place: &[u8; 16]) -> Bytes {
    Key::of(0x68, realm).bytes(id.bytes()).bytes(place).end()
}

/// What waits in a stream, first things first.
pub fn stream_events(realm: RealmId, id: StreamId) -> Range {
    Key::of(0x68, realm).bytes(id.bytes()).range()
}

/// What waits in a stream and concerns the stream itself: their places begin with zeros, before every event.
pub fn stream_notes(realm: RealmId, id: StreamId) -> Range {
    Key::of(0x68, realm)
        .bytes(id.bytes())
        .bytes(&[0; 8])
        .range()
}

/// Everything that waits in any stream.
pub fn stream_queues() -> Range {
    Key::space(0x68).range()
}

/// How a stream fares.
pub fn stream_marks(realm: RealmId, id: StreamId) -> Bytes {
    Key::of(0x69, realm).bytes(id.bytes()).end()
}

/// Whose stream a key of any of these spaces belongs to, where the stream's id follows the realm.
pub fn stream_of(key: &[u8]) -> Option<(RealmId, StreamId)> {
    let (_, rest) = key.split_first()?;
    let (realm, rest) = rest.split_first_chunk::<4>()?;
    let id = StreamId::from_bytes(rest.get(..16)?)?;
    Some((RealmId(u32::from_be_bytes(*realm)), id))
}
