//! One suite for every engine: what a store must do, whoever remembers. `each_engine!` runs a property on all of them.

mod basics;
mod child;
#[path = "../../../tests/support/postgres.rs"]
#[expect(dead_code, reason = "the black-box tests use more of it")]
pub(in crate::store) mod cluster;
mod damage;
mod disk;
mod history;
mod kill;
mod mishap;
mod model;
mod power;
mod races;
mod rates;
mod room;

use std::collections::HashSet;
use std::num::NonZeroU64;
use std::sync::Arc;

pub(in crate::store) use mishap::Mishaps;

use super::embedded::Embedded;
use super::folder::Folder;
use super::grouped::Grouped;
use super::memory::Memory;
use super::postgres::{Postgres, Target};
use super::shelf::Kind;
use super::*;

/// A new and empty store, with the engine beneath it for what only an engine's caller can arrange.
struct Bench {
    store: Arc<dyn Store>,
    engine: Arc<dyn Engine>,
    /// Last: the files go once they are closed.
    _dir: Option<tempfile::TempDir>,
}

impl Bench {
    fn memory() -> Self {
        Self::over(Arc::new(Memory::new()), None)
    }

    fn sled() -> Self {
        Self::embedded(super::sled::KIND).0
    }

    fn redb() -> Self {
        Self::embedded(super::redb::KIND).0
    }

    fn embedded(kind: Kind) -> (Self, Arc<Embedded>) {
        let dir = tempfile::tempdir().unwrap();
        let engine = Arc::new(embedded(dir.path(), kind).unwrap());
        let bench = Self::over(Arc::clone(&engine) as Arc<dyn Engine>, Some(dir));
        (bench, engine)
    }

    /// Nothing where PostgreSQL is not installed.
    fn postgres() -> Option<Self> {
        let url = cluster::shared()?.fresh();
        let engine = Postgres::open(Target::parse(&url).unwrap()).unwrap();
        Some(Self::over(Arc::new(engine), None))
    }

    /// The stretch of the feed after `pos`, once it is told: an engine of many nodes tells a commit when those before it
    /// are over, anybody's.
    async fn changes(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError> {
        for _ in 0..500 {
            let told = self.store.changes(pos, limit).await;
            if !told.as_ref().is_ok_and(|told| told.changes.is_empty()) {
                return told;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        self.store.changes(pos, limit).await
    }

    fn over(engine: Arc<dyn Engine>, dir: Option<tempfile::TempDir>) -> Self {
        Self {
            store: Arc::new(Grouped::new(Arc::clone(&engine)).unwrap()),
            engine,
            _dir: dir,
        }
    }

    async fn put(&self, key: &'static str, value: &'static str) -> Version {
        self.commit(|b| b.put(key, value)).await.unwrap().version
    }

    async fn commit(
        &self,
        fill: impl FnOnce(&mut Batch) -> &mut Batch,
    ) -> Result<Committed, CommitError> {
        self.store.commit(batch(fill)).await
    }

    async fn value(&self, key: &str) -> Option<Bytes> {
        self.store
            .get(key.as_bytes())
            .await
            .unwrap()
            .map(|r| r.value)
    }

    async fn version(&self, key: &str) -> Version {
        self.store
            .get(key.as_bytes())
            .await
            .unwrap()
            .unwrap()
            .version
    }
}

/// The engine alone, for what the store above it does not show.
fn embedded(data: &std::path::Path, kind: Kind) -> Result<Embedded, OpenError> {
    Embedded::open(Folder::enter(data, kind.name)?, kind)
}

fn batch(fill: impl FnOnce(&mut Batch) -> &mut Batch) -> Batch {
    let mut batch = Batch::new();
    fill(&mut batch);
    batch
}

fn number(n: u64) -> Bytes {
    n.to_be_bytes().to_vec().into()
}

fn conflict_at(outcome: &Result<Committed, CommitError>) -> Option<&[u8]> {
    match outcome {
        Err(CommitError::Conflict { key: Some(key) }) => Some(key),
        _ => None,
    }
}

/// Runs each property, an `async fn(Bench)`, on every engine.
macro_rules! each_engine {
    ($($property:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $property() { super::$property(super::super::Bench::memory()).await })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $property() {
                if let Some(bench) = super::super::Bench::postgres() { super::$property(bench).await }
            })*
        }
        mod sled {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $property() { super::$property(super::super::Bench::sled()).await })*
        }
        mod redb {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $property() { super::$property(super::super::Bench::redb()).await })*
        }
    };
}
use each_engine;

/// Runs each property of an engine on disk, an `async fn(Kind)`, on both of them.
macro_rules! each_disk {
    ($($property:ident),* $(,)?) => {
        mod sled {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $property() { super::$property(crate::store::sled::KIND).await })*
        }
        mod redb {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)] async fn $property() { super::$property(crate::store::redb::KIND).await })*
        }
    };
}
use each_disk;
