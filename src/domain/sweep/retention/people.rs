//! What a deleted user leaves behind: what they allowed apps, and small rows that guarded their sign-ins.

use crate::domain::id::{RealmId, UserId};
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, Dir, KeysOrRecords};

/// Records removed in one step.
const PIECE: usize = 200;

/// Removes what a deleted user left. `false` when it has to be looked at again: there is more, or something of theirs still
/// ends.
///
/// # Errors
/// [`Fault`] when the store fails.
pub(in crate::domain::sweep) async fn leftovers(
    ctx: &Context,
    realm: RealmId,
    user: UserId,
) -> Result<bool, Fault> {
    // Whoever has the same id is not deleted.
    if ctx.store.get(&key::user(realm, user)).await?.is_some() {
        return Ok(true);
    }
    for range in [
        key::sessions_by_user(realm, user),
        key::families_by_user(realm, user),
    ] {
        let page = ctx
            .store
            .scan(&range, None, 1, Dir::Forward, KeysOrRecords::KeysOnly)
            .await?;
        if !page.records.is_empty() {
            return Ok(false);
        }
    }
    let page = ctx
        .store
        .scan(
            &key::consents(realm, user),
            None,
            PIECE,
            Dir::Forward,
            KeysOrRecords::KeysOnly,
        )
        .await?;
    let over = page.next.is_none();
    let mut batch = Batch::essential();
    for record in page.records {
        batch.del(record.key);
    }
    if over {
        // Nothing of theirs is left that the cut would have to deny.
        batch.del(key::user_epoch(realm, user));
        batch.del(key::user_starts(realm, user));
    }
    ctx.commit(batch).await?;
    Ok(over)
}
