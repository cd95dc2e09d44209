//! What only PostgreSQL can get wrong: late commits in the feed, answers that are lost, servers that go away, two nodes.

mod cut;
mod secure;
mod two;
mod words;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::*;
use crate::store::conformance::cluster::{self, Cluster};
use crate::store::{CommitError, OpenError, Store, Version, open};

fn target(url: &str) -> Target {
    Target::parse(url).unwrap()
}

fn store(url: &str) -> Arc<dyn Store> {
    open(&url.parse().unwrap(), std::path::Path::new("")).unwrap_or_else(|e| panic!("{e}"))
}

fn batch(fill: impl FnOnce(&mut Batch) -> &mut Batch) -> Batch {
    let mut batch = Batch::new();
    fill(&mut batch);
    batch
}

async fn told(store: &dyn Store, pos: FeedPos) -> Vec<Bytes> {
    let told = store.changes(pos, 1000).await.unwrap();
    told.changes.into_iter().map(|c| c.key).collect()
}

/// Asks until it is so.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !so().await {
        assert!(begin.elapsed() < Duration::from_secs(30), "not so: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// A connection past the engine, as another node's transaction would be.
async fn other(url: &str) -> (tokio_postgres::Client, AbortHandle) {
    let target = target(url);
    let tls = Tls::new(&target).unwrap();
    Dial::new(target, tls).connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_waits_for_a_commit_that_began_earlier_and_owns_up_to_it() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let url = cluster.fresh();
    let store = store(&url);
    let start = store.health().await.pos;
    let (late, _driver) = other(&url).await;
    late.batch_execute(
        "BEGIN; INSERT INTO kv_feed (xid, op, seq, lost_b, lost_k, keys)
         VALUES (pg_current_xact_id()::text::bigint, 'late', 1, '{}', '{}', '{late}')",
    )
    .await
    .unwrap();
    let made = store.commit(batch(|x| x.put("early", ""))).await.unwrap();
    assert!(
        store.get(b"early").await.unwrap().is_some(),
        "reads do not wait"
    );
    assert_eq!(
        told(&*store, start).await,
        [""; 0],
        "told before an earlier one"
    );
    until("it says that it is late", async || {
        let told = store.changes(start, 10).await.unwrap();
        assert!(told.next < made.pos);
        told.late
    })
    .await;
    late.batch_execute("COMMIT").await.unwrap();
    until("both are told", async || {
        told(&*store, start).await.len() == 2
    })
    .await;
    assert_eq!(
        told(&*store, start).await,
        ["late", "early"],
        "in the order of their numbers"
    );
    assert!(store.changes(start, 10).await.unwrap().next >= made.pos);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_trimmed_is_a_gap() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let schema = cluster.schema();
    let url = cluster.url(&schema);
    let store = store(&url);
    let old = store.commit(batch(|x| x.put("a", ""))).await.unwrap().pos;
    let mid = store.commit(batch(|x| x.put("b", ""))).await.unwrap().pos;
    cluster.sql(&format!(
        "UPDATE {schema}.kv_feed SET at = at - interval '1 hour'"
    ));
    let new = store.commit(batch(|x| x.put("c", ""))).await.unwrap().pos;
    let (client, _driver) = other(&url).await;
    let gone: i64 = client
        .query_one(Sql::Trim.text(), &[&600.0])
        .await
        .unwrap()
        .get(0);
    assert_eq!(gone, 2);
    let Err(FeedError::Gap { resume }) = store.changes(old, 10).await else {
        panic!("what came after is forgotten")
    };
    assert!(resume >= mid);
    until("what came later is told", async || {
        store.changes(mid, 10).await.unwrap().next >= new
    })
    .await;
    let again: i64 = client
        .query_one(Sql::Trim.text(), &[&600.0])
        .await
        .unwrap()
        .get(0);
    assert_eq!(again, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_goes_away_costs_nothing_that_was_acknowledged() {
    let Some(cluster) = Cluster::start("fsync = on\nfull_page_writes = on") else {
        return;
    };
    let cluster = Arc::new(cluster);
    let url = cluster.fresh();
    let store = store(&url);
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..8u64 {
        let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
        writers.spawn(async move {
            let (mut acked, mut refused) = (Vec::new(), 0);
            for i in 0u64.. {
                if stop.load(std::sync::atomic::Ordering::Relaxed) {
                    break;
                }
                let name = format!("{writer}.{i}");
                let made = store
                    .commit(batch(|x| {
                        x.create(format!("a{name}"), "")
                            .create(format!("b{name}"), "")
                    }))
                    .await;
                match made {
                    Ok(made) => acked.push((name, made.version)),
                    Err(CommitError::Unavailable(_) | CommitError::Unknown(_)) => refused += 1,
                    Err(other) => panic!("{other:?}"),
                }
            }
            (acked, refused)
        });
    }
    for at_once in [true, false, true] {
        sleep(Duration::from_millis(400)).await;
        let cluster = Arc::clone(&cluster);
        tokio::task::spawn_blocking(move || {
            cluster.stop(at_once);
            cluster.start_again();
        })
        .await
        .unwrap();
    }
    until("it is ready again", async || store.health().await.writable).await;
    sleep(Duration::from_millis(300)).await;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let (mut acked, mut refused) = (Vec::new(), 0);
    for (some, no) in writers.join_all().await {
        acked.extend(some);
        refused += no;
    }
    assert!(acked.len() > 100, "{}", acked.len());
    for (name, version) in &acked {
        let found = store.get(format!("a{name}").as_bytes()).await.unwrap();
        assert_eq!(
            found.map(|r| r.version),
            Some(*version),
            "{name} was acknowledged ({refused} refused)"
        );
    }
    let mut count = [0, 0];
    for (prefix, count) in ["a", "b"].into_iter().zip(&mut count) {
        let mut after = None;
        loop {
            let page = store
                .scan(
                    &Range::prefix(prefix),
                    after.as_ref(),
                    1000,
                    Dir::Forward,
                    KeysOrRecords::KeysOnly,
                )
                .await
                .unwrap();
            *count += page.records.len();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    assert_eq!(count[0], count[1], "a batch was torn");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_under_the_database_is_not_taken_for_true() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let schema = cluster.schema();
    let store = store(&cluster.url(&schema));
    store
        .commit(batch(|x| x.put("good", "value").put("bad", "value")))
        .await
        .unwrap();
    cluster.sql(&format!(
        "UPDATE {schema}.kv SET v = set_byte(v, length(v) - 1, 7) WHERE k = 'bad'"
    ));
    assert!(store.get(b"good").await.is_ok());
    assert!(matches!(
        store.get(b"bad").await,
        Err(StoreError::Corrupt(_))
    ));
    let keys = ["good".into(), "bad".into()];
    assert!(matches!(
        store.get_many(&keys).await,
        Err(StoreError::Corrupt(_))
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_is_the_database_s() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let store = store(&cluster.fresh());
    let asked: f64 = cluster
        .sql("SELECT extract(epoch FROM clock_timestamp()) * 1000")
        .parse()
        .unwrap();
    let ours = store.clock().unwrap().millis as f64;
    assert!((ours - asked).abs() < 5000.0, "{ours} {asked}");
}

#[test]
fn an_engine_needs_no_runtime_of_its_caller() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let url = cluster.fresh();
    let store = store(&url);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        store.commit(batch(|x| x.put("k", "v"))).await.unwrap();
        assert_eq!(store.get(b"k").await.unwrap().unwrap().value, "v");
        drop(store);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_stays_as_it_was() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let store = store(&cluster.fresh());
    for i in 0..2500u32 {
        if i % 500 == 0 {
            store
                .commit(batch(|x| {
                    (i..i + 500).fold(x, |x, i| x.put(i.to_be_bytes().to_vec(), "old"))
                }))
                .await
                .unwrap();
        }
    }
    let mut view = store.view().await.unwrap().unwrap();
    let (mut seen, mut after) = (0, None);
    loop {
        let page = view.page(after.as_ref(), 1000).await.unwrap();
        assert!(page.records.iter().all(|r| r.value == "old"));
        seen += page.records.len();
        store
            .commit(batch(|x| {
                (seen as u32..seen as u32 + 700)
                    .fold(x, |x, i| x.put(i.to_be_bytes().to_vec(), "new"))
            }))
            .await
            .unwrap();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 2500);
}
