//! Keys of what the other ways of telling need: who has an address of electronic mail, and whom a browser was to tell.

use bytes::Bytes;

use super::Key;
use crate::domain::id::{ClientId, RealmId, SignOutId, UserId};
use crate::store::Range;

/// A user among those who have this folded address of electronic mail.
pub fn user_by_email(realm: RealmId, folded: &str, id: UserId) -> Bytes {
    Key::of(0x23, realm)
        .bytes(folded.as_bytes())
        .bytes(&[0])
        .bytes(id.bytes())
        .end()
}

/// The users who have this folded address.
pub fn users_by_email(realm: RealmId, folded: &str) -> Range {
    Key::of(0x23, realm)
        .bytes(folded.as_bytes())
        .bytes(&[0])
        .range()
}

/// That a browser was to tell this client of an act.
pub fn told_by_browser(realm: RealmId, act: SignOutId, client: ClientId) -> Bytes {
    Key::of(0x8D, realm)
        .bytes(act.bytes())
        .bytes(client.bytes())
        .end()
}

/// Whom a browser was to tell of an act.
pub fn all_told_by_browser(realm: RealmId, act: SignOutId) -> Range {
    Key::of(0x8D, realm).bytes(act.bytes()).range()
}
