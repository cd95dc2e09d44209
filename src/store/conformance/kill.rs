//! `kill -9` in the middle of things: a child process commits and says what was acknowledged, the parent kills it and looks.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::task::JoinSet;

use super::*;

const FOLDER: &str = "STORE_KILL_TEST_FOLDER";

#[test]
#[ignore = "the child of the test below"]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = open(&StoreKind::Sled, folder.as_ref()).unwrap();
        let life = store.health().await.pos.0;
        let mut writers = JoinSet::new();
        for writer in 0..16u64 {
            let store = Arc::clone(&store);
            writers.spawn(async move {
                for i in 0u64.. {
                    let name = format!("{life}.{writer}.{i}");
                    store
                        .commit(batch(|x| {
                            x.create(format!("a{name}"), vec![1; 200])
                                .put(format!("b{name}"), "")
                                .put(format!("last{writer}"), name.clone())
                        }))
                        .await
                        .unwrap();
                    writeln!(std::io::stdout(), "\nACK {name}").unwrap();
                }
            });
        }
        writers.join_all().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for cycle in 0..6u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::conformance::kill::child",
                "--ignored",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reader = std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .filter_map(|l| l.strip_prefix("ACK ").map(str::to_owned))
                .collect::<Vec<_>>()
        });
        // Some cycles die while they open.
        tokio::time::sleep(Duration::from_millis(
            [700, 40, 900, 130, 500, 300][cycle as usize],
        ))
        .await;
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(reader.join().unwrap());
    }
    assert!(
        acknowledged.len() > 100,
        "only {} commits were acknowledged",
        acknowledged.len()
    );
    let store = open(&StoreKind::Sled, dir.path()).unwrap();
    for name in &acknowledged {
        assert!(
            store
                .get(format!("a{name}").as_bytes())
                .await
                .unwrap()
                .is_some(),
            "{name} was acknowledged and is lost"
        );
    }
    let (mut firsts, mut seconds) = (0, 0);
    for (prefix, count) in [("a", &mut firsts), ("b", &mut seconds)] {
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
    assert_eq!(firsts, seconds, "a batch was torn");
}
