//! The master key: seals what must lie encrypted on disk, and makes keyed MACs.
//!
//! Several master keys may be known at once: one seals and signs, the others only open and check what was made with them.
//! That is how a master key is changed without anybody noticing.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use thiserror::Error;
use zeroize::Zeroizing;

use super::secret::same;
use key::Derived;

mod key;
mod key_command;
mod key_file;
mod source;
#[cfg(test)]
mod tests;

pub use key::KeyId;
pub use key_file::replace;
pub use source::{KeySource, Origin, fresh};

/// A master key: 32 bytes, wiped when dropped.
pub type MasterKey = Zeroizing<[u8; 32]>;

/// The master keys and what is derived from them. Share one behind an `Arc`; it has neither `Debug` nor `Clone`.
pub struct Vault(RwLock<Arc<Ring>>);

struct Ring {
    current: Arc<Derived>,
    others: Vec<Arc<Derived>>,
}

/// Why the vault could not be opened, or could not seal or open a value.
#[derive(Debug, Error)]
pub enum VaultError {
    /// A key given by the operator is neither 64 hexadecimal digits nor 32 bytes of base64.
    #[error(
        "{name} does not hold a master key: expected 32 bytes, as 64 hexadecimal digits or as base64 (`realmkeep key new` makes one)"
    )]
    MalformedKey {
        /// Where it was given.
        name: &'static str,
    },
    /// The key file exists but does not hold a key; it is never replaced, for what it sealed would be lost.
    #[error("{} does not hold a master key: expected 32 bytes in a line, as base64 or as 64 hexadecimal digits", path.display())]
    MalformedKeyFile {
        /// The file that was read.
        path: PathBuf,
    },
    /// The operator named a file that is not there. Only the file in the data folder is made when it is missing.
    #[error("there is no file {}; `realmkeep key new` makes a key to put there", path.display())]
    NoKeyFile {
        /// The file that was named.
        path: PathBuf,
    },
    /// The store has a master key, and it is not there.
    #[error("there is no file {}, and this store is sealed with the key that was in it: put it back. A new one would open nothing", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The key file could not be read or written.
    #[error("cannot read or write {}: {source}", path.display())]
    Io {
        /// The file or folder concerned.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The operator's command gave no key. What it printed is not repeated.
    #[error("the command that gives the master key {0}")]
    Command(String),
    /// The operating system gave no random bytes, or the cipher failed.
    #[error("the cryptographic library failed")]
    Crypto,
    /// Not something this version sealed.
    #[error("the sealed value has an unknown format")]
    UnknownFormat,
    /// Sealed with a master key that this process was not given.
    #[error("the value is sealed with master key {0}, which was not given")]
    UnknownKey(KeyId),
    /// Sealed for another context, or changed since.
    #[error("the sealed value does not open with this master key in this context")]
    Refused,
}

impl Vault {
    /// A vault over the given 32 bytes.
    pub fn from_key(key: [u8; 32]) -> Vault {
        Vault(RwLock::new(Arc::new(Ring {
            current: Arc::new(Derived::new(key)),
            others: Vec::new(),
        })))
    }

    /// A vault over several keys: the first seals, all of them open.
    pub fn from_keys(keys: &[MasterKey]) -> Option<Vault> {
        let mut derived = keys.iter().map(|key| Arc::new(Derived::new(**key)));
        let current = derived.next()?;
        let others = derived.filter(|other| other.id != current.id).collect();
        Some(Vault(RwLock::new(Arc::new(Ring { current, others }))))
    }

    /// Encrypts `plain` for the place named by `context` (for example a table and a key): AES-256-GCM, random nonce, which
    /// is sound for some thousand millions of values (NIST SP 800-38D §8.3); for more, see [`Vault::seal_once`].
    ///
    /// The answer is version byte, name of the key, nonce, ciphertext, tag: 33 bytes longer than the text. Opens only in
    /// the same context.
    ///
    /// # Errors
    /// [`VaultError::Crypto`].
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let ring = self.ring();
        let current = &ring.current;
        current.seal(&current.cipher()?, context.as_bytes(), plain)
    }

    /// Decrypts what [`Vault::seal`] made for the same context. The caller wipes the answer if it is secret.
    ///
    /// # Errors
    /// [`VaultError`]: unknown format, a key that is not known, or not what was sealed.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let key = self.key_of(sealed)?;
        key::open(&key.cipher()?, context.as_bytes(), sealed)
    }

    /// Encrypts `plain` under a key of its own, derived for `purpose` and `name`, which is bound to it. A name is sealed
    /// a few times at most: so there is no limit to how many names, which there is for random nonces under one key
    /// (NIST SP 800-38D §8.3).
    ///
    /// # Errors
    /// [`VaultError::Crypto`].
    pub fn seal_once(
        &self,
        purpose: &str,
        name: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let ring = self.ring();
        let current = &ring.current;
        current.seal(&current.cipher_of(purpose, name)?, name, plain)
    }

    /// Decrypts what [`Vault::seal_once`] made for the same purpose and name.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn open_once(
        &self,
        purpose: &str,
        name: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let key = self.key_of(sealed)?;
        key::open(&key.cipher_of(purpose, name)?, name, sealed)
    }

    /// What [`Vault::seal`] made, sealed anew with the key that seals now; `None` when that sealed it.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn reseal(&self, context: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        if KeyId::of(sealed) == Some(self.current()) {
            return Ok(None);
        }
        let plain = Zeroizing::new(self.open(context, sealed)?);
        self.seal(context, &plain).map(Some)
    }

    /// The same for what [`Vault::seal_once`] made.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn reseal_once(
        &self,
        purpose: &str,
        name: &[u8],
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, VaultError> {
        if KeyId::of(sealed) == Some(self.current()) {
            return Ok(None);
        }
        let plain = Zeroizing::new(self.open_once(purpose, name, sealed)?);
        self.seal_once(purpose, name, &plain).map(Some)
    }

    /// HMAC-SHA256 over `parts`, under a key of its own for `purpose`, derived from the key that seals.
    ///
    /// Every part goes in with its length, so `["ab", "c"]` and `["a", "bc"]` differ. `purpose` is a word fixed in the
    /// program, never input: the keys of the first 64 purposes are kept, later ones are derived at every call.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.ring().current.mac(purpose, parts)
    }

    /// Whether `mac` is what [`Vault::mac`] makes or made of these parts, with any key that is known.
    pub fn made(&self, mac: &[u8], purpose: &str, parts: &[&[u8]]) -> bool {
        let ring = self.ring();
        ring.all().any(|key| same(mac, &key.mac(purpose, parts)))
    }

    /// The key that seals.
    pub fn current(&self) -> KeyId {
        self.ring().current.id
    }

    /// Every key that opens, the one that seals first; each with what tells it from any other. Neither is a secret.
    pub fn known(&self) -> Vec<(KeyId, [u8; 32])> {
        self.ring().all().map(|key| (key.id, key.proof)).collect()
    }

    /// Takes over keys that were read anew. The one that seals stays the one that seals if it is still among them.
    pub fn learn(&self, keys: &[MasterKey]) {
        let Some(fresh) = Vault::from_keys(keys) else {
            return;
        };
        let fresh = fresh.ring();
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let current = held.current.id;
        *held = fresh.with_current(current).unwrap_or(fresh);
    }

    /// From now on this key seals; `false` when it is not known.
    pub fn seal_with(&self, id: KeyId) -> bool {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match held.with_current(id) {
            Some(ring) => {
                *held = ring;
                true
            }
            None => false,
        }
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn key_of(&self, sealed: &[u8]) -> Result<Arc<Derived>, VaultError> {
        let id = KeyId::of(sealed).ok_or(VaultError::UnknownFormat)?;
        let ring = self.ring();
        let found = ring.all().find(|key| key.id == id).cloned();
        found.ok_or(VaultError::UnknownKey(id))
    }
}

impl Ring {
    fn all(&self) -> impl Iterator<Item = &Arc<Derived>> {
        std::iter::once(&self.current).chain(&self.others)
    }

    fn with_current(&self, id: KeyId) -> Option<Arc<Ring>> {
        let current = Arc::clone(self.all().find(|key| key.id == id)?);
        let others = self.all().filter(|key| key.id != id).cloned().collect();
        Some(Arc::new(Ring { current, others }))
    }
}
