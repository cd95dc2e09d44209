//! Keys of acts of signing out.

use bytes::Bytes;

use super::Key;
use crate::domain::id::{RealmId, Sid, SignOutId};
use crate::store::Range;

/// An act of signing out.
pub fn sign_out(realm: RealmId, id: SignOutId) -> Bytes {
    Key::of(0x82, realm).bytes(id.bytes()).end()
}

/// All acts of a realm, oldest first.
pub fn sign_outs(realm: RealmId) -> Range {
    Key::of(0x82, realm).range()
}

/// What an act did with one session.
pub fn sign_out_session(realm: RealmId, id: SignOutId, sid: Sid) -> Bytes {
    Key::of(0x83, realm)
        .bytes(id.bytes())
        .bytes(sid.bytes())
        .end()
}

/// What an act did with every session.
pub fn sign_out_sessions(realm: RealmId, id: SignOutId) -> Range {
    Key::of(0x83, realm).bytes(id.bytes()).range()
}

/// A frozen piece of a large selection.
pub fn sign_out_chunk(realm: RealmId, id: SignOutId, number: u32) -> Bytes {
    Key::of(0x85, realm)
        .bytes(id.bytes())
        .bytes(&number.to_be_bytes())
        .end()
}

/// The frozen pieces of a large selection.
pub fn sign_out_chunks(realm: RealmId, id: SignOutId) -> Range {
    Key::of(0x85, realm).bytes(id.bytes()).range()
}

/// An act that is not yet written out.
pub fn sign_out_open(realm: RealmId, id: SignOutId) -> Bytes {
    Key::space(0x86)
        .bytes(&realm.0.to_be_bytes())
        .bytes(id.bytes())
        .end()
}

/// All acts that are not yet written out.
pub fn sign_outs_open() -> Range {
    Key::space(0x86).range()
}

/// The act that an Idempotency-Key named.
pub fn sign_out_once(realm: RealmId, hash: &[u8; 32]) -> Bytes {
    Key::of(0x87, realm).bytes(hash).end()
}
