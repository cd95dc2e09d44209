//! How fresh a sign-in must be: `prompt`, `max_age`, hints, remembering, the realm's own rule.

use super::*;

#[tokio::test]
async fn prompt_decides_what_is_asked() {
    let (server, web, browser) = start().await;
    assert_eq!(
        web.silent_error(&browser).await.as_deref(),
        Some("login_required")
    );
    let first = alice(&web, &browser).await;
    assert_eq!(
        server
            .app("asks")
            .await
            .silent_error(&browser)
            .await
            .as_deref(),
        Some("consent_required")
    );
    server.clock.advance(Span::secs(30));
    let pending = web.begin_with(&[], &[("prompt", "login")]);
    let page = browser.open(pending.url.as_str()).await;
    assert!(
        page.is_login(),
        "prompt=login is satisfied by a session: {page}"
    );
    let page = browser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    let code = web.code(&pending, &page);
    let second = web.exchange(pending, code).await;
    assert!(
        second.auth_time >= first.auth_time + 30,
        "auth_time {} after {}",
        second.auth_time,
        first.auth_time
    );
    let page = browser
        .open(
            web.begin_with(&[], &[("prompt", "none login")])
                .url
                .as_str(),
        )
        .await;
    assert_eq!(page.answered("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn max_age_asks_again_once_the_login_is_too_old() {
    let (server, web, browser) = start().await;
    alice(&web, &browser).await;
    let ask = async |max_age: &str| {
        browser
            .open(web.begin_with(&[], &[("max_age", max_age)]).url.as_str())
            .await
    };
    assert!(ask("1000").await.answered("code").is_some());
    server.clock.advance(Span::secs(61));
    assert!(ask("60").await.is_login());
    assert!(ask("0").await.is_login());
    assert!(ask("10000").await.answered("code").is_some());
    let page = browser
        .open(
            web.begin_with(&[], &[("max_age", "60"), ("prompt", "none")])
                .url
                .as_str(),
        )
        .await;
    assert_eq!(page.answered("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_hint_names_the_person_and_never_switches_to_another() {
    let (_server, web, browser) = start().await;
    let page = browser
        .open(
            web.begin_with(&[], &[("login_hint", "ali\"<b>ce")])
                .url
                .as_str(),
        )
        .await;
    assert_eq!(
        page.form("login-form").value("username"),
        Some("ali\"<b>ce")
    );
    let of_bob = web
        .sign_in(&Browser::default(), "bob", "bob-password", &[], false)
        .await;
    alice(&web, &browser).await;
    let hint = [
        ("id_token_hint", of_bob.id_token.as_str()),
        ("prompt", "none"),
    ];
    let page = browser.open(web.begin_with(&[], &hint).url.as_str()).await;
    assert_eq!(page.answered("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_remembered_session_outlives_an_ordinary_one() {
    let (server, web, browser) = start().await;
    let other = Browser::new(PHONE);
    web.sign_in(&browser, "alice", "alice-password", &[], true)
        .await;
    let ordinary = web
        .sign_in(&other, "alice", "alice-password", &[], false)
        .await;
    server.advance(Span::hours(20)).await;
    assert_eq!(web.silent_error(&browser).await, None);
    assert_eq!(
        web.silent_error(&other).await.as_deref(),
        Some("login_required")
    );
    assert_eq!(
        server.ops().session(&ordinary.sid).await["device"]["kind"],
        "mobile"
    );
    server.advance(Span::days(8)).await;
    assert_eq!(
        web.silent_error(&browser).await.as_deref(),
        Some("login_required")
    );
}

#[tokio::test]
async fn a_realm_may_ask_for_the_password_again_and_again() {
    let text =
        crate::support::realms::DEMO.replace("[tokens]", "sign_in_frequency = \"10m\"\n[tokens]");
    let server = TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await;
    let (web, browser) = (server.app("web").await, Browser::default());
    alice(&web, &browser).await;
    server.clock.advance(Span::mins(9));
    assert_eq!(web.silent_error(&browser).await, None);
    server.clock.advance(Span::mins(2));
    assert_eq!(
        web.silent_error(&browser).await.as_deref(),
        Some("login_required")
    );
    assert!(browser.open(web.begin(&[]).url.as_str()).await.is_login());
    alice(&web, &browser).await;
    assert_eq!(web.silent_error(&browser).await, None);
}
