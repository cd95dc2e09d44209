//! What is wrong with a request goes to a page, or to the app, and never to an address that nobody registered.

use super::*;
use crate::domain::client::verbs as clients;
use crate::domain::realm::verbs as realms;

fn with_redirect(uri: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
    auth("web", "").replace(
        &format!("redirect_uri={CALLBACK}"),
        &format!("redirect_uri={encoded}"),
    )
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_gets_a_page_and_no_redirect() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    for uri in [
        "http://127.0.0.1:9090/callback/",
        "http://127.0.0.1:9090/callback/extra",
        "http://127.0.0.1:9090/x/../callback",
        "http://127.0.0.1:9090/%2e/callback",
        "http://user@127.0.0.1:9090/callback",
        "http://127.0.0.1:9090@evil.example/callback",
        "http://127.0.0.1:9090/callback?x=1",
        "http://127.0.0.1:9090/callback#x",
        "HTTP://127.0.0.1:9090/callback",
        "https://127.0.0.1:9090/callback",
        "http://localhost:9090/callback",
        "http://127.0.0.1.evil.example/callback",
        "https://evil.example/callback",
        "javascript:alert(1)",
        "//evil.example",
    ] {
        let page = browser.get(&with_redirect(uri)).await;
        page.assert_error(StatusCode::BAD_REQUEST, "invalid_request");
        let none = browser
            .get(&format!("{}&prompt=none", with_redirect(uri)))
            .await;
        none.assert_error(StatusCode::BAD_REQUEST, "invalid_request");
    }
    // The port of a loopback literal is the app's own to choose.
    let page = browser
        .get(&with_redirect("http://127.0.0.1:49152/callback"))
        .await;
    assert!(
        page.location()
            .unwrap()
            .starts_with("http://127.0.0.1:49152/callback?code=")
    );
    // The only registered one need not be said.
    let page = browser
        .get(&auth("web", "").replace(&format!("&redirect_uri={CALLBACK}"), ""))
        .await;
    assert!(page.sent().contains_key("code"));
}

#[tokio::test]
async fn an_unknown_client_or_realm_gets_a_page() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser
        .get(&auth("nobody", ""))
        .await
        .assert_error(StatusCode::BAD_REQUEST, "invalid_client");
    let bare = "/realms/demo/protocol/openid-connect/auth";
    browser
        .get(bare)
        .await
        .assert_error(StatusCode::BAD_REQUEST, "invalid_request");
    browser
        .get(&format!("{bare}?client_id=%ff"))
        .await
        .assert_error(StatusCode::BAD_REQUEST, "invalid_request");
    let other = auth("web", "").replace("/demo/", "/other/");
    browser
        .get(&other)
        .await
        .assert_error(StatusCode::NOT_FOUND, "realm_not_found");
}

#[tokio::test]
async fn a_client_or_realm_that_was_switched_off_is_sent_nothing() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get(&auth("web", "")).await;
    let form = browser.follow(page).await;
    let web = world.client("web").await;
    let off = ClientSettings {
        enabled: false,
        ..web.settings.clone()
    };
    clients::update(
        &world.ctx,
        &world.realm,
        &Actor::system("test"),
        web.id,
        off,
    )
    .await
    .unwrap();
    browser
        .get(&auth("web", ""))
        .await
        .assert_error(StatusCode::FORBIDDEN, "unauthorized_client");
    // Neither does a form that was open already send anything.
    let answer = browser.fill(&form, "alice", "alice-password").await;
    answer.assert_error(StatusCode::FORBIDDEN, "unauthorized_client");
    let settings = RealmSettings {
        enabled: false,
        ..RealmSettings::default()
    };
    realms::update(&world.ctx, &Actor::system("test"), "demo", settings)
        .await
        .unwrap();
    browser
        .get(&auth("wiki", ""))
        .await
        .assert_error(StatusCode::FORBIDDEN, "unauthorized_client");
}

#[tokio::test]
async fn a_repeated_parameter_is_refused_where_it_may_be_told() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    let encoded: String = url::form_urlencoded::byte_serialize(CALLBACK.as_bytes()).collect();
    for more in [
        "&client_id=web",
        "&state=2",
        "&response_type=code",
        &format!("&redirect_uri={encoded}"),
        "&response_mode=query&response_mode=query",
    ] {
        browser
            .get(&auth("web", more))
            .await
            .assert_error(StatusCode::BAD_REQUEST, "invalid_request");
    }
    for more in [
        "&scope=email",
        "&nonce=2",
        "&prompt=none&prompt=none",
        "&foo=1&foo=1",
    ] {
        let sent = browser.get(&auth("web", more)).await.sent();
        assert_eq!(
            (sent["error"].as_str(), sent["iss"].as_str()),
            ("invalid_request", ISSUER),
            "{more}"
        );
    }
}

#[tokio::test]
async fn what_the_app_got_wrong_goes_to_the_app_with_state_and_issuer() {
    let world = World::new().await;
    let mut browser = world.browser();
    let without = |part: &str| auth("web", "").replace(part, "");
    let challenge = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
    for (address, error) in [
        (
            auth("web", "").replace("=code&", "=token&"),
            "unsupported_response_type",
        ),
        (without("&response_type=code"), "invalid_request"),
        (without(&challenge), "invalid_request"),
        (auth("web", "").replace("S256", "plain"), "invalid_request"),
        (auth("web", "&request=x"), "request_not_supported"),
        (auth("web", "&request_uri=x"), "request_uri_not_supported"),
        (
            auth("web", "&resource=https://other.example"),
            "invalid_target",
        ),
        (auth("web", "&resource=x"), "invalid_target"),
        (auth("web", "&response_mode=fax"), "invalid_request"),
        (
            auth("web", "").replace("openid+profile", "a%22b"),
            "invalid_scope",
        ),
    ] {
        let page = browser.get(&address).await;
        assert_eq!(page.status, StatusCode::FOUND, "{address}");
        let fragment = page.location().unwrap().replace('#', "?");
        let sent: BTreeMap<String, String> = Url::parse(&fragment)
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect();
        assert_eq!(sent["error"], error, "{address}");
        assert_eq!(
            (sent["iss"].as_str(), sent["state"].as_str()),
            (ISSUER, "s&t"),
            "{address}"
        );
    }
}

#[tokio::test]
async fn a_client_that_may_not_use_codes_is_told_so() {
    let world = World::new().await;
    let web = world.client("web").await;
    let machine = ClientSettings {
        grant_types: vec!["client_credentials".to_owned()],
        ..web.settings.clone()
    };
    clients::update(
        &world.ctx,
        &world.realm,
        &Actor::system("test"),
        web.id,
        machine,
    )
    .await
    .unwrap();
    assert_eq!(
        world.browser().get(&auth("web", "")).await.sent()["error"],
        "unauthorized_client"
    );
}

#[tokio::test]
async fn a_resource_and_a_scope_that_were_granted_are_in_the_grant() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    let more = "&resource=https://api.example";
    let sent = browser
        .get(&auth("web", more).replace("openid+profile", "openid+payroll"))
        .await
        .sent();
    let family = world.redeem("web", &sent["code"]).await.unwrap();
    assert_eq!(
        (family.grant.scope.as_str(), family.grant.resources.len()),
        ("openid", 1)
    );
}

#[tokio::test]
async fn the_request_id_of_an_error_page_is_the_one_in_the_log() {
    let world = World::new().await;
    let state = App {
        ctx: world.ctx.clone(),
        web: Arc::new(Web::default()),
    };
    let request =
        Request::get("/realms/demo/login?interaction=x").header("x-request-id", "forged-0123");
    let response = crate::http::router(state)
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let html = response.into_body().collect().await.unwrap().to_bytes();
    let html = String::from_utf8(html.to_vec()).unwrap();
    assert!(html.contains(&format!("id=\"error-id\">{id}<")), "{id}");
    assert!(!html.contains("forged-0123"));
}
