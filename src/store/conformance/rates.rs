//! How many durable commits a second, printed. Run by hand, in release:
//! `cargo test --release --lib store::conformance::rates -- --ignored --nocapture --test-threads=1`.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::*;

/// Each commit is a rotation: compare and replace one record, move one index row.
async fn rotations(b: &Bench, writers: u64, during: Duration) -> (f64, Duration, Duration) {
    let mut tasks = JoinSet::new();
    let begin = Instant::now();
    for writer in 0..writers {
        let store = Arc::clone(&b.store);
        tasks.spawn(async move {
            let key = Bytes::from(format!("P{writers:04}{writer:04}"));
            let mut at = store
                .commit(batch(|x| x.create(key.clone(), vec![0; 300])))
                .await
                .unwrap()
                .version;
            let mut times = Vec::new();
            let mut i = 0u64;
            while begin.elapsed() < during {
                let asked = Instant::now();
                let mut x = Batch::new();
                x.replace(key.clone(), at, vec![i as u8; 300])
                    .del(format!("T{writers:04}{writer:04}{i}"))
                    .put(format!("T{writers:04}{writer:04}{}", i + 1), vec![0; 60]);
                at = store.commit(x).await.unwrap().version;
                times.push(asked.elapsed());
                i += 1;
            }
            times
        });
    }
    let mut times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let rate = times.len() as f64 / begin.elapsed().as_secs_f64();
    times.sort_unstable();
    (rate, times[times.len() / 2], times[times.len() * 99 / 100])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures, asserts nothing"]
async fn durable_commits_a_second() {
    figures("sled", Bench::sled()).await;
    figures("redb", Bench::redb()).await;
    // With the disk in it, unlike the server that other tests share.
    if let Some(server) = cluster::Cluster::start("fsync = on\nfull_page_writes = on") {
        let target = Target::parse(&server.fresh()).unwrap();
        let engine = Arc::new(Postgres::open(target).unwrap());
        figures("postgres", Bench::over(engine, None)).await;
    }
}

async fn figures(engine: &str, b: Bench) {
    for writers in [1, 16, 64, 256] {
        let (rate, p50, p99) = rotations(&b, writers, Duration::from_secs(5)).await;
        println!("{engine} {writers:4} writers {rate:9.0} commits/s, p50 {p50:?}, p99 {p99:?}");
    }
    let keys: Vec<Bytes> = (0..64u64).map(|w| format!("P0064{w:04}").into()).collect();
    for readers in [1usize, 16] {
        let begin = Instant::now();
        let mut tasks = JoinSet::new();
        for reader in 0..readers {
            let (store, keys) = (Arc::clone(&b.store), keys.clone());
            tasks.spawn(async move {
                let mut reads = 0;
                while begin.elapsed() < Duration::from_secs(2) {
                    let key = &keys[(reads + reader) % 64];
                    store.get(key).await.unwrap().unwrap();
                    reads += 1;
                }
                reads
            });
        }
        let reads: usize = tasks.join_all().await.into_iter().sum();
        let rate = reads as f64 / begin.elapsed().as_secs_f64();
        println!("{engine} {readers:4} readers {rate:9.0} reads/s");
    }
}
