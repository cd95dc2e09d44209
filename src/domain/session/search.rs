//! Search: walks the narrowest index there is, judges what it finds, and answers a page and where the next begins. How
//! long it takes does not depend on how many sessions the realm has.

mod fresh;
mod walks;

use super::{Query, Seen, Session};
use crate::crypto;
use crate::domain::denial::{self, ActiveSession, Denied};
use crate::domain::grant::TokenFamily;
use crate::domain::id::{FamilyId, Sid};
use crate::domain::key;
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault};
use crate::store::{Cursor, Dir, KeysOrRecords};

pub use fresh::since;
pub use walks::{Order, offered, order_of};
use walks::{Stretch, active_walk, ended_walk};

/// Which sessions are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Those that are good.
    Active,
    /// Those that ended, newest end first.
    Ended,
    /// First the good ones, then the ended.
    All,
}

/// A page of sessions.
#[derive(Clone, Debug)]
pub struct Found {
    /// The sessions.
    pub rows: Vec<Row>,
    /// Where the next page begins, opaque; `None` at the end.
    pub next: Option<String>,
    /// How many there are, when it is known at once: at most [`COUNTED`].
    pub total: Option<u64>,
    /// Whether `total` is all of them and not just as many as were counted.
    pub total_is_exact: bool,
}

/// One session of a page.
#[derive(Clone, Debug)]
pub struct Row {
    /// The session.
    pub session: Session,
    /// How it is used, while it is good.
    pub active: Option<ActiveSession>,
    /// Why it is not good, otherwise.
    pub denied: Option<Denied>,
    /// How many live `offline_access` grants hang on it.
    pub offline_grants: u64,
}

/// A cursor that is not one of this search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cursor must be the `next` of an earlier answer to the same search")]
pub struct CursorError;

/// Sessions counted at most: a count must not cost more in a larger realm.
pub const COUNTED: usize = 1000;
/// Index rows looked at for one page, before it is answered short with a cursor to go on.
const LOOKED_AT: usize = 5000;
/// The most rows of a page.
pub const MAX_LIMIT: usize = 200;

/// Finds a page of sessions, in the order that the search's index has.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn search(
    ctx: &Context,
    realm: &Realm,
    query: &Query,
    listed: Listed,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Result<Found, CursorError>, Fault> {
    sorted(ctx, realm, query, listed, Order::Found, cursor, limit).await
}

/// Finds a page of sessions in this order, where the search offers it ([`offered`]).
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn sorted(
    ctx: &Context,
    realm: &Realm,
    query: &Query,
    listed: Listed,
    order: Order,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Result<Found, CursorError>, Fault> {
    let limit = limit.clamp(1, MAX_LIMIT);
    let mut walks = Vec::new();
    if listed != Listed::Ended {
        walks.extend(active_walk(ctx, realm, query, order).await?);
    }
    if listed != Listed::Active {
        walks.extend(ended_walk(ctx, realm, query).await?);
    }
    let mut after = match cursor {
        None => None,
        Some(text) => {
            let key = crypto::unb64(text).filter(|k| walks.iter().any(|w| w.range.contains(k)));
            let Some(key) = key else {
                return Ok(Err(CursorError));
            };
            Some(Cursor(key.into()))
        }
    };
    if let Some(Cursor(key)) = &after {
        walks.retain(|w| w.range.contains(key) || w.range.from > *key);
    }
    let (total, total_is_exact) = count(ctx, query, listed, &walks, cursor.is_some()).await?;
    let mut rows = Vec::new();
    let mut looked = 0;
    let mut next = None;
    let mut finished = true;
    'walks: for walk in &walks {
        loop {
            let want = (limit - rows.len() + 1).clamp(1, 200);
            let page = ctx
                .store
                .scan(
                    &walk.range,
                    after.as_ref(),
                    want,
                    walk.dir,
                    KeysOrRecords::KeysOnly,
                )
                .await?;
            looked += page.records.len();
            let more = page.next.is_some();
            for (at, row) in judged(ctx, realm, query, listed, page.records).await? {
                if rows.len() == limit {
                    finished = false;
                    break 'walks;
                }
                next = Some(at.clone());
                after = Some(Cursor(at));
                rows.extend(row);
            }
            if more && (rows.len() == limit || looked >= LOOKED_AT) {
                finished = false;
                break 'walks;
            }
            if !more {
                // `next` stays: should the page be full by now, the one after it goes on behind this walk.
                after = None;
                break;
            }
        }
    }
    for row in &mut rows {
        row.offline_grants = grants(ctx, realm, &row.session).await?.1;
    }
    let next = next.filter(|_| !finished).map(|k| crypto::b64(&k));
    Ok(Ok(Found {
        rows,
        next,
        total,
        total_is_exact,
    }))
}

/// Every good session that a search finds, without bound on their number.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn all(ctx: &Context, realm: &Realm, query: &Query) -> Result<Vec<Sid>, Fault> {
    let Some(walk) = active_walk(ctx, realm, query, Order::Found).await? else {
        return Ok(Vec::new());
    };
    let mut pages = Walk::keys(ctx, walk.range).toward(walk.dir).by(1000);
    let mut sids = Vec::new();
    while let Some(page) = pages.next().await? {
        for (_, row) in judged(ctx, realm, query, Listed::Active, page).await? {
            sids.extend(row.map(|r| r.session.sid));
        }
    }
    Ok(sids)
}

/// Judges what an index names; answers each key with its row when the row fits.
async fn judged(
    ctx: &Context,
    realm: &Realm,
    query: &Query,
    listed: Listed,
    records: Vec<crate::store::Record>,
) -> Result<Vec<(bytes::Bytes, Option<Row>)>, Fault> {
    let sids: Vec<Sid> = records
        .iter()
        .map(|r| {
            key::tail(&r.key)
                .and_then(|t| Sid::from_bytes(&t))
                .unwrap_or(Sid(uuid::Uuid::nil()))
        })
        .collect();
    let verdicts = denial::sessions(ctx, realm, &sids).await?;
    let now = query.as_of.unwrap_or_else(|| ctx.now());
    let rows = verdicts.into_iter().map(|(session, verdict)| {
        let session = session?.value;
        if !query.fits(&session) {
            return None;
        }
        match verdict {
            Ok(active) if listed != Listed::Ended => {
                let idle = now.since(active.last_active);
                query.fits_use(idle, &active.last_node).then_some(Row {
                    session,
                    active: Some(active),
                    denied: None,
                    offline_grants: 0,
                })
            }
            Err(denied) if listed != Listed::Active => {
                let node_fits = query.node.as_deref().is_none_or(|n| n == session.node);
                let use_fits = query.idle_over.is_none() && query.idle_under.is_none();
                (node_fits && use_fits).then_some(Row {
                    session,
                    active: None,
                    denied: Some(denied),
                    offline_grants: 0,
                })
            }
            _ => None,
        }
    });
    Ok(records.iter().map(|r| r.key.clone()).zip(rows).collect())
}

async fn count(
    ctx: &Context,
    query: &Query,
    listed: Listed,
    walks: &[Stretch],
    later_page: bool,
) -> Result<(Option<u64>, bool), Fault> {
    // An index answers a count only when it is the whole of the search.
    if later_page || !query.is_prefix_only() || (listed != Listed::Active && query.prefix.is_some())
    {
        return Ok((None, false));
    }
    let mut total = 0;
    for walk in walks {
        let left = COUNTED - total;
        if left == 0 {
            break;
        }
        let page = ctx
            .store
            .scan(&walk.range, None, left, walk.dir, KeysOrRecords::KeysOnly)
            .await?;
        total += page.records.len();
        if page.next.is_some() {
            return Ok((Some(total as u64), false));
        }
    }
    Ok((Some(total as u64), true))
}

/// How many live families hang on a session, as far as they are counted, and how many of them outlive the browser.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn grants(ctx: &Context, realm: &Realm, session: &Session) -> Result<(u64, u64), Fault> {
    if session.clients.is_empty() {
        return Ok((0, 0));
    }
    let range = key::families_by_session(realm.id, session.sid);
    let page = ctx
        .store
        .scan(&range, None, 50, Dir::Reverse, KeysOrRecords::KeysOnly)
        .await?;
    let ids = page
        .records
        .iter()
        .filter_map(|r| key::tail(&r.key))
        .filter_map(|t| FamilyId::from_bytes(&t));
    let keys: Vec<_> = ids.map(|id| key::family(realm.id, id)).collect();
    let (mut live, mut offline) = (0, 0);
    for record in ctx.store.get_many(&keys).await?.into_iter().flatten() {
        let family: TokenFamily = decode(&record.value, "token family")?;
        live += u64::from(family.ended.is_none());
        offline += u64::from(family.offline && family.ended.is_none());
    }
    Ok((live, offline))
}

/// One session with everything its row says.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn one(ctx: &Context, realm: &Realm, sid: Sid) -> Result<Option<Row>, Fault> {
    let Some(mut row) = these(ctx, realm, &[sid]).await?.pop() else {
        return Ok(None);
    };
    row.offline_grants = grants(ctx, realm, &row.session).await?.1;
    Ok(Some(row))
}

/// These sessions as they are now, without their grants; those that nobody knows are left out.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn these(ctx: &Context, realm: &Realm, sids: &[Sid]) -> Result<Vec<Row>, Fault> {
    let judged = denial::sessions(ctx, realm, sids).await?.into_iter();
    let rows = judged.filter_map(|(read, verdict)| {
        let (active, denied) = match verdict {
            Ok(active) => (Some(active), None),
            Err(denied) => (None, Some(denied)),
        };
        Some(Row {
            session: read?.value,
            active,
            denied,
            offline_grants: 0,
        })
    });
    Ok(rows.collect())
}

/// When and from where an ended session was last used, as far as it is still known.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn last_use(ctx: &Context, realm: &Realm, sid: Sid) -> Result<Option<Seen>, Fault> {
    let stored = ctx.store.get(&key::seen(realm.id, sid)).await?;
    stored.map(|r| decode(&r.value, "last use")).transpose()
}
