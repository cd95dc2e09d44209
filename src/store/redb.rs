//! The shelf made of redb: a copy-on-write tree in one file. A group is one write transaction, durable when `commit` returns; what
//! panics on damaged pages stays inside this file.

use std::fs::{self, OpenOptions};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
#[cfg(test)]
use std::sync::Arc;
use std::time::Duration;

use redb::backends::FileBackend;
use redb::{
    BackendError, Builder, Database, DatabaseError, Durability, ReadOnlyTable, ReadableDatabase,
    StorageBackend, StorageError, TableDefinition,
};

use super::fault::{self, Fault};
use super::page::Bounds;
use super::shelf::{Kind, Put, Shelf, Walk};
use super::{Bytes, Dir, folder};

/// redb, in the folder `redb`.
pub(super) const KIND: Kind = Kind {
    name: "redb",
    file: "records.redb",
    open: |dir| Redb::open(dir).map(|shelf| Box::new(shelf) as Box<dyn Shelf>),
    meant_for: None,
};

const CACHE_BYTES: usize = 128 << 20;
const RECORDS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("records");

pub(super) struct Redb {
    db: Database,
    file: PathBuf,
    #[cfg(test)]
    mishaps: Arc<super::conformance::Mishaps>,
}

impl Redb {
    fn open(dir: &Path) -> Result<Self, Fault> {
        let file = dir.join(KIND.file);
        #[cfg(test)]
        let mishaps = Arc::default();
        let open = |file: &Path| {
            let disk = || {
                let file =
                    folder::private(OpenOptions::new().create(true).truncate(false).read(true))
                        .write(true)
                        .open(file)?;
                Ok::<_, DatabaseError>(Disk {
                    file: FileBackend::new(file)?,
                    #[cfg(test)]
                    mishaps: Arc::clone(&mishaps),
                })
            };
            let db = start(|| {
                Builder::new()
                    .set_cache_size(CACHE_BYTES)
                    .create_with_backend(disk()?)
            })?;
            careful(|| {
                let begun = db.begin_write()?;
                begun.open_table(RECORDS)?;
                Ok(begun.commit()?)
            })?;
            Ok::<_, Fault>(db)
        };
        if !file.try_exists().map_err(Fault::Io)? {
            // Under another name until it is whole: what a power cut leaves of it is not taken for the store.
            let new = file.with_extension("new");
            match fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Fault::Io(error));
                }
                _ => {}
            }
            drop(open(&new)?);
            folder::make_durable(dir).map_err(Fault::Io)?;
            fs::rename(&new, &file).map_err(Fault::Io)?;
        }
        let db = open(&file)?;
        folder::make_durable(dir).map_err(Fault::Io)?;
        Ok(Self {
            db,
            file,
            #[cfg(test)]
            mishaps,
        })
    }

    fn table(&self) -> Result<ReadOnlyTable<&'static [u8], &'static [u8]>, redb::Error> {
        Ok(self.db.begin_read()?.open_table(RECORDS)?)
    }
}

impl Shelf for Redb {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Fault> {
        careful(|| {
            let found = self.table()?.get(key)?;
            Ok(found.map(|kept| Bytes::copy_from_slice(kept.value())))
        })
    }

    fn walk(&self, bounds: Bounds, dir: Dir) -> Result<Walk<'_>, Fault> {
        let ends: (Bound<&[u8]>, Bound<&[u8]>) = (slice(&bounds.0), slice(&bounds.1));
        let mut on_disk = careful(|| Ok(self.table()?.range_owned::<&[u8]>(ends)?))?;
        let mut over = false;
        Ok(Box::new(std::iter::from_fn(move || {
            if over {
                return None;
            }
            let next = careful(|| {
                let next = match dir {
                    Dir::Forward => on_disk.next(),
                    Dir::Reverse => on_disk.next_back(),
                };
                let copy = Bytes::copy_from_slice;
                Ok(next
                    .transpose()?
                    .map(|(key, kept)| (copy(key.value()), copy(kept.value()))))
            })
            .transpose();
            over = !matches!(next, Some(Ok(_)));
            next
        })))
    }

    fn write(&self, puts: Vec<Put>) -> Result<(), Fault> {
        careful(|| {
            let mut begun = self.db.begin_write()?;
            begun.set_durability(self.durability())?;
            {
                let mut table = begun.open_table(RECORDS)?;
                for (key, kept) in &puts {
                    match kept {
                        Some(kept) => drop(table.insert(&**key, &**kept)?),
                        None => drop(table.remove(&**key)?),
                    }
                }
            }
            Ok(begun.commit()?)
        })
    }

    fn close(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn disk(&self) -> Option<u64> {
        std::fs::metadata(&self.file).ok().map(|m| m.len())
    }

    #[cfg(test)]
    fn mishaps(&self) -> &super::conformance::Mishaps {
        &self.mishaps
    }
}

impl Redb {
    #[cfg(not(test))]
    fn durability(&self) -> Durability {
        Durability::Immediate
    }

    #[cfg(test)]
    fn durability(&self) -> Durability {
        if self.mishaps.careless() {
            Durability::None
        } else {
            Durability::Immediate
        }
    }
}

fn slice(bound: &Bound<Bytes>) -> Bound<&[u8]> {
    bound.as_ref().map(|key| &**key)
}

/// Calls into redb.
fn careful<T>(call: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Fault> {
    fault::contain(|| call().map_err(Fault::from))
}

impl From<redb::Error> for Fault {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(error) => Self::Io(error),
            other => Self::Engine(other.to_string()),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "opening blocks anyway; a database just closed by this process lets go of its file a moment later"
)]
fn start(open: impl Fn() -> Result<Database, DatabaseError>) -> Result<Database, Fault> {
    let mut tries = 0;
    loop {
        let opened = fault::contain(|| Ok(open()))?;
        match opened {
            Err(DatabaseError::DatabaseAlreadyOpen) if tries < 100 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(DatabaseError::Storage(StorageError::Io(error))) => return Err(Fault::Io(error)),
            Err(error) => return Err(Fault::Engine(error.to_string())),
            Ok(db) => return Ok(db),
        }
    }
}

/// The database's file. A backend of ours, so that tests can make it fail.
#[derive(Debug)]
struct Disk {
    file: FileBackend,
    #[cfg(test)]
    mishaps: Arc<super::conformance::Mishaps>,
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        #[cfg(test)]
        self.mishaps.befall()?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(from, to)
    }

    fn try_lock_shared_range(
        &self,
        from: Bound<u64>,
        to: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(from, to)
    }

    fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(from, to)
    }

    fn query_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(from, to)
    }
}
