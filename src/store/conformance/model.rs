//! Random groups, reads and walks against a plain map that is obviously right.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

/// Bytes where ordering goes wrong first.
const LETTERS: [u8; 5] = [0x00, 0x01, b'a', 0xfe, 0xff];

#[derive(Clone, Debug)]
struct Ask {
    key: Vec<u8>,
    kind: u8,
    /// Whether a guard names the version it should.
    right: bool,
    value: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Step {
    Group(Vec<Vec<Ask>>),
    Read(Vec<Vec<u8>>),
    Scan {
        range: (Vec<u8>, Vec<u8>),
        prefix: bool,
        after: Option<Vec<u8>>,
        limit: usize,
        reverse: bool,
        keys_only: bool,
    },
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(LETTERS.to_vec()), 1..4)
}

fn bound() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(LETTERS.to_vec()), 0..4)
}

fn step() -> impl Strategy<Value = Step> {
    let ask = (
        key(),
        0..6u8,
        prop::bool::weighted(0.8),
        prop::collection::vec(any::<u8>(), 0..20),
    );
    let ask = ask.prop_map(|(key, kind, right, value)| Ask {
        key,
        kind,
        right,
        value,
    });
    let scan = (
        (bound(), bound()),
        any::<bool>(),
        prop::option::of(key()),
        0..12usize,
        any::<bool>(),
        any::<bool>(),
    );
    prop_oneof![
        3 => prop::collection::vec(prop::collection::vec(ask, 0..6), 1..4).prop_map(Step::Group),
        1 => prop::collection::vec(key(), 0..6).prop_map(Step::Read),
        3 => scan.prop_map(|(range, prefix, after, limit, reverse, keys_only)| Step::Scan { range, prefix, after, limit, reverse, keys_only }),
    ]
}

/// Keys with what a passing batch leaves there.
type Effects = Vec<(Vec<u8>, Option<Vec<u8>>)>;
type Model = BTreeMap<Vec<u8>, Record>;

/// The batch that `asks` describe, and whether the model lets it pass. Keys asked for twice are asked for once.
fn build(model: &Model, asks: &[Ask]) -> (Batch, bool, Effects) {
    let (mut batch, mut passes, mut effects) = (Batch::new(), true, Vec::new());
    for ask in asks {
        if batch.touches(&ask.key) {
            continue;
        }
        let now = model.get(&ask.key).map(|r| r.version);
        let at = now
            .filter(|_| ask.right)
            .unwrap_or(Version(NonZeroU64::MAX));
        let (key, value) = (ask.key.clone(), ask.value.clone());
        let guarded = now == Some(at);
        match ask.kind {
            0 => (batch.create(key, value), passes &= now.is_none()).0,
            1 => (batch.replace(key, at, value), passes &= guarded).0,
            2 => (batch.take(key, at), passes &= guarded).0,
            3 => (batch.check(key, at), passes &= guarded).0,
            4 => batch.put(key, value),
            _ => batch.del(key),
        };
        match ask.kind {
            0 | 1 | 4 => effects.push((ask.key.clone(), Some(ask.value.clone()))),
            2 | 5 => effects.push((ask.key.clone(), None)),
            _ => {}
        }
    }
    (batch, passes, effects)
}

async fn commit(b: &Bench, model: &mut Model, group: &[Vec<Ask>]) {
    // Guards name what the group's earlier batches leave, whose versions are not known yet: so each batch of a group has other keys,
    // unless the model can tell that the guard must fail. Same-key groups with known versions are in the basics.
    let mut taken: HashSet<Vec<u8>> = HashSet::new();
    let (mut batches, mut expected) = (Vec::new(), Vec::new());
    for asks in group {
        let asks: Vec<Ask> = asks
            .iter()
            .filter(|a| !taken.contains(&a.key))
            .cloned()
            .collect();
        taken.extend(asks.iter().map(|a| a.key.clone()));
        let (batch, passes, effects) = build(model, &asks);
        batches.push(batch);
        expected.push((passes, effects));
    }
    let outcomes = if let [one] = &batches[..] {
        vec![b.store.commit(one.clone()).await]
    } else {
        b.engine.commit_group(&batches).await.unwrap()
    };
    for (outcome, (passes, effects)) in outcomes.into_iter().zip(expected) {
        match outcome {
            Ok(made) => {
                assert!(passes, "a guard should have failed");
                for (key, value) in effects {
                    match value {
                        Some(v) => drop(model.insert(
                            key.clone(),
                            Record {
                                key: key.into(),
                                value: v.into(),
                                version: made.version,
                            },
                        )),
                        None => drop(model.remove(&key)),
                    }
                }
            }
            Err(CommitError::Conflict { .. }) => assert!(!passes, "no guard should have failed"),
            Err(other) => panic!("{other}"),
        }
    }
}

async fn check(b: &Bench, model: &mut Model, step: &Step) {
    match step {
        Step::Group(group) => commit(b, model, group).await,
        Step::Read(keys) => {
            let expected: Vec<Option<Record>> =
                keys.iter().map(|k| model.get(k).cloned()).collect();
            let asked: Vec<Bytes> = keys.iter().cloned().map(Bytes::from).collect();
            assert_eq!(b.store.get_many(&asked).await.unwrap(), expected);
            for (key, expected) in asked.iter().zip(expected) {
                assert_eq!(b.store.get(key).await.unwrap(), expected);
            }
        }
        Step::Scan {
            range: (from, to),
            prefix,
            after,
            limit,
            reverse,
            keys_only,
        } => {
            let range = if *prefix {
                Range::prefix(from)
            } else {
                Range {
                    from: from.clone().into(),
                    to: to.clone().into(),
                }
            };
            let inside = |k: &[u8]| {
                if *prefix {
                    k.starts_with(from)
                } else {
                    *k >= **from && (to.is_empty() || *k < **to)
                }
            };
            let mut expected: Vec<Record> = model
                .values()
                .filter(|r| inside(&r.key) && range.contains(&r.key))
                .cloned()
                .collect();
            assert_eq!(
                expected.len(),
                model.keys().filter(|k| inside(k.as_slice())).count(),
                "the range does not hold what it should"
            );
            if *reverse {
                expected.reverse();
            }
            if let Some(after) = after {
                expected.retain(|r| {
                    if *reverse {
                        r.key < after
                    } else {
                        r.key > after
                    }
                });
            }
            let more = expected.len() > *limit;
            expected.truncate(*limit);
            if *keys_only {
                expected.iter_mut().for_each(|r| r.value = Bytes::new());
            }
            let (dir, what) = (
                if *reverse { Dir::Reverse } else { Dir::Forward },
                if *keys_only {
                    KeysOrRecords::KeysOnly
                } else {
                    KeysOrRecords::Records
                },
            );
            let after = after.clone().map(|k| Cursor(k.into()));
            let page = b
                .store
                .scan(&range, after.as_ref(), *limit, dir, what)
                .await
                .unwrap();
            let next = if *limit == 0 {
                after
            } else {
                expected
                    .last()
                    .filter(|_| more)
                    .map(|r| Cursor(r.key.clone()))
            };
            assert_eq!(
                page,
                Page {
                    records: expected,
                    next
                }
            );
        }
    }
}

fn agrees(cases: u32, bench: fn() -> Option<Bench>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&prop::collection::vec(step(), 1..60), |steps| {
        runtime.block_on(async {
            let Some(b) = bench() else { return };
            let mut model = Model::new();
            for step in &steps {
                check(&b, &mut model, step).await;
            }
            let everything = b
                .store
                .scan(
                    &Range::prefix(""),
                    None,
                    1000,
                    Dir::Forward,
                    KeysOrRecords::Records,
                )
                .await
                .unwrap();
            assert_eq!(everything.records, model.into_values().collect::<Vec<_>>());
        });
        Ok(())
    });
    result.unwrap();
}

#[test]
fn memory_agrees_with_a_plain_map() {
    agrees(400, || Some(Bench::memory()));
}

#[test]
fn sled_agrees_with_a_plain_map() {
    agrees(40, || Some(Bench::sled()));
}

#[test]
fn postgres_agrees_with_a_plain_map() {
    agrees(40, Bench::postgres);
}

#[test]
fn redb_agrees_with_a_plain_map() {
    agrees(40, || Some(Bench::redb()));
}
