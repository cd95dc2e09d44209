//! Blocked sign-in: with a sign-out, on a user, for a time and until it is lifted.

use realmkeep::Span;
use serde_json::{Value, json};

use super::House;
use crate::support::{Browser, Engine};

async fn sign_out(house: &House, body: Value) -> Value {
    let answer = house.server.ops().post("/signouts", &body).await;
    answer.expect(201).json()
}

async fn user(house: &House, name: &str) -> Value {
    let ops = house.server.ops();
    let path = format!("/users/{}", ops.user_id(name).await);
    ops.get(&path).await.expect(200).json()
}

#[tokio::test]
async fn a_sign_out_may_keep_its_people_out_for_a_time() {
    let house = House::new(Engine::Memory).await;
    let (laptop, sid) = house.alice().await;
    let body = json!({ "select": { "sessions": [sid] }, "blockSignIn": "2h", "reason": "lost" });
    let act = sign_out(&house, body).await;
    assert_eq!(act["blockSignIn"]["people"], 1, "{act}");
    assert!(!house.is_in(&laptop).await);
    let alice = user(&house, "alice").await;
    assert_eq!(alice["blockedUntil"], act["blockSignIn"]["until"]);
    assert_eq!(alice["blocked"]["why"], "lost");
    assert_eq!(alice["blocked"]["signOutId"], act["id"]);
    assert_eq!(alice["enabled"], true);
    let browser = Browser::default();
    let page = house.try_alice(&browser, false).await;
    assert_eq!(page.status, 403);
    let error = page.text("login-error");
    assert!(error.starts_with("Sign-in is blocked until "), "{error}");
    // A name without its password learns nothing of it.
    let page = browser.open(house.web.begin(&[]).url.as_str()).await;
    let page = browser.log_in(&page, "alice", "wrong", false).await;
    assert_eq!(page.text("login-error"), "Invalid username or password.");
    house.server.advance(Span::mins(121)).await;
    let page = house.try_alice(&browser, false).await;
    assert!(page.answered("code").is_some(), "{page}");
}

#[tokio::test]
async fn whoever_keeps_a_session_gets_nothing_new_from_it() {
    let house = House::new(Engine::Memory).await;
    let (laptop, first) = house.alice().await;
    let (phone, _) = house.alice().await;
    let begun = house.web.begin(&[]);
    let page = phone.open(begun.url.as_str()).await;
    let code = house.web.code(&begun, &page);
    let body = json!({ "select": { "sessions": [first] }, "blockSignIn": true });
    let act = sign_out(&house, body).await;
    assert_eq!(act["blockSignIn"]["until"], "lifted");
    assert!(!house.is_in(&laptop).await);
    assert_eq!(house.active().await.len(), 1, "only the selected one ends");
    assert!(!house.is_in(&phone).await, "no new code");
    let refused = house.web.try_exchange(&code, begun.verifier()).await;
    assert_eq!(
        (refused.status, refused.error().as_str()),
        (400, "invalid_grant")
    );
    // Lifted, the session that was left alone goes on.
    let id = user(&house, "alice").await["id"].clone();
    let path = format!("/users/{}/unblock", id.as_str().unwrap());
    let ops = house.server.ops();
    ops.post(&path, &json!({})).await.expect(204);
    ops.post(&path, &json!({})).await.expect(204);
    assert_eq!(user(&house, "alice").await["blockedUntil"], Value::Null);
    assert!(house.is_in(&phone).await);
}

#[tokio::test]
async fn a_block_survives_the_realm_file_and_is_lifted_by_a_change_of_the_user() {
    let mut house = House::new(Engine::Sled).await;
    let (laptop, _) = house.alice().await;
    let ops = house.server.ops();
    let path = format!("/users/{}", ops.user_id("alice").await);
    let body = json!({ "blockedUntil": "lifted" });
    ops.put(&path, &body).await.expect(204);
    assert!(!house.is_in(&laptop).await);
    house.server.restart().await;
    assert_eq!(user(&house, "alice").await["blockedUntil"], "lifted");
    let page = house.try_alice(&Browser::default(), false).await;
    let error = page.text("login-error");
    assert!(error.contains("until an administrator lifts it"), "{error}");
    // What is shown and sent back changes nothing.
    let ops = house.server.ops();
    let shown = user(&house, "alice").await;
    ops.put(&path, &shown).await.expect(204);
    assert_eq!(user(&house, "alice").await["blocked"], shown["blocked"]);
    let refused = ops.put(&path, &json!({ "blockedUntil": "soon" })).await;
    assert_eq!(refused.status, 422);
    ops.put(&path, &json!({ "blockedUntil": null }))
        .await
        .expect(204);
    let page = house.try_alice(&Browser::default(), false).await;
    assert!(page.answered("code").is_some(), "{page}");
}
