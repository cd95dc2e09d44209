//! The transmitter as a receiver sees it: requests through the whole router, over a store in memory.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::crypto;
use crate::domain::client::{self, Client, ClientSettings, SsfSubjects};
use crate::domain::realm::{self, Realm};
use crate::domain::signout::{self, Reason, Request as SignOut, Selection};
use crate::domain::time::{ManualClock, Span};
use crate::domain::token::issue::{self, Scoped};
use crate::domain::token::resources;
use crate::domain::{Actor, Context, testing};
use crate::http::state::{App, Web};

mod refusals;

const STREAMS: &str = "/realms/demo/ssf/transmitter/streams";
const STATUS: &str = "/realms/demo/ssf/transmitter/streams/status";
const ADD: &str = "/realms/demo/ssf/transmitter/subjects/add";
const REMOVE: &str = "/realms/demo/ssf/transmitter/subjects/remove";
const VERIFY: &str = "/realms/demo/ssf/transmitter/verify";

struct Bench {
    ctx: Arc<Context>,
    clock: Arc<ManualClock>,
    realm: Arc<Realm>,
    siem: Arc<Client>,
    router: Router,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
    json: Value,
}

async fn bench() -> Bench {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let siem = add(&ctx, &realm, "siem", "openid ssf.manage ssf.read").await;
    let app = App {
        ctx: ctx.clone(),
        web: Arc::new(Web::default()),
    };
    Bench {
        router: crate::http::router(app),
        ctx,
        clock,
        realm,
        siem,
    }
}

async fn add(ctx: &Context, realm: &Realm, id: &str, scope: &str) -> Arc<Client> {
    let settings = ClientSettings {
        client_id: id.to_owned(),
        client_secret: Some("a-secret-of-the-receiver".to_owned()),
        grant_types: vec!["client_credentials".to_owned()],
        scope: scope.to_owned(),
        resources: vec!["https://api.example/".to_owned()],
        ssf_subjects: SsfSubjects::All,
        ..ClientSettings::default()
    };
    client::verbs::create(ctx, realm, &Actor::system("test"), settings)
        .await
        .unwrap()
        .client
}

impl Bench {
    /// An access token of a client for itself.
    async fn token_for(&self, client: &Client, scope: &str, resources: &[String]) -> String {
        let scoped = Scoped {
            scope: scope.to_owned(),
            audience: resources::for_client(&self.ctx, client, resources).unwrap(),
        };
        issue::for_client(&self.ctx, &self.realm, client, scoped)
            .await
            .unwrap()
            .access_token
    }

    async fn token(&self, scope: &str) -> String {
        self.token_for(&self.siem, scope, &[]).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let request = request.body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }

    /// The same as the receiver who may do everything.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let token = self.token("ssf.manage").await;
        self.send(method, path, Some(&token), body).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    /// A stream of the receiver; its id.
    async fn stream(&self, body: Value) -> String {
        let made = self.post(STREAMS, body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json["stream_id"].as_str().unwrap().to_owned()
    }

    /// A session that starts and is ended by an administrator.
    async fn revoked_session(&self) -> String {
        let name = format!("ann{}", self.ctx.new_id());
        let ann = testing::user(&self.ctx, &self.realm, &name).await;
        let sid = testing::session(&self.ctx, &self.realm, ann.id).await;
        let select = Selection::Sessions(vec![sid.to_string()]);
        let request = SignOut::new(select, Reason::Admin, Actor::system("admin"));
        signout::end(&self.ctx, &self.realm, &request)
            .await
            .unwrap();
        sid.to_string()
    }
}

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&crypto::unb64(part).unwrap()).unwrap()
}

fn path_of(url: &str) -> String {
    url.strip_prefix("http://localhost:8080")
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_metadata_is_at_both_addresses_and_gone_when_signals_are_off() {
    let bench = bench().await;
    let paths = [
        "/.well-known/ssf-configuration/realms/demo",
        "/realms/demo/.well-known/ssf-configuration",
    ];
    let mut seen = Vec::new();
    for path in paths {
        let answer = bench.send(Method::GET, path, None, None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.json["issuer"], "http://localhost:8080/realms/demo");
        seen.push(answer.text);
    }
    assert_eq!(seen[0], seen[1]);
    let document: Value = serde_json::from_str(&seen[0]).unwrap();
    for name in [
        "configuration_endpoint",
        "status_endpoint",
        "add_subject_endpoint",
        "remove_subject_endpoint",
        "verification_endpoint",
    ] {
        let path = path_of(document[name].as_str().unwrap());
        let answer = bench.send(Method::POST, &path, None, None).await;
        assert_eq!(answer.status, 401, "{name} is where it says");
    }
    let mut settings = bench.realm.settings.clone();
    settings.shared_signals.enabled = false;
    realm::verbs::update(&bench.ctx, &Actor::system("test"), "demo", settings)
        .await
        .unwrap();
    for path in paths {
        let answer = bench.send(Method::GET, path, None, None).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(bench.get(STREAMS).await.status, 404);
}

#[tokio::test]
async fn a_stream_is_made_read_changed_replaced_and_deleted() {
    let bench = bench().await;
    assert_eq!(bench.get(STREAMS).await.json, json!([]));
    let revoked = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
    let made = bench
        .post(
            STREAMS,
            json!({
                "delivery": {
                    "method": "urn:ietf:rfc:8935",
                    "endpoint_url": "https://receiver.example/events",
                    "authorization_header": "Bearer hush-hush",
                },
                "events_requested": [revoked, "https://unknown.example/event"],
                "description": "mine",
            }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json["stream_id"].as_str().unwrap().to_owned();
    assert_eq!(made.json["iss"], "http://localhost:8080/realms/demo");
    assert_eq!(made.json["aud"], "siem");
    assert_eq!(made.json["events_delivered"], json!([revoked]));
    assert_eq!(made.json["events_supported"].as_array().unwrap().len(), 6);
    assert_eq!(made.json["min_verification_interval"], 30);
    let one = format!("{STREAMS}?stream_id={id}");
    let read = bench.get(&one).await;
    assert_eq!((read.status, &read.json), (StatusCode::OK, &made.json));
    assert_eq!(bench.get(STREAMS).await.json, json!([made.json]));
    assert!(!made.text.contains("hush") && !read.text.contains("hush"));
    // A patch leaves what it does not name.
    let patch = json!({ "stream_id": id, "description": "changed", "aud": ["siem"] });
    let patched = bench.ask(Method::PATCH, STREAMS, Some(patch)).await;
    assert_eq!(patched.status, 200, "{}", patched.text);
    assert_eq!(patched.json["description"], "changed");
    assert_eq!(patched.json["delivery"], made.json["delivery"]);
    // A replacement does not.
    let put = json!({ "stream_id": id, "iss": "http://localhost:8080/realms/demo" });
    let replaced = bench.ask(Method::PUT, STREAMS, Some(put)).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text);
    assert_eq!(replaced.json["delivery"]["method"], "urn:ietf:rfc:8936");
    assert_eq!(replaced.json.get("description"), None);
    assert_eq!(replaced.json.get("events_requested"), None);
    let deleted = bench.ask(Method::DELETE, &one, None).await;
    assert_eq!(
        (deleted.status, deleted.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    assert_eq!(bench.get(&one).await.status, 404);
    assert_eq!(bench.ask(Method::DELETE, &one, None).await.status, 404);
    bench.stream(json!({})).await;
}

#[tokio::test]
async fn the_status_is_read_and_set_and_says_what_is_held() {
    let bench = bench().await;
    let id = bench.stream(json!({})).await;
    let at = format!("{STATUS}?stream_id={id}");
    assert_eq!(bench.get(&at).await.json["status"], "enabled");
    let paused = json!({ "stream_id": id, "status": "paused", "reason": "weekend" });
    let set = bench.post(STATUS, paused).await;
    assert_eq!(set.status, 200, "{}", set.text);
    assert_eq!(set.json["stream_id"], id);
    for _ in 0..3 {
        bench.revoked_session().await;
    }
    let read = bench.get(&at).await.json;
    assert_eq!(
        (&read["status"], &read["reason"], &read["events_held"]),
        (&json!("paused"), &json!("weekend"), &json!(3))
    );
    assert_eq!(read["events_dropped"], 0);
    let disabled = json!({ "stream_id": id, "status": "disabled" });
    let set = bench.post(STATUS, disabled).await.json;
    assert_eq!(
        (&set["events_held"], &set["events_dropped"]),
        (&json!(0), &json!(3))
    );
    assert_eq!(set.get("reason"), None);
}

#[tokio::test]
async fn verification_comes_back_by_the_stream_and_not_at_once_again() {
    let bench = bench().await;
    let id = bench.stream(json!({})).await;
    let ask = json!({ "stream_id": id, "state": "s-1" });
    let asked = bench.post(VERIFY, ask.clone()).await;
    assert_eq!(
        (asked.status, asked.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    let again = bench.post(VERIFY, ask.clone()).await;
    assert_eq!(again.status, 429);
    assert!(again.headers.contains_key(header::RETRY_AFTER));
    bench.clock.advance(Span::secs(31));
    assert_eq!(bench.post(VERIFY, ask).await.status, 204);
    let stream = bench.get(&format!("{STREAMS}?stream_id={id}")).await.json;
    let poll = path_of(stream["delivery"]["endpoint_url"].as_str().unwrap());
    let polled = bench
        .post(&poll, json!({ "returnImmediately": true }))
        .await;
    let sets = polled.json["sets"].as_object().unwrap();
    assert_eq!(sets.len(), 2);
    for (jti, set) in sets {
        let claims = claims(set.as_str().unwrap());
        assert_eq!(claims["jti"], *jti);
        assert_eq!(claims["sub_id"], json!({ "format": "opaque", "id": id }));
        assert_eq!(
            claims["events"],
            json!({ "https://schemas.openid.net/secevent/ssf/event-type/verification": { "state": "s-1" } })
        );
        for absent in ["sub", "exp"] {
            assert_eq!(claims.get(absent), None);
        }
    }
}

#[tokio::test]
async fn polling_alone_polling_with_acknowledgement_and_acknowledging_alone() {
    let bench = bench().await;
    let id = bench.stream(json!({})).await;
    let stream = bench.get(&format!("{STREAMS}?stream_id={id}")).await.json;
    let url = stream["delivery"]["endpoint_url"].as_str().unwrap();
    assert_eq!(
        url,
        format!(
            "http://localhost:8080/realms/demo/ssf/transmitter/receivers/siem/streams/{id}/poll"
        )
    );
    let poll = path_of(url);
    let mut sids = Vec::new();
    for _ in 0..3 {
        sids.push(bench.revoked_session().await);
    }
    let ids = |answer: &Answer| -> Vec<String> {
        let sets = answer.json["sets"].as_object().unwrap();
        let mut ids: Vec<String> = sets.keys().cloned().collect();
        ids.sort();
        ids
    };
    let only = bench
        .post(&poll, json!({ "maxEvents": 2, "returnImmediately": true }))
        .await;
    assert_eq!(only.status, 200, "{}", only.text);
    assert_eq!(only.json["moreAvailable"], true);
    let first = ids(&only);
    assert_eq!(first.len(), 2);
    let both = bench
        .post(&poll, json!({ "ack": first, "returnImmediately": true }))
        .await;
    assert_eq!(both.json["moreAvailable"], false);
    let rest = ids(&both);
    assert_eq!(rest.len(), 1);
    assert!(!first.contains(&rest[0]));
    let last = claims(both.json["sets"][&rest[0]].as_str().unwrap());
    assert_eq!(last["sub_id"]["session"]["id"], sids[2]);
    let ack = bench
        .post(&poll, json!({ "maxEvents": 0, "ack": rest }))
        .await;
    assert_eq!(ack.json, json!({ "sets": {}, "moreAvailable": false }));
    let none = bench
        .post(&poll, json!({ "returnImmediately": true }))
        .await;
    assert_eq!(none.json["sets"], json!({}));
    assert_eq!(none.headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn a_subject_is_answered_alike_whether_there_is_such_a_person_or_not() {
    let bench = bench().await;
    let id = bench.stream(json!({})).await;
    let ann = testing::user(&bench.ctx, &bench.realm, "ann").await;
    let of = |sub: String| {
        json!({
            "stream_id": id,
            "subject": { "format": "iss_sub", "iss": "http://localhost:8080/realms/demo", "sub": sub },
            "verified": true,
        })
    };
    for (path, status) in [(ADD, 200), (REMOVE, 204)] {
        let there = bench.post(path, of(ann.id.to_string())).await;
        let not = bench.post(path, of("nobody".to_owned())).await;
        assert_eq!(there.status, status, "{}", there.text);
        assert_eq!((there.status, there.text), (not.status, not.text));
    }
}
