//! People in the console, as a browser without scripts sees them: what is done to them there really ends everything, and
//! nobody does more than they may.

mod acts;
mod import;
mod log;
mod rights;

use serde_json::Value;

use crate::support::browser::LAPTOP;
use crate::support::{App, Browser, Engine, Page, TestServer, Tokens};

/// The realm `demo` with administrators of one role each.
fn realm() -> String {
    let mut text = crate::support::realms::DEMO.to_owned();
    for (name, role) in [
        ("mia", "users-manager"),
        ("otto", "sessions-operator"),
        ("audra", "auditor"),
    ] {
        text.push_str(&format!(
            "\n[[users]]\nusername = \"{name}\"\npassword = \"{name}-password\"\nroles = [\"{role}\"]\n"
        ));
    }
    text
}

/// dana's desk, and the apps of the people.
struct Desk {
    server: TestServer,
    web: App,
    notes: App,
    dana: Browser,
}

/// Somebody signed in to two apps.
struct Somebody {
    browser: Browser,
    web: Tokens,
    notes: Tokens,
}

impl Desk {
    async fn open() -> Desk {
        let server = TestServer::with_realm(Engine::Memory, Some(("demo", &realm()))).await;
        let (web, notes) = (server.app("web").await, server.app("notes").await);
        let dana = Desk::seat(&server, "dana").await;
        Desk {
            server,
            web,
            notes,
            dana,
        }
    }

    /// An administrator at the console.
    async fn seat(server: &TestServer, who: &str) -> Browser {
        let browser = Browser::new(LAPTOP);
        let page = browser.open(&format!("{}/admin/demo", server.url)).await;
        assert!(page.is_login(), "{page}");
        browser
            .log_in(&page, who, &format!("{who}-password"), false)
            .await;
        browser
    }

    fn url(&self, path: &str) -> String {
        format!("{}/admin/demo{path}", self.server.url)
    }

    async fn get(&self, path: &str) -> Page {
        self.dana.open(&self.url(path)).await
    }

    /// The page of somebody; `rest` is empty or starts with a slash.
    async fn about(&self, who: &str, rest: &str) -> Page {
        let id = self.server.ops().user_id(who).await;
        self.get(&format!("/users/{id}{rest}")).await
    }

    /// Confirms what a page asks, with these answers.
    async fn confirm(&self, page: &Page, answers: &[(&str, &str)]) -> Page {
        let mut form = page.form("confirm-form");
        for (name, value) in answers {
            form = form.fill(name, value);
        }
        self.dana.submit(page, form.press("confirm-yes")).await
    }

    /// Signs somebody in to `web` and, with an offline grant, to `notes`.
    async fn somebody(&self, who: &str, password: &str) -> Somebody {
        let browser = Browser::default();
        let web = self
            .web
            .sign_in(&browser, who, password, &["profile"], false)
            .await;
        let notes = self
            .notes
            .sign_in_silently(&browser, &["offline_access"])
            .await;
        Somebody {
            browser,
            web,
            notes,
        }
    }

    /// Everything of somebody is over, offline grants too.
    async fn is_out(&self, somebody: &Somebody) {
        assert_eq!(
            self.web.silent_error(&somebody.browser).await.as_deref(),
            Some("login_required")
        );
        for (app, tokens) in [(&self.web, &somebody.web), (&self.notes, &somebody.notes)] {
            let refused = app.try_refresh(&tokens.refresh).await;
            assert_eq!(refused.error(), "invalid_grant", "{}", refused.text);
            let checked = app.introspect(&tokens.access).await.expect(200);
            assert_eq!(checked.text, r#"{"active":false}"#);
        }
    }

    /// Nothing of somebody is over.
    async fn is_in(&self, somebody: &Somebody) {
        assert_eq!(self.web.silent_error(&somebody.browser).await, None);
        for (app, tokens) in [(&self.web, &somebody.web), (&self.notes, &somebody.notes)] {
            let checked = app.introspect(&tokens.access).await.expect(200);
            assert_eq!(checked.json()["active"], true);
        }
    }

    /// How many sessions somebody has.
    async fn sessions_of(&self, who: &str) -> usize {
        let found = self.server.ops();
        found.sessions(&format!("user:{who}"), "active").await.len()
    }
}

/// The receipt that a page is.
fn receipt(page: &Page) -> String {
    let path = page.url.path();
    let id = path.strip_prefix("/admin/demo/signouts/");
    id.unwrap_or_else(|| panic!("no receipt: {page}"))
        .to_owned()
}

/// A receipt as the API shows it.
async fn told(desk: &Desk, page: &Page) -> Value {
    let path = format!("/signouts/{}", receipt(page));
    desk.server.ops().get(&path).await.expect(200).json()
}
