//! The tabs of one person.

use askama::Template;

use super::super::atoms::{Link, Moment};
use super::super::effects::Effect;
use super::super::session::Fact;
use super::super::sessions::SessionRow;
use super::super::shell::Shell;
use super::form::Problem;
use super::head::Head;

/// Where they are signed in, and where they were.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/sessions.html")]
pub struct SessionsTab {
    /// The frame.
    pub shell: Shell,
    /// Who.
    pub head: Head,
    /// The active sessions; your own current one first.
    pub active: Vec<SessionRow>,
    /// The next page of them.
    pub next_url: Option<String>,
    /// The newest ended ones.
    pub ended: Vec<SessionRow>,
    /// All of them, on the page of sessions.
    pub all_ended_url: String,
    /// Whether sessions can be ended here.
    pub may_end: bool,
    /// Whether each row shows its details.
    pub details: bool,
    /// What was recorded lately, for whoever may read it.
    pub lately: Option<Lately>,
}

impl SessionsTab {
    fn selectable(&self) -> bool {
        self.may_end && self.active.iter().any(|row| !row.current)
    }
}

/// The newest of the activity.
#[derive(Debug, Clone)]
pub struct Lately {
    /// The newest.
    pub rows: Vec<ActivityRow>,
    /// All of it.
    pub all_url: String,
}

/// What apps hold of them.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/apps.html")]
pub struct AppsTab {
    /// The frame.
    pub shell: Shell,
    /// Who.
    pub head: Head,
    /// The apps, by name.
    pub rows: Vec<AccessRow>,
    /// Whether these are all.
    pub complete: bool,
}

/// One app.
#[derive(Debug, Clone, Default)]
pub struct AccessRow {
    /// Its public id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// What it may, a scope each.
    pub scopes: Vec<String>,
    /// The same in words, as far as there are some: "their name and profile, their email address".
    pub means: String,
    /// Whether the user was asked and allowed it.
    pub allowed: Option<Moment>,
    /// Since when.
    pub since: Option<Moment>,
    /// When it last asked for a token.
    pub last_used: Option<Moment>,
    /// How many grants it holds.
    pub grants: u64,
    /// How many of them outlive the browser session.
    pub offline: u64,
    /// The page that asks before it is taken back, for whoever may.
    pub remove_url: Option<String>,
}

/// How they sign in.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/credentials.html")]
pub struct CredentialsTab {
    /// The frame.
    pub shell: Shell,
    /// Who.
    pub head: Head,
    /// When the password was set; `None` when there is none.
    pub set_at: Option<Moment>,
    /// Whether a new one may be set.
    pub may_set: bool,
    /// What a new one ends.
    pub effects: Vec<Effect>,
    /// What the button says.
    pub button: String,
    /// What is wrong with the one that was typed.
    pub problem: Option<String>,
}

/// One role to tick.
#[derive(Debug, Clone)]
pub struct RoleBox {
    /// Its name.
    pub name: &'static str,
    /// What is read.
    pub label: &'static str,
    /// What whoever has it may do.
    pub may: &'static str,
    /// Whether they have it.
    pub ticked: bool,
}

/// What they may.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/roles.html")]
pub struct RolesTab {
    /// The frame.
    pub shell: Shell,
    /// Who.
    pub head: Head,
    /// The administrators' roles.
    pub roles: Vec<RoleBox>,
    /// The roles of apps, a line each.
    pub others: String,
    /// Whether administrators' roles can be changed by who looks.
    pub may_admin: bool,
    /// Whether anything can be.
    pub may_change: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// One thing that was recorded.
#[derive(Debug, Clone, Default)]
pub struct ActivityRow {
    /// When.
    pub at: Moment,
    /// Its icon.
    pub icon: &'static str,
    /// The line's class: `refused`, `again` or nothing.
    pub tone: &'static str,
    /// What: "Sign-in was blocked".
    pub what: String,
    /// More, in words; may be empty.
    pub more: String,
    /// Where it is told in full.
    pub link: Option<Link>,
}

/// What was recorded about them.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/activity.html")]
pub struct ActivityPage {
    /// The frame.
    pub shell: Shell,
    /// Who.
    pub head: Head,
    /// The newest first.
    pub rows: Vec<ActivityRow>,
    /// What is left out for want of a role; may be empty.
    pub lacks: &'static str,
    /// The newest, from a later page.
    pub first_url: Option<String>,
    /// Older ones.
    pub next_url: Option<String>,
}

/// What is known of them.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/details.html")]
pub struct DetailsTab {
    /// The frame.
    pub shell: Shell,
    /// Who.
    pub head: Head,
    /// What is known, in order.
    pub facts: Vec<Fact>,
    /// Claims that have no place among them, as JSON; may be empty.
    pub others: String,
    /// The form, for whoever may.
    pub edit_url: Option<String>,
}
