//! A person allows a device in a real browser: with scripts and without, wide and narrow, also in a language that is written
//! from the right.

use super::*;
use crate::support::{Engine, TestServer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_allows_a_device_and_it_is_signed_out_with_them() {
    let driver = Driver::start().await;
    let server = TestServer::start(Engine::Memory).await;
    let tv = server.app("tv").await;
    for (scripts, width, scheme, language) in [
        (true, 1440, "light", "en"),
        (false, 390, "dark", "en"),
        (true, 390, "light", "ar"),
    ] {
        let shown = tv.device("openid profile").await;
        let mut alice = Chromium::open(&driver, scripts).await;
        alice.look(width, scheme).await;
        let here = format!("/realms/demo/device?user_code={}", shown.user_code);
        let next: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
        let at = format!(
            "{}/realms/demo/language?ui_locales={language}&next={next}",
            server.url
        );
        alice.goto(&at).await;
        alice.find(&format!("html[lang={language}]")).await;
        let typed = alice.value("document.querySelector('#user-code').value");
        assert_eq!(typed.await, shown.user_code.as_str());
        alice.click("#device-submit").await;
        alice.find("#login-form").await;
        alice.log_in("alice").await;
        alice.find("#device-confirm").await;
        let code = alice.find("#device-code").await.text().await.unwrap();
        assert_eq!(code, shown.user_code);
        let over = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(alice.value(over).await, 0);
        alice.click("#device-allow").await;
        alice.find("#device-allowed").await;
        let got = tv.poll(&shown.device_code).await.expect(200).json();

        // Signed out in the browser: the device is out too.
        alice.goto(&server.endpoint("demo", "logout")).await;
        alice.click("#logout-confirm").await;
        alice.find("#logged-out").await;
        let refresh = got["refresh_token"].as_str().unwrap();
        assert_eq!(tv.try_refresh(refresh).await.error(), "invalid_grant");
        let violations = alice.violations().await;
        assert!(violations.is_empty(), "{violations:#?}");
        alice.driver.quit().await.unwrap();
    }
}
