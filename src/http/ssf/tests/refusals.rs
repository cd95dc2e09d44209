//! What is refused, and how: the negative modules of the conformance suite, and a receiver that looks at others.

use super::*;

fn nobodys() -> String {
    "018f3b54-0000-7000-8000-000000000001".to_owned()
}

/// Every request of the API with a stream that exists when `id` is one.
fn requests(id: &str) -> Vec<(Method, String, Option<Value>)> {
    let subject = json!({ "format": "opaque", "id": "x" });
    vec![
        (Method::GET, format!("{STREAMS}?stream_id={id}"), None),
        (
            Method::PATCH,
            STREAMS.to_owned(),
            Some(json!({ "stream_id": id, "description": "x" })),
        ),
        (
            Method::PUT,
            STREAMS.to_owned(),
            Some(json!({ "stream_id": id })),
        ),
        (Method::GET, format!("{STATUS}?stream_id={id}"), None),
        (
            Method::POST,
            STATUS.to_owned(),
            Some(json!({ "stream_id": id, "status": "paused" })),
        ),
        (
            Method::POST,
            ADD.to_owned(),
            Some(json!({ "stream_id": id, "subject": subject })),
        ),
        (
            Method::POST,
            REMOVE.to_owned(),
            Some(json!({ "stream_id": id, "subject": subject })),
        ),
        (
            Method::POST,
            VERIFY.to_owned(),
            Some(json!({ "stream_id": id })),
        ),
        (
            Method::POST,
            format!("/realms/demo/ssf/transmitter/receivers/siem/streams/{id}/poll"),
            Some(json!({ "returnImmediately": true })),
        ),
        (Method::DELETE, format!("{STREAMS}?stream_id={id}"), None),
    ]
}

#[tokio::test]
async fn without_a_good_token_everything_is_401() {
    let bench = bench().await;
    let id = bench.stream(json!({})).await;
    let mut all = requests(&id);
    all.push((Method::POST, STREAMS.to_owned(), Some(json!({}))));
    all.push((Method::GET, STREAMS.to_owned(), None));
    let good = bench.token("ssf.manage").await;
    let half = good.len() / 2;
    let mut cut = good.clone();
    cut.replace_range(
        half..=half,
        if &good[half..=half] == "A" { "B" } else { "A" },
    );
    for (method, path, body) in all {
        for token in [None, Some("nonsense"), Some(cut.as_str())] {
            let answer = bench.send(method.clone(), &path, token, body.clone()).await;
            assert_eq!(answer.status, 401, "{method} {path}");
            let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.starts_with("Bearer "), "{challenge}");
            assert_eq!(challenge.contains("invalid_token"), token.is_some());
        }
    }
    // In the address a token is in every log.
    let path = format!("{STREAMS}?access_token={good}");
    assert_eq!(bench.send(Method::GET, &path, None, None).await.status, 400);
}

#[tokio::test]
async fn a_token_opens_as_much_as_its_scope_says() {
    let bench = bench().await;
    let id = bench.stream(json!({})).await;
    let reader = bench.token("ssf.read").await;
    let neither = bench.token("openid").await;
    for (method, path, body) in requests(&id) {
        let reads = method == Method::GET || path.ends_with("/poll");
        let answer = bench
            .send(method.clone(), &path, Some(&neither), body.clone())
            .await;
        assert_eq!(answer.status, 403, "{method} {path}");
        let challenge = answer.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains("insufficient_scope"), "{challenge}");
        let answer = bench.send(method.clone(), &path, Some(&reader), body).await;
        let expected = if reads { 200 } else { 403 };
        assert_eq!(answer.status, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn a_token_of_a_person_or_for_another_resource_opens_nothing() {
    let bench = bench().await;
    let elsewhere = ["https://api.example/".to_owned()];
    let token = bench.token_for(&bench.siem, "ssf.manage", &elsewhere).await;
    let answer = bench.send(Method::GET, STREAMS, Some(&token), None).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    // A person's token, whatever its scope.
    let ann = testing::user(&bench.ctx, &bench.realm, "ann").await;
    let sid = testing::session(&bench.ctx, &bench.realm, ann.id).await;
    let (ctx, realm, siem) = (&bench.ctx, &bench.realm, &bench.siem);
    let family = testing::grant(ctx, realm, siem, sid, "openid ssf.manage").await;
    let scoped = Scoped {
        scope: "openid ssf.manage".to_owned(),
        audience: vec!["siem".to_owned()],
    };
    let minted = issue::for_family(ctx, realm, siem, &family, scoped)
        .await
        .unwrap();
    let answer = bench
        .send(Method::GET, STREAMS, Some(&minted.access_token), None)
        .await;
    assert_eq!(answer.status, 403, "{}", answer.text);
}

#[tokio::test]
async fn a_token_that_was_good_is_judged_again_at_every_request() {
    let bench = bench().await;
    let token = bench.token("ssf.manage").await;
    let get = async || bench.send(Method::GET, STREAMS, Some(&token), None).await;
    assert_eq!(get().await.status, 200);
    let mut settings = bench.siem.settings.clone();
    settings.enabled = false;
    client::verbs::update(
        &bench.ctx,
        &bench.realm,
        &Actor::system("test"),
        bench.siem.id,
        settings,
    )
    .await
    .unwrap();
    assert_eq!(get().await.status, 401);
}

#[tokio::test]
async fn another_receivers_stream_is_not_there() {
    let bench = bench().await;
    let id = bench.stream(json!({})).await;
    let other = add(&bench.ctx, &bench.realm, "other", "ssf.manage").await;
    let token = bench.token_for(&other, "ssf.manage", &[]).await;
    for who in [id.as_str(), &nobodys(), "not-an-id"] {
        for (method, path, body) in requests(who) {
            let answer = bench.send(method.clone(), &path, Some(&token), body).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
        }
    }
    let own = bench.send(Method::GET, STREAMS, Some(&token), None).await;
    assert_eq!(own.json, json!([]), "it sees its own alone");
    let path = format!("/realms/demo/ssf/transmitter/receivers/other/streams/{id}/poll");
    let answer = bench
        .send(Method::POST, &path, Some(&token), Some(json!({})))
        .await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        bench.get(&format!("{STREAMS}?stream_id={id}")).await.status,
        200
    );
}

#[tokio::test]
async fn what_does_not_read_is_400_and_a_second_stream_409() {
    let bench = bench().await;
    let bad = [
        json!([]),
        json!({ "delivery": { "method": "smoke" } }),
        json!({ "delivery": { "method": "urn:ietf:rfc:8935" } }),
        json!({ "delivery": { "method": "urn:ietf:rfc:8935", "endpoint_url": "http://receiver.example/" } }),
        json!({ "events_requested": "everything" }),
    ];
    for body in bad {
        let answer = bench.post(STREAMS, body.clone()).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert_eq!(answer.json["err"], "invalid_request");
        assert!(!answer.json["description"].as_str().unwrap().is_empty());
    }
    let id = bench.stream(json!({})).await;
    assert_eq!(bench.post(STREAMS, json!({})).await.status, 409);
    for (method, path, body) in [
        (Method::PATCH, STREAMS, json!({ "description": "no id" })),
        (Method::PUT, STREAMS, json!({ "description": "no id" })),
        (
            Method::PATCH,
            STREAMS,
            json!({ "stream_id": id, "delivery": 5 }),
        ),
        (
            Method::PATCH,
            STREAMS,
            json!({ "stream_id": id, "aud": "somebody else" }),
        ),
        (
            Method::PUT,
            STREAMS,
            json!({ "stream_id": id, "iss": "https://elsewhere.example" }),
        ),
        (
            Method::POST,
            STATUS,
            json!({ "stream_id": id, "status": "asleep" }),
        ),
        (Method::POST, STATUS, json!({ "stream_id": id })),
        (Method::POST, ADD, json!({ "stream_id": id })),
        (
            Method::POST,
            ADD,
            json!({ "stream_id": id, "subject": { "format": "phone_number", "phone_number": "+1" } }),
        ),
        (Method::POST, VERIFY, json!({ "stream_id": id, "state": 5 })),
        (Method::POST, VERIFY, json!({})),
    ] {
        let answer = bench.ask(method.clone(), path, Some(body.clone())).await;
        assert_eq!(
            answer.status, 400,
            "{method} {path} {body}: {}",
            answer.text
        );
    }
    for path in [STATUS.to_owned(), format!("{STATUS}?stream_id=")] {
        assert!(bench.get(&path).await.status.is_client_error());
    }
    assert_eq!(bench.ask(Method::DELETE, STREAMS, None).await.status, 400);
    let large = "x".repeat(200 * 1024);
    let answer = bench.post(STREAMS, json!({ "description": large })).await;
    assert_eq!(answer.status, 413);
    // A push stream is not polled.
    let push = json!({
        "stream_id": id,
        "delivery": { "method": "urn:ietf:rfc:8935", "endpoint_url": "https://receiver.example/" },
    });
    assert_eq!(
        bench.ask(Method::PATCH, STREAMS, Some(push)).await.status,
        200
    );
    let poll = format!("/realms/demo/ssf/transmitter/receivers/siem/streams/{id}/poll");
    assert_eq!(bench.post(&poll, json!({})).await.status, 400);
}
