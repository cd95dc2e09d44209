//! The account pages as a browser meets them: whose is whose, what ends and what stays, in every language.

mod acts;
mod languages;
mod settings;

use axum::http::{HeaderValue, StatusCode, header};

use crate::domain::denial;
use crate::domain::grant::TokenFamily;
use crate::domain::realm::RealmSettings;
use crate::domain::time::Span;
use crate::domain::{audit, realm};
use crate::http::rendered::{attribute, tags};
use crate::http::signin::tests::{Browser, Page, World, auth};
use crate::http::state::Web;

const ROOT: &str = "/realms/demo/account";

/// Alice in two browsers, and bob in one.
async fn people(world: &World) -> (Browser<'_>, Browser<'_>, Browser<'_>) {
    let here = world.signed_in("alice").await;
    let there = world.signed_in("alice").await;
    let bob = world.signed_in("bob").await;
    (here, there, bob)
}

async fn open(browser: &mut Browser<'_>, page: &str) -> Page {
    let page = browser.get(&format!("{ROOT}{page}")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    page
}

/// Sends the form of a page with more fields.
async fn send(browser: &mut Browser<'_>, at: &str, page: &Page, more: &[(&str, &str)]) -> Page {
    let csrf = page.field("csrf");
    let mut fields = vec![("csrf", &*csrf)];
    fields.extend(more);
    browser.post(&format!("{ROOT}{at}"), &fields).await
}

/// Whether the grant is still good.
async fn lives(world: &World, client_id: &str, family: &TokenFamily) -> bool {
    let client = world.client(client_id).await;
    denial::family(&world.ctx, &world.realm, &client, family.id)
        .await
        .unwrap()
        .is_ok()
}

#[tokio::test]
async fn nobody_is_sent_to_sign_in_and_comes_back() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser.get(ROOT).await;
    assert_eq!(
        page.location().as_deref(),
        Some("/realms/demo/account/sessions")
    );
    let form = browser.follow(page).await;
    assert!(form.has("login-form"), "{}", form.html);
    let done = browser.fill(&form, "alice", "alice-password").await;
    assert_eq!(
        done.location().as_deref(),
        Some("/realms/demo/account/sessions")
    );
    let page = browser.follow(done).await;
    assert!(page.has("devices") && page.html.contains("data-current"));
    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(policy.contains("form-action 'self'"), "{policy}");
}

#[tokio::test]
async fn a_realm_may_have_no_account_pages() {
    let mut settings = RealmSettings::default();
    settings.account.enabled = false;
    let world = World::with(settings, Web::default()).await;
    let mut browser = world.signed_in("alice").await;
    for page in ["/sessions", "/apps", "/security", "/profile", "/activity"] {
        let page = browser.get(&format!("{ROOT}{page}")).await;
        page.assert_error(StatusCode::NOT_FOUND, "account_off");
    }
    let signed_in = browser.get("/realms/demo/login").await;
    assert!(signed_in.has("signed-in") && !signed_in.has("account-link"));
}

#[tokio::test]
async fn this_device_is_first_and_says_so() {
    let world = World::new().await;
    let (mut here, there, bob) = people(&world).await;
    let page = open(&mut here, "/sessions").await;
    let sids: Vec<_> = tags(&page.html)
        .filter_map(|tag| attribute(tag, "data-session-id"))
        .collect();
    assert_eq!(sids, [here.sid(), there.sid()]);
    assert_eq!(page.html.matches("This device").count(), 1);
    assert!(!page.html.contains(&bob.sid()));
    // What ends this device is the ordinary sign-out.
    assert!(!page.html.contains(&format!("{}/not-mine", here.sid())));
}

#[tokio::test]
async fn somebody_elses_session_is_not_there() {
    let world = World::new().await;
    let (mut here, _there, bob) = people(&world).await;
    let form = open(&mut here, "/security").await;
    for act in ["sign-out", "not-mine"] {
        for sid in [
            bob.sid(),
            here.sid(),
            "0195aaaa-0000-7000-8000-000000000000".to_owned(),
            "x".to_owned(),
        ] {
            let at = format!("/sessions/{sid}/{act}");
            let page = here.get(&format!("{ROOT}{at}")).await;
            page.assert_error(StatusCode::NOT_FOUND, "not_found");
            let page = send(&mut here, &at, &form, &[]).await;
            page.assert_error(StatusCode::NOT_FOUND, "not_found");
        }
    }
    assert!(world.is_good(&bob.sid()).await && world.is_good(&here.sid()).await);
}

#[tokio::test]
async fn a_form_that_is_not_this_browsers_does_nothing() {
    let world = World::new().await;
    let (mut here, there, _bob) = people(&world).await;
    open(&mut here, "/sessions").await;
    let one = format!("/sessions/{}/sign-out", there.sid());
    for at in [&*one, "/sign-out-others", "/security", "/profile"] {
        let page = here.post(&format!("{ROOT}{at}"), &[("csrf", "x")]).await;
        page.assert_error(StatusCode::FORBIDDEN, "invalid_form");
    }
    let form = open(&mut here, "/security").await;
    here.headers
        .insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
    let page = send(&mut here, &one, &form, &[]).await;
    page.assert_error(StatusCode::FORBIDDEN, "invalid_form");
    assert!(world.is_good(&there.sid()).await);
}
