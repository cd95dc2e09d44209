//! Where the master keys come from: a file, the environment, or a command of the operator's.

use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::key_file::{self, parse_all};
use super::{MasterKey, Vault, VaultError, key_command};
use crate::crypto::{Secret, base64};

/// Where the master keys of an installation come from. Wherever that is, there may be several, one a line: the first
/// seals, the others open what they sealed before.
#[derive(Clone, Debug)]
pub struct KeySource {
    /// Where the keys are.
    pub origin: Origin,
    /// More keys that open but do not seal.
    pub previous: Option<Secret>,
}

/// The place of the keys.
#[derive(Clone, Debug)]
pub enum Origin {
    /// `master.key` in this folder, made on first use.
    Folder(PathBuf),
    /// A file that the operator keeps.
    File(PathBuf),
    /// Text, from the environment.
    Text(Secret),
    /// What this shell command prints.
    Command(String),
}

impl KeySource {
    /// The file in the data folder, made if there is none.
    pub fn folder(data: &Path) -> KeySource {
        KeySource {
            origin: Origin::Folder(data.to_owned()),
            previous: None,
        }
    }

    /// The file that holds the keys, when it is a file.
    pub fn file(&self) -> Option<PathBuf> {
        match &self.origin {
            Origin::Folder(data) => Some(data.join(key_file::KEY_FILE)),
            Origin::File(path) => Some(path.clone()),
            Origin::Text(_) | Origin::Command(_) => None,
        }
    }

    /// Reads the keys, the one that seals first. May take as long as the operator's command.
    ///
    /// # Errors
    /// [`VaultError`]; never with a part of a key or of what a command printed.
    pub fn read(&self) -> Result<Vec<MasterKey>, VaultError> {
        let mut keys = match &self.origin {
            Origin::Folder(data) => key_file::load_or_create(data)?,
            Origin::File(path) => key_file::load(path)?,
            Origin::Text(text) => parse_all(text.expose()).ok_or(VaultError::MalformedKey {
                name: "REALMKEEP_MASTER_KEY",
            })?,
            Origin::Command(command) => key_command::run(command)?,
        };
        if let Some(previous) = &self.previous {
            let more = parse_all(previous.expose()).ok_or(VaultError::MalformedKey {
                name: "REALMKEEP_MASTER_KEY_PREVIOUS",
            })?;
            keys.extend(more);
        }
        Ok(keys)
    }

    /// The vault over these keys.
    ///
    /// # Errors
    /// As [`KeySource::read`].
    pub fn vault(&self) -> Result<Vault, VaultError> {
        Vault::from_keys(&self.read()?).ok_or(VaultError::Crypto)
    }
}

/// A new key, in the form that every source reads.
///
/// # Errors
/// [`VaultError::Crypto`] when the system gives no random bytes.
pub fn fresh() -> Result<Secret, VaultError> {
    let mut key = Zeroizing::new([0; 32]);
    rand::fill(&mut *key).map_err(|_| VaultError::Crypto)?;
    Ok(Secret::new(base64(&*key)))
}
