//! One atomic set of guards and writes.

use std::collections::HashSet;

use super::{Bytes, CommitError, MAX_BATCH, MAX_KEY, MAX_OPS, MAX_VALUE, Version};

/// The key under which an engine keeps its own commit sequence; nobody sees or writes it.
pub(super) const SEQUENCE_KEY: &[u8] = b"\x01seq";

/// What must hold of a key for its batch to be applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Guard {
    Nothing,
    Absent,
    At(Version),
}

/// What a batch does to a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Write {
    Nothing,
    Value(Bytes),
    Delete,
}

/// One key's part in a batch.
#[derive(Clone, Debug)]
pub(super) struct Op {
    pub(super) key: Bytes,
    pub(super) guard: Guard,
    pub(super) write: Write,
}

/// An atomic set of writes with the guards they rest on. A key may appear once; a batch that names one twice is refused by `commit`.
#[derive(Clone, Default)]
pub struct Batch {
    ops: Vec<Op>,
    keys: HashSet<Bytes>,
    size: usize,
    twice: bool,
    essential: bool,
}

impl std::fmt::Debug for Batch {
    // Values may be anybody's secrets: a log line gets the shape of a batch only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("ops", &self.ops.len())
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty batch that is taken also when the disk is nearly full: for sign-outs, and what they need.
    #[must_use]
    pub fn essential() -> Self {
        Self {
            essential: true,
            ..Self::default()
        }
    }

    /// The key must not exist; writes it. The only form of an absence guard.
    pub fn create(&mut self, k: impl Into<Bytes>, v: impl Into<Bytes>) -> &mut Self {
        self.push(k.into(), Guard::Absent, Write::Value(v.into()))
    }

    /// The key must be at `at`; replaces its value.
    pub fn replace(&mut self, k: impl Into<Bytes>, at: Version, v: impl Into<Bytes>) -> &mut Self {
        self.push(k.into(), Guard::At(at), Write::Value(v.into()))
    }

    /// The key must be at `at`; deletes it.
    pub fn take(&mut self, k: impl Into<Bytes>, at: Version) -> &mut Self {
        self.push(k.into(), Guard::At(at), Write::Delete)
    }

    /// The key must be at `at` when the batch is committed; leaves it as it is.
    pub fn check(&mut self, k: impl Into<Bytes>, at: Version) -> &mut Self {
        self.push(k.into(), Guard::At(at), Write::Nothing)
    }

    /// Writes whatever was there: only for index rows and for what a guarded record of this batch owns.
    pub fn put(&mut self, k: impl Into<Bytes>, v: impl Into<Bytes>) -> &mut Self {
        self.push(k.into(), Guard::Nothing, Write::Value(v.into()))
    }

    /// Deletes whatever was there: only for index rows and for what a guarded record of this batch owns.
    pub fn del(&mut self, k: impl Into<Bytes>) -> &mut Self {
        self.push(k.into(), Guard::Nothing, Write::Delete)
    }

    /// Adds everything of `other`. A key of both makes the batch one that names a key twice.
    pub fn merge(&mut self, other: Batch) -> &mut Self {
        self.twice |= other.twice;
        self.essential |= other.essential;
        for Op { key, guard, write } in other.ops {
            self.push(key, guard, write);
        }
        self
    }

    /// Has it taken also when the disk is nearly full.
    pub fn make_essential(&mut self) -> &mut Self {
        self.essential = true;
        self
    }

    /// Whether it is taken also when the disk is nearly full.
    #[must_use]
    pub fn is_essential(&self) -> bool {
        self.essential
    }

    /// How many keys it names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether it names none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Bytes of keys and values together; `commit` takes up to [`MAX_BATCH`].
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether it names `key`, be it only to check it.
    #[must_use]
    pub fn touches(&self, key: &[u8]) -> bool {
        self.keys.contains(key)
    }

    /// The keys of one space, by their first byte, that it writes.
    pub fn puts(&self, space: u8) -> impl Iterator<Item = &Bytes> {
        self.ops
            .iter()
            .filter(move |op| op.key.first() == Some(&space) && matches!(op.write, Write::Value(_)))
            .map(|op| &op.key)
    }

    pub(super) fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// Refuses what no engine takes.
    pub(super) fn validate(&self) -> Result<(), CommitError> {
        if self.twice || self.touches(SEQUENCE_KEY) || self.touches(b"") {
            return Err(CommitError::Invalid);
        }
        let fits = |op: &Op| {
            op.key.len() <= MAX_KEY && !matches!(&op.write, Write::Value(v) if v.len() > MAX_VALUE)
        };
        if self.ops.len() > MAX_OPS || self.size > MAX_BATCH || !self.ops.iter().all(fits) {
            return Err(CommitError::TooLarge);
        }
        Ok(())
    }

    fn push(&mut self, key: Bytes, guard: Guard, write: Write) -> &mut Self {
        self.size += key.len()
            + if let Write::Value(value) = &write {
                value.len()
            } else {
                0
            };
        self.twice |= !self.keys.insert(key.clone());
        self.ops.push(Op { key, guard, write });
        self
    }
}
