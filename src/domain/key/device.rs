//! Keys of the codes of devices: by the device's own code in `9A`, with how often it asks beside it; by the person's in `9B`.

use bytes::Bytes;

use super::Key;
use crate::domain::id::RealmId;

/// A device code, by its SHA-256.
pub fn device(realm: RealmId, hash: &[u8; 32]) -> Bytes {
    Key::of(0x9A, realm).bytes(hash).end()
}

/// When the device of this code asked last.
pub fn device_pace(realm: RealmId, hash: &[u8; 32]) -> Bytes {
    Key::of(0x9A, realm).bytes(hash).bytes(&[1]).end()
}

/// Which device code a person's code stands for, by its SHA-256.
pub fn user_code(realm: RealmId, hash: &[u8; 32]) -> Bytes {
    Key::of(0x9B, realm).bytes(hash).end()
}
