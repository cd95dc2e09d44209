//! Keys by which people are found: the words of their names, the start of their address, their administrators' roles; and
//! what the audit log says about each, and what they did not recognise.

use bytes::Bytes;

use super::{Key, Range};
use crate::domain::id::{RealmId, UserId};
use crate::domain::time::Timestamp;

/// A user among those whose name has this folded word.
pub fn user_by_word(realm: RealmId, word: &str, id: UserId) -> Bytes {
    Key::of(0x94, realm)
        .bytes(word.as_bytes())
        .bytes(&[0])
        .bytes(id.bytes())
        .end()
}

/// The users whose name has a folded word that starts with `prefix`, in order of the words.
pub fn users_by_word(realm: RealmId, prefix: &str) -> Range {
    Key::of(0x94, realm).bytes(prefix.as_bytes()).range()
}

/// The users whose folded address of electronic mail starts with `prefix`, in order of the addresses.
pub fn users_by_email_prefix(realm: RealmId, prefix: &str) -> Range {
    Key::of(0x23, realm).bytes(prefix.as_bytes()).range()
}

/// The word or address in a key of [`users_by_word`] or [`users_by_email_prefix`].
pub fn folded_of(key: &[u8]) -> Option<&str> {
    let text = key.get(5..key.len().checked_sub(17)?)?;
    std::str::from_utf8(text).ok()
}

/// All users of all realms.
pub fn every_user() -> Range {
    Key::space(0x20).range()
}

/// That an audit record is about this user; it stands in the log at [`super::audit_at`] under the last 24 bytes.
pub fn audit_of_user(realm: RealmId, user: UserId, at: Timestamp, id: &[u8; 16]) -> Bytes {
    Key::of(0x95, realm)
        .bytes(user.bytes())
        .num(!at.0)
        .bytes(id)
        .end()
}

/// The same by the record's place.
pub fn audit_of_user_at(realm: RealmId, user: UserId, place: &[u8; 24]) -> Bytes {
    Key::of(0x95, realm).bytes(user.bytes()).bytes(place).end()
}

/// What the audit log says about a user before a moment, newest first.
pub fn audits_of_user(realm: RealmId, user: UserId, before: Option<Timestamp>) -> Range {
    let of = || Key::of(0x95, realm).bytes(user.bytes());
    let all = of().range();
    match before {
        Some(before) => Range {
            from: of().num(!before.0.saturating_sub(1)).end(),
            to: all.to,
        },
        None => all,
    }
}

/// A user's ended sessions that ended before a moment, newest first.
pub fn sessions_ended_by_user_before(realm: RealmId, user: UserId, before: Timestamp) -> Range {
    let of = || Key::of(0x39, realm).bytes(user.bytes());
    Range {
        from: of().num(!before.0.saturating_sub(1)).end(),
        to: of().range().to,
    }
}

/// That somebody has an administrator's role, by their folded name.
pub fn administrator(realm: RealmId, folded: &str) -> Bytes {
    Key::of(0x96, realm).bytes(folded.as_bytes()).end()
}

/// The administrators of a realm, in order of their folded names.
pub fn administrators(realm: RealmId) -> Range {
    Key::of(0x96, realm).range()
}

/// What a person did not recognise and no administrator has dismissed.
pub fn alert(realm: RealmId, user: UserId) -> Bytes {
    Key::of(0x97, realm).bytes(user.bytes()).end()
}

/// All of that in a realm.
pub fn alerts(realm: RealmId) -> Range {
    Key::of(0x97, realm).range()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_back_from_its_key_and_before_means_before() {
        let (realm, id) = (RealmId(7), UserId(uuid::Uuid::from_u128(9)));
        assert_eq!(
            folded_of(&user_by_word(realm, "keller", id)),
            Some("keller")
        );
        let at = Timestamp(1_700_000_000_000);
        let sid = crate::domain::id::Sid(uuid::Uuid::from_u128(3));
        let key = super::super::session_ended_by_user(realm, id, at, sid);
        assert!(sessions_ended_by_user_before(realm, id, Timestamp(at.0 + 1)).contains(&key));
        assert!(!sessions_ended_by_user_before(realm, id, at).contains(&key));
        let record = audit_of_user(realm, id, at, &[4; 16]);
        assert!(audits_of_user(realm, id, Some(Timestamp(at.0 + 1))).contains(&record));
        assert!(!audits_of_user(realm, id, Some(at)).contains(&record));
    }
}
