//! Introspection and userinfo: who is told what, and that a token of one kind is never taken for another.

use super::*;
use crate::domain::time::Span;

#[tokio::test]
async fn a_good_token_is_described_to_its_client_and_to_its_audience_alone() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let mut grant = bench.grant("web", sid, "openid email").await;
    grant.resources = vec!["https://api.example/".to_owned()];
    let code = bench.code_for(grant).await;
    let access = bench.exchange(&code).await.token("access_token");
    let said = bench.introspect("web", &access).await;
    assert_eq!(said.header("cache-control"), "no-store");
    for (name, value) in [
        ("client_id", "web"),
        ("username", "alice"),
        ("scope", "openid email"),
        ("token_type", "Bearer"),
        ("aud", "https://api.example/"),
        ("iss", "http://localhost:8080/realms/demo"),
    ] {
        assert_eq!(said.json[name], value, "{name}");
    }
    assert_eq!(said.json["sid"], sid.to_string());
    assert!(
        bench.is_active("api", &access).await,
        "the resource it was made for"
    );
    assert!(
        !bench
            .is_active(
                "robot",
                &bench.tokens(sid, "openid").await.token("access_token")
            )
            .await,
        "a stranger"
    );
}

#[tokio::test]
async fn the_caller_must_prove_itself() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let access = bench.tokens(sid, "openid").await.token("access_token");
    let bearer = format!("Bearer {access}");
    for (headers, pairs) in [
        (vec![], vec![("token", access.as_str())]),
        (vec![], vec![("token", &access), ("client_id", "spa")]),
        (
            vec![("authorization", bearer.as_str())],
            vec![("token", &access)],
        ),
    ] {
        let answer = bench.post("token/introspect", &headers, &pairs).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (401, "invalid_client"),
            "{pairs:?}"
        );
    }
    assert_eq!(
        bench
            .as_client("web", "token/introspect", &[])
            .await
            .error(),
        "invalid_request"
    );
}

#[tokio::test]
async fn whatever_is_not_good_is_exactly_inactive() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let tokens = bench.tokens(sid, "openid").await;
    let (access, refresh) = (tokens.token("access_token"), tokens.token("refresh_token"));
    let mut forged = access.clone();
    forged.replace_range(forged.len() - 4.., "AAAA");
    for token in [
        "nonsense",
        "a.b.c",
        forged.as_str(),
        tokens.token("id_token").as_str(),
    ] {
        assert!(!bench.is_active("web", token).await, "{token}");
    }
    assert!(bench.is_active("web", &access).await && bench.is_active("web", &refresh).await);
    assert!(
        !bench.is_active("api", &refresh).await,
        "another's refresh token"
    );
    bench.clock.advance(Span::secs(301));
    assert!(!bench.is_active("web", &access).await, "expired");
    let fresh = bench.refresh(&refresh).await;
    assert!(!bench.is_active("web", &refresh).await, "rotated away");
    bench.invalidate(sid).await;
    assert!(
        !bench.is_active("web", &fresh.token("access_token")).await,
        "signed out"
    );
    assert!(!bench.is_active("web", &fresh.token("refresh_token")).await);
}

#[tokio::test]
async fn only_an_access_token_opens_userinfo() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let tokens = bench.tokens(sid, "openid").await;
    for name in ["refresh_token", "id_token"] {
        let answer = bench.userinfo(&tokens.token(name)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (401, "invalid_token"),
            "{name}"
        );
    }
    assert_eq!(
        bench.userinfo(&tokens.token("access_token")).await.status,
        200
    );
    let said = bench
        .introspect("web", &tokens.token("refresh_token"))
        .await
        .json;
    assert_eq!(
        (said["token_use"].as_str(), said.get("token_type")),
        (Some("refresh_token"), None)
    );
}

#[tokio::test]
async fn userinfo_takes_a_token_in_one_place_and_challenges_as_the_standard_says() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let access = bench
        .tokens(sid, "openid email")
        .await
        .token("access_token");
    let bearer = format!("Bearer {access}");
    let header = [("authorization", bearer.as_str())];
    let by_body = bench
        .post("userinfo", &[], &[("access_token", &access)])
        .await;
    assert_eq!(
        (by_body.status.as_u16(), &by_body.json["email"]),
        (200, &"alice@example.com".into())
    );
    assert!(
        by_body.json.get("name").is_none(),
        "profile was not granted"
    );
    assert_eq!(bench.post("userinfo", &header, &[]).await.status, 200);
    let both = bench
        .post("userinfo", &header, &[("access_token", &access)])
        .await;
    assert_eq!(
        (both.status.as_u16(), both.error()),
        (400, "invalid_request")
    );
    let path = "/realms/demo/protocol/openid-connect/userinfo";
    let in_url = bench
        .get(&format!("{path}?access_token={access}"), &[])
        .await;
    assert_eq!(
        (in_url.status.as_u16(), in_url.error()),
        (400, "invalid_request")
    );
    let none = bench.get(path, &[]).await;
    assert_eq!((none.status.as_u16(), none.text.as_str()), (401, ""));
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"demo\"");
    bench.invalidate(sid).await;
    let dead = bench.userinfo(&access).await;
    assert_eq!(dead.status, 401);
    assert!(
        dead.header("www-authenticate")
            .contains("error=\"invalid_token\"")
    );
    let plain = bench.sign_in().await;
    let narrow = bench.tokens(plain, "email").await;
    assert!(narrow.json.get("id_token").is_none());
    let refused = bench.userinfo(&narrow.token("access_token")).await;
    assert_eq!(
        (refused.status.as_u16(), refused.error()),
        (403, "insufficient_scope")
    );
    assert!(
        refused
            .header("www-authenticate")
            .contains("scope=\"openid\"")
    );
}

#[tokio::test]
async fn a_token_of_one_realm_is_nothing_in_another() {
    let bench = bench().await;
    let other = testing::realm(&bench.ctx, "other").await;
    for settings in clients() {
        add(&bench.ctx, &other, settings).await;
    }
    let sid = bench.sign_in().await;
    let tokens = bench.tokens(sid, "openid").await;
    let there = |endpoint: &str, pairs: &[(&str, &str)], authorization: &str| {
        let path = format!("/realms/other/protocol/openid-connect/{endpoint}");
        Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", authorization)
            .body(form(pairs).into())
            .unwrap()
    };
    let (access, refresh) = (tokens.token("access_token"), tokens.token("refresh_token"));
    let web = basic("web", SECRET);
    for token in [&access, &refresh] {
        let answer = bench
            .send(there("token/introspect", &[("token", token)], &web))
            .await;
        assert_eq!(answer.text, r#"{"active":false}"#);
        assert_eq!(
            bench
                .send(there("revoke", &[("token", token)], &web))
                .await
                .status,
            200
        );
    }
    let info = bench
        .send(there("userinfo", &[], &format!("Bearer {access}")))
        .await;
    assert_eq!((info.status.as_u16(), info.error()), (401, "invalid_token"));
    let pairs = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    assert_eq!(
        bench.send(there("token", &pairs, &web)).await.error(),
        "invalid_grant"
    );
    let code = bench.code(sid, "openid").await;
    assert_eq!(
        bench
            .send(there("token", &exchange(&code), &web))
            .await
            .error(),
        "invalid_grant"
    );
    assert!(bench.is_active("web", &access).await && bench.is_active("web", &refresh).await);
}
