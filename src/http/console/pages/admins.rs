//! The administrators of a realm, and what their roles mean.

use askama::Template;

use super::atoms::{Moment, Person};
use super::people::{RoleBox, Standing};
use super::shell::Shell;

/// The page.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/admins.html")]
pub struct AdminsPage {
    /// The frame.
    pub shell: Shell,
    /// The administrators, by username.
    pub rows: Vec<AdminRow>,
    /// The applications that act for themselves with such a role.
    pub services: Vec<ServiceRow>,
    /// Whether these are all there are.
    pub all_looked_at: bool,
    /// The next page.
    pub next_url: Option<String>,
    /// Who is looked for, to be made one.
    pub find: String,
    /// Who was found.
    pub found: Vec<AdminRow>,
    /// The roles, explained.
    pub roles: Vec<RoleBox>,
}

/// An application that acts for itself with an administrator's role.
#[derive(Debug, Clone, Default)]
pub struct ServiceRow {
    /// Its public id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Its page.
    pub url: String,
    /// Whether it may do anything at all.
    pub enabled: bool,
    /// The roles, as people read them.
    pub roles: Vec<&'static str>,
}

/// One administrator, or somebody who may become one.
#[derive(Debug, Clone, Default)]
pub struct AdminRow {
    /// The user's id.
    pub id: String,
    /// Their page.
    pub url: String,
    /// Their roles' page.
    pub roles_url: String,
    /// Who.
    pub person: Person,
    /// Whether it is who looks at the page.
    pub yours: bool,
    /// Whether they can sign in.
    pub standing: Standing,
    /// Their administrators' roles, as people read them.
    pub roles: Vec<&'static str>,
    /// When they last used a session here; `None` when that is not known.
    pub last_active: Option<Moment>,
    /// Whether who looks may change their roles.
    pub may_change: bool,
}
