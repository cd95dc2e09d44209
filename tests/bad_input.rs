//! Whatever is sent, the answer is the standard's own error, never a fault, and nothing secret is in the log.

mod authorize;
mod log;
mod token;

use reqwest::Method;

use crate::support::app::basic;
use crate::support::browser::client;
use crate::support::process::Home;
use crate::support::{Answer, App, Browser, Engine, Page, TestServer, claims};

<<<<<<< HEAD
=======
/// An authorization request as a list, to be bent.
fn good() -> Vec<(&'static str, &'static str)> {
    vec![
        ("client_id", "web"),
        ("redirect_uri", "https://web.example/callback"),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s t&a=te"),
        ("nonce", "n"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
    ]
}

fn set(
    mut params: Vec<(&'static str, &'static str)>,
    name: &'static str,
    value: &'static str,
) -> Vec<(&'static str, &'static str)> {
    params.retain(|(n, _)| *n != name);
    if !value.is_empty() {
        params.push((name, value));
    }
    params
}

async fn authorize(server: &TestServer, params: &[(&str, &str)]) -> Page {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params)
        .finish();
    Browser::default()
        .get(&format!("{}?{query}", server.endpoint("demo", "auth")))
        .await
}

#[tokio::test]
async fn an_unknown_client_or_redirect_gets_a_page_and_never_a_redirect() {
    let server = TestServer::start(Engine::Memory).await;
    let redirects = [
        "https://web.example/callback/",
        "https://web.example/callback/x",
        "https://web.example/../callback",
        "https://web.example/callback?x=1",
        "https://web.example/callback#x",
        "https://web.example/%63allback",
        "https://u@web.example/callback",
        "https://web.example.evil.example/callback",
        "https://web.example./callback",
        "HTTPS://web.example/callback",
        "https://WEB.example/callback",
        "http://web.example/callback",
        "https://web.example:443/callback",
        "https://web.example",
        "javascript:alert(1)",
        "//web.example/callback",
    ];
    for redirect in redirects {
        let page = authorize(&server, &set(good(), "redirect_uri", redirect)).await;
        assert_eq!(
            (page.status, page.location()),
            (400, None),
            "{redirect}: {page}"
        );
        assert_eq!(page.text("error-code"), "invalid_request", "{redirect}");
        assert!(
            !page.text("error-id").is_empty() && !page.text("error-description").is_empty(),
            "{page}"
        );
    }
    for client in ["nobody", "WEB", "web ", "<script>"] {
        let page = authorize(&server, &set(good(), "client_id", client)).await;
        assert!(
            (400..500).contains(&page.status) && page.location().is_none(),
            "{client}: {page}"
        );
        assert!(
            page.html().has("error-code") && !page.body.contains("<script>"),
            "{client}: {page}"
        );
    }
    let mut twice = good();
    twice.push(("redirect_uri", "https://evil.example/"));
    assert_eq!(authorize(&server, &twice).await.location(), None);
    let nowhere = Browser::default()
        .get(&server.endpoint("nowhere", "auth?client_id=web"))
        .await;
    assert_eq!(nowhere.status, 404, "{nowhere}");
}

#[tokio::test]
async fn a_bad_request_of_a_known_client_goes_back_to_it() {
    let server = TestServer::start(Engine::Memory).await;
    let twice = |name: &'static str, value: &'static str| {
        let mut params = good();
        params.push((name, value));
        params
    };
    for (what, params, error) in [
        (
            "token",
            set(good(), "response_type", "token"),
            "unsupported_response_type",
        ),
        (
            "hybrid",
            set(good(), "response_type", "code id_token"),
            "unsupported_response_type",
        ),
        (
            "no type",
            set(good(), "response_type", ""),
            "invalid_request",
        ),
        (
            "no pkce",
            set(
                set(good(), "code_challenge", ""),
                "code_challenge_method",
                "",
            ),
            "invalid_request",
        ),
        (
            "plain",
            set(good(), "code_challenge_method", "plain"),
            "invalid_request",
        ),
        (
            "short challenge",
            set(good(), "code_challenge", "short"),
            "invalid_request",
        ),
        ("two scopes", twice("scope", "profile"), "invalid_request"),
        (
            "bad scope",
            set(good(), "scope", "openid \"x\""),
            "invalid_scope",
        ),
        (
            "bad prompt",
            set(good(), "prompt", "whatever"),
            "invalid_request",
        ),
        (
            "bad max_age",
            set(good(), "max_age", "-1"),
            "invalid_request",
        ),
        ("bad claims", set(good(), "claims", "{"), "invalid_request"),
        (
            "request object",
            set(good(), "request", "ey.."),
            "request_not_supported",
        ),
        (
            "request_uri",
            set(good(), "request_uri", "https://web.example/r"),
            "request_uri_not_supported",
        ),
        (
            "bad hint",
            set(good(), "id_token_hint", "ey.."),
            "invalid_request",
        ),
        (
            "bad resource",
            set(good(), "resource", "not a uri"),
            "invalid_target",
        ),
        (
            "foreign resource",
            set(good(), "resource", "https://api.example/"),
            "invalid_target",
        ),
    ] {
        let page = authorize(&server, &params).await;
        let back = page.location().unwrap_or_else(|| panic!("{what}: {page}"));
        assert!(
            back.as_str().starts_with("https://web.example/callback"),
            "{what}: {back}"
        );
        assert_eq!(
            page.answered("error").as_deref(),
            Some(error),
            "{what}: {back}"
        );
        assert_eq!(page.answered("iss"), Some(server.issuer("demo")), "{what}");
        assert!(page.answered("code").is_none(), "{what}");
        assert_eq!(
            page.answered("state").as_deref(),
            Some("s t&a=te"),
            "{what}"
        );
    }
    // Which state would be the app's?
    let page = authorize(&server, &twice("state", "other")).await;
    assert_eq!(
        (page.text("error-code").as_str(), page.location()),
        ("invalid_request", None)
    );
    assert_eq!(
        page.headers["x-request-id"].to_str().unwrap(),
        page.text("error-id")
    );
    // A scope that is not known is left out (RFC 6749 section 3.3), and the app is told what it got.
    let page = authorize(&server, &set(good(), "scope", "openid unheard-of")).await;
    assert!(
        (300..400).contains(&page.status) && page.answered("error").is_none(),
        "{page}"
    );
}

#[tokio::test]
async fn the_token_endpoint_answers_in_the_words_of_rfc_6749() {
    let server = TestServer::start(Engine::Memory).await;
    let http = client();
    let url = server.endpoint("demo", "token");
    let form = "application/x-www-form-urlencoded";
    let right = basic("web", "web-secret-with-:%+ &=");
    let post = async |body: &str, kind: &str, auth: &str| {
        let mut request = http
            .post(&url)
            .header("content-type", kind)
            .body(body.to_owned());
        if !auth.is_empty() {
            request = request.header("authorization", auth);
        }
        Answer::of(request).await
    };
    let huge = format!(
        "grant_type=refresh_token&refresh_token={}",
        "x".repeat(3 << 20)
    );
    for (what, body, kind, auth, status, error) in [
        (
            "no grant type",
            "code=x",
            form,
            &right,
            400,
            "invalid_request",
        ),
        (
            "unknown grant",
            "grant_type=magic",
            form,
            &right,
            400,
            "unsupported_grant_type",
        ),
        (
            "password grant",
            "grant_type=password&username=alice&password=alice-password",
            form,
            &right,
            400,
            "unsupported_grant_type",
        ),
        (
            "no code",
            "grant_type=authorization_code",
            form,
            &right,
            400,
            "invalid_request",
        ),
        (
            "unknown code",
            "grant_type=authorization_code&code=x&code_verifier=y",
            form,
            &right,
            400,
            "invalid_grant",
        ),
        (
            "unknown refresh",
            "grant_type=refresh_token&refresh_token=x",
            form,
            &right,
            400,
            "invalid_grant",
        ),
        (
            "repeated",
            "grant_type=refresh_token&grant_type=refresh_token&refresh_token=x",
            form,
            &right,
            400,
            "invalid_request",
        ),
        (
            "not utf-8",
            "grant_type=refresh_token&refresh_token=%ff%fe",
            form,
            &right,
            400,
            "invalid_request",
        ),
        ("empty", "", form, &right, 400, "invalid_request"),
        (
            "json",
            "{\"grant_type\":\"refresh_token\"}",
            "application/json",
            &right,
            400,
            "invalid_request",
        ),
        (
            "no client",
            "grant_type=refresh_token&refresh_token=x",
            form,
            &String::new(),
            401,
            "invalid_client",
        ),
        (
            "unknown client",
            "grant_type=refresh_token&refresh_token=x",
            form,
            &basic("nobody", "x"),
            401,
            "invalid_client",
        ),
        (
            "wrong secret",
            "grant_type=refresh_token&refresh_token=x",
            form,
            &basic("web", "x"),
            401,
            "invalid_client",
        ),
        (
            "no secret",
            "grant_type=refresh_token&refresh_token=x&client_id=web",
            form,
            &String::new(),
            401,
            "invalid_client",
        ),
        (
            "not base64",
            "grant_type=refresh_token&refresh_token=x",
            form,
            &"Basic ~~~".to_owned(),
            401,
            "invalid_client",
        ),
    ] {
        let answer = post(body, kind, auth).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (status, error),
            "{what}: {}",
            answer.text
        );
        assert!(
            answer.header("cache-control").contains("no-store"),
            "{what}: {:?}",
            answer.headers
        );
        if status == 401 {
            assert!(
                answer.header("www-authenticate").starts_with("Basic"),
                "{what}: {:?}",
                answer.headers
            );
        }
    }
    let both = post(
        "grant_type=refresh_token&refresh_token=x&client_id=web&client_secret=y",
        form,
        &right,
    )
    .await;
    assert!(
        ["invalid_request", "invalid_client"].contains(&both.error().as_str()),
        "two methods: {}",
        both.text
    );
    let large = Answer::maybe(
        http.post(&url)
            .header("content-type", form)
            .header("authorization", &right)
            .body(huge),
    )
    .await;
    assert!(
        large.is_none_or(|a| [400, 413].contains(&a.status)),
        "an oversized body is taken"
    );
    let secret_in_url = Answer::of(
        http.post(format!("{url}?client_id=web&client_secret=x"))
            .header("content-type", form)
            .body("grant_type=client_credentials"),
    )
    .await;
    assert!(
        (400..402).contains(&secret_in_url.status),
        "{}",
        secret_in_url.text
    );
}

>>>>>>> main
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
<<<<<<< HEAD
        .extend_pairs(authorize::good())
=======
        .extend_pairs(good())
>>>>>>> main
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
<<<<<<< HEAD
=======

/// What the log may never hold, whoever sent it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_has_every_request_and_no_secret() {
    let home = Home::new();
    let mut process = home.start(&["--log", "realmkeep=trace,info"]).await;
    let app = App::discover(&home.url, "demo", "web").await;
    let browser = Browser::default();
    let pending = app.begin(&["offline_access"]);
    let page = browser.open(pending.url.as_str()).await;
    let page = browser
        .log_in(&page, "alice", "a-wrong-password-of-alice", false)
        .await;
    let page = browser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    let code = app.code(&pending, &page);
    let verifier = pending.verifier().to_owned();
    let tokens = app.exchange(pending, code.clone()).await;
    let renewed = app.refresh(&tokens).await;
    app.introspect(&renewed.access).await.expect(200);
    app.userinfo(&renewed.access).await.expect(200);
    app.try_exchange(&code, &verifier).await.expect(400);
    app.try_refresh("a-made-up-refresh-token").await.expect(400);
    let wrong = Answer::of(
        client()
            .post(format!("{}/protocol/openid-connect/token", app.issuer))
            .header("authorization", basic("web", "a-wrong-client-secret"))
            .form(&[("grant_type", "client_credentials")]),
    )
    .await;
    assert_eq!(wrong.status, 401);
    let logout = format!(
        "{}/protocol/openid-connect/logout?id_token_hint={}",
        app.issuer, tokens.id_token
    );
    browser.open(&logout).await;
    let ops = crate::support::Operator::service(&home.url, "demo", "ops", "ops-secret");
    let bearer = ops.token().await;
    let path = format!("/users/{}/reset-password", ops.user_id("bob").await);
    ops.put(&path, &serde_json::json!({ "type": "password", "value": "bobs-next-password", "temporary": false })).await;
    ops.get("/sessions?q=secret-search-term").await;
    let error = browser
        .open(&format!(
            "{}/protocol/openid-connect/auth?client_id=nobody&state=a-state-that-tells",
            app.issuer
        ))
        .await;
    let id = error.text("error-id");
    let request_id = wrong.header("x-request-id");
    process.terminate();
    let log = process.log();
    assert!(
        log.contains(&request_id) && !request_id.is_empty(),
        "no line has the id {request_id} of an answer:\n{log}"
    );
    assert!(
        log.contains(&id),
        "no line has the id {id} of an error page:\n{log}"
    );
    assert!(
        log.contains("/protocol/openid-connect/token"),
        "no line names the route:\n{log}"
    );
    let part = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let mut secrets = vec![
        "alice-password".to_owned(),
        "a-wrong-password-of-alice".to_owned(),
        "web-secret-with".to_owned(),
        "a-wrong-client-secret".to_owned(),
        "ops-secret".to_owned(),
        "bobs-next-password".to_owned(),
        "the-first-administrators-password".to_owned(),
        "a-made-up-refresh-token".to_owned(),
        "a-state-that-tells".to_owned(),
        basic("web", "web-secret-with-:%+ &="),
        code,
        verifier,
        tokens.refresh.clone(),
        renewed.refresh.clone(),
        part(&tokens.access),
        part(&renewed.access),
        part(&tokens.id_token),
        part(&bearer),
    ];
    secrets.extend(
        browser
            .cookies()
            .into_iter()
            .map(|(_, value)| value)
            .filter(|v| v.len() > 8),
    );
    for secret in secrets {
        let at = log.lines().find(|line| line.contains(&secret));
        assert_eq!(at, None, "a secret is in the log: {secret}");
    }
    assert_eq!(claims(&tokens.access)["iss"], app.issuer.as_str());
}
>>>>>>> main
