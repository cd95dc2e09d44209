//! How a record lies in an engine that keeps bytes only, and the sums by which damage shows.
//!
//! A value is `[version u64 BE][crc32 u32 BE][bytes]`; the checksum covers key, version and bytes, so that a record under a wrong key
//! shows as well. The engine's own record, under a key nobody else sees, has the commit sequence as its version and the [`Tally`] of
//! all live records as its bytes: a record that went missing without a word makes the tally wrong.

use std::num::NonZeroU64;

use super::{Bytes, Record, StoreError, Version};

const HEAD: usize = 12;

/// The bytes to keep for `value` under `key`.
pub(super) fn seal(key: &[u8], version: u64, value: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(HEAD + value.len());
    sealed.extend_from_slice(&version.to_be_bytes());
    sealed.extend_from_slice(&checksum(key, version, value).to_be_bytes());
    sealed.extend_from_slice(value);
    sealed
}

/// The version and the bytes kept under `key`, once they match their checksum.
pub(super) fn unseal<'a>(key: &[u8], sealed: &'a [u8]) -> Result<(u64, &'a [u8]), StoreError> {
    // Keys hold no secrets, yet they may hold names: an error says where the damage is by the key's first byte and its length.
    let damaged = || {
        let space = key.first().copied().unwrap_or_default();
        StoreError::Corrupt(format!(
            "a record of space {space:02x} (key of {} bytes) does not match its checksum",
            key.len()
        ))
    };
    let (version, rest) = sealed.split_first_chunk::<8>().ok_or_else(damaged)?;
    let (crc, value) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
    let version = u64::from_be_bytes(*version);
    if checksum(key, version, value) != u32::from_be_bytes(*crc) {
        return Err(damaged());
    }
    Ok((version, value))
}

/// The record kept under `key`.
pub(super) fn record(key: Bytes, sealed: Bytes) -> Result<Record, StoreError> {
    let (version, _) = unseal(&key, &sealed)?;
    let version = NonZeroU64::new(version)
        .ok_or_else(|| StoreError::Corrupt("a record has no version".into()))?;
    Ok(Record {
        value: sealed.slice(HEAD..),
        key,
        version: Version(version),
    })
}

fn checksum(key: &[u8], version: u64, value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(&version.to_be_bytes());
    hasher.update(value);
    hasher.finalize()
}

/// How many records are live, and the sum of their marks. Order does not matter, so the writer keeps it up to date by adding what a
/// group writes and taking away what was there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally {
    pub(super) records: u64,
    sum: u64,
}

impl Tally {
    pub(super) fn add(&mut self, record: &Record) {
        self.records = self.records.wrapping_add(1);
        self.sum = self.sum.wrapping_add(mark(record));
    }

    pub(super) fn remove(&mut self, record: &Record) {
        self.records = self.records.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(mark(record));
    }

    /// What to keep under the engine's own `key` after commit `seq`.
    pub(super) fn seal(self, key: &[u8], seq: u64) -> Vec<u8> {
        let both = u128::from(self.records) << 64 | u128::from(self.sum);
        seal(key, seq, &both.to_be_bytes())
    }

    /// The last commit and the tally kept under the engine's own `key`.
    pub(super) fn unseal(key: &[u8], sealed: &[u8]) -> Result<(u64, Self), StoreError> {
        let (seq, both) = unseal(key, sealed)?;
        let both: [u8; 16] = both
            .try_into()
            .map_err(|_| StoreError::Corrupt("the store's own record is misshapen".into()))?;
        let both = u128::from_be_bytes(both);
        Ok((
            seq,
            Self {
                records: (both >> 64) as u64,
                sum: both as u64,
            },
        ))
    }
}

/// One record's part of the sum: its version and checksum, stirred so that sums of different sets differ.
fn mark(record: &Record) -> u64 {
    let version = record.version.0.get();
    let crc = checksum(&record.key, version, &record.value);
    let mut x = version.rotate_left(32) ^ u64::from(crc);
    for factor in [0xbf58_476d_1ce4_e5b9_u64, 0x94d0_49bb_1331_11eb] {
        x = (x ^ (x >> 30)).wrapping_mul(factor);
    }
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_shows() {
        let sealed = seal(b"key", 7, b"value");
        assert_eq!(unseal(b"key", &sealed).unwrap(), (7, &b"value"[..]));
        assert!(unseal(b"kez", &sealed).is_err());
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal(b"key", &flipped).is_err(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(unseal(b"key", &sealed[..len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn a_tally_forgets_what_was_taken_away_and_nothing_else() {
        let record =
            |k: &'static str, v: u64| record(k.into(), seal(k.as_bytes(), v, b"x").into()).unwrap();
        let mut tally = Tally::default();
        tally.add(&record("a", 1));
        let one = tally;
        tally.add(&record("b", 2));
        assert_ne!(tally, one);
        assert_eq!(
            Tally::unseal(b"own", &tally.seal(b"own", 9)).unwrap(),
            (9, tally)
        );
        tally.remove(&record("b", 2));
        assert_eq!(tally, one);
        tally.remove(&record("a", 2));
        assert_ne!(tally, Tally::default());
    }
}
