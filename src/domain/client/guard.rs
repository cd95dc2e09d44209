//! Guard: which clients are changed only by those who may change the realm itself, so that nobody makes themselves more
//! than they are by a client of theirs.

use super::ClientSettings;
use crate::domain::access::{self, Right};
use crate::domain::realm::Realm;

/// The right that touching such a client takes, beside the right to touch clients: before a change for what it is, and for
/// what it is to be. Its own account may have an administrator's role; and with a token for the admin API, whose audience
/// this is, it could do whatever the people who sign in to it may.
pub fn guarded_by(realm: &Realm, settings: &ClientSettings, audience: &str) -> Option<Right> {
    let reaches = settings.resources.iter().any(|r| r == audience);
    access::guarded_by(&realm.name, &settings.service_account_roles)
        .or(reaches.then_some(Right::ManageRealm))
}
