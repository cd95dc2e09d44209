//! Keeps whoever may change users or clients from making themselves more than they are: accounts with administrators'
//! roles, and clients that act with them, are changed only by those who may change the realm itself.

use super::principal::{Principal, forbidden};
use crate::domain::access;
use crate::domain::client::{ClientSettings, guarded_by};
use crate::domain::realm::Realm;
use crate::http::answer::Problem;

/// Asks for the right that touching an account with any of these roles takes: before a change for the roles it has, and
/// for those it is to get.
///
/// # Errors
/// 403 naming the right.
pub(super) fn roles(principal: &Principal, realm: &Realm, roles: &[String]) -> Result<(), Problem> {
    match access::guarded_by(&realm.name, roles) {
        Some(right) if !principal.may(right, realm) => Err(forbidden(right)),
        Some(_) | None => Ok(()),
    }
}

/// The same for a client: its own account's roles, and whether it may be handed tokens for the admin API, with which it
/// could do whatever the people who sign in to it may.
///
/// # Errors
/// 403 naming the right.
pub(super) fn client(
    principal: &Principal,
    realm: &Realm,
    settings: &ClientSettings,
    audience: &str,
) -> Result<(), Problem> {
    match guarded_by(realm, settings, audience) {
        Some(right) if !principal.may(right, realm) => Err(forbidden(right)),
        _ => Ok(()),
    }
}
