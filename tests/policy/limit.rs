//! The limit of sessions, and the one-address rule.

use serde_json::json;

use super::House;
use crate::support::{Browser, Engine};

#[tokio::test(flavor = "multi_thread")]
async fn of_sixty_four_sign_ins_at_once_three_sessions_are_left() {
    for engine in [Engine::Memory, Engine::Sled, Engine::Redb] {
        let house = House::new(engine).await;
        house.policy("sessions", json!({ "limit": 3 })).await;
        let tries = (0..64u8).map(|n| {
            let house = &house;
            async move {
                let browser = Browser::default().copy_at([127, 0, 1, n + 1]);
                // Too many at once are asked to wait: a browser does.
                loop {
                    let page = house.try_alice(&browser, false).await;
                    match page.status {
                        303 => return,
                        // Its session gave way to the next one's before the code was made.
                        200 if page.html().has("login-notice") => return,
                        429 | 503 => tokio::task::yield_now().await,
                        _ => panic!("{page}"),
                    }
                    house.server.advance(realmkeep::Span::secs(1)).await;
                }
            }
        });
        let all = futures_util::future::join_all(tries).await;
        assert_eq!(all.len(), 64);
        assert_eq!(house.active().await.len(), 3, "{engine:?}");
        let ended = house.server.ops().sessions("user:alice", "ended").await;
        assert_eq!(ended.len(), 61);
        assert!(ended.iter().all(|s| s["endReason"] == "session_limit"));
    }
}

#[tokio::test]
async fn at_the_limit_nothing_starts_where_the_realm_says_so() {
    let house = House::new(Engine::Memory).await;
    house
        .policy("sessions", json!({ "limit": 2, "limit_action": "deny" }))
        .await;
    let (laptop, first) = house.alice().await;
    house.alice().await;
    let browser = Browser::default();
    let page = house.try_alice(&browser, false).await;
    assert_eq!(page.status, 403);
    let error = page.text("login-error");
    assert!(error.contains("2 places already"), "{error}");
    assert_eq!(house.active().await.len(), 2);
    assert!(house.is_in(&laptop).await, "nobody was signed out for it");
    // Signing in again where one is signed in takes the place of that session.
    let begun = house.web.begin_with(&[], &[("prompt", "login")]);
    let page = laptop.open(begun.url.as_str()).await;
    let page = laptop.log_in(&page, "alice", "alice-password", false).await;
    assert!(page.answered("code").is_some(), "{page}");
    assert_eq!(house.end_reason(&first).await, "user");
    // And where one signed out there is room again.
    let one = house.active().await.remove(0);
    house
        .server
        .ops()
        .sign_out(json!({ "sessions": [one] }))
        .await;
    let page = house.try_alice(&browser, false).await;
    assert!(page.answered("code").is_some(), "{page}");
}

#[tokio::test]
async fn the_least_recently_used_gives_way_where_the_realm_says_so() {
    let house = House::new(Engine::Memory).await;
    house
        .policy(
            "sessions",
            json!({ "limit": 2, "limit_action": "end-least-recent" }),
        )
        .await;
    let (oldest, _) = house.alice().await;
    let (_, second) = house.alice().await;
    house.server.advance(realmkeep::Span::mins(5)).await;
    assert!(house.is_in(&oldest).await);
    house.alice().await;
    assert!(house.is_in(&oldest).await, "it was just used");
    assert_eq!(house.end_reason(&second).await, "session_limit");
}

#[tokio::test]
async fn the_user_chooses_and_gives_the_password_once() {
    let house = House::new(Engine::Memory).await;
    house
        .policy("sessions", json!({ "limit": 2, "limit_action": "ask" }))
        .await;
    let (laptop, first) = house.alice().await;
    let (phone, second) = house.alice().await;
    let browser = Browser::default();
    let begun = house.web.begin(&["profile"]);
    let page = browser.open(begun.url.as_str()).await;
    let page = browser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    let page = browser.follow(page).await;
    assert!(page.html().has("choose-form"), "{page}");
    assert!(page.body.contains("127.0.0.1") && page.body.contains("Chrome"));
    assert_eq!(house.active().await.len(), 2, "nothing starts yet");
    // Chosen nothing: asked again. A token that is not this browser's: refused.
    let unticked = |page: &crate::support::Page| {
        let mut form = page.form("choose-form");
        form.fields.retain(|(name, _)| name != "end");
        form
    };
    let form = page.form("choose-form");
    assert_eq!(
        form.value("end"),
        Some(first.as_str()),
        "the oldest is proposed"
    );
    let again = browser.submit(&page, unticked(&page)).await;
    assert!(again.html().has("choose-error"), "{again}");
    let forged = page.form("choose-form").fill("csrf", "forged");
    let forged = browser.submit(&page, forged).await;
    assert_eq!(forged.status, 403, "{forged}");
    // Only this browser can go on with it.
    let stranger = Browser::default();
    let other = stranger.open(page.url.as_str()).await;
    assert!(!other.html().has("choose-form"), "{other}");
    assert_eq!(house.active().await.len(), 2);
    let page = browser
        .submit(&again, unticked(&again).tick("end", &second))
        .await;
    let code = house.web.code(&begun, &page);
    let tokens = house.web.exchange(begun, code).await;
    assert!(house.is_in(&laptop).await && house.is_in(&browser).await);
    assert!(!house.is_in(&phone).await, "the chosen one");
    assert_eq!(house.end_reason(&second).await, "session_limit");
    let mut left = house.active().await;
    left.sort();
    let mut both = vec![first, tokens.sid];
    both.sort();
    assert_eq!(left, both);
    // What was proved is used up.
    let page = browser.submit(&again, again.form("choose-form")).await;
    assert_ne!(page.status, 303, "{page}");
}

#[tokio::test]
async fn what_was_proved_counts_no_more_after_a_sign_out_or_a_new_password() {
    for everywhere in [true, false] {
        let house = House::new(Engine::Memory).await;
        house
            .policy("sessions", json!({ "limit": 1, "limit_action": "ask" }))
            .await;
        let (_, first) = house.alice().await;
        let browser = Browser::default();
        let page = house.try_alice(&browser, false).await;
        let page = browser.follow(page).await;
        let form = page.form("choose-form");
        assert_eq!(form.value("end"), Some(first.as_str()));
        let ops = house.server.ops();
        let alice = ops.user_id("alice").await;
        if everywhere {
            ops.sign_out(json!({ "users": [alice] })).await;
        } else {
            let body = json!({ "type": "password", "value": "another-password" });
            ops.put(&format!("/users/{alice}/reset-password"), &body)
                .await
                .expect(204);
        }
        let page = browser.submit(&page, form).await;
        assert!(page.answered("code").is_none(), "{page}");
        let page = browser.follow(page).await;
        assert!(page.is_login(), "{page}");
        assert!(house.active().await.is_empty());
    }
}

#[tokio::test]
async fn a_lower_limit_reaches_the_sessions_that_exist() {
    let house = House::new(Engine::Memory).await;
    let mut browsers = Vec::new();
    for _ in 0..5 {
        browsers.push(house.alice().await);
    }
    let bob = Browser::default();
    house
        .web
        .sign_in(&bob, "bob", "bob-password", &["profile"], false)
        .await;
    house.policy("sessions", json!({ "limit": 2 })).await;
    house.server.sweep().await;
    let (over, left) = browsers.split_at(3);
    for (browser, sid) in over {
        assert!(!house.is_in(browser).await);
        assert_eq!(house.end_reason(sid).await, "session_limit");
    }
    for (browser, _) in left {
        assert!(house.is_in(browser).await);
    }
    assert!(house.is_in(&bob).await);
    let receipts = house.server.ops().receipts("session_limit").await;
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0]["counts"]["sessions"], 3);
    assert!(!receipts[0]["apps"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn one_address_at_a_time_where_the_realm_says_so() {
    let house = House::new(Engine::Memory).await;
    let (laptop, first) = house.alice().await;
    let (elsewhere, second) = house.alice_at([127, 0, 0, 7]).await;
    house
        .policy("sessions", json!({ "one_address": "deny" }))
        .await;
    // Both were there before the rule and are used where they started.
    assert!(house.is_in(&laptop).await && house.is_in(&elsewhere).await);
    // A third place is refused while others are active, and so is one of the two while the other is.
    for ip in [[127, 0, 0, 8], [127, 0, 0, 1]] {
        let browser = Browser::default().copy_at(ip);
        let page = house.try_alice(&browser, false).await;
        assert_eq!(page.status, 403, "{page}");
        let error = page.text("login-error");
        assert!(error.contains("another address"), "{error}");
    }
    // A cookie that turns up elsewhere ends its session, and nobody else's.
    let thief = elsewhere.copy_at([127, 0, 0, 9]);
    assert!(!house.is_in(&thief).await);
    assert!(!house.is_in(&elsewhere).await);
    assert_eq!(house.end_reason(&second).await, "address_rule");
    assert!(house.is_in(&laptop).await);
    let page = elsewhere.open(house.web.begin(&[]).url.as_str()).await;
    let notice = page.text("login-notice");
    assert!(notice.contains("another address"), "{notice}");
    // Now there is one place, and a second device of it is welcome.
    let page = house.try_alice(&Browser::default(), false).await;
    assert!(page.answered("code").is_some(), "{page}");
    // Whoever moved signs in again at the new place: the old cookie ends its own session first.
    for sid in house.active().await {
        if sid != first {
            house
                .server
                .ops()
                .sign_out(json!({ "sessions": [sid] }))
                .await;
        }
    }
    let moved = laptop.copy_at([127, 0, 0, 10]);
    let page = house.try_alice(&moved, false).await;
    assert!(page.answered("code").is_some(), "{page}");
    assert_eq!(house.end_reason(&first).await, "address_rule");
}

#[tokio::test]
async fn a_forwarded_address_of_a_stranger_is_not_an_address() {
    let house = House::new(Engine::Memory).await;
    house
        .policy("sessions", json!({ "one_address": "deny" }))
        .await;
    let (laptop, _) = house.alice().await;
    // The test's own connection is no trusted proxy, so what it claims moves nobody.
    let url = house.web.begin_with(&[], &[("prompt", "none")]).url;
    let cookies = laptop.cookies();
    let cookies: Vec<String> = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
    let answer = crate::support::browser::client()
        .get(url)
        .header("cookie", cookies.join("; "))
        .header("x-forwarded-for", "203.0.113.9")
        .send()
        .await
        .unwrap();
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(to.contains("code="), "{to}");
    assert!(house.is_in(&laptop).await);
}
