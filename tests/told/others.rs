//! Apps that are told in other ways: by a command to revoke everything, by a signed webhook; and several ways at once.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::support::{Reply, claims};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A server where `shop` has the channels that these lines of its file give it, and alice signed in to it.
async fn with(lines: &str) -> Scene {
    let text = format!(
        r#"{}
[[clients]]
client_id = "shop"
client_secret = "shop-secret"
redirect_uris = ["https://shop.example/callback"]
scope = "openid profile offline_access"
{lines}
"#,
        realms::DEMO
    );
    let server = TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await;
    let browser = Browser::default();
    let alice = sign_in(&server.url, &browser, &["shop"]).await;
    let ops = server.ops();
    Scene {
        server,
        ops,
        alice,
        browser,
    }
}

/// Whether the signature is one over what came, by the sender's secret: what a library for Standard Webhooks does.
fn is_signed(told: &crate::support::receiver::Told) -> bool {
    let key = STANDARD
        .decode(SECRET.trim_start_matches("whsec_"))
        .unwrap();
    let text = format!(
        "{}.{}.{}",
        told.header("webhook-id"),
        told.header("webhook-timestamp"),
        told.body
    );
    let signature = told
        .header("webhook-signature")
        .strip_prefix("v1,")
        .unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    hmac::verify(&key, text.as_bytes(), &STANDARD.decode(signature).unwrap()).is_ok()
}

#[tokio::test]
async fn a_webhook_is_signed_and_the_same_notice_at_every_attempt() {
    let receiver = Receiver::start().await;
    receiver.answers_next("/hook", &[Reply::Status(503)]);
    let uri = receiver.at("/hook");
    let scene = with(&format!(
        "webhook_uri = \"{uri}\"\nwebhook_secret = \"{SECRET}\""
    ))
    .await;
    let id = scene.end().await;
    receiver.wait("/hook", 1, SOON).await;
    let row = scene.comes_to(&id, "shop", "acknowledged", PATIENCE).await;
    assert_eq!(
        (&row["channel"], &row["attempts"], &row["lastStatus"]),
        (&json!("webhook"), &json!(2), &json!(200)),
        "{row}"
    );
    let told = receiver.told("/hook");
    assert_eq!(told.len(), 2);
    for (n, one) in told.iter().enumerate() {
        assert!(is_signed(one), "{one:?}");
        let body = one.json();
        let is = |name: &str, value: &str| assert_eq!(body[name], value, "{name} in {body}");
        is("type", "session.ended");
        is("realm", "demo");
        is("issuer", &scene.server.issuer("demo"));
        is("sub", &scene.alice.sub);
        is("username", "alice");
        is("sid", &scene.alice.sid);
        is("clientId", "shop");
        is("reason", "admin");
        is("initiator", "admin");
        is("signOutId", &id);
        is("deliveryId", one.header("webhook-id"));
        assert_eq!(body["attempt"], n + 1);
        assert!(
            body["endedAt"]
                .as_str()
                .and_then(Timestamp::parse)
                .is_some()
        );
    }
    assert_eq!(told[0].header("webhook-id"), told[1].header("webhook-id"));
    let mut twisted = told[0].clone();
    twisted.body = twisted.body.replace("alice", "alicf");
    assert!(!is_signed(&twisted));
}

#[tokio::test]
async fn a_webhook_that_is_gone_is_not_asked_again() {
    for status in [400, 410] {
        let receiver = Receiver::start().await;
        receiver.answers("/hook", Reply::Body(status, "gone for good".to_owned()));
        let uri = receiver.at("/hook");
        let scene = with(&format!(
            "webhook_uri = \"{uri}\"\nwebhook_secret = \"{SECRET}\""
        ))
        .await;
        let id = scene.end().await;
        let row = scene.stands(&id, "shop", "rejected", SOON).await;
        assert_eq!(row["attempts"], 1, "{row}");
        assert!(row.to_string().contains("gone for good"), "{row}");
    }
}

#[tokio::test]
async fn a_command_is_for_acts_that_end_everything_of_a_user_and_names_them_once() {
    let receiver = Receiver::start().await;
    receiver.answers("/gtr", Reply::Status(204));
    let endpoint = receiver.at("/gtr");
    let scene = with(&format!(
        "global_token_revocation_endpoint = \"{endpoint}\""
    ))
    .await;
    let phone = Browser::default();
    let second = sign_in(&scene.server.url, &phone, &["shop"]).await;
    assert_ne!(second.sid, scene.alice.sid);
    // One of two sessions: the app knows no sessions, and to revoke everything would end the other one.
    let one = scene
        .ops
        .sign_out(json!({ "sessions": [second.sid] }))
        .await;
    let one = one["id"].as_str().unwrap().to_owned();
    let row = app(&scene.receipt(&one).await, "shop");
    assert!(
        ["bounded", "not_capable"].contains(&row["state"].as_str().unwrap()),
        "{row}"
    );
    sign_in(&scene.server.url, &phone, &["shop"]).await;

    let all = scene
        .ops
        .sign_out(json!({ "users": [scene.alice.sub] }))
        .await;
    let all = all["id"].as_str().unwrap().to_owned();
    let row = scene.stands(&all, "shop", "acknowledged", SOON).await;
    assert_eq!(
        (&row["channel"], &row["lastStatus"], &row["sessions"]),
        (&json!("global-revocation"), &json!(204), &json!(2)),
        "{row}"
    );
    let told = receiver.told("/gtr");
    assert_eq!(told.len(), 1, "one command for both sessions: {told:?}");
    let issuer = scene.server.issuer("demo");
    assert_eq!(
        told[0].json(),
        json!({ "sub_id": { "format": "iss_sub", "iss": issuer, "sub": scene.alice.sub } })
    );
    let token = told[0]
        .header("authorization")
        .strip_prefix("Bearer ")
        .unwrap();
    let said = claims(token);
    assert_eq!(
        (&said["iss"], &said["sub"], &said["aud"]),
        (&json!(issuer), &json!("shop"), &json!(endpoint))
    );
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("global-token-revocation+jwt"));
    let jwks = crate::support::Answer::of(
        crate::support::browser::client().get(scene.server.endpoint("demo", "certs")),
    );
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&jwks.await.text).unwrap();
    let key =
        jsonwebtoken::DecodingKey::from_jwk(jwks.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(header.alg);
    rules.set_audience(&[&endpoint]);
    rules.validate_exp = false;
    #[expect(
        clippy::disallowed_methods,
        reason = "as an app would do it, and not by the server's own verifier"
    )]
    jsonwebtoken::decode::<Value>(token, &key, &rules).expect("signed with a published key");
}

#[tokio::test]
async fn an_app_that_does_not_know_the_user_has_done_its_part_and_one_that_refuses_has_not() {
    for (status, state) in [(404, "acknowledged"), (401, "rejected"), (422, "rejected")] {
        let receiver = Receiver::start().await;
        receiver.answers("/gtr", Reply::Body(status, "so it is".to_owned()));
        let endpoint = receiver.at("/gtr");
        let scene = with(&format!(
            "global_token_revocation_endpoint = \"{endpoint}\""
        ))
        .await;
        let act = scene
            .ops
            .sign_out(json!({ "users": [scene.alice.sub] }))
            .await;
        let row = scene
            .stands(act["id"].as_str().unwrap(), "shop", state, SOON)
            .await;
        assert_eq!(
            (&row["attempts"], &row["lastStatus"]),
            (&json!(1), &json!(status)),
            "{row}"
        );
    }
}

#[tokio::test]
async fn an_app_may_be_told_in_every_way_and_stands_as_the_worst_of_them() {
    let receiver = Receiver::start().await;
    receiver.answers("/hook", Reply::Status(410));
    let (out, gtr, hook) = (
        receiver.at("/out"),
        receiver.at("/gtr"),
        receiver.at("/hook"),
    );
    let scene = with(&format!(
        "backchannel_logout_uri = \"{out}\"\nglobal_token_revocation_endpoint = \"{gtr}\"\n\
         webhook_uri = \"{hook}\"\nwebhook_secret = \"{SECRET}\""
    ))
    .await;
    let act = scene
        .ops
        .sign_out(json!({ "users": [scene.alice.sub] }))
        .await;
    let id = act["id"].as_str().unwrap();
    let row = scene.stands(id, "shop", "rejected", SOON).await;
    crate::support::until("every channel is settled", SOON, async || {
        scene.receipt(id).await["state"] == "settled"
    })
    .await;
    let row = if row["channels"].as_array().is_some_and(|c| c.len() == 3) {
        app(&scene.receipt(id).await, "shop")
    } else {
        row
    };
    let states: Vec<(&str, &str)> = row["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["channel"].as_str().unwrap(), c["state"].as_str().unwrap()))
        .collect();
    assert_eq!(
        states,
        [
            ("back-channel", "acknowledged"),
            ("global-revocation", "acknowledged"),
            ("webhook", "rejected")
        ]
    );
}

#[tokio::test]
async fn what_a_setting_lacks_is_said_and_a_secret_never_shown() {
    let scene = with("").await;
    let path = format!("/clients/{}", scene.ops.client_uuid("shop").await);
    for (body, words) in [
        (
            json!({ "webhook_uri": "https://shop.example/hook" }),
            "needs webhook_secret",
        ),
        (
            json!({ "webhook_uri": "https://shop.example/hook", "webhook_secret": "hush-hush" }),
            "openssl rand",
        ),
        (json!({ "webhook_secret": SECRET }), "without webhook_uri"),
        (
            json!({ "frontchannel_logout_uri": "https://other.example/out" }),
            "one of redirect_uris",
        ),
        (
            json!({ "global_token_revocation_endpoint": "http://shop.example/gtr" }),
            "plain http",
        ),
        (
            json!({ "global_token_revocation_issuer": "https://idp.example" }),
            "needs jwks",
        ),
    ] {
        let answer = scene.ops.put(&path, &body).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(
            answer.text.contains(words) && !answer.text.contains("hush"),
            "{}",
            answer.text
        );
    }
    let body = json!({ "webhook_uri": "https://shop.example/hook", "webhook_secret": SECRET });
    assert!(scene.ops.put(&path, &body).await.status < 300);
    let shown = scene.ops.get(&path).await;
    assert!(shown.text.contains("https://shop.example/hook"));
    assert!(!shown.text.contains(&SECRET[6..]) && !shown.text.contains("webhook_secret"));
}
