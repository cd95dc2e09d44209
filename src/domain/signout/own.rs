//! Protects the asking administrator's own current session (promise P8).

use super::{Reason, Request};
use crate::domain::ActorKind;
use crate::domain::id::Sid;
use crate::domain::realm::Realm;

/// The session that this request may not end: the asker's own, unless ending it is what they ask for.
pub fn protected(request: &Request) -> Option<Sid> {
    match request.reason {
        // Signing out is ending one's own session on purpose; the rest of these have no person asking.
        Reason::User
        | Reason::RpLogout
        | Reason::Idle
        | Reason::Expired
        | Reason::RefreshReuse
        | Reason::CodeReplay
        | Reason::TokenRevoked
        | Reason::SessionLimit
        | Reason::AddressRule
        | Reason::AccessRemoved
        | Reason::Restored => None,
        Reason::Admin
        | Reason::UserDisabled
        | Reason::UserDeleted
        | Reason::PasswordChanged
        | Reason::ClientDisabled
        | Reason::RealmDisabled
        | Reason::GlobalRevocation
        | Reason::SignInBlocked
        | Reason::NotRecognised
        | Reason::SignedOutElsewhere => request.actor.sid,
    }
}

/// The client that this request may not cut off: the asker itself when it is a client with an administrator's roles. It
/// has no session, and it is to read the receipt of what it did.
pub fn protected_client(realm: &Realm, request: &Request) -> Option<String> {
    let actor = &request.actor;
    let itself = actor.kind == ActorKind::Admin && actor.sid.is_none() && actor.realm == realm.name;
    itself.then(|| actor.id.clone())
}
