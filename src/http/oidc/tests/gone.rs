//! After a sign-out or a revocation nothing works any more, whatever is presented.

use super::*;

#[tokio::test]
async fn after_an_administrators_sign_out_refreshing_says_session_not_active_offline_too() {
    let bench = bench().await;
    for scope in ["openid", "openid offline_access"] {
        let sid = bench.sign_in().await;
        let tokens = bench.tokens(sid, scope).await;
        bench.invalidate(sid).await;
        let answer = bench.refresh(&tokens.token("refresh_token")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (400, "invalid_grant"),
            "{scope}"
        );
        assert_eq!(
            answer.json["error_description"], "Session not active",
            "{scope}"
        );
        assert!(
            !bench.is_active("web", &tokens.token("access_token")).await,
            "{scope}"
        );
    }
}

#[tokio::test]
async fn a_revoked_refresh_token_takes_its_family_along_and_the_session_stays() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let tokens = bench.tokens(sid, "openid").await;
    let refresh = tokens.token("refresh_token");
    let answer = bench
        .as_client(
            "web",
            "revoke",
            &[("token", &refresh), ("token_type_hint", "access_token")],
        )
        .await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    assert_eq!(bench.refresh(&refresh).await.error(), "invalid_grant");
    assert!(!bench.is_active("web", &tokens.token("access_token")).await);
    assert!(
        denial::session(&bench.ctx, &bench.realm, sid)
            .await
            .unwrap()
            .is_ok()
    );
}

#[tokio::test]
async fn a_revoked_access_token_takes_nothing_along() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let tokens = bench.tokens(sid, "openid").await;
    let access = tokens.token("access_token");
    assert_eq!(
        bench
            .as_client("web", "revoke", &[("token", &access)])
            .await
            .status,
        200
    );
    assert!(!bench.is_active("web", &access).await);
    assert_eq!(bench.userinfo(&access).await.status, 401);
    assert_eq!(
        bench.refresh(&tokens.token("refresh_token")).await.status,
        200
    );
    let robot = bench
        .as_client("robot", "token", &[("grant_type", "client_credentials")])
        .await
        .token("access_token");
    assert_eq!(
        bench
            .as_client("robot", "revoke", &[("token", &robot)])
            .await
            .status,
        200
    );
    assert!(!bench.is_active("robot", &robot).await);
}

#[tokio::test]
async fn revocation_answers_200_to_any_token_and_touches_only_the_clients_own() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let tokens = bench.tokens(sid, "openid").await;
    let (access, refresh) = (tokens.token("access_token"), tokens.token("refresh_token"));
    for token in ["nonsense", access.as_str(), refresh.as_str()] {
        assert_eq!(
            bench
                .as_client("api", "revoke", &[("token", token)])
                .await
                .status,
            200
        );
        assert_eq!(
            bench
                .post("revoke", &[], &[("token", token), ("client_id", "spa")])
                .await
                .status,
            200
        );
    }
    assert!(bench.is_active("web", &access).await && bench.is_active("web", &refresh).await);
    assert_eq!(
        bench.as_client("web", "revoke", &[]).await.error(),
        "invalid_request"
    );
    assert_eq!(
        bench
            .post("revoke", &[], &[("token", &access)])
            .await
            .error(),
        "invalid_client"
    );
}
