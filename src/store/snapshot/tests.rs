//! What a snapshot promises: one moment, all of it, or a refusal.

mod files;
mod places;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

use super::copy::{CopyError, copy};
use super::draft::Draft;
use super::fill::{self, FillError};
use super::place::Place;
use super::*;
use crate::store::{
    Batch, Bytes, Changes, CommitError, Committed, Cursor, Dir, FeedError, FeedPos, Health, Hold,
    KeysOrRecords, OpenError, Page, Range, Record, Store, StoreError, StoreKind, open,
};

fn header() -> Header {
    Header {
        format: FORMAT,
        layout: 1,
        engine: "memory".to_owned(),
        written_by: "0".to_owned(),
        master_key: None,
        began_at: 0,
    }
}

fn memory() -> Arc<dyn Store> {
    open(&StoreKind::Memory, Path::new("")).unwrap()
}

async fn put(store: &dyn Store, pairs: &[(&str, &str)]) {
    let mut batch = Batch::new();
    for (key, value) in pairs {
        batch.put((*key).to_owned(), (*value).to_owned());
    }
    store.commit(batch).await.unwrap();
}

/// Writes a snapshot; `now` is asked for its moment.
async fn snapshot(
    store: &dyn Store,
    file: &Path,
    now: &(dyn Fn() -> u64 + Send + Sync),
    slow: bool,
) -> Result<Trailer, CopyError> {
    let (to, mut pieces) = mpsc::channel::<Bytes>(1);
    let mut draft = Draft::begin(file).unwrap();
    let header = header();
    let taken = async {
        while let Some(piece) = pieces.recv().await {
            if slow {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            if let Err(error) = draft.push(&piece) {
                return error.to_string();
            }
        }
        String::new()
    };
    let (copied, refused) = tokio::join!(copy(store, &header, now, to), taken);
    let copied = copied?;
    assert_eq!(refused, "");
    let (_, trailer) = draft.finish().unwrap();
    assert_eq!(trailer.taken_at, copied.taken_at);
    Ok(trailer)
}

async fn restored(file: &Path) -> Arc<dyn Store> {
    let store = memory();
    let checked = read::check(file, |_| {}).unwrap();
    fill::fill(&*store, file, &checked.trailer, &[], |_| {})
        .await
        .unwrap();
    store
}

async fn records(store: &dyn Store) -> BTreeMap<Bytes, Bytes> {
    let all = Range {
        from: Bytes::new(),
        to: Bytes::new(),
    };
    let mut found = BTreeMap::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = store
            .scan(
                &all,
                after.as_ref(),
                1000,
                Dir::Forward,
                KeysOrRecords::Records,
            )
            .await
            .unwrap();
        found.extend(page.records.into_iter().map(|r| (r.key, r.value)));
        match page.next {
            Some(next) => after = Some(next),
            None => return found,
        }
    }
}

/// Commits that each move a mark from one place to another and count up: of one commit's records either all are in a copy or none.
async fn churn(
    store: Arc<dyn Store>,
    lane: u64,
    acknowledged: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
) {
    let mut count = 0_u64;
    while !over.load(Ordering::SeqCst) {
        let mut batch = Batch::new();
        let text = count.to_string();
        // Far apart, so that a scan meets them at different times; and one that comes as another goes.
        batch.put(format!("a{lane:03}"), text.clone());
        batch.put(format!("z{lane:03}"), text.clone());
        batch.put(format!("m{lane:03}-{}", count % 7), text);
        if count > 0 {
            batch.del(format!("m{lane:03}-{}", (count - 1) % 7));
        }
        store.commit(batch).await.unwrap();
        acknowledged.store(count, Ordering::SeqCst);
        count += 1;
    }
}

async fn is_one_moment_under_load(store: Arc<dyn Store>) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup");
    for chunk in 0..60 {
        let mut batch = Batch::new();
        for number in 0..500 {
            batch.put(format!("k{chunk:03}{number:03}"), vec![b'x'; 200]);
        }
        store.commit(batch).await.unwrap();
    }
    let over = Arc::new(AtomicBool::new(false));
    let lanes: Vec<Arc<AtomicU64>> = (0..8).map(|_| Arc::default()).collect();
    let tasks: Vec<_> = lanes
        .iter()
        .zip(0..)
        .map(|(lane, number)| {
            tokio::spawn(churn(store.clone(), number, lane.clone(), over.clone()))
        })
        .collect();
    for round in 0..4 {
        // The moment of the copy, said in what was acknowledged by then.
        let by_then = std::sync::Mutex::new(Vec::new());
        let now = || {
            let counts = lanes.iter().map(|lane| lane.load(Ordering::SeqCst));
            *by_then.lock().unwrap() = counts.collect();
            0
        };
        let trailer = snapshot(&*store, &file, &now, round % 2 == 1)
            .await
            .unwrap();
        let copy = records(&*restored(&file).await).await;
        assert_eq!(trailer.records, copy.len() as u64);
        let text = |key: String| {
            let value = copy.get(&Bytes::from(key));
            value.map(|v| String::from_utf8(v.to_vec()).unwrap())
        };
        let mut moved = 0;
        for (lane, known) in by_then.into_inner().unwrap().into_iter().enumerate() {
            let count = text(format!("a{lane:03}")).expect("a record");
            assert_eq!(
                text(format!("z{lane:03}")),
                Some(count.clone()),
                "half a commit"
            );
            let places: Vec<String> = (0..7)
                .filter_map(|place| text(format!("m{lane:03}-{place}")))
                .collect();
            assert_eq!(places, std::slice::from_ref(&count), "half a commit");
            let count: u64 = count.parse().unwrap();
            assert!(count >= known, "{known} was acknowledged, {count} is there");
            moved += known;
        }
        assert!(moved > 0, "nothing happened meanwhile");
    }
    over.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_is_one_moment_under_load_in_memory() {
    is_one_moment_under_load(memory()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_is_one_moment_under_load_on_sled() {
    let dir = tempfile::tempdir().unwrap();
    is_one_moment_under_load(open(&StoreKind::Sled, dir.path()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_is_one_moment_under_load_on_redb() {
    let dir = tempfile::tempdir().unwrap();
    is_one_moment_under_load(open(&StoreKind::Redb, dir.path()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_is_one_moment_under_load_on_postgres() {
    if let Some(cluster) = crate::store::conformance::cluster::shared() {
        let kind: StoreKind = cluster.fresh().parse().unwrap();
        is_one_moment_under_load(open(&kind, Path::new("")).unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_cannot_be_held_is_copied_in_a_quiet_moment() {
    let store = Arc::new(Odd::over(memory()));
    put(&*store, &[("a", "1"), ("b", "2")]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup");
    let restless = {
        let store = store.clone();
        tokio::spawn(async move {
            for count in 0..200 {
                let text = count.to_string();
                put(&*store, &[("x", &text), ("y", &text)]).await;
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        })
    };
    snapshot(&*store, &file, &|| 0, false).await.unwrap();
    let copy = records(&*restored(&file).await).await;
    assert_eq!(copy.get(&b"x"[..]), copy.get(&b"y"[..]));
    assert_eq!(copy[&b"a"[..]], "1");
    restless.await.unwrap();
}

#[tokio::test]
async fn a_feed_that_lost_its_place_is_said_and_leaves_no_file() {
    let store = Odd {
        gap: true,
        ..Odd::over(memory())
    };
    put(&store, &[("a", "1")]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup");
    let (to, mut pieces) = mpsc::channel::<Bytes>(100);
    let error = copy(&store, &header(), &|| 0, to).await.unwrap_err();
    assert!(matches!(error, CopyError::TooFast));
    let mut draft = Draft::begin(&file).unwrap();
    let mut told = String::new();
    while let Some(piece) = pieces.recv().await {
        if let Err(error) = draft.push(&piece) {
            told = error.to_string();
        }
    }
    assert!(told.contains("ask again"), "{told}");
    assert!(draft.finish().is_err());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A store in front of another that cannot be held back, and does other odd things.
struct Odd {
    inner: Arc<dyn Store>,
    gap: bool,
    /// After so many it takes no more commits.
    commits: Option<AtomicU64>,
    made: AtomicU64,
}

impl Odd {
    fn over(inner: Arc<dyn Store>) -> Odd {
        Odd {
            inner,
            gap: false,
            commits: None,
            made: AtomicU64::new(0),
        }
    }
}

#[async_trait]
impl Store for Odd {
    async fn get(&self, k: &[u8]) -> Result<Option<Record>, StoreError> {
        self.inner.get(k).await
    }

    async fn get_many(&self, ks: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError> {
        self.inner.get_many(ks).await
    }

    async fn scan(
        &self,
        r: &Range,
        after: Option<&Cursor>,
        limit: usize,
        dir: Dir,
        what: KeysOrRecords,
    ) -> Result<Page, StoreError> {
        self.inner.scan(r, after, limit, dir, what).await
    }

    async fn commit(&self, b: Batch) -> Result<Committed, CommitError> {
        let made = self.made.fetch_add(1, Ordering::SeqCst);
        if let Some(most) = &self.commits
            && made >= most.load(Ordering::SeqCst)
        {
            return Err(CommitError::Unavailable("it is enough".into()));
        }
        self.inner.commit(b).await
    }

    async fn changes(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError> {
        if self.gap {
            return Err(FeedError::Gap { resume: pos });
        }
        self.inner.changes(pos, limit).await
    }

    fn wake(&self) -> watch::Receiver<()> {
        self.inner.wake()
    }

    async fn health(&self) -> Health {
        self.inner.health().await
    }

    async fn hold(&self) -> Result<Option<Hold>, StoreError> {
        Ok(None)
    }
}
