//! What a real browser makes of the ways that need one: an app's front channel is loaded at sign-out, with scripts and
//! without, also when the app hangs; and a script of an app learns that the session changed.

use serde_json::Value;

use super::*;
use crate::support::{App, Engine, Receiver, Reply, TestServer, Tokens, realms};

const SOON: Duration = Duration::from_secs(20);

/// A page of an app: puts the login status page into a frame and asks it.
const ASKING: &str = r#"<!doctype html><meta charset="utf-8"><title>App</title><p id="ready" hidden>ready</p>
<iframe id="status" src="STATUS"></iframe>
<script>
  const frame = document.getElementById("status");
  frame.onload = () => { document.getElementById("ready").hidden = false; };
  window.ask = (message) => new Promise((said) => {
    addEventListener("message", (event) => {
      if (event.source === frame.contentWindow && event.origin === new URL(frame.src).origin) said(event.data);
    }, { once: true });
    frame.contentWindow.postMessage(message, "*");
  });
</script>"#;

/// A provider, and an app with a front channel that lives on a port of its own.
struct Stage {
    server: TestServer,
    app: App,
    at: Receiver,
}

impl Stage {
    async fn set() -> Stage {
        let at = Receiver::start().await;
        let mut text = realms::DEMO.to_owned();
        text.push_str(&format!(
            r#"
[[clients]]
client_id = "spa"
client_name = "Single Page"
token_endpoint_auth_method = "none"
redirect_uris = ["{0}/callback"]
post_logout_redirect_uris = ["{0}/bye"]
scope = "openid profile"
frontchannel_logout_uri = "{0}/out?tenant=1"
frontchannel_logout_session_required = true
"#,
            at.url
        ));
        let server = TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await;
        let app = App::with(&server.url, "demo", "spa", None, &at.at("/callback")).await;
        let status = server.endpoint("demo", "login-status-iframe.html");
        at.answers("/app", Reply::Html(ASKING.replace("STATUS", &status)));
        for page in ["/callback", "/bye"] {
            at.answers(page, Reply::Html(format!("<title>{page}</title>")));
        }
        Stage { server, app, at }
    }

    /// Signs alice in; answers her tokens and the session state that the app was sent.
    async fn sign_in(&self, alice: &Chromium) -> (Tokens, String) {
        let pending = self.app.begin(&["profile"]);
        alice.goto(pending.url.as_str()).await;
        alice.log_in("alice").await;
        until("alice is back at the app", SOON, async || {
            alice.place().await.starts_with(&self.at.at("/callback"))
        })
        .await;
        let back = url::Url::parse(&alice.place().await).unwrap();
        let sent = |name: &str| {
            let found = back.query_pairs().find(|(known, _)| known == name);
            found
                .unwrap_or_else(|| panic!("no {name} in {back}"))
                .1
                .into_owned()
        };
        let tokens = self.app.exchange(pending, sent("code")).await;
        (tokens, sent("session_state"))
    }

    fn logout(&self, tokens: &Tokens) -> String {
        let mut url = url::Url::parse(&self.server.endpoint("demo", "logout")).unwrap();
        url.query_pairs_mut().extend_pairs([
            ("id_token_hint", tokens.id_token.as_str()),
            ("post_logout_redirect_uri", &self.at.at("/bye")),
            ("state", "s-1"),
        ]);
        url.into()
    }
}

async fn ask(alice: &Chromium, message: &str) -> String {
    let call = "const done = arguments[1]; window.ask(arguments[0]).then(done);";
    let said = alice.driver.execute_async(call, vec![json!(message)]);
    let said: Value = said.await.unwrap().json().clone();
    said.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apps_front_channel_is_loaded_and_the_browser_goes_on() {
    let stage = Stage::set().await;
    let driver = Driver::start().await;
    for (scripts, hangs) in [(true, false), (false, false), (true, true)] {
        let reply = if hangs {
            Reply::Hang
        } else {
            Reply::Status(200)
        };
        stage.at.answers("/out", reply);
        let mut alice = Chromium::open(&driver, scripts).await;
        let (tokens, _) = stage.sign_in(&alice).await;
        let before = stage.at.told("/out").len();
        // An app that hangs keeps the page from being loaded, and this call with it.
        let go = alice.driver.goto(stage.logout(&tokens));
        let _ = tokio::time::timeout(SOON, go).await;
        let told = stage.at.wait("/out", before + 1, SOON).await;
        let told = told.last().unwrap();
        let address = url::Url::parse(&stage.at.at(&told.path)).unwrap();
        let sent: std::collections::HashMap<_, _> = address.query_pairs().into_owned().collect();
        assert_eq!(sent["iss"], stage.server.issuer("demo"));
        assert_eq!(
            (sent["sid"].as_str(), sent["tenant"].as_str()),
            (tokens.sid.as_str(), "1")
        );
        assert_eq!(told.header("sec-fetch-dest"), "iframe");
        assert_eq!(
            told.header("referer"),
            "",
            "an app learns no address of the provider"
        );
        until("the browser is back at the app", SOON, async || {
            alice.place().await == stage.at.at("/bye?state=s-1")
        })
        .await;
        let violations = alice.violations().await;
        assert!(violations.is_empty(), "{violations:#?}");
        // The administrator sees that it was tried, and by whom, and nothing that says it was done.
        let act = stage.server.ops().newest_sign_out().await;
        let act = act["id"].as_str().unwrap().to_owned();
        let receipt = stage
            .server
            .ops()
            .get(&format!("/signouts/{act}"))
            .await
            .json();
        let app = &receipt["apps"][0];
        assert_eq!(app["clientId"], "spa", "{receipt}");
        assert_eq!(app["frontChannel"]["effort"], "best", "{receipt}");
        assert_ne!(app["state"], "acknowledged", "{receipt}");
        alice.driver.quit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_learns_that_the_session_changed_once_the_browser_was_back() {
    let stage = Stage::set().await;
    let driver = Driver::start().await;
    let mut alice = Chromium::open(&driver, true).await;
    let (tokens, state) = stage.sign_in(&alice).await;
    alice.goto(&stage.at.at("/app")).await;
    alice.find("#ready:not([hidden])").await;
    // As Session Management 1.0 has it, and as keycloak-js does.
    let (by_state, by_sid) = (format!("spa {state}"), format!("spa {}", tokens.sid));
    for (message, said) in [
        (by_state.as_str(), "unchanged"),
        (&by_sid, "unchanged"),
        (&format!("spa x{state}"), "changed"),
        ("spa 01a20000-0000-7000-8000-000000000000", "changed"),
        ("spa ", "changed"),
        (&format!("web {state}"), "error"),
        ("spa", "error"),
        ("", "error"),
    ] {
        assert_eq!(ask(&alice, message).await, said, "{message:?}");
    }
    let app = alice.driver.window().await.unwrap();

    let made = stage.server.ops();
    made.sign_out(json!({ "sessions": [tokens.sid] })).await;
    // Nothing has been here since. The browser comes back in another window.
    let other = alice.driver.new_tab().await.unwrap();
    alice.driver.switch_to_window(other).await.unwrap();
    let silent = stage.app.begin_with(&[], &[("prompt", "none")]);
    alice.goto(silent.url.as_str()).await;
    assert!(alice.place().await.contains("error=login_required"));
    alice.driver.switch_to_window(app).await.unwrap();
    for message in [&by_state, &by_sid] {
        assert_eq!(ask(&alice, message).await, "changed");
    }
    // Who is signed in again is somebody else to the script.
    let (_, fresh) = stage.sign_in(&alice).await;
    alice.goto(&stage.at.at("/app")).await;
    alice.find("#ready:not([hidden])").await;
    assert_eq!(ask(&alice, &format!("spa {fresh}")).await, "unchanged");
    assert_eq!(ask(&alice, &by_state).await, "changed");
    let violations = alice.violations().await;
    assert!(violations.is_empty(), "{violations:#?}");
    alice.driver.quit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_no_apps_cannot_even_show_the_login_status() {
    let stage = Stage::set().await;
    let stranger = Receiver::start().await;
    let status = stage.server.endpoint("demo", "login-status-iframe.html");
    stranger.answers("/app", Reply::Html(ASKING.replace("STATUS", &status)));
    let driver = Driver::start().await;
    let mut alice = Chromium::open(&driver, true).await;
    stage.sign_in(&alice).await;
    alice.goto(&stranger.at("/app")).await;
    until("Chromium refuses the frame", SOON, async || {
        alice.driver.find(By::Css("#status")).await.is_ok()
    })
    .await;
    let violations = alice.violations().await;
    assert!(
        violations
            .iter()
            .any(|words| words.contains("frame-ancestors")),
        "{violations:#?}"
    );
    alice.driver.quit().await.unwrap();
}
