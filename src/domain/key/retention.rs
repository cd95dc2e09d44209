//! Keys of retention: who does it, which acts are half forgotten, and where what is oldest lies.

use bytes::Bytes;

use super::{Key, Range};
use crate::domain::id::{RealmId, SignOutId, UserId};
use crate::domain::time::Timestamp;

/// Which node forgets.
pub fn retention_lead() -> Bytes {
    Key::space(0x92).bytes(b"lead").end()
}

/// An act that is gone, and whose rows are to go.
pub fn sign_out_forgotten(realm: RealmId, id: SignOutId) -> Bytes {
    Key::of(0x93, realm).bytes(id.bytes()).end()
}

/// All such acts.
pub fn sign_outs_forgotten() -> Range {
    Key::space(0x93).range()
}

/// Everything that an act wrote beside its record, but for what was refused since.
pub fn sign_out_rows(realm: RealmId, id: SignOutId) -> [Range; 7] {
    let rows = |space| Key::of(space, realm).bytes(id.bytes()).range();
    [0x83, 0x84, 0x85, 0x88, 0x89, 0x8D, 0x8E].map(rows)
}

/// What a user allowed any client.
pub fn consents(realm: RealmId, user: UserId) -> Range {
    Key::of(0x5C, realm).bytes(user.bytes()).range()
}

/// The moment in a key where it follows the realm and is counted down.
pub fn counted_down(key: &[u8]) -> Option<Timestamp> {
    let bytes = key.get(5..13)?.try_into().ok()?;
    Some(Timestamp(!u64::from_be_bytes(bytes)))
}
