//! The first start after a restore. In a backup sessions live that ended after it was taken: unless the operator said otherwise, all
//! sessions and tokens end before anybody is served, through the door, so that the apps are told and the receipts say why.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::realm::{self, Realm};
use super::signout::{self, EndError, Reason, Request, Selection};
use super::time::Timestamp;
use super::{Actor, Context, Fault};
use crate::store::snapshot::RESTORED;
use crate::store::snapshot::fill::{self, Restored};
use crate::store::{Batch, CommitError};

/// Why nobody may be served from a store that was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoredError {
    /// Not all is in it.
    #[error(
        "a restore or import into this store was not finished; run it again with the same file"
    )]
    Unfinished,
    /// The cut that ends the restored sessions would come before some of them started.
    #[error(
        "the store was restored from a backup of {0}, which is in the future by this machine's clock; set the clock"
    )]
    ClockBehind(String),
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Realms that are seen to at once.
const ABREAST: usize = 32;

/// Sees to a restored store before it is served from; does nothing for any other. Safe to break off: the next start goes on.
///
/// # Errors
/// [`RestoredError`]; nobody may be served then.
pub async fn settle(ctx: &Context) -> Result<(), RestoredError> {
    if fill::unfinished(&*ctx.store).await.map_err(Fault::from)? {
        return Err(RestoredError::Unfinished);
    }
    let Some(found) = ctx.store.get(RESTORED).await.map_err(Fault::from)? else {
        return Ok(());
    };
    let note: Restored =
        serde_json::from_slice(&found.value).map_err(|_| Fault::Record("note of a restore"))?;
    let taken_at = Timestamp(note.taken_at).rfc3339();
    if note.keep_sessions {
        tracing::warn!(
            taken_at,
            "restored with its sessions: what ended after the backup was taken lives again"
        );
    } else if ctx.now().0 < note.taken_at {
        return Err(RestoredError::ClockBehind(taken_at));
    } else {
        end_all(ctx, &note, &taken_at).await?;
        // Tokens say to the second when they were issued: one of this second would look as if it were from before the cut.
        let cut = ctx.now().secs();
        while ctx.now().secs() <= cut {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let mut batch = Batch::new();
    batch.take(RESTORED, found.version);
    match ctx.store.commit(batch).await {
        // Another node did the same meanwhile.
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(Fault::from(error).into()),
    }
}

async fn end_all(ctx: &Context, note: &Restored, taken_at: &str) -> Result<(), RestoredError> {
    let mut after: Option<String> = None;
    let mut realms = 0;
    loop {
        let (some, next) = realm::list(ctx, after.as_deref(), ABREAST).await?;
        let ends = some.iter().map(|realm| end(ctx, realm, note, taken_at));
        for ended in join_all(ends).await {
            ended?;
        }
        realms += some.len();
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    tracing::info!(
        realms,
        taken_at,
        "restored: all sessions of the backup are over, and their apps are told"
    );
    Ok(())
}

async fn end(
    ctx: &Context,
    realm: &Arc<Realm>,
    note: &Restored,
    taken_at: &str,
) -> Result<(), Fault> {
    let mut request = Request::new(Selection::All, Reason::Restored, Actor::system("restore"));
    request.why = Some(format!("Restored from a backup of {taken_at}"));
    // A start that broke off and one of another node find that it was done.
    request.once = Some(format!("restore {}", note.id));
    match signout::end(ctx, realm, &request).await {
        Ok(_) | Err(EndError::Nothing) => Ok(()),
        Err(EndError::Fault(fault)) => Err(fault),
        // Nobody asks, so that nobody is protected.
        Err(EndError::OnlyOwn) => Ok(()),
    }
}
