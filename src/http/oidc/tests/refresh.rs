//! Refresh tokens: one generation at a time, the window for a repeated request, and what reuse costs.

use super::*;
use crate::domain::time::Span;

#[tokio::test]
async fn a_refresh_rotates_and_keeps_what_was_granted() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let first = bench.tokens(sid, "openid email").await;
    let second = bench.refresh(&first.token("refresh_token")).await;
    assert_eq!(second.status, 200, "{}", second.text);
    assert_ne!(first.token("refresh_token"), second.token("refresh_token"));
    assert_eq!(
        (
            second.json["scope"].as_str(),
            second.header("cache-control")
        ),
        (Some("openid email"), "no-store")
    );
    assert_eq!(
        claims(&second.token("id_token"))["auth_time"],
        claims(&first.token("id_token"))["auth_time"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_refreshes_at_once_make_one_generation() {
    let bench = Arc::new(bench().await);
    let sid = bench.sign_in().await;
    let token = Arc::new(bench.tokens(sid, "openid").await.token("refresh_token"));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (bench, token) = (bench.clone(), token.clone());
        tasks.spawn(async move { bench.refresh(&token).await });
    }
    let answers = tasks.join_all().await;
    let successors: std::collections::HashSet<_> =
        answers.iter().map(|a| a.token("refresh_token")).collect();
    assert_eq!(successors.len(), 1);
    assert_eq!(
        bench
            .refresh(successors.iter().next().unwrap())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_repeated_request_gets_the_unused_successor_inside_the_window_and_revokes_outside_of_it()
{
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let first = bench.tokens(sid, "openid").await.token("refresh_token");
    let second = bench.refresh(&first).await.token("refresh_token");
    bench.clock.advance(Span::secs(5));
    assert_eq!(bench.refresh(&first).await.token("refresh_token"), second);
    bench.clock.advance(Span::secs(6));
    let late = bench.refresh(&first).await;
    assert_eq!((late.status.as_u16(), late.error()), (400, "invalid_grant"));
    let successor = bench.refresh(&second).await;
    assert_eq!(
        successor.json["error_description"], "Session not active",
        "the family is revoked"
    );
}

#[tokio::test]
async fn a_token_whose_successor_was_used_revokes_even_inside_the_window() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let first = bench.tokens(sid, "openid").await.token("refresh_token");
    let second = bench.refresh(&first).await;
    let third = bench.refresh(&second.token("refresh_token")).await;
    assert_eq!(third.status, 200);
    assert_eq!(bench.refresh(&first).await.error(), "invalid_grant");
    assert_eq!(
        bench.refresh(&third.token("refresh_token")).await.error(),
        "invalid_grant"
    );
    assert!(
        !bench.is_active("web", &third.token("access_token")).await,
        "its access tokens too"
    );
    assert!(
        denial::session(&bench.ctx, &bench.realm, sid)
            .await
            .unwrap()
            .is_ok(),
        "the session stays"
    );
}

#[tokio::test]
async fn scope_and_resource_can_only_shrink() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let mut grant = bench.grant("web", sid, "openid email").await;
    grant.resources = vec!["https://api.example/".to_owned()];
    let code = bench.code_for(grant).await;
    let mut token = bench.exchange(&code).await.token("refresh_token");
    for (name, value, outcome) in [
        ("scope", "openid email profile", Err("invalid_scope")),
        ("scope", "a\"b", Err("invalid_scope")),
        ("resource", "https://more.example/", Err("invalid_target")),
        ("scope", "openid", Ok("openid")),
        ("resource", "https://api.example/", Ok("openid email")),
    ] {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
            (name, value),
        ];
        let answer = bench.as_client("web", "token", &pairs).await;
        match outcome {
            Err(error) => assert_eq!(answer.error(), error, "{value}"),
            Ok(scope) => {
                assert_eq!(answer.json["scope"], scope, "{}", answer.text);
                token = answer.token("refresh_token");
            }
        }
    }
}

#[tokio::test]
async fn a_refresh_token_is_its_own_clients_and_nothing_else_is_one() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let tokens = bench.tokens(sid, "openid").await;
    let token = tokens.token("refresh_token");
    let as_spa = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
        ("client_id", "spa"),
    ];
    for answer in [
        bench.as_client("api", "token", &as_spa[..2]).await,
        bench.post("token", &[], &as_spa).await,
        bench.refresh(&tokens.token("access_token")).await,
        bench.refresh(&tokens.token("id_token")).await,
        bench.refresh("nonsense").await,
    ] {
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (400, "invalid_grant"),
            "{}",
            answer.text
        );
        // What python-keycloak looks for before it signs in again.
        assert!(
            answer.text.contains("Token is not active"),
            "{}",
            answer.text
        );
    }
    assert_eq!(
        bench.refresh(&token).await.status,
        200,
        "nothing was revoked"
    );
}

#[tokio::test]
async fn an_unused_family_is_over_and_a_used_one_is_not() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let mut token = bench.tokens(sid, "openid").await.token("refresh_token");
    for _ in 0..3 {
        bench.clock.advance(Span::mins(20));
        token = bench.refresh(&token).await.token("refresh_token");
    }
    bench.clock.advance(Span::mins(31));
    assert_eq!(
        bench.refresh(&token).await.json["error_description"],
        "Session not active"
    );
}
