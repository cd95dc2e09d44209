//! Acts of signing out: forgotten whole, and never before everything about them is settled. First the act is gone, in one
//! commit, so that nobody sees half a receipt; then its rows go, a page at a time.

use super::{Forgotten, PIECE, limit, oldest};
use crate::domain::id::{RealmId, SignOutId};
use crate::domain::realm::Realm;
use crate::domain::record::versioned;
use crate::domain::signout::{SignOut, State, receipt};
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, CommitError, Cursor, Dir, KeysOrRecords};

/// Acts of one step: each may have to be looked at closely.
const AT_ONCE: usize = 20;

/// Takes some of the oldest away, and says whether there may be more. `after` is behind those that have to stay.
pub(super) async fn piece(
    ctx: &Context,
    realm: &Realm,
    after: &mut Option<Cursor>,
) -> Result<(Forgotten, bool), Fault> {
    let mut forgotten = Forgotten::default();
    let Some(limit) = limit(ctx, realm.settings.retention.signouts) else {
        return Ok((forgotten, false));
    };
    let range = key::sign_outs(realm.id);
    let how = (Dir::Forward, KeysOrRecords::Records);
    let (records, more) = oldest(ctx, &range, after.as_ref(), how).await?;
    let count = records.len();
    let mut looked = 0;
    for record in records.into_iter().take(AT_ONCE) {
        let at = record.key.clone();
        let Some(read) = versioned::<SignOut>(Some(record), "sign-out")? else {
            continue;
        };
        if read.value.at > limit {
            return Ok((forgotten, false));
        }
        looked += 1;
        if !is_settled(ctx, realm, &read.value).await? {
            *after = Some(Cursor(at));
            continue;
        }
        let mut batch = Batch::essential();
        batch.take(at, read.version);
        batch.put(key::sign_out_forgotten(realm.id, read.value.id), Vec::new());
        match ctx.commit(batch).await {
            Ok(_) => forgotten.sign_outs += 1,
            // Told anew at this very moment.
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok((forgotten, more || looked < count))
}

/// Whether everything that can be known of an act is known: written out, everybody told or given up, everybody blocked.
async fn is_settled(ctx: &Context, realm: &Realm, act: &SignOut) -> Result<bool, Fault> {
    let open = key::sign_out_open(realm.id, act.id);
    if act.state == State::Expanding || ctx.store.get(&open).await?.is_some() {
        return Ok(false);
    }
    let blocked = key::sign_outs_blocked(realm.id, act.id);
    let page = ctx
        .store
        .scan(&blocked, None, 1, Dir::Forward, KeysOrRecords::KeysOnly)
        .await?;
    if !page.records.is_empty() {
        return Ok(false);
    }
    let (apps, all_of_them) = receipt::apps(ctx, realm, act).await?;
    Ok(all_of_them && apps.iter().all(|app| app.pending() == 0))
}

/// Removes a page of the rows of an act that is gone; nothing when there is no such act.
pub(super) async fn finish(ctx: &Context) -> Result<Forgotten, Fault> {
    let mut forgotten = Forgotten::default();
    let page = ctx
        .store
        .scan(
            &key::sign_outs_forgotten(),
            None,
            1,
            Dir::Forward,
            KeysOrRecords::KeysOnly,
        )
        .await?;
    let Some(first) = page.records.into_iter().next() else {
        return Ok(forgotten);
    };
    let mut batch = Batch::essential();
    let named = key::realm_of(&first.key)
        .zip(key::tail(&first.key).and_then(|tail| SignOutId::from_bytes(&tail)));
    let Some((realm, act)) = named else {
        batch.del(first.key);
        ctx.commit(batch).await?;
        return Ok(forgotten);
    };
    if !rows(ctx, realm, act, &mut batch).await? {
        batch.del(first.key);
    }
    forgotten.rows = batch.len() as u64;
    ctx.commit(batch).await?;
    Ok(forgotten)
}

/// Adds the removal of some rows; `false` when these were the last.
async fn rows(
    ctx: &Context,
    realm: RealmId,
    act: SignOutId,
    batch: &mut Batch,
) -> Result<bool, Fault> {
    for range in key::sign_out_rows(realm, act) {
        let page = ctx
            .store
            .scan(&range, None, PIECE, Dir::Forward, KeysOrRecords::KeysOnly)
            .await?;
        let more = page.next.is_some();
        for record in page.records {
            batch.del(record.key);
        }
        if more || batch.len() >= PIECE {
            return Ok(true);
        }
    }
    batch.del(key::refused_uses(realm, act));
    Ok(false)
}
