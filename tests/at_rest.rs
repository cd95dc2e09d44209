//! What lies on the disk: nothing that somebody who takes it away could present, and nothing that opens without the
//! master key. How that key is given, refused and changed.

mod master_key;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::json;

use crate::support::browser::{client, parameter};
use crate::support::watcher::Watcher;
use crate::support::{Answer, Browser, Engine, Receiver, TestServer, realms};

const WEBHOOK: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Apps whose secrets are kept in every way there is.
fn realm(receiver: &Receiver) -> String {
    let hook = receiver.at("/hook");
    let bye = receiver.at("/bye");
    let clients = format!(
        r#"
[[clients]]
client_id = "hooked"
client_secret = "hooked-secret"
redirect_uris = ["https://hooked.example/callback"]
scope = "openid profile offline_access"
webhook_uri = "{hook}"
webhook_secret = "{WEBHOOK}"
backchannel_logout_uri = "{bye}"

[[clients]]
client_id = "veiled"
client_secret = "veiled-secret"
redirect_uris = ["https://veiled.example/callback"]
scope = "openid profile offline_access"
access_token_format = "opaque"

[[clients]]
client_id = "signs"
client_secret = "the-secret-that-a-client-signs-its-assertions-with"
token_endpoint_auth_method = "client_secret_jwt"
grant_types = ["client_credentials"]
scope = "openid"

[[clients]]
client_id = "watch"
client_secret = "watch-secret"
grant_types = ["client_credentials"]
scope = "ssf.read ssf.manage"
ssf_subjects = "all"
"#
    );
    let people = realms::DEMO.find("[[users]]").expect("users");
    let (head, tail) = realms::DEMO.split_at(people);
    format!("{head}{clients}\n{tail}")
}

/// What somebody knows who was there: each by name.
#[derive(Default)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn add(&mut self, name: &str, secret: impl Into<String>) {
        let secret = secret.into();
        assert!(
            secret.len() >= 6,
            "{name} is too short to look for: {secret:?}"
        );
        self.0.push((name.to_owned(), secret));
    }

    /// All cookies of a browser, whole and in their parts.
    fn cookies(&mut self, who: &str, browser: &Browser) {
        for (name, value) in browser.cookies() {
            for part in value.split('.').filter(|part| part.len() >= 16) {
                // The public id of a session stands before its secret.
                self.add(&format!("{who}'s cookie {name}"), part);
            }
        }
    }

    /// A JWT by its signature, whatever may be kept of what it says.
    fn jwt(&mut self, name: &str, jwt: &str) {
        self.add(name, jwt.rsplit('.').next().expect("a signature"));
    }
}

/// The forms in which a secret could lie there.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let text = secret.trim_start_matches("whsec_");
    let mut plain = vec![secret.as_bytes().to_vec()];
    plain.extend(URL_SAFE_NO_PAD.decode(text).ok());
    plain.extend(STANDARD.decode(text).ok());
    // The secret part of what says in front whom it is about.
    if let Some(tail) = plain
        .get(1)
        .and_then(|bytes| bytes.get(16..))
        .and_then(|rest| rest.last_chunk::<32>())
    {
        plain.push(tail.to_vec());
    }
    let mut forms = Vec::new();
    for bytes in plain {
        let coded = URL_SAFE_NO_PAD.encode(&bytes);
        forms.push(STANDARD.encode(&bytes).trim_end_matches('=').into());
        forms.push(coded.into_bytes());
        forms.push(hex(&bytes).into_bytes());
        forms.push(hex(&bytes).to_uppercase().into_bytes());
        forms.push(bytes);
    }
    forms.retain(|form| form.len() >= 6);
    forms
}

/// Every file below a folder but the master key.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name().is_some_and(|name| name != "master.key") {
            let name = path.display().to_string();
            found.push((name, std::fs::read(path).expect("a file")));
        }
    }
    found
}

/// Which of these secrets lie in these files: one walk through each, for all of them.
fn found(files: &[(String, Vec<u8>)], secrets: &Secrets) -> BTreeSet<String> {
    let mut sought: HashMap<[u8; 6], Vec<(&str, Vec<u8>)>> = HashMap::new();
    for (name, secret) in &secrets.0 {
        for form in forms(secret) {
            let head = *form.first_chunk().expect("six bytes");
            sought.entry(head).or_default().push((name, form));
        }
    }
    // Most places are ruled out by their first two bytes.
    let mut begins = vec![false; 1 << 16];
    for head in sought.keys() {
        begins[usize::from(head[0]) << 8 | usize::from(head[1])] = true;
    }
    let mut found = BTreeSet::new();
    for (file, bytes) in files {
        for at in 0..bytes.len().saturating_sub(5) {
            if !begins[usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1])] {
                continue;
            }
            let rest = &bytes[at..];
            let Some(of) = rest.first_chunk().and_then(|head| sought.get(head)) else {
                continue;
            };
            for (name, form) in of {
                if rest.starts_with(form) {
                    found.insert(format!("{name} in {file}"));
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn a_stolen_disk_holds_nothing_that_can_be_presented() {
    steal(Engine::Sled).await;
}

#[tokio::test]
async fn nor_does_one_with_the_other_engine() {
    steal(Engine::Redb).await;
}

async fn steal(engine: Engine) {
    let receiver = Receiver::start().await;
    let text = realm(&receiver);
    let mut server = TestServer::with_realm(engine, Some(("demo", &text))).await;
    let mut secrets = Secrets::default();
    for (name, secret) in [
        ("web's secret", "web-secret-with-:%+ &="),
        ("hooked's secret", "hooked-secret"),
        ("ops' secret", "ops-secret"),
        (
            "signs' secret",
            "the-secret-that-a-client-signs-its-assertions-with",
        ),
        ("the webhook's secret", WEBHOOK),
        ("alice's password", "alice-password"),
        ("bob's password", "bob-password"),
        ("the receiver's header", "for-the-receiver"),
    ] {
        secrets.add(name, secret);
    }
    secrets.add("admin's password", server.admin_password.clone());

    // Somebody half way in: what is parked for them.
    let asks = server.app("asks").await;
    let half = Browser::default();
    let parked = asks.begin(&["profile"]);
    let page = half.open(parked.url.as_str()).await;
    assert!(page.is_login());
    let form = page.form("login-form");
    secrets.add("the form's token", form.value("csrf").expect("a token"));
    secrets.cookies("the visitor", &half);
    for name in ["state", "nonce", "code_challenge"] {
        let value = parameter(&parked.url, name).expect("a parameter");
        secrets.add(&format!("the parked {name}"), value);
    }

    // Codes, tokens of every kind and age.
    let watch = Watcher::pushed(&server.url, "demo", "watch", &receiver.at("/events")).await;
    watch.verify("are you there").await;
    let (alice, bob) = (Browser::default(), Browser::default());
    for id in ["web", "hooked", "veiled"] {
        let app = server.app(id).await;
        let pending = app.begin(&["profile", "offline_access"]);
        let page = alice.open(pending.url.as_str()).await;
        let page = match page.is_login() {
            true => alice.log_in(&page, "alice", "alice-password", true).await,
            false => page,
        };
        let code = app.code(&pending, &page);
        secrets.add(&format!("{id}'s code"), code.clone());
        secrets.add(&format!("{id}'s verifier"), pending.verifier());
        let tokens = app.exchange(pending, code).await;
        let second = app.refresh(&tokens).await;
        for (age, tokens) in [("first", &tokens), ("second", &second)] {
            secrets.jwt(&format!("{id}'s {age} access token"), &tokens.access);
            secrets.jwt(&format!("{id}'s {age} ID token"), &tokens.id_token);
            secrets.add(
                &format!("{id}'s {age} refresh token"),
                tokens.refresh.clone(),
            );
        }
        if id == "web" {
            app.revoke(&second.access).await.expect(200);
        }
    }
    secrets.cookies("alice", &alice);
    let hooked = server.app("hooked").await;
    let bobs = hooked
        .sign_in(&bob, "bob", "bob-password", &["profile"], true)
        .await;
    secrets.cookies("bob", &bob);
    secrets.add("bob's refresh token", bobs.refresh.clone());
    // A code that nobody fetched.
    let pending = hooked.begin(&["profile"]);
    let page = bob.open(pending.url.as_str()).await;
    secrets.add("bob's unused code", hooked.code(&pending, &page));

    // An administrator's token, an act with its key, and what the apps are told.
    let ops = server.ops();
    secrets.jwt("ops' token", &ops.token().await);
    let act = json!({ "select": { "sessions": [bobs.sid] }, "reason": "test" });
    let request = client()
        .post(format!("{}/admin/realms/demo/signouts", server.url))
        .bearer_auth(ops.token().await)
        .header("idempotency-key", "the-key-of-this-very-act")
        .json(&act);
    Answer::of(request).await.expect(201);
    secrets.add("the Idempotency-Key", "the-key-of-this-very-act");
    let limit = std::time::Duration::from_secs(30);
    let told = receiver.wait("/bye", 1, limit).await;
    secrets.jwt("the logout token", &told[0].field("logout_token"));
    let told = receiver.wait("/hook", 1, limit).await;
    secrets.add(
        "the webhook's signature",
        &told[0].header("webhook-signature")["v1,".len()..],
    );
    let told = receiver.wait("/events", 1, limit).await;
    secrets.jwt("the event", &told[0].body);
    let made = ops
        .call(
            Method::POST,
            &format!("/clients/{}/client-secret", ops.client_uuid("notes").await),
            None,
        )
        .await
        .expect(200);
    secrets.add(
        "notes' new secret",
        made.json()["value"].as_str().expect("a secret"),
    );

    server.stop().await;
    let data = server.data();
    let key = std::fs::read_to_string(data.join("master.key")).expect("the key");
    secrets.add("the master key", key.trim());
    let files = files(&data);
    // What is no secret is found: so a secret would be.
    let mut known = Secrets::default();
    known.add("an address", "alice@example.com");
    known.add("a redirect URI", "https://hooked.example/callback");
    let sid = bobs.sid.replace('-', "");
    let bytes = (0..16).map(|i| u8::from_str_radix(&sid[2 * i..2 * i + 2], 16).expect("hex"));
    known.add("a sid", URL_SAFE_NO_PAD.encode(bytes.collect::<Vec<u8>>()));
    let seen = |name: &str| found(&files, &known).iter().any(|f| f.starts_with(name));
    assert!(seen("an address") && seen("a redirect URI") && seen("a sid"));
    let found = found(&files, &secrets);
    assert!(found.is_empty(), "{found:#?}");
    assert!(secrets.0.len() > 40, "{} secrets", secrets.0.len());
}
