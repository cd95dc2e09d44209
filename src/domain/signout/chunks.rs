//! A large list of sids, written down before anything ends, so that a crash in the middle finishes the act and does not
//! halve it.

use bytes::Bytes;

use crate::domain::id::{Sid, SignOutId};
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, Cursor, Dir, KeysOrRecords};

/// Sids in one chunk: well under the largest value the store takes.
const CHUNK: usize = 2000;
/// Chunks that go into the act's own commit; more are written before it, and mean nothing without it.
const IN_COMMIT: usize = 20;

/// Writes the list down.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn freeze(
    ctx: &Context,
    realm: &Realm,
    id: SignOutId,
    sids: &[Sid],
    batch: &mut Batch,
) -> Result<(), Fault> {
    for (number, chunk) in sids.chunks(CHUNK).enumerate() {
        let number_key =
            key::sign_out_chunk(realm.id, id, u32::try_from(number).unwrap_or(u32::MAX));
        let value: Vec<u8> = chunk.iter().flat_map(|sid| *sid.bytes()).collect();
        if number < IN_COMMIT {
            batch.put(number_key, value);
        } else {
            let mut early = Batch::essential();
            early.put(number_key, value);
            ctx.commit(early).await?;
        }
    }
    Ok(())
}

/// One chunk and where the next one is.
pub struct Chunk {
    /// Its key, to delete it once it is done.
    pub key: Bytes,
    /// Its sids.
    pub sids: Vec<Sid>,
    /// Beyond it.
    pub next: Option<Cursor>,
}

/// Reads the chunk after a cursor.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn after(
    ctx: &Context,
    realm: &Realm,
    id: SignOutId,
    cursor: Option<&Cursor>,
) -> Result<Option<Chunk>, Fault> {
    let range = key::sign_out_chunks(realm.id, id);
    let page = ctx
        .store
        .scan(&range, cursor, 1, Dir::Forward, KeysOrRecords::Records)
        .await?;
    let Some(record) = page.records.into_iter().next() else {
        return Ok(None);
    };
    let sids = record
        .value
        .chunks_exact(16)
        .filter_map(Sid::from_bytes)
        .collect();
    Ok(Some(Chunk {
        next: Some(Cursor(record.key.clone())),
        key: record.key,
        sids,
    }))
}
