//! The proof: every use of something dead is refused, and stands on the receipt of the act that ended it.

use super::*;

/// The row of a kind on a receipt.
fn refused(receipt: &Value, kind: &str) -> Value {
    let rows = receipt["refusedSince"].as_array().expect("a list");
    let mut found = rows.iter().filter(|row| row["kind"] == kind);
    let row = found
        .next()
        .unwrap_or_else(|| panic!("no {kind} on {receipt}"));
    assert!(found.next().is_none(), "one row of {kind}: {receipt}");
    row.clone()
}

#[tokio::test]
async fn every_use_of_something_dead_is_on_the_receipt() {
    let receiver = Receiver::start().await;
    let mut scene = Scene::at(Engine::Sled, &receiver, &["shop", "other"]).await;
    let shop = App::discover(&scene.server.url, "demo", "shop").await;
    let other = App::discover(&scene.server.url, "demo", "other").await;
    // A code that is still to be redeemed when the session ends.
    let pending = other.begin_with(&["profile"], &[("prompt", "none")]);
    let page = scene.browser.open(pending.url.as_str()).await;
    let code = other.code(&pending, &page);
    let verifier = pending.verifier().to_owned();

    let id = scene.end().await;
    assert_eq!(scene.receipt(&id).await["refusedSince"], json!([]));
    let alice = &scene.alice;
    for _ in 0..3 {
        shop.try_refresh(&alice.refresh).await.expect(400);
    }
    shop.userinfo(&alice.access).await.expect(401);
    let asked = shop.introspect(&alice.access).await.expect(200).json();
    assert_eq!(asked, json!({ "active": false }));
    other.try_exchange(&code, &verifier).await.expect(400);
    let api = Operator::bearer(&scene.server.url, "demo", &alice.access);
    api.get("/sessions").await.expect(401);
    assert_eq!(
        shop.silent_error(&scene.browser).await.as_deref(),
        Some("login_required")
    );

    let receipt = scene.receipt(&id).await;
    for (kind, client, count) in [
        ("refresh_token", json!("shop"), 3),
        ("userinfo", json!("shop"), 1),
        ("introspection", json!("shop"), 1),
        ("code", json!("other"), 1),
        ("admin_api", json!("shop"), 1),
        ("cookie", Value::Null, 1),
    ] {
        let row = refused(&receipt, kind);
        assert_eq!(
            (&row["clientId"], &row["count"], &row["ipAddress"]),
            (&client, &json!(count), &json!("127.0.0.1")),
            "{row}"
        );
        let first = Timestamp::parse(row["firstAt"].as_str().expect("a time"));
        let cut = Timestamp::parse(receipt["at"].as_str().expect("a time"));
        assert!(first >= cut && row["lastAt"].is_string(), "{row}");
    }
    // Somebody else's act has nothing of it.
    let again = sign_in(&scene.server.url, &scene.browser, &["shop"]).await;
    let made = scene.ops.sign_out(json!({ "sessions": [again.sid] })).await;
    let second = made["id"].as_str().expect("an id").to_owned();
    shop.try_refresh(&again.refresh).await.expect(400);
    let rows = scene.receipt(&second).await["refusedSince"].clone();
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows}");

    let before = scene.receipt(&id).await["refusedSince"].clone();
    scene.server.restart().await;
    let after = scene.receipt(&id).await["refusedSince"].clone();
    assert_eq!(after, before, "a stop in good order loses nothing");
    // Who came back is on it, also now that they are gone again.
    let receipt = scene.receipt(&id).await;
    let back = receipt["cameBack"].as_array().expect("a list");
    assert!(back.iter().any(|s| s["id"] == again.sid), "{receipt}");
    assert_eq!(receipt["cameBackIsComplete"], true);
}

#[tokio::test]
async fn what_is_somebody_elses_or_merely_wrong_is_on_no_receipt() {
    let receiver = Receiver::start().await;
    let scene = Scene::at(Engine::Memory, &receiver, &["shop", "other"]).await;
    let other = App::discover(&scene.server.url, "demo", "other").await;
    let id = scene.end().await;
    // Not entitled to know, so not told, so no use of the token.
    other.introspect(&scene.alice.access).await.expect(200);
    other.try_refresh(&scene.alice.refresh).await.expect(400);
    let browser = Browser::default();
    let url = scene.server.url.clone();
    browser.plant(&url, "rk_demo", "c29tZXRoaW5nIG1hZGUgdXA");
    let shop = App::discover(&url, "demo", "shop").await;
    shop.silent_error(&browser).await;
    assert_eq!(scene.receipt(&id).await["refusedSince"], json!([]));
}

#[expect(
    clippy::disallowed_methods,
    reason = "what an auditor's own library does"
)]
#[tokio::test]
async fn a_receipt_is_exported_signed_by_the_realm() {
    let receiver = Receiver::start().await;
    let scene = Scene::at(Engine::Memory, &receiver, &["shop"]).await;
    let id = scene.end().await;
    scene.stands(&id, "shop", "acknowledged", SOON).await;
    let shop = App::discover(&scene.server.url, "demo", "shop").await;
    shop.try_refresh(&scene.alice.refresh).await.expect(400);
    let answer = scene.ops.get(&format!("/signouts/{id}/export")).await;
    let answer = answer.expect(200);
    assert_eq!(answer.header("content-type"), "application/jwt");
    let jws = answer.text.as_str();

    // As docs/receipts.md says: the realm's published keys, the type, the issuer.
    let url = scene.server.endpoint("demo", "certs");
    let keys = crate::support::Answer::of(crate::support::browser::client().get(url)).await;
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(keys.json()).expect("a JWKS");
    let header = jsonwebtoken::decode_header(jws).expect("a header");
    assert_eq!(header.typ.as_deref(), Some("receipt+jwt"));
    let kid = header.kid.clone().expect("a kid");
    let key = jsonwebtoken::DecodingKey::from_jwk(keys.find(&kid).expect("a published key"));
    let mut rules = jsonwebtoken::Validation::new(header.alg);
    rules.validate_exp = false;
    rules.required_spec_claims.clear();
    rules.set_issuer(&[scene.server.issuer("demo")]);
    let key = key.expect("a key");
    let claims = jsonwebtoken::decode::<Value>(jws, &key, &rules)
        .expect("a good signature")
        .claims;
    assert_eq!(claims["sub"], id.as_str());
    assert_eq!(claims["receipt"], scene.receipt(&id).await);
    assert_eq!(
        refused(&claims["receipt"], "refresh_token")["count"],
        json!(1)
    );
    // It is no token: nothing takes it for one.
    shop.userinfo(jws).await.expect(401);
    let asked = shop.introspect(jws).await.expect(200).json();
    assert_eq!(asked, json!({ "active": false }));
}
