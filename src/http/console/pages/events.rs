//! The audit log: who did what to whom, with filters; and one record of it.

use askama::Template;

use super::atoms::{Choice, Link, Moment};
use super::people::Problem;
use super::session::Fact;
use super::shell::Shell;

/// The log as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/events/list.html")]
pub struct EventsPage {
    /// The frame.
    pub shell: Shell,
    /// What may be done, a kind or a single deed; the first entry means anything.
    pub actions: Vec<Choice>,
    /// By whom, as typed.
    pub actor: String,
    /// About whom or what, as typed.
    pub target: String,
    /// Not before this day.
    pub since: String,
    /// Not after this day.
    pub until: String,
    /// What of it does not read.
    pub problems: Vec<Problem>,
    /// The records, the newest first.
    pub rows: Vec<EventRow>,
    /// Whether nothing was found so far although there is more to look through.
    pub cut: bool,
    /// Whether anything is filtered.
    pub filtered: bool,
    /// The same as a table of comma-separated values.
    pub csv_url: String,
    /// The newest, from a later page.
    pub first_url: Option<String>,
    /// Older ones.
    pub next_url: Option<String>,
}

impl EventsPage {
    fn wrong(&self, field: &str) -> bool {
        self.problems.iter().any(|problem| problem.field == field)
    }
}

/// One record in the list.
#[derive(Debug, Clone, Default)]
pub struct EventRow {
    /// Its page.
    pub url: String,
    /// When.
    pub at: Moment,
    /// Its icon.
    pub icon: &'static str,
    /// The icon's class: `refused`, `again` or nothing.
    pub tone: &'static str,
    /// What was done: "Created a user".
    pub what: String,
    /// To whom or what; may be empty.
    pub about: Link,
    /// By whom, and their page.
    pub by: Link,
    /// The code of the deed, for whoever filters by it.
    pub action: String,
    /// More, in words; may be empty.
    pub detail: String,
}

/// One record as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/events/one.html")]
pub struct EventPage {
    /// The frame.
    pub shell: Shell,
    /// What was done.
    pub row: EventRow,
    /// Everything that was recorded.
    pub facts: Vec<Fact>,
}
