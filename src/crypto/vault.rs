//! The master key: seals what must lie encrypted on disk, and makes keyed MACs.
//!
//! Invariant: the master key itself is used for nothing but deriving other keys (HKDF, RFC 5869), one per purpose, so a
//! value made for one purpose is worthless for another.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use super::secret::to_array;

mod key_file;

/// The master key and what is derived from it. Share one behind an `Arc`; it has neither `Debug` nor `Clone`.
pub struct Vault {
    derive: hmac::Key,
    seal_key: Zeroizing<[u8; 32]>,
    mac_keys: RwLock<HashMap<Box<str>, hmac::Key>>,
}

/// Why the vault could not be opened, or could not seal or open a value.
#[derive(Debug, Error)]
pub enum VaultError {
    /// The key given by the operator is neither 64 hexadecimal digits nor 32 bytes of base64.
    #[error("the master key must be 32 bytes, as 64 hexadecimal digits or as base64")]
    MalformedKey,
    /// The key file exists but does not hold a key; it is never replaced, for what it sealed would be lost.
    #[error("{} does not hold a master key", path.display())]
    MalformedKeyFile {
        /// The file that was read.
        path: PathBuf,
    },
    /// The key file could not be read or written.
    #[error("cannot read or write {}", path.display())]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The operating system gave no random bytes, or the cipher failed.
    #[error("the cryptographic library failed")]
    Crypto,
    /// Not something this version sealed.
    #[error("the sealed value has an unknown format")]
    UnknownFormat,
    /// Sealed with another master key or for another context, or changed since.
    #[error("the sealed value does not open with this master key in this context")]
    Refused,
}

impl Vault {
    /// A vault over the given 32 bytes.
    pub fn from_key(mut key: [u8; 32]) -> Vault {
        let derive = extract(&key);
        key.zeroize();
        let seal_key = Zeroizing::new(expand(&derive, SEAL_PURPOSE));
        Vault {
            derive,
            seal_key,
            mac_keys: RwLock::new(HashMap::new()),
        }
    }

    /// The vault of an installation: over the key `given` by the operator if there is one (64 hexadecimal digits, or 32
    /// bytes of base64 in either alphabet), else over `master.key` in the `data` folder, which is made on first use
    /// with mode 0600 and is on disk, with its folder entry, before this returns.
    pub fn load_or_create(data: &Path, given: Option<&str>) -> Result<Vault, VaultError> {
        let key = match given {
            Some(text) => key_file::parse(text).ok_or(VaultError::MalformedKey)?,
            None => key_file::load_or_create(data)?,
        };
        Ok(Vault::from_key(*key))
    }

    /// Encrypts `plain` for the place named by `context` (for example a table and a key): AES-256-GCM, random nonce.
    ///
    /// The answer is version byte, nonce, ciphertext, tag: 29 bytes longer than the text. Opens only in the same context.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let cipher = self.cipher()?;
        let mut body = plain.to_vec();
        let nonce = cipher
            .seal_in_place_append_tag(aad(context), &mut body)
            .map_err(|_| VaultError::Crypto)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Decrypts what [`Vault::seal`] made for the same context. The caller wipes the answer if it is secret.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let Some((&FORMAT, rest)) = sealed.split_first() else {
            return Err(VaultError::UnknownFormat);
        };
        let (nonce, body) = rest
            .split_at_checked(NONCE_LEN)
            .ok_or(VaultError::UnknownFormat)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Crypto)?;
        let mut body = body.to_vec();
        let length = self
            .cipher()?
            .open_in_place(nonce, aad(context), &mut body)
            .map_err(|_| VaultError::Refused)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// Encrypts `plain` under a key of its own, derived for `purpose` and `name`, which is bound to it. Every name is
    /// sealed once: so there is no limit to how many, which there is for random nonces under one key (NIST SP 800-38D
    /// §8.3).
    pub fn seal_once(
        &self,
        purpose: &str,
        name: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let mut body = plain.to_vec();
        let nonce = self
            .cipher_of(purpose, name)?
            .seal_in_place_append_tag(Aad::from(name), &mut body)
            .map_err(|_| VaultError::Crypto)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Decrypts what [`Vault::seal_once`] made for the same purpose and name.
    pub fn open_once(
        &self,
        purpose: &str,
        name: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let (nonce, body) = sealed
            .split_at_checked(NONCE_LEN)
            .ok_or(VaultError::UnknownFormat)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::Crypto)?;
        let mut body = body.to_vec();
        let length = self
            .cipher_of(purpose, name)?
            .open_in_place(nonce, Aad::from(name), &mut body)
            .map_err(|_| VaultError::Refused)?
            .len();
        body.truncate(length);
        Ok(body)
    }

    fn cipher_of(&self, purpose: &str, name: &[u8]) -> Result<RandomizedNonceKey, VaultError> {
        // A MAC is a pseudo-random function of its parts, and so a key (RFC 5869 §2.3 with the name as its info).
        let key = Zeroizing::new(self.mac(purpose, &[b"seal once", name]));
        RandomizedNonceKey::new(&AES_256_GCM, &*key).map_err(|_| VaultError::Crypto)
    }

    /// HMAC-SHA256 over `parts`, under a key of its own for `purpose`.
    ///
    /// Every part goes in with its length, so `["ab", "c"]` and `["a", "bc"]` differ. `purpose` is a word fixed in the
    /// program, never input: the keys of the first 64 purposes are kept, later ones are derived at every call.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
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

    fn cipher(&self) -> Result<RandomizedNonceKey, VaultError> {
        RandomizedNonceKey::new(&AES_256_GCM, &*self.seal_key).map_err(|_| VaultError::Crypto)
    }
}

/// HKDF-Extract (RFC 5869 section 2.2) with a fixed salt.
fn extract(key: &[u8; 32]) -> hmac::Key {
    let salt = hmac::Key::new(hmac::HMAC_SHA256, SALT);
    let secret = Zeroizing::new(to_array(hmac::sign(&salt, key).as_ref()));
    hmac::Key::new(hmac::HMAC_SHA256, &*secret)
}

/// HKDF-Expand (RFC 5869 section 2.3) for exactly one block, which is a single HMAC: unlike the library's own function
/// it cannot fail, and so neither can [`Vault::mac`].
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

fn aad(context: &str) -> Aad<Vec<u8>> {
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(context.as_bytes());
    Aad::from(bytes)
}

const FORMAT: u8 = 1;
const SALT: &[u8] = b"realmkeep master key 1";
const SEAL_PURPOSE: &str = "seal";
const KEPT_PURPOSES: usize = 64;

#[cfg(test)]
mod tests {
    use aws_lc_rs::hkdf;

    use super::*;

    fn vault() -> Vault {
        Vault::from_key([7; 32])
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_context_only() {
        let sealed = vault().seal("keys/one", b"private").unwrap();
        assert_eq!(vault().open("keys/one", &sealed).unwrap(), b"private");
        assert!(matches!(
            vault().open("keys/two", &sealed),
            Err(VaultError::Refused)
        ));
        let other = Vault::from_key([8; 32]);
        assert!(matches!(
            other.open("keys/one", &sealed),
            Err(VaultError::Refused)
        ));
    }

    #[test]
    fn a_sealed_value_changed_anywhere_does_not_open() {
        let sealed = vault().seal("a", b"text").unwrap();
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(vault().open("a", &changed).is_err(), "byte {place}");
        }
        for length in 0..sealed.len() {
            assert!(vault().open("a", &sealed[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn sealing_twice_never_looks_the_same() {
        let vault = vault();
        assert_ne!(
            vault.seal("a", b"text").unwrap(),
            vault.seal("a", b"text").unwrap()
        );
    }

    #[test]
    fn what_is_sealed_once_opens_by_its_own_name_only() {
        let sealed = vault().seal_once("token", b"one", b"plain").unwrap();
        let open = |vault: Vault, purpose: &str, name: &[u8], sealed: &[u8]| {
            vault.open_once(purpose, name, sealed).ok()
        };
        assert_eq!(
            open(vault(), "token", b"one", &sealed).unwrap(),
            b"plain".to_vec()
        );
        assert_eq!(open(vault(), "token", b"two", &sealed), None);
        assert_eq!(open(vault(), "other", b"one", &sealed), None);
        assert_eq!(
            open(Vault::from_key([8; 32]), "token", b"one", &sealed),
            None
        );
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(vault(), "token", b"one", &changed), None, "{at}");
            assert_eq!(open(vault(), "token", b"one", &sealed[..at]), None);
        }
    }

    #[test]
    fn macs_differ_by_purpose_by_key_and_by_where_a_part_ends() {
        let mac = vault().mac("cookie", &[b"ab", b"c"]);
        assert_eq!(mac, vault().mac("cookie", &[b"ab", b"c"]));
        assert_ne!(mac, vault().mac("cursor", &[b"ab", b"c"]));
        assert_ne!(mac, vault().mac("cookie", &[b"a", b"bc"]));
        assert_ne!(mac, vault().mac("cookie", &[b"abc"]));
        assert_ne!(mac, Vault::from_key([8; 32]).mac("cookie", &[b"ab", b"c"]));
    }

    #[test]
    fn a_kept_key_makes_the_same_mac_as_a_fresh_one() {
        let vault = vault();
        let fresh = vault.mac("cookie", &[b"x"]);
        assert_eq!(vault.mac_keys.read().unwrap().len(), 1);
        assert_eq!(vault.mac("cookie", &[b"x"]), fresh);
        for purpose in 0..200 {
            vault.mac(&purpose.to_string(), &[b"x"]);
        }
        assert_eq!(vault.mac_keys.read().unwrap().len(), KEPT_PURPOSES);
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
}
