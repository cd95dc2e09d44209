//! What a library that keeps bytes on a disk must do for [`Embedded`](super::embedded::Embedded) to make an engine of it.

use std::path::Path;

use super::fault::Fault;
use super::page::Bounds;
use super::{Bytes, Dir};

/// Keys with what is kept under them, in walking order. Ends after its first fault.
pub(super) type Walk<'a> = Box<dyn Iterator<Item = Result<(Bytes, Bytes), Fault>> + 'a>;

/// One key's write: its new bytes, or none to delete it.
pub(super) type Put = (Bytes, Option<Vec<u8>>);

/// Ordered keys and bytes in the files of one folder. Whatever the library panics at becomes a [`Fault`]. Dropping it closes the files.
pub(super) trait Shelf: Send + Sync + 'static {
    /// What is kept under `key`, durable or not.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Fault>;
    /// Walks the keys between `bounds`.
    fn walk(&self, bounds: Bounds, dir: Dir) -> Result<Walk<'_>, Fault>;
    /// Writes all of `puts` or nothing of it, and answers when they are durable. Only one call runs at a time. After a fault nobody
    /// can know what is on the disk, and there is no second call.
    fn write(&self, puts: Vec<Put>) -> Result<(), Fault>;
    /// Makes everything durable before the end.
    fn close(&self) -> Result<(), Fault>;
    /// Bytes of its files.
    fn disk(&self) -> Option<u64>;
    /// What tests make go wrong.
    #[cfg(test)]
    fn mishaps(&self) -> &super::conformance::Mishaps;
}

/// A library, and what is known of it before it is opened.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// The engine's name, as `--store` takes it; its folder in the data folder is called the same.
    pub(super) name: &'static str,
    /// The file in that folder without which there is no store.
    pub(super) file: &'static str,
    /// Opens what is in the folder, or makes it; every file and folder is durable afterwards.
    pub(super) open: fn(&Path) -> Result<Box<dyn Shelf>, Fault>,
    /// How much it is meant for, where that is limited.
    pub(super) meant_for: Option<Size>,
}

/// A size that a library is known to carry well.
#[derive(Clone, Copy)]
pub(super) struct Size {
    /// Bytes of its files.
    pub(super) bytes: u64,
    /// Live records.
    pub(super) records: u64,
}
