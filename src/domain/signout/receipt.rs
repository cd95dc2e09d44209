//! The visible result of an act: what ended, what it means for every app, and who came back.

use std::collections::{BTreeMap, HashSet};

use super::SignOut;
use super::write::AppRow;
use crate::domain::denial;
use crate::domain::id::{Sid, SignOutId, UserId};
use crate::domain::outbox::Channel;
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::session::Session;
use crate::domain::time::Timestamp;
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
    /// Whose sessions started after the cut, for the people among [`Receipt::sessions`].
    pub came_back: Vec<Session>,
}

/// What an act means for one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its public id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// How it can be told.
    pub channel: Channel,
    /// How it stands.
    pub state: AppState,
    /// In how many of the sessions it took part.
    pub sessions: u64,
    /// Until when a self-contained token can still be used where nobody asks; `None` when there is none.
    pub bound_until: Option<Timestamp>,
}

/// How an app stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppState {
    /// It holds tokens that an API which never introspects accepts until the bound.
    Bounded,
    /// It holds no such token, and it cannot be told: its own session ends when it next asks.
    NotCapable,
}

impl AppState {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            AppState::Bounded => "bounded",
            AppState::NotCapable => "not_capable",
        }
    }
}

/// The most sessions shown on one receipt.
pub const SHOWN: usize = 500;
/// The most rows of apps read for one receipt.
const APP_ROWS: usize = 20_000;

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
    let acts = page
        .records
        .iter()
        .map(|r| decode(&r.value, "sign-out"))
        .collect::<Result<Vec<SignOut>, _>>()?;
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
    let apps = apps(ctx, realm, &sign_out).await?;
    let came_back = came_back(ctx, realm, &sign_out, &sessions).await?;
    Ok(Some(Receipt {
        sign_out,
        sessions,
        apps,
        came_back,
    }))
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

/// The apps of an act, each with how it stands.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn apps(ctx: &Context, realm: &Realm, act: &SignOut) -> Result<Vec<App>, Fault> {
    let range = key::sign_out_apps(realm.id, act.id);
    let mut by_client: BTreeMap<[u8; 16], App> = BTreeMap::new();
    let mut cursor: Option<Cursor> = None;
    let mut rows = 0;
    loop {
        let page = ctx
            .store
            .scan(
                &range,
                cursor.as_ref(),
                1000,
                Dir::Forward,
                KeysOrRecords::Records,
            )
            .await?;
        rows += page.records.len();
        for record in &page.records {
            // space, realm, act, client, sid
            let Some(client) = record.key.get(21..37).and_then(|b| b.try_into().ok()) else {
                continue;
            };
            let row: AppRow = decode(&record.value, "receipt row")?;
            let app = by_client.entry(client).or_insert_with(|| App {
                client_id: row.client_id.clone(),
                name: row.name.clone(),
                channel: row.channel,
                state: AppState::NotCapable,
                sessions: 0,
                bound_until: None,
            });
            app.sessions += 1;
            if row.bound_until > act.at {
                app.state = AppState::Bounded;
                app.bound_until = app.bound_until.max(Some(row.bound_until));
            }
        }
        match page.next {
            Some(next) if rows < APP_ROWS => cursor = Some(next),
            _ => return Ok(by_client.into_values().collect()),
        }
    }
}

async fn came_back(
    ctx: &Context,
    realm: &Realm,
    act: &SignOut,
    sessions: &[Session],
) -> Result<Vec<Session>, Fault> {
    let people: HashSet<UserId> = sessions.iter().map(|s| s.user).take(100).collect();
    let mut back = Vec::new();
    for user in people {
        let range = key::sessions_by_user(realm.id, user);
        let page = ctx
            .store
            .scan(&range, None, 20, Dir::Reverse, KeysOrRecords::KeysOnly)
            .await?;
        let sids: Vec<Sid> = page
            .records
            .iter()
            .filter_map(|r| key::tail(&r.key))
            .filter_map(|t| Sid::from_bytes(&t))
            // Most people have not come back: their other sessions need not be read to know it.
            .filter(|sid| sid.is_since(act.at))
            .collect();
        if sids.is_empty() {
            continue;
        }
        for (_, verdict) in denial::sessions(ctx, realm, &sids).await? {
            back.extend(
                verdict
                    .ok()
                    .map(|a| a.session)
                    .filter(|s| s.started_at > act.at),
            );
        }
    }
    back.sort_by_key(|s| std::cmp::Reverse(s.started_at));
    Ok(back)
}
