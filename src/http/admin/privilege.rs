//! Keeps whoever may change users or clients from making themselves more than they are: accounts with administrators'
//! roles, and clients that act with them, are changed only by those who may change the realm itself.

use super::principal::{Principal, forbidden};
use crate::domain::access::{self, MASTER, Right};
use crate::domain::client::{ClientSettings, guarded_by};
use crate::domain::realm::Realm;
use crate::http::answer::Problem;

/// Asks for the right that touching an account with any of these roles takes: before a change for the roles it has, and
/// for those it is to get.
///
/// # Errors
/// 403 naming the right.
pub(super) fn roles(principal: &Principal, realm: &Realm, roles: &[String]) -> Result<(), Problem> {
    let of_server = realm.name == MASTER && roles.iter().any(|role| role == "server-admin");
    let right = if of_server {
        Right::ManageServer
    } else if access::is_administrator(&realm.name, roles) {
        Right::ManageRealm
    } else {
        return Ok(());
    };
    if principal.may(right, realm) {
        Ok(())
    } else {
        Err(forbidden(right))
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
