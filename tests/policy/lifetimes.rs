//! Lifetimes that become shorter, the frequency of credentials, and remembered browsers: over sessions that exist.

use realmkeep::Span;
use serde_json::json;

use super::House;
use crate::support::{Browser, Engine};

#[tokio::test]
async fn a_shorter_idle_timeout_ends_what_exists_and_tells_the_apps() {
    let house = House::new(Engine::Memory).await;
    let (browser, sid) = house.alice().await;
    house.server.advance(Span::mins(20)).await;
    house
        .policy("sessions", json!({ "idle_timeout": "10m" }))
        .await;
    assert!(!house.is_in(&browser).await, "denial does not wait");
    // The date it was given says "in 100 minutes"; the act must not wait for that.
    house.server.sweep().await;
    assert_eq!(house.end_reason(&sid).await, "idle");
    let receipts = house.server.ops().receipts("idle").await;
    assert_eq!(receipts.len(), 1);
    assert!(!receipts[0]["apps"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_shorter_life_is_noticed_when_it_is_over_not_at_the_old_date() {
    let house = House::new(Engine::Memory).await;
    let (_, sid) = house.alice().await;
    house
        .policy("sessions", json!({ "max_lifetime": "30m" }))
        .await;
    house.server.sweep().await;
    assert_eq!(house.active().await, std::slice::from_ref(&sid));
    house.server.advance(Span::mins(31)).await;
    assert_eq!(house.end_reason(&sid).await, "expired");
    assert_eq!(house.server.ops().receipts("expired").await.len(), 1);
}

#[tokio::test]
async fn nobody_is_remembered_any_more_once_the_realm_says_so() {
    let house = House::new(Engine::Memory).await;
    let browser = Browser::default();
    let page = house.try_alice(&browser, true).await;
    let cookie = |page: &crate::support::Page| {
        let lines = page.headers.get_all("set-cookie").iter();
        let mut lines = lines.filter_map(|l| l.to_str().ok());
        lines.find(|l| l.starts_with("rk_demo=")).map(str::to_owned)
    };
    assert!(cookie(&page).unwrap().contains("Max-Age="), "{page}");
    house
        .policy("sessions", json!({ "remember_me": false }))
        .await;
    // The next visit takes the lifetime off the cookie; the session itself goes on.
    let begun = house.web.begin_with(&[], &[("prompt", "none")]);
    let page = browser.get(begun.url.as_str()).await;
    let line = cookie(&page).expect("a cookie that is not kept");
    assert!(
        !line.contains("Max-Age") && !line.contains("Expires"),
        "{line}"
    );
    assert!(page.answered("code").is_some(), "{page}");
    assert!(house.is_in(&browser).await);
    // From now on it lives like every other.
    house.server.advance(Span::mins(121)).await;
    assert!(!house.is_in(&browser).await);
    assert_eq!(house.server.ops().receipts("idle").await.len(), 1);
    // And the box is gone; a form that still has it changes nothing.
    let page = browser.open(house.web.begin(&[]).url.as_str()).await;
    assert!(!page.html().has("remember-me"));
    let form = page.form("login-form").fill("username", "alice");
    let form = form
        .fill("password", "alice-password")
        .fill("remember", "1");
    let page = browser.submit(&page, form).await;
    assert!(!cookie(&page).unwrap().contains("Max-Age"), "{page}");
}

#[tokio::test]
async fn credentials_are_asked_again_as_often_as_the_realm_says() {
    let house = House::new(Engine::Memory).await;
    let notes = house.server.app("notes").await;
    let browser = Browser::default();
    let web = house
        .web
        .sign_in(&browser, "alice", "alice-password", &["profile"], false)
        .await;
    let offline = notes.sign_in_silently(&browser, &["offline_access"]).await;
    house.server.advance(Span::mins(61)).await;
    assert!(house.is_in(&browser).await);
    house
        .policy("sessions", json!({ "sign_in_frequency": "1h" }))
        .await;
    assert!(!house.is_in(&browser).await, "at once");
    let page = browser.open(house.web.begin(&[]).url.as_str()).await;
    assert!(page.is_login(), "{page}");
    // The app on its own does not go on past it either; what was granted for when the person is away does.
    let refused = house.web.try_refresh(&web.refresh).await;
    assert_eq!(
        (refused.status, refused.error().as_str()),
        (400, "invalid_grant")
    );
    notes.refresh(&offline).await;
    // Nothing was revoked: without the rule it goes on.
    house
        .policy("sessions", json!({ "sign_in_frequency": "off" }))
        .await;
    house.web.refresh(&web).await;
    house
        .policy("sessions", json!({ "sign_in_frequency": "1h" }))
        .await;
    let page = browser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    assert!(page.answered("code").is_some(), "{page}");
    assert!(house.is_in(&browser).await);
    house.server.advance(Span::mins(60)).await;
    assert!(!house.is_in(&browser).await);
}

#[tokio::test]
async fn shorter_lifetimes_of_tokens_apply_to_those_that_exist() {
    let house = House::new(Engine::Memory).await;
    let browser = Browser::default();
    let tokens = house
        .web
        .sign_in(&browser, "alice", "alice-password", &["profile"], true)
        .await;
    let begun = house.web.begin(&[]);
    let page = browser.open(begun.url.as_str()).await;
    let code = house.web.code(&begun, &page);
    house.server.advance(Span::secs(30)).await;
    house.web.userinfo(&tokens.access).await.expect(200);
    house
        .policy(
            "tokens",
            json!({ "access_token_lifetime": "20s", "authorization_code_lifetime": "20s" }),
        )
        .await;
    assert_eq!(house.web.userinfo(&tokens.access).await.status, 401);
    let answer = house.web.introspect(&tokens.access).await.expect(200);
    assert_eq!(answer.text, r#"{"active":false}"#);
    let late = house.web.try_exchange(&code, begun.verifier()).await;
    assert_eq!((late.status, late.error().as_str()), (400, "invalid_grant"));
    // The refresh token goes on, until it was unused for longer than families now may be.
    let tokens = house.web.refresh(&tokens).await;
    house.server.advance(Span::mins(11)).await;
    house
        .policy("tokens", json!({ "refresh_idle_timeout": "10m" }))
        .await;
    let answer = house.web.introspect(&tokens.refresh).await.expect(200);
    assert_eq!(answer.text, r#"{"active":false}"#);
    assert_eq!(house.web.try_refresh(&tokens.refresh).await.status, 400);
    house.server.sweep().await;
    assert!(house.is_in(&browser).await, "the session is not the family");
}
