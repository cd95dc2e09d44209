//! Turns an engine into a store: many callers' batches share one trip to the disk.
//!
//! One writer thread takes whatever is queued, commits it as one group and answers each caller once the group is durable. There is
//! no timer: an idle store commits a lone batch at once, and while a group is under way the next one gathers by itself.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use super::{
    Batch, Bytes, Changes, CommitError, Committed, Cursor, Dir, Engine, FeedError, FeedPos,
    GroupError, Health, Hold,
};
use super::{
    KeysOrRecords, MAX_BATCH, MAX_PAGE, Moment, Outcome, Page, Range, Record, Store, StoreError,
    View,
};

/// The most batches in one group.
const GROUP_BATCHES: usize = 1024;
/// A group takes no further batch that would bring it over this many bytes.
const GROUP_BYTES: usize = MAX_BATCH;
/// How many batches may wait; callers beyond it wait to be let into the queue.
const QUEUE: usize = 4096;

struct Job {
    batch: Batch,
    answer: oneshot::Sender<Outcome>,
}

/// A store over `E`. Dropping it commits what is queued and closes the engine.
pub(super) struct Grouped<E: Engine + ?Sized> {
    engine: Arc<E>,
    queue: Option<mpsc::Sender<Job>>,
    /// Taken by the writer for each group, and by whoever holds commits back.
    turn: Arc<Mutex<()>>,
    writer: Option<JoinHandle<()>>,
}

impl<E: Engine + ?Sized> Grouped<E> {
    /// Starts the writer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn new(engine: Arc<E>) -> io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        // The writer has a small runtime of its own: it blocks on the disk, which must hold up nobody else's tasks.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let writing = Arc::clone(&engine);
        let turn = Arc::new(Mutex::new(()));
        let taken = Arc::clone(&turn);
        let writer = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || runtime.block_on(write(&*writing, jobs, &taken)))?;
        Ok(Self {
            engine,
            queue: Some(queue),
            turn,
            writer: Some(writer),
        })
    }
}

impl<E: Engine + ?Sized> Drop for Grouped<E> {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has told its callers already, by dropping their answers.
            let _ = writer.join();
        }
    }
}

async fn write<E: Engine + ?Sized>(engine: &E, mut jobs: mpsc::Receiver<Job>, turn: &Mutex<()>) {
    let mut held_back = None;
    loop {
        let Some(first) = (match held_back.take() {
            Some(job) => Some(job),
            None => jobs.recv().await,
        }) else {
            return;
        };
        let mut bytes = first.batch.size();
        let mut batches = vec![first.batch];
        let mut answers = vec![first.answer];
        while batches.len() < GROUP_BATCHES {
            let Ok(job) = jobs.try_recv() else { break };
            bytes += job.batch.size();
            if bytes > GROUP_BYTES {
                held_back = Some(job);
                break;
            }
            batches.push(job.batch);
            answers.push(job.answer);
        }
        let mine = turn.lock().await;
        let done = engine.commit_group(&batches).await;
        drop(mine);
        let outcomes = match done {
            Ok(outcomes) => outcomes,
            Err(error) => answers.iter().map(|_| Err(shared(&error))).collect(),
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // Nobody waits any more when the caller was cancelled; its batch is committed all the same.
            let _ = answer.send(outcome);
        }
    }
}

/// One batch's copy of what befell its group.
fn shared(error: &GroupError) -> CommitError {
    match error {
        GroupError::Unknown(why) => CommitError::Unknown(why.clone().into()),
        GroupError::Corrupt(why) => CommitError::Corrupt(why.clone()),
    }
}

#[async_trait]
impl<E: Engine + ?Sized> Store for Grouped<E> {
    async fn get(&self, k: &[u8]) -> Result<Option<Record>, StoreError> {
        self.engine.get(k).await
    }

    async fn get_many(&self, ks: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError> {
        self.engine.get_many(ks).await
    }

    async fn scan(
        &self,
        r: &Range,
        after: Option<&Cursor>,
        limit: usize,
        dir: Dir,
        what: KeysOrRecords,
    ) -> Result<Page, StoreError> {
        if limit == 0 {
            return Ok(Page {
                records: Vec::new(),
                next: after.cloned(),
            });
        }
        self.engine
            .scan(r, after, limit.min(MAX_PAGE), dir, what)
            .await
    }

    async fn commit(&self, b: Batch) -> Result<Committed, CommitError> {
        b.validate()?;
        let (answer, outcome) = oneshot::channel();
        let stopped = || "the store's writer has stopped";
        let queue = self
            .queue
            .as_ref()
            .ok_or_else(|| CommitError::Unavailable(stopped().into()))?;
        queue
            .send(Job { batch: b, answer })
            .await
            .map_err(|_| CommitError::Unavailable(stopped().into()))?;
        // Queued and never answered: the writer died with the batch in its hands.
        outcome
            .await
            .unwrap_or_else(|_| Err(CommitError::Unknown(stopped().into())))
    }

    async fn changes(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError> {
        self.engine.changes(pos, limit).await
    }

    fn wake(&self) -> watch::Receiver<()> {
        self.engine.wake()
    }

    fn clock(&self) -> Option<Moment> {
        self.engine.clock()
    }

    async fn health(&self) -> Health {
        let queued = self
            .queue
            .as_ref()
            .map_or(0, |q| q.max_capacity() - q.capacity());
        let mut health = Health {
            queued,
            ..self.engine.health().await
        };
        if self.writer.as_ref().is_none_or(JoinHandle::is_finished) {
            health.writable = false;
            health
                .trouble
                .get_or_insert_with(|| "the store's writer has stopped".into());
        }
        health
    }

    async fn view(&self) -> Result<Option<Box<dyn View>>, StoreError> {
        self.engine.view().await
    }

    async fn hold(&self) -> Result<Option<Hold>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        Ok(Some(Hold::new(turn)))
    }
}
