//! The data folder: one process at a time, of a format this version understands.

use std::collections::hash_map::RandomState;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The format this version writes; a higher one is refused.
const FORMAT: u32 = 1;
const ID_FILE: &str = "realmkeep.id";
const LOCK_FILE: &str = "LOCK";
/// Written by a clean stop and taken away at the next start.
const CLEAN_FILE: &str = "CLEAN";
/// The folder inside in which a restore makes the new store; it goes once that is in its place.
pub(super) const RESTORING: &str = "restoring";

/// Why a data folder cannot be used.
#[derive(thiserror::Error, Debug)]
pub enum FolderError {
    /// Somebody else is in it.
    #[error("the data folder {} is in use by another realmkeep process; stop that one, or give this one a folder of its own with --data", .0.display())]
    InUse(PathBuf),
    /// A newer version has been here.
    #[error(
        "the data folder {} has format {found}, written by realmkeep {written_by}; this version knows formats up to {FORMAT}: run realmkeep {written_by} or newer",
        folder.display()
    )]
    Newer {
        /// The data folder.
        folder: PathBuf,
        /// Its format.
        found: u32,
        /// The version that wrote it.
        written_by: String,
    },
    /// A restore came only so far.
    #[error("a restore into the data folder {} was not finished; run `realmkeep restore` again, or remove the folder {RESTORING:?} in it to keep what was there before", .0.display())]
    Restoring(PathBuf),
    /// It holds another engine's records.
    #[error("the data folder {} belongs to the store {found:?}; start with --store {found}, or give this one a folder of its own with --data", folder.display())]
    OtherEngine {
        /// The data folder.
        folder: PathBuf,
        /// Whose it is.
        found: String,
    },
    /// The file that says what the folder is makes no sense.
    #[error("{} is not readable as what it should be ({what}); restore it from a backup", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The system refused.
    #[error("the data folder {} cannot be used", folder.display())]
    Io {
        /// The data folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What `realmkeep.id` says.
#[derive(Serialize, Deserialize)]
struct Identity {
    id: String,
    format: u32,
    engine: String,
    written_by: String,
}

/// Only the format, which every later version keeps where it is.
#[derive(Deserialize)]
struct Format {
    format: u32,
    #[serde(default = "unnamed")]
    written_by: String,
}

fn unnamed() -> String {
    "of a later version".into()
}

/// A data folder that is ours until this is dropped.
pub(super) struct Folder {
    path: PathBuf,
    engine: &'static str,
    fresh: bool,
    /// Held, never read: the lock goes with it.
    _lock: Lock,
}

/// Keeps other processes out of a data folder until it is dropped.
pub(super) struct Lock {
    _file: File,
}

/// Locks a data folder, making it when it is missing.
pub(super) fn lock(path: &Path) -> Result<Lock, FolderError> {
    let failed = |source| FolderError::Io {
        folder: path.to_owned(),
        source,
    };
    make_folder(path).map_err(failed)?;
    let file = private(OpenOptions::new().create(true).truncate(false).write(true))
        .open(path.join(LOCK_FILE))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(FolderError::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}

impl Folder {
    /// Locks the folder, making it when it is missing, and checks that it is one of ours.
    pub(super) fn enter(path: &Path, engine: &'static str) -> Result<Self, FolderError> {
        let failed = |source| FolderError::Io {
            folder: path.to_owned(),
            source,
        };
        let lock = lock(path)?;
        if path.join(RESTORING).exists() {
            return Err(FolderError::Restoring(path.to_owned()));
        }
        let fresh = match fs::read_to_string(path.join(ID_FILE)) {
            Ok(text) => check(path, engine, &text).map(|()| false)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(failed(error)),
        };
        Ok(Self {
            path: path.to_owned(),
            engine,
            fresh,
            _lock: lock,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether no store was ever finished here.
    pub(super) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Says that a store now lives here. Called once the store's own files are durable: a folder with the file and no store is refused.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        if self.fresh {
            let id = format!(
                "{:016x}{:016x}",
                RandomState::new().build_hasher().finish(),
                RandomState::new().hash_one(&self.path)
            );
            let identity = Identity {
                id,
                format: FORMAT,
                engine: self.engine.into(),
                written_by: env!("CARGO_PKG_VERSION").into(),
            };
            let text = toml::to_string(&identity).map_err(io::Error::other)?;
            self.write(
                ID_FILE,
                &format!(
                    "# What this folder is. Without this file realmkeep takes it for new.\n{text}"
                ),
            )?;
            self.fresh = false;
        }
        Ok(())
    }

    /// Leaves word for the next start that everything up to commit `seq` was written and closed in order.
    pub(super) fn leave(&self, seq: u64) -> io::Result<()> {
        self.write(CLEAN_FILE, &seq.to_string())
    }

    /// The word left by a clean stop, if it was one.
    pub(super) fn word(&self) -> io::Result<Option<u64>> {
        match fs::read_to_string(self.path.join(CLEAN_FILE)) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes the word away, durably: it must not be there still after a stop that was not clean.
    pub(super) fn forget_word(&self) -> io::Result<()> {
        match fs::remove_file(self.path.join(CLEAN_FILE)) {
            Ok(()) => File::open(&self.path)?.sync_all(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Writes a small file so that after a power cut it is there as a whole or not at all.
    fn write(&self, name: &str, text: &str) -> io::Result<()> {
        let draft = self.path.join(format!("{name}.new"));
        let mut file =
            private(OpenOptions::new().create(true).truncate(true).write(true)).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, self.path.join(name))?;
        File::open(&self.path)?.sync_all()
    }
}

fn check(folder: &Path, engine: &str, text: &str) -> Result<(), FolderError> {
    let unreadable = |error: toml::de::Error| FolderError::Unreadable {
        file: folder.join(ID_FILE),
        what: error.message().to_owned(),
    };
    let Format { format, written_by } = toml::from_str(text).map_err(unreadable)?;
    if format > FORMAT {
        return Err(FolderError::Newer {
            folder: folder.to_owned(),
            found: format,
            written_by,
        });
    }
    let identity: Identity = toml::from_str(text).map_err(unreadable)?;
    if identity.engine != engine {
        return Err(FolderError::OtherEngine {
            folder: folder.to_owned(),
            found: identity.engine,
        });
    }
    Ok(())
}

/// Makes a folder that only its owner may enter, and makes that durable. One that is there keeps the rights its owner gave it.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    match path.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// A file that only its owner may read.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes every file and folder under `dir` durable.
pub(super) fn make_durable(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            make_durable(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    File::open(dir)?.sync_all()
}

/// Removes what a kill left of a snapshot that was being written. The engine means to pass such files by, but looks for
/// another ending than the one it gives them (0.34.7: `get_snapshot_files` and `write_snapshot`), takes the file for the
/// newest snapshot and calls the store corrupt. A snapshot only saves reading the log, so nothing is lost with it.
pub(super) fn clear_half_written(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "generating") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(result: Result<Folder, FolderError>) -> String {
        result.err().expect("must be refused").to_string()
    }

    #[test]
    fn a_second_process_is_refused_and_told_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::enter(dir.path(), "sled").unwrap();
        let refused = refusal(Folder::enter(dir.path(), "sled"));
        assert!(
            refused.contains("in use by another") && refused.contains(dir.path().to_str().unwrap()),
            "{refused}"
        );
        drop(first);
        Folder::enter(dir.path(), "sled").unwrap();
    }

    #[test]
    fn a_newer_format_is_refused_and_says_who_wrote_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(
            dir.path().join(ID_FILE),
            "format = 2\nwritten_by = \"7.8.9\"\nsomething = \"new\"",
        )
        .unwrap();
        let refused = refusal(Folder::enter(dir.path(), "sled"));
        assert!(
            refused.contains("format 2") && refused.contains("run realmkeep 7.8.9 or newer"),
            "{refused}"
        );
    }

    #[test]
    fn another_engines_folder_and_nonsense_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        Folder::enter(dir.path(), "redb").unwrap().settle().unwrap();
        assert!(refusal(Folder::enter(dir.path(), "sled")).contains("--store redb"));
        fs::write(dir.path().join(ID_FILE), "\0\0\0").unwrap();
        assert!(refusal(Folder::enter(dir.path(), "sled")).contains(ID_FILE));
    }

    #[test]
    fn the_word_of_a_clean_stop_holds_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::enter(dir.path(), "sled").unwrap();
        assert_eq!(folder.word().unwrap(), None);
        folder.leave(42).unwrap();
        assert_eq!(folder.word().unwrap(), Some(42));
        folder.forget_word().unwrap();
        folder.forget_word().unwrap();
        assert_eq!(folder.word().unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn what_it_makes_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/data");
        Folder::enter(&path, "sled").unwrap().settle().unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        for file in [LOCK_FILE, ID_FILE] {
            assert_eq!(mode(&path.join(file)), 0o600, "{file}");
        }
    }
}
