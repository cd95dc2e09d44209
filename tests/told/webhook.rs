//! An app that speaks no protocol of sign-out and has a webhook: signed, told again, and recognisable when it comes twice.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::support::Reply;

const KEY: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[tokio::test]
async fn a_webhook_is_signed_and_told_again_under_the_same_id() {
    let receiver = Receiver::start().await;
    receiver.answers_next("/hook", &[Reply::Status(500), Reply::Reset]);
    let mut text = realms::DEMO.to_owned();
    text.push_str(&format!(
        r#"
[[clients]]
client_id = "hook"
client_secret = "hook-secret"
redirect_uris = ["https://hook.example/callback"]
scope = "openid profile"
webhook_uri = "{}"
webhook_secret = "whsec_{KEY}"
"#,
        receiver.at("/hook")
    ));
    let scene = Scene::of(Engine::Memory, &text, &["hook"]).await;
    let id = scene.end().await;
    let row = scene.comes_to(&id, "hook", "acknowledged", PATIENCE).await;
    assert_eq!(row["attempts"], 3, "{row}");

    let told = receiver.told("/hook");
    assert_eq!(told.len(), 3, "{told:?}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(KEY).unwrap());
    for (attempt, told) in told.iter().enumerate() {
        let event = told.json();
        assert_eq!(event["attempt"], attempt + 1, "{event}");
        assert_eq!(event["type"], "session.ended", "{event}");
        assert_eq!(event["sid"], scene.alice.sid, "{event}");
        assert_eq!(event["sub"], scene.alice.sub, "{event}");
        assert_eq!(event["signOutId"], id, "{event}");
        let (message, at) = (told.header("webhook-id"), told.header("webhook-timestamp"));
        assert_eq!(event["deliveryId"], message, "{event}");
        let signed = format!("{message}.{at}.{}", told.body);
        let signature = told.header("webhook-signature").strip_prefix("v1,");
        let signature = STANDARD.decode(signature.expect("v1")).unwrap();
        hmac::verify(&key, signed.as_bytes(), &signature).expect("signed with the app's key");
    }
    let first = told[0].header("webhook-id");
    assert!(told.iter().all(|t| t.header("webhook-id") == first));
    assert!(told[0].header("webhook-timestamp") < told[2].header("webhook-timestamp"));
}
