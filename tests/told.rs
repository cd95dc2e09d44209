//! Every app learns of a sign-out, and the receipt says how each of them stands: apps that confirm, refuse, break, hang,
//! drip, redirect, never end, are not there, or are where nobody may go.

mod crashes;
mod crowd;
mod faults;
mod killed;
mod others;
mod proof;
mod readiness;

use std::time::{Duration, Instant};

use realmkeep::{Span, Timestamp};
use serde_json::{Value, json};

use crate::support::{App, Browser, Engine, Operator, Receiver, TestServer, Tokens, realms};

/// For what happens at once.
const SOON: Duration = Duration::from_secs(30);
/// For what waits for the end of a server's patience with an app.
const PATIENCE: Duration = Duration::from_secs(60);

/// A realm with apps that are told, and alice, signed in to all of them.
struct Scene {
    server: TestServer,
    ops: Operator,
    alice: Tokens,
    browser: Browser,
}

impl Scene {
    /// A server with these apps; `uri` of each is where it is told.
    async fn with(engine: Engine, apps: &[(&str, String)]) -> Scene {
        let apps: Vec<(&str, &str)> = apps.iter().map(|(id, uri)| (*id, uri.as_str())).collect();
        let ids: Vec<&str> = apps.iter().map(|(id, _)| *id).collect();
        Scene::of(engine, &realms::with_apps(&apps), &ids).await
    }

    /// A server with this text of the realm `demo`; alice signs in to these of its apps.
    async fn of(engine: Engine, realm: &str, ids: &[&str]) -> Scene {
        let server = TestServer::with_realm(engine, Some(("demo", realm))).await;
        let browser = Browser::default();
        let alice = sign_in(&server.url, &browser, ids).await;
        let ops = server.ops();
        Scene {
            server,
            ops,
            alice,
            browser,
        }
    }

    /// The same with one app that is told at `/{id}` of the receiver for every id.
    async fn at(engine: Engine, receiver: &Receiver, ids: &[&str]) -> Scene {
        let apps: Vec<(&str, String)> = ids
            .iter()
            .map(|id| (*id, receiver.at(&format!("/{id}"))))
            .collect();
        Scene::with(engine, &apps).await
    }

    /// The administrator ends alice's session; answers the act's id.
    async fn end(&self) -> String {
        let made = self
            .ops
            .sign_out(json!({ "sessions": [self.alice.sid] }))
            .await;
        made["id"].as_str().expect("an id").to_owned()
    }

    async fn receipt(&self, id: &str) -> Value {
        receipt(&self.ops, id).await
    }

    /// Waits until an app stands so on the receipt, and answers its row.
    async fn stands(&self, id: &str, client_id: &str, state: &str, limit: Duration) -> Value {
        stands(&self.ops, id, client_id, state, limit).await
    }

    /// Lets the next attempt for an app be due now, when it is not yet.
    async fn next_attempt(&self, id: &str, client_id: &str) {
        let row = app(&self.receipt(id).await, client_id);
        let due = row["nextAttemptAt"].as_str().and_then(Timestamp::parse);
        if let Some(due) = due.filter(|due| *due > self.server.now()) {
            let ahead = due.since(self.server.now());
            self.server.clock.advance(ahead.max(Span::secs(1)));
        }
    }

    /// Moves the clock from attempt to attempt until an app stands so.
    async fn comes_to(&self, id: &str, client_id: &str, state: &str, limit: Duration) -> Value {
        let begin = Instant::now();
        loop {
            let row = app(&self.receipt(id).await, client_id);
            if row["state"] == state {
                return row;
            }
            assert!(begin.elapsed() < limit, "not {state} in {limit:?}: {row}");
            self.next_attempt(id, client_id).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Signs alice in to these apps in one browser: one session. The tokens are the first app's.
async fn sign_in(url: &str, browser: &Browser, ids: &[&str]) -> Tokens {
    let mut first: Option<Tokens> = None;
    for id in ids {
        let app = App::discover(url, "demo", id).await;
        let tokens = app
            .sign_in(browser, "alice", "alice-password", &["profile"], true)
            .await;
        match &first {
            Some(first) => assert_eq!(first.sid, tokens.sid, "one session"),
            None => first = Some(tokens),
        }
    }
    first.expect("an app")
}

async fn receipt(ops: &Operator, id: &str) -> Value {
    ops.get(&format!("/signouts/{id}")).await.expect(200).json()
}

pub async fn stands(
    ops: &Operator,
    id: &str,
    client_id: &str,
    state: &str,
    limit: Duration,
) -> Value {
    let begin = Instant::now();
    loop {
        let row = app(&receipt(ops, id).await, client_id);
        if row["state"] == state {
            return row;
        }
        assert!(begin.elapsed() < limit, "not {state} in {limit:?}: {row}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The row of an app on a receipt.
fn app(receipt: &Value, client_id: &str) -> Value {
    let apps = receipt["apps"].as_array().expect("apps");
    apps.iter()
        .find(|row| row["clientId"] == client_id)
        .unwrap_or_else(|| panic!("no {client_id} on {receipt}"))
        .clone()
}

#[tokio::test]
async fn apps_that_confirm_are_told_once_each_and_the_receipt_says_so() {
    let receiver = Receiver::start().await;
    receiver.answers("/quiet", crate::support::Reply::Status(204));
    let scene = Scene::at(Engine::Memory, &receiver, &["shop", "quiet"]).await;
    let id = scene.end().await;
    for (client_id, status) in [("shop", 200), ("quiet", 204)] {
        let row = scene.stands(&id, client_id, "acknowledged", SOON).await;
        assert_eq!(
            (&row["attempts"], &row["lastStatus"]),
            (&json!(1), &json!(status)),
            "{row}"
        );
        assert_eq!(row["nextAttemptAt"], Value::Null, "{row}");
        let told = receiver.told(&format!("/{client_id}"));
        assert_eq!(told.len(), 1, "{told:?}");
        let told = &told[0];
        assert_eq!(told.method, "POST");
        assert!(
            told.header("content-type")
                .starts_with("application/x-www-form-urlencoded")
        );
        let token = told.logout_token();
        let named = |name: &str| token[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(named("iss"), scene.server.issuer("demo"));
        assert_eq!(named("sub"), scene.alice.sub);
        assert_eq!(named("sid"), scene.alice.sid);
        assert!(
            token["aud"] == client_id || token["aud"] == json!([client_id]),
            "{token}"
        );
        assert!(token["nonce"].is_null(), "{token}");
    }
    let receipt = scene.receipt(&id).await;
    assert_eq!(receipt["state"], "settled", "{receipt}");
    // Whoever signs in again is signed in again, and nobody is told anything.
    sign_in(&scene.server.url, &scene.browser, &["shop"]).await;
    assert_eq!(receiver.all().len(), 2);
}
