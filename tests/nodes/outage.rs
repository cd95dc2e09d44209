//! The database goes away and comes back: requests answer 503 with Retry-After or succeed, never half, and afterwards
//! everything that was acknowledged is there.

use super::*;
use crate::support::postgres::Cluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_a_node_says_so_and_goes_on_when_it_is_back() {
    let Some(cluster) = Cluster::start("") else {
        return;
    };
    let cluster = std::sync::Arc::new(cluster);
    let store = cluster.url_at(cluster.port, &cluster.schema());
    let fleet = Fleet::on(&store, 2, None).await;
    let browser = Browser::default();
    let tokens = fleet.sign_in(&browser, "alice").await;
    let gone = fleet.sign_in(&Browser::default(), "bob").await;
    fleet.ops.sign_out(json!({ "sessions": [gone.sid] })).await;

    let token = fleet.ops.token().await;
    let sessions = || {
        let url = format!("{}/admin/realms/demo/sessions", fleet.home.url);
        crate::support::browser::client()
            .get(url)
            .bearer_auth(&token)
    };
    let server = std::sync::Arc::clone(&cluster);
    tokio::task::spawn_blocking(move || server.stop(false))
        .await
        .unwrap();
    for node in [0, 1] {
        let web = &fleet.at(node).web;
        for answer in [
            web.try_refresh(&tokens.refresh).await,
            web.introspect(&tokens.access).await,
            web.userinfo(&tokens.access).await,
            Answer::of(sessions()).await,
            Answer::of(crate::support::browser::client().get(web.begin(&["profile"]).url)).await,
        ] {
            assert_eq!(answer.status, 503, "{}", answer.text);
            assert!(
                !answer.header("retry-after").is_empty(),
                "no Retry-After: {}",
                answer.text
            );
        }
        let ready = crate::support::browser::client().get(format!("{}/readyz", fleet.home.url));
        let ready = Answer::of(ready).await;
        assert_eq!(ready.status, 503);
        assert!(ready.text.contains("database"), "{}", ready.text);
    }
    let server = std::sync::Arc::clone(&cluster);
    tokio::task::spawn_blocking(move || server.start_again())
        .await
        .unwrap();
    for node in [0, 1] {
        fleet.at(node);
        until("ready again", PATIENCE, async || {
            let ready = crate::support::browser::client().get(format!("{}/readyz", fleet.home.url));
            Answer::of(ready).await.status == 200
        })
        .await;
        let web = &fleet.web;
        assert_eq!(web.silent_error(&browser).await, None, "a session was lost");
        assert_eq!(
            web.try_refresh(&gone.refresh).await.error(),
            "invalid_grant"
        );
    }
    assert_eq!(fleet.web.try_refresh(&tokens.refresh).await.status, 200);
}
