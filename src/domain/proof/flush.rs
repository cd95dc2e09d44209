//! Writes refused uses down, merged with what is there, and reads them back.

use super::{Act, Uses};
use crate::domain::id::SignOutId;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, decode, encode, versioned};
use crate::domain::{Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// Acts written in one commit: about half a megabyte at most.
const AT_ONCE: usize = 64;

/// Writes down what was counted since the last call, a batch at a time.
///
/// # Errors
/// [`Fault`] when the store fails; what was not written waits for the next call. After a commit whose outcome nobody knows
/// the numbers may be too high, never the rows too few.
pub async fn flush(ctx: &Context) -> Result<(), Fault> {
    loop {
        // Readers wait for what is neither in memory nor in the store.
        let _writing = ctx.proofs.writing.write().await;
        let taken = ctx.proofs.take(AT_ONCE);
        if taken.is_empty() {
            return Ok(());
        }
        if let Err(fault) = write(ctx, &taken).await {
            ctx.proofs.give_back(taken);
            return Err(fault);
        }
    }
}

async fn write(ctx: &Context, taken: &[(Act, Uses)]) -> Result<(), Fault> {
    let keys: Vec<_> = taken
        .iter()
        .map(|((realm, act), _)| key::refused_uses(*realm, *act))
        .collect();
    let acts: Vec<_> = taken
        .iter()
        .map(|((realm, act), _)| key::sign_out(*realm, *act))
        .collect();
    for _ in 0..TRIES {
        let mut batch = Batch::new();
        let read = ctx.store.get_many(&keys).await?;
        let known = ctx.store.get_many(&acts).await?;
        for (((at, stored), known), (_, more)) in keys.iter().zip(read).zip(known).zip(taken) {
            // Its receipt has been forgotten: there is nobody to show it to.
            if known.is_none() {
                continue;
            }
            match versioned::<Uses>(stored, "refused uses")? {
                None => batch.create(at.clone(), encode(more)?),
                Some(Versioned { mut value, version }) => {
                    value.merge(more);
                    batch.replace(at.clone(), version, encode(&value)?)
                }
            };
        }
        if batch.is_empty() {
            return Ok(());
        }
        match ctx.commit(batch).await {
            Ok(_) => return Ok(()),
            // Another node counted for the same act.
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

/// What was refused because of an act: on this node up to this moment, on others up to about a second ago.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn of(ctx: &Context, realm: &Realm, act: SignOutId) -> Result<Uses, Fault> {
    let _still = ctx.proofs.writing.read().await;
    let stored = ctx.store.get(&key::refused_uses(realm.id, act)).await?;
    let mut uses = match stored {
        Some(record) => decode(&record.value, "refused uses")?,
        None => Uses::default(),
    };
    uses.merge(&ctx.proofs.waiting_of((realm.id, act)));
    Ok(uses)
}
