//! One session: what it is, the apps in it, and the button that ends it.

use askama::Template;

use super::atoms::{Device, Moment, Person};
use super::sessions::Ended;
use super::shell::Shell;

/// The page of one session.
#[derive(Debug, Template)]
#[template(path = "console/templates/session.html")]
pub struct SessionPage {
    /// The frame.
    pub shell: Shell,
    /// The session's public id (`sid`).
    pub id: String,
    /// Whose it is.
    pub person: Person,
    /// Their page, for who may see it.
    pub user_url: Option<String>,
    /// What it runs on.
    pub device: Device,
    /// Whether it is the very session that looks at this page.
    pub current: bool,
    /// Whether the administrator may end it.
    pub may_end: bool,
    /// How it ended, once it has.
    pub ended: Option<Ended>,
    /// What is known of it, in order.
    pub facts: Vec<Fact>,
    /// The apps in it.
    pub apps: Vec<SessionApp>,
    /// What the browser calls itself; whatever it likes, so it is escaped and cut.
    pub user_agent: String,
}

/// One line of facts.
#[derive(Debug, Clone, Default)]
pub struct Fact {
    /// What: "IP address".
    pub label: String,
    /// The value.
    pub value: String,
    /// Whether it is an id or a code.
    pub code: bool,
    /// RFC 3339, if the value is a moment; else empty.
    pub datetime: String,
}

/// One app in a session.
#[derive(Debug, Clone, Default)]
pub struct SessionApp {
    /// Its client id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// When it joined.
    pub started: Moment,
    /// When it was last used.
    pub last_active: Moment,
    /// How it would be told of an end: "Back-channel sign-out", "Cannot be told".
    pub channel: String,
    /// Whether it can be told at all.
    pub told: bool,
}
