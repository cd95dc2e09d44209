//! How changes of what nodes remember reach the others: clients, keys; also while the feed is held up.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_clients_and_keys_spread_within_a_second() {
    let Some(fleet) = Fleet::start(2, None).await else {
        return;
    };
    let asks = async || {
        let url = format!(
            "{}/realms/demo/protocol/openid-connect/token",
            fleet.home.url
        );
        let request = crate::support::browser::client()
            .post(url)
            .basic_auth("plain", Some("plain-secret"))
            .form(&[("grant_type", "client_credentials")]);
        Answer::of(request).await.status
    };
    let uuid = fleet.at(0).ops.client_uuid("plain").await;
    for round in 0..3 {
        // Both remember the client.
        for node in [0, 1] {
            fleet.at(node);
            assert_eq!(asks().await, 200, "round {round}");
        }
        for (enabled, expected) in [(false, 401), (true, 200)] {
            let path = format!("/clients/{uuid}");
            let mut client = fleet.at(0).ops.get(&path).await.expect(200).json();
            client["enabled"] = json!(enabled);
            let changed = fleet.at(0).ops.put(&path, &client).await;
            assert!(changed.status < 300, "{}", changed.text);
            let began = Instant::now();
            fleet.at(1);
            until("the other node knows", PATIENCE, async || {
                asks().await == expected
            })
            .await;
            let took = began.elapsed();
            assert!(
                took < SPREAD * 5,
                "{took:?} until a change of a client was seen"
            );
        }
    }
    // Tokens of the old key and of the new one are good on both nodes.
    let browser = Browser::default();
    let before = fleet.at(1).sign_in(&browser, "alice").await;
    let kid = |jwt: &str| header(jwt)["kid"].as_str().unwrap().to_owned();
    let rotated = fleet.at(0).ops.post("/keys/rotate", &json!({})).await;
    assert!(rotated.status < 300, "{}", rotated.text);
    let began = Instant::now();
    let after = fleet.at(0).web.refresh(&before).await;
    assert_ne!(
        kid(&after.access),
        kid(&before.access),
        "signed with the old key"
    );
    fleet.at(1).web.userinfo(&after.access).await.expect(200);
    loop {
        let fresh = fleet.at(1).sign_in(&Browser::default(), "alice").await;
        if kid(&fresh.access) == kid(&after.access) {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "never signed with the new key");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() < SPREAD * 10, "{:?}", began.elapsed());
    for node in [0, 1] {
        fleet
            .at(node)
            .web
            .userinfo(&before.access)
            .await
            .expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_is_held_up_holds_up_no_change() {
    let Some(fleet) = Fleet::start(2, None).await else {
        return;
    };
    let cluster = postgres::shared().unwrap();
    let uuid = fleet.at(0).ops.client_uuid("plain").await;
    let path = format!("/clients/{uuid}");
    let mut client = fleet.ops.get(&path).await.expect(200).json();
    let asks = async || {
        let url = format!(
            "{}/realms/demo/protocol/openid-connect/token",
            fleet.home.url
        );
        let request = crate::support::browser::client()
            .post(url)
            .basic_auth("plain", Some("plain-secret"))
            .form(&[("grant_type", "client_credentials")]);
        Answer::of(request).await.status
    };
    fleet.at(1);
    assert_eq!(asks().await, 200);
    // Somebody's long transaction, older than the change: the feed can tell nothing until it is over.
    let held = tokio::task::spawn_blocking(move || {
        cluster.sql("BEGIN; SELECT pg_current_xact_id(); SELECT pg_sleep(12); COMMIT")
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    client["enabled"] = json!(false);
    let changed = fleet.at(0).ops.put(&path, &client).await;
    assert!(changed.status < 300, "{}", changed.text);
    let began = Instant::now();
    fleet.at(1);
    until("the other node knows all the same", PATIENCE, async || {
        asks().await == 401
    })
    .await;
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "only when the feed went on: {:?}",
        began.elapsed()
    );
    held.await.unwrap();
}

fn header(jwt: &str) -> serde_json::Value {
    use base64::Engine as _;
    let part = jwt.split('.').next().unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}
