//! The visible result of an act: what ended, what it means for every app, and who came back.

use std::collections::BTreeSet;

#[cfg(test)]
pub use super::told::AppState;
pub use super::told::{App, apps, total};
use super::{SignOut, State};
use crate::domain::denial;
use crate::domain::id::{Sid, SignOutId, UserId};
use crate::domain::proof::{self, Uses};
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::session::Session;
use crate::domain::{Context, Fault, key};
use crate::store::{Cursor, Dir, KeysOrRecords};

/// An act with everything that is known of it.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The act.
    pub sign_out: SignOut,
    /// Its sessions; at most [`SHOWN`].
    pub sessions: Vec<Session>,
    /// Its apps.
    pub apps: Vec<App>,
    /// Whether [`Receipt::apps`] has all of them and all they are to be told: not while a large act is being written out.
    pub apps_are_complete: bool,
    /// What was tried since with what it ended, and refused.
    pub refused: Uses,
    /// Sessions that its people started after the cut, newest first, whether or not they have ended since.
    pub came_back: Vec<Session>,
    /// Whether [`Receipt::came_back`] has all of them: of a large act only the people of its first sessions are looked for.
    pub came_back_is_complete: bool,
}

/// The most people looked for among those who came back: a receipt is read again every half second while it is watched.
pub const LOOKED_FOR: usize = 200;
/// The most new sessions of one person on a receipt, of those that go on and of those that are over.
const OF_ONE: usize = 20;
/// The most sessions shown on one receipt.
pub const SHOWN: usize = 500;

/// Reads an act.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn find(ctx: &Context, realm: &Realm, id: SignOutId) -> Result<Option<SignOut>, Fault> {
    let stored = ctx.store.get(&key::sign_out(realm.id, id)).await?;
    stored.map(|r| decode(&r.value, "sign-out")).transpose()
}

/// A page of a realm's acts, newest first, and where the next one begins.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn list(
    ctx: &Context,
    realm: &Realm,
    after: Option<SignOutId>,
    limit: usize,
) -> Result<(Vec<SignOut>, Option<SignOutId>), Fault> {
    let cursor = after.map(|id| Cursor(key::sign_out(realm.id, id)));
    let range = key::sign_outs(realm.id);
    let page = ctx
        .store
        .scan(
            &range,
            cursor.as_ref(),
            limit,
            Dir::Reverse,
            KeysOrRecords::Records,
        )
        .await?;
    let mut acts = Vec::with_capacity(page.records.len());
    for record in &page.records {
        let mut act: SignOut = decode(&record.value, "sign-out")?;
        if act.state == State::Delivering {
            let (apps, _) = apps(ctx, realm, &act).await?;
            act = as_of_now(act, &apps);
        }
        acts.push(act);
    }
    let next = page
        .next
        .and_then(|c| key::tail(&c.0))
        .and_then(|t| SignOutId::from_bytes(&t));
    Ok((acts, next))
}

/// An act with everything that is known of it.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn read(ctx: &Context, realm: &Realm, id: SignOutId) -> Result<Option<Receipt>, Fault> {
    let Some(sign_out) = find(ctx, realm, id).await? else {
        return Ok(None);
    };
    let sessions = sessions(ctx, realm, id, SHOWN).await?;
    let (apps, apps_are_complete) = apps(ctx, realm, &sign_out).await?;
    let sign_out = as_of_now(sign_out, &apps);
    let (came_back, came_back_is_complete) = came_back(ctx, realm, &sign_out, &sessions).await?;
    let refused = proof::of(ctx, realm, id).await?;
    Ok(Some(Receipt {
        sign_out,
        sessions,
        apps,
        apps_are_complete,
        refused,
        came_back,
        came_back_is_complete,
    }))
}

/// What was to be told may have been told since.
fn as_of_now(mut act: SignOut, apps: &[App]) -> SignOut {
    if act.state != State::Expanding {
        act.state = if apps.iter().any(|app| app.pending() > 0) {
            State::Delivering
        } else {
            State::Settled
        };
    }
    act
}

/// The first sessions that an act ended.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn sessions(
    ctx: &Context,
    realm: &Realm,
    id: SignOutId,
    limit: usize,
) -> Result<Vec<Session>, Fault> {
    let range = key::sign_out_sessions(realm.id, id);
    let page = ctx
        .store
        .scan(&range, None, limit, Dir::Forward, KeysOrRecords::KeysOnly)
        .await?;
    let sids: Vec<Sid> = page
        .records
        .iter()
        .filter_map(|r| key::tail(&r.key))
        .filter_map(|t| Sid::from_bytes(&t))
        .collect();
    let judged = denial::sessions(ctx, realm, &sids).await?;
    Ok(judged
        .into_iter()
        .filter_map(|(session, _)| session)
        .map(|read| read.value)
        .collect())
}

/// Who signed in again, and whether nobody was left out.
async fn came_back(
    ctx: &Context,
    realm: &Realm,
    act: &SignOut,
    sessions: &[Session],
) -> Result<(Vec<Session>, bool), Fault> {
    let people: BTreeSet<UserId> = sessions.iter().map(|s| s.user).collect();
    let mut complete = people.len() <= LOOKED_FOR && people.len() as u64 >= act.people;
    let mut back = Vec::new();
    for user in people.into_iter().take(LOOKED_FOR) {
        let mut sids: Vec<Sid> = Vec::new();
        let lists = [
            (key::sessions_by_user(realm.id, user), Dir::Reverse),
            // Whoever came back and left again came back.
            (key::sessions_ended_by_user(realm.id, user), Dir::Forward),
        ];
        for (range, newest_first) in lists {
            let page = ctx
                .store
                .scan(&range, None, OF_ONE, newest_first, KeysOrRecords::KeysOnly)
                .await?;
            let read = page.records.iter().filter_map(|r| key::tail(&r.key));
            // Most people have not come back: their other sessions need not be read to know it.
            let since = read
                .filter_map(|tail| Sid::from_bytes(&tail))
                .filter(|sid| sid.is_since(act.at));
            let before = sids.len();
            sids.extend(since);
            complete &= page.next.is_none() || sids.len() - before < OF_ONE;
        }
        if sids.is_empty() {
            continue;
        }
        let found = denial::sessions(ctx, realm, &sids).await?;
        back.extend(
            found
                .into_iter()
                .filter_map(|(read, _)| Some(read?.value))
                .filter(|s| s.started_at > act.at),
        );
    }
    back.sort_by_key(|s| std::cmp::Reverse(s.started_at));
    back.dedup_by_key(|s| s.sid);
    Ok((back, complete))
}
