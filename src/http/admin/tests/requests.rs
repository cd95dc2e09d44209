//! Requests to sign out that are repeated, unclear, or given up.

use super::*;
use crate::domain::signout::receipt;

const PATH: &str = "/admin/realms/demo/signouts";

async fn acts(house: &House) -> usize {
    receipt::list(&house.ctx, &house.demo, None, 100)
        .await
        .unwrap()
        .0
        .len()
}

#[tokio::test]
async fn the_same_key_with_the_same_body_is_the_same_act() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let (ann, bob) = (
        house.somebody(&house.demo, "ann", &[]).await,
        house.somebody(&house.demo, "bob", &[]).await,
    );
    let key = [("idempotency-key", "k-1")];
    let first = json!({"select": {"users": [ann.user]}, "reason": "x"}).to_string();
    let same = format!(
        "{{\"reason\": \"x\",\n \"select\": {{\"users\": [\"{}\"]}}}}",
        ann.user
    );
    let one = house
        .send("POST", PATH, &ada.token, &first, &key)
        .await
        .is(201);
    let again = house
        .sign_in(&house.demo, ann.user, "console", "openid")
        .await;
    let two = house
        .send("POST", PATH, &ada.token, &same, &key)
        .await
        .is(201);
    assert_eq!(one.json["id"], two.json["id"]);
    assert_eq!(one.header("location"), two.header("location"));
    assert!(
        house.alive(&house.demo, again.sid).await,
        "a repeated request ended what started after the first"
    );
    // The key again for somebody else is not answered with the first one's receipt.
    let other = json!({"select": {"users": [bob.user]}}).to_string();
    let three = house
        .send("POST", PATH, &ada.token, &other, &key)
        .await
        .is(201);
    assert_ne!(three.json["id"], one.json["id"]);
    assert!(!house.alive(&house.demo, bob.sid).await);
    assert_eq!(acts(&house).await, 2);
    // Two at once are one.
    let body = json!({"select": {"sessions": [again.sid]}}).to_string();
    let key = [("idempotency-key", "k-2")];
    let send = || house.send("POST", PATH, &ada.token, &body, &key);
    let (a, b) = tokio::join!(send(), send());
    assert_eq!(a.is(201).json["id"], b.is(201).json["id"]);
    house
        .send("POST", PATH, &ada.token, &body, &[("idempotency-key", "")])
        .await
        .is(400);
}

#[tokio::test]
async fn a_request_that_is_not_clear_ends_nothing() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let ann = house.somebody(&house.demo, "ann", &[]).await;
    for (body, status, words) in [
        (json!({}), 400, "exactly one of"),
        (json!({"select": {}}), 400, "exactly one of"),
        (json!({"select": {"all": false}}), 400, "exactly one of"),
        (
            json!({"select": {"all": true, "users": [ann.user]}}),
            400,
            "exactly one of",
        ),
        (
            json!({"select": {"sesions": [ann.sid]}}),
            400,
            "did you mean \"sessions\"?",
        ),
        (
            json!({"select": {"sessions": []}}),
            400,
            "sessions is empty",
        ),
        (json!({"select": {"users": []}}), 400, "users is empty"),
        (
            json!({"select": {"sessions": "all"}}),
            400,
            "must be a list of texts",
        ),
        (
            json!({"select": {"filter": " "}}),
            400,
            "an empty filter would select everybody",
        ),
        (
            json!({"select": {"filter": "colour:red"}}),
            400,
            "is not understood",
        ),
        (
            json!({"select": {"all": true}, "dryrun": true}),
            400,
            "did you mean \"dryRun\"?",
        ),
        (
            json!({"select": {"all": true}, "dryRun": "true"}),
            400,
            "dryRun must be true or false",
        ),
        (
            json!({"select": {"all": true}, "blockSignIn": "soon"}),
            400,
            "a duration such as \"2h\"",
        ),
        (
            json!({"select": {"all": true}, "blockSignIn": "2020-01-01T00:00:00Z"}),
            422,
            "a time to come",
        ),
        (
            json!({"select": {"all": true}, "note": "x".repeat(1001)}),
            422,
            "at most 1000 characters",
        ),
    ] {
        let answer = house.post(PATH, &ada.token, body.clone()).await.is(status);
        assert!(
            answer.json["detail"].as_str().unwrap().contains(words),
            "{body}: {}",
            answer.text
        );
    }
    assert_eq!(acts(&house).await, 0);
    assert!(house.alive(&house.demo, ann.sid).await);
    let unknown = json!({"select": {"clients": ["nobody"]}});
    let answer = house.post(PATH, &ada.token, unknown).await.is(201);
    assert_eq!(
        (&answer.json["notFound"], &answer.json["counts"]["sessions"]),
        (&json!(["nobody"]), &json!(0))
    );
}

#[tokio::test]
async fn a_caller_who_hangs_up_leaves_a_whole_act() {
    let house = house().await;
    let ada = house.somebody(&house.demo, "ada", &["realm-admin"]).await;
    let bob = house.user(&house.demo, "bob", &[]).await;
    let mut sids = Vec::new();
    for _ in 0..60 {
        sids.push(house.session(&house.demo, bob.id, "192.0.2.3").await);
    }
    let body = json!({"select": {"sessions": sids}});
    // Polled often enough for the act to have begun, and dropped.
    for patience in [1, 3, 10] {
        let call = house.post(PATH, &ada.token, body.clone());
        let _ = tokio::time::timeout(std::time::Duration::from_micros(patience * 300), call).await;
    }
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        let (found, _) = receipt::list(&house.ctx, &house.demo, None, 100)
            .await
            .unwrap();
        if found
            .iter()
            .all(|act| act.state == crate::domain::signout::State::Settled)
            && !found.is_empty()
        {
            break;
        }
    }
    let done = house.post(PATH, &ada.token, body).await.is(201).json;
    let settled = receipt::list(&house.ctx, &house.demo, None, 100)
        .await
        .unwrap()
        .0;
    assert!(
        settled.iter().all(|act| matches!(act.sessions, 0 | 60)),
        "an act was halved"
    );
    assert!(
        done["counts"]["sessions"] == 60 || done["counts"]["alreadyEnded"] == 60,
        "{done}"
    );
    for sid in sids {
        assert!(!house.alive(&house.demo, sid).await);
    }
}
