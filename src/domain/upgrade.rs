//! The layout of what is remembered, and how an older one becomes the present one while the server works.
//!
//! A program knows the layouts up to its own and refuses a store beyond. A store that is behind is served from at once: each [`Step`]
//! leads to the next layout by changing records in place, a page in a commit, in the background, by one node at a time; until it is
//! done readers take both forms. How far it is stands in the same commit as the records that were changed, so that a kill or two
//! nodes at once change nothing twice. There is no step yet: layout 1 is the first.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::record::{decode, encode_json};
use super::time::{Span, Timestamp};
use super::{Context, Fault, key, user};
use crate::store::{Batch, CommitError, Cursor, Dir, KeysOrRecords, Range, Record, Store};

/// What this program knows.
pub static PLAN: Plan = Plan {
    layout: 2,
    steps: &[Step {
        to: 2,
        about: "users by the words of their names, and administrators",
        range: key::every_user,
        change: user::again,
    }],
};

/// Where a store says which layout it has. It is about this store alone and in no snapshot.
pub const KEY: &[u8] = b"\x01.layout";

/// The layouts that a program knows, and how to get to the newest of them.
pub struct Plan {
    /// The newest.
    pub layout: u32,
    /// In order; each leads from the layout before.
    pub steps: &'static [Step],
}

/// From one layout to the next.
pub struct Step {
    /// The layout that it leads to.
    pub to: u32,
    /// What it does, for the log.
    pub about: &'static str,
    /// The records that it looks at.
    pub range: fn() -> Range,
    /// Adds to a commit what a record needs: its new form, or rows beside it, guarded by the version that was read. Nothing
    /// for one that has it already.
    pub change: fn(&Record, &mut Batch) -> Result<(), Fault>,
}

/// What a store says of its layout.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Standing {
    /// All records have this layout at least.
    layout: u32,
    /// The program that wrote this.
    written_by: String,
    /// The step that is being taken.
    step: Option<Under>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Under {
    /// Where it leads.
    to: u32,
    /// The last key that was seen to.
    cursor: Option<Vec<u8>>,
    /// Which node is at it, and until when the others leave it to it.
    holder: String,
    until: Timestamp,
}

impl Standing {
    fn at(layout: u32) -> Standing {
        Standing {
            layout,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            step: None,
        }
    }

    /// The layout that whoever reads the store must know.
    fn needs(&self) -> u32 {
        self.step.as_ref().map_or(self.layout, |step| step.to)
    }
}

/// Why a store cannot be served from.
#[derive(Debug, thiserror::Error)]
pub enum UpgradeError {
    /// A later version was here.
    #[error(
        "the store has layout {found}, written by realmkeep {written_by}; this version knows layouts up to {known}: run realmkeep {written_by} or newer, or restore a backup that was taken before the upgrade"
    )]
    Newer {
        /// The layout it has.
        found: u32,
        /// The layout that this program knows.
        known: u32,
        /// The version that wrote it.
        written_by: String,
    },
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The layout of the store.
///
/// # Errors
/// [`StoreError`](crate::store::StoreError) when it cannot be read.
pub async fn layout(ctx: &Context) -> Result<u32, crate::store::StoreError> {
    layout_of(&*ctx.store).await
}

/// The same for a store without a server around it. While a step is being taken it is the layout it leads to: whoever reads the
/// records must know that one.
///
/// # Errors
/// [`StoreError`](crate::store::StoreError) when it cannot be read.
pub async fn layout_of(store: &dyn Store) -> Result<u32, crate::store::StoreError> {
    let found = store.get(KEY).await?;
    let standing = found.and_then(|found| decode::<Standing>(&found.value, "layout").ok());
    Ok(standing.map_or(1, |standing| standing.needs()))
}

/// The record that says so for a store that was filled with records of `layout`. Steps that were under way begin again.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub fn record(layout: u32, plan: &Plan) -> Result<Bytes, Fault> {
    let mut standing = Standing::at(layout);
    if plan.steps.iter().any(|step| step.to == layout) {
        // It may be half taken; it leaves alone what it did before.
        standing.layout = layout.saturating_sub(1).max(1);
    }
    encode_json(&standing)
}

/// Refuses a store of a later version; says in a new one which layout it has.
///
/// # Errors
/// [`UpgradeError`].
pub async fn enter(ctx: &Context, plan: &Plan) -> Result<(), UpgradeError> {
    if read(ctx, plan).await?.is_some() {
        return Ok(());
    }
    // What was there before there was this record has the first layout; what is new has the newest.
    let first = crate::store::snapshot::fill::is_empty(&*ctx.store)
        .await
        .map_err(Fault::from)?;
    let standing = Standing::at(if first { plan.layout } else { 1 });
    let mut batch = Batch::new();
    batch.create(KEY, encode_json(&standing)?);
    match ctx.store.commit(batch).await {
        Ok(_) => Ok(()),
        // Another node was first.
        Err(CommitError::Conflict { .. }) => read(ctx, plan).await.map(|_| ()),
        Err(error) => Err(Fault::from(error).into()),
    }
}

async fn read(ctx: &Context, plan: &Plan) -> Result<Option<(Standing, Record)>, UpgradeError> {
    let Some(found) = ctx.store.get(KEY).await.map_err(Fault::from)? else {
        return Ok(None);
    };
    let standing: Standing = decode(&found.value, "layout")?;
    if standing.needs() > plan.layout {
        return Err(UpgradeError::Newer {
            found: standing.needs(),
            known: plan.layout,
            written_by: standing.written_by,
        });
    }
    Ok(Some((standing, found)))
}

/// What came of one piece of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// The store has the newest layout.
    Done,
    /// There is more to do.
    More,
    /// Another node is at it.
    Elsewhere,
}

/// Records of one commit: each may bring a dozen rows along.
const PIECE: usize = 80;
/// How long the others leave a step to the node that last did a piece of it.
const LEASE: Span = Span::secs(30);
/// Between pieces, so that requests come first.
const BREATH: Duration = Duration::from_millis(20);
/// How often a node looks whether the one that is at it still is.
const LOOK: Duration = Duration::from_secs(10);

/// Takes the steps to the newest layout, a piece at a time, until they are taken.
///
/// # Errors
/// [`UpgradeError`]: a later version took over, or the store failed.
pub async fn run(ctx: &Arc<Context>, plan: &Plan) -> Result<(), UpgradeError> {
    loop {
        match piece(ctx, plan).await {
            Ok(Progress::Done) => return Ok(()),
            Ok(Progress::More) => tokio::time::sleep(BREATH).await,
            Ok(Progress::Elsewhere) => tokio::time::sleep(LOOK).await,
            Err(UpgradeError::Fault(fault)) if fault.is_passing() => {
                tracing::warn!(%fault, "a step of the upgrade is tried again");
                tokio::time::sleep(LOOK).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// One commit of the step that is next.
///
/// # Errors
/// [`UpgradeError`]; nothing was changed then.
pub async fn piece(ctx: &Context, plan: &Plan) -> Result<Progress, UpgradeError> {
    let Some((standing, at)) = read(ctx, plan).await? else {
        return Ok(Progress::Done);
    };
    let Some(step) = plan
        .steps
        .iter()
        .find(|step| step.to == standing.layout + 1)
    else {
        return Ok(Progress::Done);
    };
    let under = standing.step.as_ref().filter(|under| under.to == step.to);
    if under.is_some_and(|under| under.holder != ctx.node && under.until > ctx.now()) {
        return Ok(Progress::Elsewhere);
    }
    let Some(under) = under else {
        // Older programs are kept out before the first record has a form that they do not know.
        tracing::info!(layout = step.to, about = step.about, "upgrading the store");
        return commit(ctx, &at, &taking(ctx, &standing, step, None), Batch::new()).await;
    };
    let after = under
        .cursor
        .as_ref()
        .map(|key| Cursor(Bytes::copy_from_slice(key)));
    let range = (step.range)();
    let page = ctx
        .store
        .scan(
            &range,
            after.as_ref(),
            PIECE,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await
        .map_err(Fault::from)?;
    let mut batch = Batch::new();
    for record in &page.records {
        (step.change)(record, &mut batch)?;
    }
    let next = match page.next {
        Some(next) => taking(ctx, &standing, step, Some(next.0.to_vec())),
        None => {
            tracing::info!(layout = step.to, "the store is upgraded");
            Standing::at(step.to)
        }
    };
    commit(ctx, &at, &next, batch).await
}

fn taking(ctx: &Context, standing: &Standing, step: &Step, cursor: Option<Vec<u8>>) -> Standing {
    Standing {
        step: Some(Under {
            to: step.to,
            cursor,
            holder: ctx.node.clone(),
            until: ctx.now().plus(LEASE),
        }),
        ..Standing::at(standing.layout)
    }
}

async fn commit(
    ctx: &Context,
    at: &Record,
    next: &Standing,
    mut batch: Batch,
) -> Result<Progress, UpgradeError> {
    batch.replace(KEY, at.version, encode_json(next)?);
    match ctx.store.commit(batch).await {
        // Somebody else changed one of them: it is looked at anew.
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(Progress::More),
        Err(error) => Err(Fault::from(error).into()),
    }
}

#[cfg(test)]
mod tests;
