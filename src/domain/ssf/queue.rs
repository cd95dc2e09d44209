//! What waits in a stream until its receiver has it: looked at from the front, taken away when it was acknowledged, and
//! never for having been looked at.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use uuid::Uuid;

use super::event::note_place;
use super::marks::DeadLetter;
use super::receipts::{self, Lines};
use super::{Event, Status, Stream, marks, streams};
use crate::domain::id::{RealmId, StreamId};
use crate::domain::outbox::DeliveryState;
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::time::Timestamp;
use crate::domain::token::issue;
use crate::domain::{Context, Fault, key};
use crate::store::{Cursor, Dir, KeysOrRecords, Version};

/// The most events of one answer to a poll.
pub const MOST_SETS: usize = 100;
/// The longest a poll waits for an event.
pub const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The most polls of one stream that wait at once; more are answered at once.
const MOST_WAITING: usize = 8;
/// How often a poll that waits looks by itself, in case the bell of another node was not heard.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// An event that waits.
pub(super) struct Waiting {
    pub(super) key: Bytes,
    pub(super) version: Version,
    pub(super) event: Event,
}

/// What waits at the front of a stream, and whether there is more. Of a stream that is not enabled only what concerns the
/// stream itself.
pub(super) async fn front(
    ctx: &Context,
    realm: RealmId,
    stream: &Stream,
    limit: usize,
) -> Result<(Vec<Waiting>, bool), Fault> {
    let range = match stream.status {
        Status::Enabled => key::stream_events(realm, stream.id),
        Status::Paused | Status::Disabled => key::stream_notes(realm, stream.id),
    };
    let page = ctx
        .store
        .scan(&range, None, limit, Dir::Forward, KeysOrRecords::Records)
        .await?;
    let mut waiting = Vec::with_capacity(page.records.len());
    for record in page.records {
        waiting.push(Waiting {
            event: decode(&record.value, "security event")?,
            key: record.key,
            version: record.version,
        });
    }
    Ok((waiting, page.next.is_some()))
}

/// What a receiver says when it polls (RFC 8936 §2.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Poll {
    /// The most events it wants; all when absent, none at all for zero.
    pub max: Option<usize>,
    /// Whether it waits when there is none.
    pub wait: bool,
    /// What it has.
    pub ack: Vec<Uuid>,
    /// What it refuses, and why.
    pub errors: Vec<(Uuid, String)>,
}

impl Poll {
    /// Nothing to settle, everything wanted, and time to wait for it.
    pub fn waiting() -> Poll {
        Poll {
            wait: true,
            ..Poll::default()
        }
    }
}

/// What a poll is answered with.
#[derive(Debug, Default)]
pub struct Polled {
    /// The tokens, by `jti`, in order.
    pub sets: Vec<(Uuid, String)>,
    /// Whether more is waiting.
    pub more: bool,
}

/// Takes what is acknowledged away, and only then looks at what waits. Nothing is acknowledged by being looked at.
///
/// # Errors
/// [`Fault`] when the store does not answer or a key cannot sign.
pub async fn poll(
    ctx: &Context,
    realm: &Realm,
    stream: &Stream,
    poll: &Poll,
) -> Result<Polled, Fault> {
    settle(ctx, realm.id, stream.id, &poll.ack, &poll.errors).await?;
    let limit = poll.max.unwrap_or(MOST_SETS).min(MOST_SETS);
    if limit == 0 {
        return Ok(Polled::default());
    }
    let (waiting, more) = arrival(ctx, realm.id, stream, limit, poll.wait).await?;
    let mut sets = Vec::with_capacity(waiting.len());
    for Waiting { event, .. } in waiting {
        let token = issue::security_event(ctx, realm, stream, &event).await?;
        sets.push((event.id, token));
        // A signature takes a good part of a millisecond.
        tokio::task::yield_now().await;
    }
    Ok(Polled { sets, more })
}

async fn arrival(
    ctx: &Context,
    realm: RealmId,
    stream: &Stream,
    limit: usize,
    wait: bool,
) -> Result<(Vec<Waiting>, bool), Fault> {
    let until = Instant::now() + LONGEST_WAIT;
    let bell = ctx.signals.bell(stream.id);
    // One reference is the map's.
    let wait = wait && Arc::strong_count(&bell) <= MOST_WAITING + 1;
    loop {
        let rung = bell.notified();
        let mut rung = std::pin::pin!(rung);
        // From here on a ring is heard, also one that comes while the store is asked.
        rung.as_mut().enable();
        // As it is now: it may have been paused or deleted while this waited.
        let Some(stream) = streams::find(ctx, realm, stream.id).await? else {
            return Ok((Vec::new(), false));
        };
        let found = front(ctx, realm, &stream, limit).await?;
        let now = Instant::now();
        if !wait || !found.0.is_empty() || now >= until || ctx.signals.is_closed() {
            return Ok(found);
        }
        let look = (now + LOOK_EVERY).min(until);
        tokio::select! {
            () = rung => {}
            () = tokio::time::sleep_until(look) => {}
        }
    }
}

/// Ids taken away in one commit: each may stand at two places.
const AT_ONCE: usize = 200;

/// Takes events away that the receiver has or refuses. Ids that are not waiting are passed by: they were settled before.
///
/// # Errors
/// [`Fault`] when the store fails.
pub(super) async fn settle(
    ctx: &Context,
    realm: RealmId,
    id: StreamId,
    acknowledged: &[Uuid],
    errors: &[(Uuid, String)],
) -> Result<(), Fault> {
    for some in acknowledged.chunks(AT_ONCE) {
        let some: Vec<_> = some.iter().map(|id| (*id, None)).collect();
        settle_some(ctx, realm, id, &some).await?;
    }
    for some in errors.chunks(AT_ONCE) {
        let some: Vec<_> = some.iter().map(|(id, why)| (*id, Some(why))).collect();
        settle_some(ctx, realm, id, &some).await?;
    }
    Ok(())
}

async fn settle_some(
    ctx: &Context,
    realm: RealmId,
    id: StreamId,
    some: &[(Uuid, Option<&String>)],
) -> Result<(), Fault> {
    let mut keys = Vec::with_capacity(some.len() * 2);
    for (event, _) in some {
        keys.push(key::stream_event(realm, id, event.as_bytes()));
        keys.push(key::stream_event(realm, id, &note_place(*event)));
    }
    let mut events: Vec<(Bytes, Event, Option<&String>)> = Vec::new();
    let mut beside = Vec::new();
    let waiting = ctx.store.get_many(&keys).await?;
    for (record, (_, error)) in waiting.chunks(2).zip(some) {
        for record in record.iter().flatten() {
            let event: Event = decode(&record.value, "security event")?;
            beside.extend(receipts::keys(realm, &event));
            beside.push(record.key.clone());
            events.push((record.key.clone(), event, *error));
        }
    }
    if events.is_empty() {
        return Ok(());
    }
    marks::revise(ctx, (realm, id), &beside, |marks, found, batch| {
        let now = ctx.now();
        let mut lines = Lines::default();
        let mut took = 0;
        for (key, event, error) in &events {
            let Some(record) = found.get(key).filter(|_| !batch.touches(key)) else {
                continue;
            };
            batch.take(key.clone(), record.version);
            let state = match error {
                None => {
                    took += 1;
                    DeliveryState::Acknowledged
                }
                Some(why) => {
                    marks.bury(letter(event, why, now), true);
                    DeliveryState::Rejected
                }
            };
            let said = receipts::said(now, error.map_or("", String::as_str));
            lines.note(realm, event, (state, None), said, found, batch)?;
        }
        lines.put(batch)?;
        if batch.is_empty() {
            return Ok(None);
        }
        if took > 0 {
            marks.took(took, now);
        }
        Ok(Some(()))
    })
    .await?;
    Ok(())
}

pub(super) fn letter(event: &Event, why: &str, at: Timestamp) -> DeadLetter {
    DeadLetter {
        id: event.id,
        kind: event.kind.event_type(),
        at,
        why: why.to_owned(),
    }
}

/// The streams in which anything waits, found by leaping from one to the next.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn waiting(ctx: &Context) -> Result<Vec<(RealmId, StreamId)>, Fault> {
    let range = key::stream_queues();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = ctx
            .store
            .scan(
                &range,
                after.as_ref(),
                1,
                Dir::Forward,
                KeysOrRecords::KeysOnly,
            )
            .await?;
        let Some(record) = page.records.first() else {
            return Ok(found);
        };
        let Some((realm, id)) = key::stream_of(&record.key) else {
            after = Some(Cursor(record.key.clone()));
            continue;
        };
        found.push((realm, id));
        after = Some(Cursor(key::stream_event(realm, id, &[255; 16])));
    }
}
