//! Keys of sessions and of the lists that find them.

use bytes::Bytes;

use super::Key;
use crate::domain::id::{ClientId, RealmId, Sid, UserId};
use crate::domain::time::Timestamp;
use crate::store::Range;

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
