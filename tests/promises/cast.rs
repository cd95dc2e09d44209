//! Who and what there is before anything ends: alice on two devices, bob, a namesake in another realm; for each of them a
//! session, tokens of two apps, a code under way, a device that was allowed and has not come for its tokens, and an open
//! consent page.

use crate::support::browser::{LAPTOP, PHONE};
use crate::support::{App, Browser, Engine, Operator, Page, TestServer, Tokens};

/// A server full of people.
pub struct Cast {
    /// The server.
    pub server: TestServer,
    /// An app with session-bound refresh tokens.
    pub web: App,
    /// An app with `offline_access`.
    pub notes: App,
    /// The app of administrators.
    pub panel: App,
    /// An app on a device without a browser.
    pub tv: App,
    /// alice, remembered.
    pub laptop: Held,
    /// alice, on another device, not remembered.
    pub phone: Held,
    /// bob.
    pub bob: Held,
    /// alice of the realm `other`: nothing may ever happen to her.
    pub namesake: (App, Browser, Tokens),
    /// Whether the clock was moved: short-lived things are over then by themselves.
    pub moved: bool,
}

/// What hangs on one session.
pub struct Held {
    /// Whose.
    pub username: &'static str,
    /// The device.
    pub browser: Browser,
    /// A session-bound grant.
    pub web: Tokens,
    /// An offline grant.
    pub notes: Tokens,
    /// A token for the admin API.
    pub panel: Tokens,
    /// A code of `web` that was not exchanged yet, with its verifier.
    pub code: Option<(String, String)>,
    /// A device code of `tv` that was allowed and not fetched yet.
    pub device: Option<String>,
    /// An open consent page of `asks`.
    pub consent: Option<Page>,
}

impl Held {
    /// The session.
    pub fn sid(&self) -> &str {
        &self.web.sid
    }
}

impl Cast {
    /// Everybody signs in.
    pub async fn assemble(engine: Engine) -> Cast {
        Box::pin(Cast::at(TestServer::start(engine).await)).await
    }

    /// The same at a server whose restart is SIGKILL and a start.
    pub async fn killable(engine: Engine) -> Cast {
        Box::pin(Cast::at(TestServer::apart(engine, None).await)).await
    }

    /// The same at a server of one's own.
    pub async fn at(server: TestServer) -> Cast {
        let (web, notes) = (server.app("web").await, server.app("notes").await);
        let (asks, panel) = (server.app("asks").await, server.app("panel").await);
        let tv = server.app("tv").await;
        let admin = format!("{}/admin", server.url);
        let apps = (&web, &notes, &asks, &tv, (&panel, admin.as_str()));
        let laptop = sign_in(apps, "alice", Browser::new(LAPTOP), true).await;
        let phone = sign_in(apps, "alice", Browser::new(PHONE), false).await;
        let bob = sign_in(apps, "bob", Browser::new(LAPTOP), true).await;
        assert_ne!(laptop.sid(), phone.sid(), "two devices, two sessions");
        let namesake = server.app_of("other", "web").await;
        let browser = Browser::default();
        let tokens = namesake
            .sign_in(
                &browser,
                "alice",
                "other-alice-password",
                &["profile"],
                true,
            )
            .await;
        let namesake = (namesake, browser, tokens);
        Cast {
            server,
            web,
            notes,
            panel,
            tv,
            laptop,
            phone,
            bob,
            namesake,
            moved: false,
        }
    }

    /// The service account of the realm.
    pub fn ops(&self) -> Operator {
        self.server.ops()
    }

    /// One of the people's devices.
    pub fn held(&self, who: Who) -> &Held {
        match who {
            Who::Laptop => &self.laptop,
            Who::Phone => &self.phone,
            Who::Bob => &self.bob,
        }
    }

    /// The same, to change.
    pub fn held_mut(&mut self, who: Who) -> &mut Held {
        match who {
            Who::Laptop => &mut self.laptop,
            Who::Phone => &mut self.phone,
            Who::Bob => &mut self.bob,
        }
    }
}

/// A device of the realm `demo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// alice's, remembered.
    Laptop,
    /// alice's other one.
    Phone,
    /// bob's.
    Bob,
}

/// All of them.
pub const EVERYBODY: [Who; 3] = [Who::Laptop, Who::Phone, Who::Bob];

async fn sign_in(
    (web, notes, asks, tv, (panel, admin)): (&App, &App, &App, &App, (&App, &str)),
    username: &'static str,
    browser: Browser,
    remember: bool,
) -> Held {
    let password = format!("{username}-password");
    let of_web = web
        .sign_in(&browser, username, &password, &["profile"], remember)
        .await;
    let of_notes = notes.sign_in_silently(&browser, &["offline_access"]).await;
    let pending = panel.begin_with(&[], &[("resource", admin)]);
    let page = browser.open(pending.url.as_str()).await;
    let code = panel.code(&pending, &page);
    let of_panel = panel.exchange(pending, code).await;
    for tokens in [&of_notes, &of_panel] {
        assert_eq!(
            (&tokens.sid, &tokens.sub),
            (&of_web.sid, &of_web.sub),
            "one session, one person"
        );
    }
    let pending = web.begin(&["profile"]);
    let page = browser.open(pending.url.as_str()).await;
    let code = Some((web.code(&pending, &page), pending.verifier().to_owned()));
    let shown = tv.device("openid profile").await;
    shown.allow(&browser).await;
    let device = Some(shown.device_code);
    let consent = browser.open(asks.begin(&["profile"]).url.as_str()).await;
    assert!(
        consent.html().has("consent-form"),
        "no consent page: {consent}"
    );
    Held {
        username,
        browser,
        web: of_web,
        notes: of_notes,
        panel: of_panel,
        code,
        device,
        consent: Some(consent),
    }
}
