//! The engine on disk: sled 0.34.7, with the guards that make its acknowledgements true.
//!
//! One writer. For each group: remember the old records, `apply_batch`, `flush`, pass the [`Barrier`], forget the old records,
//! answer. sled shows a batch as soon as it is applied, which is before it is durable; readers are therefore given the remembered old
//! record of any key that is under way. Whatever sled panics at stays inside this file.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::barrier::Barrier;
use super::batch::SEQUENCE_KEY;
use super::fault::{self, Fault};
use super::feed::Feed;
use super::folder::{self, Folder};
use super::stored::{self, Tally};
use super::{
    Batch, Bytes, Changes, Cursor, Dir, Engine, FeedError, FeedPos, GroupError, Health,
    KeysOrRecords, OpenError, Outcome,
};
use super::{Page, Range, Record, StoreError, group, page};

const CACHE_BYTES: u64 = 128 << 20;
/// Stays on, although every group is flushed by hand: the same thread collects sled's garbage.
const FLUSH_EVERY_MS: u64 = 500;

type Olds = BTreeMap<Bytes, Option<Record>>;

/// A sled database in a data folder.
pub(super) struct Sled {
    pub(super) db: sled::Db,
    pub(super) writer: Mutex<Writer>,
    /// Keys of the group under way, as they were before it.
    under_way: RwLock<Olds>,
    feed: Feed,
    /// Why there are no more commits: durability or the engine itself failed.
    stopped: OnceLock<String>,
    /// The first damaged record that was met; commits that do not touch it go on.
    damaged: OnceLock<String>,
    /// Last, so that the folder is let go after the database is closed.
    folder: Folder,
}

pub(super) struct Writer {
    seq: u64,
    tally: Tally,
    pub(super) barrier: Barrier,
}

impl Sled {
    /// Opens the database in `folder`, or makes it when the folder is fresh.
    pub(super) fn open(mut folder: Folder) -> Result<Self, OpenError> {
        let root = folder.path().to_owned();
        let failed = |source| OpenError::Io {
            folder: root.clone(),
            source,
        };
        let broken = |fault| match fault {
            Fault::Io(source) => failed(source),
            Fault::Engine(what) => OpenError::Damaged {
                folder: root.clone(),
                what,
            },
        };
        let lost = |what| OpenError::Lost {
            folder: root.clone(),
            what,
        };
        let dir = root.join("sled");
        if !folder.is_fresh() && !dir.join("db").is_file() {
            return Err(lost("missing"));
        }
        folder::make_folder(&dir).map_err(failed)?;
        folder::clear_half_written(&dir).map_err(failed)?;
        let db = start(&dir).map_err(broken)?;
        let mut barrier = Barrier::raise(&dir).map_err(failed)?;
        let (seq, tally) = match careful(|| db.get(SEQUENCE_KEY)).map_err(broken)? {
            Some(sealed) => Tally::unseal(SEQUENCE_KEY, &sealed)
                .map_err(Fault::from)
                .map_err(broken)?,
            None if careful(|| Ok(!db.is_empty())).map_err(broken)? => {
                return Err(broken(Fault::Engine("its own record is missing".into())));
            }
            None if !folder.is_fresh() => return Err(lost("empty")),
            None => {
                let state = Tally::default().seal(SEQUENCE_KEY, 0);
                careful(|| db.insert(SEQUENCE_KEY, state).and_then(|_| db.flush()))
                    .map_err(broken)?;
                barrier.pass().map_err(failed)?;
                (0, Tally::default())
            }
        };
        let word = folder.word().map_err(failed)?;
        verify(&db, seq, tally, word).map_err(broken)?;
        folder.settle().map_err(failed)?;
        folder.forget_word().map_err(failed)?;
        Ok(Self {
            db,
            writer: Mutex::new(Writer {
                seq,
                tally,
                barrier,
            }),
            under_way: RwLock::default(),
            feed: Feed::beginning_at(seq),
            stopped: OnceLock::new(),
            damaged: OnceLock::new(),
            folder,
        })
    }

    fn group(&self, batches: &[Batch]) -> Result<Vec<Outcome>, GroupError> {
        if let Some(why) = self.stopped.get() {
            return Err(GroupError::Corrupt(why.clone()));
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let plan = group::decide(batches, writer.seq, |k| self.load(k));
        if !plan.writes.is_empty() {
            let mut tally = writer.tally;
            let mut writes = sled::Batch::default();
            let mut olds = Olds::new();
            for (key, touched) in plan.writes {
                touched.before.iter().for_each(|r| tally.remove(r));
                touched.after.iter().for_each(|r| tally.add(r));
                match touched.after {
                    Some(r) => {
                        writes.insert(&*key, stored::seal(&key, r.version.0.get(), &r.value))
                    }
                    None => writes.remove(&*key),
                }
                olds.insert(key, touched.before);
            }
            writes.insert(SEQUENCE_KEY, tally.seal(SEQUENCE_KEY, plan.seq));
            self.set_under_way(olds);
            careful(|| self.db.apply_batch(writes).and_then(|()| self.db.flush()))
                .and_then(|_| writer.barrier.pass().map_err(Fault::Io))
                // The old records stay in front of the new ones: what may not be durable is never shown.
                .map_err(|fault| GroupError::Unknown(self.stop(&fault)))?;
            self.set_under_way(Olds::new());
            writer.tally = tally;
        }
        writer.seq = plan.seq;
        self.feed.publish(plan.changes, plan.seq);
        Ok(plan.outcomes)
    }

    fn set_under_way(&self, olds: Olds) {
        let before = std::mem::replace(
            &mut *self
                .under_way
                .write()
                .unwrap_or_else(PoisonError::into_inner),
            olds,
        );
        // Outside of the lock: readers need not wait for it to be taken apart.
        drop(before);
    }

    /// Holding this keeps groups from being applied and from being shown: what is read meanwhile is one snapshot.
    fn snapshot(&self) -> RwLockReadGuard<'_, Olds> {
        self.under_way
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, snapshot: &Olds, key: &[u8]) -> Result<Option<Record>, StoreError> {
        match snapshot.get(key) {
            Some(old) => Ok(old.clone()),
            None => self.load(key),
        }
    }

    /// What sled holds, durable or not.
    fn load(&self, key: &[u8]) -> Result<Option<Record>, StoreError> {
        if key == SEQUENCE_KEY {
            return Ok(None);
        }
        let found = careful(|| self.db.get(key)).map_err(|fault| self.unreadable(fault))?;
        found
            .map(|sealed| self.sound(stored::record(Bytes::copy_from_slice(key), &sealed)))
            .transpose()
    }

    fn page(
        &self,
        r: &Range,
        after: Option<&Cursor>,
        limit: usize,
        dir: Dir,
        what: KeysOrRecords,
    ) -> Result<Page, StoreError> {
        let Some(bounds) = page::bounds(r, after, dir) else {
            return Ok(Page {
                records: Vec::new(),
                next: None,
            });
        };
        let snapshot = self.snapshot();
        let olds = snapshot.range::<[u8], _>((as_slice(&bounds.0), as_slice(&bounds.1)));
        let mut on_disk = careful(|| Ok(self.db.range::<Bytes, _>(bounds)))
            .map_err(|fault| self.unreadable(fault))?;
        let step = || loop {
            let next = careful(|| {
                match dir {
                    Dir::Forward => on_disk.next(),
                    Dir::Reverse => on_disk.next_back(),
                }
                .transpose()
            });
            return match next.map_err(|fault| self.unreadable(fault)) {
                Ok(Some((key, _))) if key == SEQUENCE_KEY => continue,
                Ok(Some((key, sealed))) => {
                    Some(self.sound(stored::record(Bytes::copy_from_slice(&key), &sealed)))
                }
                Ok(None) => None,
                Err(error) => Some(Err(error)),
            };
        };
        match dir {
            Dir::Forward => page::fill(
                page::overlay(std::iter::from_fn(step), olds, dir),
                limit,
                what,
            ),
            Dir::Reverse => page::fill(
                page::overlay(std::iter::from_fn(step), olds.rev(), dir),
                limit,
                what,
            ),
        }
    }

    fn stop(&self, fault: &Fault) -> String {
        let why = format!(
            "a commit could not be made durable ({fault}); restart realmkeep once the cause is mended"
        );
        tracing::error!(%why, "the store takes no more commits");
        self.stopped.get_or_init(|| why).clone()
    }

    fn unreadable(&self, fault: Fault) -> StoreError {
        match fault {
            Fault::Io(error) => StoreError::Unavailable(error.into()),
            Fault::Engine(what) => self.note(StoreError::Corrupt(what)),
        }
    }

    fn sound<T>(&self, read: Result<T, StoreError>) -> Result<T, StoreError> {
        read.map_err(|error| self.note(error))
    }

    fn note(&self, error: StoreError) -> StoreError {
        self.damaged.get_or_init(|| {
            tracing::error!(%error, "damage in the store");
            error.to_string()
        });
        error
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        let Writer { seq, barrier, .. } = self
            .writer
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if self.stopped.get().is_none() && self.damaged.get().is_none() {
            let closed =
                careful(|| self.db.flush()).and_then(|_| barrier.pass().map_err(Fault::Io));
            if let Err(error) = closed.and_then(|()| self.folder.leave(*seq).map_err(Fault::Io)) {
                tracing::warn!(%error, "the store was not closed in order; the next start checks every record");
            }
        }
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

/// A clean stop leaves word of its last commit; after any other stop every record is counted again.
fn verify(db: &sled::Db, seq: u64, tally: Tally, word: Option<u64>) -> Result<(), Fault> {
    match word {
        Some(word) if word == seq => Ok(()),
        Some(word) => Err(Fault::Engine(format!(
            "it was closed after commit {word} and now ends with commit {seq}"
        ))),
        None => {
            let mut found = Tally::default();
            let mut records = db.iter();
            while let Some((key, sealed)) = careful(|| records.next().transpose())? {
                if key != SEQUENCE_KEY {
                    found.add(&stored::record(Bytes::copy_from_slice(&key), &sealed)?);
                }
            }
            if found == tally {
                return Ok(());
            }
            Err(Fault::Engine(format!(
                "{} records should be there, {} were found",
                tally.records, found.records
            )))
        }
    }
}

fn as_slice(bound: &Bound<Bytes>) -> Bound<&[u8]> {
    bound.as_ref().map(|key| &**key)
}

#[async_trait]
impl Engine for Sled {
    async fn commit_group(&self, g: &[Batch]) -> Result<Vec<Outcome>, GroupError> {
        self.group(g)
    }

    async fn get(&self, k: &[u8]) -> Result<Option<Record>, StoreError> {
        self.find(&self.snapshot(), k)
    }

    async fn get_many(&self, ks: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError> {
        let snapshot = self.snapshot();
        ks.iter().map(|k| self.find(&snapshot, k)).collect()
    }

    async fn scan(
        &self,
        r: &Range,
        after: Option<&Cursor>,
        limit: usize,
        dir: Dir,
        what: KeysOrRecords,
    ) -> Result<Page, StoreError> {
        self.page(r, after, limit, dir, what)
    }

    async fn changes(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError> {
        self.feed.after(pos, limit)
    }

    fn wake(&self) -> watch::Receiver<()> {
        self.feed.wake()
    }

    async fn health(&self) -> Health {
        let disk = fs::metadata(self.folder.path().join("sled/db"))
            .ok()
            .map(|m| m.len());
        let trouble = self.stopped.get().or_else(|| self.damaged.get()).cloned();
        Health {
            engine: "sled",
            writable: self.stopped.get().is_none(),
            trouble,
            disk,
            queued: 0,
            pos: self.feed.head(),
        }
    }
}
