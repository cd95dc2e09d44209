//! Handing out indices. A node takes a block of them by one guarded commit and hands them out from memory, in no order:
//! whoever sees two tokens learns nothing from their indices of who signed in when (§12.5 of the draft). What is left
//! of a block when the process ends is never handed out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Index, LIST};
use crate::domain::id::RealmId;
use crate::domain::realm::Realm;
use crate::domain::record::{encode, versioned};
use crate::domain::{Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// Indices in a block; a list holds a whole number of blocks.
const BLOCK: u32 = 256;
const BLOCKS: u64 = (LIST / BLOCK) as u64;

/// Indices that this node has taken and not yet handed out.
#[derive(Default)]
pub(super) struct Pool {
    realms: Mutex<HashMap<RealmId, Vec<Index>>>,
}

impl Pool {
    fn draw(&self, realm: RealmId, chance: u64) -> Option<Index> {
        let mut realms = self.realms.lock().unwrap_or_else(PoisonError::into_inner);
        let left = realms.get_mut(&realm)?;
        let count = left.len() as u64;
        let at = usize::try_from(chance.checked_rem(count)?).ok()?;
        Some(left.swap_remove(at))
    }

    fn fill(&self, realm: RealmId, list: u32, first: u32) {
        let mut realms = self.realms.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = (first..first + BLOCK).map(|idx| Index { list, idx });
        realms.entry(realm).or_default().extend(fresh);
    }
}

/// An index for something that starts; `None` where the realm has no status lists.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn take(ctx: &Context, realm: &Realm) -> Result<Option<Index>, Fault> {
    if realm.settings.tokens.status_list_ttl.is_zero() {
        return Ok(None);
    }
    for _ in 0..TRIES {
        let mut random = [0; 8];
        ctx.entropy.fill(&mut random);
        if let Some(index) = ctx.status.pool.draw(realm.id, u64::from_be_bytes(random)) {
            return Ok(Some(index));
        }
        if let Some(block) = block(ctx, realm.id).await? {
            let list = u32::try_from(block / BLOCKS).map_err(|_| Fault::Record("status index"))?;
            let first = u32::try_from(block % BLOCKS).unwrap_or_default() * BLOCK;
            ctx.status.pool.fill(realm.id, list, first);
        }
    }
    Err(Fault::Busy)
}

/// Takes the next block; `None` when another node did at the same moment.
async fn block(ctx: &Context, realm: RealmId) -> Result<Option<u64>, Fault> {
    let at = key::status_counter(realm);
    let mut batch = Batch::new();
    let block = match versioned::<u64>(ctx.store.get(&at).await?, "status counter")? {
        Some(read) => {
            batch.replace(at, read.version, encode(&(read.value + 1))?);
            read.value
        }
        None => {
            batch.create(at, encode(&1_u64)?);
            0
        }
    };
    match ctx.commit(batch).await {
        Ok(_) => Ok(Some(block)),
        Err(CommitError::Conflict { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The number of the list that the newest block is of; `None` before the first.
pub(super) async fn newest(ctx: &Context, realm: RealmId) -> Result<Option<u32>, Fault> {
    let stored = ctx.store.get(&key::status_counter(realm)).await?;
    let next = versioned::<u64>(stored, "status counter")?.map(|read| read.value);
    Ok(next
        .and_then(|next| next.checked_sub(1))
        .and_then(|last| u32::try_from(last / BLOCKS).ok()))
}
