//! The database's primary dies under load and a standby takes its place: nothing that was acknowledged is lost, nothing that
//! ended comes back, and the nodes find the new primary by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::{JoinSet, spawn_blocking};

use super::dying::{Known, come_and_go};
use super::*;
use crate::support::postgres::Cluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_takes_over_and_nothing_acknowledged_is_lost() {
    let Some(primary) = Cluster::start("synchronous_commit = on") else {
        return;
    };
    let primary = Arc::new(primary);
    let schema = primary.schema();
    let copied = Arc::clone(&primary);
    let standby = spawn_blocking(move || copied.standby()).await.unwrap();
    until("the standby follows", PATIENCE, async || {
        primary.is_followed()
    })
    .await;
    let store = format!(
        "postgresql://realmkeep@127.0.0.1:{},127.0.0.1:{}/realmkeep?target_session_attrs=read-write&options=-csearch_path%3D{schema}",
        primary.port, standby.port
    );
    let fleet = Fleet::on(&store, 3, None).await;
    let token = fleet.ops.token().await;

    let over = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    for _ in 0..3 {
        let web = App::discover(&fleet.home.url, "demo", "web").await;
        let (url, token, over) = (fleet.home.url.clone(), token.clone(), Arc::clone(&over));
        people.spawn(async move {
            let (mut alive, mut ended) = (Known::new(), Known::new());
            let mut rounds = 0;
            // A few rounds before it, whatever comes during it, and some after it.
            while !over.load(Ordering::Relaxed) || rounds < 3 {
                let (came, went) = come_and_go(&web, &url, &token).await;
                alive.extend(came);
                ended.extend(went);
                rounds += 1;
            }
            (alive, ended)
        });
    }
    // What was acknowledged by the first primary, and ended by it.
    let before = fleet.sign_in(&Browser::default(), "alice").await;
    let lives = fleet.sign_in(&Browser::default(), "alice").await;
    fleet
        .ops
        .sign_out(json!({ "sessions": [before.sid] }))
        .await;

    let dies = Arc::clone(&primary);
    spawn_blocking(move || dies.stop(true)).await.unwrap();
    let began = Instant::now();
    let standby = spawn_blocking(move || {
        standby.promote();
        standby
    });
    let standby = standby.await.unwrap();
    let promoted = began.elapsed();
    for node in 0..3 {
        let url = format!("http://127.0.0.1:{}/readyz", fleet.ports[node]);
        until("ready again", PATIENCE, || async {
            let answer = Answer::of(crate::support::browser::client().get(&url)).await;
            answer.status == 200
        })
        .await;
    }
    let writes = began.elapsed();
    eprintln!("promoted after {promoted:?}; every node takes writes again after {writes:?}");
    over.store(true, Ordering::Relaxed);
    let (mut alive, mut ended) = (Known::new(), Known::new());
    for (came, went) in people.join_all().await {
        alive.extend(came);
        ended.extend(went);
    }
    ended.push((before.sid, before.refresh));
    alive.push((lives.sid, lives.refresh));
    assert!(
        alive.len() > 8 && ended.len() > 8,
        "{} {}",
        alive.len(),
        ended.len()
    );
    for (sid, refresh) in &ended {
        assert_eq!(fleet.ops.session(sid).await["state"], "ended", "{sid}");
        let refused = fleet.web.try_refresh(refresh).await;
        assert_eq!(refused.error(), "invalid_grant", "{sid} came back");
    }
    for (sid, refresh) in &alive {
        assert_eq!(fleet.ops.session(sid).await["state"], "active", "{sid}");
        assert_eq!(fleet.web.try_refresh(refresh).await.status, 200, "{sid}");
    }
    drop(standby);
}
