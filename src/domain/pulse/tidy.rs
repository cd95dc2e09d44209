//! Makes the slots of old hours one record each, and forgets what is older than anybody looks.

use std::collections::BTreeMap;

use super::{Counts, FINE, KEPT, floor};
use crate::domain::realm::Realm;
use crate::domain::record::{decode, encode, versioned};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, CommitError, Dir, KeysOrRecords};

const HOUR: Span = Span::hours(1);
/// Records looked at in one step.
const PIECE: usize = 500;

/// Looks at one piece of a realm; answers whether there may be more.
///
/// # Errors
/// [`Fault`] when the store fails; nothing is lost.
pub async fn tidy(ctx: &Context, realm: &Realm) -> Result<bool, Fault> {
    let more = roll_up(ctx, realm).await?;
    Ok(forget(ctx, realm).await? || more)
}

/// The first hours that are old enough.
async fn roll_up(ctx: &Context, realm: &Realm) -> Result<bool, Fault> {
    let until = floor(ctx.now().minus(FINE), HOUR);
    let range = key::pulses(realm.id, Timestamp(0), until);
    let (dir, what) = (Dir::Forward, KeysOrRecords::Records);
    let page = ctx.store.scan(&range, None, PIECE, dir, what).await?;
    let mut batch = Batch::new();
    let mut hours: BTreeMap<Timestamp, Counts> = BTreeMap::new();
    for record in &page.records {
        let Some(slot) = key::pulse_slot(&record.key) else {
            continue;
        };
        let counts: Counts = decode(&record.value, "pulse")?;
        // A node's late count of the same slot fails this commit or comes behind it: never both lost.
        batch.take(record.key.clone(), record.version);
        hours.entry(floor(slot, HOUR)).or_default().add(&counts);
    }
    if hours.is_empty() {
        return Ok(false);
    }
    for (hour, more) in hours {
        let at = key::pulse_hour(realm.id, hour);
        match versioned::<Counts>(ctx.store.get(&at).await?, "pulse")? {
            None => batch.create(at, encode(&more)?),
            Some(mut kept) => {
                kept.value.add(&more);
                batch.replace(at, kept.version, encode(&kept.value)?)
            }
        };
    }
    match ctx.commit(batch).await {
        Ok(_) => Ok(page.next.is_some()),
        Err(CommitError::Conflict { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

async fn forget(ctx: &Context, realm: &Realm) -> Result<bool, Fault> {
    let until = floor(ctx.now().minus(KEPT), HOUR);
    let range = key::pulse_hours(realm.id, Timestamp(0), until);
    let (dir, what) = (Dir::Forward, KeysOrRecords::KeysOnly);
    let page = ctx.store.scan(&range, None, PIECE, dir, what).await?;
    let mut batch = Batch::essential();
    for record in page.records {
        batch.del(record.key);
    }
    if !batch.is_empty() {
        ctx.commit(batch).await?;
    }
    Ok(page.next.is_some())
}
