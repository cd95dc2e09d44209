//! The main job through the admin API: search, select, dry run, invalidate, receipt.

mod search;

use realmkeep::Span;
use serde_json::{Value, json};

use crate::support::browser::{LAPTOP, PHONE};
use crate::support::{Answer, App, Browser, Engine, Operator, TestServer, Tokens};

struct Place {
    server: TestServer,
    web: App,
    ops: Operator,
}

impl Place {
    async fn open(engine: Engine) -> Place {
        let server = TestServer::start(engine).await;
        let (web, ops) = (server.app("web").await, server.ops());
        Place { server, web, ops }
    }

    async fn somebody(&self, who: &str, agent: &'static str) -> (Browser, Tokens) {
        let browser = Browser::new(agent);
        let tokens = self
            .web
            .sign_in(
                &browser,
                who,
                &format!("{who}-password"),
                &["profile"],
                false,
            )
            .await;
        (browser, tokens)
    }

    async fn found(&self, q: &str) -> Vec<String> {
        let found = self.ops.sessions(q, "active").await;
        found
            .iter()
            .map(|s| s["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn a_dry_run_tells_everything_and_ends_nothing() {
    let place = Place::open(Engine::Memory).await;
    let (browser, alice) = place.somebody("alice", LAPTOP).await;
    let (_other, _) = place.somebody("alice", PHONE).await;
    let body = json!({ "select": { "users": [alice.sub] }, "dryRun": true });
    let plan = place.ops.post("/signouts", &body).await.expect(200).json();
    let count = |name: &str| plan["counts"][name].as_u64().or(plan[name].as_u64());
    assert_eq!(
        (count("sessions"), count("people"), count("families")),
        (Some(2), Some(1), Some(2)),
        "{plan}"
    );
    let web = &plan["apps"][0];
    assert_eq!(
        (&web["clientId"], &web["state"]),
        (&json!("web"), &json!("bounded")),
        "{plan}"
    );
    assert!(web["boundUntil"].is_string(), "{plan}");
    assert_eq!(place.web.silent_error(&browser).await, None);
    place.web.refresh(&alice).await;
    assert!(
        place.ops.receipts("admin").await.is_empty(),
        "a dry run left a receipt"
    );
}

#[tokio::test]
async fn each_selected_id_is_told_for_itself_and_none_is_a_failure() {
    let place = Place::open(Engine::Memory).await;
    let other = place.server.app_of("other", "web").await;
    let theirs = other
        .sign_in(
            &Browser::default(),
            "alice",
            "other-alice-password",
            &[],
            false,
        )
        .await;
    let (_a, gone) = place.somebody("alice", LAPTOP).await;
    let (_b, live) = place.somebody("bob", LAPTOP).await;
    place.ops.sign_out(json!({ "sessions": [gone.sid] })).await;
    let nobody = "0190a000-0000-7000-8000-000000000000";
    let select = json!({ "sessions": [live.sid, gone.sid, nobody, theirs.sid, "no id at all"] });
    let made = place.ops.sign_out(select).await;
    let receipt = place
        .ops
        .get(&format!("/signouts/{}", made["id"].as_str().unwrap()))
        .await
        .expect(200)
        .json();
    let outcome = |sid: &str| {
        let all = receipt["sessions"].as_array().unwrap();
        all.iter()
            .find(|s| s["id"] == sid)
            .map(|s| s["outcome"].as_str().unwrap().to_owned())
    };
    assert_eq!(outcome(&live.sid).as_deref(), Some("ended"), "{receipt}");
    assert_eq!(
        outcome(&gone.sid).as_deref(),
        Some("already_ended"),
        "{receipt}"
    );
    for unknown in [nobody, theirs.sid.as_str(), "no id at all"] {
        assert_eq!(
            outcome(unknown).as_deref(),
            Some("not_found"),
            "{unknown}: {receipt}"
        );
    }
    other.userinfo(&theirs.access).await.expect(200);
    // Again: everything is over already, and that is no failure either.
    let again = place.ops.sign_out(json!({ "sessions": [live.sid] })).await;
    assert_eq!(
        again["counts"]["sessions"]
            .as_u64()
            .or(again["ended"].as_u64()),
        Some(0),
        "{again}"
    );
}

#[tokio::test]
async fn an_act_repeated_with_its_key_is_done_once() {
    let place = Place::open(Engine::Memory).await;
    let (_a, alice) = place.somebody("alice", LAPTOP).await;
    let token = place.ops.token().await;
    let send = async |select: Value| {
        let request = place
            .web
            .wire
            .0
            .post(format!("{}/admin/realms/demo/signouts", place.server.url));
        Answer::of(
            request
                .bearer_auth(&token)
                .header("idempotency-key", "once")
                .json(&json!({ "select": select })),
        )
        .await
    };
    let first = send(json!({ "users": [alice.sub] }))
        .await
        .expect(201)
        .json();
    let (browser, _) = place.somebody("alice", LAPTOP).await;
    let second = send(json!({ "users": [alice.sub] })).await;
    assert_eq!(second.json()["id"], first["id"], "{}", second.text);
    assert_eq!(
        place.web.silent_error(&browser).await,
        None,
        "the repetition ended a newer session"
    );
}

#[tokio::test]
async fn the_receipt_keeps_the_words_and_sees_who_came_back() {
    let place = Place::open(Engine::Memory).await;
    let (browser, alice) = place.somebody("alice", LAPTOP).await;
    let body = json!({
        "select": { "sessions": [alice.sid] },
        "reason": "lost device",
        "note": "ticket <b>42</b>",
        "message": "Please sign in again & call us.",
    });
    let made = place.ops.post("/signouts", &body).await.expect(201).json();
    let path = format!("/signouts/{}", made["id"].as_str().unwrap());
    let receipt = place.ops.get(&path).await.expect(200).json();
    assert_eq!(receipt["note"], "ticket <b>42</b>", "{receipt}");
    assert_eq!(
        receipt["message"], "Please sign in again & call us.",
        "{receipt}"
    );
    assert!(receipt.to_string().contains("lost device"), "{receipt}");
    assert_eq!(receipt["cameBack"], json!([]), "{receipt}");
    // Whoever was signed out is told so on the login page, in the administrator's words.
    let page = browser.open(place.web.begin(&[]).url.as_str()).await;
    let notice = page.text("login-notice");
    assert!(
        notice.contains("administrator signed you out") && notice.contains("call us."),
        "{notice}"
    );
    assert!(
        !Browser::default()
            .open(place.web.begin(&[]).url.as_str())
            .await
            .html()
            .has("login-notice")
    );
    place.server.clock.advance(Span::secs(2));
    let back = place
        .web
        .sign_in(&browser, "alice", "alice-password", &[], false)
        .await;
    let receipt = place.ops.get(&path).await.expect(200).json();
    let came = receipt["cameBack"].to_string();
    assert!(
        came.contains(&back.sid) || came.contains("alice"),
        "{receipt}"
    );
}

#[tokio::test]
async fn a_selection_says_one_thing_and_knows_its_words() {
    let place = Place::open(Engine::Memory).await;
    let (_a, alice) = place.somebody("alice", LAPTOP).await;
    for wrong in [
        json!({}),
        json!({ "select": {} }),
        json!({ "select": { "all": false } }),
        json!({ "select": { "sessions": [] } }),
        json!({ "select": { "sessions": [alice.sid], "all": true } }),
        json!({ "select": { "session": [alice.sid] } }),
        json!({ "select": { "sessions": alice.sid } }),
        json!({ "select": { "filter": "colour:red" } }),
        json!({ "select": { "all": true }, "dryrun": true }),
        json!([]),
    ] {
        let answer = place.ops.post("/signouts", &wrong).await;
        assert!(
            (400..=422).contains(&answer.status),
            "{wrong}: {} {}",
            answer.status,
            answer.text
        );
        assert!(
            answer
                .header("content-type")
                .starts_with("application/problem+json"),
            "{wrong}: {:?}",
            answer.headers
        );
        let problem = answer.json();
        assert!(
            problem["type"].is_string() && problem["detail"].is_string(),
            "{wrong}: {problem}"
        );
    }
    place.web.refresh(&alice).await;
}

#[tokio::test]
async fn a_large_selection_is_wholly_over_when_it_is_acknowledged() {
    let place = Place::open(Engine::Sled).await;
    let mut people = Vec::new();
    for _ in 0..60 {
        people.push(place.somebody("alice", LAPTOP).await);
    }
    let (bobs, bob) = place.somebody("bob", LAPTOP).await;
    let made = place.ops.sign_out(json!({ "filter": "user:alice" })).await;
    for (browser, tokens) in &people {
        assert_eq!(
            place.web.try_refresh(&tokens.refresh).await.error(),
            "invalid_grant"
        );
        assert_eq!(
            place.web.silent_error(browser).await.as_deref(),
            Some("login_required")
        );
    }
    assert_eq!(place.web.silent_error(&bobs).await, None);
    place.web.refresh(&bob).await;
    let path = format!("/signouts/{}", made["id"].as_str().unwrap());
    crate::support::until(
        "it is settled",
        std::time::Duration::from_secs(10),
        || async { place.ops.get(&path).await.json()["state"] == "settled" },
    )
    .await;
    let receipt = place.ops.get(&path).await.json();
    assert_eq!(receipt["counts"]["sessions"], 60, "{receipt}");
    assert_eq!(receipt["counts"]["people"], 1, "{receipt}");
}

#[tokio::test]
async fn rights_are_asked_of_everybody_and_absence_tells_nothing() {
    let place = Place::open(Engine::Memory).await;
    let (_a, alice) = place.somebody("alice", LAPTOP).await;
    let url = &place.server.url;
    let viewer = Operator::service(url, "demo", "viewer", "viewer-secret");
    assert_eq!(viewer.get("/sessions").await.status, 200);
    let body = json!({ "select": { "sessions": [alice.sid] } });
    let refused = viewer.post("/signouts", &body).await;
    assert!([403, 404].contains(&refused.status), "{}", refused.text);
    assert!([403, 404].contains(&viewer.get("/users").await.status));
    let stranger = Operator::service(url, "other", "ops", "other-ops-secret").at("demo");
    for path in [
        "/sessions",
        "/signouts",
        "/users",
        "/clients",
        &format!("/sessions/{}", alice.sid),
    ] {
        assert_eq!(stranger.get(path).await.status, 404, "{path}");
    }
    assert_eq!(stranger.post("/signouts", &body).await.status, 404);
    assert_eq!(
        Operator::bearer(url, "demo", "nonsense")
            .get("/sessions")
            .await
            .status,
        401
    );
    assert_eq!(
        Operator::bearer(url, "demo", &alice.access)
            .get("/sessions")
            .await
            .status,
        401,
        "not for this audience"
    );
    let theirs = Operator::service(url, "other", "ops", "other-ops-secret");
    assert_eq!(
        theirs.get(&format!("/sessions/{}", alice.sid)).await.status,
        404,
        "a session of another realm"
    );
    place.web.refresh(&alice).await;
}
