//! What must hold while many write and read at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::task::JoinSet;

use super::*;

each_engine!(
    one_of_many_creators_wins,
    no_update_is_lost,
    a_check_on_the_other_side_keeps_skew_out,
    nobody_sees_half_a_batch,
    a_walk_meets_what_is_left_alone_exactly_once,
    a_commit_is_seen_at_once_by_whoever_reads_after_it,
    a_caller_who_goes_away_holds_nobody_up,
);

async fn one_of_many_creators_wins(b: Bench) {
    for round in 0..20 {
        let mut creators = JoinSet::new();
        for i in 0..32u64 {
            let store = Arc::clone(&b.store);
            let key = format!("one {round}");
            creators.spawn(async move {
                store
                    .commit(batch(|x| {
                        x.create(key, number(i))
                            .put(format!("mine {round} {i}"), "")
                    }))
                    .await
                    .map(|_| i)
            });
        }
        let winners: Vec<u64> = creators.join_all().await.into_iter().flatten().collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(
            b.value(&format!("one {round}")).await,
            Some(number(winners[0]))
        );
        let mine = b
            .store
            .scan(
                &Range::prefix(format!("mine {round} ")),
                None,
                100,
                Dir::Forward,
                KeysOrRecords::KeysOnly,
            )
            .await
            .unwrap();
        assert_eq!(mine.records.len(), 1, "a loser wrote something");
    }
}

async fn no_update_is_lost(b: Bench) {
    b.commit(|x| x.put("counter", number(0))).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&b.store);
        tasks.spawn(async move {
            for _ in 0..5 {
                loop {
                    let now = store.get(b"counter").await.unwrap().unwrap();
                    let next = u64::from_be_bytes(now.value[..].try_into().unwrap()) + 1;
                    match store
                        .commit(batch(|x| x.replace("counter", now.version, number(next))))
                        .await
                    {
                        Ok(_) => break,
                        Err(CommitError::Conflict { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(b.value("counter").await, Some(number(64 * 5)));
}

async fn a_check_on_the_other_side_keeps_skew_out(b: Bench) {
    for _ in 0..100 {
        b.commit(|x| x.put("left", "on").put("right", "on"))
            .await
            .unwrap();
        let (left, right) = (b.version("left").await, b.version("right").await);
        let (one, other) = tokio::join!(
            tokio::spawn({
                let store = Arc::clone(&b.store);
                async move {
                    store
                        .commit(batch(|x| {
                            x.check("left", left).replace("right", right, "off")
                        }))
                        .await
                }
            }),
            tokio::spawn({
                let store = Arc::clone(&b.store);
                async move {
                    store
                        .commit(batch(|x| {
                            x.check("right", right).replace("left", left, "off")
                        }))
                        .await
                }
            }),
        );
        assert_eq!(
            usize::from(one.unwrap().is_ok()) + usize::from(other.unwrap().is_ok()),
            1
        );
    }
}

async fn nobody_sees_half_a_batch(b: Bench) {
    let keys: Vec<Bytes> = (0..40u8).map(|i| vec![b'k', i].into()).collect();
    b.commit(|x| keys.iter().fold(x, |x, k| x.put(k.clone(), number(0))))
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for reader in 0..4 {
        let (store, keys, stop) = (Arc::clone(&b.store), keys.clone(), Arc::clone(&stop));
        readers.spawn(async move {
            let (mut last, mut reads) = (0, 0);
            while !stop.load(Relaxed) {
                let seen: Vec<Option<Record>> = if reader % 2 == 0 {
                    store.get_many(&keys).await.unwrap()
                } else {
                    let dir = if reads % 2 == 0 {
                        Dir::Forward
                    } else {
                        Dir::Reverse
                    };
                    store
                        .scan(&Range::prefix("k"), None, 1000, dir, KeysOrRecords::Records)
                        .await
                        .unwrap()
                        .records
                        .into_iter()
                        .map(Some)
                        .collect()
                };
                // Every other batch deletes the odd keys: what is left must be of one batch and of the right number.
                let there: Vec<Record> = seen.into_iter().flatten().collect();
                let round = u64::from_be_bytes(there[0].value[..].try_into().unwrap());
                assert!(
                    there.iter().all(|r| r.value == there[0].value),
                    "records of two batches"
                );
                assert_eq!(
                    there.len(),
                    if round % 2 == 0 { 40 } else { 20 },
                    "round {round}"
                );
                assert!(round >= last, "time went back from {last} to {round}");
                (last, reads) = (round, reads + 1);
                tokio::task::yield_now().await;
            }
            reads
        });
    }
    let mut rounds = 0;
    let until = tokio::time::Instant::now() + Duration::from_millis(700);
    while tokio::time::Instant::now() < until || rounds < 50 {
        rounds += 1;
        b.commit(|x| {
            keys.iter().enumerate().fold(x, |x, (i, k)| {
                if rounds % 2 == 1 && i % 2 == 1 {
                    x.del(k.clone())
                } else {
                    x.put(k.clone(), number(rounds))
                }
            })
        })
        .await
        .unwrap();
    }
    stop.store(true, Relaxed);
    assert!(readers.join_all().await.into_iter().all(|reads| reads > 10));
}

async fn a_walk_meets_what_is_left_alone_exactly_once(b: Bench) {
    let steady = |i: u32| Bytes::from(format!("w{i:05}"));
    b.commit(|x| (0..500).fold(x, |x, i| x.put(steady(i * 2), "steady")))
        .await
        .unwrap();
    let (stop, rounds) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let churn = tokio::spawn({
        let (store, stop, rounds) = (Arc::clone(&b.store), Arc::clone(&stop), Arc::clone(&rounds));
        async move {
            let mut round = 0;
            while !stop.load(Relaxed) {
                let mut x = Batch::new();
                for i in (round % 5..500).step_by(5) {
                    if round % 2 == 0 {
                        x.put(steady(i * 2 + 1), "churn")
                    } else {
                        x.del(steady(i * 2 + 1))
                    };
                }
                store.commit(x).await.unwrap();
                round += 1;
                rounds.store(u64::from(round), Relaxed);
            }
        }
    });
    for walk in 0..30 {
        let dir = if walk % 2 == 0 {
            Dir::Forward
        } else {
            Dir::Reverse
        };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = b
                .store
                .scan(
                    &Range::prefix("w"),
                    after.as_ref(),
                    37,
                    dir,
                    KeysOrRecords::Records,
                )
                .await
                .unwrap();
            seen.extend(
                page.records
                    .into_iter()
                    .filter(|r| r.value == "steady")
                    .map(|r| r.key),
            );
            after = page.next;
            assert!(seen.len() <= 500, "walk {walk} goes round");
            if after.is_none() {
                break;
            }
            tokio::task::yield_now().await;
        }
        if dir == Dir::Reverse {
            seen.reverse();
        }
        assert!(
            seen == (0..500).map(|i| steady(i * 2)).collect::<Vec<_>>(),
            "walk {walk}: {} seen",
            seen.len()
        );
    }
    while rounds.load(Relaxed) < 4 {
        tokio::task::yield_now().await;
    }
    stop.store(true, Relaxed);
    churn.await.unwrap();
}

async fn a_commit_is_seen_at_once_by_whoever_reads_after_it(b: Bench) {
    let mut tasks = JoinSet::new();
    for task in 0..16u64 {
        let store = Arc::clone(&b.store);
        tasks.spawn(async move {
            let key = Bytes::from(format!("own {task}"));
            for round in 0..30 {
                let made = store
                    .commit(batch(|x| x.put(key.clone(), number(round))))
                    .await
                    .unwrap();
                let seen = store.get(&key).await.unwrap().unwrap();
                assert_eq!((seen.value, seen.version), (number(round), made.version));
                let told = Change {
                    pos: made.pos,
                    key: key.clone(),
                };
                // Where nodes share a feed, a commit is told once those before it are over.
                let before = FeedPos(made.pos.0 - 1);
                let limit = tokio::time::Instant::now() + Duration::from_secs(10);
                while !store
                    .changes(before, 1)
                    .await
                    .unwrap()
                    .changes
                    .contains(&told)
                {
                    assert!(tokio::time::Instant::now() < limit, "never told");
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        });
    }
    tasks.join_all().await;
}

async fn a_caller_who_goes_away_holds_nobody_up(b: Bench) {
    let mut tasks = JoinSet::new();
    for i in 0..200u64 {
        let store = Arc::clone(&b.store);
        tasks.spawn(async move { store.commit(batch(|x| x.put(number(i), ""))).await });
    }
    tokio::task::yield_now().await;
    tasks.abort_all();
    while tasks.join_next().await.is_some() {}
    let after =
        tokio::time::timeout(Duration::from_secs(5), b.commit(|x| x.put("after", "x"))).await;
    assert!(after.expect("the writer goes on").is_ok());
    assert_eq!(b.store.health().await.queued, 0);
}
