//! Puts a snapshot into an empty store: all of it, or visibly not all.
//!
//! From the first record to the last a mark stands in the store ([`FILLING`]); it says of which file, and how far it is, so that
//! the same file can be put in from there after a kill. Whoever opens a store to serve from it asks [`unfinished`] first.

use std::path::Path;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::read::{ReadError, Records};
use super::{FILLING, RESTORED, Tally, Trailer, hex, is_local};
use crate::store::{
    Batch, Bytes, CommitError, Cursor, Dir, KeysOrRecords, MAX_OPS, MAX_PAGE, Range, Store,
    StoreError,
};

/// Batches under way at once; the store's writer makes one trip to the disk of them.
const ABREAST: usize = 8;
/// About as much goes into one batch.
const BATCH_BYTES: usize = 512 * 1024;

/// Why a store was not filled.
#[derive(thiserror::Error, Debug)]
pub enum FillError {
    /// The file is not whole.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store took no commit.
    #[error("the store did not take what was read: {0}")]
    Commit(#[from] CommitError),
    /// There is something in it already.
    #[error("the store is not empty")]
    NotEmpty,
    /// Another file was to be put in and is not all there.
    #[error("the store holds a part of another snapshot, whose restore was not finished")]
    Another,
    /// What was put in and what is there differ.
    #[error(
        "{expected} records were put in and {found} are there with another digest; do not use this store"
    )]
    Differs {
        /// How many there should be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
}

/// How far a store is filled, and of which file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Mark {
    sha256: String,
    /// The last key of which is known that it is in, in hexadecimal digits.
    last: Option<String>,
}

/// What is left behind for the first start after a restore.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// An id of this restore.
    pub id: String,
    /// The moment that the snapshot shows, in milliseconds since 1970.
    pub taken_at: u64,
    /// When it was restored.
    pub restored_at: u64,
    /// Whether sessions go on as they were. Otherwise all of them end before anybody is served.
    pub keep_sessions: bool,
}

impl Restored {
    /// The record that says so.
    #[must_use]
    pub fn record(&self) -> (Bytes, Bytes) {
        let value = serde_json::to_vec(self).unwrap_or_default();
        (Bytes::from_static(RESTORED), value.into())
    }
}

/// Whether a restore into this store was begun and not finished.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn unfinished(store: &dyn Store) -> Result<bool, StoreError> {
    Ok(store.get(FILLING).await?.is_some())
}

/// Whether nothing is in a store but what belongs to the store itself.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn is_empty(store: &dyn Store) -> Result<bool, StoreError> {
    let page = store
        .scan(&all(), None, 16, Dir::Forward, KeysOrRecords::KeysOnly)
        .await?;
    Ok(page.records.iter().all(|r| is_local(&r.key)))
}

/// Puts the snapshot in `file`, which was checked before and says `trailer` at its end, into `store`, and compares the store with it.
/// Goes on where an earlier call with the same file ended. `notes` are left in the store for the first start.
///
/// # Errors
/// [`FillError`]; the store is not to be used then.
pub async fn fill(
    store: &dyn Store,
    file: &Path,
    trailer: &Trailer,
    notes: &[(Bytes, Bytes)],
    mut progress: impl FnMut(u64),
) -> Result<(), FillError> {
    let mut mark = match store.get(FILLING).await? {
        Some(found) => match serde_json::from_slice::<Mark>(&found.value) {
            Ok(mark) if mark.sha256 == trailer.sha256 => mark,
            _ => return Err(FillError::Another),
        },
        None if is_empty(store).await? => Mark {
            sha256: trailer.sha256.clone(),
            last: None,
        },
        None => return Err(FillError::NotEmpty),
    };
    set_mark(store, &mark).await?;
    let done = mark.last.as_deref().and_then(unhex);
    let mut records = Records::open(file)?;
    let mut wave: Vec<Batch> = Vec::new();
    let mut batch = Batch::new();
    let mut size = 0;
    while let Some((key, value)) = records.next()? {
        if done.as_ref().is_some_and(|done| *key <= **done) {
            continue;
        }
        size += key.len() + value.len();
        batch.put(key.clone(), value);
        if batch.len() >= MAX_OPS || size >= BATCH_BYTES {
            wave.push(std::mem::take(&mut batch));
            size = 0;
        }
        if wave.len() >= ABREAST {
            commit(store, &mut wave).await?;
            mark.last = Some(hex(&key));
            set_mark(store, &mark).await?;
            progress(records.count());
        }
    }
    wave.push(batch);
    commit(store, &mut wave).await?;
    let found = tally(store, &mut progress).await?;
    if found.records != trailer.records || found.digest() != trailer.digest {
        return Err(FillError::Differs {
            expected: trailer.records,
            found: found.records,
        });
    }
    let mut end = Batch::new();
    end.del(FILLING);
    for (key, value) in notes {
        end.put(key.clone(), value.clone());
    }
    store.commit(end).await?;
    Ok(())
}

/// Takes everything out of a store, so that another snapshot can be put in. Until that is done nobody may serve from it.
///
/// # Errors
/// [`FillError`] when the store fails.
pub async fn clear(store: &dyn Store, mut progress: impl FnMut(u64)) -> Result<(), FillError> {
    let nothing = Mark {
        sha256: String::new(),
        last: None,
    };
    set_mark(store, &nothing).await?;
    let mut gone = 0;
    loop {
        let page = store
            .scan(
                &all(),
                None,
                MAX_PAGE,
                Dir::Forward,
                KeysOrRecords::KeysOnly,
            )
            .await?;
        let mut batch = Batch::new();
        for record in page.records.iter().filter(|r| *r.key != *FILLING) {
            batch.del(record.key.clone());
        }
        if batch.is_empty() {
            break;
        }
        gone += batch.len() as u64;
        progress(gone);
        store.commit(batch).await?;
    }
    let mut end = Batch::new();
    end.del(FILLING);
    store.commit(end).await?;
    Ok(())
}

/// Counts what is in a store.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn tally(store: &dyn Store, mut progress: impl FnMut(u64)) -> Result<Tally, StoreError> {
    let mut found = Tally::default();
    let mut after: Option<Cursor> = None;
    loop {
        let page = store
            .scan(
                &all(),
                after.as_ref(),
                MAX_PAGE,
                Dir::Forward,
                KeysOrRecords::Records,
            )
            .await?;
        for record in page.records.iter().filter(|r| !is_local(&r.key)) {
            found.add(&record.key, &record.value);
        }
        progress(found.records);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

async fn commit(store: &dyn Store, wave: &mut Vec<Batch>) -> Result<(), FillError> {
    let under_way = wave
        .drain(..)
        .filter(|batch| !batch.is_empty())
        .map(|batch| store.commit(batch));
    for done in join_all(under_way).await {
        done?;
    }
    Ok(())
}

async fn set_mark(store: &dyn Store, mark: &Mark) -> Result<(), FillError> {
    let mut batch = Batch::new();
    batch.put(FILLING, serde_json::to_vec(mark).unwrap_or_default());
    store.commit(batch).await?;
    Ok(())
}

fn all() -> Range {
    Range {
        from: Bytes::new(),
        to: Bytes::new(),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|value| value.try_into().ok()))
        .collect();
    let (pairs, _) = digits.as_deref()?.as_chunks::<2>();
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
