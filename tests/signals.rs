//! Shared Signals from the outside: a receiver finds its way by the metadata, makes a stream, verifies it, hears of a
//! sign-out by push or by poll, and the receipt says what became of it.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::receiver::Reply;
use crate::support::watcher::{Watcher, event, told};
use crate::support::{Answer, App, Browser, Engine, Receiver, TestServer, Tokens, realms, until};

const EVENTS: &str = "/events";
const SOON: Duration = Duration::from_secs(30);

/// Two receivers: one that hears of everybody, and an app that people use.
const RECEIVERS: &str = r#"
[[clients]]
client_id = "watch"
client_secret = "watch-secret"
grant_types = ["client_credentials"]
scope = "ssf.read ssf.manage"
ssf_subjects = "all"

[[clients]]
client_id = "shop"
client_name = "Shop"
client_secret = "shop-secret"
redirect_uris = ["https://shop.example/callback"]
grant_types = ["authorization_code", "refresh_token", "client_credentials"]
scope = "openid profile ssf.manage"
"#;

async fn server(engine: Engine) -> TestServer {
    let people = realms::DEMO.find("[[users]]").expect("users");
    let (head, tail) = realms::DEMO.split_at(people);
    let text = format!("{head}{RECEIVERS}\n{tail}");
    TestServer::with_realm(engine, Some(("demo", &text))).await
}

async fn sign_in(shop: &App, who: &str) -> Tokens {
    let browser = Browser::default();
    let password = format!("{who}-password");
    shop.sign_in(&browser, who, &password, &["profile"], false)
        .await
}

/// An administrator ends a session; the act's id.
async fn end(server: &TestServer, sid: &str) -> String {
    let made = server.ops().sign_out(json!({ "sessions": [sid] })).await;
    made["id"].as_str().expect("an id").to_owned()
}

/// How an app stands on a receipt: the channel and the state.
async fn stands(server: &TestServer, act: &str, client: &str) -> (String, String) {
    let path = format!("/signouts/{act}");
    let receipt = server.ops().get(&path).await.expect(200).json();
    let apps = receipt["apps"].as_array().expect("apps");
    let row = apps.iter().find(|app| app["clientId"] == client);
    let row = row.unwrap_or_else(|| panic!("{client} is not on {receipt}"));
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    (text("channel"), text("state"))
}

/// Verifies a token with the published keys, as a receiver does.
#[expect(
    clippy::disallowed_methods,
    reason = "what a receiver's own library makes of it is the point"
)]
async fn verified(metadata: &Value, aud: &str, set: &str) -> Value {
    let http = crate::support::browser::client();
    let jwks = Answer::of(http.get(metadata["jwks_uri"].as_str().unwrap())).await;
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&jwks.text).unwrap();
    let header = jsonwebtoken::decode_header(set).unwrap();
    assert_eq!(header.typ.as_deref(), Some("secevent+jwt"));
    assert_eq!(header.alg, Algorithm::RS256);
    let jwk = jwks.find(&header.kid.unwrap()).expect("a published key");
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_exp = false;
    rules.set_required_spec_claims(&["iss", "aud"]);
    rules.set_audience(&[aud]);
    rules.set_issuer(&[metadata["issuer"].as_str().unwrap()]);
    let key = DecodingKey::from_jwk(jwk).unwrap();
    jsonwebtoken::decode::<Value>(set, &key, &rules)
        .unwrap()
        .claims
}

#[tokio::test]
async fn a_receiver_that_polls_hears_of_a_sign_out_and_the_receipt_says_so() {
    let server = server(Engine::Memory).await;
    let shop = server.app("shop").await;
    let watch = Watcher::polling(&server.url, "demo", "watch").await;
    let alice = sign_in(&shop, "alice").await;
    watch.verify("are you there").await;
    let sets = watch.fetch().await;
    assert_eq!(sets.len(), 1);
    assert_eq!(event(&sets[0]), json!({ "state": "are you there" }));
    // It waits for the next one before there is one.
    let waiting = tokio::spawn(async move {
        let body = watch.poll(json!({})).await;
        (watch, body)
    });
    let act = end(&server, &alice.sid).await;
    let (watch, body) = waiting.await.unwrap();
    let sets = body["sets"].as_object().unwrap();
    let (jti, set) = sets.iter().next().expect("a token");
    let claims = verified(&watch.metadata, "watch", set.as_str().unwrap()).await;
    assert_eq!(
        (claims["jti"].as_str(), sets.len()),
        (Some(jti.as_str()), 1)
    );
    assert_eq!(claims["txn"], act);
    assert_eq!(claims["sub_id"]["session"]["id"], alice.sid);
    assert_eq!(claims["sub_id"]["user"]["sub"], alice.sub);
    let retrying = ("ssf-poll".to_owned(), "retrying".to_owned());
    assert_eq!(stands(&server, &act, "watch").await, retrying);
    watch.poll(json!({ "maxEvents": 0, "ack": [jti] })).await;
    let acknowledged = ("ssf-poll".to_owned(), "acknowledged".to_owned());
    assert_eq!(stands(&server, &act, "watch").await, acknowledged);
}

#[tokio::test]
async fn events_reach_a_receiver_in_order_through_failures_and_a_restart() {
    let mut server = server(Engine::Sled).await;
    let shop = server.app("shop").await;
    let mut endpoint = Receiver::down().await;
    endpoint.answers(EVENTS, Reply::Status(202));
    Watcher::pushed(&server.url, "demo", "shop", &endpoint.at(EVENTS)).await;
    let (mut sids, mut acts) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let alice = sign_in(&shop, "alice").await;
        acts.push(end(&server, &alice.sid).await);
        sids.push(alice.sid);
    }
    // Nobody is there: told is nobody, lost is nothing.
    server.restart().await;
    let refusal = r#"{"err":"invalid_request","description":"who is that?"}"#;
    let first = [
        Reply::Status(500),
        Reply::Close,
        Reply::Status(202),
        Reply::Body(400, refusal.to_owned()),
    ];
    endpoint.answers_next(EVENTS, &first);
    endpoint.up().await;
    let got = async || {
        server.clock.advance(realmkeep::Span::mins(5));
        endpoint.told(EVENTS).len() >= 5
    };
    until("all attempts", SOON, got).await;
    let sessions: Vec<_> = endpoint
        .told(EVENTS)
        .iter()
        .map(|request| told(&request.body).1.expect("a session"))
        .collect();
    let [a, b, c] = [&sids[0], &sids[1], &sids[2]].map(String::clone);
    assert_eq!(sessions, [&a, &a, &a, &b, &c].map(String::clone));
    for (act, state) in acts
        .iter()
        .zip(["acknowledged", "rejected", "acknowledged"])
    {
        let expected = ("ssf-push".to_owned(), state.to_owned());
        until("the receipt", SOON, async || {
            stands(&server, act, "shop").await == expected
        })
        .await;
    }
    // An administrator sees what became of them, and never the header.
    let seen = server.ops().get("/streams").await.expect(200);
    assert!(!seen.text.contains("for-the-receiver"), "{}", seen.text);
    let stream = &seen.json()["streams"][0];
    assert_eq!(stream["clientId"], "shop");
    assert_eq!(
        (
            &stream["delivered"],
            &stream["rejected"],
            &stream["waiting"]
        ),
        (&json!(2), &json!(1), &json!(0))
    );
    assert_eq!(stream["sendsAuthorization"], true);
    assert_eq!(
        stream["deadLetters"][0]["why"],
        "invalid_request: who is that?"
    );
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_nobody_else() {
    let server = server(Engine::Memory).await;
    let shop = server.app("shop").await;
    let endpoint = Receiver::start().await;
    endpoint.answers("/hangs", Reply::Hang);
    endpoint.answers(EVENTS, Reply::Status(202));
    Watcher::pushed(&server.url, "demo", "watch", &endpoint.at("/hangs")).await;
    Watcher::pushed(&server.url, "demo", "shop", &endpoint.at(EVENTS)).await;
    for _ in 0..3 {
        let alice = sign_in(&shop, "alice").await;
        end(&server, &alice.sid).await;
    }
    endpoint.wait("/hangs", 1, SOON).await;
    // Sooner than the patience with the one that hangs is over.
    endpoint.wait(EVENTS, 3, Duration::from_secs(8)).await;
    assert_eq!(endpoint.told("/hangs").len(), 1, "one request at a time");
}

#[tokio::test]
async fn a_stream_that_is_paused_holds_and_an_administrators_pause_is_told() {
    let server = server(Engine::Memory).await;
    let shop = server.app("shop").await;
    let watch = Watcher::polling(&server.url, "demo", "watch").await;
    let path = format!("/streams/{}/status", watch.id());
    let pause = json!({ "status": "paused", "reason": "maintenance" });
    server.ops().put(&path, &pause).await.expect(204);
    let alice = sign_in(&shop, "alice").await;
    end(&server, &alice.sid).await;
    let sets = watch.fetch().await;
    assert_eq!(sets.len(), 1);
    assert_eq!(told(&sets[0]).0, "stream-updated");
    let query = format!("?stream_id={}", watch.id());
    let status = watch.ask(Method::GET, "status_endpoint", &query, None);
    let status = status.await.expect(200).json();
    assert_eq!(
        (
            &status["status"],
            &status["events_held"],
            &status["events_dropped"]
        ),
        (&json!("paused"), &json!(1), &json!(0))
    );
    watch.set_status("enabled").await;
    let sets = watch.fetch().await;
    assert_eq!(
        told(&sets[0]),
        ("session-revoked".to_owned(), Some(alice.sid))
    );
    // Somebody without the right sees no streams.
    let viewer = server.service("viewer");
    let refused = viewer.get("/streams").await.status;
    assert_eq!(refused, 403);
    assert_eq!(viewer.put(&path, &pause).await.status, 403);
}

#[tokio::test]
async fn an_app_hears_of_nobody_who_never_used_it() {
    let server = server(Engine::Memory).await;
    let web = server.app("web").await;
    let shop = Watcher::polling(&server.url, "demo", "shop").await;
    let bob = sign_in(&web, "bob").await;
    end(&server, &bob.sid).await;
    let ops = server.ops();
    let path = format!("/users/{}", ops.user_id("bob").await);
    let disabled = ops.put(&path, &json!({ "enabled": false })).await;
    assert!(disabled.status < 300, "{}", disabled.text);
    assert!(shop.fetch().await.is_empty());
}
