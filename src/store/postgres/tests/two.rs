//! Two engines over one database.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_that_start_together_make_one_schema_and_hear_of_each_other() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    for _ in 0..5 {
        let url = cluster.fresh();
        let starting: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                tokio::task::spawn_blocking(move || store(&url))
            })
            .collect();
        let mut nodes = Vec::new();
        for node in starting {
            nodes.push(node.await.unwrap());
        }
        let mut wake = nodes[3].wake();
        // The first notice may be lost while that node is still connecting; the poll is for that.
        until("heard", async || {
            nodes[0].commit(batch(|x| x.put("k", "v"))).await.unwrap();
            tokio::time::timeout(Duration::from_millis(500), wake.changed())
                .await
                .is_ok()
        })
        .await;
        assert_eq!(nodes[3].get(b"k").await.unwrap().unwrap().value, "v");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_racing_lose_no_update_and_one_creator_wins() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let url = cluster.fresh();
    let nodes = [store(&url), store(&url)];
    nodes[0]
        .commit(batch(|x| x.put("counter", 0u64.to_be_bytes().to_vec())))
        .await
        .unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..16u64 {
        let store = Arc::clone(&nodes[task as usize % 2]);
        tasks.spawn(async move {
            let mut won = 0;
            for round in 0..20 {
                loop {
                    let now = store.get(b"counter").await.unwrap().unwrap();
                    let next = u64::from_be_bytes(now.value[..].try_into().unwrap()) + 1;
                    let made = store
                        .commit(batch(|x| {
                            x.replace("counter", now.version, next.to_be_bytes().to_vec())
                                .put(format!("by {task}"), "")
                                .put(format!("{}", task % 3), "shared")
                        }))
                        .await;
                    match made {
                        Ok(_) => break,
                        Err(CommitError::Conflict { key: Some(key) }) => assert_eq!(key, "counter"),
                        Err(other) => panic!("{other:?}"),
                    }
                }
                let made = store
                    .commit(batch(|x| {
                        x.create(format!("one {round}"), "")
                            .put(format!("one {round} {task}"), "")
                    }))
                    .await;
                match made {
                    Ok(_) => won += 1,
                    Err(CommitError::Conflict { .. }) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            won
        });
    }
    let won: i32 = tasks.join_all().await.into_iter().sum();
    assert_eq!(won, 20, "one creator a round");
    let counter = nodes[1].get(b"counter").await.unwrap().unwrap();
    assert_eq!(counter.value, 320u64.to_be_bytes().to_vec());
    let marks = nodes[0]
        .scan(
            &Range::prefix("one "),
            None,
            1000,
            Dir::Forward,
            KeysOrRecords::KeysOnly,
        )
        .await
        .unwrap();
    assert_eq!(marks.records.len(), 40, "a loser wrote something");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_check_on_the_other_node_keeps_skew_out() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let url = cluster.fresh();
    let (one, two) = (store(&url), store(&url));
    for round in 0..100 {
        let made = one
            .commit(batch(|x| x.put("left", "on").put("right", "on")))
            .await
            .unwrap()
            .version;
        let act = |store: &Arc<dyn Store>, check: &'static str, off: &'static str, at: Version| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                store
                    .commit(batch(|x| x.check(check, at).replace(off, at, "off")))
                    .await
            })
        };
        let (a, b) = tokio::join!(
            act(&one, "left", "right", made),
            act(&two, "right", "left", made)
        );
        assert_eq!(
            usize::from(a.unwrap().is_ok()) + usize::from(b.unwrap().is_ok()),
            1,
            "round {round}"
        );
    }
}
