//! What makes a group durable once the engine has handed it to the system: a real `fdatasync`, which sled's own flush is not.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::folder;

/// The files behind which a group must lie before it is acknowledged.
pub(super) struct Barrier {
    log: File,
    /// Pages too large for the log are written here, one file each, and by nobody made durable.
    blobs: PathBuf,
    done: HashSet<OsString>,
}

impl Barrier {
    /// Makes every file and folder under `dir` durable, which after creation nothing else does, and watches over the log from now on.
    pub(super) fn raise(dir: &Path) -> io::Result<Self> {
        folder::make_durable(dir)?;
        let log = File::options()
            .read(true)
            .write(true)
            .open(dir.join("db"))?;
        let blobs = dir.join("blobs");
        let mut done = HashSet::new();
        for entry in fs::read_dir(&blobs)? {
            done.insert(entry?.file_name());
        }
        Ok(Self { log, blobs, done })
    }

    /// Returns once everything written so far is durable. After an error nobody can know what is: there is no second try.
    pub(super) fn pass(&mut self) -> io::Result<()> {
        self.settle_blobs()?;
        self.log.sync_data()
    }

    fn settle_blobs(&mut self) -> io::Result<()> {
        let mut there = HashSet::new();
        let mut new = false;
        for entry in fs::read_dir(&self.blobs)? {
            let entry = entry?;
            if !self.done.contains(&entry.file_name()) {
                new = true;
                match File::open(entry.path()) {
                    Ok(file) => file.sync_all()?,
                    // Already superseded and collected.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
            }
            there.insert(entry.file_name());
        }
        self.done = there;
        if new {
            File::open(&self.blobs)?.sync_all()
        } else {
            Ok(())
        }
    }
}
