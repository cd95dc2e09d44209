//! Applications, deliveries, keys and settings as an administrator's browser without scripts sees them, and what they
//! then are for apps and people.

mod settings;

use std::time::Duration;

use crate::support::browser::LAPTOP;
use crate::support::html::Form;
use crate::support::{App, Browser, Engine, Page, Receiver, Reply, TestServer, until};

const SOON: Duration = Duration::from_secs(20);

/// Somebody at the console of a server.
struct Desk {
    server: TestServer,
    browser: Browser,
}

impl Desk {
    async fn open() -> Desk {
        let server = TestServer::start(Engine::Memory).await;
        let desk = Desk {
            server,
            browser: Browser::new(LAPTOP),
        };
        let page = desk.get("/apps").await;
        desk.browser
            .log_in(&page, "dana", "dana-password", false)
            .await;
        desk
    }

    async fn get(&self, path: &str) -> Page {
        let url = format!("{}/admin/demo{path}", self.server.url);
        self.browser.open(&url).await
    }

    async fn submit(&self, page: &Page, form: Form) -> Page {
        self.browser.submit(page, form).await
    }

    /// Registers an app that is told at this address; answers its secret and its page.
    async fn register(&self, client_id: &str, redirect: &str, told: &str) -> (String, Page) {
        let page = self.get("/apps/new?kind=web").await;
        let form = page
            .form("form")
            .fill("client_id", client_id)
            .fill("redirect_uris", redirect)
            .fill("backchannel_logout_uri", told);
        let page = self.submit(&page, form).await;
        assert_eq!(page.status, 200, "{page}");
        let secret = page.text("client-secret");
        let next = page.html().by_id("go-on").unwrap();
        let next = next.attribute("href").unwrap().to_owned();
        let next = self
            .browser
            .open(&format!("{}{next}", self.server.url))
            .await;
        assert!(!next.body.contains(&secret), "the secret is shown once");
        (secret, next)
    }
}

#[tokio::test]
async fn a_client_made_in_the_console_signs_a_person_in_with_the_secret_shown_once() {
    let desk = Desk::open().await;
    let app = Receiver::start().await;
    app.answers("/out", Reply::Status(200));
    const REDIRECT: &str = "https://shop.example/callback";
    let (secret, page) = desk.register("shop", REDIRECT, &app.at("/out")).await;
    let url = desk.server.url.clone();
    let shop = App::with(&url, "demo", "shop", Some(secret.clone()), REDIRECT).await;
    let alice = Browser::default();
    let tokens = shop
        .sign_in(&alice, "alice", "alice-password", &["profile"], false)
        .await;
    assert_eq!(shop.introspect(&tokens.access).await.json()["active"], true);

    // A test sign-out, by the button: the app is sent a real message, and its answer stands on the page.
    let form = page.html().form_around("test-back-channel").unwrap();
    let page = desk.submit(&page, form.press("test-back-channel")).await;
    assert!(page.body.contains("200 OK"), "{page}");
    assert!(page.body.contains("The app confirmed"), "{page}");
    assert_eq!(app.told("/out").len(), 1);

    // A new secret takes the place of the old one at once.
    let root = page.url.path().trim_start_matches("/admin/demo").to_owned();
    let page = desk.get(&format!("{root}/credentials/new")).await;
    let form = page.form("confirm-form").press("confirm-yes");
    let page = desk.submit(&page, form).await;
    let fresh = page.text("client-secret");
    assert_ne!(fresh, secret);
    assert_eq!(shop.try_refresh(&tokens.refresh).await.status, 401);
    let shop = App::with(&url, "demo", "shop", Some(fresh), REDIRECT).await;
    let tokens = shop.refresh(&tokens).await;

    // Signing everybody out of it ends the session, tells the app, and leads to the receipt and the notice.
    let page = desk.get(&format!("{root}/sign-out")).await;
    assert!(
        page.body.contains("1 session that it takes part in ends"),
        "{page}"
    );
    let form = page
        .form("confirm-form")
        .fill("reason", "policy")
        .press("confirm-yes");
    let page = desk.submit(&page, form).await;
    assert!(page.url.path().contains("/signouts/"), "{page}");
    assert_eq!(
        shop.introspect(&tokens.access).await.json()["active"],
        false
    );
    app.wait("/out", 2, SOON).await;
    let list = desk.get("/deliveries?client=shop").await;
    let rows = list.html().all("tr", "data-delivery-id");
    assert_eq!(rows.len(), 1, "{list}");
    let id = rows[0].attribute("data-delivery-id").unwrap();
    let page = desk.get(&format!("/deliveries/{id}")).await;
    assert!(
        page.body.contains("logout+jwt") && page.body.contains(&tokens.sid),
        "{page}"
    );
}

#[tokio::test]
async fn an_unsafe_address_is_refused_in_words_and_what_was_typed_stays() {
    let desk = Desk::open().await;
    for (typed, words) in [
        (
            "http://shop.example/callback",
            "plain http is for loopback addresses only",
        ),
        ("https://*.example/callback", "wildcards are not supported"),
        ("https://shop.example/#x", "no fragment"),
        ("javascript:alert(1)", "starts with https://"),
    ] {
        let page = desk.get("/apps/new?kind=web").await;
        let form = page
            .form("form")
            .fill("client_id", "shop")
            .fill("client_name", "The shop")
            .fill("redirect_uris", typed);
        let page = desk.submit(&page, form).await;
        assert_eq!(page.status, 422, "{page}");
        let problem = page.text("redirect-uris-problem");
        assert!(problem.contains(words), "{typed}: {problem}");
        assert!(page.html().has("problems"));
        let form = page.form("form");
        assert_eq!(form.value("client_name"), Some("The shop"));
        assert_eq!(form.value("redirect_uris"), Some(typed));
    }
    let list = desk.get("/apps?q=shop").await;
    assert!(list.html().all("tr", "data-client-id").is_empty());
    // Everything at once, each beside its field.
    let page = desk.get("/apps/new?kind=web").await;
    let form = page
        .form("form")
        .fill("client_id", "has spaces")
        .fill("redirect_uris", "http://shop.example/")
        .fill("frontchannel_logout_uri", "https://elsewhere.example/out");
    let page = desk.submit(&page, form).await;
    for id in ["client-id", "redirect-uris", "frontchannel-logout-uri"] {
        assert!(page.html().has(&format!("{id}-problem")), "{id}: {page}");
    }
    assert!(!page.body.contains("client_secret</dt>"));
    // A form of somebody else's changes nothing.
    let forged = vec![("csrf".to_owned(), "forged".to_owned())];
    let url = format!("{}/admin/demo/apps/new", desk.server.url);
    assert_eq!(desk.browser.post(&url, &forged).await.status, 403);
}

#[tokio::test]
async fn a_notice_that_was_refused_is_sent_again_by_its_button() {
    let desk = Desk::open().await;
    let app = Receiver::start().await;
    app.answers("/out", Reply::Status(400));
    const REDIRECT: &str = "https://shop.example/callback";
    let (secret, _) = desk.register("shop", REDIRECT, &app.at("/out")).await;
    let url = desk.server.url.clone();
    let shop = App::with(&url, "demo", "shop", Some(secret), REDIRECT).await;
    let bob = Browser::default();
    let tokens = shop
        .sign_in(&bob, "bob", "bob-password", &["profile"], false)
        .await;
    let ops = desk.server.ops();
    ops.sign_out(serde_json::json!({ "sessions": [tokens.sid] }))
        .await;
    let refused = "/deliveries?status=refused&client=shop";
    until("the refusal is on the list", SOON, async || {
        !desk
            .get(refused)
            .await
            .html()
            .all("tr", "data-delivery-id")
            .is_empty()
    })
    .await;
    let list = desk.get(refused).await;
    let id = list.html().all("tr", "data-delivery-id")[0]
        .attribute("data-delivery-id")
        .unwrap()
        .to_owned();
    let page = desk.get(&format!("/deliveries/{id}")).await;
    assert!(page.body.contains("400 Bad Request"), "{page}");
    app.answers("/out", Reply::Status(200));
    let form = page.html().form_around("retry").unwrap().press("retry");
    let page = desk.submit(&page, form).await;
    assert!(page.body.contains("told again now"), "{page}");
    let sent = app.wait("/out", 2, SOON).await;
    assert_eq!(sent[1].logout_token()["sid"], tokens.sid.as_str());
    until("it is confirmed", SOON, async || {
        let answer = ops.get(&format!("/deliveries/{id}")).await.json();
        answer["status"] == "done" && answer["attempts"] == 2
    })
    .await;
    // The same by the API: who may only look does not tell again.
    let rows = ops.get("/deliveries?clientId=shop&limit=5").await.json();
    assert_eq!(rows["deliveries"][0]["id"], id.as_str(), "{rows}");
    let viewer = desk.server.service("viewer");
    let path = format!("/deliveries/{id}/redeliver");
    assert_eq!(viewer.post(&path, &serde_json::json!({})).await.status, 403);
    let again = ops.post(&path, &serde_json::json!({})).await.expect(200);
    assert_eq!(again.json()["redelivered"], 0, "it was confirmed");
    ops.get("/deliveries?status=lost").await.expect(400);
    ops.get("/deliveries/nonsense").await.expect(404);
}

#[tokio::test]
async fn turning_a_key_over_keeps_tokens_good() {
    let desk = Desk::open().await;
    let web = desk.server.app("web").await;
    let bob = Browser::default();
    let before = web
        .sign_in(&bob, "bob", "bob-password", &["profile"], false)
        .await;
    let keys = desk.get("/keys").await;
    let signs = |page: &Page| {
        let rows = page.html().all("tr", "data-kid");
        let row = rows.iter().find(|row| {
            row.attribute("data-state") == Some("active")
                && row.attribute("data-alg") == Some("ES256")
        });
        row.unwrap().attribute("data-kid").unwrap().to_owned()
    };
    let old = signs(&keys);
    let page = desk.get("/keys/rotate?alg=ES256").await;
    assert!(page.body.contains("Tokens that exist stay good"), "{page}");
    let form = page.form("confirm-form").press("confirm-yes");
    let page = desk.submit(&page, form).await;
    assert_ne!(signs(&page), old);
    let retired = page.html().all("tr", "data-kid");
    let retired = retired
        .iter()
        .find(|row| row.attribute("data-kid") == Some(&old));
    assert!(retired.unwrap().text.contains("Published until"), "{page}");
    assert_eq!(web.introspect(&before.access).await.json()["active"], true);
    assert_eq!(web.userinfo(&before.access).await.status, 200);
    let after = web.refresh(&before).await;
    assert_eq!(web.userinfo(&after.access).await.status, 200);
}
