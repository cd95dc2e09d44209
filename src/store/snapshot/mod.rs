//! Everything a store holds, as a file: backup, restore, and moving from one engine to another.
//!
//! A snapshot is a header, the records in the order of their keys and a trailer, each in a frame with a checksum ([`frame`]); the
//! trailer has their count, their digest and the SHA-256 of all before it. It says nothing of versions: these belong to one store.
//!
//! [`copy`] reads a store that goes on working and sends a stream of the same frames, [`draft`] makes the file of the stream,
//! [`read`] checks a file, [`fill`] puts it into an empty store, [`place`] puts that store into a data folder.

pub mod copy;
pub mod draft;
pub mod fill;
pub mod frame;
pub mod place;
pub mod read;
#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

/// The format of the file that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;
/// What every snapshot begins with. Not text, and broken by whatever changes line ends.
pub const MAGIC: &[u8; 8] = b"\x89RKEEP\r\n";

/// Keys that say something of one store and not of what is remembered: they are in no snapshot.
const LOCAL: &[u8] = b"\x01.";
/// How far a store is filled from a snapshot; while it is there, nobody may serve from the store.
pub const FILLING: &[u8] = b"\x01.filling";
/// Says that the store was filled from a snapshot and nobody has served from it since.
pub const RESTORED: &[u8] = b"\x01.restored";

/// Whether a key stays behind when the store is copied.
#[must_use]
pub fn is_local(key: &[u8]) -> bool {
    key.starts_with(LOCAL)
}

/// What a snapshot says of itself at its beginning.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// The format of the file; every later version keeps this where it is.
    pub format: u32,
    /// The layout of the records.
    pub layout: u32,
    /// The engine it was read from.
    pub engine: String,
    /// The program that wrote it.
    pub written_by: String,
    /// The name of the master key that sealed the secrets in it; says nothing of the key itself.
    pub master_key: Option<String>,
    /// When reading began, in milliseconds since 1970.
    pub began_at: u64,
}

/// What a snapshot says of itself at its end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trailer {
    /// The moment it shows, in milliseconds since 1970: what was acknowledged before is in it.
    pub taken_at: u64,
    /// The commit it shows, as the store counted.
    pub commit: u64,
    /// How many records; only in a file.
    #[serde(default)]
    pub records: u64,
    /// Their digest; only in a file.
    #[serde(default)]
    pub digest: String,
    /// SHA-256 of all frames before this one, in hexadecimal digits.
    #[serde(default)]
    pub sha256: String,
}

/// How many records there are, and the sum of what each hashes to: the same for the same records, in whatever order, on whatever
/// engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many.
    pub records: u64,
    sum: u128,
}

impl Tally {
    /// Counts a record in.
    pub fn add(&mut self, key: &[u8], value: &[u8]) {
        let mut hash = Context::new(&SHA256);
        hash.update(&(key.len() as u64).to_be_bytes());
        hash.update(key);
        hash.update(value);
        let hash = hash.finish();
        let mut half = [0; 16];
        half.iter_mut()
            .zip(hash.as_ref())
            .for_each(|(to, from)| *to = *from);
        self.records = self.records.wrapping_add(1);
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(half));
    }

    /// The sum in hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        format!("{:032x}", self.sum)
    }
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
