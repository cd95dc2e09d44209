//! The keys of the store: one byte of space, then the realm, then what the space says. `docs/architecture.md` has the
//! table. Times stand big-endian so that order is time; `!` means counted down, newest first.

use bytes::{BufMut, Bytes, BytesMut};

use super::id::{ClientId, FamilyId, RealmId, Sid, UserId};
use super::time::Timestamp;
use crate::store::Range;

mod audit;
mod device;
mod import;
mod outbox;
mod people;
mod policy;
mod proof;
mod pulse;
mod retention;
mod sealing;
mod session;
mod signout;
mod ssf;
mod status;
mod told;

pub use audit::*;
pub use device::*;
pub use import::*;
pub use outbox::*;
pub use people::*;
pub use policy::*;
pub use proof::*;
pub use pulse::*;
pub use retention::*;
pub use sealing::*;
pub use session::*;
pub use signout::*;
pub use ssf::*;
pub use status::*;
pub use told::*;

struct Key(BytesMut);

impl Key {
    fn space(space: u8) -> Key {
        let mut bytes = BytesMut::with_capacity(64);
        bytes.put_u8(space);
        Key(bytes)
    }

    fn of(space: u8, realm: RealmId) -> Key {
        let mut key = Key::space(space);
        key.0.put_u32(realm.0);
        key
    }

    fn bytes(mut self, part: &[u8]) -> Key {
        self.0.put_slice(part);
        self
    }

    fn num(mut self, part: u64) -> Key {
        self.0.put_u64(part);
        self
    }

    fn end(self) -> Bytes {
        self.0.freeze()
    }

    fn range(self) -> Range {
        Range::prefix(self.0.freeze())
    }
}

/// The next free realm number.
pub fn realm_counter() -> Bytes {
    Key::space(0x01).bytes(b"realms").end()
}

/// Which of several nodes sweeps.
pub fn sweep_turn() -> Bytes {
    Key::space(0x01).bytes(b"sweep").end()
}

/// A realm.
pub fn realm(id: RealmId) -> Bytes {
    Key::of(0x02, id).end()
}

/// A realm's unique name.
pub fn realm_name(name: &str) -> Bytes {
    Key::space(0x03).bytes(name.as_bytes()).end()
}

/// All realm names, in order.
pub fn realm_names() -> Range {
    Key::space(0x03).range()
}

/// A signing key.
pub fn signing_key(realm: RealmId, kid: &str) -> Bytes {
    Key::of(0x04, realm).bytes(kid.as_bytes()).end()
}

/// All signing keys of a realm.
pub fn signing_keys(realm: RealmId) -> Range {
    Key::of(0x04, realm).range()
}

/// Whose turn it is to make a realm's keys of an algorithm.
pub fn signing_turn(realm: RealmId, alg: &str) -> Bytes {
    Key::of(0x05, realm).bytes(alg.as_bytes()).end()
}

/// A realm's epoch.
pub fn realm_epoch(realm: RealmId) -> Bytes {
    Key::of(0x06, realm).end()
}

/// A client.
pub fn client(realm: RealmId, id: ClientId) -> Bytes {
    Key::of(0x10, realm).bytes(id.bytes()).end()
}

/// A client's unique `client_id`.
pub fn client_name(realm: RealmId, client_id: &str) -> Bytes {
    Key::of(0x11, realm).bytes(client_id.as_bytes()).end()
}

/// All `client_id`s of a realm that start with `prefix`, in order.
pub fn client_names(realm: RealmId, prefix: &str) -> Range {
    Key::of(0x11, realm).bytes(prefix.as_bytes()).range()
}

/// A client's epoch.
pub fn client_epoch(realm: RealmId, id: ClientId) -> Bytes {
    Key::of(0x16, realm).bytes(id.bytes()).end()
}

/// A user.
pub fn user(realm: RealmId, id: UserId) -> Bytes {
    Key::of(0x20, realm).bytes(id.bytes()).end()
}

/// A user's unique folded name.
pub fn username(realm: RealmId, folded: &str) -> Bytes {
    Key::of(0x21, realm).bytes(folded.as_bytes()).end()
}

/// All folded usernames that start with `prefix`, in order.
pub fn usernames(realm: RealmId, prefix: &str) -> Range {
    Key::of(0x21, realm).bytes(prefix.as_bytes()).range()
}

/// A user's password hash.
pub fn credential(realm: RealmId, id: UserId) -> Bytes {
    Key::of(0x25, realm).bytes(id.bytes()).end()
}

/// A user's epoch.
pub fn user_epoch(realm: RealmId, id: UserId) -> Bytes {
    Key::of(0x26, realm).bytes(id.bytes()).end()
}

/// When something must be looked at again: a lazy timer that later use does not move.
pub fn due(at: Timestamp, kind: u8, realm: RealmId, id: &[u8]) -> Bytes {
    Key::space(0x40)
        .num(at.0)
        .bytes(&[kind])
        .bytes(&realm.0.to_be_bytes())
        .bytes(id)
        .end()
}

/// Everything that is due, earliest first.
pub fn dues() -> Range {
    Key::space(0x40).range()
}

/// A refresh-token family.
pub fn family(realm: RealmId, id: FamilyId) -> Bytes {
    Key::of(0x50, realm).bytes(id.bytes()).end()
}

/// A family among a session's.
pub fn family_by_session(realm: RealmId, sid: Sid, id: FamilyId) -> Bytes {
    Key::of(0x52, realm)
        .bytes(sid.bytes())
        .bytes(id.bytes())
        .end()
}

/// A session's families.
pub fn families_by_session(realm: RealmId, sid: Sid) -> Range {
    Key::of(0x52, realm).bytes(sid.bytes()).range()
}

/// A family among a user's.
pub fn family_by_user(realm: RealmId, user: UserId, id: FamilyId) -> Bytes {
    Key::of(0x53, realm)
        .bytes(user.bytes())
        .bytes(id.bytes())
        .end()
}

/// A user's families.
pub fn families_by_user(realm: RealmId, user: UserId) -> Range {
    Key::of(0x53, realm).bytes(user.bytes()).range()
}

/// A family among a client's.
pub fn family_by_client(realm: RealmId, client: ClientId, id: FamilyId) -> Bytes {
    Key::of(0x54, realm)
        .bytes(client.bytes())
        .bytes(id.bytes())
        .end()
}

/// A client's families.
pub fn families_by_client(realm: RealmId, client: ClientId) -> Range {
    Key::of(0x54, realm).bytes(client.bytes()).range()
}

/// An authorization code, by its SHA-256.
pub fn code(realm: RealmId, hash: &[u8; 32]) -> Bytes {
    Key::of(0x58, realm).bytes(hash).end()
}

/// What a user allowed a client.
pub fn consent(realm: RealmId, user: UserId, client: ClientId) -> Bytes {
    Key::of(0x5C, realm)
        .bytes(user.bytes())
        .bytes(client.bytes())
        .end()
}

/// A client assertion that was used.
pub fn assertion(realm: RealmId, client: ClientId, hash: &[u8; 32]) -> Bytes {
    Key::of(0x5D, realm).bytes(client.bytes()).bytes(hash).end()
}

/// A single access token that was revoked.
pub fn revoked_token(realm: RealmId, hash: &[u8; 32]) -> Bytes {
    Key::of(0x5E, realm).bytes(hash).end()
}

/// Browser state, by the SHA-256 of its id.
pub fn browser(hash: &[u8; 32]) -> Bytes {
    Key::space(0x90).bytes(hash).end()
}

/// The last sixteen bytes of a key, where most keys end in an id.
pub fn tail(key: &[u8]) -> Option<[u8; 16]> {
    key.last_chunk::<16>().copied()
}
