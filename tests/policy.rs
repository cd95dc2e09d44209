//! A realm's policy through the front door: how many sessions, from where, for how long, and who may not sign in at all.
//! Each rule is also turned on over sessions that exist.

mod blocked;
mod lifetimes;
mod limit;

use serde_json::{Value, json};

use crate::support::{App, Browser, Engine, Page, TestServer};

/// A server with the app `web`.
struct House {
    server: TestServer,
    web: App,
}

impl House {
    async fn new(engine: Engine) -> House {
        let server = TestServer::start(engine).await;
        let web = server.app("web").await;
        House { server, web }
    }

    /// Changes the realm's policy.
    async fn policy(&self, section: &str, of: Value) {
        let body = json!({ section: of });
        self.server
            .root()
            .at("demo")
            .put("", &body)
            .await
            .expect(204);
    }

    /// Signs alice in; answers her browser and its sid.
    async fn alice(&self) -> (Browser, String) {
        self.alice_at([127, 0, 0, 1]).await
    }

    /// The same, at an address.
    async fn alice_at(&self, ip: [u8; 4]) -> (Browser, String) {
        let browser = Browser::default().copy_at(ip);
        let tokens = self
            .web
            .sign_in(&browser, "alice", "alice-password", &["profile"], false)
            .await;
        (browser, tokens.sid)
    }

    /// What alice's right password is answered with.
    async fn try_alice(&self, browser: &Browser, remember: bool) -> Page {
        let page = browser.open(self.web.begin(&[]).url.as_str()).await;
        browser
            .log_in(&page, "alice", "alice-password", remember)
            .await
    }

    /// The sids of alice's active sessions.
    async fn active(&self) -> Vec<String> {
        let found = self.server.ops().sessions("user:alice", "active").await;
        found
            .iter()
            .map(|s| s["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Whether this browser is signed in.
    async fn is_in(&self, browser: &Browser) -> bool {
        match self.web.silent_error(browser).await.as_deref() {
            None => true,
            Some("login_required") => false,
            Some(other) => panic!("{other}"),
        }
    }

    /// Why a session is over.
    async fn end_reason(&self, sid: &str) -> Value {
        let session = self.server.ops().session(sid).await;
        assert_eq!(session["state"], "ended", "{session}");
        session["endReason"].clone()
    }
}
