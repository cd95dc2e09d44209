//! Readiness: whether an app would learn of a sign-out is known, and can be tried, before there is one.

use super::*;
use crate::support::{Answer, Reply};

async fn readiness(scene: &Scene, client_id: &str) -> Value {
    let id = scene.ops.client_uuid(client_id).await;
    let path = format!("/clients/{id}/readiness");
    scene.ops.get(&path).await.expect(200).json()
}

async fn test(scene: &Scene, client_id: &str, body: Value) -> Answer {
    let id = scene.ops.client_uuid(client_id).await;
    scene.server.clock.advance(Span::secs(3));
    let path = format!("/clients/{id}/test-signout");
    scene.ops.post(&path, &body).await
}

#[tokio::test]
async fn an_app_is_tried_with_a_real_notice_about_nobody() {
    let mut down = Receiver::down().await;
    let receiver = Receiver::start().await;
    receiver.answers("/strict", Reply::Body(400, "who is that?".to_owned()));
    receiver.answers("/broken", Reply::Status(503));
    let at = |id: &'static str| (id, receiver.at(&format!("/{id}")));
    let apps = [
        at("shop"),
        at("strict"),
        at("broken"),
        ("gone", down.at("/gone")),
    ];
    let scene = Scene::with(Engine::Memory, &apps).await;

    let before = readiness(&scene, "shop").await;
    assert_eq!(before["state"], "untried", "{before}");
    assert_eq!(before["bound"]["seconds"], 300, "{before}");
    let way = &before["channels"][0];
    assert_eq!(
        (&way["channel"], &way["uri"], &way["lastAttempt"]),
        (
            &json!("back-channel"),
            &json!(receiver.at("/shop")),
            &Value::Null
        )
    );

    for (client_id, outcome, status, state) in [
        ("shop", "acknowledged", json!(200), "ready"),
        ("strict", "rejected", json!(400), "failing"),
        ("broken", "retried", json!(503), "failing"),
        ("gone", "retried", Value::Null, "failing"),
    ] {
        let tried = test(&scene, client_id, json!({})).await.expect(200).json();
        assert_eq!(
            (&tried["outcome"], &tried["status"]),
            (&json!(outcome), &status),
            "{client_id}: {tried}"
        );
        let after = readiness(&scene, client_id).await;
        assert_eq!(after["state"], state, "{client_id}: {after}");
        let last = &after["channels"][0]["lastAttempt"];
        assert_eq!(
            (&last["test"], &last["status"]),
            (&json!(true), &status),
            "{after}"
        );
    }
    // A real token, about somebody and something that nobody has.
    let told = receiver.told("/shop");
    assert_eq!(told.len(), 1);
    let token = told[0].logout_token();
    assert_eq!(token["iss"], scene.server.issuer("demo"));
    assert!(token["sid"].is_string() && token["sid"] != scene.alice.sid);
    assert!(token["sub"].is_string() && token["sub"] != scene.alice.sub);
    let shop = App::discover(&scene.server.url, "demo", "shop").await;
    shop.userinfo(&scene.alice.access).await.expect(200);
    // Said what was said; tried again once it is up; not twice at once.
    let strict = readiness(&scene, "strict").await;
    assert_eq!(strict["channels"][0]["lastAttempt"]["text"], "who is that?");
    down.up().await;
    test(&scene, "gone", json!({})).await.expect(200);
    let id = scene.ops.client_uuid("gone").await;
    let path = format!("/clients/{id}/test-signout");
    scene.ops.post(&path, &json!({})).await.expect(429);
    assert_eq!(down.told("/gone").len(), 1);
    // What has no harmless trial has none.
    for channel in ["webhook", "global-revocation"] {
        let body = json!({ "channel": channel });
        test(&scene, "shop", body).await.expect(422);
    }
    let body = json!({ "channel": "pigeon" });
    test(&scene, "shop", body).await.expect(400);
    assert_eq!(receiver.told("/shop").len(), 1);

    // The list has all of them; whoever may only look may not try.
    let all = scene.ops.get("/readiness").await.expect(200).json();
    let of = |id: &str| {
        let rows = all.as_array().expect("a list");
        rows.iter().find(|row| row["clientId"] == id).cloned()
    };
    assert_eq!(of("shop").expect("shop")["state"], "ready");
    assert_eq!(of("web").expect("web")["state"], "not_told");
    let viewer = Operator::service(&scene.server.url, "demo", "viewer", "viewer-secret");
    viewer.get("/readiness").await.expect(200);
    let path = format!("/clients/{id}/test-signout");
    viewer.post(&path, &json!({})).await.expect(403);
}

#[tokio::test]
async fn a_client_that_lags_too_long_and_cannot_be_told_is_refused_and_those_there_are_listed() {
    let receiver = Receiver::start().await;
    let scene = Scene::at(Engine::Memory, &receiver, &["shop"]).await;
    let logout = json!({ "logout": { "longest_lag": "1m" } });
    scene.ops.put("", &logout).await.expect(204);
    // Nothing broke: who was there is named.
    let web = readiness(&scene, "web").await;
    assert_eq!(
        (&web["state"], &web["longestLag"]),
        (&json!("too_slow"), &json!(60))
    );
    let problem = web["problem"].as_str().expect("a problem");
    for part in ["5m", "1m", "longest_lag", "backchannel_logout_uri"] {
        assert!(problem.contains(part), "{part} in {problem}");
    }
    assert_eq!(readiness(&scene, "shop").await["state"], "untried");
    let new = |more: Value| {
        let mut body = json!({
            "client_id": "late", "client_secret": "late-secret",
            "redirect_uris": ["https://late.example/callback"],
        });
        let more = more.as_object().expect("members").clone();
        body.as_object_mut().expect("members").extend(more);
        body
    };
    let refused = scene
        .ops
        .post("/clients", &new(json!({})))
        .await
        .expect(422);
    assert!(refused.text.contains("longest_lag"), "{}", refused.text);
    let told = new(json!({ "backchannel_logout_uri": receiver.at("/late") }));
    scene.ops.post("/clients", &told).await.expect(201);
    let id = scene.ops.client_uuid("late").await;
    let silent = json!({ "backchannel_logout_uri": null });
    let path = format!("/clients/{id}");
    scene.ops.put(&path, &silent).await.expect(422);
    let opaque = json!({ "backchannel_logout_uri": null, "access_token_format": "opaque" });
    scene.ops.put(&path, &opaque).await.expect(204);
    assert_eq!(readiness(&scene, "late").await["state"], "cannot_lag");
    // Whoever is too slow may be switched off, and nonsense is refused.
    let id = scene.ops.client_uuid("web").await;
    let off = json!({ "enabled": false });
    scene
        .ops
        .put(&format!("/clients/{id}"), &off)
        .await
        .expect(204);
    let nonsense = json!({ "logout": { "longest_lag": "0.2s" } });
    let refused = scene.ops.put("", &nonsense).await;
    assert!((400..=422).contains(&refused.status), "{}", refused.text);
}
