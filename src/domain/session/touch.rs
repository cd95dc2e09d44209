//! That a session is used, written at most once a minute.

use super::{Seen, TOUCH_EVERY};
use crate::domain::denial::ActiveSession;
use crate::domain::realm::Realm;
use crate::domain::record::encode;
use crate::domain::time::Span;
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, CommitError};

/// Notes that the session was used from this address just now.
///
/// The write is guarded by the version the session was judged at: a request in flight can never bring back a session that
/// ended meanwhile. A conflict is therefore not an error but somebody else's newer truth.
///
/// # Errors
/// [`Fault`] when the store fails otherwise.
pub async fn touch(
    ctx: &Context,
    realm: &Realm,
    active: &ActiveSession,
    ip: &str,
) -> Result<(), Fault> {
    let now = ctx.now();
    let unseen = now.since(active.last_active);
    // A new address is worth a write of its own, but two that take turns are not worth one a request.
    let moved = ip != active.last_ip && unseen >= Span::secs(5);
    if unseen < TOUCH_EVERY && !moved {
        return Ok(());
    }
    let mut batch = Batch::new();
    batch.check(key::session(realm.id, active.session.sid), active.version);
    batch.put(
        key::seen(realm.id, active.session.sid),
        encode(&Seen {
            at: now,
            ip: ip.to_owned(),
            node: ctx.node.clone(),
        })?,
    );
    match ctx.commit(batch).await {
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
