//! The login status page: who may put it into a frame, who may ask, and what a browser that comes back is told.

use super::*;
use crate::domain::realm::{self, RealmSettings};

const PAGE: &str = "/realms/demo/protocol/openid-connect/login-status-iframe.html";
const PROBE: &str = "/realms/demo/protocol/openid-connect/3p-cookies/step1.html";

fn policy(answer: &Answer) -> String {
    answer.header("content-security-policy").to_owned()
}

#[tokio::test]
async fn only_the_realms_own_apps_may_put_it_into_a_frame() {
    let bench = bench().await;
    for path in [PAGE, PROBE] {
        let page = bench.get(path, &[]).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.header("x-frame-options"), "");
        assert_eq!(
            policy(&page),
            "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
             frame-ancestors https://app.example https://spa.example"
        );
        assert!(
            page.text.contains("<script src=\"/assets/"),
            "{}",
            page.text
        );
        assert_eq!(page.text.matches("<script").count(), 1);
    }
    let other = testing::realm(&bench.ctx, "other").await;
    let answer = bench.get(&PAGE.replace("demo", &other.name), &[]).await;
    assert!(policy(&answer).ends_with("frame-ancestors 'none'"));
}

#[tokio::test]
async fn of_very_many_apps_the_one_that_asks_is_named() {
    let bench = bench().await;
    for n in 0..120 {
        let settings = ClientSettings {
            client_id: format!("app-{n}"),
            redirect_uris: vec![format!("https://an-app-with-a-long-name-{n}.example/cb")],
            ..clients().remove(0)
        };
        add(&bench.ctx, &bench.realm, settings).await;
    }
    for (referer, named) in [
        (None, "'none'"),
        (Some("https://app.example/"), "https://app.example"),
        (Some("https://evil.example/"), "'none'"),
        (Some("nonsense"), "'none'"),
    ] {
        let headers: Vec<_> = referer.map(|r| ("referer", r)).into_iter().collect();
        let page = bench.get(PAGE, &headers).await;
        assert!(
            policy(&page).ends_with(&format!("frame-ancestors {named}")),
            "{referer:?}: {}",
            policy(&page)
        );
    }
}

#[tokio::test]
async fn a_script_may_ask_about_its_own_client_at_its_own_origin() {
    let bench = bench().await;
    let ask = async |query: &str| bench.get(&format!("{PAGE}/init{query}"), &[]).await.status;
    for (query, status) in [
        ("?client_id=web&origin=https://app.example", 204),
        ("?client_id=spa&origin=https%3A%2F%2Fspa.example", 204),
        ("?client_id=web&origin=https://spa.example", 403),
        ("?client_id=web&origin=https://app.example:8443", 403),
        ("?client_id=web&origin=http://app.example", 403),
        ("?client_id=web&origin=null", 403),
        ("?client_id=nobody&origin=https://app.example", 403),
        ("?client_id=web", 403),
        ("?origin=https://app.example", 403),
        ("", 403),
    ] {
        assert_eq!(ask(query).await, status, "{query}");
    }
    let spa = bench.client("spa").await;
    testing::change_client(&bench.ctx, &bench.realm, &spa, |settings| {
        settings.enabled = false;
    })
    .await;
    assert_eq!(ask("?client_id=spa&origin=https://spa.example").await, 403);
}

#[tokio::test]
async fn where_it_is_switched_off_there_is_no_page_and_the_probe_says_no() {
    let bench = bench().await;
    let probe = bench.get(PROBE, &[]).await;
    assert!(probe.text.contains("data-on=\"true\""));
    let mut settings = RealmSettings::default();
    settings.logout.check_session = false;
    realm::verbs::update(&bench.ctx, &Actor::system("test"), "demo", settings)
        .await
        .unwrap();
    assert_eq!(bench.get(PAGE, &[]).await.status, 404);
    let query = "/init?client_id=web&origin=https://app.example";
    assert_eq!(bench.get(&format!("{PAGE}{query}"), &[]).await.status, 403);
    // keycloak-js waits for an answer of the probe and fails without one.
    let probe = bench.get(PROBE, &[]).await;
    assert_eq!(probe.status, 200);
    assert!(probe.text.contains("data-on=\"false\""));
}
