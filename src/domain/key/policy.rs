//! Keys of what policies need: who is starting sessions, which of them a changed policy looks at, whom an act blocks.

use super::{Key, Range};
use crate::domain::id::{RealmId, SignOutId, UserId};
use bytes::Bytes;

/// Written by each start of a session of the user: what counts them, or shuts the user out, guards with it.
pub fn user_starts(realm: RealmId, id: UserId) -> Bytes {
    Key::of(0x27, realm).bytes(id.bytes()).end()
}

/// The active sessions of all users, each user's together.
pub fn sessions_by_users(realm: RealmId) -> Range {
    Key::of(0x31, realm).range()
}

/// The user in a key of [`sessions_by_users`].
pub fn user_of_session(key: &[u8]) -> Option<UserId> {
    UserId::from_bytes(key.get(5..21)?)
}

/// Behind the last session of a user in [`sessions_by_users`].
pub fn behind_user(realm: RealmId, user: UserId) -> Bytes {
    Key::of(0x31, realm)
        .bytes(user.bytes())
        .bytes(&[0xff; 16])
        .end()
}

/// All refresh-token families of a realm.
pub fn families(realm: RealmId) -> Range {
    Key::of(0x50, realm).range()
}

/// Some of the people whose sign-in an act blocks.
pub fn sign_out_blocked(realm: RealmId, id: SignOutId, number: u32) -> Bytes {
    Key::of(0x8E, realm)
        .bytes(id.bytes())
        .bytes(&number.to_be_bytes())
        .end()
}

/// The people whose sign-in an act blocks.
pub fn sign_outs_blocked(realm: RealmId, id: SignOutId) -> Range {
    Key::of(0x8E, realm).bytes(id.bytes()).range()
}
