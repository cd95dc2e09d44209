//! Whether credentials that were given a moment ago still count: somebody who was signed out since gives them again.

use super::facts::epoch;
use super::{Denied, Verdict};
use crate::domain::id::UserId;
use crate::domain::realm::Realm;
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, key};

/// Judges credentials that this user gave at `given_at` and that no session rests on yet.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn still_count(
    ctx: &Context,
    realm: &Realm,
    user: UserId,
    given_at: Timestamp,
) -> Result<Verdict<()>, Fault> {
    let keys = [key::realm_epoch(realm.id), key::user_epoch(realm.id, user)];
    for cut in ctx.store.get_many(&keys).await? {
        if let Some(cut) = epoch(cut)?
            && given_at <= cut.at
        {
            return Ok(Err(Denied::Ended(cut.ended())));
        }
    }
    Ok(Ok(()))
}
