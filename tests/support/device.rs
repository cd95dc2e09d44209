//! A device without a browser, and a person who allows it in theirs (RFC 8628).

use serde_json::Value;

use super::{Answer, App, Browser, Page};

/// `grant_type` of a device.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a device was told.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it asks with.
    pub device_code: String,
    /// What it shows.
    pub user_code: String,
    /// Where the person goes.
    pub uri: String,
    /// The same with the code filled in.
    pub complete: String,
    /// All of it.
    pub json: Value,
}

impl App {
    /// A raw request for codes.
    pub async fn try_device(&self, fields: &[(&str, &str)]) -> Answer {
        self.form("auth/device", fields).await
    }

    /// Codes for these scopes.
    pub async fn device(&self, scope: &str) -> Shown {
        let answer = self.try_device(&[("scope", scope)]).await.expect(200);
        let json = answer.json();
        let text = |name: &str| {
            let found = json[name].as_str();
            found
                .unwrap_or_else(|| panic!("no {name} in {json}"))
                .to_owned()
        };
        Shown {
            device_code: text("device_code"),
            user_code: text("user_code"),
            uri: text("verification_uri"),
            complete: text("verification_uri_complete"),
            json,
        }
    }

    /// Asks whether the person has answered.
    pub async fn poll(&self, device_code: &str) -> Answer {
        self.form(
            "token",
            &[("grant_type", GRANT), ("device_code", device_code)],
        )
        .await
    }
}

impl Shown {
    /// A person enters the code; the page that comes then.
    pub async fn enter(&self, browser: &Browser) -> Page {
        let page = browser.open(&self.uri).await;
        let form = page.form("device-form").fill("user_code", &self.user_code);
        browser.submit(&page, form).await
    }

    /// Somebody who is signed in allows it.
    pub async fn allow(&self, browser: &Browser) {
        let page = self.enter(browser).await;
        let done = answer(browser, &page, "device-allow").await;
        assert!(done.html().has("device-allowed"), "{done}");
    }
}

/// Answers the question.
pub async fn answer(browser: &Browser, page: &Page, button: &str) -> Page {
    browser
        .submit(page, page.form("device-confirm").press(button))
        .await
}
