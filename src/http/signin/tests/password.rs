//! What stands between a guess and a session.

use super::*;
use crate::domain::time::Span;
use crate::domain::user::verbs as users;

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_alike() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get(&auth("web", "")).await;
    let form = browser.follow(page).await;
    for (name, password) in [
        ("alice", "wrong"),
        ("nobody", "alice-password"),
        ("alice", ""),
        ("", "alice-password"),
    ] {
        let page = browser.fill(&form, name, password).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{name}");
        assert!(page.has("login-error") && page.html.contains("Invalid username or password."));
        assert_eq!(page.field("interaction"), form.field("interaction"));
        assert!(!page.html.contains("alice-password") && page.set_cookie("rk_demo").is_none());
    }
    assert!(
        browser
            .fill(&form, "alice", "alice-password")
            .await
            .sent()
            .contains_key("code")
    );
}

#[tokio::test]
async fn guesses_are_slowed_down_and_the_right_password_works_after_the_wait() {
    let world = World::new().await;
    let mut browser = world.browser();
    let form = browser.get("/realms/demo/login").await;
    for _ in 0..6 {
        assert_eq!(
            browser.fill(&form, "alice", "wrong").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
    let page = browser.fill(&form, "alice", "alice-password").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.headers[header::RETRY_AFTER], "1");
    assert!(page.has("login-error") && page.has("login-form"));
    // Nobody else waits: not another name, not another address.
    assert_eq!(
        browser.fill(&form, "bob", "wrong").await.status,
        StatusCode::UNAUTHORIZED
    );
    let mut elsewhere = browser.clone();
    elsewhere.ip = "198.51.100.7";
    assert_eq!(
        elsewhere.fill(&form, "alice", "wrong").await.status,
        StatusCode::UNAUTHORIZED
    );
    world.clock.advance(Span::secs(1));
    assert_eq!(
        browser.fill(&form, "alice", "alice-password").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_blocked_user_hears_of_it_only_with_the_right_password() {
    let world = World::new().await;
    let alice = user::find(&world.ctx, &world.realm, "alice")
        .await
        .unwrap()
        .unwrap()
        .value;
    let settings = UserSettings {
        username: "alice".to_owned(),
        enabled: false,
        ..UserSettings::default()
    };
    users::update(
        &world.ctx,
        &world.realm,
        &Actor::system("test"),
        alice.id,
        settings,
    )
    .await
    .unwrap();
    let mut browser = world.browser();
    let form = browser.get("/realms/demo/login").await;
    assert_eq!(
        browser.fill(&form, "alice", "wrong").await.status,
        StatusCode::UNAUTHORIZED
    );
    let page = browser.fill(&form, "alice", "alice-password").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.html.contains("This account is blocked."));
}

#[tokio::test]
async fn a_form_that_is_not_this_browsers_is_refused() {
    let world = World::new().await;
    let mut other = world.browser();
    let page = other.get(&auth("web", "")).await;
    let foreign = other.follow(page).await;
    // Without any state.
    let page = world
        .browser()
        .fill(&foreign, "alice", "alice-password")
        .await;
    page.assert_error(StatusCode::BAD_REQUEST, "unknown_interaction");
    // With its own, and the other's token: login CSRF.
    let mut victim = world.browser();
    let page = victim.get(&auth("web", "")).await;
    let form = victim.follow(page).await;
    let fields = [
        ("csrf", foreign.field("csrf")),
        ("interaction", form.field("interaction")),
        ("username", "alice".to_owned()),
        ("password", "alice-password".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let page = victim.post("/realms/demo/login", &fields).await;
    page.assert_error(StatusCode::FORBIDDEN, "invalid_form");
    assert!(page.set_cookie("rk_demo").is_none());
    // With everything right, but sent by another site.
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let mut driven = victim.clone();
        driven.headers.insert(name, value.parse().unwrap());
        let page = driven.fill(&form, "alice", "alice-password").await;
        page.assert_error(StatusCode::FORBIDDEN, "invalid_form");
    }
    victim
        .headers
        .insert("sec-fetch-site", "same-origin".parse().unwrap());
    victim.headers.insert("origin", "null".parse().unwrap());
    assert!(
        victim
            .fill(&form, "alice", "alice-password")
            .await
            .sent()
            .contains_key("code")
    );
}

#[tokio::test]
async fn going_back_without_signing_in_is_an_answer() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get(&auth("web", "")).await;
    let form = browser.follow(page).await;
    let fields = [
        ("csrf", form.field("csrf")),
        ("interaction", form.field("interaction")),
        ("cancel", "1".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let page = browser.post("/realms/demo/login", &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let sent = page.sent();
    assert_eq!(
        (
            sent["error"].as_str(),
            sent["iss"].as_str(),
            sent["state"].as_str()
        ),
        ("access_denied", ISSUER, "s&t")
    );
    let page = browser.fill(&form, "alice", "alice-password").await;
    page.assert_error(StatusCode::BAD_REQUEST, "unknown_interaction");
}

#[tokio::test]
async fn a_repeated_field_of_the_form_is_refused() {
    let world = World::new().await;
    let mut browser = world.browser();
    let form = browser.get("/realms/demo/login").await;
    let csrf = form.field("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("username", "bob"),
        ("username", "alice"),
        ("password", "alice-password"),
    ];
    browser
        .post("/realms/demo/login", &fields)
        .await
        .assert_error(StatusCode::BAD_REQUEST, "invalid_request");
}
