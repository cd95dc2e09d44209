//! Writes down what was counted, merged with what this node wrote of the same slot before.

use super::{Counts, EVERY, Place};
use crate::domain::record::{Versioned, encode, versioned};
use crate::domain::{Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

use std::sync::PoisonError;

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
        if let Err(fault) = write(ctx, &taken).await {
            ctx.pulse.give_back(taken);
            return Err(fault);
        }
    }
}

async fn write(ctx: &Context, taken: &[(Place, Counts)]) -> Result<(), Fault> {
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
