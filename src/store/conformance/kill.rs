//! `kill -9` in the middle of things: a child process commits and says what was acknowledged, the parent kills it and looks.
//! `KILL_CYCLES=200 cargo test --lib store::conformance::kill` for the long form.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use super::child::{Orders, wrong};
use super::*;

each_disk!(what_was_acknowledged_outlives_the_process);

async fn what_was_acknowledged_outlives_the_process(kind: Kind) {
    let cycles = std::env::var("KILL_CYCLES").map_or(6, |n| n.parse().unwrap());
    let mut dir = tempfile::tempdir().unwrap();
    let orders = Orders {
        kind,
        careless: false,
        commits: None,
    };
    let mut acknowledged = Vec::new();
    let mut total = 0;
    let (mut while_opening, mut slowest) = (0, Duration::ZERO);
    for cycle in 0..cycles {
        let mut child = orders.spawn(dir.path(), |_| ());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (say, answered) = tokio::sync::oneshot::channel();
        let reader = std::thread::spawn(move || {
            let mut say = Some(say);
            lines
                .map_while(Result::ok)
                .filter_map(|l| l.strip_prefix("ACK ").map(str::to_owned))
                .inspect(|_| {
                    say.take().map(|say| say.send(()));
                })
                .collect::<Vec<_>>()
        });
        // Every fourth dies while it opens, or soon after; the others at any moment of their work.
        let pause = if cycle % 4 == 1 {
            10 + cycle * 53 % 400
        } else {
            answered.await.expect("the child commits");
            cycle * 317 % 700
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let heard = reader.join().unwrap();
        while_opening += u64::from(heard.is_empty());
        acknowledged.extend(heard);
        if cycle % 5 == 4 || cycle + 1 == cycles {
            let began = Instant::now();
            let store = open(&kind.name.parse().unwrap(), dir.path()).unwrap();
            slowest = slowest.max(began.elapsed());
            let wrong = wrong(&*store, &acknowledged).await;
            assert!(
                wrong.lost.is_empty() && wrong.torn.is_empty(),
                "cycle {cycle}: {wrong:?}"
            );
            drop(store);
            // Else the next start would be one after a stop in order.
            std::fs::remove_file(dir.path().join("CLEAN")).unwrap();
            if acknowledged.len() > 100_000 {
                total += acknowledged.len();
                acknowledged.clear();
                dir = tempfile::tempdir().unwrap();
            }
        }
    }
    total += acknowledged.len();
    println!(
        "{}: {cycles} kills, {while_opening} of them before the first answer; {total} acknowledged, none lost, none torn; slowest open {slowest:?}",
        kind.name,
    );
    assert!(total > 100, "only {total} commits were acknowledged");
}
