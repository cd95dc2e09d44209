//! Realms keep apart, and realm files are applied at every start without undoing what people did since.

use serde_json::json;

use crate::support::{Answer, Browser, Engine, Operator, TestServer};

#[tokio::test]
async fn a_session_of_one_realm_is_nothing_in_another() {
    let server = TestServer::start(Engine::Memory).await;
    let (demo, other) = (server.app("web").await, server.app_of("other", "web").await);
    let browser = Browser::default();
    let here = demo
        .sign_in(
            &browser,
            "alice",
            "alice-password",
            &["offline_access"],
            true,
        )
        .await;
    assert_eq!(
        other.silent_error(&browser).await.as_deref(),
        Some("login_required")
    );
    assert_eq!(other.userinfo(&here.access).await.status, 401);
    assert_eq!(
        other.try_refresh(&here.refresh).await.error(),
        "invalid_grant"
    );
    assert_eq!(
        other.introspect(&here.access).await.text,
        r#"{"active":false}"#
    );
    // The cookie under the other realm's name.
    let thief = Browser::default();
    for (name, value) in browser.cookies() {
        thief.plant(&server.url, &name.replace("demo", "other"), &value);
    }
    assert_eq!(
        other.silent_error(&thief).await.as_deref(),
        Some("login_required")
    );
    let there = other
        .sign_in(&browser, "alice", "other-alice-password", &[], true)
        .await;
    assert_ne!(here.sub, there.sub);
    assert_eq!(
        (
            demo.silent_error(&browser).await,
            other.silent_error(&browser).await
        ),
        (None, None)
    );
    let page = browser
        .open(other.begin_with(&[], &[("prompt", "login")]).url.as_str())
        .await;
    let page = browser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    assert!(
        page.html().has("login-error"),
        "a password of another realm: {page}"
    );
}

#[tokio::test]
async fn signing_out_everybody_of_a_realm_leaves_the_others() {
    let server = TestServer::start(Engine::Memory).await;
    let (demo, other) = (server.app("web").await, server.app_of("other", "web").await);
    let browser = Browser::default();
    let here = demo
        .sign_in(
            &browser,
            "alice",
            "alice-password",
            &["offline_access"],
            true,
        )
        .await;
    let there = other
        .sign_in(
            &browser,
            "alice",
            "other-alice-password",
            &["offline_access"],
            true,
        )
        .await;
    server
        .root()
        .at("demo")
        .sign_out(json!({ "all": true }))
        .await;
    assert_eq!(
        demo.try_refresh(&here.refresh).await.error(),
        "invalid_grant"
    );
    assert_eq!(
        demo.silent_error(&browser).await.as_deref(),
        Some("login_required")
    );
    other.refresh(&there).await;
    assert_eq!(other.silent_error(&browser).await, None);
}

#[tokio::test]
async fn each_realm_has_keys_of_its_own() {
    let server = TestServer::start(Engine::Memory).await;
    let http = crate::support::browser::client();
    let mut kids: Vec<String> = Vec::new();
    for realm in ["demo", "other", "master"] {
        let jwks = Answer::of(http.get(server.endpoint(realm, "certs")))
            .await
            .expect(200)
            .json();
        kids.extend(
            jwks["keys"]
                .as_array()
                .unwrap()
                .iter()
                .map(|k| k["kid"].as_str().unwrap().to_owned()),
        );
    }
    let all = kids.len();
    kids.sort();
    kids.dedup();
    assert_eq!(kids.len(), all, "a key of two realms");
}

#[tokio::test]
async fn the_server_administrator_makes_changes_and_deletes_a_realm() {
    let server = TestServer::start(Engine::Sled).await;
    let root = server.root();
    let http = crate::support::browser::client();
    let made = Answer::of(
        http.post(format!("{}/admin/realms", server.url))
            .bearer_auth(root.token().await)
            .json(&json!({ "realm": "fresh" })),
    )
    .await
    .expect(201);
    assert!(
        made.header("location").ends_with("/admin/realms/fresh"),
        "{:?}",
        made.headers
    );
    let fresh = server.root().at("fresh");
    fresh
        .post("/users", &json!({ "username": "zoe", "enabled": true }))
        .await
        .expect(201);
    let discovery = format!(
        "{}/.well-known/openid-configuration",
        server.issuer("fresh")
    );
    assert_eq!(
        Answer::of(http.get(&discovery)).await.expect(200).json()["issuer"],
        server.issuer("fresh").as_str()
    );
    assert_eq!(
        server.ops().at("fresh").get("/users").await.status,
        404,
        "an administrator of demo"
    );
    assert_eq!(fresh.delete("").await.status, 204);
    assert_eq!(fresh.get("/users").await.status, 404);
    assert_eq!(Answer::of(http.get(&discovery)).await.status, 404);
}

#[tokio::test]
async fn a_start_applies_the_files_again_and_undoes_nothing() {
    let mut server = TestServer::start(Engine::Sled).await;
    let (web, browser) = (server.app("web").await, Browser::default());
    let tokens = web
        .sign_in(
            &browser,
            "alice",
            "alice-password",
            &["offline_access"],
            true,
        )
        .await;
    let ops = server.ops();
    let path = format!("/users/{}/reset-password", ops.user_id("bob").await);
    ops.put(
        &path,
        &json!({ "type": "password", "value": "bobs-own", "temporary": false }),
    )
    .await
    .expect(204);
    server.restart().await;
    assert_eq!(
        web.silent_error(&browser).await,
        None,
        "a restart signs people out"
    );
    web.refresh(&tokens).await;
    web.userinfo(&tokens.access).await.expect(200);
    web.sign_in(&Browser::default(), "bob", "bobs-own", &[], false)
        .await;
}

#[tokio::test]
async fn the_first_administrator_has_a_generated_password_and_rules_over_all() {
    let server = TestServer::start(Engine::Memory).await;
    assert!(
        server.admin_password.len() >= 16,
        "a password that can be guessed"
    );
    let admin = Browser::default();
    let page = admin
        .open(&format!("{}/admin/master/sessions", server.url))
        .await;
    let page = admin
        .log_in(&page, "admin", &server.admin_password, false)
        .await;
    assert!(page.html().has("session-search"), "{page}");
    let page = admin.open(&format!("{}/admin", server.url)).await;
    assert!(
        page.body.contains("/admin/demo") && page.body.contains("/admin/other"),
        "{page}"
    );
    let page = admin
        .open(&format!("{}/admin/demo/sessions", server.url))
        .await;
    assert!(
        page.html().has("session-search"),
        "the console of another realm: {page}"
    );
}

#[tokio::test]
async fn nobody_administers_another_realm_by_naming_it() {
    let server = TestServer::start(Engine::Memory).await;
    let web = server.app("web").await;
    let tokens = web
        .sign_in(&Browser::default(), "alice", "alice-password", &[], false)
        .await;
    let theirs = Operator::service(&server.url, "other", "ops", "other-ops-secret");
    // Ids of one realm at the other's address.
    assert_eq!(
        theirs.get(&format!("/users/{}", tokens.sub)).await.status,
        404
    );
    assert_eq!(
        theirs
            .delete(&format!("/users/{}", tokens.sub))
            .await
            .status,
        404
    );
    assert_eq!(
        theirs
            .delete(&format!("/sessions/{}", tokens.sid))
            .await
            .status,
        404
    );
    let made = theirs.sign_out(json!({ "sessions": [tokens.sid] })).await;
    assert!(
        made.to_string().contains(&tokens.sid),
        "it is told as not found: {made}"
    );
    web.refresh(&tokens).await;
}
