//! The code grant: every binding, exactly one redemption, and what a replay does.

use super::*;
use crate::domain::time::Span;

#[tokio::test]
async fn a_code_becomes_tokens_with_everything_that_clients_read() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let answer = bench.tokens(sid, "openid profile email").await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    let json = &answer.json;
    assert_eq!(json["token_type"], "Bearer");
    // Counted in whole seconds from a clock that goes on while this test runs.
    let in_seconds = |name: &str| json[name].as_u64().unwrap();
    assert!((298..=300).contains(&in_seconds("expires_in")));
    assert!((1798..=1800).contains(&in_seconds("refresh_expires_in")));
    assert_eq!(in_seconds("not-before-policy"), 0);
    assert_eq!(json["scope"], "openid profile email");
    assert_eq!(json["session_state"], sid.to_string());
    let id = claims(&answer.token("id_token"));
    let access = claims(&answer.token("access_token"));
    for token in [&id, &access] {
        assert_eq!(token["iss"], "http://localhost:8080/realms/demo");
        assert_eq!(token["sub"], bench.user.id.to_string());
        assert_eq!(token["sid"], sid.to_string());
    }
    assert_eq!(
        (id["aud"].as_str(), id["nonce"].as_str()),
        (Some("web"), Some("n-0S6"))
    );
    assert_eq!(access["aud"], serde_json::json!(["web"]));
    assert_eq!(access["client_id"], "web");
    let info = bench.userinfo(&answer.token("access_token")).await;
    assert_eq!(info.json["sub"], id["sub"]);
    assert_eq!(info.json["email"], "alice@example.com");
}

#[tokio::test]
async fn each_binding_is_checked_before_the_code_is_spent() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let code = bench.code(sid, "openid").await;
    let wrong = "x".repeat(43);
    let with = |name: &'static str, value: &'static str| {
        let mut pairs = exchange(&code).to_vec();
        pairs.retain(|(own, _)| *own != name);
        if !value.is_empty() {
            pairs.push((name, value));
        }
        pairs
    };
    for (name, pairs, error) in [
        (
            "another redirect_uri",
            with("redirect_uri", "https://app.example/cb/"),
            "invalid_grant",
        ),
        ("no verifier", with("code_verifier", ""), "invalid_grant"),
        (
            "wrong verifier",
            with("code_verifier", wrong.clone().leak()),
            "invalid_grant",
        ),
        ("no such code", with("code", "x"), "invalid_grant"),
        (
            "another resource",
            with("resource", "https://evil.example/"),
            "invalid_target",
        ),
        (
            "no resource",
            with("resource", "nonsense"),
            "invalid_target",
        ),
    ] {
        let answer = bench.as_client("web", "token", &pairs).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (400, error),
            "{name}: {}",
            answer.text
        );
    }
    let other = bench.as_client("api", "token", &exchange(&code)).await;
    assert_eq!(other.error(), "invalid_grant", "another client");
    let fine = bench
        .as_client("web", "token", &with("redirect_uri", ""))
        .await;
    assert_eq!(
        fine.status, 200,
        "redirect_uri may be left out (OAuth 2.1 §10.2): {}",
        fine.text
    );
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let grant = bench.grant("web", sid, "openid").await;
    let issue_it = Issue {
        grant,
        redirect_uri: CALLBACK.to_owned(),
        code_challenge: None,
    };
    let code = issue(&bench.ctx, &bench.realm, issue_it).await.unwrap();
    assert_eq!(bench.exchange(&code).await.error(), "invalid_grant");
    let without = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
    ];
    assert_eq!(bench.as_client("web", "token", &without).await.status, 200);
}

#[tokio::test]
async fn a_code_expires_and_dies_with_its_session() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let late = bench.code(sid, "openid").await;
    bench.clock.advance(Span::secs(61));
    assert_eq!(bench.exchange(&late).await.error(), "invalid_grant");
    let orphan = bench.code(sid, "openid").await;
    bench.invalidate(sid).await;
    let answer = bench.exchange(&orphan).await;
    assert_eq!(
        (answer.error(), answer.json["error_description"].as_str()),
        ("invalid_grant", Some("Session not active"))
    );
}

#[tokio::test]
async fn a_code_dies_with_its_client_even_when_that_comes_back() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let code = bench.code(sid, "openid").await;
    let id = bench.client("web").await.id;
    for enabled in [false, true] {
        let settings = ClientSettings {
            enabled,
            client_secret: None,
            ..clients().remove(0)
        };
        client::verbs::update(
            &bench.ctx,
            &bench.realm,
            &Actor::system("test"),
            id,
            ClientSettings {
                client_id: "web".to_owned(),
                ..settings
            },
        )
        .await
        .unwrap();
    }
    assert_eq!(bench.exchange(&code).await.error(), "invalid_grant");
    bench.clock.advance(Span::secs(1));
    let fresh = bench.code(sid, "openid").await;
    assert_eq!(bench.exchange(&fresh).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixty_four_redemptions_at_once_exactly_one_succeeds() {
    let bench = Arc::new(bench().await);
    let sid = bench.sign_in().await;
    let code = Arc::new(bench.code(sid, "openid").await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (bench, code) = (bench.clone(), code.clone());
        tasks.spawn(async move { bench.exchange(&code).await });
    }
    let answers = tasks.join_all().await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
    assert_eq!(good.len(), 1);
    assert!(
        bad.iter().all(|a| a.error() == "invalid_grant"),
        "{:?}",
        bad.iter().map(|a| &a.text).collect::<Vec<_>>()
    );
    // The losers were replays: what the winner got is revoked, for nobody can tell which of them was the thief.
    assert!(
        !bench
            .is_active("web", &good.first().unwrap().token("access_token"))
            .await
    );
}

#[tokio::test]
async fn a_replay_revokes_what_the_code_became_and_nothing_else() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let other = bench.tokens(sid, "openid").await;
    let code = bench.code(sid, "openid").await;
    let tokens = bench.exchange(&code).await;
    let access = tokens.token("access_token");
    let answer = bench.exchange(&code).await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (400, "invalid_grant")
    );
    assert!(!bench.is_active("web", &access).await);
    assert_eq!(bench.userinfo(&access).await.status, 401);
    assert_eq!(
        bench.refresh(&tokens.token("refresh_token")).await.error(),
        "invalid_grant"
    );
    assert!(bench.is_active("web", &other.token("access_token")).await);
    assert!(
        denial::session(&bench.ctx, &bench.realm, sid)
            .await
            .unwrap()
            .is_ok(),
        "the session stays"
    );
}

#[tokio::test]
async fn a_replay_with_a_wrong_verifier_revokes_nothing() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let code = bench.code(sid, "openid").await;
    let tokens = bench.exchange(&code).await;
    let wrong = "y".repeat(43);
    for pairs in [
        vec![
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("code_verifier", &wrong),
        ],
        vec![("grant_type", "authorization_code"), ("code", &code)],
    ] {
        assert_eq!(
            bench.as_client("web", "token", &pairs).await.error(),
            "invalid_grant"
        );
    }
    assert_eq!(
        bench
            .as_client("api", "token", &exchange(&code))
            .await
            .error(),
        "invalid_grant"
    );
    assert!(bench.is_active("web", &tokens.token("access_token")).await);
    assert_eq!(
        bench.refresh(&tokens.token("refresh_token")).await.status,
        200
    );
}

#[tokio::test]
async fn the_audience_is_what_was_granted_or_less() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let (api, more) = ("https://api.example/", "https://more.example/");
    for (granted, asked, audience) in [
        (vec![api, more], vec![], Some(vec![api, more])),
        (vec![api, more], vec![more], Some(vec![more])),
        (vec![api], vec![more], None),
        (vec![], vec![more], Some(vec![more])),
    ] {
        let mut grant = bench.grant("web", sid, "openid").await;
        grant.resources = granted.iter().map(|r| (*r).to_owned()).collect();
        let code = bench.code_for(grant).await;
        let mut pairs = exchange(&code).to_vec();
        pairs.extend(asked.iter().map(|r| ("resource", *r)));
        let answer = bench.as_client("web", "token", &pairs).await;
        match audience {
            Some(audience) => {
                assert_eq!(
                    claims(&answer.token("access_token"))["aud"],
                    serde_json::json!(audience),
                    "{granted:?}"
                );
            }
            None => assert_eq!(answer.error(), "invalid_target"),
        }
    }
}
