//! Keys of what is known about the master keys, and the spaces of what they seal.

use bytes::Bytes;

use super::{Key, Range};
use crate::domain::id::RealmId;

/// Which master keys are in use. No key of theirs is kept, only what tells them apart.
pub fn masters() -> Bytes {
    Key::space(0x91).bytes(b"keys").end()
}

/// Everything in a space, in all realms.
pub fn space(space: u8) -> Range {
    Key::space(space).range()
}

/// The space of signing keys.
pub const SIGNING_KEYS: u8 = 0x04;
/// The space of clients.
pub const CLIENTS: u8 = 0x10;
/// The space of password hashes.
pub const CREDENTIALS: u8 = 0x25;
/// The space of refresh-token families.
pub const FAMILIES: u8 = 0x50;
/// The space of event streams.
pub const STREAMS: u8 = 0x65;
/// The space of browser state.
pub const BROWSERS: u8 = 0x90;

/// The realm in a key, where it follows the space.
pub fn realm_of(key: &[u8]) -> Option<RealmId> {
    let bytes = key.get(1..5)?.try_into().ok()?;
    Some(RealmId(u32::from_be_bytes(bytes)))
}
