//! A proxy that cuts the connection at the worst moment: the commit is sent, the answer never comes.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What the proxy does to connections that carry the name of a commit.
#[derive(Default)]
struct Plan {
    /// Cut before the request is passed on, so many times.
    before: AtomicU32,
    /// Cut after the request is passed on, before any answer.
    after: AtomicU32,
    /// Cuts that were made.
    made: AtomicU64,
}

/// Takes one from a count; whether there was one.
fn take(count: &AtomicU32) -> bool {
    count
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
        .is_ok()
}

/// Whether a piece of the stream carries a Bind of a commit: its keys begin so.
fn carries(piece: &[u8]) -> bool {
    piece.windows(4).any(|w| w == b"CUT!")
}

async fn proxy(server: u16, plan: Arc<Plan>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let plan = Arc::clone(&plan);
            tokio::spawn(async move {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
                    return;
                };
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let down = tokio::spawn(async move {
                    let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
                });
                let mut piece = vec![0; 1 << 16];
                while let Ok(n @ 1..) = from_client.read(&mut piece).await {
                    let cut = carries(&piece[..n]);
                    if cut && take(&plan.before) {
                        plan.made.fetch_add(1, Ordering::SeqCst);
                        break;
                    }
                    if cut && take(&plan.after) {
                        // Nothing of the answer gets through, however fast it is.
                        down.abort();
                        let _ = to_server.write_all(&piece[..n]).await;
                        plan.made.fetch_add(1, Ordering::SeqCst);
                        // Long enough for the server to commit in most cases, not in all.
                        sleep(Duration::from_millis(u64::from(n as u32 % 7))).await;
                        break;
                    }
                    if to_server.write_all(&piece[..n]).await.is_err() {
                        break;
                    }
                }
                down.abort();
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lost_answer_is_found_again() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let schema = cluster.schema();
    let plan = Arc::new(Plan::default());
    let port = proxy(cluster.port, Arc::clone(&plan)).await;
    let store = store(&cluster.url_at(port, &schema));
    let mut version = None;
    for round in 0..30u32 {
        match round % 3 {
            0 => plan.after.store(1, Ordering::SeqCst),
            1 => plan.before.store(1, Ordering::SeqCst),
            _ => {}
        }
        let value = format!("{round}");
        let made = store
            .commit(batch(|x| {
                match version {
                    None => x.create("CUT!key", value.clone()),
                    Some(at) => x.replace("CUT!key", at, value.clone()),
                }
                .create(format!("CUT!{round}"), "")
            }))
            .await
            .unwrap_or_else(|e| panic!("round {round}: {e:?}"));
        let found = store.get(b"CUT!key").await.unwrap().unwrap();
        assert_eq!(
            (found.value, found.version),
            (value.into(), made.version),
            "round {round}"
        );
        version = Some(made.version);
        // A guard that fails is told as such, lost answer or not.
        plan.after.store(round % 2, Ordering::SeqCst);
        let outcome = store
            .commit(batch(|x| {
                x.create(format!("CUT!{round}"), "again")
                    .put("CUT!half", "")
            }))
            .await;
        assert!(
            matches!(&outcome, Err(CommitError::Conflict { key: Some(k) }) if *k == format!("CUT!{round}")),
            "{outcome:?}"
        );
    }
    assert_eq!(store.get(b"CUT!half").await.unwrap(), None);
    assert!(
        plan.made.load(Ordering::SeqCst) >= 20,
        "hardly anything was cut"
    );
    assert_eq!(
        cluster.sql(&format!("SELECT count(*) FROM {schema}.kv")),
        "31"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_through_cuts_happen_once_each() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let schema = cluster.schema();
    let plan = Arc::new(Plan::default());
    let port = proxy(cluster.port, Arc::clone(&plan)).await;
    let store = store(&cluster.url_at(port, &schema));
    store
        .commit(batch(|x| x.put("counter", 0u64.to_be_bytes().to_vec())))
        .await
        .unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..16u32 {
        let (store, plan) = (Arc::clone(&store), Arc::clone(&plan));
        tasks.spawn(async move {
            for round in 0..10u32 {
                match (task + round) % 5 {
                    0 => plan.after.store(1, Ordering::SeqCst),
                    1 => plan.before.store(1, Ordering::SeqCst),
                    _ => {}
                }
                loop {
                    let now = store.get(b"counter").await.unwrap().unwrap();
                    let next = u64::from_be_bytes(now.value[..].try_into().unwrap()) + 1;
                    let made = store
                        .commit(batch(|x| {
                            x.replace("counter", now.version, next.to_be_bytes().to_vec())
                                .create(format!("CUT!{next}"), "")
                        }))
                        .await;
                    match made {
                        Ok(_) => break,
                        Err(CommitError::Conflict { .. }) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }
        });
    }
    tasks.join_all().await;
    assert!(
        plan.made.load(Ordering::SeqCst) > 5,
        "hardly anything was cut"
    );
    let counter = store.get(b"counter").await.unwrap().unwrap();
    assert_eq!(counter.value, 160u64.to_be_bytes().to_vec());
    let marks = cluster.sql(&format!(
        "SELECT count(*) FROM {schema}.kv WHERE k >= 'CUT!' AND k < 'CUT\"'"
    ));
    assert_eq!(marks, "160");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stone_in_its_place_keeps_a_late_call_from_happening() {
    let Some(cluster) = cluster::shared() else {
        return;
    };
    let url = cluster.fresh();
    let store = store(&url);
    let (client, _driver) = other(&url).await;
    let stone = client
        .query_one("SELECT seq FROM kv_settle('op')", &[])
        .await
        .unwrap();
    assert_eq!(stone.get::<_, i64>(0), 0);
    let call = "SELECT seq FROM kv_commit('op', '{}','{}','{}', '{0}','{k}','{v}', '{}','{}','{}', '{}','{}','{}', '{}','{}', '{}','{}','{}')";
    let late = client.query_one(call, &[]).await.unwrap_err();
    assert_eq!(late.code(), Some(&SqlState::UNIQUE_VIOLATION));
    assert_eq!(store.get(b"k").await.unwrap(), None);
    // And the other way round: a call that happened is found, with what it answered.
    let seq: i64 = client
        .query_one(&call.replace("'op'", "'op2'"), &[])
        .await
        .unwrap()
        .get(0);
    let found = client
        .query_one("SELECT seq FROM kv_settle('op2')", &[])
        .await
        .unwrap();
    assert_eq!(found.get::<_, i64>(0), seq);
}
