//! The server whose pages are judged: some people signed in to some apps, one sign-out with its receipt, an app that does not answer.

use super::*;
use crate::support::{Browser, Engine, Receiver, Reply, TestServer, realms};

/// Who looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Nobody is signed in.
    Nobody,
    /// bob, who has no role.
    Account,
    /// dana, who administers the realm.
    Console,
    /// The administrator of the whole server.
    Server,
}

/// A server with something on every page.
pub struct Stage {
    /// The server.
    pub server: TestServer,
    _apps: Receiver,
    /// What stands for what in addresses.
    names: [(&'static str, String); 6],
}

impl Stage {
    /// Starts it and lets something happen.
    pub async fn set() -> Stage {
        let apps = Receiver::start().await;
        apps.answers("/told", Reply::Status(200));
        apps.answers("/broken", Reply::Status(500));
        let text =
            realms::with_apps(&[("told", &apps.at("/told")), ("broken", &apps.at("/broken"))]);
        let server = TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await;
        let ops = server.ops();
        let mut session = String::new();
        for (who, clients) in [("alice", ["told", "broken"]), ("bob", ["web", "notes"])] {
            for _ in 0..2 {
                let browser = Browser::default();
                for client in clients {
                    let app = server.app(client).await;
                    let password = format!("{who}-password");
                    session = app.sign_in(&browser, who, &password, &[], false).await.sid;
                }
            }
        }
        let ended = ops.sessions("user:alice", "active").await[0]["id"].clone();
        let made = ops
            .sign_out(serde_json::json!({ "sessions": [ended] }))
            .await;
        let shown = server.app("tv").await.device("openid profile").await;
        let names = [
            ("{session}", session),
            ("{signout}", made["id"].as_str().expect("an id").to_owned()),
            ("{user}", ops.user_id("alice").await),
            ("{client}", ops.client_uuid("told").await),
            ("{client_id}", "told".to_owned()),
            ("{user_code}", shown.user_code),
        ];
        Stage {
            server,
            _apps: apps,
            names,
        }
    }

    /// Where a page is.
    pub fn address(&self, at: &str) -> String {
        let named = |at: String, (name, id): &(&str, String)| at.replace(name, id);
        let at = self.names.iter().fold(at.to_owned(), named);
        format!("{}{at}", self.server.url)
    }

    /// Leaves nobody signed in but this one.
    pub async fn sign_in(&self, chromium: &Chromium, who: Who) {
        chromium.forget().await;
        let (at, username, password, then) = match who {
            Who::Nobody => return,
            Who::Account => (AUTH, "bob", "bob-password", "#consent-form"),
            Who::Console => ("/admin/demo/sessions", "dana", "dana-password", "#sessions"),
            Who::Server => (
                "/admin/master/sessions",
                "admin",
                self.server.admin_password.as_str(),
                "#sessions",
            ),
        };
        chromium.goto(&self.address(at)).await;
        chromium.write("#username", username).await;
        chromium.write("#password", password).await;
        chromium.click("#login-submit").await;
        chromium.find(then).await;
    }
}
