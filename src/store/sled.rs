//! The shelf made of sled 0.34.7, with the guard that makes its acknowledgements true: after `flush`, which on Linux survives a killed
//! process and no power cut, each group passes the [`Barrier`]. What sled panics at stays inside this file.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::barrier::Barrier;
use super::fault::{self, Fault};
use super::page::Bounds;
use super::shelf::{Kind, Put, Shelf, Size, Walk};
use super::{Bytes, Dir, folder};

/// sled, in the folder `sled`.
pub(super) const KIND: Kind = Kind {
    name: "sled",
    file: "db",
    open: |dir| Sled::open(dir).map(|shelf| Box::new(shelf) as Box<dyn Shelf>),
    // About two million live sessions; past it recovery takes minutes and commits stall.
    meant_for: Some(Size {
        bytes: 4_000_000_000,
        records: 20_000_000,
    }),
};

/// sled counts what pages take in its log; in memory they take four times that and more. With 128 MiB a store of 100 000 sessions held
/// 550 MiB after all of it was read, with 32 MiB 300 MiB at a third more for a read that misses.
const CACHE_BYTES: u64 = 64 << 20;
/// Stays on, although every group is flushed by hand: the same thread collects sled's garbage.
const FLUSH_EVERY_MS: u64 = 500;

struct Sled {
    db: sled::Db,
    barrier: Mutex<Barrier>,
    file: std::path::PathBuf,
    #[cfg(test)]
    mishaps: super::conformance::Mishaps,
}

impl Sled {
    fn open(dir: &Path) -> Result<Self, Fault> {
        folder::clear_half_written(dir).map_err(Fault::Io)?;
        let db = start(dir)?;
        let barrier = Mutex::new(Barrier::raise(dir).map_err(Fault::Io)?);
        Ok(Self {
            db,
            barrier,
            file: dir.join(KIND.file),
            #[cfg(test)]
            mishaps: super::conformance::Mishaps::default(),
        })
    }

    fn make_durable(&self) -> Result<(), Fault> {
        careful(|| self.db.flush())?;
        #[cfg(test)]
        if self.mishaps.careless() {
            return Ok(());
        }
        #[cfg(test)]
        self.mishaps.befall().map_err(Fault::Io)?;
        self.barrier
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pass()
            .map_err(Fault::Io)
    }
}

impl Shelf for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Fault> {
        let kept = careful(|| self.db.get(key))?;
        Ok(kept.map(|kept| Bytes::copy_from_slice(&kept)))
    }

    fn walk(&self, bounds: Bounds, dir: Dir) -> Result<Walk<'_>, Fault> {
        let mut on_disk = careful(|| Ok(self.db.range::<Bytes, _>(bounds)))?;
        let mut over = false;
        Ok(Box::new(std::iter::from_fn(move || {
            if over {
                return None;
            }
            let next = careful(|| {
                match dir {
                    Dir::Forward => on_disk.next(),
                    Dir::Reverse => on_disk.next_back(),
                }
                .transpose()
            })
            .transpose();
            over = !matches!(next, Some(Ok(_)));
            let copy = Bytes::copy_from_slice;
            next.map(|found| found.map(|(key, kept)| (copy(&key), copy(&kept))))
        })))
    }

    fn write(&self, puts: Vec<Put>) -> Result<(), Fault> {
        let mut writes = sled::Batch::default();
        for (key, kept) in puts {
            match kept {
                Some(kept) => writes.insert(&*key, kept),
                None => writes.remove(&*key),
            }
        }
        careful(|| self.db.apply_batch(writes))?;
        self.make_durable()
    }

    fn close(&self) -> Result<(), Fault> {
        self.make_durable()
    }

    fn disk(&self) -> Option<u64> {
        std::fs::metadata(&self.file).ok().map(|m| m.len())
    }

    #[cfg(test)]
    fn mishaps(&self) -> &super::conformance::Mishaps {
        &self.mishaps
    }
}

/// Calls into sled, which panics where others return errors.
fn careful<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, Fault> {
    fault::contain(|| {
        call().map_err(|error| match error {
            sled::Error::Io(error) => Fault::Io(error),
            other => Fault::Engine(other.to_string()),
        })
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "opening blocks anyway; a database just closed by this process lets go of its file a moment later"
)]
fn start(dir: &Path) -> Result<sled::Db, Fault> {
    let config = sled::Config::new()
        .path(dir)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(Some(FLUSH_EVERY_MS))
        .use_compression(false);
    let mut tries = 0;
    loop {
        match careful(|| config.open()) {
            Err(Fault::Io(error))
                if error.to_string().contains("could not acquire lock") && tries < 100 =>
            {
                tries += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}
