//! A person's own pages, from outside: what they end is over at every endpoint, what they keep lives, and nobody ends what
//! is another's.

use serde_json::json;

use crate::support::{App, Browser, Engine, Page, TestServer, Tokens};

/// alice on two devices, and an app that holds tokens of both.
struct Two {
    server: TestServer,
    web: App,
    here: Browser,
    mine: Tokens,
    theirs: Tokens,
}

async fn two() -> Two {
    let server = TestServer::start(Engine::Memory).await;
    let web = server.app("web").await;
    let (here, there) = (Browser::default(), Browser::default());
    let scopes = ["profile"];
    let mine = web
        .sign_in(&here, "alice", "alice-password", &scopes, false)
        .await;
    let theirs = web
        .sign_in(&there, "alice", "alice-password", &scopes, false)
        .await;
    Two {
        server,
        web,
        here,
        mine,
        theirs,
    }
}

impl Two {
    async fn open(&self, page: &str) -> Page {
        let address = format!("{}/account{page}", self.server.issuer("demo"));
        self.here.open(&address).await
    }

    /// Whether a grant is good: its refresh token, and what is said of its access token.
    async fn is_good(&self, tokens: &Tokens) -> bool {
        let told = self.web.introspect(&tokens.access).await.expect(200).json();
        let is_active = told["active"] == true;
        if !is_active {
            assert_eq!(told, json!({ "active": false }));
            assert_eq!(self.web.userinfo(&tokens.access).await.status, 401);
            let refused = self.web.try_refresh(&tokens.refresh).await.expect(400);
            assert_eq!(refused.error(), "invalid_grant");
        }
        is_active
    }
}

#[tokio::test]
async fn a_device_that_is_signed_out_is_out_everywhere_and_this_one_is_not() {
    let two = two().await;
    let page = two.open("/sessions").await;
    assert!(page.body.contains(&two.mine.sid) && page.body.contains(&two.theirs.sid));
    let page = two
        .open(&format!("/sessions/{}/sign-out", two.theirs.sid))
        .await;
    let done = two.here.submit(&page, page.form("act-form")).await;
    assert_eq!(done.text("done-sessions"), "1");
    assert!(!two.is_good(&two.theirs).await);
    assert!(two.is_good(&two.mine).await);
    two.web.refresh(&two.mine).await;
    // The administrator sees who did it.
    let act = two.server.ops().newest_sign_out().await;
    assert_eq!(act["reason"], "user", "{act}");
}

#[tokio::test]
async fn a_session_that_is_not_recognised_ends_and_the_administrators_see_it() {
    let two = two().await;
    let page = two
        .open(&format!("/sessions/{}/not-mine", two.theirs.sid))
        .await;
    two.here.submit(&page, page.form("act-form")).await;
    assert!(!two.is_good(&two.theirs).await);
    let ops = two.server.ops();
    let seen = ops.get("/overview").await.expect(200).json();
    let people = seen["now"]["notRecognised"].as_array().unwrap();
    let alice = ops.user_id("alice").await;
    assert_eq!(people.len(), 1, "{seen}");
    assert_eq!(people[0]["userId"], alice.as_str());
}

#[tokio::test]
async fn another_persons_session_cannot_be_ended() {
    let two = two().await;
    let bob = Browser::default();
    let tokens = two
        .web
        .sign_in(&bob, "bob", "bob-password", &["profile"], false)
        .await;
    let form = two.open("/security").await.form("password-form");
    let csrf = form
        .fields
        .iter()
        .find(|(name, _)| name == "csrf")
        .unwrap()
        .1
        .clone();
    for act in ["sign-out", "not-mine"] {
        let address = format!(
            "{}/account/sessions/{}/{act}",
            two.server.issuer("demo"),
            tokens.sid
        );
        assert_eq!(two.here.open(&address).await.status, 404);
        let fields = [("csrf".to_owned(), csrf.clone())];
        assert_eq!(two.here.post(&address, &fields).await.status, 404);
    }
    assert!(two.is_good(&tokens).await);
}

#[tokio::test]
async fn a_new_password_ends_the_others_and_keeps_this_one() {
    let two = two().await;
    let page = two.open("/security").await;
    let form = page
        .form("password-form")
        .fill("current", "alice-password")
        .fill("new", "a-better-password");
    let done = two.here.submit(&page, form).await;
    assert!(done.html().has("password-changed"), "{done}");
    assert!(!two.is_good(&two.theirs).await);
    assert!(two.is_good(&two.mine).await);
    let fresh = Browser::default();
    let page = fresh.open(two.web.begin(&[]).url.as_str()).await;
    let page = fresh.log_in(&page, "alice", "alice-password", false).await;
    assert_eq!(page.text("login-error"), "Invalid username or password.");
    let page = fresh
        .log_in(&page, "alice", "a-better-password", false)
        .await;
    assert!(page.answered("code").is_some(), "{page}");
}

#[tokio::test]
async fn an_app_that_loses_its_access_is_out_and_the_session_goes_on() {
    let two = two().await;
    let notes = two.server.app("notes").await;
    let kept = notes.sign_in_silently(&two.here, &["profile"]).await;
    let page = two.open("/apps").await;
    let uuid = two.server.ops().client_uuid("web").await;
    assert!(page.body.contains(&uuid), "{page}");
    let page = two.open(&format!("/apps/{uuid}/remove")).await;
    let done = two.here.submit(&page, page.form("remove-form")).await;
    assert!(done.html().has("done"), "{done}");
    for tokens in [&two.mine, &two.theirs] {
        assert!(!two.is_good(tokens).await);
    }
    assert_eq!(notes.introspect(&kept.access).await.json()["active"], true);
    assert_eq!(two.open("/sessions").await.status, 200);
}

#[tokio::test]
async fn discovery_names_the_languages_and_the_pages_speak_them() {
    let two = two().await;
    let address = format!(
        "{}/.well-known/openid-configuration",
        two.server.issuer("demo")
    );
    let document = two.web.wire.0.get(&address).send().await.unwrap();
    let document: serde_json::Value = document.json().await.unwrap();
    let tags = ["en", "de", "fr", "es", "ja", "ar"];
    assert_eq!(document["ui_locales_supported"], json!(tags));
    for tag in tags {
        let asked = two
            .web
            .begin_with(&[], &[("ui_locales", tag), ("prompt", "login")]);
        let page = Browser::default().open(asked.url.as_str()).await;
        assert!(
            page.is_login() && page.body.contains(&format!("<html lang=\"{tag}\"")),
            "{page}"
        );
    }
}
