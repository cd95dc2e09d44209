//! Status lists as the world sees them: what is advertised, what a token names, what the list says and how it may be kept.

use std::io::Read as _;

use serde_json::json;

use super::*;

/// A list, opened: its claims and its bits.
fn opened(token: &str) -> (Value, Vec<u8>) {
    use base64::Engine as _;
    let said = claims(token);
    let lst = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(said["status_list"]["lst"].as_str().expect("a list"))
        .expect("base64url");
    let mut bits = Vec::new();
    flate2::read::ZlibDecoder::new(&*lst)
        .read_to_end(&mut bits)
        .expect("zlib");
    (said, bits)
}

fn place(token: &str) -> (usize, String) {
    let place = claims(token)["status"]["status_list"].clone();
    let idx = place["idx"].as_u64().expect("an idx");
    let uri = place["uri"].as_str().expect("a uri");
    (usize::try_from(idx).unwrap(), uri.to_owned())
}

async fn over(app: &App, token: &str) -> bool {
    let (idx, uri) = place(token);
    let answer = Answer::of(app.wire.0.get(&uri)).await.expect(200);
    let (said, bits) = opened(&answer.text);
    assert_eq!(said["sub"], uri);
    bits[idx / 8] >> (idx % 8) & 1 == 1
}

#[tokio::test]
async fn a_list_is_advertised_signed_typed_compressed_and_cacheable() {
    let (server, web, _, tokens) = start().await;
    let discovery = Answer::of(web.wire.0.get(format!(
        "{}/.well-known/openid-configuration",
        server.issuer("demo")
    )))
    .await
    .json();
    let lists = discovery["status_list_aggregation_endpoint"].as_str();
    let lists = Answer::of(web.wire.0.get(lists.expect("advertised")))
        .await
        .expect(200);
    let (_, uri) = place(&tokens.access);
    assert_eq!(lists.json(), json!({ "status_lists": [uri] }));
    assert_eq!(lists.header("access-control-allow-origin"), "*");

    let answer = Answer::of(web.wire.0.get(&uri)).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/statuslist+jwt");
    assert_eq!(answer.header("cache-control"), "public, max-age=30");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let header = answer.text.split('.').next().unwrap();
    let header = claims(&format!("x.{header}.x"));
    assert_eq!(
        (&header["typ"], &header["alg"]),
        (&json!("statuslist+jwt"), &json!("ES256"))
    );
    assert_eq!(
        web.userinfo(&answer.text).await.status,
        401,
        "no access token"
    );
    let (said, bits) = opened(&answer.text);
    assert_eq!(
        (&said["sub"], &said["ttl"], &said["status_list"]["bits"]),
        (&json!(uri), &json!(30), &json!(1))
    );
    assert_eq!(bits.len(), 16 * 1024);

    let gzip = web.wire.0.get(&uri).header("accept-encoding", "gzip");
    let gzip = Answer::of(gzip).await.expect(200);
    assert_eq!(gzip.header("content-encoding"), "gzip");
    let same = web
        .wire
        .0
        .get(&uri)
        .header("accept", "application/statuslist+jwt");
    let same = Answer::of(same).await.expect(200);
    let kept = web
        .wire
        .0
        .get(&uri)
        .header("if-none-match", same.header("etag"));
    // Made anew every second: then it is another one.
    assert!([304, 200].contains(&Answer::of(kept).await.status));
}

#[tokio::test]
async fn what_there_is_no_list_for_is_refused() {
    let (server, web, _, tokens) = start().await;
    let (_, uri) = place(&tokens.access);
    let status = async |url: String, accept: &str| {
        Answer::of(web.wire.0.get(url).header("accept", accept))
            .await
            .status
    };
    let at = |path: &str| server.endpoint("demo", &format!("status-lists{path}"));
    assert_eq!(status(uri.clone(), "application/statuslist+cwt").await, 406);
    assert_eq!(status(format!("{uri}?time=1"), "*/*").await, 501);
    for wrong in ["/1", "/00", "/+0", "/-1", "/4294967296", "/x"] {
        assert_eq!(status(at(wrong), "*/*").await, 404, "{wrong}");
    }
    let other = server.endpoint("other", "status-lists/0");
    assert_eq!(status(other, "*/*").await, 404, "nobody is in it");
}

#[tokio::test]
async fn a_sign_out_is_in_the_next_answer_and_in_no_other_bit() {
    let (server, web, browser, tokens) = start().await;
    let second = Browser::default();
    let bob = web
        .sign_in(&second, "bob", "bob-password", &["offline_access"], false)
        .await;
    let renewed = web.refresh(&tokens).await;
    assert_eq!(
        place(&renewed.access),
        place(&tokens.access),
        "one bit a session"
    );
    assert_eq!(place(&tokens.id_token), place(&tokens.access));
    for token in [&tokens.access, &bob.access] {
        assert!(!over(&web, token).await);
    }
    server
        .ops()
        .sign_out(json!({ "sessions": [tokens.sid] }))
        .await;
    assert!(over(&web, &tokens.access).await);
    assert!(!over(&web, &bob.access).await);
    // Bob signs out by himself: his offline grant goes on, and what is issued for it is good.
    let before = bob.access.clone();
    let logout = format!(
        "{}?id_token_hint={}",
        server.endpoint("demo", "logout"),
        bob.id_token
    );
    second.open(&logout).await;
    let silent = web.silent_error(&second).await;
    assert_eq!(silent.as_deref(), Some("login_required"));
    let after = web.refresh(&bob).await;
    assert!(!over(&web, &before).await && !over(&web, &after.access).await);
    server.ops().sign_out(json!({ "users": [bob.sub] })).await;
    assert!(over(&web, &after.access).await);
    // A person who comes back has another place.
    let again = web
        .sign_in(&browser, "alice", "alice-password", &[], false)
        .await;
    assert_ne!(place(&again.access), place(&tokens.access));
    assert!(!over(&web, &again.access).await);
}

#[tokio::test]
async fn everybody_goes_at_once_but_the_asker() {
    let (server, web, _, tokens) = start().await;
    let dana = Browser::default();
    let (operator, panel) = crate::support::Operator::person(&server.url, &dana, "dana").await;
    operator.sign_out(json!({ "all": true })).await;
    assert!(over(&web, &tokens.access).await);
    assert!(!over(&web, &panel.access).await);
}

#[tokio::test]
async fn marks_survive_a_restart() {
    let mut server = TestServer::start(Engine::Sled).await;
    let (web, browser) = (server.app("web").await, Browser::default());
    let first = web
        .sign_in(&browser, "alice", "alice-password", &[], true)
        .await;
    let other = Browser::default();
    let second = web.sign_in(&other, "bob", "bob-password", &[], true).await;
    server
        .ops()
        .sign_out(json!({ "sessions": [first.sid] }))
        .await;
    server.restart().await;
    assert!(over(&web, &first.access).await);
    assert!(!over(&web, &second.access).await);
    let third = web
        .sign_in(&browser, "alice", "alice-password", &[], false)
        .await;
    let places = [&first, &second, &third].map(|t| place(&t.access));
    assert!(
        places[2] != places[0] && places[2] != places[1],
        "{places:?}"
    );
}

#[tokio::test]
async fn a_realm_may_have_none() {
    let text =
        crate::support::realms::DEMO.replace("[tokens]\n", "[tokens]\nstatus_list_ttl = \"off\"\n");
    let server = TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await;
    let (web, browser) = (server.app("web").await, Browser::default());
    let tokens = web
        .sign_in(&browser, "alice", "alice-password", &[], true)
        .await;
    assert!(claims(&tokens.access)["status"].is_null());
    assert!(claims(&tokens.id_token)["status"].is_null());
    for path in ["status-lists", "status-lists/0"] {
        let answer = Answer::of(web.wire.0.get(server.endpoint("demo", path))).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let discovery = Answer::of(web.wire.0.get(format!(
        "{}/.well-known/openid-configuration",
        server.issuer("demo")
    )))
    .await
    .json();
    assert!(discovery["status_list_aggregation_endpoint"].is_null());
}

#[tokio::test]
async fn the_plan_and_the_receipt_say_what_the_apis_of_a_client_check() {
    let (server, web, _, tokens) = start().await;
    let ops = server.ops();
    let path = format!("/clients/{}", ops.client_uuid("web").await);
    let shown = ops.get(&path).await.expect(200).json();
    assert_eq!(shown["access_token_revocation_check"], "none");
    assert_eq!(shown["access_token_format"], Value::Null);
    let left = |receipt: &Value| {
        let until = receipt["apps"][0]["boundUntil"].as_str()?;
        let until = Timestamp::parse(until).expect("a time");
        Some(until.since(server.now()).whole_secs())
    };
    let select = json!({ "sessions": [tokens.sid] });
    let plan = async || {
        let body = json!({ "select": select, "reason": "test", "dryRun": true });
        ops.post("/signouts", &body).await.expect(200).json()
    };
    assert!(left(&plan().await).expect("bounded") > 200);
    let set = async |check: &str| {
        let body = json!({ "access_token_revocation_check": check });
        ops.put(&path, &body).await
    };
    set("status-list").await.expect(204);
    let listed = plan().await;
    assert_eq!(listed["apps"][0]["state"], "bounded");
    assert!(left(&listed).expect("bounded") <= 35, "{listed}");
    set("introspection").await.expect(204);
    let asked = plan().await;
    assert_eq!(
        (left(&asked), &asked["apps"][0]["state"]),
        (None, &json!("not_capable"))
    );
    let refused = set("sometimes").await;
    assert!(
        refused.status == 422 || refused.status == 400,
        "{}",
        refused.text
    );
    assert!(refused.text.contains("status-list"), "{}", refused.text);
    let both =
        json!({ "access_token_revocation_check": "status-list", "access_token_format": "opaque" });
    let refused = ops.put(&path, &both).await.expect(422);
    assert!(refused.text.contains("names no list"), "{}", refused.text);
    set("status-list").await.expect(204);
    let receipt = ops.sign_out(select.clone()).await;
    let at = Timestamp::parse(receipt["at"].as_str().unwrap()).unwrap();
    let until = receipt["apps"][0]["boundUntil"].as_str().unwrap();
    assert_eq!(Timestamp::parse(until).unwrap().since(at), Span::secs(35));
    drop(web);
}

#[tokio::test]
async fn what_was_forgotten_is_refused_like_what_was_not_and_the_list_shows_it_until_its_tokens_end()
 {
    let (server, web, browser, tokens) = start().await;
    let other = Browser::default();
    let bob = web
        .sign_in(
            &other,
            "bob",
            "bob-password",
            &["profile", "offline_access"],
            true,
        )
        .await;
    let policy = json!({ "retention": { "ended_sessions": "1s" } });
    server.root().at("demo").put("", &policy).await.expect(204);
    let ids = [tokens.sid.clone(), bob.sid.clone()];
    let receipt = server.ops().sign_out(json!({ "sessions": ids })).await;
    for sid in &ids {
        assert_eq!(server.ops().session(sid).await["state"], "ended");
    }
    server.advance(Span::secs(10)).await;
    for sid in &ids {
        server
            .ops()
            .get(&format!("/sessions/{sid}"))
            .await
            .expect(404);
    }
    assert!(server.ops().sessions("", "ended").await.is_empty());
    // Their access tokens are good for minutes yet, as far as they say themselves.
    for held in [&tokens, &bob] {
        assert!(over(&web, &held.access).await, "on the list");
        assert_eq!(web.userinfo(&held.access).await.status, 401);
        let said = web.introspect(&held.access).await;
        assert_eq!(said.text, r#"{"active":false}"#);
        assert_eq!(
            web.try_refresh(&held.refresh).await.error(),
            "invalid_grant"
        );
    }
    for browser in [&browser, &other] {
        let error = web.silent_error(browser).await;
        assert_eq!(error.as_deref(), Some("login_required"));
    }
    // The families go when they would have been over by themselves; nothing comes back by it.
    server.advance(Span::days(31)).await;
    for held in [&tokens, &bob] {
        assert_eq!(
            web.try_refresh(&held.refresh).await.error(),
            "invalid_grant"
        );
    }
    let path = format!("/signouts/{}", receipt["id"].as_str().unwrap());
    server.ops().get(&path).await.expect(200);
    server.advance(Span::days(150)).await;
    server.ops().get(&path).await.expect(404);
    let log = server.ops().get("/audit").await.expect(200);
    assert!(
        log.text.contains(receipt["id"].as_str().unwrap()),
        "{}",
        log.text
    );
    server.advance(Span::days(221)).await;
    let log = server.ops().get("/audit").await.expect(200);
    assert!(
        !log.text.contains(receipt["id"].as_str().unwrap()),
        "{}",
        log.text
    );
}

#[tokio::test]
async fn a_policy_that_forgets_too_soon_is_refused() {
    let (server, ..) = start().await;
    for (bad, words) in [
        (json!({ "signouts": "1d" }), "retention.signouts: expected"),
        (json!({ "audit": "100d" }), "no less than signouts (180d)"),
        (json!({ "ended_sesions": "1d" }), "ended_sessions"),
    ] {
        let answer = server
            .root()
            .at("demo")
            .put("", &json!({ "retention": bad }))
            .await;
        assert!(
            answer.status >= 400 && answer.text.contains(words),
            "{}",
            answer.text
        );
    }
    let off =
        json!({ "retention": { "signouts": "off", "audit": "off", "ended_sessions": "off" } });
    server.root().at("demo").put("", &off).await.expect(204);
    let shown = server.root().at("demo").get("").await.expect(200).json();
    assert_eq!(shown["retention"], off["retention"]);
}
