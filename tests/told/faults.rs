//! One app that does not behave, beside one that does.

use std::collections::HashSet;

use super::*;
use crate::support::Reply;

#[tokio::test]
async fn a_refusal_is_shown_and_not_repeated() {
    let receiver = Receiver::start().await;
    let words = r#"{"error":"invalid_request","error_description":"sid is unknown here"}"#;
    receiver.answers("/shop", Reply::Body(400, words.to_owned()));
    let scene = Scene::at(Engine::Memory, &receiver, &["shop", "good"]).await;
    let id = scene.end().await;
    let row = scene.stands(&id, "shop", "rejected", SOON).await;
    assert_eq!(
        (&row["attempts"], &row["lastStatus"]),
        (&json!(1), &json!(400)),
        "{row}"
    );
    assert!(
        row["lastAnswer"]
            .as_str()
            .is_some_and(|a| a.contains("sid is unknown here")),
        "the app's own words: {row}"
    );
    scene.stands(&id, "good", "acknowledged", SOON).await;
    scene.server.clock.advance(Span::hours(2));
    scene.server.sweep().await;
    let row = scene.stands(&id, "shop", "rejected", SOON).await;
    assert_eq!(row["attempts"], 1, "{row}");
    assert_eq!(receiver.told("/shop").len(), 1, "refused is refused");
}

/// Faults that pass: the app is told again, with a token of its own each time, and the receipt goes from `retrying` to
/// `acknowledged`.
#[tokio::test]
async fn what_passes_is_tried_again_until_the_app_confirms() {
    let faults = [
        ("error", Reply::Status(500)),
        ("busy", Reply::RetryAfter(5)),
        ("login", Reply::Status(401)),
        ("missing", Reply::Status(404)),
        ("reset", Reply::Reset),
        ("closed", Reply::Close),
        ("garbage", Reply::Garbage),
        ("head", Reply::EndlessHead),
        ("huge", Reply::Endless(500)),
    ];
    let receiver = Receiver::start().await;
    for (id, fault) in &faults {
        receiver.answers(&format!("/{id}"), fault.clone());
    }
    let ids: Vec<&str> = faults.iter().map(|(id, _)| *id).chain(["good"]).collect();
    let scene = Scene::at(Engine::Memory, &receiver, &ids).await;
    let id = scene.end().await;
    scene.stands(&id, "good", "acknowledged", SOON).await;
    for (client_id, fault) in &faults {
        let row = scene.next_failure(&id, client_id).await;
        assert_eq!(row["state"], "retrying", "{client_id}: {row}");
        let status = match fault {
            Reply::Status(status) | Reply::Endless(status) => json!(status),
            Reply::RetryAfter(_) => json!(503),
            _ => Value::Null,
        };
        assert_eq!(row["lastStatus"], status, "{client_id}: {row}");
        assert!(row["nextAttemptAt"].is_string(), "{client_id}: {row}");
    }
    let act = scene.receipt(&id).await;
    assert_eq!(act["state"], "delivering", "{act}");

    for (client_id, _) in &faults {
        receiver.answers(&format!("/{client_id}"), Reply::Status(200));
    }
    for (client_id, _) in &faults {
        let row = scene
            .comes_to(&id, client_id, "acknowledged", PATIENCE)
            .await;
        assert_eq!(row["lastStatus"], 200, "{client_id}: {row}");
        let told = receiver.told(&format!("/{client_id}"));
        assert!(told.len() >= 2, "{client_id}: {told:?}");
        assert_eq!(row["attempts"], told.len(), "{client_id}: {row}");
        let tokens: Vec<Value> = told.iter().map(|t| t.logout_token()).collect();
        let ids: HashSet<&str> = tokens.iter().map(|t| t["jti"].as_str().unwrap()).collect();
        assert_eq!(
            ids.len(),
            told.len(),
            "{client_id}: a fresh jti for each attempt"
        );
        let issued: Vec<u64> = tokens.iter().map(|t| t["iat"].as_u64().unwrap()).collect();
        assert!(
            issued.first() < issued.last(),
            "{client_id}: fresh times {issued:?}"
        );
    }
    assert_eq!(scene.receipt(&id).await["state"], "settled");
    assert_eq!(
        receiver.told("/good").len(),
        1,
        "who confirmed is left alone"
    );
}

#[tokio::test]
async fn a_confirmation_counts_whatever_comes_after_its_status() {
    let receiver = Receiver::start().await;
    receiver.answers("/huge", Reply::Endless(200));
    receiver.answers("/chatty", Reply::Body(200, "x".repeat(1 << 20)));
    let scene = Scene::at(Engine::Memory, &receiver, &["huge", "chatty"]).await;
    let id = scene.end().await;
    for client_id in ["huge", "chatty"] {
        let row = scene.stands(&id, client_id, "acknowledged", SOON).await;
        assert_eq!(row["lastStatus"], 200);
        assert!(row.to_string().len() < 2000, "the body is not kept");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    receiver.answers("/shop", Reply::Redirect(elsewhere.at("/shop")));
    let scene = Scene::at(Engine::Memory, &receiver, &["shop"]).await;
    let id = scene.end().await;
    let row = scene.next_failure(&id, "shop").await;
    assert_eq!(
        (&row["state"], &row["lastStatus"]),
        (&json!("retrying"), &json!(307)),
        "{row}"
    );
    scene.next_attempt(&id, "shop").await;
    receiver.wait("/shop", 2, SOON).await;
    assert!(elsewhere.all().is_empty(), "{:?}", elsewhere.all());
}

#[tokio::test]
async fn apps_that_hang_or_drip_delay_nobody_and_are_told_when_they_are_back() {
    let receiver = Receiver::start().await;
    receiver.answers("/hang", Reply::Hang);
    receiver.answers("/drip", Reply::Drip);
    let scene = Scene::at(Engine::Memory, &receiver, &["hang", "drip", "good"]).await;
    let begin = Instant::now();
    let id = scene.end().await;
    scene.stands(&id, "good", "acknowledged", SOON).await;
    for client_id in ["hang", "drip"] {
        receiver.wait(&format!("/{client_id}"), 1, SOON).await;
        let row = app(&scene.receipt(&id).await, client_id);
        assert_eq!(row["state"], "retrying", "told, and not confirmed: {row}");
    }
    // Denial never waits for an app.
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    for client_id in ["hang", "drip"] {
        let row = scene.next_failure(&id, client_id).await;
        assert_eq!(row["lastStatus"], Value::Null, "{row}");
        receiver.answers(&format!("/{client_id}"), Reply::Status(200));
        scene
            .comes_to(&id, client_id, "acknowledged", PATIENCE)
            .await;
    }
}

#[tokio::test]
async fn an_app_that_is_down_is_told_when_it_is_up() {
    let mut receiver = Receiver::down().await;
    let scene = Scene::at(Engine::Memory, &receiver, &["shop"]).await;
    let id = scene.end().await;
    let row = scene.next_failure(&id, "shop").await;
    assert!(
        row.to_string().contains("refused"),
        "why it was not told: {row}"
    );
    receiver.up().await;
    scene.comes_to(&id, "shop", "acknowledged", PATIENCE).await;
    assert_eq!(receiver.told("/shop").len(), 1);
}

#[tokio::test]
async fn an_app_that_never_answers_is_given_up_after_a_day_and_can_be_told_again() {
    let receiver = Receiver::start().await;
    receiver.answers("/shop", Reply::Status(500));
    let scene = Scene::at(Engine::Memory, &receiver, &["shop"]).await;
    let id = scene.end().await;
    for count in 1..=5 {
        receiver.wait("/shop", count, SOON).await;
        scene.next_attempt(&id, "shop").await;
    }
    scene.stands(&id, "shop", "retrying", SOON).await;
    scene.server.clock.advance(Span::hours(24));
    let row = scene.comes_to(&id, "shop", "gave_up", PATIENCE).await;
    assert_eq!(row["nextAttemptAt"], Value::Null, "{row}");
    let tried = receiver.told("/shop").len();
    assert!(tried >= 5, "{tried} attempts");
    assert_eq!(scene.receipt(&id).await["state"], "settled");

    receiver.answers("/shop", Reply::Status(200));
    let again = scene
        .ops
        .post(&format!("/signouts/{id}/redeliver"), &json!({}))
        .await;
    assert!((200..300).contains(&again.status), "{again:?}");
    scene.comes_to(&id, "shop", "acknowledged", PATIENCE).await;
}

#[tokio::test]
async fn nothing_is_sent_where_nobody_may_go() {
    let shut = [
        ("private", "https://10.255.255.1/logout"),
        ("metadata", "http://169.254.169.254/logout"),
        ("number", "https://2852039166/logout"),
        ("mapped", "https://[::ffff:10.0.0.1]/logout"),
        ("nat", "https://[64:ff9b::a9fe:a9fe]/logout"),
        ("local", "https://[fd00::1]/logout"),
    ];
    let receiver = Receiver::start().await;
    let mut apps: Vec<(&str, String)> = shut.map(|(id, uri)| (id, uri.to_owned())).to_vec();
    apps.push(("good", receiver.at("/good")));
    let scene = Scene::with(Engine::Memory, &apps).await;
    let id = scene.end().await;
    scene.stands(&id, "good", "acknowledged", SOON).await;
    for (client_id, uri) in shut {
        let row = scene.next_failure(&id, client_id).await;
        assert_ne!(row["state"], "acknowledged", "{uri}: {row}");
        assert_eq!(row["lastStatus"], Value::Null, "{uri}: {row}");
        let why = row.to_string();
        assert!(
            why.contains("--outbound-allow"),
            "the receipt says what is in the way of {uri}: {row}"
        );
    }
}

impl Scene {
    /// Waits until an attempt for an app has failed, and answers its row.
    async fn next_failure(&self, id: &str, client_id: &str) -> Value {
        let begin = Instant::now();
        loop {
            let row = app(&self.receipt(id).await, client_id);
            if row["attempts"].as_u64() >= Some(1) {
                return row;
            }
            assert!(
                begin.elapsed() < PATIENCE,
                "no attempt in {PATIENCE:?}: {row}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
