//! Puts a store that was filled from a snapshot into a data folder: it is made in a folder inside, and moved into its place once it
//! is whole. A kill at any moment leaves the old store, or something that is refused until the restore is called again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::OpenError;
use crate::store::folder::{self, Lock, RESTORING};

/// Stands in the inner folder from the moment that its store is whole.
const WHOLE: &str = "WHOLE";
const ID_FILE: &str = "realmkeep.id";
/// What stores are made of; an old one's goes aside, whichever engine it was.
const OF_STORES: [&str; 5] = [ID_FILE, "CLEAN", "MARK", "sled", "redb"];
/// What stays where it is.
const STAYS: [&str; 4] = ["LOCK", "RESERVE", "master.key", WHOLE];

/// A data folder that is being restored; nobody else gets in meanwhile.
pub struct Place {
    data: PathBuf,
    inner: PathBuf,
    _lock: Lock,
}

/// What is to be moved.
#[derive(Serialize, Deserialize)]
struct Moves {
    /// The folder that the old store goes to.
    aside: String,
    /// The files and folders of the new one.
    names: Vec<String>,
}

impl Place {
    /// Locks the data folder, making it when it is missing.
    ///
    /// # Errors
    /// [`OpenError::Folder`] when somebody else is in it.
    pub fn enter(data: &Path) -> Result<Self, OpenError> {
        Ok(Self {
            data: data.to_owned(),
            inner: data.join(RESTORING),
            _lock: folder::lock(data)?,
        })
    }

    /// Whether a store was set up in the data folder.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        OF_STORES.iter().any(|name| self.data.join(name).exists())
    }

    /// Where the new store is made.
    #[must_use]
    pub fn inner(&self) -> &Path {
        &self.inner
    }

    /// Whether a kill came between the last record and the last file that had to be moved: [`Place::swap`] finishes it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.inner.join(WHOLE).exists()
    }

    /// Begins anew: what an earlier restore left goes away.
    ///
    /// # Errors
    /// What the system said.
    pub fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.inner) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Moves the new store, which is closed, into its place; an old one goes to the folder `aside` inside the data folder. Answers
    /// that folder when there is one.
    ///
    /// # Errors
    /// What the system said; calling it again goes on.
    pub fn swap(&self, aside: &str) -> io::Result<Option<PathBuf>> {
        let moves = if self.is_whole() {
            let text = fs::read(self.inner.join(WHOLE))?;
            serde_json::from_slice(&text).map_err(io::Error::other)?
        } else {
            let moves = Moves {
                aside: aside.to_owned(),
                names: self.names()?,
            };
            self.remember(&moves)?;
            moves
        };
        let aside = self.data.join(&moves.aside);
        for name in OF_STORES {
            let there = self.data.join(name);
            let is_new = moves.names.iter().any(|new| new == name);
            // Once moved, the new one is what is there.
            if there.exists() && (!is_new || self.inner.join(name).exists()) {
                folder::make_folder(&aside)?;
                fs::rename(&there, aside.join(name))?;
            }
        }
        // What says that a store lives here comes last.
        let (id, rest): (Vec<_>, Vec<_>) = moves.names.iter().partition(|name| *name == ID_FILE);
        for name in rest.into_iter().chain(id) {
            let from = self.inner.join(name);
            if from.exists() {
                sync(&self.data)?;
                fs::rename(from, self.data.join(name))?;
            }
        }
        sync(&self.data)?;
        fs::remove_dir_all(&self.inner)?;
        sync(&self.data)?;
        Ok(aside.exists().then_some(aside))
    }

    fn remember(&self, moves: &Moves) -> io::Result<()> {
        let draft = self.inner.join("WHOLE.new");
        let mut file = File::create(&draft)?;
        file.write_all(&serde_json::to_vec(moves).map_err(io::Error::other)?)?;
        file.sync_all()?;
        fs::rename(&draft, self.inner.join(WHOLE))?;
        sync(&self.inner)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.inner)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if !STAYS.contains(&name.as_str()) {
                names.push(name);
            }
        }
        Ok(names)
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
