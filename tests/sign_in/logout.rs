//! Out again: who is asked first, where a browser goes afterwards.

use super::*;

#[tokio::test]
async fn a_logout_without_a_good_hint_asks_first() {
    let (server, web, browser) = start().await;
    let of_bob = web
        .sign_in(&Browser::default(), "bob", "bob-password", &[], false)
        .await;
    alice(&web, &browser).await;
    let logout = server.endpoint("demo", "logout");
    let bye = "post_logout_redirect_uri=https://web.example/bye";
    let forged = format!("{}x", of_bob.id_token);
    let queries = [
        String::new(),
        format!("?client_id=web&{bye}"),
        format!("?id_token_hint={forged}&{bye}"),
        // Somebody else's: leaked, it must not sign alice out.
        format!("?id_token_hint={}&{bye}", of_bob.id_token),
    ];
    for query in queries {
        let page = browser.open(&format!("{logout}{query}")).await;
        assert!(page.html().has("logout-confirm"), "{query}: {page}");
        assert_eq!(web.silent_error(&browser).await, None, "{query}");
    }
}

#[tokio::test]
async fn a_logout_goes_only_where_the_app_registered() {
    let (server, web, browser) = start().await;
    let logout = server.endpoint("demo", "logout");
    for target in [
        "https://evil.example/",
        "https://web.example/bye/x",
        "https://web.example/bye?x=1",
        "javascript:alert(1)",
    ] {
        let tokens = alice(&web, &browser).await;
        let mut url = url::Url::parse(&logout).unwrap();
        url.query_pairs_mut().extend_pairs([
            ("id_token_hint", tokens.id_token.as_str()),
            ("post_logout_redirect_uri", target),
        ]);
        let page = browser.open(url.as_str()).await;
        assert_eq!(page.location(), None, "{target}: {page}");
        let page = match page.html().form("logout-form") {
            Some(form) => browser.submit(&page, form.press("logout-confirm")).await,
            None => page,
        };
        assert_eq!(page.location(), None, "{target}: {page}");
    }
}

#[tokio::test]
async fn an_expired_hint_of_ones_own_session_still_signs_out() {
    let (server, web, browser) = start().await;
    let tokens = web
        .sign_in(&browser, "alice", "alice-password", &[], true)
        .await;
    server.advance(Span::hours(5)).await;
    let page: Page = browser
        .open(&format!(
            "{}?id_token_hint={}",
            server.endpoint("demo", "logout"),
            tokens.id_token
        ))
        .await;
    assert_eq!(page.text("logged-out"), "You are signed out");
    assert_eq!(
        web.silent_error(&browser).await.as_deref(),
        Some("login_required")
    );
}

#[tokio::test]
async fn offline_grants_stay_also_when_a_session_has_more_grants_than_one_commit_takes() {
    let (server, web, browser) = start().await;
    let first = alice(&web, &browser).await;
    let notes = server.app("notes").await;
    let offline = notes.sign_in_silently(&browser, &["offline_access"]).await;
    let mut last = first.clone();
    for _ in 0..55 {
        last = web.sign_in_silently(&browser, &["profile"]).await;
    }
    let hint = format!("?id_token_hint={}", last.id_token);
    let page = browser
        .open(&format!("{}{hint}", server.endpoint("demo", "logout")))
        .await;
    assert_eq!(page.text("logged-out"), "You are signed out");
    for tokens in [&first, &last] {
        let refused = web.try_refresh(&tokens.refresh).await;
        assert_eq!(refused.error(), "invalid_grant");
    }
    // Back-Channel Logout §2.7: what the user granted for the time without them is theirs to take back, not the app's.
    notes.refresh(&offline).await;

    // An administrator's ends everything.
    let again = alice(&web, &browser).await;
    let more = notes.sign_in_silently(&browser, &["offline_access"]).await;
    for _ in 0..55 {
        web.sign_in_silently(&browser, &["profile"]).await;
    }
    let select = serde_json::json!({ "sessions": [again.sid] });
    let act = server.ops().sign_out(select).await;
    assert_eq!(act["counts"]["families"], 57, "{act}");
    let refused = notes.try_refresh(&more.refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
}
