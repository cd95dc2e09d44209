//! Notices to applications: the list, one of them decoded, and the event streams.

use askama::Template;

use super::atoms::{Choice, Link, Moment};
use super::form::{Line, TabLink};
use super::session::Fact;
use super::shell::Shell;

/// The list as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/deliveries.html")]
pub struct DeliveriesPage {
    /// The frame.
    pub shell: Shell,
    /// The parts.
    pub tabs: Vec<TabLink>,
    /// The `client_id` that is filtered for.
    pub client: String,
    /// How they stand, to choose from.
    pub statuses: Vec<Choice>,
    /// Their channels, to choose from.
    pub channels: Vec<Choice>,
    /// Whether anything is filtered for.
    pub filtered: bool,
    /// The list without a filter.
    pub list_url: String,
    /// The notices.
    pub rows: Vec<DeliveryRow>,
    /// What is wrong with the filter; may be empty.
    pub problem: String,
    /// Whether the page is short because enough was looked at.
    pub cut_short: bool,
    /// The first page, when this is another one.
    pub first_url: Option<String>,
    /// The page after this one.
    pub next_url: Option<String>,
}

/// One notice.
#[derive(Debug, Clone, Default)]
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// Its page.
    pub url: String,
    /// The app's public id.
    pub client_id: String,
    /// The app's name.
    pub app: String,
    /// "Back-channel sign-out".
    pub channel: String,
    /// The username of whose session ended; empty when nobody knows any more.
    pub person: String,
    /// How it stands, under its name in the API.
    pub status: String,
    /// The same in a word or two.
    pub words: String,
    /// The tone of that.
    pub tone: String,
    /// The last answer; may be empty.
    pub answer: String,
    /// How often it was tried.
    pub tries: String,
    /// When it was written.
    pub at: Moment,
    /// When it is tried next.
    pub next: Option<Moment>,
    /// Its receipt, for whoever may see it.
    pub receipt_url: Option<String>,
}

impl DeliveryRow {
    /// The icon of how it stands.
    pub fn icon(&self) -> &'static str {
        match self.tone.as_str() {
            "ok" => "circle-check",
            "info" => "circle-dashed",
            "warn" => "rotate-cw",
            _ => "triangle-alert",
        }
    }
}

/// One notice as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/delivery.html")]
pub struct DeliveryPage {
    /// The frame.
    pub shell: Shell,
    /// The notice.
    pub row: DeliveryRow,
    /// What is known of it.
    pub facts: Vec<Fact>,
    /// What just happened.
    pub notes: Vec<Line>,
    /// Where it is told again; `None` when there is nothing to, or for whoever may not.
    pub retry_url: Option<String>,
    /// What it says, as tables.
    pub tables: Vec<MessageTable>,
    /// The same as JSON; empty when it can no longer be made.
    pub json: String,
    /// When and how it is made.
    pub about: String,
    /// The attempts, newest first.
    pub attempts: Vec<AttemptRow>,
    /// That there were more; may be empty.
    pub more_attempts: String,
}

/// A part of a message: names and values.
#[derive(Debug, Clone, Default)]
pub struct MessageTable {
    /// "Claims".
    pub name: String,
    /// The members.
    pub rows: Vec<Link>,
}

/// One attempt.
#[derive(Debug, Clone, Default)]
pub struct AttemptRow {
    /// Which, from 1.
    pub number: String,
    /// When.
    pub at: Moment,
    /// "200 OK"; `None` when there was no answer.
    pub status: Option<String>,
    /// What the app said, or why there was no answer.
    pub text: String,
    /// How long it took.
    pub took: String,
}

/// The event streams as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/streams.html")]
pub struct StreamsPage {
    /// The frame.
    pub shell: Shell,
    /// The parts.
    pub tabs: Vec<TabLink>,
    /// What just happened.
    pub notes: Vec<Line>,
    /// The streams.
    pub rows: Vec<StreamRow>,
}

/// One event stream.
#[derive(Debug, Clone, Default)]
pub struct StreamRow {
    /// Its id.
    pub id: String,
    /// Its receiver.
    pub client_id: String,
    /// How it gets its events.
    pub channel: String,
    /// Where to; empty for what is fetched.
    pub uri: String,
    /// `enabled`, `paused` or `disabled`.
    pub status: String,
    /// Why; may be empty.
    pub reason: String,
    /// How many events wait.
    pub waiting: String,
    /// What became of the others; may be empty.
    pub fared: String,
    /// When one was last taken.
    pub last_good: Option<Moment>,
    /// What is wrong; may be empty.
    pub problem: String,
    /// Where its status is set; `None` for whoever may not.
    pub set_url: Option<String>,
    /// The status that the button sets.
    pub next: String,
    /// What the button says.
    pub next_words: String,
}

impl StreamRow {
    /// The tone of its status.
    pub fn tone(&self) -> &'static str {
        match self.status.as_str() {
            "enabled" if self.problem.is_empty() => "ok",
            "enabled" | "paused" => "warn",
            _ => "danger",
        }
    }

    /// The status in a word.
    pub fn words(&self) -> &'static str {
        match self.status.as_str() {
            "enabled" => "On",
            "paused" => "Paused",
            _ => "Disabled",
        }
    }
}
