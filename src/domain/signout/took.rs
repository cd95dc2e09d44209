//! How long whoever asked for an act waited for it. An act cannot name the moment of its own commit, so this is a commit of
//! its own after it; nothing hangs on it, and only acts that somebody waits for at a page are worth it.

use super::{Request, SignOut};
use crate::domain::realm::Realm;
use crate::domain::record::{encode_json, versioned};
use crate::domain::{Context, Fault, key};
use crate::store::Batch;

/// Notes on an act that is durable by now, and that denies what was asked, how long that took since it was asked for.
pub(super) async fn note(ctx: &Context, realm: &Realm, request: &Request, record: &mut SignOut) {
    let Some(asked_at) = request.asked_at.filter(|_| record.took.is_none()) else {
        return;
    };
    record.took = Some(ctx.now().since(asked_at));
    if let Err(fault) = Box::pin(write(ctx, realm, record)).await {
        tracing::debug!(%fault, sign_out = %record.id, "how long it took is not noted");
    }
}

async fn write(ctx: &Context, realm: &Realm, record: &SignOut) -> Result<(), Fault> {
    let at = key::sign_out(realm.id, record.id);
    let stored = ctx.store.get(&at).await?;
    let Some(mut read) = versioned::<SignOut>(stored, "sign-out")? else {
        return Ok(());
    };
    read.value.took = record.took;
    let mut batch = Batch::new();
    // Whoever writes the act out meanwhile goes before: this is the lesser news.
    batch.replace(at, read.version, encode_json(&read.value)?);
    ctx.commit(batch).await?;
    Ok(())
}
