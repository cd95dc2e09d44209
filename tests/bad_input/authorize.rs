//! Bad authorization requests: a page when no app can be trusted with the answer, the app otherwise.

use super::*;

/// An authorization request as a list, to be bent.
pub(super) fn good() -> Vec<(&'static str, &'static str)> {
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
