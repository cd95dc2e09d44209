//! What every change of a user has in common: who may not do it to themselves, its line in the audit log, and the act that
//! goes with it.

use super::User;
use super::verbs::UserError;
use crate::domain::audit::{self, Entry};
use crate::domain::id::{SignOutId, UserId};
use crate::domain::realm::Realm;
use crate::domain::signout::{Reason, Request, Selection};
use crate::domain::ssf::Deed;
use crate::domain::{Actor, ActorKind, Context, Fault};
use crate::store::Batch;

/// An administrator who locks themselves out by a slip of the hand helps nobody.
pub(super) fn refuse_own_account(
    realm: &Realm,
    actor: &Actor,
    id: UserId,
    verb: &str,
) -> Result<(), UserError> {
    if actor.kind == ActorKind::Admin && actor.realm == realm.name && actor.id == id.to_string() {
        return Err(UserError::Invalid(format!(
            "you cannot {verb} the account that you are signed in with"
        )));
    }
    Ok(())
}

/// What is done, with the id of the act that may go with it: whoever is told of either learns that they are one deed.
pub(super) fn deed<'a>(ctx: &Context, actor: &'a Actor) -> Deed<'a> {
    Deed {
        txn: ctx.new_id(),
        at: ctx.now(),
        actor,
    }
}

pub(super) fn everything_of(id: UserId, reason: Reason, deed: &Deed<'_>) -> Request {
    Request {
        id: Some(SignOutId(deed.txn)),
        ..Request::new(Selection::Users(vec![id]), reason, deed.actor.clone())
    }
}

pub(super) fn record(
    batch: &mut Batch,
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    user: &User,
    (action, detail): (&str, Option<String>),
) -> Result<(), Fault> {
    let target = format!("{} ({})", user.username, user.id);
    audit::record(
        batch,
        ctx,
        realm.id,
        &Entry {
            actor,
            action,
            target_kind: "user",
            target,
            detail,
        },
    )
}
