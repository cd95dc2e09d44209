//! Figures of each engine, printed: durable commits a second, and what many sessions cost. Run by hand, in release:
//! `RATES=sled,redb SESSIONS=100000 cargo test --release --lib store::conformance::rates -- --ignored --nocapture --test-threads=1`.
//! A URL of an empty PostgreSQL database is a name, too.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::*;

/// A folder on the disk that the build is on: a folder in memory would make durability free.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("target"))
        .or_else(|_| tempfile::tempdir_in(std::env::current_exe().unwrap().parent().unwrap()))
        .unwrap()
}

fn engines() -> Vec<(String, StoreKind)> {
    let named = std::env::var("RATES").unwrap_or_else(|_| "memory,sled,redb".to_owned());
    let kinds = named
        .split(',')
        .map(|text| text.parse::<StoreKind>().unwrap());
    kinds.map(|kind| (kind.to_string(), kind)).collect()
}

/// Each commit is a rotation: compare and replace one record, move one index row.
async fn rotations(
    store: &Arc<dyn Store>,
    writers: u64,
    during: Duration,
) -> (f64, Duration, Duration) {
    let mut tasks = JoinSet::new();
    let begin = Instant::now();
    for writer in 0..writers {
        let store = Arc::clone(store);
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
    for (name, kind) in engines() {
        let dir = folder();
        let store = open(&kind, dir.path()).unwrap();
        for writers in [1, 16, 64, 256] {
            let (rate, p50, p99) = rotations(&store, writers, Duration::from_secs(5)).await;
            println!("{name:6} {writers:4} writers {rate:9.0} commits/s, p50 {p50:?}, p99 {p99:?}");
        }
        let keys: Vec<Bytes> = (0..64u64).map(|w| format!("P0064{w:04}").into()).collect();
        let begin = Instant::now();
        let mut reads = 0u32;
        while begin.elapsed() < Duration::from_secs(2) {
            store
                .get(&keys[reads as usize % 64])
                .await
                .unwrap()
                .unwrap();
            reads += 1;
        }
        println!("{name:6} one reader: {:?} a read", begin.elapsed() / reads);
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The sessions that rows of an index name, as a page of a list reads them.
async fn found(store: &Arc<dyn Store>, range: Range, session: impl Fn(&Bytes) -> u64) {
    let (dir, what) = (Dir::Forward, KeysOrRecords::KeysOnly);
    let page = store.scan(&range, None, 50, dir, what).await.unwrap();
    let rows = page.records.iter().map(|record| &record.key);
    let keys: Vec<Bytes> = rows.map(|row| key(0x30, None, session(row))).collect();
    let records = store.get_many(&keys).await.unwrap();
    assert!(!records.is_empty() && records.iter().all(Option::is_some));
}

/// A key in space `space`, of the realm, with an id that looks random and an id in order.
fn key(space: u8, spread: Option<u64>, session: u64) -> Bytes {
    let mut key = vec![space, 0, 0, 0, 1];
    if let Some(spread) = spread {
        key.extend(spread.to_be_bytes());
        key.extend(spread.to_le_bytes());
    }
    key.extend(session.to_be_bytes());
    key.extend(session.to_be_bytes());
    key.into()
}

/// What a sign-in leaves: the session, rows that find it by user, realm, client, address and name, when it is due, a family.
fn session(x: &mut Batch, session: u64) {
    let spread = |by: u64| (session / by).wrapping_mul(GOLDEN);
    x.create(key(0x30, None, session), vec![1; 420])
        .put(key(0x31, Some(spread(10)), session), vec![2; 40])
        .put(key(0x32, None, u64::MAX - session), "")
        .put(key(0x33, Some(7), session), "")
        .put(key(0x34, Some(spread(3)), session), "")
        .put(key(0x35, Some(spread(10) ^ 1), session), "")
        .put(key(0x40, Some(session), session), "")
        .put(key(0x50, None, session), vec![3; 380])
        .put(key(0x52, Some(session), session), "")
        .put(key(0x53, Some(spread(10)), session), "")
        .put(key(0x54, Some(7), session), "");
}

/// Resident memory of this process, in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .unwrap_or_default()
        / 1024
}

async fn timed<F: Future>(times: u64, mut each: impl FnMut(u64) -> F) -> (Duration, Duration) {
    let mut all = Vec::new();
    for i in 0..times {
        let began = Instant::now();
        each(i).await;
        all.push(began.elapsed());
    }
    all.sort_unstable();
    (all[all.len() / 2], all[all.len() * 99 / 100])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures, asserts nothing"]
async fn what_many_sessions_cost() {
    let sessions: u64 = std::env::var("SESSIONS").map_or(100_000, |n| n.parse().unwrap());
    for (name, kind) in engines() {
        let dir = folder();
        let store = open(&kind, dir.path()).unwrap();
        let before = resident();
        let began = Instant::now();
        for first in (0..sessions).step_by(80) {
            let mut x = Batch::new();
            (first..(first + 80).min(sessions)).for_each(|s| session(&mut x, s));
            store.commit(x).await.unwrap();
        }
        let health = store.health().await;
        println!(
            "{name:6} {sessions} sessions written in {:?}; resident {} MiB more, {} bytes on disk a session",
            began.elapsed(),
            resident().saturating_sub(before),
            health.disk.unwrap_or_default() / sessions
        );
        let some = |i: u64| i.wrapping_mul(GOLDEN) % sessions;
        let read = timed(20_000, |i| {
            let (store, key) = (&store, key(0x30, None, some(i)));
            async move { store.get(&key).await.unwrap().unwrap() }
        })
        .await;
        let page = timed(2000, |i| {
            let (store, from) = (&store, key(0x30, None, some(i)));
            async move {
                let range = Range {
                    from,
                    to: Bytes::new(),
                };
                let (dir, what) = (Dir::Forward, KeysOrRecords::Records);
                store.scan(&range, None, 50, dir, what).await.unwrap()
            }
        })
        .await;
        println!("{name:6} a session by id {read:?}, a page of 50 {page:?} (p50, p99)");
        // The last eight bytes of a row are the session's number; of the newest-first rows, from the end.
        let of = |row: &Bytes| u64::from_be_bytes(row[row.len() - 8..].try_into().unwrap());
        let by_user = timed(2000, |i| {
            let owner = key(0x31, Some((some(i) / 10).wrapping_mul(GOLDEN)), 0);
            found(&store, Range::prefix(&owner[..21]), of)
        })
        .await;
        let newest = timed(2000, |_| {
            found(&store, Range::prefix([0x32]), |row| u64::MAX - of(row))
        })
        .await;
        println!(
            "{name:6} the sessions of a user {by_user:?}, the 50 newest {newest:?} (rows, then records; p50, p99)"
        );
        let mut restarted = store;
        if kind.is_in_folder() {
            let began = Instant::now();
            drop(restarted);
            let closed = began.elapsed();
            let began = Instant::now();
            restarted = open(&kind, dir.path()).unwrap();
            let opened = began.elapsed();
            let began = Instant::now();
            while restarted.health().await.checking.is_some() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            println!(
                "{name:6} closed in {closed:?}, opened in {opened:?}, checked beside the commits in {:?}; resident {} MiB",
                began.elapsed(),
                resident()
            );
            drop(restarted);
            // As after a crash of the machine.
            let _ = std::fs::remove_file(dir.path().join("CLEAN"));
            let _ = std::fs::remove_file(dir.path().join("MARK"));
            let began = Instant::now();
            restarted = open(&kind, dir.path()).unwrap();
            println!("{name:6} opened and checked first in {:?}", began.elapsed());
        }
        let began = Instant::now();
        for first in (0..sessions).step_by(80) {
            let mut made = Batch::new();
            (first..(first + 80).min(sessions)).for_each(|s| session(&mut made, s));
            let mut x = Batch::new();
            for space in 0..=u8::MAX {
                for key in made.puts(space) {
                    x.del(key.clone());
                }
            }
            restarted.commit(x).await.unwrap();
        }
        // What is free is given back, or used again.
        for i in 0..2000u64 {
            restarted
                .commit(batch(|x| x.put("churn", vec![i as u8; 2000])))
                .await
                .unwrap();
        }
        println!(
            "{name:6} all deleted in {:?}; {} MiB on disk, resident {} MiB",
            began.elapsed(),
            restarted.health().await.disk.unwrap_or_default() >> 20,
            resident()
        );
    }
}
