//! One person's sessions, by their id: also those of somebody whose name changed since. And how many one client has.

use super::Session;
use super::search::{Row, grants};
use crate::domain::denial;
use crate::domain::id::{ClientId, Sid, UserId};
use crate::domain::key;
use crate::domain::realm::Realm;
use crate::domain::time::Timestamp;
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault};
use crate::store::{Cursor, Dir, Range};

/// A page of a user's good sessions, newest sign-in first, beyond `after`; and where to go on.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn active(
    ctx: &Context,
    realm: &Realm,
    user: UserId,
    after: Option<Sid>,
    limit: usize,
) -> Result<(Vec<Row>, Option<Sid>), Fault> {
    let range = key::sessions_by_user(realm.id, user);
    let after = after.map(|sid| Cursor(key::session_by_user(realm.id, user, sid)));
    let mut walk = Walk::keys(ctx, range)
        .toward(Dir::Reverse)
        .after(after)
        .by(limit);
    let sids = sids(walk.next().await?.unwrap_or_default());
    let next = walk.place().and_then(|_| sids.last().copied());
    let mut rows = rows(ctx, realm, &sids).await?;
    rows.retain(|row| row.active.is_some());
    for row in &mut rows {
        row.offline_grants = grants(ctx, realm, &row.session).await?.1;
    }
    Ok((rows, next))
}

/// A user's ended sessions, newest end first: those that ended before a moment, at most `limit` of them.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn ended(
    ctx: &Context,
    realm: &Realm,
    user: UserId,
    before: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<Row>, Fault> {
    let range: Range = match before {
        Some(before) => key::sessions_ended_by_user_before(realm.id, user, before),
        None => key::sessions_ended_by_user(realm.id, user),
    };
    let mut walk = Walk::keys(ctx, range).by(limit);
    let sids = sids(walk.next().await?.unwrap_or_default());
    rows(ctx, realm, &sids).await
}

/// How many sessions a user has that did not end, counted up to `most`. Cheap: nothing is judged.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn count(
    ctx: &Context,
    realm: &Realm,
    user: UserId,
    most: usize,
) -> Result<usize, Fault> {
    count_keys(ctx, key::sessions_by_user(realm.id, user), most).await
}

/// How many good sessions a user has, looked at up to `most`.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn count_good(
    ctx: &Context,
    realm: &Realm,
    user: UserId,
    most: usize,
) -> Result<usize, Fault> {
    let range = key::sessions_by_user(realm.id, user);
    let mut walk = Walk::keys(ctx, range).toward(Dir::Reverse).by(most);
    let sids = sids(walk.next().await?.unwrap_or_default());
    let judged = denial::sessions(ctx, realm, &sids).await?;
    let good = judged.iter().filter(|(_, verdict)| verdict.is_ok());
    Ok(good.count())
}

/// How many sessions a client takes part in that did not end, counted up to `most`. Cheap: nothing is judged.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn count_of_client(
    ctx: &Context,
    realm: &Realm,
    client: ClientId,
    most: usize,
) -> Result<usize, Fault> {
    count_keys(ctx, key::sessions_by_client(realm.id, client), most).await
}

async fn count_keys(ctx: &Context, range: Range, most: usize) -> Result<usize, Fault> {
    let mut walk = Walk::keys(ctx, range).by(most);
    Ok(walk.next().await?.map_or(0, |page| page.len()))
}

fn sids(page: Vec<crate::store::Record>) -> Vec<Sid> {
    page.iter()
        .filter_map(|record| key::tail(&record.key))
        .filter_map(|tail| Sid::from_bytes(&tail))
        .collect()
}

async fn rows(ctx: &Context, realm: &Realm, sids: &[Sid]) -> Result<Vec<Row>, Fault> {
    let judged = denial::sessions(ctx, realm, sids).await?;
    let row = |session: Session, verdict: Result<_, _>| {
        let (active, denied) = match verdict {
            Ok(active) => (Some(active), None),
            Err(denied) => (None, Some(denied)),
        };
        Row {
            session,
            active,
            denied,
            offline_grants: 0,
        }
    };
    Ok(judged
        .into_iter()
        .filter_map(|(read, verdict)| Some(row(read?.value, verdict)))
        .collect())
}
