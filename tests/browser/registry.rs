//! A new application in real Chromium: registered, its secret copied, its sign-out tried, and the notice of a real one read.
//! Once with scripts, once without.

use super::*;
use crate::support::{App, Browser, Engine, Receiver, Reply, TestServer};

const SOON: Duration = Duration::from_secs(20);

async fn a_new_application(driver: &Driver, scripts: bool) {
    let server = TestServer::start(Engine::Memory).await;
    let app = Receiver::start().await;
    app.answers("/out", Reply::Status(200));
    let redirect = app.at("/callback");
    let mut dana = Chromium::open(driver, scripts).await;
    dana.goto(&format!("{}/admin/demo/apps", server.url)).await;
    dana.log_in("dana").await;
    dana.click("#new-app").await;
    dana.click("#kinds a[href*='kind=web']").await;
    dana.write("#client-id", "shop").await;
    dana.write("#client-name", "The shop").await;
    // Refused first: what was typed stays.
    dana.write("#redirect-uris", "http://shop.example/cb").await;
    dana.write("#backchannel-logout-uri", &app.at("/out")).await;
    dana.click("#save").await;
    dana.find("#redirect-uris-problem").await;
    let name = dana.find("#client-name").await.value().await.unwrap();
    assert_eq!(name.as_deref(), Some("The shop"));
    dana.write("#redirect-uris", &redirect).await;
    dana.click("#save").await;
    let secret = dana.find("#client-secret").await.text().await.unwrap();
    assert!(secret.len() > 20, "{secret}");
    let copy = dana.find("#copy-secret").await;
    assert_eq!(copy.is_displayed().await.unwrap(), scripts);
    dana.click("#go-on").await;
    dana.click("#test-back-channel").await;
    until("the answer is shown", SOON, async || {
        let page = dana.find("main").await.text().await.unwrap_or_default();
        page.contains("200 OK") && page.contains("The app confirmed")
    })
    .await;
    assert_eq!(app.told("/out").len(), 1);

    let shop = App::with(&server.url, "demo", "shop", Some(secret), &redirect).await;
    let bob = Browser::default();
    let tokens = shop
        .sign_in(&bob, "bob", "bob-password", &["profile"], false)
        .await;
    dana.click("#sign-out-app").await;
    dana.click("#reason option[value=policy]").await;
    dana.click("#confirm-yes").await;
    dana.find("#receipts").await;
    app.wait("/out", 2, SOON).await;
    until("the notice is confirmed", SOON, async || {
        dana.goto(&format!("{}/admin/demo/deliveries?client=shop", server.url))
            .await;
        dana.has("tr[data-client-id=shop][data-status=done]").await
    })
    .await;
    dana.click("tr[data-client-id=shop] a.strong").await;
    let page = dana.find("#message-2").await.text().await.unwrap();
    assert!(
        page.contains(&tokens.sid) && page.contains("shop"),
        "{page}"
    );
    dana.find("#to-receipt").await;
    assert_eq!(dana.violations().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_application_in_chromium_with_scripts_and_without() {
    crate::support::install();
    let driver = Driver::start().await;
    for scripts in [true, false] {
        let done = tokio::time::timeout(
            Duration::from_secs(120),
            a_new_application(&driver, scripts),
        )
        .await;
        assert!(done.is_ok(), "too slow");
    }
}
