//! Opening a store: which engine, in which folder, and why not.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::Store;
use super::embedded::Embedded;
use super::folder::{Folder, FolderError};
use super::grouped::Grouped;
use super::memory::Memory;
use super::postgres::{OpenFault, Postgres, Target, TargetError};
use super::shelf::Kind;
use super::{redb, sled};

/// The engines this version has, as `--store` names them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum StoreKind {
    /// Nothing on disk; everything is forgotten at exit.
    Memory,
    /// sled, in the folder `sled` of the data folder.
    #[default]
    Sled,
    /// redb, in the folder `redb` of the data folder.
    Redb,
    /// A PostgreSQL database, shared by any number of nodes.
    Postgres(Box<Target>),
}

impl StoreKind {
    /// Limits the feed of an engine that keeps it in the database to keys that begin with one of these bytes.
    #[must_use]
    pub fn watching(self, spaces: &'static [u8]) -> Self {
        match self {
            Self::Postgres(target) => Self::Postgres(Box::new(target.watching(spaces))),
            other => other,
        }
    }

    /// Whether its records lie in the data folder.
    #[must_use]
    pub fn is_in_folder(&self) -> bool {
        matches!(self, Self::Sled | Self::Redb)
    }
}

/// Why a text names no engine.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum StoreKindError {
    /// Nothing we ever heard of.
    #[error("{0:?} is no store; use \"sled\", \"redb\", \"memory\" or postgresql://…")]
    Unknown(String),
    /// A URL of a database with a slip in it.
    #[error(transparent)]
    Url(#[from] TargetError),
}

impl FromStr for StoreKind {
    type Err = StoreKindError;

    fn from_str(text: &str) -> Result<Self, StoreKindError> {
        match text {
            "sled" => Ok(Self::Sled),
            "memory" => Ok(Self::Memory),
            "redb" => Ok(Self::Redb),
            // The rest of the URL may hold a password.
            _ if text.starts_with("postgres://") || text.starts_with("postgresql://") => {
                Ok(Self::Postgres(Box::new(Target::parse(text)?)))
            }
            _ => Err(StoreKindError::Unknown(text.into())),
        }
    }
}

impl std::fmt::Display for StoreKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Sled => "sled",
            Self::Redb => "redb",
            Self::Postgres(_) => "postgres",
        })
    }
}

/// Why a store cannot be opened. The message is for the operator and says what to do.
#[derive(thiserror::Error, Debug)]
pub enum OpenError {
    /// The data folder is in use, of another version, or cannot be read or made.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The folder held a store once and does not any more.
    #[error("the data folder {} was in use before, but its store is {what}; restore a backup with `realmkeep restore`, or move the folder away to begin anew", folder.display())]
    Lost {
        /// The data folder.
        folder: PathBuf,
        /// Missing or empty.
        what: &'static str,
    },
    /// The store is there and cannot be trusted.
    #[error("the store in {} is damaged ({what}); restore a backup with `realmkeep restore`, or move the folder away to begin anew", folder.display())]
    Damaged {
        /// The data folder.
        folder: PathBuf,
        /// What was found.
        what: String,
    },
    /// The database cannot be used.
    #[error("the PostgreSQL store at {hosts} cannot be used: {fault}")]
    Postgres {
        /// Its hosts.
        hosts: String,
        /// Why.
        fault: OpenFault,
    },
    /// The system refused something on the way.
    #[error("the store in {} cannot be opened", folder.display())]
    Io {
        /// The data folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Opens the store of `kind` in the data folder `data`, which is made when missing; [`StoreKind::Memory`] leaves the folder alone.
/// Blocks on the disk: call it before serving. Dropping the store closes it, after committing what is queued.
///
/// # Errors
/// See [`OpenError`]: in use by another process, written by a newer version, emptied, damaged, or plain input/output.
pub fn open(kind: &StoreKind, data: &Path) -> Result<Arc<dyn Store>, OpenError> {
    let thread = |source| OpenError::Io {
        folder: data.to_owned(),
        source,
    };
    match kind {
        StoreKind::Memory => Ok(Arc::new(
            Grouped::new(Arc::new(Memory::new())).map_err(thread)?,
        )),
        StoreKind::Sled => embedded(data, sled::KIND),
        StoreKind::Redb => embedded(data, redb::KIND),
        StoreKind::Postgres(target) => {
            let refused = |fault| OpenError::Postgres {
                hosts: target.hosts(),
                fault,
            };
            let engine = Postgres::open(Target::clone(target)).map_err(refused)?;
            Ok(Arc::new(Grouped::new(Arc::new(engine)).map_err(thread)?))
        }
    }
}

fn embedded(data: &Path, kind: Kind) -> Result<Arc<dyn Store>, OpenError> {
    let engine = Embedded::open(Folder::enter(data, kind.name)?, kind)?;
    Ok(Arc::new(Grouped::new(Arc::new(engine)).map_err(
        |source| OpenError::Io {
            folder: data.to_owned(),
            source,
        },
    )?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_and_never_shown() {
        assert_eq!("sled".parse(), Ok(StoreKind::Sled));
        assert_eq!("memory".parse(), Ok(StoreKind::Memory));
        assert_eq!("redb".parse(), Ok(StoreKind::Redb));
        for url in ["postgres://u:hush@h/db", "postgresql://u:hush@h/db"] {
            let kind = url.parse::<StoreKind>().unwrap();
            assert!(!format!("{kind} {kind:?}").contains("hush"));
            assert_eq!(kind.to_string(), "postgres");
        }
        assert_eq!(
            "sqlite".parse::<StoreKind>(),
            Err(StoreKindError::Unknown("sqlite".into()))
        );
    }
}
