//! A person's life in the console, in two browsers: the administrator makes them, gives them a password, blocks them, lifts the
//! block and deletes them; they sign in, are out, are in again, and are gone. With scripts and without.

use super::*;
use crate::support::{Engine, TestServer};

const AUTH: &str = "/realms/demo/protocol/openid-connect/auth?response_type=code&client_id=asks&scope=openid%20profile\
    &redirect_uri=https%3A%2F%2Fasks.example%2Fcallback&code_challenge_method=S256\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

struct Life<'a> {
    url: &'a str,
    dana: Chromium,
    zoe: Chromium,
    scripts: bool,
}

impl Life<'_> {
    /// zoe goes to an app: she is asked for her password when she is signed in nowhere.
    async fn visits(&self, is_in: bool) {
        self.zoe.goto(&format!("{}{AUTH}", self.url)).await;
        let expected = if is_in {
            "#consent-form"
        } else {
            "#login-form"
        };
        self.zoe.find(expected).await;
    }

    async fn signs_in(&self, then: &str) {
        self.zoe.write("#username", "zoe").await;
        self.zoe.write("#password", "first and last").await;
        self.zoe.click("#login-submit").await;
        self.zoe.find(then).await;
    }

    /// dana finds zoe by a part of her name.
    async fn finds(&self) {
        self.dana
            .goto(&format!("{}/admin/demo/users", self.url))
            .await;
        self.dana.write("#people-search", "mul").await;
        if !self.scripts {
            let search = self.dana.find("#people-search").await;
            search.send_keys(Key::Enter + "").await.unwrap();
        }
        until(
            "the list follows the search",
            Duration::from_secs(15),
            async || {
                self.dana.has("tr[data-user=zoe]").await
                    && !self.dana.has("tr[data-user=bob]").await
            },
        )
        .await;
        self.dana.click("tr[data-user=zoe] .who a").await;
        self.dana.find("#standing").await;
    }

    async fn chooses(&self, reason: &str) {
        self.dana
            .find(&format!("#reason option[value={reason}]"))
            .await
            .click()
            .await
            .unwrap();
    }

    async fn receipt(&self) {
        self.dana.click("#confirm-yes").await;
        until("the receipt", Duration::from_secs(15), async || {
            self.dana.place().await.contains("/admin/demo/signouts/")
        })
        .await;
    }

    async fn lived(&self) {
        let dana = &self.dana;
        dana.goto(&format!("{}/admin/demo/users", self.url)).await;
        dana.log_in("dana").await;
        dana.click("#new-user").await;
        dana.write("#f-username", "zoe").await;
        dana.write("#f-name", "Zoé Müller").await;
        dana.click("#save").await;
        // Nobody signs in without a password: that is what comes next.
        dana.write("#new-password", "first and last").await;
        dana.click("#set-password").await;
        until("the receipt", Duration::from_secs(15), async || {
            dana.place().await.contains("/admin/demo/signouts/")
        })
        .await;

        self.visits(false).await;
        self.signs_in("#consent-form").await;
        self.visits(true).await;

        self.finds().await;
        dana.find("#sessions tr[data-session-id]").await;
        dana.click("#block").await;
        self.chooses("suspicious_activity").await;
        self.receipt().await;
        self.visits(false).await;
        self.signs_in("#login-error").await;
        let said = self.zoe.find("#login-error").await.text().await.unwrap();
        assert!(said.contains("blocked"), "{said}");

        self.finds().await;
        dana.click("#lift-block").await;
        dana.click("#confirm-yes").await;
        dana.find("#done").await;
        self.visits(false).await;
        self.signs_in("#consent-form").await;

        self.finds().await;
        dana.click(".menu summary").await;
        dana.click(".menu a[href$='/delete']").await;
        dana.write("#typed", "zoe").await;
        self.receipt().await;
        self.visits(false).await;
        self.signs_in("#login-error").await;
        let said = self.zoe.find("#login-error").await.text().await.unwrap();
        assert_eq!(said, "Invalid username or password.");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_life_in_two_browsers_with_scripts_and_without() {
    let driver = Driver::start().await;
    for (scripts, width, scheme) in [(true, 1440, "light"), (false, 390, "dark")] {
        let server = TestServer::start(Engine::Memory).await;
        let mut life = Life {
            url: &server.url,
            dana: Chromium::open(&driver, scripts).await,
            zoe: Chromium::open(&driver, scripts).await,
            scripts,
        };
        life.dana.look(width, scheme).await;
        life.lived().await;
        for person in [&mut life.dana, &mut life.zoe] {
            let violations = person.violations().await;
            assert!(violations.is_empty(), "{violations:#?}");
        }
        for person in [life.dana, life.zoe] {
            person.driver.quit().await.unwrap();
        }
    }
}
