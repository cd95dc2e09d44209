//! The overview from the outside: what happens is counted, on every node, and is still known after a restart.

use std::time::Duration;

use realmkeep::Span;
use serde_json::{Value, json};

use crate::support::{Browser, Engine, Receiver, Reply, TestServer, realms, until};

/// What was counted in a day.
async fn day(server: &TestServer) -> Value {
    server.ops().get("/overview").await.expect(200).json()["now"]["lastDay"].clone()
}

/// One person who signs in, one who does not, and one who is signed out.
async fn something_happens(server: &TestServer) {
    let web = server.app("web").await;
    let browser = Browser::default();
    let tokens = web
        .sign_in(&browser, "alice", "alice-password", &[], false)
        .await;
    let stranger = Browser::default();
    let page = stranger.open(web.begin(&[]).url.as_str()).await;
    let page = stranger.log_in(&page, "bob", "not-his", false).await;
    assert!(page.is_login());
    server
        .ops()
        .sign_out(json!({ "sessions": [tokens.sid] }))
        .await;
}

fn is_counted(day: &Value, times: u64) {
    assert_eq!(day["signIns"], times, "{day}");
    assert_eq!(day["failures"], json!({ "credentials": times }), "{day}");
    assert_eq!(day["ended"], json!({ "admin": times }), "{day}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_counted_and_survives_a_restart() {
    let mut server = TestServer::start(Engine::Sled).await;
    server.clock.advance(Span::days(400));
    is_counted_not_at_all(&day(&server).await);
    something_happens(&server).await;
    server.advance(Span::mins(1)).await;
    is_counted(&day(&server).await, 1);
    server.restart().await;
    is_counted(&day(&server).await, 1);
    something_happens(&server).await;
    // Not yet written down by the clock: a stop in good order does it.
    server.restart().await;
    is_counted(&day(&server).await, 2);

    // The table of the page says the same.
    let browser = Browser::default();
    let address = format!("{}/admin/demo/overview", server.url);
    let page = browser.open(&address).await;
    let page = browser.log_in(&page, "dana", "dana-password", false).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let tile = page.text("tile-sign-ins");
    assert!(tile.contains('3'), "hers is one, too: {tile}");

    // Two days later it is a record an hour; after five weeks it is gone.
    server.advance(Span::days(3)).await;
    let week = server
        .ops()
        .get("/overview?range=7d")
        .await
        .expect(200)
        .json();
    let sum: u64 = week["series"]
        .as_array()
        .expect("stretches")
        .iter()
        .filter_map(|stretch| stretch["signIns"].as_u64())
        .sum();
    assert_eq!(sum, 3, "{week}");
    server.advance(Span::days(36)).await;
    let month = server
        .ops()
        .get("/overview?range=30d")
        .await
        .expect(200)
        .json();
    let stretches = month["series"].as_array().expect("stretches");
    let known = stretches.iter().filter(|s| s["ended"] != json!({}));
    // Somebody's session ran out by itself meanwhile.
    assert_eq!(known.count(), 0, "{month}");
}

fn is_counted_not_at_all(day: &Value) {
    assert_eq!(day["signIns"], 0, "{day}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_killed_loses_at_most_what_was_not_written_down() {
    let mut server = TestServer::apart(Engine::Sled, None).await;
    server.advance(Span::days(400)).await;
    something_happens(&server).await;
    server.advance(Span::mins(1)).await;
    something_happens(&server).await;
    server.restart().await;
    let day = day(&server).await;
    assert!(day["signIns"].as_u64() >= Some(1), "{day}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_add_up() {
    if !Engine::Nodes.is_there() {
        return;
    }
    let server = TestServer::start(Engine::Nodes).await;
    for _ in 0..3 {
        something_happens(&server).await;
    }
    server.advance(Span::mins(1)).await;
    // Whichever of the three is asked.
    for _ in 0..3 {
        is_counted(&day(&server).await, 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_does_not_answer_is_named_and_what_waits_is_counted() {
    let at = Receiver::start().await;
    at.answers("/good", Reply::Status(200));
    at.answers("/bad", Reply::Status(500));
    let apps = [("good", at.at("/good")), ("bad", at.at("/bad"))];
    let apps = [("good", apps[0].1.as_str()), ("bad", apps[1].1.as_str())];
    let text = realms::with_apps(&apps);
    let server = TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await;
    server.clock.advance(Span::days(400));
    let browser = Browser::default();
    let mut sid = String::new();
    for (app, _) in apps {
        let app = server.app(app).await;
        let tokens = app.sign_in(&browser, "alice", "alice-password", &[], false);
        sid = tokens.await.sid;
    }
    let before = server.ops().get("/overview").await.expect(200).json();
    assert_eq!(before["now"]["sessions"]["count"], 1, "{before}");
    server.ops().sign_out(json!({ "sessions": [sid] })).await;
    let limit = Duration::from_secs(30);
    for tries in 1..=3 {
        at.wait("/bad", tries, limit).await;
        until("it is written down", limit, async || {
            let now = server.ops().get("/overview").await.expect(200).json();
            now["now"]["lastDay"]["retried"].as_u64() >= Some(tries as u64)
        })
        .await;
        server.advance(Span::mins(3)).await;
    }
    let read = async || server.ops().get("/overview").await.expect(200).json();
    let failing = json!([{ "clientId": "bad", "name": "The app bad" }]);
    until("the app is known to fail", limit, async || {
        read().await["now"]["failingApps"] == failing
    })
    .await;
    let seen = read().await;
    let now = &seen["now"];
    assert_eq!(
        now["sessions"],
        json!({ "count": 0, "isExact": true, "countedAt": now["at"] })
    );
    assert_eq!(now["deliveriesWaiting"]["count"], 1, "{seen}");
    assert_eq!(now["lastDay"]["confirmed"], 1, "{seen}");
    assert!(
        now["lastDay"]["latencyP50Ms"].as_u64() < Some(60_000),
        "{seen}"
    );
    let last = &seen["lastSignOuts"][0];
    assert_eq!(
        (&last["apps"], &last["confirmed"], &last["confirmedAfterMs"]),
        (&json!(2), &json!(1), &Value::Null),
        "{seen}"
    );
}
