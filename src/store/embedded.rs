//! The engine on disk: a [`Shelf`] and the guards that make its answers true.
//!
//! One writer. For each group: remember the old records, write, forget the old records, answer. A shelf may show a group before it is
//! durable; readers are therefore given the remembered old record of any key that is under way. Beside the shelf the writer keeps a
//! tally of all records, how far commits have come, and an eye on the room that is left.

mod health;
mod open;
mod read;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Instant;

use async_trait::async_trait;
use tokio::sync::watch;

use super::batch::SEQUENCE_KEY;
use super::check::{self, Progress, Walked};
use super::fault::Fault;
use super::feed::Feed;
use super::folder::Folder;
use super::mark::Mark;
use super::shelf::{Kind, Shelf};
use super::space::{Room, Space, words};
use super::stored::{self, Tally};
use super::{
    Batch, Bytes, Changes, CommitError, Cursor, Dir, Engine, FeedError, FeedPos, GroupError,
    Health, KeysOrRecords, OpenError, Outcome,
};
use super::{Page, Range, Record, StoreError, group};

type Olds = BTreeMap<Bytes, Option<Record>>;

/// An engine in a data folder.
pub(super) struct Embedded {
    pub(super) inner: Arc<Inner>,
    /// Checks every record beside the commits.
    checker: Option<JoinHandle<()>>,
}

pub(super) struct Inner {
    pub(super) shelf: Box<dyn Shelf>,
    kind: Kind,
    pub(super) writer: Mutex<Writer>,
    /// Keys of the group under way, as they were before it.
    under_way: RwLock<Olds>,
    feed: Feed,
    pub(super) space: Space,
    progress: Progress,
    /// Live records, for people to see.
    records: AtomicU64,
    /// Whether the log says that the store nears the size it is meant for.
    large: AtomicBool,
    /// The engine is about to be closed.
    closing: AtomicBool,
    /// Why there are no more commits: durability or the engine itself failed.
    stopped: OnceLock<String>,
    /// Why nothing is read or written any more: the records are not what was written.
    broken: OnceLock<String>,
    /// The first damaged record that was met; commits that do not touch it go on.
    damaged: OnceLock<String>,
    /// Last, so that the folder is let go after the files are closed.
    folder: Folder,
}

pub(super) struct Writer {
    seq: u64,
    tally: Tally,
    mark: Mark,
    /// What a check beside the commits has read.
    walked: Option<Walked>,
}

/// What opening found out.
pub(super) struct Opened {
    pub(super) folder: Folder,
    pub(super) kind: Kind,
    pub(super) shelf: Box<dyn Shelf>,
    pub(super) seq: u64,
    pub(super) tally: Tally,
    pub(super) mark: Mark,
    pub(super) space: Space,
    /// Whether every record was checked already.
    pub(super) checked: bool,
}

impl Embedded {
    /// Starts an engine over what was opened, and the check of what was not checked yet.
    pub(super) fn start(opened: Opened) -> Result<Self, OpenError> {
        let Opened {
            folder,
            kind,
            shelf,
            seq,
            tally,
            mark,
            space,
            checked,
        } = opened;
        let root = folder.path().to_owned();
        let inner = Arc::new(Inner {
            shelf,
            kind,
            writer: Mutex::new(Writer {
                seq,
                tally,
                mark,
                walked: (!checked).then(Walked::default),
            }),
            under_way: RwLock::default(),
            feed: Feed::beginning_at(seq),
            space,
            progress: Progress::default(),
            records: AtomicU64::new(tally.records),
            large: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            stopped: OnceLock::new(),
            broken: OnceLock::new(),
            damaged: OnceLock::new(),
            folder,
        });
        let checker = if checked {
            None
        } else {
            inner.progress.begin(tally.records);
            let checked = Arc::clone(&inner);
            let thread = std::thread::Builder::new()
                .name("store-check".into())
                .spawn(move || checked.check())
                .map_err(|source| OpenError::Io {
                    folder: root,
                    source,
                })?;
            Some(thread)
        };
        Ok(Self { inner, checker })
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.inner.closing.store(true, Ordering::SeqCst);
        if let Some(checker) = self.checker.take() {
            checker.thread().unpark();
            let _ = checker.join();
        }
    }
}

impl Inner {
    fn group(&self, batches: &[Batch]) -> Result<Vec<Outcome>, GroupError> {
        if let Some(why) = self.broken.get().or_else(|| self.stopped.get()) {
            return Err(GroupError::Corrupt(why.clone()));
        }
        let (room, free) = self.space.look();
        if room == Room::Enough {
            return self.apply(batches);
        }
        let taken = |batch: &&Batch| room == Room::Short && batch.is_essential();
        let some: Vec<Batch> = batches.iter().filter(taken).cloned().collect();
        let mut outcomes = self.apply(&some)?.into_iter();
        let refusal = words(room, free).unwrap_or_default();
        metrics::counter!("realmkeep_store_refused_total", "why" => "disk")
            .increment((batches.len() - some.len()) as u64);
        let refused = || Err(CommitError::NoRoom(refusal.clone()));
        Ok(batches
            .iter()
            .map(|batch| match taken(&batch) {
                true => outcomes.next().unwrap_or_else(refused),
                false => refused(),
            })
            .collect())
    }

    fn apply(&self, batches: &[Batch]) -> Result<Vec<Outcome>, GroupError> {
        let mut writer = self.writer();
        let plan = group::decide(batches, writer.seq, |k| self.load(k));
        if !plan.writes.is_empty() {
            let mut tally = writer.tally;
            let mut puts = Vec::with_capacity(plan.writes.len() + 1);
            let mut olds = Olds::new();
            for (key, touched) in plan.writes {
                touched.before.iter().for_each(|r| tally.remove(r));
                touched.after.iter().for_each(|r| tally.add(r));
                if let Some(walked) = &mut writer.walked {
                    walked.change(&key, &touched);
                }
                let sealed = touched
                    .after
                    .map(|r| stored::seal(&key, r.version.0.get(), &r.value));
                puts.push((key.clone(), sealed));
                olds.insert(key, touched.before);
            }
            let own = tally.seal(SEQUENCE_KEY, plan.seq);
            puts.push((Bytes::from_static(SEQUENCE_KEY), Some(own)));
            self.set_under_way(olds);
            self.shelf
                .write(puts)
                // The old records stay in front of the new ones: what may not be durable is never shown.
                .map_err(|fault| GroupError::Unknown(self.stop(&fault)))?;
            // Before the answer: a commit that was acknowledged is one that the next start must find.
            writer
                .mark
                .reach(plan.seq)
                .map_err(|error| GroupError::Unknown(self.stop(&Fault::Io(error))))?;
            self.set_under_way(Olds::new());
            writer.tally = tally;
            self.records.store(tally.records, Ordering::Relaxed);
        }
        writer.seq = plan.seq;
        self.feed.publish(plan.changes, plan.seq);
        Ok(plan.outcomes)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks every record beside the commits, at half speed.
    fn check(&self) {
        loop {
            let began = Instant::now();
            let mut writer = self.writer();
            let tally = writer.tally;
            let Some(walked) = &mut writer.walked else {
                return;
            };
            let more = match walked.step(&*self.shelf, check::PAGE, &self.progress) {
                Ok(false) => walked.compare(tally).map(|()| false),
                other => other,
            };
            match more {
                Ok(true) => {}
                Ok(false) => {
                    tracing::info!(records = tally.records, "every record was checked");
                    break writer.walked = None;
                }
                Err(fault) => {
                    writer.walked = None;
                    break self.give_up(&mut writer, &fault);
                }
            }
            drop(writer);
            if self.closing.load(Ordering::SeqCst) || self.stopped.get().is_some() {
                break;
            }
            std::thread::park_timeout(began.elapsed());
        }
        self.progress.end();
    }

    /// The records are not what was written: some may be older than they were, and a session that ended may look alive. So nothing is
    /// read or written any more, and the next start refuses before it serves.
    fn give_up(&self, writer: &mut Writer, fault: &Fault) {
        let why = format!(
            "the check of every record found damage ({fault}); stop realmkeep and restore a backup with `realmkeep restore`"
        );
        tracing::error!(%why, "the store is damaged; nothing is answered from it any more");
        self.broken.get_or_init(|| why);
        let seq = writer.seq;
        if let Err(error) = writer.mark.distrust(seq) {
            tracing::error!(%error, "the damage could not be noted for the next start");
        }
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

    fn stop(&self, fault: &Fault) -> String {
        let why = format!(
            "a commit could not be made durable ({fault}); restart realmkeep once the cause is mended"
        );
        tracing::error!(%why, "the store takes no more commits");
        self.stopped.get_or_init(|| why).clone()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let ended = [&self.stopped, &self.broken, &self.damaged];
        if ended.iter().any(|why| why.get().is_some()) {
            return;
        }
        let Writer { seq, mark, .. } = self
            .writer
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let closed = self
            .shelf
            .close()
            .and_then(|()| mark.sync().map_err(Fault::Io))
            .and_then(|()| self.folder.leave(*seq).map_err(Fault::Io));
        if let Err(error) = closed {
            tracing::warn!(%error, "the store was not closed in order");
        }
    }
}

#[async_trait]
impl Engine for Embedded {
    async fn commit_group(&self, g: &[Batch]) -> Result<Vec<Outcome>, GroupError> {
        self.inner.group(g)
    }

    async fn get(&self, k: &[u8]) -> Result<Option<Record>, StoreError> {
        self.inner.find(&*self.inner.snapshot()?, k)
    }

    async fn get_many(&self, ks: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError> {
        let snapshot = self.inner.snapshot()?;
        ks.iter().map(|k| self.inner.find(&snapshot, k)).collect()
    }

    async fn scan(
        &self,
        r: &Range,
        after: Option<&Cursor>,
        limit: usize,
        dir: Dir,
        what: KeysOrRecords,
    ) -> Result<Page, StoreError> {
        self.inner.page(r, after, limit, dir, what)
    }

    async fn changes(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError> {
        self.inner.feed.after(pos, limit)
    }

    fn wake(&self) -> watch::Receiver<()> {
        self.inner.feed.wake()
    }

    async fn health(&self) -> Health {
        self.inner.health()
    }
}
