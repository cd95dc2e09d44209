//! One master key: what is derived from it, and what names it.
//!
//! Invariant: the master key itself is used for nothing but deriving other keys (HKDF, RFC 5869), one per purpose, so a
//! value made for one purpose is worthless for another.

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::VaultError;
use crate::crypto::secret::to_array;

/// What names a master key in what it sealed. Derived from the key and no secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// Its bytes.
    pub fn bytes(self) -> [u8; 4] {
        self.0
    }

    /// The name of the key that sealed `sealed`; `None` when that was not sealed by this version.
    pub fn of(sealed: &[u8]) -> Option<KeyId> {
        let (&FORMAT, rest) = sealed.split_first()? else {
            return None;
        };
        rest.first_chunk().copied().map(KeyId)
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<KeyId> {
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(text, 16)
            .ok()
            .map(|number| KeyId(number.to_be_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One master key with what is derived from it.
pub(super) struct Derived {
    pub(super) id: KeyId,
    /// Tells this key from any other with the same name; no secret either.
    pub(super) proof: [u8; 32],
    derive: hmac::Key,
    seal_key: Zeroizing<[u8; 32]>,
    mac_keys: RwLock<HashMap<Box<str>, hmac::Key>>,
}

impl Derived {
    pub(super) fn new(mut key: [u8; 32]) -> Derived {
        let derive = extract(&key);
        key.zeroize();
        let proof = expand(&derive, PROOF_PURPOSE);
        let [a, b, c, d, ..] = proof;
        Derived {
            id: KeyId([a, b, c, d]),
            proof,
            seal_key: Zeroizing::new(expand(&derive, SEAL_PURPOSE)),
            derive,
            mac_keys: RwLock::new(HashMap::new()),
        }
    }

    pub(super) fn cipher(&self) -> Result<RandomizedNonceKey, VaultError> {
        RandomizedNonceKey::new(&AES_256_GCM, &*self.seal_key).map_err(|_| VaultError::Crypto)
    }

    /// The cipher of one name alone.
    pub(super) fn cipher_of(
        &self,
        purpose: &str,
        name: &[u8],
    ) -> Result<RandomizedNonceKey, VaultError> {
        // A MAC is a pseudo-random function of its parts, and so a key (RFC 5869 §2.3 with the name as its info).
        let key = Zeroizing::new(self.mac(purpose, &[b"seal once", name]));
        RandomizedNonceKey::new(&AES_256_GCM, &*key).map_err(|_| VaultError::Crypto)
    }

    /// Version byte, name of the key, nonce, ciphertext, tag.
    pub(super) fn seal(
        &self,
        cipher: &RandomizedNonceKey,
        bound_to: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let mut body = plain.to_vec();
        let nonce = cipher
            .seal_in_place_append_tag(aad(bound_to), &mut body)
            .map_err(|_| VaultError::Crypto)?;
        let mut sealed = Vec::with_capacity(HEAD + body.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&self.id.0);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut body);
        Ok(sealed)
    }

    pub(super) fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let keys = self.mac_keys.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(purpose) {
            return mac_with(key, parts);
        }
        let full = keys.len() >= KEPT_PURPOSES;
        drop(keys);
        let derived = Zeroizing::new(expand(&self.derive, &format!("mac {purpose}")));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*derived);
        let mac = mac_with(&key, parts);
        if !full {
            let mut keys = self
                .mac_keys
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            keys.insert(purpose.into(), key);
        }
        mac
    }
}

/// Opens what [`Derived::seal`] made with the same cipher for the same place.
pub(super) fn open(
    cipher: &RandomizedNonceKey,
    bound_to: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let (nonce, body) = sealed
        .get(HEAD - NONCE_LEN..)
        .and_then(|rest| rest.split_at_checked(NONCE_LEN))
        .ok_or(VaultError::UnknownFormat)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Crypto)?;
    let mut body = body.to_vec();
    let length = cipher
        .open_in_place(nonce, aad(bound_to), &mut body)
        .map_err(|_| VaultError::Refused)?
        .len();
    body.truncate(length);
    Ok(body)
}

fn aad(bound_to: &[u8]) -> Aad<Vec<u8>> {
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(bound_to);
    Aad::from(bytes)
}

/// HKDF-Extract (RFC 5869 section 2.2) with a fixed salt.
fn extract(key: &[u8; 32]) -> hmac::Key {
    let salt = hmac::Key::new(hmac::HMAC_SHA256, SALT);
    let secret = Zeroizing::new(to_array(hmac::sign(&salt, key).as_ref()));
    hmac::Key::new(hmac::HMAC_SHA256, &*secret)
}

/// HKDF-Expand (RFC 5869 section 2.3) for exactly one block, which is a single HMAC: unlike the library's own function
/// it cannot fail, and so neither can [`super::Vault::mac`].
fn expand(derive: &hmac::Key, info: &str) -> [u8; 32] {
    let mut context = hmac::Context::with_key(derive);
    context.update(info.as_bytes());
    context.update(&[1]);
    to_array(context.sign().as_ref())
}

fn mac_with(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    to_array(context.sign().as_ref())
}

const FORMAT: u8 = 1;
const HEAD: usize = 1 + 4 + NONCE_LEN;
const SALT: &[u8] = b"realmkeep master key 1";
const SEAL_PURPOSE: &str = "seal";
const PROOF_PURPOSE: &str = "proof";
const KEPT_PURPOSES: usize = 64;

#[cfg(test)]
mod tests {
    use aws_lc_rs::hkdf;

    use super::*;

    #[test]
    fn a_kept_key_makes_the_same_mac_as_a_fresh_one() {
        let derived = Derived::new([7; 32]);
        let fresh = derived.mac("cookie", &[b"x"]);
        assert_eq!(derived.mac_keys.read().unwrap().len(), 1);
        assert_eq!(derived.mac("cookie", &[b"x"]), fresh);
        for purpose in 0..200 {
            derived.mac(&purpose.to_string(), &[b"x"]);
        }
        assert_eq!(derived.mac_keys.read().unwrap().len(), KEPT_PURPOSES);
    }

    #[test]
    fn derivation_is_hkdf_as_the_library_has_it() {
        let ours = expand(&extract(&[7; 32]), "purpose");
        let theirs = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(&[7; 32]);
        let mut expected = [0; 32];
        theirs
            .expand(&[b"purpose"], hkdf::HKDF_SHA256)
            .unwrap()
            .fill(&mut expected)
            .unwrap();
        assert_eq!(ours, expected);
    }

    #[test]
    fn a_key_is_named_and_the_name_reads_back() {
        let id = Derived::new([7; 32]).id;
        assert_eq!(KeyId::parse(&id.to_string()), Some(id));
        for bad in ["", "0", "0123456g", "+1234567", "012345678"] {
            assert_eq!(KeyId::parse(bad), None, "{bad}");
        }
    }
}
