//! The engine that forgets: an ordered map. For tests, and for trying things out.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use async_trait::async_trait;
use tokio::sync::watch;

use super::feed::Feed;
use super::{
    Batch, Bytes, Changes, Cursor, Dir, Engine, FeedError, FeedPos, GroupError, Health,
    KeysOrRecords, Outcome, Page, Range, Record,
};
use super::{StoreError, group, page};

/// Records in memory. Readers see a group as a whole, since it is written under the map's lock.
pub(super) struct Memory {
    records: RwLock<BTreeMap<Bytes, Record>>,
    feed: Feed,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            records: RwLock::default(),
            feed: Feed::beginning_at(0),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Bytes, Record>> {
        self.records.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Engine for Memory {
    async fn commit_group(&self, g: &[Batch]) -> Result<Vec<Outcome>, GroupError> {
        let seq = self.feed.head().0;
        let mut records = self.records.write().unwrap_or_else(PoisonError::into_inner);
        let plan = group::decide(g, seq, |k| Ok(records.get(k).cloned()));
        for (key, touched) in plan.writes {
            match touched.after {
                Some(record) => drop(records.insert(key, record)),
                None => drop(records.remove(&key)),
            }
        }
        drop(records);
        self.feed.publish(plan.changes, plan.seq);
        Ok(plan.outcomes)
    }

    async fn get(&self, k: &[u8]) -> Result<Option<Record>, StoreError> {
        Ok(self.read().get(k).cloned())
    }

    async fn get_many(&self, ks: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError> {
        let records = self.read();
        Ok(ks.iter().map(|k| records.get(k).cloned()).collect())
    }

    async fn scan(
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
        let records = self.read();
        let found = records.range(bounds).map(|(_, record)| Ok(record.clone()));
        match dir {
            Dir::Forward => page::fill(found, limit, what),
            Dir::Reverse => page::fill(found.rev(), limit, what),
        }
    }

    async fn changes(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError> {
        self.feed.after(pos, limit)
    }

    fn wake(&self) -> watch::Receiver<()> {
        self.feed.wake()
    }

    async fn health(&self) -> Health {
        Health {
            engine: "memory",
            writable: true,
            pos: self.feed.head(),
            ..Health::default()
        }
    }
}
