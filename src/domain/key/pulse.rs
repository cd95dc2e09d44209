//! Keys of the pulse: what happened in a realm, by slots of time. Five minutes each in `98`, a node apart; an hour each in `99`, all
//! nodes together.

use bytes::Bytes;

use super::{Key, Range};
use crate::domain::id::RealmId;
use crate::domain::time::Timestamp;

/// What a node counted in five minutes that begin then.
pub fn pulse(realm: RealmId, slot: Timestamp, node: &str) -> Bytes {
    Key::of(0x98, realm)
        .num(slot.0)
        .bytes(node.as_bytes())
        .end()
}

/// What all nodes counted in the fives of minutes that begin from one moment on and before another.
pub fn pulses(realm: RealmId, from: Timestamp, to: Timestamp) -> Range {
    Range {
        from: Key::of(0x98, realm).num(from.0).end(),
        to: Key::of(0x98, realm).num(to.0).end(),
    }
}

/// What was counted in an hour that begins then.
pub fn pulse_hour(realm: RealmId, hour: Timestamp) -> Bytes {
    Key::of(0x99, realm).num(hour.0).end()
}

/// What was counted in the hours that begin from one moment on and before another.
pub fn pulse_hours(realm: RealmId, from: Timestamp, to: Timestamp) -> Range {
    Range {
        from: pulse_hour(realm, from),
        to: pulse_hour(realm, to),
    }
}

/// The slot in a key of either space.
pub fn pulse_slot(key: &[u8]) -> Option<Timestamp> {
    let bytes = key.get(5..13)?.try_into().ok()?;
    Some(Timestamp(u64::from_be_bytes(bytes)))
}

/// Everything that waits in a realm's event streams.
pub fn stream_queues_in(realm: RealmId) -> Range {
    Key::of(super::STREAM_QUEUED, realm).range()
}

/// How the apps of a realm have answered lately.
pub fn standings(realm: RealmId) -> Range {
    Key::of(0x62, realm).range()
}

/// The user in a key of a session among a user's.
pub fn session_user(key: &[u8]) -> Option<&[u8]> {
    key.get(5..21)
}
