//! Guards, versions, limits, pages and the feed, one caller at a time.

use super::*;

each_engine!(
    a_guard_on_an_old_version_applies_nothing,
    a_create_wants_the_key_absent,
    versions_never_come_back,
    a_failing_batch_leaves_its_neighbours_alone,
    batches_on_one_key_in_one_group_see_each_other,
    limits_are_kept_to_the_byte,
    a_batch_without_sense_is_refused,
    the_stores_own_key_is_nobodys,
    pages_of_any_limit_join_into_the_whole,
    the_feed_tells_each_change_once_and_wakes,
    a_strange_feed_position_is_a_gap,
);

async fn a_guard_on_an_old_version_applies_nothing(b: Bench) {
    let old = b.put("a", "1").await;
    let new = b.put("a", "2").await;
    assert_ne!(old, new);
    let gone = b.put("gone", "1").await;
    b.commit(|x| x.del("gone")).await.unwrap();
    for (key, at) in [("a", old), ("gone", gone), ("never", new)] {
        for op in 0..3 {
            let outcome = b
                .commit(|x| {
                    x.put("other", "x").del("a2");
                    match op {
                        0 => x.replace(key, at, "3"),
                        1 => x.take(key, at),
                        _ => x.check(key, at),
                    }
                })
                .await;
            assert_eq!(conflict_at(&outcome), Some(key.as_bytes()), "{key} {op}");
        }
    }
    assert_eq!(
        (b.value("a").await, b.value("other").await),
        (Some("2".into()), None)
    );
    b.commit(|x| x.check("a", new).put("other", "x"))
        .await
        .unwrap();
    b.commit(|x| x.replace("a", new, "3")).await.unwrap();
    let newest = b.version("a").await;
    b.commit(|x| x.take("a", newest)).await.unwrap();
    assert_eq!(
        (b.value("a").await, b.value("other").await),
        (None, Some("x".into()))
    );
}

async fn a_create_wants_the_key_absent(b: Bench) {
    b.commit(|x| x.create("a", "1").put("b", "1"))
        .await
        .unwrap();
    let outcome = b.commit(|x| x.put("b", "2").create("a", "2")).await;
    assert_eq!(conflict_at(&outcome), Some(&b"a"[..]));
    assert_eq!(
        (b.value("a").await, b.value("b").await),
        (Some("1".into()), Some("1".into()))
    );
    b.commit(|x| x.del("a")).await.unwrap();
    b.commit(|x| x.create("a", "3")).await.unwrap();
    assert_eq!(b.value("a").await, Some("3".into()));
}

async fn versions_never_come_back(b: Bench) {
    let mut seen = HashSet::new();
    for round in 0..20 {
        let made = b
            .commit(|x| x.create("a", "same").create("b", "same"))
            .await
            .unwrap()
            .version;
        assert_eq!((b.version("a").await, b.version("b").await), (made, made));
        let replaced = b
            .commit(|x| x.replace("a", made, "same"))
            .await
            .unwrap()
            .version;
        assert_eq!(
            (b.version("a").await, b.version("b").await),
            (replaced, made),
            "only what is written gets a version"
        );
        assert!(seen.insert(made) && seen.insert(replaced), "round {round}");
        b.commit(|x| x.del("a").del("b")).await.unwrap();
    }
}

async fn a_failing_batch_leaves_its_neighbours_alone(b: Bench) {
    let at = b.put("k", "0").await;
    let group = [
        batch(|x| x.create("first", "1")),
        batch(|x| x.put("half", "1").create("k", "1")),
        batch(|x| x.replace("k", at, "1").put("last", "1")),
    ];
    let outcomes = b.engine.commit_group(&group).await.unwrap();
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    assert_eq!(conflict_at(&outcomes[1]), Some(&b"k"[..]));
    for (key, value) in [
        ("first", Some("1")),
        ("half", None),
        ("k", Some("1")),
        ("last", Some("1")),
    ] {
        assert_eq!(b.value(key).await, value.map(Bytes::from), "{key}");
    }
}

async fn batches_on_one_key_in_one_group_see_each_other(b: Bench) {
    let at = b.put("k", "0").await;
    let group = [
        batch(|x| x.replace("k", at, "1")),
        batch(|x| x.replace("k", at, "2")),
        batch(|x| x.create("n", "1")),
        batch(|x| x.create("n", "2")),
        batch(|x| x.del("n").put("seen", "1")),
        batch(|x| x.create("n", "3")),
    ];
    let outcomes = b.engine.commit_group(&group).await.unwrap();
    assert_eq!(
        outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, false, true, false, true, true]
    );
    assert_eq!(
        (b.value("k").await, b.value("n").await),
        (Some("1".into()), Some("3".into()))
    );
    assert_eq!(b.version("n").await, outcomes[5].as_ref().unwrap().version);
    let distinct: HashSet<_> = outcomes.iter().flatten().map(|c| c.version).collect();
    assert_eq!(distinct.len(), 4, "each batch has a version of its own");
}

async fn limits_are_kept_to_the_byte(b: Bench) {
    let fits = b
        .commit(|x| x.put(vec![7; MAX_KEY], vec![8; MAX_VALUE]))
        .await;
    assert!(fits.is_ok());
    assert_eq!(
        b.store.get(&[7; MAX_KEY]).await.unwrap().unwrap().value,
        vec![8; MAX_VALUE]
    );
    for too_large in [
        batch(|x| x.put(vec![7; MAX_KEY + 1], "")),
        batch(|x| x.put("k", vec![8; MAX_VALUE + 1])),
    ] {
        assert!(matches!(
            b.store.commit(too_large).await,
            Err(CommitError::TooLarge)
        ));
    }
    let ops = |n: u16| batch(|x| (0..n).fold(x, |x, i| x.put(i.to_be_bytes().to_vec(), "v")));
    assert!(b.store.commit(ops(1000)).await.is_ok());
    assert!(matches!(
        b.store.commit(ops(1001)).await,
        Err(CommitError::TooLarge)
    ));
    // 16 values of 64 KiB less what their keys take make a full batch.
    let full = |extra: usize| {
        batch(|x| {
            (0..16u8).fold(x, |x, i| {
                x.put(
                    vec![i],
                    vec![9; MAX_VALUE - 1 + usize::from(i == 0) * extra],
                )
            })
        })
    };
    assert_eq!(full(0).size(), MAX_BATCH);
    assert!(b.store.commit(full(0)).await.is_ok());
    assert!(matches!(
        b.store.commit(full(1)).await,
        Err(CommitError::TooLarge)
    ));
    assert_eq!(
        b.store.get(&[15]).await.unwrap().unwrap().value.len(),
        MAX_VALUE - 1
    );
}

async fn a_batch_without_sense_is_refused(b: Bench) {
    let at = b.put("k", "0").await;
    let merged = {
        let mut first = batch(|x| x.put("k", "1"));
        first.merge(batch(|x| x.put("m", "1").check("k", at)));
        first
    };
    assert!(merged.touches(b"m") && merged.len() == 3);
    for nonsense in [
        batch(|x| x.put("k", "1").del("k")),
        batch(|x| x.check("k", at).replace("k", at, "1")),
        merged,
        batch(|x| x.put("", "v")),
    ] {
        assert!(matches!(
            b.store.commit(nonsense).await,
            Err(CommitError::Invalid)
        ));
    }
    assert_eq!(
        (b.value("k").await, b.value("m").await),
        (Some("0".into()), None)
    );
}

async fn the_stores_own_key_is_nobodys(b: Bench) {
    b.put("\u{1}sep", "x").await;
    b.put("\u{1}ser", "x").await;
    assert!(matches!(
        b.commit(|x| x.put(batch::SEQUENCE_KEY, "1")).await,
        Err(CommitError::Invalid)
    ));
    assert!(matches!(
        b.commit(|x| x.del(batch::SEQUENCE_KEY)).await,
        Err(CommitError::Invalid)
    ));
    assert_eq!(b.store.get(batch::SEQUENCE_KEY).await.unwrap(), None);
    for dir in [Dir::Forward, Dir::Reverse] {
        let page = b
            .store
            .scan(&Range::prefix(""), None, 1000, dir, KeysOrRecords::Records)
            .await
            .unwrap();
        assert_eq!(page.records.len(), 2);
    }
}

async fn pages_of_any_limit_join_into_the_whole(b: Bench) {
    let all: Vec<Bytes> = (0..2100u32)
        .map(|i| i.to_be_bytes().to_vec().into())
        .collect();
    for keys in all.chunks(700) {
        b.commit(|x| keys.iter().fold(x, |x, k| x.put(k.clone(), k.clone())))
            .await
            .unwrap();
    }
    let everything = Range::prefix("");
    for dir in [Dir::Forward, Dir::Reverse] {
        for (limit, pages) in [(1, 2100), (7, 300), (999, 3), (1000, 3), (usize::MAX, 3)] {
            let (mut seen, mut after, mut count) = (Vec::new(), None, 0);
            loop {
                let page = b
                    .store
                    .scan(
                        &everything,
                        after.as_ref(),
                        limit,
                        dir,
                        KeysOrRecords::KeysOnly,
                    )
                    .await
                    .unwrap();
                assert!(
                    page.records.len() <= limit.min(MAX_PAGE)
                        && page.records.iter().all(|r| r.value.is_empty())
                );
                seen.extend(page.records.into_iter().map(|r| r.key));
                count += 1;
                assert!(count <= 2100, "the walk does not end");
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            if dir == Dir::Reverse {
                seen.reverse();
            }
            assert!(seen == all, "limit {limit} {dir:?}");
            assert_eq!(count, pages, "limit {limit} {dir:?}");
        }
    }
    let cursor = Some(Cursor(all[5].clone()));
    let none = b
        .store
        .scan(
            &everything,
            cursor.as_ref(),
            0,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await
        .unwrap();
    assert_eq!(
        none,
        Page {
            records: vec![],
            next: cursor
        }
    );
}

async fn the_feed_tells_each_change_once_and_wakes(b: Bench) {
    let start = b.store.health().await.pos;
    let mut wake = b.store.wake();
    let first = b
        .commit(|x| x.put("a", "1").put("b", "1").del("never there"))
        .await
        .unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(5), wake.changed())
        .await
        .expect("woken")
        .unwrap();
    let a = b.version("a").await;
    assert!(
        b.commit(|x| x.put("c", "1").create("a", "1"))
            .await
            .is_err()
    );
    let second = b.commit(|x| x.check("a", a).del("b")).await.unwrap();
    let told = |pos: FeedPos, key: &'static str| Change {
        pos,
        key: key.into(),
    };
    let expected = [
        told(first.pos, "a"),
        told(first.pos, "b"),
        told(second.pos, "b"),
    ];
    let (mut seen, mut pos) = (Vec::new(), start);
    while pos < second.pos {
        let some = b.changes(pos, 1).await.unwrap();
        assert!(some.next > pos);
        seen.extend(some.changes);
        pos = some.next;
    }
    assert_eq!(seen, expected);
    let whole = b.store.changes(start, 100).await.unwrap();
    // Where numbers are shared with others, the feed may be read beyond the last commit already.
    assert!(whole.next >= second.pos);
    assert_eq!(whole.changes, expected);
    let nothing = b.store.changes(pos, 1).await.unwrap();
    assert!(nothing.next >= pos);
    assert_eq!(nothing.changes, []);
}

async fn a_strange_feed_position_is_a_gap(b: Bench) {
    let now = b.commit(|x| x.put("a", "1")).await.unwrap().pos;
    // An engine that shares its numbers with others may be past the next one already.
    for strange in [now.0 + 1_000_000, u64::MAX] {
        let Err(FeedError::Gap { resume }) = b.store.changes(FeedPos(strange), 10).await else {
            panic!("a position from the future")
        };
        assert!(resume.0 < strange && b.changes(resume, 10).await.is_ok());
    }
}

#[tokio::test]
async fn what_one_writer_no_longer_keeps_is_a_gap() {
    for b in [Bench::memory(), Bench::sled(), Bench::redb()] {
        let now = b.commit(|x| x.put("a", "1")).await.unwrap().pos;
        for round in 0..70u32 {
            b.commit(|x| {
                (0..1000u32).fold(x, |x, i| {
                    x.put((round * 1000 + i).to_be_bytes().to_vec(), "")
                })
            })
            .await
            .unwrap();
        }
        let Err(FeedError::Gap { resume }) = b.store.changes(now, 10).await else {
            panic!("70 000 changes are more than are kept")
        };
        assert_eq!(resume, b.store.health().await.pos);
    }
}
