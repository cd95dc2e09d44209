//! The keys of the store: one byte of space, then the realm, then what the space says. `docs/architecture.md` has the
//! table. Times stand big-endian so that order is time; `!` means counted down, newest first.

mod ssf;
mod status;

use bytes::{BufMut, Bytes, BytesMut};

pub use ssf::*;
pub use status::*;

use super::id::{ClientId, FamilyId, RealmId, Sid, SignOutId, UserId};
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

/// A session.
pub fn session(realm: RealmId, sid: Sid) -> Bytes {
    Key::of(0x30, realm).bytes(sid.bytes()).end()
}

/// A session among a user's active ones.
pub fn session_by_user(realm: RealmId, user: UserId, sid: Sid) -> Bytes {
    Key::of(0x31, realm)
        .bytes(user.bytes())
        .bytes(sid.bytes())
        .end()
}

/// A user's active sessions.
pub fn sessions_by_user(realm: RealmId, user: UserId) -> Range {
    Key::of(0x31, realm).bytes(user.bytes()).range()
}

/// A session among the realm's active ones.
pub fn session_active(realm: RealmId, sid: Sid) -> Bytes {
    Key::of(0x32, realm).bytes(sid.bytes()).end()
}

/// The realm's active sessions, oldest first.
pub fn sessions_active(realm: RealmId) -> Range {
    Key::of(0x32, realm).range()
}

/// A session among a client's active ones.
pub fn session_by_client(realm: RealmId, client: ClientId, sid: Sid) -> Bytes {
    Key::of(0x33, realm)
        .bytes(client.bytes())
        .bytes(sid.bytes())
        .end()
}

/// The active sessions a client takes part in.
pub fn sessions_by_client(realm: RealmId, client: ClientId) -> Range {
    Key::of(0x33, realm).bytes(client.bytes()).range()
}

/// A session among an address' active ones.
pub fn session_by_ip(realm: RealmId, ip: &[u8; 16], sid: Sid) -> Bytes {
    Key::of(0x34, realm).bytes(ip).bytes(sid.bytes()).end()
}

/// The active sessions of addresses that start with these bytes.
pub fn sessions_by_ip(realm: RealmId, prefix: &[u8]) -> Range {
    Key::of(0x34, realm).bytes(prefix).range()
}

/// A session among the active ones of a folded username.
pub fn session_by_name(realm: RealmId, folded: &str, sid: Sid) -> Bytes {
    Key::of(0x35, realm)
        .bytes(folded.as_bytes())
        .bytes(&[0])
        .bytes(sid.bytes())
        .end()
}

/// The active sessions of usernames that start with `prefix`.
pub fn sessions_by_name(realm: RealmId, prefix: &str) -> Range {
    Key::of(0x35, realm).bytes(prefix.as_bytes()).range()
}

/// When a session was last used: a key of its own, so that the session does not churn.
pub fn seen(realm: RealmId, sid: Sid) -> Bytes {
    Key::of(0x37, realm).bytes(sid.bytes()).end()
}

/// A session among the realm's ended ones.
pub fn session_ended(realm: RealmId, at: Timestamp, sid: Sid) -> Bytes {
    Key::of(0x38, realm).num(!at.0).bytes(sid.bytes()).end()
}

/// The realm's ended sessions, newest first.
pub fn sessions_ended(realm: RealmId) -> Range {
    Key::of(0x38, realm).range()
}

/// A session among a user's ended ones.
pub fn session_ended_by_user(realm: RealmId, user: UserId, at: Timestamp, sid: Sid) -> Bytes {
    Key::of(0x39, realm)
        .bytes(user.bytes())
        .num(!at.0)
        .bytes(sid.bytes())
        .end()
}

/// A user's ended sessions, newest first.
pub fn sessions_ended_by_user(realm: RealmId, user: UserId) -> Range {
    Key::of(0x39, realm).bytes(user.bytes()).range()
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

/// Browser state, by the SHA-256 of its id.
pub fn browser(hash: &[u8; 32]) -> Bytes {
    Key::space(0x90).bytes(hash).end()
}

/// The last sixteen bytes of a key, where most keys end in an id.
pub fn tail(key: &[u8]) -> Option<[u8; 16]> {
    key.last_chunk::<16>().copied()
}
