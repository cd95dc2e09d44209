//! Ended sessions: forgotten with their rows, once nothing that outlives them hangs on them any more.

use super::{Forgotten, limit, oldest};
use crate::domain::id::Sid;
use crate::domain::realm::Realm;
use crate::domain::record::versioned;
use crate::domain::session::Session;
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, Cursor, Dir, KeysOrRecords};

/// Forgets some of the oldest, and says whether there may be more. `after` is behind those that have to stay.
pub(super) async fn piece(
    ctx: &Context,
    realm: &Realm,
    after: &mut Option<Cursor>,
) -> Result<(Forgotten, bool), Fault> {
    let mut forgotten = Forgotten::default();
    let Some(limit) = limit(ctx, realm.settings.retention.ended_sessions) else {
        return Ok((forgotten, false));
    };
    let range = key::sessions_ended(realm.id);
    let how = (Dir::Reverse, KeysOrRecords::KeysOnly);
    let (records, more) = oldest(ctx, &range, after.as_ref(), how).await?;
    let mut batch = Batch::essential();
    let mut looked = 0;
    for record in &records {
        let Some(at) = key::counted_down(&record.key).filter(|at| *at <= limit) else {
            break;
        };
        looked += 1;
        let Some(sid) = key::tail(&record.key).and_then(|tail| Sid::from_bytes(&tail)) else {
            batch.del(record.key.clone());
            continue;
        };
        if has_grants(ctx, realm, sid).await? {
            *after = Some(Cursor(record.key.clone()));
            continue;
        }
        let stored = ctx.store.get(&key::session(realm.id, sid)).await?;
        if let Some(read) = versioned::<Session>(stored, "session")? {
            // A row of an earlier end that never was; the record says when it ended.
            if read.value.ended.is_some() {
                let user = read.value.user;
                batch.take(key::session(realm.id, sid), read.version);
                batch.del(key::session_ended_by_user(realm.id, user, at, sid));
                batch.del(key::seen(realm.id, sid));
                forgotten.sessions += 1;
            }
        }
        batch.del(record.key.clone());
    }
    if !batch.is_empty() {
        ctx.commit(batch).await?;
    }
    Ok((forgotten, more && looked == records.len()))
}

/// Whether grants outlive the session: they hang on it, and it is shown as long as they live.
async fn has_grants(ctx: &Context, realm: &Realm, sid: Sid) -> Result<bool, Fault> {
    let range = key::families_by_session(realm.id, sid);
    let page = ctx
        .store
        .scan(&range, None, 1, Dir::Forward, KeysOrRecords::KeysOnly)
        .await?;
    Ok(!page.records.is_empty())
}
