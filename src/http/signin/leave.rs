//! A person ends their own session: always through the door, and only the one their browser presented.

use super::visit::Visit;
use crate::domain::denial::ActiveSession;
use crate::domain::outbox::Channel;
use crate::domain::realm::Realm;
use crate::domain::session::Session;
use crate::domain::signout::{self, EndError, Reason, Request, Selection, SignOut};
use crate::domain::{Actor, ActorKind, Context, Fault, client};

/// Ends a session on behalf of the person whose it is.
///
/// # Errors
/// [`Fault`] when it could not be done; the session is good then.
pub async fn end(visit: &Visit, active: &ActiveSession, reason: Reason) -> Result<SignOut, Fault> {
    let session = &active.session;
    let actor = Actor {
        kind: ActorKind::User,
        id: session.user.to_string(),
        name: session.username.clone(),
        realm: visit.realm.name.clone(),
        sid: Some(session.sid),
        ip: Some(visit.peer.ip.clone()),
    };
    let request = Request::new(
        Selection::Sessions(vec![session.sid.to_string()]),
        reason,
        actor,
    );
    match signout::end(visit.ctx(), &visit.realm, &request).await {
        Ok(act) => Ok(act),
        Err(EndError::Fault(fault)) => Err(fault),
        // Answers to other selections and reasons than this one.
        Err(EndError::OnlyOwn | EndError::Nothing) => Err(Fault::Record("selection")),
    }
}

/// The names of the apps that are told when this session ends.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn apps_told(
    ctx: &Context,
    realm: &Realm,
    session: &Session,
) -> Result<Vec<String>, Fault> {
    let mut names = Vec::new();
    for part in &session.clients {
        let app = client::by_id(ctx, realm, part.client).await?;
        if app.is_some_and(|app| !Channel::of(&app.settings, Reason::RpLogout, false).is_empty()) {
            names.push(part.name.clone());
        }
    }
    Ok(names)
}
