//! What we remember: ordered keys and bytes behind one narrow seam. Knows no nouns.
//!
//! Callers hold an `Arc<dyn Store>`: they read with `get`, `get_many` and `scan`, and write one [`Batch`] at a time, which happens
//! as a whole or not at all and is on disk before the answer. Whoever writes an engine implements [`Engine`]; `Grouped` makes a
//! [`Store`] of it, so that many small commits share one trip to the disk.

mod barrier;
mod batch;
mod check;
#[cfg(test)]
mod conformance;
mod embedded;
mod fault;
mod feed;
mod folder;
mod group;
mod grouped;
mod mark;
mod memory;
mod open;
mod page;
mod postgres;
mod redb;
mod shelf;
mod sled;
pub mod snapshot;
mod space;
mod still;
mod stored;

use std::error::Error;
use std::num::NonZeroU64;

use async_trait::async_trait;
use tokio::sync::watch;

pub use batch::Batch;
pub use bytes::Bytes;
pub use folder::FolderError;
pub use open::{OpenError, StoreKind, StoreKindError, open};
pub use still::{Hold, View};

/// The longest key, in bytes. A key has at least one byte.
pub const MAX_KEY: usize = 1024;
/// The longest value, in bytes.
pub const MAX_VALUE: usize = 64 * 1024;
/// The most operations in one batch.
pub const MAX_OPS: usize = 1000;
/// The most bytes (keys and values together) in one batch.
pub const MAX_BATCH: usize = 1 << 20;
/// The most records in one page of a scan; a larger limit is cut to it.
pub const MAX_PAGE: usize = 1000;

/// The cause beneath an engine's error.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// The version of one record: unique for each successful write of its key and never used again, also when the key is deleted and
/// created anew. Not a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version(pub NonZeroU64);

/// One key with its value, as some commit left it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The key.
    pub key: Bytes,
    /// The value; empty when only keys were asked for.
    pub value: Bytes,
    /// Which write this is; guards name it.
    pub version: Version,
}

/// What a successful commit answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Committed {
    /// The version of every record this batch wrote.
    pub version: Version,
    /// Where the batch stands in the feed.
    pub pos: FeedPos,
}

/// Why a batch was not committed, or may not have been.
#[derive(thiserror::Error, Debug)]
pub enum CommitError {
    /// A guard failed and nothing was applied: read again and decide again.
    #[error("a record was changed by somebody else")]
    Conflict {
        /// The first key whose guard failed, where the engine can tell.
        key: Option<Bytes>,
    },
    /// Certainly not applied; may be retried as it is.
    #[error("the store is not available")]
    Unavailable(#[source] BoxError),
    /// Applied or not: read the guarded key to find out, never retry blindly.
    #[error("the store did not say whether it committed")]
    Unknown(#[source] BoxError),
    /// Certainly not applied: the disk is nearly full, and the batch is not essential. May be retried once there is room.
    #[error("{0}")]
    NoRoom(String),
    /// A key, a value or the batch is over its limit.
    #[error("a key, a value or the batch is too large")]
    TooLarge,
    /// The batch makes no sense: one key twice, an empty key, or a key the store keeps for itself.
    #[error("the batch names a key twice, or a key that nobody may write")]
    Invalid,
    /// Damage lies under a key of the batch, or the engine could not make an earlier commit durable (then `health` says that it takes no
    /// more). Nothing was applied.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
}

/// Why a read failed.
#[derive(thiserror::Error, Debug)]
pub enum StoreError {
    /// The engine cannot be reached; may be retried.
    #[error("the store is not available")]
    Unavailable(#[source] BoxError),
    /// What was read does not match its checksum, or the engine gave up on its files.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
}

/// A place in the feed of changes. Grows with each commit; belongs to one store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FeedPos(pub u64);

/// One key that a commit wrote or deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The commit.
    pub pos: FeedPos,
    /// The key; read it to learn what it holds now.
    pub key: Bytes,
}

/// A stretch of the feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changes {
    /// In commit order, whole commits only.
    pub changes: Vec<Change>,
    /// Where to go on from.
    pub next: FeedPos,
    /// Commits older than a second cannot be told yet: whatever is cached may be older than they are.
    pub late: bool,
}

/// Why the feed cannot go on.
#[derive(thiserror::Error, Debug)]
pub enum FeedError {
    /// Changes after the given position are no longer kept (or the position is of another store): drop what you cached.
    #[error("the feed no longer reaches back that far")]
    Gap {
        /// Where to go on from once the caches are dropped.
        resume: FeedPos,
    },
    /// The engine could not be asked.
    #[error("the feed cannot be read")]
    Store(#[from] StoreError),
}

/// The keys from `from` (included) up to `to` (excluded). An empty `to` means there is no end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Range {
    /// The first key.
    pub from: Bytes,
    /// The first key that is too far; empty for none.
    pub to: Bytes,
}

impl Range {
    /// All keys that begin with `prefix`.
    pub fn prefix(prefix: impl AsRef<[u8]>) -> Self {
        let prefix = prefix.as_ref();
        let mut to = prefix.to_vec();
        // The first key after the prefix: its last byte that can grow, grown. All 0xff has no such key and so no end.
        while let Some(last) = to.pop() {
            if let Some(grown) = last.checked_add(1) {
                to.push(grown);
                break;
            }
        }
        Self {
            from: Bytes::copy_from_slice(prefix),
            to: to.into(),
        }
    }

    /// Whether the range holds `key`.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        *self.from <= *key && (self.to.is_empty() || *key < *self.to)
    }
}

/// The last key a page showed; the next page begins beyond it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Cursor(pub Bytes);

/// The way a scan walks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dir {
    /// Smallest key first.
    Forward,
    /// Largest key first.
    Reverse,
}

/// What a scan brings back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeysOrRecords {
    /// Keys and versions; values are left empty.
    KeysOnly,
    /// Everything.
    Records,
}

/// One page of a scan: a snapshot in itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// In the order asked for.
    pub records: Vec<Record>,
    /// Where the next page begins; `None` when there was nothing more.
    pub next: Option<Cursor>,
}

/// What a store's own clock says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// Milliseconds since 1970.
    pub millis: u64,
    /// By how many milliseconds two nodes that ask at one moment may differ.
    pub within: u64,
}

/// How the store is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Health {
    /// The engine's name, as `--store` takes it.
    pub engine: &'static str,
    /// Whether it takes commits.
    pub writable: bool,
    /// Why not, in words for an operator.
    pub trouble: Option<String>,
    /// Bytes on disk, where the engine has a disk.
    pub disk: Option<u64>,
    /// Bytes free on that disk.
    pub free: Option<u64>,
    /// Records read and records to read, while a check of all of them runs beside the commits.
    pub checking: Option<(u64, u64)>,
    /// Whether the disk has room for essential batches alone, or for none.
    pub no_room: bool,
    /// What an operator should know although the store works.
    pub remarks: Vec<String>,
    /// Commits waiting for their turn.
    pub queued: usize,
    /// The newest position of the feed.
    pub pos: FeedPos,
}

/// The seam: what everybody above sees of whatever remembers.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The record under `k`. Sees every commit acknowledged before the call began, on any node, and none that is not yet durable.
    async fn get(&self, k: &[u8]) -> Result<Option<Record>, StoreError>;
    /// The records under `ks`, in that order, all from one snapshot.
    async fn get_many(&self, ks: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError>;
    /// Up to `limit` (at most [`MAX_PAGE`]) records of `r`, beyond `after`. One page is one snapshot, several pages are not: a key
    /// written between them may appear or not, a key left alone during the whole walk appears exactly once. A limit of 0 answers an
    /// empty page whose `next` is `after`.
    async fn scan(
        &self,
        r: &Range,
        after: Option<&Cursor>,
        limit: usize,
        dir: Dir,
        what: KeysOrRecords,
    ) -> Result<Page, StoreError>;
    /// All or nothing, guards and writes as one serializable step. Answers when the batch is durable, never before.
    async fn commit(&self, b: Batch) -> Result<Committed, CommitError>;
    /// The changes after `pos`, each exactly once and in commit order: about `limit` of them, since a commit is never split.
    async fn changes(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError>;
    /// Wakes when there may be something new in the feed. A hint: poll as well.
    fn wake(&self) -> watch::Receiver<()>;
    /// The store's own clock, where it has one that all its nodes share. Cheap: nobody is asked.
    fn clock(&self) -> Option<Moment> {
        None
    }
    /// How the store is.
    async fn health(&self) -> Health;
    /// As [`Engine::view`].
    async fn view(&self) -> Result<Option<Box<dyn View>>, StoreError> {
        Ok(None)
    }
    /// Keeps commits waiting, once those under way are done, until the answer is dropped: what is read meanwhile is as one commit left
    /// it. For moments. `None` where that cannot be had.
    async fn hold(&self) -> Result<Option<Hold>, StoreError> {
        Ok(None)
    }
}

/// What became of one batch of a group.
pub type Outcome = Result<Committed, CommitError>;

/// Why a whole group failed; every batch of it is answered with this.
#[derive(thiserror::Error, Debug)]
pub enum GroupError {
    /// The group may be applied or not.
    #[error("the engine did not say whether it committed: {0}")]
    Unknown(String),
    /// Nothing of the group was applied, and nothing will be.
    #[error("the engine is damaged: {0}")]
    Corrupt(String),
}

/// What whoever writes an engine provides. The reads are as in [`Store`].
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Commits `g` in order and answers each batch on its own: guards see what earlier batches of the group wrote, and a batch that
    /// fails leaves its neighbours alone. Answers when the group is durable. Only one call runs at a time, and the batches are valid.
    async fn commit_group(&self, g: &[Batch]) -> Result<Vec<Outcome>, GroupError>;
    /// As [`Store::get`].
    async fn get(&self, k: &[u8]) -> Result<Option<Record>, StoreError>;
    /// As [`Store::get_many`].
    async fn get_many(&self, ks: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError>;
    /// As [`Store::scan`]; `limit` is 1 to [`MAX_PAGE`].
    async fn scan(
        &self,
        r: &Range,
        after: Option<&Cursor>,
        limit: usize,
        dir: Dir,
        what: KeysOrRecords,
    ) -> Result<Page, StoreError>;
    /// As [`Store::changes`].
    async fn changes(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError>;
    /// As [`Store::wake`].
    fn wake(&self) -> watch::Receiver<()>;
    /// As [`Store::clock`].
    fn clock(&self) -> Option<Moment> {
        None
    }
    /// As [`Store::health`], but for the queue.
    async fn health(&self) -> Health;
    /// Everything as one commit left it, for as long as the answer is kept; `None` where the engine keeps no old views, and then its
    /// feed names every key that changes.
    async fn view(&self) -> Result<Option<Box<dyn View>>, StoreError> {
        Ok(None)
    }
}
