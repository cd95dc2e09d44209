//! How a value lies in its row: `[crc32 u32 BE][bytes]`, the checksum over key and bytes, so that what is damaged on the way
//! or under the database, or lies under a wrong key, is never taken for true.

use std::num::NonZeroU64;

use crate::store::{Bytes, Record, StoreError, Version};

const HEAD: usize = 4;

pub(super) fn seal(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(HEAD + value.len());
    sealed.extend_from_slice(&checksum(key, value).to_be_bytes());
    sealed.extend_from_slice(value);
    sealed
}

/// The record of a row.
pub(super) fn record(key: Bytes, sealed: &[u8], version: i64) -> Result<Record, StoreError> {
    let value = sealed
        .split_first_chunk::<HEAD>()
        .filter(|(crc, value)| checksum(&key, value).to_be_bytes() == **crc)
        .map(|(_, value)| Bytes::copy_from_slice(value))
        .ok_or_else(|| {
            let space = key.first().copied().unwrap_or_default();
            StoreError::Corrupt(format!(
                "a record of space {space:02x} (key of {} bytes) does not match its checksum",
                key.len()
            ))
        })?;
    Ok(Record {
        version: self::version(version)?,
        key,
        value,
    })
}

pub(super) fn version(number: i64) -> Result<Version, StoreError> {
    u64::try_from(number)
        .ok()
        .and_then(NonZeroU64::new)
        .map(Version)
        .ok_or_else(|| StoreError::Corrupt("a record has no version".into()))
}

fn checksum(key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_shows_and_so_does_a_wrong_key() {
        let sealed = seal(b"key", b"value");
        assert_eq!(record("key".into(), &sealed, 7).unwrap().value, "value");
        assert!(record("kez".into(), &sealed, 7).is_err());
        assert!(record("key".into(), &sealed, 0).is_err());
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(record("key".into(), &flipped, 7).is_err(), "bit {bit}");
        }
        assert!(record("key".into(), &sealed[..3], 7).is_err());
    }
}
