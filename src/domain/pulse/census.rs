//! Census: how many sessions there are, of how many people, and how much waits to be told. An exact count of a million sessions is a
//! walk, so it is taken a bounded piece at a time, round after round, by the one node whose turn it is to sweep.

use std::time::{Duration, Instant};

use super::{EVERY, Held};
use crate::domain::realm::{self, Realm};
use crate::domain::time::Timestamp;
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, key};
use crate::store::{Cursor, KeysOrRecords, Range};

/// Where a round is.
#[derive(Default)]
pub struct Census {
    /// Behind which realm it goes on.
    after: Option<String>,
    /// The realm that is being counted.
    at: Option<Place>,
    /// When the last round was over.
    over: Option<Timestamp>,
}

struct Place {
    realm: std::sync::Arc<Realm>,
    after: Option<Cursor>,
    /// The last user seen: their next session is not another person.
    user: Vec<u8>,
    sessions: u64,
    people: u64,
}

/// Keys of one page.
const PAGE: usize = 1000;
/// What waits is counted up to this.
const MOST_WAITING: usize = 100_000;
/// A count up to this is taken while somebody waits for the page.
pub const AT_SIGHT: usize = 1000;

/// Goes on counting for about so long; answers whether a round over all realms came to its end. Between rounds it rests a minute.
///
/// # Errors
/// [`Fault`] when the store does not answer; the next step goes on from the same place.
pub async fn step(ctx: &Context, census: &mut Census, most: Duration) -> Result<bool, Fault> {
    let began = Instant::now();
    let rested = census
        .over
        .is_none_or(|over| ctx.now().since(over) >= EVERY);
    if !rested && census.at.is_none() && census.after.is_none() {
        return Ok(true);
    }
    loop {
        let place = match census.at.take() {
            Some(place) => place,
            None => {
                let (page, next) = realm::list(ctx, census.after.as_deref(), 1).await?;
                let Some(realm) = page.into_iter().next() else {
                    census.after = None;
                    census.over = Some(ctx.now());
                    return Ok(true);
                };
                census.after = next;
                Place {
                    realm,
                    after: None,
                    user: Vec::new(),
                    sessions: 0,
                    people: 0,
                }
            }
        };
        census.at = page(ctx, place).await?;
        if census.at.is_none() && census.after.is_none() {
            census.over = Some(ctx.now());
            return Ok(true);
        }
        if began.elapsed() >= most {
            return Ok(false);
        }
    }
}

/// Counts one page of a realm; `None` when it was the last one and the count is noted.
async fn page(ctx: &Context, mut place: Place) -> Result<Option<Place>, Fault> {
    let range = key::sessions_by_users(place.realm.id);
    let mut walk = Walk::keys(ctx, range).by(PAGE).after(place.after.take());
    for record in walk.next().await?.unwrap_or_default() {
        let user = key::session_user(&record.key).unwrap_or_default();
        place.sessions += 1;
        place.people += u64::from(place.user != user);
        place.user.clear();
        place.user.extend_from_slice(user);
    }
    if let Some(cursor) = walk.place() {
        place.after = Some(cursor.clone());
        return Ok(Some(place));
    }
    let held = Held {
        at: ctx.now(),
        sessions: place.sessions,
        people: place.people,
        waiting: waiting(ctx, &place.realm, MOST_WAITING).await?,
    };
    // A realm that nobody uses leaves no records.
    if (held.sessions, held.waiting) != (0, 0) || super::recent(ctx, &place.realm).await?.is_some()
    {
        ctx.pulse.held(place.realm.id, held);
    }
    Ok(None)
}

/// Counts every realm to its end: for tests and small servers.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn round(ctx: &Context) -> Result<(), Fault> {
    let mut census = Census::default();
    while !step(ctx, &mut census, Duration::MAX).await? {}
    Ok(())
}

/// How many notices wait in a realm, counted up to `most`.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn waiting(ctx: &Context, realm: &Realm, most: usize) -> Result<u64, Fault> {
    let mut counted = 0;
    for range in [key::queued_in(realm.id), key::stream_queues_in(realm.id)] {
        counted += count(ctx, range, most - counted).await?;
    }
    Ok(counted as u64)
}

async fn count(ctx: &Context, range: Range, most: usize) -> Result<usize, Fault> {
    if most == 0 {
        return Ok(0);
    }
    let page = PAGE.min(most);
    Ok(Walk::keys(ctx, range).by(page).count(most).await?.min(most))
}

/// What there is of something: a number, and whether that is all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Exactly so many, now.
    Exactly(u64),
    /// So many when they were counted.
    Counted(u64, Timestamp),
    /// More than this: nobody has counted them yet.
    MoreThan(u64),
}

/// How many sessions there are and of how many people: counted at sight when there are few, otherwise as of the last round.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn sizes(ctx: &Context, realm: &Realm) -> Result<(Size, Size), Fault> {
    let range = key::sessions_by_users(realm.id);
    let (dir, what) = (crate::store::Dir::Forward, KeysOrRecords::KeysOnly);
    let page = ctx.store.scan(&range, None, AT_SIGHT, dir, what).await?;
    if page.next.is_some() {
        return Ok(match super::recent(ctx, realm).await? {
            Some(held) if held.sessions >= AT_SIGHT as u64 => (
                Size::Counted(held.sessions, held.at),
                Size::Counted(held.people, held.at),
            ),
            _ => (Size::MoreThan(AT_SIGHT as u64), Size::MoreThan(0)),
        });
    }
    let mut users: Vec<_> = page
        .records
        .iter()
        .filter_map(|record| key::session_user(&record.key))
        .collect();
    users.dedup();
    Ok((
        Size::Exactly(page.records.len() as u64),
        Size::Exactly(users.len() as u64),
    ))
}
