//! Writes down what was counted, merged with what this node wrote of the same slot before.

use std::sync::PoisonError;

use super::{Counts, EVERY, Place, SLOT};
use crate::domain::id::RealmId;
use crate::domain::record::{Versioned, encode, versioned};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// Slots written in one commit.
const AT_ONCE: usize = 100;

/// Writes down what was counted when it is time to; answers whether it was.
///
/// # Errors
/// [`Fault`] when the store fails; what was not written waits for the next time.
pub async fn flush_due(ctx: &Context) -> Result<bool, Fault> {
    let now = ctx.now();
    {
        let mut written = ctx
            .pulse
            .written
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if now.since(*written) < EVERY {
            return Ok(false);
        }
        *written = now;
    }
    flush(ctx).await?;
    Ok(true)
}

/// Writes down what was counted since the last call, a batch at a time.
///
/// # Errors
/// [`Fault`] when the store fails; what was not written waits for the next call. After a commit whose outcome nobody knows the
/// numbers may be too high.
pub async fn flush(ctx: &Context) -> Result<(), Fault> {
    loop {
        let _writing = ctx.pulse.writing.write().await;
        let taken = ctx.pulse.take(AT_ONCE);
        if taken.is_empty() {
            return Ok(());
        }
        if let Err(fault) = add(ctx, &taken).await {
            ctx.pulse.give_back(taken);
            return Err(fault);
        }
    }
}

async fn add(ctx: &Context, taken: &[(Place, Counts)]) -> Result<(), Fault> {
    let at = |((realm, slot), _): &(Place, Counts)| key::pulse(*realm, *slot, &ctx.node);
    let keys: Vec<_> = taken.iter().map(at).collect();
    for _ in 0..TRIES {
        let read = ctx.store.get_many(&keys).await?;
        let mut batch = Batch::new();
        for ((at, stored), (_, more)) in keys.iter().zip(read).zip(taken) {
            match versioned::<Counts>(stored, "pulse")? {
                None => batch.create(at.clone(), encode(more)?),
                Some(Versioned { mut value, version }) => {
                    value.add(more);
                    batch.replace(at.clone(), version, encode(&value)?)
                }
            };
        }
        match ctx.commit(batch).await {
            Ok(_) => return Ok(()),
            // Another node of this name, or the slot was just made part of its hour.
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

/// Adds what was counted in a stretch that is over to a batch: five minutes of a node, or an hour of all of them. For whoever brings
/// along a past.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub fn write(
    realm: RealmId,
    (at, length): (Timestamp, Span),
    node: &str,
    counts: &Counts,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let at = if length == SLOT {
        key::pulse(realm, at, node)
    } else {
        key::pulse_hour(realm, at)
    };
    batch.put(at, encode(counts)?);
    Ok(())
}
