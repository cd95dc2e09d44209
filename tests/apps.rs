//! Apps that others wrote, as registries ship them: Debian's Apache module, npm's middleware for Express, a JOSE library.
//! They sign people in through Realmkeep, and really lose their sessions when an administrator invalidates.
//!
//! Fails when Apache or npm is missing: `tests/run` installs them.

mod apache;
mod express;
mod node;
mod tokens;

use std::time::Duration;

use serde_json::json;

use crate::support::browser::PHONE;
use crate::support::{Browser, Engine, Page, TestServer, realms, until};
use crate::told::stands;

/// For what happens at once.
const SOON: Duration = Duration::from_secs(20);
/// For what waits for another attempt.
const PATIENCE: Duration = Duration::from_secs(90);

/// The client of every app here.
const ID: &str = "portal";
const SECRET: &str = "portal-secret";

/// What a person finds at a private page.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// The page, at once, under this name.
    Page(String),
    /// The page under this name, after a way over the provider that asked for nothing.
    Back(String),
    /// The provider's login form.
    Login,
}

/// A server whose realm `demo` has a client with this redirect URI, told at this address.
async fn provider(callback: &str, told_at: &str) -> TestServer {
    let client = format!(
        r#"
[[clients]]
client_id = "{ID}"
client_name = "Portal"
client_secret = "{SECRET}"
redirect_uris = ["{callback}"]
scope = "openid profile"
backchannel_logout_uri = "{told_at}"
backchannel_logout_session_required = true
"#
    );
    let text = format!("{}{client}", realms::DEMO);
    TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await
}

/// Follows redirects wherever they lead.
async fn travel(browser: &Browser, mut page: Page) -> Page {
    for _ in 0..12 {
        page = browser.follow(page).await;
        match page.location() {
            Some(next) if page.status < 400 => page = browser.get(next.as_str()).await,
            _ => return page,
        }
    }
    panic!("redirects without end: {page}");
}

/// Under whose name a page was served.
fn name(page: &Page) -> String {
    assert_eq!(page.status, 200, "{page}");
    assert!(page.body.contains("The private page"), "{page}");
    let name = page.headers.get("x-remote-user").expect("a name");
    name.to_str().expect("a readable name").to_owned()
}

/// Opens a private page.
async fn look(browser: &Browser, private: &str) -> Seen {
    let page = browser.get(private).await;
    if page.status == 200 {
        return Seen::Page(name(&page));
    }
    let away = page.location().unwrap_or_else(|| panic!("{page}"));
    assert!(away.path().contains("/realms/demo/"), "{page}");
    let page = travel(browser, page).await;
    if page.is_login() {
        Seen::Login
    } else {
        Seen::Back(name(&page))
    }
}

/// Signs a person in at an app.
async fn sign_in(browser: &Browser, private: &str, who: &str) {
    let page = travel(browser, browser.get(private).await).await;
    let password = format!("{who}-password");
    let page = browser.log_in(&page, who, &password, false).await;
    name(&travel(browser, page).await);
    assert!(matches!(look(browser, private).await, Seen::Page(_)));
}

/// Waits until a program answers at an address.
async fn answers(what: &str, url: &str, log: impl Fn() -> String) {
    let http = crate::support::browser::client();
    let begin = std::time::Instant::now();
    while http.get(url).send().await.is_err() {
        assert!(begin.elapsed() < SOON, "{what} does not answer: {}", log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Ends what is selected, and waits until the app has confirmed.
async fn end(server: &TestServer, select: serde_json::Value) {
    let ops = server.ops();
    let made = ops.sign_out(select).await;
    let id = made["id"].as_str().expect("an id");
    let row = stands(&ops, id, ID, "acknowledged", SOON).await;
    assert_eq!(
        row["attempts"], row["sessions"],
        "at the first attempt: {row}"
    );
    until("the act is settled", SOON, async || {
        ops.get(&format!("/signouts/{id}")).await.json()["state"] == "settled"
    })
    .await;
}

/// Alice with a laptop and a phone and bob: one session of alice is ended, and only that; then all of hers are. `other` is
/// what alice then finds on the phone, whose session goes on at the provider.
async fn loses_what_is_invalidated_and_nothing_else(
    server: &TestServer,
    private: &str,
    other: Seen,
) {
    let (laptop, phone, bobs) = (Browser::default(), Browser::new(PHONE), Browser::default());
    let alice = || Seen::Page("Alice Adams".to_owned());
    let bob = || Seen::Page("Bob Brown".to_owned());
    let ops = server.ops();

    sign_in(&laptop, private, "alice").await;
    let sid = ops.sessions("user:alice", "active").await[0]["id"].clone();
    sign_in(&phone, private, "alice").await;
    sign_in(&bobs, private, "bob").await;
    assert_eq!(look(&laptop, private).await, alice());

    end(server, json!({ "sessions": [sid] })).await;
    assert_eq!(look(&laptop, private).await, Seen::Login);
    assert_eq!(look(&bobs, private).await, bob());
    assert_eq!(look(&phone, private).await, other);
    assert_eq!(look(&phone, private).await, alice());

    // Whoever signs in again is in again, until everything of theirs is ended.
    sign_in(&laptop, private, "alice").await;
    assert_eq!(look(&phone, private).await, alice());
    end(server, json!({ "users": [ops.user_id("alice").await] })).await;
    assert_eq!(look(&laptop, private).await, Seen::Login);
    assert_eq!(look(&phone, private).await, Seen::Login);
    assert_eq!(look(&bobs, private).await, bob());
}
