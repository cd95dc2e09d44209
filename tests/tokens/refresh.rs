//! Refresh: one successor, theft and slips, scope.

use super::*;

#[tokio::test]
async fn many_refreshes_at_once_make_one_new_token() {
    let (_server, web, _, tokens) = start().await;
    let answers = join_all((0..16).map(|_| web.try_refresh(&tokens.refresh))).await;
    let mut got: Vec<String> = Vec::new();
    for answer in answers {
        assert_eq!(
            answer.status, 200,
            "tabs that race are no thieves: {}",
            answer.text
        );
        got.push(answer.json()["refresh_token"].as_str().unwrap().to_owned());
    }
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 1, "the family was forked");
    web.try_refresh(&got[0]).await.expect(200);
}

#[tokio::test]
async fn a_repeated_refresh_is_a_slip_within_the_window_and_theft_after_it() {
    let (server, web, _, tokens) = start().await;
    let second = web.refresh(&tokens).await;
    server.clock.advance(Span::secs(5));
    let again = web.refresh(&tokens).await;
    assert_eq!(again.refresh, second.refresh, "the same successor");
    server.clock.advance(Span::secs(6));
    assert_eq!(
        web.try_refresh(&tokens.refresh).await.error(),
        "invalid_grant"
    );
    assert_eq!(
        web.try_refresh(&second.refresh).await.error(),
        "invalid_grant",
        "the family is revoked"
    );
    let receipts = server.ops().receipts("refresh_reuse").await;
    assert_eq!(receipts.len(), 1, "{receipts:?}");
}

#[tokio::test]
async fn scope_shrinks_and_never_grows() {
    let (_server, web, browser, _) = start().await;
    let tokens = web.sign_in_silently(&browser, &["profile", "email"]).await;
    let refresh = |scope: &'static str, token: String| {
        let web = &web;
        async move {
            web.form(
                "token",
                &[
                    ("grant_type", "refresh_token"),
                    ("refresh_token", &token),
                    ("scope", scope),
                ],
            )
            .await
        }
    };
    let wider = refresh(
        "openid profile email offline_access",
        tokens.refresh.clone(),
    )
    .await;
    assert_eq!(
        (wider.status, wider.error().as_str()),
        (400, "invalid_scope")
    );
    let narrow = refresh("openid", tokens.refresh.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(narrow["scope"], "openid");
    let about = web
        .userinfo(narrow["access_token"].as_str().unwrap())
        .await
        .expect(200)
        .json();
    assert!(
        about["email"].is_null() && about["name"].is_null(),
        "{about}"
    );
}
