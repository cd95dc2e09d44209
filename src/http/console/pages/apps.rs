//! The applications of a realm: whether each would learn of a sign-out.

use askama::Template;

use super::atoms::Moment;
use super::shell::Shell;

/// The list as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/apps.html")]
pub struct AppsPage {
    /// The frame.
    pub shell: Shell,
    /// The applications, by `client_id`.
    pub rows: Vec<AppRow>,
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

impl AppRow {
    fn tone(&self) -> &'static str {
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
