//! Protects the asking administrator's own current session (promise P8).

use super::{Reason, Request};
use crate::domain::id::Sid;

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
        | Reason::TokenRevoked => None,
        Reason::Admin
        | Reason::UserDisabled
        | Reason::UserDeleted
        | Reason::PasswordChanged
        | Reason::ClientDisabled
        | Reason::RealmDisabled => request.actor.sid,
    }
}
