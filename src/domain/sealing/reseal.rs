//! Seals anew what a retired master key sealed: in pieces, each with the place where the next one begins, so that it goes on
//! after a crash and on another node. A walk that finds nothing says that the retired keys are free; until then it is walked
//! again, for others may have written meanwhile.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Left, Masters};
use crate::crypto::KeyId;
use crate::domain::grant::{TokenFamily, code};
use crate::domain::record::{decode, encode_json, versioned};
use crate::domain::time::Span;
use crate::domain::{Context, Fault, browser, client, key, keys, realm, ssf, user};
use crate::store::{Batch, CommitError, Cursor, Dir, KeysOrRecords, Record};

/// How far a walk is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The place among [`SPACES`].
    room: usize,
    /// Behind which key it goes on.
    after: Option<Vec<u8>>,
    /// Records looked at, in this walk and in those before it.
    pub looked: u64,
    /// Records sealed anew, in this walk and in those before it.
    pub resealed: u64,
    /// Records of this walk that a retired key had sealed, whether or not they could be sealed anew.
    found: u64,
    /// Refresh tokens of this walk by the key they were made with, and when the last of them is over.
    tokens: BTreeMap<KeyId, Left>,
}

/// The rooms of a walk, the refresh tokens last.
const SPACES: [u8; 7] = [
    key::SIGNING_KEYS,
    key::CLIENTS,
    key::CREDENTIALS,
    key::STREAMS,
    key::BROWSERS,
    key::IMPORT_ROWS,
    key::FAMILIES,
];

impl Walk {
    /// Which part of how many it is at, for people.
    pub fn part(&self) -> (usize, usize) {
        (self.room + 1, SPACES.len())
    }
}

/// Records of one step.
const PIECE: usize = 64;
/// How often refresh tokens of a retired key are counted.
const COUNT_EVERY: Span = Span::hours(1);

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is nothing to do.
    Idle,
    /// Another node is at it.
    Elsewhere,
    /// A piece is done; there may be more.
    Done,
}

/// Does one piece, if a master key was retired and something may need it.
///
/// # Errors
/// [`Fault`] when the store fails or something does not open; the next step tries again.
pub async fn step(ctx: &Context) -> Result<Step, Fault> {
    let at = key::masters();
    let Some(read) = versioned::<Masters>(ctx.store.get(&at).await?, "master keys")? else {
        return Ok(Step::Idle);
    };
    let mut masters = read.value;
    // Sealing with a key that others do not expect any more would never end.
    if masters.current != ctx.vault.current() {
        return Ok(Step::Idle);
    }
    let mut walk = match masters.walk.take() {
        Some(walk) => walk,
        None if masters.is_to_be_counted(ctx) => Walk::default(),
        None => return Ok(Step::Idle),
    };
    let room = walk.room;
    let mut fresh = Vec::new();
    for record in piece(ctx, &mut walk).await? {
        walk.looked += 1;
        if SPACES.get(room) == Some(&key::FAMILIES) {
            count(ctx, &record, &mut walk).await?;
        } else if let Some(sealed) = reseal(ctx, &record)? {
            walk.found += 1;
            walk.resealed += 1;
            fresh.push((record.key, record.version, sealed));
        }
    }
    if walk.room >= SPACES.len() {
        masters.finish(walk, ctx);
    } else {
        masters.walk = Some(walk);
    }
    let masters = encode_json(&masters)?;
    let mut batch = Batch::new();
    for (at, version, sealed) in &fresh {
        batch.replace(at.clone(), *version, sealed.clone());
    }
    batch.replace(at.clone(), read.version, masters.clone());
    if committed(ctx, batch).await? {
        return Ok(Step::Done);
    }
    // Somebody changed one of them, or the step is done elsewhere: each by itself, and whatever is left the next walk finds.
    for (at, version, sealed) in fresh {
        let mut batch = Batch::new();
        batch.replace(at, version, sealed);
        committed(ctx, batch).await?;
    }
    let mut batch = Batch::new();
    batch.replace(at, read.version, masters);
    Ok(if committed(ctx, batch).await? {
        Step::Done
    } else {
        Step::Elsewhere
    })
}

/// Commits; `false` when it does not fit or somebody was faster.
async fn committed(ctx: &Context, batch: Batch) -> Result<bool, Fault> {
    match ctx.commit(batch).await {
        Ok(_) => Ok(true),
        Err(CommitError::Conflict { .. } | CommitError::TooLarge) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The next records, and moves the walk behind them.
async fn piece(ctx: &Context, walk: &mut Walk) -> Result<Vec<Record>, Fault> {
    let Some(space) = SPACES.get(walk.room) else {
        return Ok(Vec::new());
    };
    let after = walk.after.take().map(|at| Cursor(at.into()));
    let page = ctx
        .store
        .scan(
            &key::space(*space),
            after.as_ref(),
            PIECE,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await?;
    match page.next {
        Some(next) => walk.after = Some(next.0.to_vec()),
        None => walk.room += 1,
    }
    Ok(page.records)
}

/// The record sealed with the key that seals now; `None` when it is already.
fn reseal(ctx: &Context, record: &Record) -> Result<Option<Bytes>, Fault> {
    let (at, value) = (&record.key, &record.value);
    let realm = || key::realm_of(at).ok_or(Fault::Record("key of what is sealed"));
    match at.first() {
        Some(&key::SIGNING_KEYS) => keys::reseal(ctx, realm()?, value),
        Some(&key::CLIENTS) => client::sealed::reseal(ctx, realm()?, value),
        Some(&key::CREDENTIALS) => user::reseal(ctx, at, value),
        Some(&key::STREAMS) => ssf::settings::reseal(ctx, realm()?, value),
        Some(&key::BROWSERS) => browser::reseal(ctx, at, value),
        Some(&key::IMPORT_ROWS) => user::import::reseal(ctx, at, value),
        _ => Ok(None),
    }
}

/// Counts a family whose refresh token was made with a retired key and can still be used.
async fn count(ctx: &Context, record: &Record, walk: &mut Walk) -> Result<(), Fault> {
    let family: TokenFamily = decode(&record.value, "token family")?;
    let made_with = family.made_with;
    if made_with == ctx.vault.current() || !family.refreshable || family.ended.is_some() {
        return Ok(());
    }
    let Some(id) = key::realm_of(&record.key) else {
        return Ok(());
    };
    let Some(realm) = realm::by_id(ctx, id).await? else {
        return Ok(());
    };
    let until = code::idle_at(&realm, &family);
    if until > ctx.now() {
        let tokens = walk.tokens.entry(made_with).or_default();
        tokens.refresh_tokens += 1;
        tokens.until = tokens.until.max(until);
    }
    Ok(())
}

impl Masters {
    /// A walk is over: when it found nothing, the retired keys are free but for the refresh tokens it counted; otherwise
    /// it is walked again.
    fn finish(&mut self, walk: Walk, ctx: &Context) {
        if walk.found > 0 {
            self.walk = Some(Walk {
                looked: walk.looked,
                resealed: walk.resealed,
                ..Walk::default()
            });
            return;
        }
        for master in &mut self.keys {
            if master.retired_at.is_some() {
                master.left = Some(walk.tokens.get(&master.id).copied().unwrap_or_default());
            }
        }
        self.walked_at = Some(ctx.now());
        tracing::info!(
            looked = walk.looked,
            resealed = walk.resealed,
            "nothing is sealed with a retired master key any more"
        );
    }

    /// Whether refresh tokens of a retired key are to be counted once more.
    fn is_to_be_counted(&self, ctx: &Context) -> bool {
        let has_tokens = |left: &Left| left.refresh_tokens > 0;
        self.keys
            .iter()
            .any(|m| m.left.as_ref().is_some_and(has_tokens))
            && self
                .walked_at
                .is_none_or(|at| ctx.now().since(at) >= COUNT_EVERY)
    }
}
