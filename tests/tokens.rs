//! What apps get and do with it: codes, refresh, introspection, userinfo, revocation, keys. With a standard client where it
//! lets us, raw where an answer must be seen as it is.

mod device;
mod opaque;
mod published;
mod refresh;
mod status;

use futures_util::future::join_all;
use openidconnect::core::{CoreTokenIntrospectionResponse, CoreUserInfoClaims};
use openidconnect::{AccessToken, TokenIntrospectionResponse as _};
use realmkeep::{Span, Timestamp};
use serde_json::Value;

use crate::support::{Answer, App, Browser, Engine, TestServer, Tokens, claims};

async fn start() -> (TestServer, App, Browser, Tokens) {
    let server = TestServer::start(Engine::Memory).await;
    let (web, browser) = (server.app("web").await, Browser::default());
    let tokens = web
        .sign_in(&browser, "alice", "alice-password", &["profile"], true)
        .await;
    (server, web, browser, tokens)
}

/// A fresh code and its verifier.
async fn code(app: &App, browser: &Browser) -> (String, String) {
    let pending = app.begin_with(&["profile"], &[("prompt", "none")]);
    let page = browser.open(pending.url.as_str()).await;
    (app.code(&pending, &page), pending.verifier().to_owned())
}

#[tokio::test]
async fn a_standard_client_refreshes_introspects_reads_and_revokes() {
    let (_server, web, _, tokens) = start().await;
    let renewed = web.refresh(&tokens).await;
    assert_ne!(renewed.refresh, tokens.refresh, "rotated");
    assert_eq!((&renewed.sid, &renewed.sub), (&tokens.sid, &tokens.sub));
    let access = AccessToken::new(renewed.access.clone());
    let seen: CoreTokenIntrospectionResponse = web
        .rp
        .introspect(&access)
        .request_async(&web.wire)
        .await
        .unwrap();
    assert!(seen.active());
    assert_eq!(seen.username(), Some("alice"));
    let about: CoreUserInfoClaims = web
        .rp
        .user_info(access, None)
        .request_async(&web.wire)
        .await
        .unwrap();
    assert_eq!(about.subject().as_str(), tokens.sub);
    // The crate revokes over https only.
    assert_eq!(web.revoke(&renewed.refresh).await.status, 200);
    assert_eq!(
        web.try_refresh(&renewed.refresh).await.error(),
        "invalid_grant"
    );
    assert_eq!(web.userinfo(&renewed.access).await.status, 401);
}

#[tokio::test]
async fn an_access_token_says_what_rfc_9068_asks() {
    let (server, web, _, tokens) = start().await;
    let header = tokens.access.split('.').next().unwrap();
    let header: Value = claims(&format!("x.{header}.x"));
    assert_eq!(
        (&header["typ"], &header["alg"]),
        (&"at+jwt".into(), &"ES256".into()),
        "{header}"
    );
    let said = claims(&tokens.access);
    assert_eq!(said["iss"], server.issuer("demo").as_str());
    assert_eq!(
        (&said["sub"], &said["sid"]),
        (&tokens.sub.as_str().into(), &tokens.sid.as_str().into())
    );
    assert_eq!(said["client_id"], "web");
    let (exp, iat) = (said["exp"].as_u64().unwrap(), said["iat"].as_u64().unwrap());
    assert_eq!(exp - iat, 300, "{said}");
    assert!(
        said["jti"].is_string() && said["aud"].is_string() | said["aud"].is_array(),
        "{said}"
    );
    server.clock.advance(Span::mins(6));
    assert_eq!(web.userinfo(&tokens.access).await.status, 401);
    assert_eq!(
        web.introspect(&tokens.access).await.text,
        r#"{"active":false}"#
    );
}

#[tokio::test]
async fn a_code_is_redeemed_once_however_many_try_at_once() {
    let (_server, web, browser, _) = start().await;
    let (code, verifier) = code(&web, &browser).await;
    let answers = join_all((0..16).map(|_| web.try_exchange(&code, &verifier))).await;
    let good: Vec<_> = answers.iter().filter(|a| a.status == 200).collect();
    assert_eq!(good.len(), 1);
    assert!(
        answers
            .iter()
            .filter(|a| a.status != 200)
            .all(|a| a.error() == "invalid_grant")
    );
    let access = good[0].json()["access_token"].as_str().unwrap().to_owned();
    // Fifteen replays: what the code became is revoked.
    assert_eq!(web.introspect(&access).await.text, r#"{"active":false}"#);
}

#[tokio::test]
async fn a_code_is_bound_to_everything_it_was_asked_with() {
    let (server, web, browser, _) = start().await;
    let (code, verifier) = code(&web, &browser).await;
    let fields = |code: &str, verifier: &str, redirect: &str| {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", redirect),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()))
        .to_vec()
    };
    let send = async |app: &App, fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        app.form("token", &fields).await
    };
    let notes = server.app("notes").await;
    let other = server.app_of("other", "web").await;
    let here = web.redirect.as_str();
    for (what, app, fields) in [
        ("another client", &notes, fields(&code, &verifier, here)),
        ("another realm", &other, fields(&code, &verifier, here)),
        (
            "another verifier",
            &web,
            fields(&code, &"y".repeat(43), here),
        ),
        (
            "another redirect_uri",
            &web,
            fields(&code, &verifier, "https://web.example/callback/x"),
        ),
        (
            "no verifier",
            &web,
            fields(&code, &verifier, here)
                .into_iter()
                .filter(|(n, _)| n != "code_verifier")
                .collect(),
        ),
    ] {
        let answer = send(app, fields).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (400, "invalid_grant"),
            "{what}: {}",
            answer.text
        );
    }
    // None of these spent it.
    let answer = web.try_exchange(&code, &verifier).await.expect(200);
    assert!(
        answer.header("cache-control").contains("no-store"),
        "{:?}",
        answer.headers
    );
    assert_eq!(answer.json()["token_type"], "Bearer");
}

#[tokio::test]
async fn an_old_code_is_over() {
    let (server, web, browser, _) = start().await;
    let (code, verifier) = code(&web, &browser).await;
    server.advance(Span::secs(61)).await;
    assert_eq!(
        web.try_exchange(&code, &verifier).await.error(),
        "invalid_grant"
    );
}

#[tokio::test]
async fn every_kind_of_token_is_refused_in_anothers_place() {
    let (server, web, browser, tokens) = start().await;
    let (code, _) = code(&web, &browser).await;
    let ops = server.ops().token().await;
    let kinds = [
        ("access", &tokens.access),
        ("refresh", &tokens.refresh),
        ("id", &tokens.id_token),
        ("code", &code),
        ("ops", &ops),
    ];
    for (kind, token) in kinds {
        let userinfo = web.userinfo(token).await.status;
        assert_eq!(
            userinfo == 200,
            kind == "access",
            "userinfo took a {kind} token"
        );
        let refresh = web.try_refresh(token).await;
        assert_eq!(
            refresh.status == 200,
            kind == "refresh",
            "refresh took a {kind} token: {}",
            refresh.text
        );
        let admin = crate::support::Operator::bearer(&server.url, "demo", token)
            .get("/sessions")
            .await
            .status;
        assert_eq!(
            admin == 200,
            kind == "ops",
            "the admin API took a {kind} token"
        );
        let active = web.introspect(token).await.json()["active"] == true;
        // The refresh token was rotated just now, and another client's token is nobody's business.
        assert_eq!(
            active,
            kind == "access",
            "introspection took a {kind} token"
        );
    }
}

#[tokio::test]
async fn introspection_is_for_those_entitled() {
    let (server, web, _, tokens) = start().await;
    let seen = web.introspect(&tokens.access).await.expect(200).json();
    assert_eq!(seen["active"], true);
    assert_eq!(
        (&seen["sub"], &seen["client_id"]),
        (&tokens.sub.as_str().into(), &"web".into()),
        "{seen}"
    );
    assert_eq!(seen["iss"], server.issuer("demo").as_str());
    for (realm, client) in [("demo", "notes"), ("other", "web")] {
        let answer = server
            .app_of(realm, client)
            .await
            .introspect(&tokens.access)
            .await
            .expect(200);
        assert_eq!(answer.text, r#"{"active":false}"#, "{client} of {realm}");
    }
    let url = server.endpoint("demo", "token/introspect");
    let bare = Answer::of(
        web.wire
            .0
            .post(&url)
            .form(&[("token", tokens.access.as_str())]),
    )
    .await;
    assert_eq!(
        (bare.status, bare.error().as_str()),
        (401, "invalid_client")
    );
}

#[tokio::test]
async fn revoking_an_access_token_leaves_its_family() {
    let (_server, web, _, tokens) = start().await;
    assert_eq!(web.revoke(&tokens.access).await.status, 200);
    assert_eq!(web.userinfo(&tokens.access).await.status, 401);
    let renewed = web.refresh(&tokens).await;
    web.userinfo(&renewed.access).await.expect(200);
    assert_eq!(web.revoke("nonsense").await.status, 200);
}

#[tokio::test]
async fn a_service_gets_a_token_of_its_own_and_nothing_more() {
    let (server, _, _, _) = start().await;
    let plain = server.app_of("demo", "plain").await;
    let answer = plain
        .form("token", &[("grant_type", "client_credentials")])
        .await
        .expect(200)
        .json();
    assert!(
        answer["refresh_token"].is_null() && answer["id_token"].is_null(),
        "{answer}"
    );
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(plain.introspect(token).await.json()["active"], true);
    let admin = crate::support::Operator::bearer(&server.url, "demo", token);
    assert_eq!(
        admin.get("/sessions").await.status,
        401,
        "a service without a role administers"
    );
    let web = server.app("web").await;
    assert_eq!(
        web.form("token", &[("grant_type", "client_credentials")])
            .await
            .error(),
        "unauthorized_client"
    );
}
