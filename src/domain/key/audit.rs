//! Keys of the audit log: newest first.

use bytes::Bytes;

use super::Key;
use crate::domain::id::RealmId;
use crate::domain::time::Timestamp;
use crate::store::Range;

/// An audit record.
pub fn audit(realm: RealmId, at: Timestamp, id: &[u8; 16]) -> Bytes {
    Key::of(0x70, realm).num(!at.0).bytes(id).end()
}

/// The audit records of a realm between two moments (both included), newest first.
pub fn audits(realm: RealmId, since: Option<Timestamp>, until: Option<Timestamp>) -> Range {
    let of = || Key::of(0x70, realm);
    let newest = until.map_or_else(|| of().range().from, |at| of().num(!at.0).end());
    let oldest = since.map_or_else(|| of().range().to, |at| of().num(!at.0).range().to);
    Range {
        from: newest,
        to: oldest,
    }
}

/// Where an audit record stands in its realm, from its key; and back with [`audit_at`].
pub fn audit_place(key: &[u8]) -> Option<[u8; 24]> {
    key.last_chunk::<24>().copied()
}

/// The key of the audit record that stands there.
pub fn audit_at(realm: RealmId, place: &[u8; 24]) -> Bytes {
    Key::of(0x70, realm).bytes(place).end()
}
