//! A device without a browser (RFC 8628): what it is told, what its person sees, and what becomes of it.

use std::time::Duration;

use super::*;
use crate::support::device::{GRANT, Shown, answer};
use crate::support::until;

struct Room {
    server: TestServer,
    tv: App,
    browser: Browser,
}

impl Room {
    async fn at(engine: Engine) -> Room {
        let server = TestServer::start(engine).await;
        let tv = server.app("tv").await;
        Room {
            server,
            tv,
            browser: Browser::default(),
        }
    }

    /// alice is signed in to an app, in her browser.
    async fn with_alice(engine: Engine) -> (Room, Tokens) {
        let room = Room::at(engine).await;
        let web = room.server.app("web").await;
        let tokens = web
            .sign_in(&room.browser, "alice", "alice-password", &["profile"], true)
            .await;
        (room, tokens)
    }

    async fn shown(&self) -> Shown {
        self.tv.device("openid profile").await
    }

    async fn allowed(&self) -> Shown {
        let shown = self.shown().await;
        shown.allow(&self.browser).await;
        shown
    }

    async fn poll(&self, shown: &Shown) -> Answer {
        self.tv.poll(&shown.device_code).await
    }

    async fn refused(&self, shown: &Shown) -> String {
        self.poll(shown).await.expect(400).error()
    }
}

#[tokio::test]
async fn a_device_is_told_what_to_show_and_discovery_says_where() {
    let room = Room::at(Engine::Memory).await;
    let issuer = room.server.issuer("demo");
    let document = Answer::of(
        room.tv
            .wire
            .0
            .get(format!("{issuer}/.well-known/openid-configuration")),
    );
    let document = document.await.json();
    assert_eq!(
        document["device_authorization_endpoint"],
        format!("{issuer}/protocol/openid-connect/auth/device")
    );
    let grants = document["grant_types_supported"].as_array().unwrap();
    assert!(grants.iter().any(|grant| grant == GRANT));

    let shown = room.shown().await;
    assert!(shown.device_code.len() >= 22, "at least 128 bits");
    let letters: Vec<char> = shown.user_code.chars().collect();
    assert_eq!((letters.len(), letters[4]), (9, '-'), "{}", shown.user_code);
    assert_eq!(shown.uri, format!("{issuer}/device"));
    assert_eq!(
        shown.complete,
        format!("{issuer}/device?user_code={}", shown.user_code)
    );
    assert_eq!(
        (&shown.json["expires_in"], &shown.json["interval"]),
        (&600.into(), &5.into())
    );
    assert_ne!(shown.user_code, room.shown().await.user_code);
}

#[tokio::test]
async fn a_person_enters_the_code_signs_in_and_allows_it() {
    let room = Room::at(Engine::Memory).await;
    let shown = room.shown().await;
    assert_eq!(room.refused(&shown).await, "authorization_pending");
    // Small letters and a space are as good.
    let page = room.browser.open(&shown.uri).await;
    let typed = shown.user_code.to_lowercase().replace('-', " ");
    let form = page.form("device-form").fill("user_code", &typed);
    let page = room.browser.submit(&page, form).await;
    assert!(page.is_login(), "{page}");
    assert_eq!(page.text("client-name"), "Television");
    let page = room
        .browser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    assert_eq!(page.text("client-name"), "Television");
    assert_eq!(page.text("device-code"), shown.user_code);
    assert_eq!(page.text("device-ip"), "127.0.0.1");
    let done = answer(&room.browser, &page, "device-allow").await;
    assert_eq!(
        (done.status, done.text("device-allowed").as_str()),
        (200, "Allowed")
    );

    let got = room.poll(&shown).await.expect(200);
    assert_eq!(got.header("cache-control"), "no-store");
    let got = got.json();
    let access = got["access_token"].as_str().unwrap();
    let about = room.tv.userinfo(access).await.expect(200).json();
    assert_eq!(about["preferred_username"], "alice");
    let said = claims(got["id_token"].as_str().unwrap());
    assert_eq!(said["aud"], "tv");
    let again = room
        .tv
        .try_refresh(got["refresh_token"].as_str().unwrap())
        .await;
    again.expect(200);
    // It is part of the session in which it was allowed.
    let ops = room.server.ops();
    let session = ops.session(said["sid"].as_str().unwrap()).await;
    let clients = session["clients"].to_string();
    assert!(clients.contains("tv"), "{session}");
    // A person sees it among their apps.
    let apps = room
        .browser
        .open(&format!("{}/account/apps", room.server.issuer("demo")))
        .await;
    assert!(apps.body.contains("Television"), "{apps}");
    assert_eq!(room.refused(&shown).await, "invalid_grant", "used twice");
    room.tv.userinfo(access).await.expect(200);
}

#[tokio::test]
async fn a_link_with_the_code_skips_nothing() {
    let (room, _) = Room::with_alice(Engine::Memory).await;
    let shown = room.shown().await;
    let page = room.browser.open(&shown.complete).await;
    let form = page.form("device-form");
    assert_eq!(form.value("user_code"), Some(shown.user_code.as_str()));
    assert_eq!(room.refused(&shown).await, "authorization_pending");
    let page = room.browser.submit(&page, form).await;
    let asks = page.html().has("device-confirm") && page.body.contains("Only go on if you started");
    assert!(asks, "signed in or not, it is asked: {page}");
    let done = answer(&room.browser, &page, "device-deny").await;
    assert_eq!(done.text("device-refused"), "Refused");
    assert_eq!(room.refused(&shown).await, "access_denied");
    // The answer is final.
    let page = room.browser.open(&shown.complete).await;
    let page = room.browser.submit(&page, page.form("device-form")).await;
    assert!(page.text("device-error").contains("answered"), "{page}");
}

#[tokio::test]
async fn wrong_codes_say_so_and_are_slowed_down() {
    let (room, _) = Room::with_alice(Engine::Memory).await;
    let shown = room.shown().await;
    let wrong =
        |page: &crate::support::Page, code: &str| page.form("device-form").fill("user_code", code);
    let mut page = room.browser.open(&shown.uri).await;
    for code in [
        "",
        "nonsense",
        "BCDF-GHJK",
        "bcdfghjl",
        "1234-5678",
        "BBBB-BBBB",
    ] {
        page = room.browser.submit(&page, wrong(&page, code)).await;
        assert_eq!(page.status, 422, "{page}");
        assert!(
            page.text("device-error")
                .starts_with("There is no such code")
        );
    }
    for wait in [1, 2, 4] {
        room.server.clock.advance(Span::secs(wait));
        page = room.browser.submit(&page, wrong(&page, "BBBB-BBBB")).await;
        assert_eq!(page.status, 422, "{page}");
    }
    // Now also the right one has to wait, in another browser at this address too.
    for browser in [&room.browser, &Browser::default()] {
        let page = shown.enter(browser).await;
        assert_eq!(page.status, 429, "{page}");
        assert!(page.text("device-error").starts_with("Too many attempts"));
        assert!(page.headers.contains_key("retry-after"));
    }
    room.server.clock.advance(Span::secs(9));
    let page = shown.enter(&room.browser).await;
    assert!(page.html().has("device-confirm"), "{page}");
}

#[tokio::test]
async fn a_form_of_another_browser_answers_nothing() {
    let (room, _) = Room::with_alice(Engine::Memory).await;
    let shown = room.shown().await;
    let page = shown.enter(&room.browser).await;
    // Another person's browser has not entered it.
    let other = Browser::default();
    let page_of_other = other.open(page.url.as_str()).await;
    assert_eq!(page_of_other.text("error-code"), "unknown_interaction");
    let answered = answer(&other, &page, "device-allow").await;
    assert_eq!(answered.status, 403, "{answered}");
    // Nor does a form whose person is gone: whoever signs in then is asked.
    let ops = room.server.ops();
    let select = serde_json::json!({ "users": [ops.user_id("alice").await] });
    ops.sign_out(select).await;
    let answered = answer(&room.browser, &page, "device-allow").await;
    assert!(answered.is_login(), "{answered}");
    assert_eq!(room.refused(&shown).await, "authorization_pending");
    let answered = room
        .browser
        .log_in(&answered, "bob", "bob-password", false)
        .await;
    assert!(answered.html().has("device-confirm"), "{answered}");
}

#[tokio::test]
async fn only_a_client_that_may_gets_codes_and_only_for_itself() {
    let (room, _) = Room::with_alice(Engine::Memory).await;
    let web = room.server.app("web").await;
    let refused = web.try_device(&[("scope", "openid")]).await.expect(400);
    assert_eq!(refused.error(), "unauthorized_client");
    let refused = web
        .form("token", &[("grant_type", GRANT), ("device_code", "x")])
        .await;
    assert_eq!(refused.error(), "unauthorized_client");
    let at = room.server.endpoint("demo", "auth/device");
    let nobody = |fields: &'static [(&'static str, &'static str)]| {
        Answer::of(room.tv.wire.0.post(&at).form(fields))
    };
    assert_eq!(nobody(&[]).await.expect(401).error(), "invalid_client");
    let ghost = nobody(&[("client_id", "ghost")]).await.expect(401);
    assert_eq!(ghost.error(), "invalid_client");
    let secret = nobody(&[("client_id", "kiosk")]).await.expect(401);
    assert_eq!(secret.error(), "invalid_client", "a secret is registered");
    for (fields, error) in [
        ([("scope", "a\"b")], "invalid_scope"),
        ([("resource", "https://evil.example/")], "invalid_target"),
        ([("code_challenge", "short")], "invalid_request"),
    ] {
        let answer = room.tv.try_device(&fields).await.expect(400);
        assert_eq!(answer.error(), error, "{fields:?}");
    }
    // A scope that it may not have is dropped.
    let kiosk = room.server.app("kiosk").await;
    let shown = kiosk.device("openid email admin").await;
    shown.allow(&room.browser).await;
    let stolen = room.tv.poll(&shown.device_code).await.expect(400);
    assert_eq!(stolen.error(), "invalid_grant", "another client's");
    let unknown = room.tv.poll("no-such-code").await.expect(400);
    assert_eq!(unknown.error(), "invalid_grant");
    let got = kiosk.poll(&shown.device_code).await.expect(200).json();
    assert_eq!(got["scope"], "openid");
}

#[tokio::test]
async fn whoever_polls_too_fast_is_slowed_down_and_late_codes_are_expired() {
    let (room, _) = Room::with_alice(Engine::Memory).await;
    let shown = room.shown().await;
    let mut told = Vec::new();
    for wait in [0, 5, 0, 5, 15] {
        room.server.clock.advance(Span::secs(wait));
        told.push(room.refused(&shown).await);
    }
    assert_eq!(
        told,
        [
            "authorization_pending",
            "authorization_pending",
            "slow_down",
            "slow_down",
            "authorization_pending"
        ]
    );
    let allowed = room.allowed().await;
    room.server.clock.advance(Span::mins(10));
    for late in [&shown, &allowed] {
        assert_eq!(room.refused(late).await, "expired_token");
    }
    let page = shown.enter(&room.browser).await;
    assert!(page.text("device-error").contains("expired"), "{page}");
    room.server.advance(Span::mins(11)).await;
    assert_eq!(room.refused(&allowed).await, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_polls_at_once_one_gets_the_tokens() {
    let (room, _) = Room::with_alice(Engine::Sled).await;
    let shown = room.allowed().await;
    let answers = join_all((0..16).map(|_| room.poll(&shown))).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 200);
    assert_eq!(good.len(), 1);
    assert!(bad.iter().all(|a| a.error() == "invalid_grant"), "{bad:?}");
}

#[tokio::test]
async fn codes_survive_a_restart_answered_and_not() {
    for engine in [Engine::Sled, Engine::Redb] {
        let (mut room, _) = Room::with_alice(engine).await;
        let (waits, allowed) = (room.shown().await, room.allowed().await);
        room.server.restart().await;
        assert_eq!(room.refused(&waits).await, "authorization_pending");
        room.poll(&allowed).await.expect(200);
        waits.allow(&room.browser).await;
        room.poll(&waits).await.expect(200);
    }
}

#[tokio::test]
async fn what_ends_between_the_yes_and_the_fetch_is_refused_and_on_the_receipt() {
    let (room, tokens) = Room::with_alice(Engine::Memory).await;
    let ops = room.server.ops();
    let shown = room.allowed().await;
    let select = serde_json::json!({ "sessions": [tokens.sid] });
    let act = ops.sign_out(select).await;
    let late = room.poll(&shown).await.expect(400);
    assert_eq!(
        (late.error().as_str(), &late.json()["error_description"]),
        ("access_denied", &"Session not active".into())
    );
    let receipt = ops
        .get(&format!("/signouts/{}", act["id"].as_str().unwrap()))
        .await
        .json();
    let rows = receipt["refusedSince"].as_array().unwrap();
    let of_device: Vec<_> = rows.iter().filter(|r| r["kind"] == "device_code").collect();
    assert_eq!(of_device.len(), 1, "{receipt}");
    assert_eq!(of_device[0]["clientId"], "tv");
}

#[tokio::test]
async fn a_device_whose_app_is_disabled_or_taken_back_gets_nothing() {
    let (room, tokens) = Room::with_alice(Engine::Memory).await;
    let ops = room.server.ops();
    let taken = room.allowed().await;
    let path = format!("/users/{}/consents/tv", tokens.sub);
    ops.delete(&path).await.expect(204);
    assert_eq!(room.refused(&taken).await, "access_denied");

    let off = room.allowed().await;
    let path = format!("/clients/{}", ops.client_uuid("tv").await);
    for enabled in [false, true] {
        let body = serde_json::json!({ "enabled": enabled });
        let answer = ops.put(&path, &body).await;
        assert!(answer.status < 300, "{}", answer.text);
        let (soon, status) = (Duration::from_secs(30), if enabled { 400 } else { 401 });
        until("known", soon, || async {
            room.poll(&off).await.status == status
        })
        .await;
    }
    assert_eq!(room.refused(&off).await, "access_denied");
}

#[tokio::test]
async fn a_sign_in_that_is_too_old_is_given_again() {
    let (room, _) = Room::with_alice(Engine::Memory).await;
    let policy = serde_json::json!({ "sessions": { "sign_in_frequency": "10m" } });
    let root = room.server.root().at("demo");
    root.put("", &policy).await.expect(204);
    room.server.clock.advance(Span::mins(11));
    let shown = room.shown().await;
    let page = shown.enter(&room.browser).await;
    assert!(page.is_login(), "{page}");
    let page = room
        .browser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    assert!(page.html().has("device-confirm"), "{page}");
}
