//! The applications of a realm and one of them: what they are, and whether each would learn of a sign-out.

use askama::Template;

use super::atoms::{Link, Moment, Person};
use super::form::{Line, TabLink};
use super::session::Fact;
use super::shell::Shell;

/// The list as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/apps.html")]
pub struct AppsPage {
    /// The frame.
    pub shell: Shell,
    /// The applications, by `client_id`.
    pub rows: Vec<AppRow>,
    /// What is searched for.
    pub q: String,
    /// The list without a search.
    pub list_url: String,
    /// Where one is registered; `None` for whoever may not.
    pub new_url: Option<String>,
    /// The `client_id` of one that was just deleted; may be empty.
    pub gone: String,
    /// Why a test was not sent; may be empty.
    pub problem: String,
    /// The longest that an app may lag here: "1 min"; empty where nobody asks.
    pub limit: String,
    /// The page after this one.
    pub next_url: Option<String>,
}

/// One application.
#[derive(Debug, Clone, Default)]
pub struct AppRow {
    /// Its public id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// Whether it may do anything.
    pub enabled: bool,
    /// Where a test is posted to; `None` where there is none, or for whoever may not.
    pub test_url: Option<String>,
    /// The ways in which it is told.
    pub channels: Vec<AppChannel>,
    /// How long it may lag: "5 min"; empty when it cannot.
    pub bound: String,
    /// Why that long.
    pub why: String,
    /// Notices that wait: "3", "1,000+"; empty for none.
    pub queued: String,
    /// Its state, under its name in the API.
    pub state: String,
    /// The state in a word or two.
    pub words: String,
    /// What that means, or what is wrong.
    pub verdict: String,
    /// Whether it was tried just now: its answer is what the page was opened for.
    pub tried: bool,
}

impl AppWay {
    /// The icon of what the last answer means.
    pub fn icon(&self) -> &'static str {
        match self.tone.as_str() {
            "ok" => "circle-check",
            _ => "triangle-alert",
        }
    }
}

impl AppRow {
    /// Two letters for its tile.
    pub fn initials(&self) -> String {
        Person::new(&self.name, &self.client_id).initials()
    }

    /// The tint of its tile.
    pub fn tint(&self) -> &'static str {
        Person::new(&self.name, &self.client_id).tint()
    }

    /// The tone of its state.
    pub fn tone(&self) -> &'static str {
        match self.state.as_str() {
            "cannot_lag" | "ready" => "ok",
            "failing" | "too_slow" => "danger",
            "not_told" => "info",
            _ => "warn",
        }
    }
}

/// One way in which an app is told.
#[derive(Debug, Clone, Default)]
pub struct AppChannel {
    /// "Back-channel sign-out".
    pub name: String,
    /// Where to.
    pub uri: String,
    /// When it last confirmed something.
    pub last_good: Option<Moment>,
    /// What it last answered: "Test: 400, who is that?"; empty when it was never told anything.
    pub last: String,
    /// That nothing is sent for a while, since it does not answer; may be empty.
    pub rests: String,
}

/// One application as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/app.html")]
pub struct AppPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub crumbs: Vec<Link>,
    /// Its parts.
    pub tabs: Vec<TabLink>,
    /// What just happened, or why it did not.
    pub notes: Vec<Line>,
    /// How it stands; its channels too.
    pub row: AppRow,
    /// Each channel with what can be tried.
    pub ways: Vec<AppWay>,
    /// What an app has to be told, each to be copied: label and value.
    pub copies: Vec<Link>,
    /// What else is known of it.
    pub facts: Vec<Fact>,
    /// Whether this person may change it.
    pub may_change: bool,
    /// Whether this person may end sessions.
    pub may_end: bool,
}

/// One channel of an application, with its last answer.
#[derive(Debug, Clone, Default)]
pub struct AppWay {
    /// The channel.
    pub channel: AppChannel,
    /// Its name in the API.
    pub name: String,
    /// Whether a test can be sent through it.
    pub triable: bool,
    /// What the last answer means; may be empty.
    pub verdict: String,
    /// `ok`, `warn` or `danger`.
    pub tone: String,
    /// What it answered, decoded: label and value.
    pub answer: Vec<Fact>,
}

/// The credentials of an application.
#[derive(Debug, Template)]
#[template(path = "console/templates/credentials.html")]
pub struct CredentialsPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub crumbs: Vec<Link>,
    /// Its parts.
    pub tabs: Vec<TabLink>,
    /// Its name.
    pub name: String,
    /// How it proves who it is.
    pub facts: Vec<Fact>,
    /// Where a new secret is asked for; `None` when it has none.
    pub new_url: Option<String>,
    /// Why there is no secret; may be empty.
    pub why: String,
}

/// The choice of what kind of application is registered.
#[derive(Debug, Template)]
#[template(path = "console/templates/app_kinds.html")]
pub struct AppKindsPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub crumbs: Vec<Link>,
    /// The kinds.
    pub kinds: Vec<AppKind>,
}

/// One kind of application.
#[derive(Debug, Clone, Default)]
pub struct AppKind {
    /// Where its form is.
    pub url: String,
    /// Its icon.
    pub icon: String,
    /// What people call it.
    pub label: String,
    /// What it is.
    pub about: String,
}
