//! The people of an import while they are still to be written: in chunks that are sealed, for they may hold passwords, and
//! gone with the commit that writes the last person of a chunk.

use bytes::Bytes;

use super::Row;
use crate::domain::id::ImportId;
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault, key, walk};
use crate::store::{Batch, Dir, KeysOrRecords, Version};

/// What a chunk is sealed for; the record's key is its name.
const SEALED_FOR: &str = "import-rows";
/// People of one chunk.
const MOST: usize = 50;
/// Bytes of one chunk, before it is sealed: one person has at most 33 KiB, and a record takes 64.
const LARGEST: usize = 30 * 1024;
/// Bytes of one commit that puts chunks aside.
const IN_COMMIT: usize = 512 * 1024;

fn crypto(error: &crate::crypto::VaultError) -> Fault {
    Fault::Crypto(format!("people to be imported: {error}"))
}

/// Puts everybody aside. Without the record of the import they mean nothing.
///
/// # Errors
/// [`Fault`] when the store fails.
pub(super) async fn put(
    ctx: &Context,
    realm: &Realm,
    id: ImportId,
    rows: &[Row],
) -> Result<(), Fault> {
    let mut batch = Batch::new();
    let mut number = 0;
    let mut texts: Vec<Vec<u8>> = Vec::new();
    let mut size = 0;
    for row in rows {
        let text = serde_json::to_vec(row).map_err(|_| Fault::Record("person to be imported"))?;
        if texts.len() == MOST || (size + text.len() > LARGEST && !texts.is_empty()) {
            chunk(ctx, realm, (id, number), &texts, &mut batch)?;
            number += 1;
            texts.clear();
            size = 0;
        }
        size += text.len();
        texts.push(text);
        if batch.size() > IN_COMMIT {
            ctx.commit(std::mem::take(&mut batch)).await?;
        }
    }
    if !texts.is_empty() {
        chunk(ctx, realm, (id, number), &texts, &mut batch)?;
    }
    if !batch.is_empty() {
        ctx.commit(batch).await?;
    }
    Ok(())
}

fn chunk(
    ctx: &Context,
    realm: &Realm,
    (id, number): (ImportId, u32),
    texts: &[Vec<u8>],
    batch: &mut Batch,
) -> Result<(), Fault> {
    let at = key::import_rows(realm.id, id, number);
    let mut plain = b"[".to_vec();
    plain.extend(texts.join(&b","[..]));
    plain.push(b']');
    let sealed = ctx.vault.seal_once(SEALED_FOR, &at, &plain);
    batch.put(at, sealed.map_err(|error| crypto(&error))?);
    Ok(())
}

/// A chunk.
pub(super) struct Chunk {
    /// Its key and version, to take it away once it is done.
    pub(super) at: (Bytes, Version),
    /// Its people.
    pub(super) rows: Vec<Row>,
    /// Whether there is none behind it.
    pub(super) last: bool,
}

/// The first chunk that is left.
///
/// # Errors
/// [`Fault`] when the store does not answer or it does not open.
pub(super) async fn first(
    ctx: &Context,
    realm: &Realm,
    id: ImportId,
) -> Result<Option<Chunk>, Fault> {
    let range = key::rows_of_import(realm.id, id);
    let page = ctx
        .store
        .scan(&range, None, 1, Dir::Forward, KeysOrRecords::Records)
        .await?;
    let last = page.next.is_none();
    let Some(record) = page.records.into_iter().next() else {
        return Ok(None);
    };
    let plain = ctx.vault.open_once(SEALED_FOR, &record.key, &record.value);
    let plain = plain.map_err(|error| crypto(&error))?;
    Ok(Some(Chunk {
        rows: serde_json::from_slice(&plain).map_err(|_| Fault::Record("person to be imported"))?,
        at: (record.key, record.version),
        last,
    }))
}

/// Takes away everybody who was put aside and not written.
///
/// # Errors
/// [`Fault`] when the store fails.
pub(super) async fn forget(ctx: &Context, realm: &Realm, id: ImportId) -> Result<(), Fault> {
    walk::clear(ctx, &key::rows_of_import(realm.id, id)).await
}

/// A chunk sealed by the key that seals now; `None` when it is already.
///
/// # Errors
/// [`Fault`] when it does not open.
pub(in crate::domain) fn reseal(
    ctx: &Context,
    at: &[u8],
    value: &[u8],
) -> Result<Option<Bytes>, Fault> {
    let fresh = ctx.vault.reseal_once(SEALED_FOR, at, value);
    Ok(fresh.map_err(|error| crypto(&error))?.map(Bytes::from))
}
