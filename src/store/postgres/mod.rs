//! The engine past one machine: PostgreSQL, version 15 or later, as a map of keys to values.
//!
//! Any number of nodes share one database. A group of commits is one call of a function of the schema ([`schema`]), so one
//! round trip and one flush; reads are one statement each. An answer that was lost is found again by the name the call bore
//! ([`commit`]). Only a primary is written and read.

mod commit;
mod fault;
mod feed;
mod link;
mod read;
mod row;
mod schema;
mod statements;
mod target;
#[cfg(test)]
mod tests;
mod tls;
mod view;
mod watch;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{Notify, watch as wake};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::error::SqlState;

pub use fault::OpenFault;
pub use target::{Target, TargetError};

use self::fault::words;
use self::link::{Dial, Link, Links};
use self::read::field;
use self::statements::{LISTEN, Sql};
use self::tls::Tls;
use self::view::OldView;
use self::watch::{Clock, Watch};
use super::{
    Batch, Bytes, Changes, Cursor, Dir, Engine, FeedError, FeedPos, GroupError, Health,
    KeysOrRecords, Moment, Outcome, Page, Range, Record, StoreError, View,
};

/// How long the first start waits for a server that is itself starting.
const STARTING: Duration = Duration::from_secs(30);
/// How long opening may take once the server is there.
const OPENING: Duration = Duration::from_secs(60);

/// A database that keeps records.
pub(super) struct Postgres {
    dial: Arc<Dial>,
    writer: Arc<Link>,
    readers: Links,
    watcher: Arc<Link>,
    /// Rung when something was committed here that other nodes should hear of.
    tell: Arc<Notify>,
    clock: Arc<Clock>,
    lost: Arc<AtomicBool>,
    /// The first bytes of the keys that the feed tells of; all when `None`.
    watched: Option<&'static [u8]>,
    watching: AbortHandle,
    /// Only where nobody else has one.
    runtime: Option<Runtime>,
}

impl Postgres {
    /// Connects, makes or migrates the tables, and starts what runs beside the requests. Blocks; the connections of reads
    /// live on the runtime this is called in.
    ///
    /// # Errors
    /// [`OpenFault`] says what to do about it.
    pub(super) fn open(target: Target) -> Result<Self, OpenFault> {
        let watched = target.watched;
        if target.is_exposed() {
            tracing::warn!(
                "the connection to the database does not check who answers; use sslmode=verify-full"
            );
        }
        let readers = target.readers;
        let tls = Tls::new(&target)?;
        let dial = Arc::new(Dial::new(target, tls));
        let clock = Arc::new(Clock::default());
        set_up(&dial, &clock)?;
        let system = |error: std::io::Error| OpenFault::Database(error.to_string());
        let (runtime, place) = match Handle::try_current() {
            Ok(place) => (None, place),
            Err(_) => {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .thread_name("store-postgres")
                    .enable_all()
                    .build()
                    .map_err(system)?;
                let place = runtime.handle().clone();
                (Some(runtime), place)
            }
        };
        let watcher = Link::new(Arc::clone(&dial), Some(place.clone()), Some(LISTEN));
        let (tell, lost) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let watch = Watch {
            link: Arc::clone(&watcher),
            tell: Arc::clone(&tell),
            clock: Arc::clone(&clock),
            lost: Arc::clone(&lost),
        };
        Ok(Self {
            // The writer's connection lives where the writer does: closing then never waits for anybody else's runtime.
            writer: Link::new(Arc::clone(&dial), None, None),
            readers: Links::new(&dial, &place, readers),
            watcher,
            dial,
            tell,
            clock,
            lost,
            watched,
            watching: place.spawn(watch.run()).abort_handle(),
            runtime,
        })
    }
}

/// Runs on a thread of its own, since this may be called from within a runtime.
fn set_up(dial: &Dial, clock: &Clock) -> Result<(), OpenFault> {
    let system = |error: std::io::Error| OpenFault::Database(error.to_string());
    let work = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(system)?
            .block_on(async {
                let in_time = timeout(OPENING, prepare(dial, clock)).await;
                in_time
                    .unwrap_or_else(|_| Err(OpenFault::Database("it does not answer".to_owned())))
            })
    };
    std::thread::scope(|scope| {
        scope
            .spawn(work)
            .join()
            .unwrap_or_else(|_| Err(OpenFault::Database("opening it failed".to_owned())))
    })
}

async fn prepare(dial: &Dial, clock: &Clock) -> Result<(), OpenFault> {
    let sql = |error: tokio_postgres::Error| OpenFault::Database(words(&error));
    let until = Instant::now() + STARTING;
    let (mut client, driver) = loop {
        match dial.connect().await {
            Ok(connected) => break connected,
            Err(error)
                if error.code() == Some(&SqlState::CANNOT_CONNECT_NOW)
                    && Instant::now() < until =>
            {
                sleep(Duration::from_millis(200)).await;
            }
            Err(error) => return Err(sql(error)),
        }
    };
    schema::prepare(&mut client).await?;
    let row = client
        .query_one(
            "SELECT current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'",
            &[],
        )
        .await
        .map_err(sql)?;
    if !row.get::<_, bool>(0) {
        tracing::warn!(
            "the database runs with fsync or full_page_writes off: a power cut may lose what was acknowledged"
        );
    }
    for _ in 0..3 {
        let asked = std::time::Instant::now();
        let row = client
            .query_one(Sql::Clock.text(), &[])
            .await
            .map_err(sql)?;
        clock.take(row.get(0), asked);
    }
    driver.abort();
    Ok(())
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.watching.abort();
        if let Some(runtime) = self.runtime.take() {
            // A runtime may not be waited for from within another one.
            runtime.shutdown_background();
        }
    }
}

#[async_trait]
impl Engine for Postgres {
    async fn commit_group(&self, g: &[Batch]) -> Result<Vec<Outcome>, GroupError> {
        self.group(g).await
    }

    async fn get(&self, k: &[u8]) -> Result<Option<Record>, StoreError> {
        self.one(k).await
    }

    async fn get_many(&self, ks: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError> {
        self.many(ks).await
    }

    async fn scan(
        &self,
        r: &Range,
        after: Option<&Cursor>,
        limit: usize,
        dir: Dir,
        what: KeysOrRecords,
    ) -> Result<Page, StoreError> {
        self.page(r, after, limit, dir, what).await
    }

    async fn changes(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError> {
        self.told(pos, limit).await
    }

    fn wake(&self) -> wake::Receiver<()> {
        self.dial.news.subscribe()
    }

    fn clock(&self) -> Option<Moment> {
        self.clock.now()
    }

    async fn view(&self) -> Result<Option<Box<dyn View>>, StoreError> {
        let view = OldView::open(&self.dial).await?;
        Ok(Some(Box::new(view)))
    }

    async fn health(&self) -> Health {
        let asked = timeout(Duration::from_secs(3), self.ask(Sql::Position, &[])).await;
        let row = match asked {
            Ok(Ok(rows)) => rows
                .into_iter()
                .next()
                .ok_or_else(|| "it answered nothing".to_owned()),
            Ok(Err(StoreError::Unavailable(why))) => Err(why.to_string()),
            Ok(Err(other)) => Err(other.to_string()),
            Err(_) => Err(self
                .readers
                .trouble()
                .or_else(|| self.watcher.trouble())
                .unwrap_or_else(|| "it does not answer in time".to_owned())),
        };
        let (mut pos, mut trouble) = (FeedPos(0), self.writer.trouble());
        match row {
            Ok(row) => {
                let number = field::<i64>(&row, 0).unwrap_or_default();
                pos = FeedPos(u64::try_from(number).unwrap_or_default());
                if field(&row, 1).unwrap_or(false) {
                    trouble.get_or_insert_with(|| "it is a standby".to_owned());
                }
            }
            Err(why) => trouble = Some(why),
        }
        Health {
            engine: "postgres",
            writable: trouble.is_none(),
            trouble: trouble
                .map(|why| format!("the database at {}: {why}", self.dial.target.hosts())),
            pos,
            ..Health::default()
        }
    }
}
