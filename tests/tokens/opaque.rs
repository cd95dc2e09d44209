//! Access tokens that say nothing: of one client, of a whole realm, of a service; good where tokens are good, and over
//! when tokens are over.

use serde_json::json;

use super::*;
use crate::support::{Operator, realms};

/// `web`, `panel` and `ops` have opaque access tokens.
async fn opaque() -> TestServer {
    let mut text = realms::DEMO.to_owned();
    for client in ["web", "panel", "ops"] {
        let line = format!("client_id = \"{client}\"\n");
        text = text.replace(&line, &format!("{line}access_token_format = \"opaque\"\n"));
    }
    TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await
}

#[tokio::test]
async fn they_say_nothing_and_are_good_until_the_session_ends() {
    let server = opaque().await;
    let (web, browser) = (server.app("web").await, Browser::default());
    let tokens = web
        .sign_in(&browser, "alice", "alice-password", &["profile"], true)
        .await;
    for secret in [".", "alice", &tokens.sub, &tokens.sid] {
        assert!(!tokens.access.contains(secret), "{}", tokens.access);
    }
    let about = web.userinfo(&tokens.access).await.expect(200).json();
    assert_eq!(
        (&about["sub"], &about["name"]),
        (&json!(tokens.sub), &json!("Alice Adams"))
    );
    let seen = web.introspect(&tokens.access).await.json();
    assert_eq!(
        (
            &seen["active"],
            &seen["client_id"],
            &seen["sid"],
            &seen["username"]
        ),
        (
            &json!(true),
            &json!("web"),
            &json!(tokens.sid),
            &json!("alice")
        )
    );
    assert_eq!(seen["iss"], server.issuer("demo"));
    assert_eq!(
        seen["exp"].as_u64().unwrap() - seen["iat"].as_u64().unwrap(),
        300,
        "{seen}"
    );
    // Nobody else's business.
    let notes = server.app("notes").await;
    let other = server.app_of("other", "web").await;
    for stranger in [&notes, &other] {
        let said = stranger.introspect(&tokens.access).await;
        assert_eq!(said.text, r#"{"active":false}"#);
    }
    assert_eq!(other.userinfo(&tokens.access).await.status, 401);
    // Any change of it is none.
    let (head, tail) = tokens.access.split_at(40);
    let first = if tail.starts_with('A') { "B" } else { "A" };
    let changed = format!("{head}{first}{}", &tail[1..]);
    assert_eq!(web.userinfo(&changed).await.status, 401);

    let receipt = server
        .ops()
        .sign_out(json!({ "sessions": [tokens.sid] }))
        .await;
    assert_eq!(receipt["apps"][0]["boundUntil"], Value::Null, "{receipt}");
    assert_eq!(web.userinfo(&tokens.access).await.status, 401);
    let said = web.introspect(&tokens.access).await;
    assert_eq!(said.text, r#"{"active":false}"#);
}

#[tokio::test]
async fn they_expire_and_are_revoked_one_by_one() {
    let server = opaque().await;
    let (web, browser) = (server.app("web").await, Browser::default());
    let first = web
        .sign_in(&browser, "alice", "alice-password", &["profile"], true)
        .await;
    let second = web.refresh(&first).await;
    assert_ne!(first.access, second.access);
    web.revoke(&second.access).await.expect(200);
    assert_eq!(web.userinfo(&second.access).await.status, 401);
    assert_eq!(web.userinfo(&first.access).await.status, 200);
    server.clock.advance(Span::mins(6));
    assert_eq!(web.userinfo(&first.access).await.status, 401);
}

#[tokio::test]
async fn they_open_the_admin_api() {
    let server = opaque().await;
    let ops = server.ops();
    assert!(!ops.token().await.contains('.'));
    ops.get("/sessions").await.expect(200);
    let (dana, tokens) = Operator::person(&server.url, &Browser::default(), "dana").await;
    assert!(!tokens.access.contains('.'));
    assert_eq!(dana.session(&tokens.sid).await["current"], true);
    // One that is for something else does not.
    let web = server.app("web").await;
    let hers = web
        .sign_in(&Browser::default(), "dana", "dana-password", &[], true)
        .await;
    let wrong = Operator::bearer(&server.url, "demo", &hers.access);
    assert_eq!(wrong.get("/sessions").await.status, 401);
    ops.sign_out(json!({ "sessions": [tokens.sid] })).await;
    assert_eq!(dana.get("/sessions").await.status, 401);
}

#[tokio::test]
async fn a_realm_may_want_them_of_all_but_one() {
    let text = realms::DEMO
        .replace("[tokens]\n", "[tokens]\naccess_token_format = \"opaque\"\n")
        .replace(
            "client_id = \"notes\"\n",
            "client_id = \"notes\"\naccess_token_format = \"jwt\"\n",
        );
    let server = TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await;
    let (web, notes) = (server.app("web").await, server.app("notes").await);
    let browser = Browser::default();
    let opaque = web
        .sign_in(&browser, "alice", "alice-password", &[], true)
        .await;
    let jwt = notes.sign_in_silently(&browser, &[]).await;
    assert!(!opaque.access.contains('.'));
    assert_eq!(claims(&jwt.access)["client_id"], "notes");
}
