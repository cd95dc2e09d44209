//! How a stream fares: what reached its receiver, what did not and why, and which node is at work on it.

use std::collections::HashMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::EventType;
use crate::domain::id::{RealmId, StreamId};
use crate::domain::record::{Versioned, encode_json, versioned};
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError, Record, Version};

/// How a stream fares, as kept beside it: the stream's own record does not change with every event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// Events that the receiver has.
    pub delivered: u64,
    /// Events that were dropped because too many waited, or because the stream was disabled.
    pub dropped: u64,
    /// Events that the receiver refused for good.
    pub rejected: u64,
    /// Events that could not be handed over within a day.
    pub gave_up: u64,
    /// The newest of the refused and given up, newest last.
    pub dead: Vec<DeadLetter>,
    /// When the receiver last took an event.
    pub last_delivery_at: Option<Timestamp>,
    /// When handing over was last tried.
    pub last_attempt_at: Option<Timestamp>,
    /// What the last failed attempt came to.
    pub last_problem: Option<String>,
    /// Failed attempts since the last good one.
    pub failures: u32,
    /// Since when attempts fail.
    pub failing_since: Option<Timestamp>,
    /// Not to be tried again before.
    pub next_attempt_at: Option<Timestamp>,
    /// When verification was last asked for.
    pub verified_at: Option<Timestamp>,
    /// Subjects that the receiver named.
    pub subjects: u32,
    /// Who is at work on it.
    pub lease: Option<Lease>,
}

/// An event that will not be handed over any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Its `jti`.
    pub id: Uuid,
    /// Its type.
    pub kind: EventType,
    /// When it was set aside.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// That one node works a stream and no other does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The node.
    pub node: String,
    /// Until when.
    pub until: Timestamp,
}

/// Dead letters kept for people to see.
const KEPT: usize = 20;
/// The longest reason kept.
const LONGEST: usize = 300;

impl Marks {
    /// Sets an event aside for good; `by_receiver` when it refused it, otherwise nobody could be reached for a day.
    pub(super) fn bury(&mut self, letter: DeadLetter, by_receiver: bool) {
        if by_receiver {
            self.rejected += 1;
        } else {
            self.gave_up += 1;
        }
        if self.dead.len() >= KEPT {
            self.dead.remove(0);
        }
        self.dead.push(DeadLetter {
            why: letter.why.chars().take(LONGEST).collect(),
            ..letter
        });
    }

    /// Notes that the receiver took so many events.
    pub(super) fn took(&mut self, count: u64, now: Timestamp) {
        self.delivered += count;
        self.last_delivery_at = Some(now);
        self.last_attempt_at = Some(now);
        self.last_problem = None;
        self.recovered();
    }

    /// Notes that the receiver answers again.
    pub(super) fn recovered(&mut self) {
        self.failures = 0;
        self.failing_since = None;
        self.next_attempt_at = None;
    }
}

/// Marks with the version they were read at; none when there were none yet.
pub(super) struct Read {
    pub(super) marks: Marks,
    pub(super) version: Option<Version>,
}

impl Read {
    /// Adds the marks as they are now to a batch, guarded with what was read.
    pub(super) fn put(&self, realm: RealmId, id: StreamId, batch: &mut Batch) -> Result<(), Fault> {
        let (at, bytes) = (key::stream_marks(realm, id), encode_json(&self.marks)?);
        match self.version {
            Some(version) => batch.replace(at, version, bytes),
            None => batch.create(at, bytes),
        };
        Ok(())
    }
}

pub(super) async fn read(ctx: &Context, realm: RealmId, id: StreamId) -> Result<Read, Fault> {
    let found = versioned(ctx.store.get(&key::stream_marks(realm, id)).await?, "marks")?;
    Ok(match found {
        Some(Versioned { value, version }) => Read {
            marks: value,
            version: Some(version),
        },
        None => Read {
            marks: Marks::default(),
            version: None,
        },
    })
}

/// How a stream fares.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn of(ctx: &Context, realm: RealmId, id: StreamId) -> Result<Marks, Fault> {
    Ok(read(ctx, realm, id).await?.marks)
}

/// Records that were read beside marks, by their keys.
#[derive(Default)]
pub(super) struct Found(HashMap<Bytes, Record>);

impl Found {
    pub(super) async fn read(ctx: &Context, keys: &[Bytes]) -> Result<Found, Fault> {
        if keys.is_empty() {
            return Ok(Found::default());
        }
        let found = ctx.store.get_many(keys).await?.into_iter().flatten();
        Ok(Found(
            found.map(|record| (record.key.clone(), record)).collect(),
        ))
    }

    pub(super) fn get(&self, key: &Bytes) -> Option<&Record> {
        self.0.get(key)
    }
}

/// Changes the marks together with whatever `change` adds to the batch: read, changed and committed as one. `change` gets
/// the records of `beside` as they are, may be asked several times, and when it answers `None`, nothing is written.
pub(super) async fn revise<T>(
    ctx: &Context,
    (realm, id): (RealmId, StreamId),
    beside: &[Bytes],
    mut change: impl FnMut(&mut Marks, &Found, &mut Batch) -> Result<Option<T>, Fault>,
) -> Result<Option<T>, Fault> {
    for _ in 0..TRIES {
        let mut read = read(ctx, realm, id).await?;
        let mut batch = Batch::new();
        let others = Found::read(ctx, beside).await?;
        let Some(answer) = change(&mut read.marks, &others, &mut batch)? else {
            return Ok(None);
        };
        read.put(realm, id, &mut batch)?;
        match ctx.commit(batch).await {
            Ok(_) => return Ok(Some(answer)),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}
