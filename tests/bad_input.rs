//! Whatever is sent, the answer is the standard's own error, never a fault, and nothing secret is in the log.

mod authorize;
mod log;
mod token;

use reqwest::Method;

use crate::support::app::basic;
use crate::support::browser::client;
use crate::support::process::Home;
use crate::support::{Answer, App, Browser, Engine, Page, TestServer, claims};

#[tokio::test]
async fn a_method_that_an_address_does_not_take_is_405_and_a_missing_one_404() {
    let server = TestServer::start(Engine::Memory).await;
    let http = client();
    let token = server.ops().token().await;
    for (method, path, status) in [
        (
            Method::GET,
            "/realms/demo/protocol/openid-connect/token",
            405,
        ),
        (
            Method::GET,
            "/realms/demo/protocol/openid-connect/token/introspect",
            405,
        ),
        (
            Method::GET,
            "/realms/demo/protocol/openid-connect/revoke",
            405,
        ),
        (
            Method::PUT,
            "/realms/demo/protocol/openid-connect/auth",
            405,
        ),
        (
            Method::DELETE,
            "/realms/demo/protocol/openid-connect/certs",
            405,
        ),
        (
            Method::POST,
            "/realms/demo/.well-known/openid-configuration",
            405,
        ),
        (Method::PATCH, "/admin/realms/demo/sessions", 405),
        (Method::GET, "/realms/demo/nothing/here", 404),
        (
            Method::GET,
            "/realms/nowhere/.well-known/openid-configuration",
            404,
        ),
        (
            Method::POST,
            "/realms/nowhere/protocol/openid-connect/token",
            404,
        ),
        (Method::GET, "/admin/realms/nowhere/sessions", 404),
        (Method::GET, "/admin/realms/demo/nothing", 404),
        (Method::GET, "/admin/nowhere/sessions", 404),
        (Method::GET, "/realms/%ff/protocol/openid-connect/auth", 400),
    ] {
        let answer = Answer::of(
            http.request(method.clone(), format!("{}{path}", server.url))
                .bearer_auth(&token),
        )
        .await;
        let fits = answer.status == status || (status == 400 && answer.status == 404);
        assert!(fits, "{method} {path}: {} {}", answer.status, answer.text);
        if status == 405 {
            assert!(
                !answer.header("allow").is_empty(),
                "{method} {path}: {:?}",
                answer.headers
            );
        }
    }
}

#[tokio::test]
async fn userinfo_challenges_as_rfc_6750_says() {
    let server = TestServer::start(Engine::Memory).await;
    let http = client();
    let url = server.endpoint("demo", "userinfo");
    let bare = Answer::of(http.get(&url)).await.expect(401);
    let challenge = bare.header("www-authenticate");
    assert!(
        challenge.starts_with("Bearer") && !challenge.contains("error="),
        "{challenge}"
    );
    for token in [
        "",
        "nonsense",
        "a.b.c",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
    ] {
        let answer = Answer::of(
            http.get(&url)
                .header("authorization", format!("Bearer {token}")),
        )
        .await;
        assert!(
            [400, 401].contains(&answer.status),
            "{token:?}: {}",
            answer.status
        );
    }
    let browser = Browser::default();
    let tokens = server
        .app("web")
        .await
        .sign_in(&browser, "alice", "alice-password", &[], false)
        .await;
    let in_url = Answer::of(http.get(format!("{url}?access_token={}", tokens.access))).await;
    assert!(
        [400, 401].contains(&in_url.status),
        "a token in the address: {}",
        in_url.status
    );
    let posted = Answer::of(
        http.post(&url)
            .form(&[("access_token", tokens.access.as_str())]),
    )
    .await;
    assert_eq!(posted.status, 200, "{}", posted.text);
    let mut forged: Vec<String> = tokens.access.split('.').map(str::to_owned).collect();
    forged[2] = forged[2].chars().rev().collect();
    assert_eq!(
        Answer::of(http.get(&url).bearer_auth(forged.join(".")))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_forged_host_changes_nothing_that_is_said_or_sent() {
    let server = TestServer::start(Engine::Memory).await;
    let http = client();
    let forged = |path: String| {
        http.get(path)
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "https")
            .header("forwarded", "host=evil.example;proto=https")
    };
    let discovery = Answer::of(forged(format!(
        "{}/.well-known/openid-configuration",
        server.issuer("demo")
    )))
    .await;
    assert_eq!(discovery.json()["issuer"], server.issuer("demo").as_str());
    assert!(!discovery.text.contains("evil"), "{}", discovery.text);
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(authorize::good())
        .finish();
    let answer = Answer::of(forged(format!(
        "{}?{query}",
        server.endpoint("demo", "auth")
    )))
    .await;
    assert!(
        !answer.header("location").contains("evil")
            && !answer.header("set-cookie").contains("evil"),
        "{:?}",
        answer.headers
    );
    let login = Answer::of(forged(format!("{}/login", server.issuer("demo")))).await;
    assert!(!login.text.contains("evil"), "{}", login.text);
    let console = Answer::of(forged(format!("{}/admin/demo/sessions", server.url))).await;
    assert!(
        !console.header("location").contains("evil"),
        "{:?}",
        console.headers
    );
}

#[tokio::test]
async fn garbage_in_cookies_is_a_stranger_and_not_a_fault() {
    let server = TestServer::start(Engine::Memory).await;
    let web = server.app("web").await;
    let known = Browser::default();
    web.sign_in(&known, "dana", "dana-password", &[], true)
        .await;
    known
        .open(&format!("{}/admin/demo/sessions", server.url))
        .await;
    let names: Vec<String> = known.cookies().into_iter().map(|(name, _)| name).collect();
    assert!(!names.is_empty());
    let long = "x".repeat(3000);
    for garbage in [
        "",
        "x",
        "%00%ff",
        "AAAA",
        "a;b",
        "\"quoted\"",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        &long,
    ] {
        let browser = Browser::default();
        for name in &names {
            browser.plant(&server.url, name, garbage);
        }
        assert_eq!(
            web.silent_error(&browser).await.as_deref(),
            Some("login_required"),
            "{garbage:.20}"
        );
        let page = browser.open(web.begin(&[]).url.as_str()).await;
        assert!(page.is_login(), "{garbage:.20}: {page}");
        let page = browser
            .open(&format!("{}/admin/demo/sessions", server.url))
            .await;
        assert!(page.is_login(), "{garbage:.20}: {page}");
    }
}

#[tokio::test]
async fn an_interaction_of_another_browser_or_none_goes_nowhere() {
    let server = TestServer::start(Engine::Memory).await;
    let web = server.app("web").await;
    let mine = Browser::default();
    let page = mine.open(web.begin(&[]).url.as_str()).await;
    let theirs = Browser::default();
    let stolen = theirs.open(page.url.as_str()).await;
    if let Some(form) = stolen.html().form("login-form") {
        let answer = theirs
            .submit(
                &stolen,
                form.fill("username", "alice")
                    .fill("password", "alice-password"),
            )
            .await;
        assert_eq!(answer.answered("code"), None, "{answer}");
    }
    for path in [
        "/login?interaction=nonsense",
        "/consent?interaction=nonsense",
        "/consent",
        "/login?next=https://evil.example/",
        "/login?next=//evil.example",
    ] {
        let page = mine.open(&format!("{}{path}", server.issuer("demo"))).await;
        assert!(
            page.status < 500 && page.location().is_none(),
            "{path}: {page}"
        );
    }
}
