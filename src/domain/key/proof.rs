//! Keys of the proof: what was refused since an act, and how an app answered a test.

use super::Key;
use crate::domain::id::{ClientId, RealmId, SignOutId};
use bytes::Bytes;

/// What was refused because of an act.
pub fn refused_uses(realm: RealmId, id: SignOutId) -> Bytes {
    Key::of(0x8C, realm).bytes(id.bytes()).end()
}

/// How an app answered a test on one channel.
pub fn tested(realm: RealmId, client: ClientId, channel: u8) -> Bytes {
    Key::of(0x63, realm)
        .bytes(client.bytes())
        .bytes(&[channel])
        .end()
}
