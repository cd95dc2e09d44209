//! One person, two browsers: signed out of the one in the other, with scripts and without, at two widths, in both schemes, in
//! a language that is written from the right.

use super::*;
use crate::support::{Engine, TestServer};

struct Person<'a> {
    url: &'a str,
    browser: Chromium,
}

impl Person<'_> {
    async fn open(&self, page: &str) {
        let address = format!("{}/realms/demo/account{page}", self.url);
        self.browser.goto(&address).await;
    }

    async fn signs_in(&self) {
        self.open("").await;
        self.browser.log_in("alice").await;
        self.browser.find("#devices").await;
    }

    /// Nothing is wider than the window.
    async fn fits(&self) {
        let over = self
            .browser
            .value("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            .await;
        assert_eq!(over, 0, "{}", self.browser.place().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_their_other_browser_out() {
    let driver = Driver::start().await;
    for (scripts, width, scheme) in [(true, 1440, "light"), (false, 390, "dark")] {
        let server = TestServer::start(Engine::Memory).await;
        let here = Person {
            url: &server.url,
            browser: Chromium::open(&driver, scripts).await,
        };
        let there = Person {
            url: &server.url,
            browser: Chromium::open(&driver, scripts).await,
        };
        let mut here = here;
        for person in [&here, &there] {
            person.browser.look(width, scheme).await;
            person.signs_in().await;
        }
        here.open("/sessions").await;
        here.browser.find("[data-current]").await;
        here.fits().await;
        here.browser
            .click(".device:not([data-current]) [data-act=sign-out]")
            .await;
        here.browser.find("#effects").await;
        here.fits().await;
        here.browser.click("#act-confirm").await;
        here.browser.find("#done").await;
        here.fits().await;
        there.open("/sessions").await;
        there.browser.find("#login-form").await;
        here.open("/sessions").await;
        here.browser.find("#ended-list").await;
        assert!(
            !here.browser.has("#sign-out-others").await,
            "nobody else is left"
        );

        // From the right: chosen at the switch, without a script by its button. In a narrow window it is in the menu.
        if width < 600 {
            here.browser.click("[popovertarget=side]").await;
        }
        here.browser.click("#language option[value=ar]").await;
        if !scripts {
            here.browser.click(".languages button").await;
        }
        here.browser.find("html[dir=rtl] #devices").await;
        for page in [
            "/sessions",
            "/apps",
            "/security",
            "/profile",
            "/activity",
            "/sign-out-others",
        ] {
            here.open(page).await;
            here.browser.find("html[dir=rtl] h1").await;
            here.fits().await;
        }
        let violations = here.browser.violations().await;
        assert!(violations.is_empty(), "{violations:#?}");
        here.browser.driver.quit().await.unwrap();
        there.browser.driver.quit().await.unwrap();
    }
}
