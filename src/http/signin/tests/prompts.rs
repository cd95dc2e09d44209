//! `prompt`, `max_age`, `id_token_hint`, `claims` and the realm's own frequency (OIDC Core §3.1.2.1, §5.5).

use super::*;
use crate::domain::realm::SessionPolicy;
use crate::domain::time::Span;

/// What an authorization request of a browser comes to: "code", an error, or the page that is shown.
async fn outcome(browser: &mut Browser<'_>, client_id: &str, more: &str) -> String {
    let page = browser.get(&auth(client_id, more)).await;
    let page = browser.follow(page).await;
    if page.location().is_some() {
        let sent = page.sent();
        assert_eq!(sent["iss"], ISSUER, "{more}");
        assert_eq!(sent["state"], "s&t", "{more}");
        return sent
            .get("error")
            .cloned()
            .unwrap_or_else(|| "code".to_owned());
    }
    let forms = ["login-form", "select-form", "consent-form", "error-code"];
    (*forms.iter().find(|id| page.has(id)).unwrap_or(&"?")).to_owned()
}

async fn id_token(world: &World, browser: &mut Browser<'_>) -> String {
    let code = browser.get(&auth("web", "")).await.sent()["code"].clone();
    world.tokens("web", &code).await.1.id_token.unwrap()
}

fn claims(json: &str) -> String {
    format!(
        "&claims={}",
        url::form_urlencoded::byte_serialize(json.as_bytes()).collect::<String>()
    )
}

#[tokio::test]
async fn nobody_signed_in_is_asked_unless_the_app_forbids_it() {
    let world = World::new().await;
    for (more, expected) in [
        ("", "login-form"),
        ("&prompt=login", "login-form"),
        ("&prompt=consent", "login-form"),
        ("&prompt=select_account", "login-form"),
        ("&max_age=100", "login-form"),
        ("&prompt=none", "login_required"),
        ("&prompt=none&max_age=100", "login_required"),
    ] {
        assert_eq!(
            outcome(&mut world.browser(), "web", more).await,
            expected,
            "{more}"
        );
    }
}

#[tokio::test]
async fn somebody_signed_in_is_asked_what_the_app_wants_asked() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    world.clock.advance(Span::secs(10));
    for (client_id, more, expected) in [
        ("web", "", "code"),
        ("web", "&prompt=none", "code"),
        ("web", "&prompt=login", "login-form"),
        ("web", "&prompt=login+consent", "login-form"),
        ("web", "&prompt=select_account", "select-form"),
        ("web", "&prompt=select_account+login", "login-form"),
        ("web", "&prompt=consent", "consent-form"),
        ("web", "&prompt=none+login", "invalid_request"),
        ("web", "&prompt=logn", "invalid_request"),
        ("web", "&max_age=100", "code"),
        ("web", "&max_age=5", "login-form"),
        ("web", "&max_age=0", "login-form"),
        ("web", "&max_age=5&prompt=none", "login_required"),
        ("web", "&max_age=0&prompt=none", "login_required"),
        ("web", "&max_age=-1", "invalid_request"),
        ("ask", "", "consent-form"),
        ("ask", "&prompt=none", "consent_required"),
    ] {
        assert_eq!(
            outcome(&mut browser, client_id, more).await,
            expected,
            "{client_id} {more}"
        );
    }
}

#[tokio::test]
async fn a_fresh_sign_in_answers_every_wish_for_one() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    let mut last = world.session(&browser.sid()).await.auth_time;
    for more in [
        "&prompt=login",
        "&prompt=login+select_account",
        "&max_age=0",
        "&max_age=1",
    ] {
        world.clock.advance(Span::secs(2));
        let answer = browser.sign_in(&auth("web", more), "alice").await;
        let (family, _) = world.tokens("web", &answer.sent()["code"]).await;
        assert!(family.grant.auth_time > last, "{more}");
        last = family.grant.auth_time;
    }
}

#[tokio::test]
async fn whoever_is_to_choose_an_account_goes_on_with_theirs_or_takes_another() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    let sid = browser.sid();
    world.clock.advance(Span::secs(10));
    for choice in ["same", "other"] {
        let page = browser.get(&auth("web", "&prompt=select_account")).await;
        let page = browser.follow(page).await;
        assert!(page.has("select-same") && page.html.contains("data-user=\"alice\""));
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let fields = [
            ("csrf", &*csrf),
            ("interaction", &*interaction),
            ("choice", choice),
        ];
        let forged = [
            ("csrf", "x"),
            ("interaction", &*interaction),
            ("choice", choice),
        ];
        let refused = browser.post("/realms/demo/login/account", &forged).await;
        refused.assert_error(StatusCode::FORBIDDEN, "invalid_form");
        let next = browser.post("/realms/demo/login/account", &fields).await;
        let next = browser.follow(next).await;
        if choice == "same" {
            assert!(next.sent().contains_key("code"));
            assert_eq!(browser.sid(), sid, "nothing was signed in anew");
            continue;
        }
        assert!(next.has("login-form"));
        let done = browser.fill(&next, "bob", "bob-password").await;
        assert!(done.sent().contains_key("code"));
        assert!(
            !world.is_good(&sid).await,
            "the other account takes its place"
        );
    }
}

#[tokio::test]
async fn a_session_is_not_the_sign_in_that_was_asked_for_afterwards() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    world.clock.advance(Span::secs(1));
    let page = browser.get(&auth("web", "&prompt=login")).await;
    let form = browser.follow(page).await;
    // Loading the page again does not get past it, in this tab or another.
    for _ in 0..2 {
        let again = browser
            .get(&format!(
                "/realms/demo/login?interaction={}",
                form.field("interaction")
            ))
            .await;
        assert!(again.has("login-form"));
    }
}

#[tokio::test]
async fn a_sign_in_in_another_tab_carries_the_waiting_one_on() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get(&auth("web", "")).await;
    let waiting = browser.follow(page).await;
    assert!(
        browser
            .sign_in(&auth("wiki", ""), "alice")
            .await
            .sent()
            .contains_key("code")
    );
    // Its form is too old to be sent, but offers the way on, which now needs no password.
    let refused = browser.fill(&waiting, "alice", "alice-password").await;
    refused.assert_error(StatusCode::FORBIDDEN, "invalid_form");
    let next = format!(
        "/realms/demo/login?interaction={}",
        waiting.field("interaction")
    );
    assert!(refused.html.contains(&next));
    assert!(browser.get(&next).await.sent().contains_key("code"));
}

#[tokio::test]
async fn the_realm_may_ask_for_credentials_more_often() {
    let sessions = SessionPolicy {
        sign_in_frequency: Span::mins(5),
        ..SessionPolicy::default()
    };
    let world = World::with(
        RealmSettings {
            sessions,
            ..RealmSettings::default()
        },
        Web::default(),
    )
    .await;
    let mut browser = world.signed_in("alice").await;
    world.clock.advance(Span::mins(4));
    assert_eq!(outcome(&mut browser, "web", "").await, "code");
    world.clock.advance(Span::mins(1));
    assert_eq!(
        outcome(&mut browser, "web", "&prompt=none").await,
        "login_required"
    );
    assert!(
        browser
            .sign_in(&auth("web", ""), "alice")
            .await
            .sent()
            .contains_key("code")
    );
    assert_eq!(outcome(&mut browser, "web", "").await, "code");
}

#[tokio::test]
async fn another_user_is_never_switched_to() {
    let world = World::new().await;
    let (mut alice, mut bob) = (world.signed_in("alice").await, world.signed_in("bob").await);
    let hint = format!("&id_token_hint={}", id_token(&world, &mut alice).await);
    let sub = claims(&format!(
        r#"{{"id_token":{{"sub":{{"value":"{}"}}}}}}"#,
        world.user_id("alice").await
    ));
    for more in [&hint, &sub] {
        assert_eq!(outcome(&mut alice, "web", more).await, "code");
        assert_eq!(
            outcome(&mut alice, "web", &format!("{more}&prompt=none")).await,
            "code"
        );
        assert_eq!(outcome(&mut bob, "web", more).await, "login_required");
        assert_eq!(
            outcome(&mut bob, "web", &format!("{more}&prompt=none")).await,
            "login_required"
        );
        assert_eq!(
            outcome(&mut bob, "web", &format!("{more}&prompt=login")).await,
            "login_required"
        );
        assert_eq!(
            outcome(&mut world.browser(), "web", more).await,
            "login-form"
        );
        assert_eq!(
            outcome(&mut world.browser(), "web", &format!("{more}&prompt=none")).await,
            "login_required"
        );
    }
    let contradiction = claims(&format!(
        r#"{{"id_token":{{"sub":{{"value":"{}"}}}}}}"#,
        world.user_id("bob").await
    )) + hint.as_str();
    assert_eq!(
        outcome(&mut alice, "web", &contradiction).await,
        "login_required"
    );
    assert!(world.is_good(&bob.sid()).await);
}

#[tokio::test]
async fn the_form_for_an_expected_user_takes_nobody_else_in() {
    let world = World::new().await;
    let hint = format!(
        "&id_token_hint={}",
        id_token(&world, &mut world.signed_in("alice").await).await
    );
    let mut browser = world.browser();
    let page = browser.get(&auth("web", &hint)).await;
    let form = browser.follow(page).await;
    assert_eq!(form.field("username"), "alice");
    let answer = browser.fill(&form, "bob", "bob-password").await;
    assert_eq!(answer.sent()["error"], "login_required");
    assert!(!browser.jar.contains_key("rk_demo"));
    let mut browser = world.browser();
    assert!(
        browser
            .sign_in(&auth("web", &hint), "alice")
            .await
            .sent()
            .contains_key("code")
    );
}

#[tokio::test]
async fn a_hint_that_this_realm_did_not_sign_is_refused() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    let good = id_token(&world, &mut browser).await;
    let mut twisted = good.clone();
    twisted.replace_range(good.len() - 8..good.len() - 4, "AAAA");
    let code = browser.get(&auth("web", "")).await.sent()["code"].clone();
    let access = world.tokens("web", &code).await.1.access_token;
    for hint in ["x", &twisted, &access] {
        let more = format!("&id_token_hint={hint}");
        assert_eq!(
            outcome(&mut browser, "web", &more).await,
            "invalid_request",
            "{hint}"
        );
    }
    // An old one still says who it was about.
    world.clock.advance(Span::mins(20));
    assert_eq!(
        outcome(&mut browser, "web", &format!("&id_token_hint={good}")).await,
        "code"
    );
}

#[tokio::test]
async fn a_class_that_cannot_be_reached_is_an_error_only_when_it_is_essential() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    for (json, expected) in [
        (
            r#"{"id_token":{"acr":{"essential":true,"values":["gold"]}}}"#,
            "unmet_authentication_requirements",
        ),
        (
            r#"{"id_token":{"acr":{"essential":true,"values":["gold","1"]}}}"#,
            "code",
        ),
        (r#"{"id_token":{"acr":{"values":["gold"]}}}"#, "code"),
        (r#"{"id_token":{"acr":{"essential":true}}}"#, "code"),
        (r#"[]"#, "invalid_request"),
    ] {
        assert_eq!(
            outcome(&mut browser, "web", &claims(json)).await,
            expected,
            "{json}"
        );
    }
    assert_eq!(
        outcome(&mut browser, "web", "&acr_values=gold").await,
        "code"
    );
}

#[tokio::test]
async fn a_login_hint_fills_the_name_in_and_binds_nobody() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get(&auth("web", "&login_hint=alice")).await;
    let form = browser.follow(page).await;
    assert_eq!(form.field("username"), "alice");
    assert!(
        browser
            .fill(&form, "bob", "bob-password")
            .await
            .sent()
            .contains_key("code")
    );
}
