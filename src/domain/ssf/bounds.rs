//! Keeps what waits in a stream within bounds, and says how much it is.

use bytes::Bytes;

use super::marks::Found;
use super::receipts::{self, Lines};
use super::{Event, Status, Stream, marks, queue, streams};
use crate::domain::id::{RealmId, StreamId};
use crate::domain::outbox::{DeliveryState, backoff};
use crate::domain::record::decode;
use crate::domain::time::{Span, Timestamp};
use crate::domain::walk::{self, Walk};
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, CommitError, Cursor, Dir, KeysOrRecords};

/// Events that are held for a paused stream; of more, the oldest are dropped and counted.
pub const HELD: usize = 10_000;
/// How long an event waits to be fetched.
pub const KEEP: Span = Span::days(7);

/// Events dropped in one commit, of three records each: the event, its line on a receipt, and a count.
const PIECE: usize = 200;
/// Up to how many are counted; what is held is always counted exactly.
const COUNTED: usize = 2 * HELD;

/// How many events wait, and whether that is all of them.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn count(ctx: &Context, realm: RealmId, id: StreamId) -> Result<(usize, bool), Fault> {
    let range = key::stream_events(realm, id);
    let mut walk = Walk::keys(ctx, range).by(1000);
    let total = walk.count(COUNTED).await?;
    Ok((total, walk.place().is_none()))
}

/// Keeps what waits in any stream within bounds; to be done now and then.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn tidy(ctx: &Context) -> Result<(), Fault> {
    for (realm, id) in queue::waiting(ctx).await? {
        match streams::find(ctx, realm, id).await? {
            Some(stream) => {
                let dropped = trim(ctx, realm, &stream, HELD).await?;
                if dropped > 0 {
                    tracing::warn!(stream = %id, receiver = stream.client_id, dropped, "events were dropped");
                }
            }
            None if streams::read(ctx, realm, id).await?.is_none() => {
                forget(ctx, realm, id).await?
            }
            None => {}
        }
    }
    Ok(())
}

/// Keeps what waits within bounds: of a paused stream the newest `held`, of an enabled one what is not too old to be
/// fetched, of a disabled one nothing. What is dropped is counted.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn trim(
    ctx: &Context,
    realm: RealmId,
    stream: &Stream,
    held: usize,
) -> Result<u64, Fault> {
    let why = match stream.status {
        Status::Enabled => Why::TooOld(KEEP),
        Status::Paused => {
            let (waiting, _) = count(ctx, realm, stream.id).await?;
            match waiting.checked_sub(held) {
                None | Some(0) => return Ok(0),
                Some(over) => Why::TooMany(over),
            }
        }
        Status::Disabled => Why::TooMany(usize::MAX),
    };
    drop_all(ctx, realm, stream.id, why).await
}

/// Gives up what waits longer than an event may: its receiver was not reached for as long.
///
/// # Errors
/// [`Fault`] when the store fails.
pub(super) async fn give_up(ctx: &Context, realm: RealmId, id: StreamId) -> Result<u64, Fault> {
    drop_all(ctx, realm, id, Why::Unreached).await
}

/// Why events are taken out of a stream that nobody acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// So many more wait than are held.
    TooMany(usize),
    /// They wait for longer than this.
    TooOld(Span),
    /// Their receiver was not reached for a day.
    Unreached,
}

impl Why {
    fn words(self) -> &'static str {
        match self {
            Why::TooMany(_) => "more waited than is held; it was dropped",
            Why::TooOld(_) => "it was not fetched in time and was dropped",
            Why::Unreached => "the receiver could not be reached for a day",
        }
    }
}

async fn drop_all(ctx: &Context, realm: RealmId, id: StreamId, why: Why) -> Result<u64, Fault> {
    let (mut dropped, mut left) = (0, why);
    loop {
        let some = drop_some(ctx, realm, id, left).await?;
        dropped += some;
        if let Why::TooMany(many) = &mut left {
            *many = many.saturating_sub(usize::try_from(some).unwrap_or(usize::MAX));
        }
        if some == 0 {
            return Ok(dropped);
        }
    }
}

/// Drops some of the oldest events. Notes about the stream stay.
async fn drop_some(ctx: &Context, realm: RealmId, id: StreamId, why: Why) -> Result<u64, Fault> {
    let (limit, oldest) = match why {
        Why::TooMany(many) => (many.min(PIECE), Timestamp(u64::MAX)),
        Why::TooOld(span) => (PIECE, ctx.now().minus(span)),
        Why::Unreached => (PIECE, ctx.now().minus(backoff::GIVE_UP_AFTER)),
    };
    if limit == 0 {
        return Ok(0);
    }
    let range = key::stream_events(realm, id);
    let beyond = Cursor(key::stream_event(realm, id, &NOTES_END));
    let page = ctx
        .store
        .scan(
            &range,
            Some(&beyond),
            limit,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await?;
    // A place begins with the moment of its making.
    let too_old = |key: &Bytes| key::tail(key).map(made_at).unwrap_or_default() < oldest;
    let mut events = Vec::with_capacity(page.records.len());
    let mut beside = Vec::new();
    for record in page.records {
        if !too_old(&record.key) {
            break;
        }
        let event: Event = decode(&record.value, "security event")?;
        beside.extend(receipts::keys(realm, &event));
        beside.push(record.key.clone());
        events.push((record.key, event));
    }
    if events.is_empty() {
        return Ok(0);
    }
    let dropped = marks::revise(ctx, (realm, id), &beside, |marks, found, batch| {
        let mut lines = Lines::default();
        let mut count = 0;
        for (key, event) in &events {
            let Some(record) = found.get(key) else {
                continue;
            };
            batch.take(key.clone(), record.version);
            let said = receipts::said(ctx.now(), why.words());
            let state = (DeliveryState::GaveUp, None);
            lines.note(realm, event, state, said, found, batch)?;
            count += 1;
        }
        lines.put(batch)?;
        match why {
            Why::Unreached => marks.gave_up += count,
            Why::TooMany(_) | Why::TooOld(_) => marks.dropped += count,
        }
        Ok((count > 0).then_some(count))
    });
    Ok(dropped.await?.unwrap_or(0))
}

/// The last place that a note about the stream can have.
const NOTES_END: [u8; 16] = [
    0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
];

fn made_at(place: [u8; 16]) -> Timestamp {
    let [a, b, c, d, e, f, ..] = place;
    Timestamp(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
}

/// Forgets everything that waits in a stream that is no more, and the subjects that were named.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn forget(ctx: &Context, realm: RealmId, id: StreamId) -> Result<(), Fault> {
    let range = key::stream_events(realm, id);
    loop {
        let page = ctx
            .store
            .scan(&range, None, 200, Dir::Forward, KeysOrRecords::Records)
            .await?;
        if page.records.is_empty() {
            break;
        }
        let mut events = Vec::with_capacity(page.records.len());
        let mut beside = Vec::new();
        for record in &page.records {
            let event: Event = decode(&record.value, "security event")?;
            beside.extend(receipts::keys(realm, &event));
            events.push(event);
        }
        let found = Found::read(ctx, &beside).await?;
        let mut batch = Batch::new();
        let mut lines = Lines::default();
        for (record, event) in page.records.into_iter().zip(&events) {
            batch.take(record.key, record.version);
            let said = receipts::said(ctx.now(), "the receiver deleted its stream");
            let state = (DeliveryState::GaveUp, None);
            lines.note(realm, event, state, said, &found, &mut batch)?;
        }
        lines.put(&mut batch)?;
        match ctx.commit(batch).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    walk::clear(ctx, &key::stream_subjects(realm, id)).await
}
