//! Lease: which node works a destination's queue. One at a time, so that a delivery is not sent by two and a limit on
//! what is under way holds for all of them together.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Destination;
use crate::domain::record::{encode, versioned};
use crate::domain::time::{Span, Timestamp};
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, CommitError, Version};

/// How long a lease lasts unless it is renewed.
pub const LASTS: Span = Span::secs(15);
/// How old a lease gets before it is renewed.
pub const RENEW_AFTER: Span = Span::secs(5);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    holder: Uuid,
    node: String,
    until: Timestamp,
}

/// A lease that this process holds.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    version: Version,
    /// When it was taken or renewed.
    pub since: Timestamp,
}

impl Lease {
    /// Whether it is still good without a look at the store.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.since(self.since) < RENEW_AFTER
    }
}

/// Takes or renews the lease of a destination. `Err` holds when another node's runs out.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn take(
    ctx: &Context,
    destination: &Destination,
) -> Result<Result<Lease, Timestamp>, Fault> {
    let at = key::lease(destination.realm, &destination.id);
    let now = ctx.now();
    let found = versioned::<Kept>(ctx.store.get(&at).await?, "lease")?;
    let kept = encode(&Kept {
        holder: ctx.bell.holder,
        node: ctx.node.clone(),
        until: now.plus(LASTS),
    })?;
    let mut batch = Batch::essential();
    match found {
        Some(found) if found.value.holder != ctx.bell.holder && found.value.until > now => {
            return Ok(Err(found.value.until));
        }
        Some(found) => batch.replace(at, found.version, kept),
        None => batch.create(at, kept),
    };
    match ctx.commit(batch).await {
        Ok(committed) => Ok(Ok(Lease {
            version: committed.version,
            since: now,
        })),
        // Somebody else took it at this very moment.
        Err(CommitError::Conflict { .. }) => Ok(Err(now.plus(LASTS))),
        Err(error) => Err(error.into()),
    }
}

/// Gives a lease back, so that another node need not wait for its end. Leases run out by themselves: a failure is no harm.
pub async fn give_back(ctx: &Context, destination: &Destination, lease: Lease) {
    let mut batch = Batch::essential();
    batch.take(
        key::lease(destination.realm, &destination.id),
        lease.version,
    );
    let _ = ctx.commit(batch).await;
}

/// Frees what a node of this name held before it was killed: it is this one, started again.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn free_own(ctx: &Context) -> Result<usize, Fault> {
    let mut freed = 0;
    let range = key::leases();
    let mut walk = Walk::records(ctx, range).by(500);
    while let Some(page) = walk.next().await? {
        let mut batch = Batch::essential();
        for record in page {
            let (at, version) = (record.key.clone(), record.version);
            match versioned::<Kept>(Some(record), "lease") {
                Ok(Some(kept)) if kept.value.node != ctx.node => {}
                _ => {
                    batch.take(at, version);
                }
            }
        }
        if !batch.is_empty() {
            freed += batch.len();
            ctx.commit(batch).await?;
        }
    }
    Ok(freed)
}
