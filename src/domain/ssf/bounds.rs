//! Keeps what waits in a stream within bounds, and says how much it is.

use bytes::Bytes;

use super::{Status, Stream, marks, queue, streams};
use crate::domain::id::{RealmId, StreamId};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, Cursor, Dir, KeysOrRecords};

/// Events that are held for a paused stream; of more, the oldest are dropped and counted.
pub const HELD: usize = 10_000;
/// How long an event waits to be fetched.
pub const KEEP: Span = Span::days(7);

/// Up to how many are counted; what is held is always counted exactly.
const COUNTED: usize = 2 * HELD;

/// How many events wait, and whether that is all of them.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn count(ctx: &Context, realm: RealmId, id: StreamId) -> Result<(usize, bool), Fault> {
    let range = key::stream_events(realm, id);
    let (mut total, mut after) = (0, None);
    loop {
        let page = ctx
            .store
            .scan(
                &range,
                after.as_ref(),
                1000,
                Dir::Forward,
                KeysOrRecords::KeysOnly,
            )
            .await?;
        total += page.records.len();
        match page.next {
            Some(_) if total >= COUNTED => return Ok((total, false)),
            Some(next) => after = Some(next),
            None => return Ok((total, true)),
        }
    }
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
    let too_many = match stream.status {
        Status::Enabled => None,
        Status::Paused => {
            let (waiting, _) = count(ctx, realm, stream.id).await?;
            match waiting.checked_sub(held) {
                None | Some(0) => return Ok(0),
                over => over,
            }
        }
        Status::Disabled => Some(usize::MAX),
    };
    let mut dropped = 0;
    loop {
        let left = too_many.map(|many| many.saturating_sub(usize::try_from(dropped).unwrap_or(0)));
        let some = drop_some(ctx, realm, stream.id, left).await?;
        dropped += some;
        if some == 0 {
            return Ok(dropped);
        }
    }
}

/// Drops the oldest events, at most so many; those too old when no number is given. Notes about the stream stay.
async fn drop_some(
    ctx: &Context,
    realm: RealmId,
    id: StreamId,
    many: Option<usize>,
) -> Result<u64, Fault> {
    let limit = many.unwrap_or(500).min(500);
    if limit == 0 {
        return Ok(0);
    }
    let range = key::stream_events(realm, id);
    let beyond = Cursor(key::stream_event(realm, id, &NOTES_END));
    let oldest = ctx.now().minus(KEEP);
    let page = ctx
        .store
        .scan(
            &range,
            Some(&beyond),
            limit,
            Dir::Forward,
            KeysOrRecords::KeysOnly,
        )
        .await?;
    let keys = page.records.into_iter().map(|record| record.key);
    // A place begins with the moment of its making.
    let too_old = |key: &Bytes| key::tail(key).map(made_at).unwrap_or_default() < oldest;
    let keys: Vec<Bytes> = keys
        .take_while(|key| many.is_some() || too_old(key))
        .collect();
    if keys.is_empty() {
        return Ok(0);
    }
    let dropped = marks::revise(ctx, (realm, id), &keys, |marks, found, batch| {
        for record in found.into_iter().flatten() {
            batch.take(record.key, record.version);
        }
        if batch.is_empty() {
            return Ok(None);
        }
        let count = batch.len() as u64;
        marks.dropped += count;
        Ok(Some(count))
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

/// Forgets everything that waits in a stream that is no more.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn forget(ctx: &Context, realm: RealmId, id: StreamId) -> Result<(), Fault> {
    for range in [
        key::stream_events(realm, id),
        key::stream_subjects(realm, id),
    ] {
        loop {
            let page = ctx
                .store
                .scan(&range, None, 500, Dir::Forward, KeysOrRecords::KeysOnly)
                .await?;
            if page.records.is_empty() {
                break;
            }
            let mut batch = Batch::new();
            for record in page.records {
                batch.del(record.key);
            }
            ctx.commit(batch).await?;
        }
    }
    Ok(())
}
