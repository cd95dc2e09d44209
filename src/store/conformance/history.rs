//! Linearizability of recorded histories: there is an order of all calls, true to real time, that explains every answer
//! (the search of Wing and Gong, with the memory of states that Lowe added).

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use tokio::task::JoinSet;

use super::*;

each_engine!(every_answer_fits_one_order_of_all_calls);

const KEYS: [&str; 2] = ["left", "right"];

/// What the keys hold: the number of the call that wrote it.
type State = [Option<u64>; 2];

/// A call and what was answered. Reads, commits and refusals are one thing: what held at one moment between `asked` and
/// `answered`, and what was written at that moment.
#[derive(Clone, Debug, Default)]
struct Call {
    asked: u64,
    answered: u64,
    /// What the keys held then, as far as the answer says.
    held: Vec<(usize, Option<u64>)>,
    /// That this is not what they held: a refused commit.
    refused: bool,
    /// What the keys hold since.
    writes: Vec<(usize, Option<u64>)>,
}

impl Call {
    fn step(&self, state: &State) -> Option<State> {
        let held = self.held.iter().all(|(key, value)| state[*key] == *value);
        if held == self.refused {
            return None;
        }
        let mut next = *state;
        for (key, value) in &self.writes {
            next[*key] = *value;
        }
        Some(next)
    }
}

/// Whether an order explains these calls, at most 64, from an empty store on.
fn is_linearizable(calls: &[Call]) -> bool {
    let everything = u64::MAX >> (64 - calls.len());
    let mut seen = HashSet::new();
    let mut open = vec![(0u64, State::default())];
    while let Some((done, state)) = open.pop() {
        if done == everything {
            return true;
        }
        let waiting = |i: &usize| done >> i & 1 == 0;
        let first_answer = (0..calls.len()).filter(waiting).map(|i| calls[i].answered);
        let first_answer = first_answer.min().unwrap();
        for i in (0..calls.len()).filter(waiting) {
            // Whoever asked after another was answered comes after it.
            if calls[i].asked < first_answer
                && let Some(next) = calls[i].step(&state)
                && seen.insert((done | 1 << i, next))
            {
                open.push((done | 1 << i, next));
            }
        }
    }
    false
}

/// One client's calls, one after the other.
async fn client(store: Arc<dyn Store>, clock: Arc<AtomicU64>, who: u64, calls: u64) -> Vec<Call> {
    let keys = KEYS.map(Bytes::from);
    let mut chance = who.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut known: [Option<(u64, Version)>; 2] = [None, None];
    let mut history = Vec::new();
    for i in 0..calls {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let (mine, key) = (who * 1000 + i, (chance >> 8 & 1) as usize);
        let (here, there) = (KEYS[key], KEYS[1 - key]);
        let mut call = Call::default();
        let mut x = Batch::new();
        match chance >> 16 & 7 {
            // Blind, of both.
            0 => {
                x.put(here, number(mine)).put(there, number(mine));
                call.writes = vec![(0, Some(mine)), (1, Some(mine))];
            }
            1 => {
                x.create(here, number(mine));
                call.held = vec![(key, None)];
                call.writes = vec![(key, Some(mine))];
            }
            2 => {
                x.del(here);
                call.writes = vec![(key, None)];
            }
            3 | 4 if known[key].is_some() => {
                let (value, version) = known[key].unwrap();
                x.replace(here, version, number(mine));
                call.held = vec![(key, Some(value))];
                call.writes = vec![(key, Some(mine))];
            }
            // Written there because of what is here.
            5 if known[key].is_some() => {
                let (value, version) = known[key].unwrap();
                x.check(here, version).put(there, number(mine));
                call.held = vec![(key, Some(value))];
                call.writes = vec![(1 - key, Some(mine))];
            }
            _ => {}
        }
        call.asked = clock.fetch_add(1, SeqCst);
        if x.is_empty() {
            let found = store.get_many(&keys).await.unwrap();
            call.answered = clock.fetch_add(1, SeqCst);
            for (key, record) in found.into_iter().enumerate() {
                known[key] = record.map(|record| {
                    let value = u64::from_be_bytes(record.value[..].try_into().unwrap());
                    (value, record.version)
                });
                call.held.push((key, known[key].map(|(value, _)| value)));
            }
        } else {
            let outcome = store.commit(x).await;
            call.answered = clock.fetch_add(1, SeqCst);
            if outcome.is_err() {
                assert!(conflict_at(&outcome).is_some(), "{outcome:?}");
                call.refused = true;
                call.writes.clear();
            }
        }
        history.push(call);
    }
    history
}

/// What several clients see of a store that is empty, each at one of the nodes.
async fn history(nodes: &[Arc<dyn Store>], round: u64) -> Vec<Call> {
    let clock = Arc::new(AtomicU64::new(0));
    let mut clients = JoinSet::new();
    for who in 1..=5 {
        let store = Arc::clone(&nodes[who as usize % nodes.len()]);
        clients.spawn(client(store, Arc::clone(&clock), round * 10 + who, 12));
    }
    clients.join_all().await.into_iter().flatten().collect()
}

async fn all_fit(nodes: &[Arc<dyn Store>], rounds: u64) {
    for round in 0..rounds {
        let calls = history(nodes, round).await;
        assert!(is_linearizable(&calls), "no order explains {calls:#?}");
        let empty = batch(|x| x.del(KEYS[0]).del(KEYS[1]));
        nodes[0].commit(empty).await.unwrap();
    }
}

async fn every_answer_fits_one_order_of_all_calls(b: Bench) {
    all_fit(&[b.store], 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_answer_of_three_nodes_fits_one_order_of_all_calls() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let url = cluster.fresh();
    let node = || open(&url.parse().unwrap(), std::path::Path::new("")).unwrap();
    all_fit(&[node(), node(), node()], 60).await;
}

/// What was asked, answered, held, refused and written, of one key.
type Told = (u64, u64, Option<Option<u64>>, bool, Option<u64>);

fn calls(told: &[Told]) -> Vec<Call> {
    let call = |&(asked, answered, held, refused, written): &Told| Call {
        asked,
        answered,
        held: held.map(|value| (0, value)).into_iter().collect(),
        refused,
        writes: written.map(|value| (0, Some(value))).into_iter().collect(),
    };
    told.iter().map(call).collect()
}

#[test]
fn what_no_order_explains_is_found() {
    let write = |asked, answered, n| (asked, answered, None, false, Some(n));
    let read = |asked, answered, n| (asked, answered, Some(n), false, None);
    let swap = |asked, answered, from, to| (asked, answered, Some(Some(from)), false, Some(to));
    let one_after_the_other = [write(0, 1, 1), read(2, 3, Some(1)), swap(4, 5, 1, 2)];
    assert!(is_linearizable(&calls(&one_after_the_other)));
    // At one time: either may be first.
    assert!(is_linearizable(&calls(&[write(0, 3, 1), read(1, 2, None)])));
    assert!(is_linearizable(&calls(&[
        write(0, 3, 1),
        read(1, 2, Some(1))
    ])));
    // Read after the answer, and yet old.
    assert!(!is_linearizable(&calls(&[
        write(0, 1, 1),
        read(2, 3, None)
    ])));
    // Seen, and then no longer.
    let back = [write(0, 5, 1), read(1, 2, Some(1)), read(3, 4, None)];
    assert!(!is_linearizable(&calls(&back)));
    // Two that replaced the same thing.
    let lost = [write(0, 1, 1), swap(2, 5, 1, 2), swap(3, 4, 1, 3)];
    assert!(!is_linearizable(&calls(&lost)));
    // Refused, although nobody was in the way.
    let wrong = (2, 3, Some(Some(1)), true, None);
    assert!(!is_linearizable(&calls(&[write(0, 1, 1), wrong])));
}
