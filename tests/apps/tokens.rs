//! Logout tokens before libraries that were not written for this provider.

use openidconnect::core::{CoreIdToken, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, Nonce};

use super::node::Script;
use super::*;
use crate::support::{App, Receiver, Tokens};

const CALLBACK: &str = "https://portal.example/callback";

/// Alice, signed in at the app.
async fn alice(server: &TestServer) -> (App, Tokens) {
    let secret = Some(SECRET.to_owned());
    let app = App::with(&server.url, "demo", ID, secret, CALLBACK).await;
    let browser = Browser::default();
    let tokens = app
        .sign_in(&browser, "alice", "alice-password", &["profile"], true)
        .await;
    (app, tokens)
}

/// jose, strict: `typ`, algorithm, issuer, audience, age, the event, and each `jti` once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jose_takes_a_notice_for_its_own_client_and_refuses_one_for_another() {
    let port = crate::support::process::free_port();
    let server = provider(CALLBACK, &format!("http://127.0.0.1:{port}/notice")).await;
    let issuer = server.issuer("demo");
    let settings = [("ISSUER", issuer.as_str()), ("CLIENT_ID", ID)];
    let own = Script::start("receiver.mjs", port, &settings).await;
    let (_, tokens) = alice(&server).await;
    end(&server, json!({ "sessions": [tokens.sid] })).await;

    drop(own);
    let settings = [("ISSUER", issuer.as_str()), ("CLIENT_ID", "somebody-else")];
    let _other = Script::start("receiver.mjs", port, &settings).await;
    let (_, tokens) = alice(&server).await;
    let ops = server.ops();
    let made = ops.sign_out(json!({ "sessions": [tokens.sid] })).await;
    let id = made["id"].as_str().expect("an id");
    let row = stands(&ops, id, ID, "rejected", SOON).await;
    assert!(
        row.to_string().contains(r#"unexpected \\\"aud\\\""#),
        "{row}"
    );
}

/// The `openidconnect` crate: the key set it discovers verifies the signature, and its verifier of ID tokens does not take
/// a logout token for one.
#[tokio::test]
async fn the_openidconnect_crate_verifies_a_notice_and_does_not_take_it_for_an_id_token() {
    let receiver = Receiver::start().await;
    let server = provider(CALLBACK, &receiver.at("/notice")).await;
    let (app, tokens) = alice(&server).await;
    end(&server, json!({ "sessions": [tokens.sid] })).await;
    let token = receiver.told("/notice")[0].field("logout_token");

    let keys = CoreJsonWebKeySet::fetch_async(
        &openidconnect::JsonWebKeySetUrl::new(server.endpoint("demo", "certs")).unwrap(),
        &app.wire,
    )
    .await
    .expect("a key set");
    let (signed, signature) = token.rsplit_once('.').expect("a JWS");
    use base64::Engine as _;
    let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(signature)
        .expect("base64url");
    let verifies = |text: &str| {
        keys.keys().iter().any(|key| {
            key.verify_signature(
                &CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                text.as_bytes(),
                &signature,
            )
            .is_ok()
        })
    };
    assert!(verifies(signed));
    assert!(!verifies(&format!("{signed}x")));

    let read = token.parse::<CoreIdToken>();
    let taken = read.is_ok_and(|read| {
        let verifier = app.rp.id_token_verifier();
        read.claims(&verifier, |_: Option<&Nonce>| Ok(())).is_ok()
    });
    assert!(!taken, "a logout token was taken for an ID token");
}
