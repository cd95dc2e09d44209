//! The keys of a realm.

use askama::Template;

use super::atoms::Moment;
use super::form::Line;
use super::session::Fact;
use super::shell::Shell;

/// The keys as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/keys.html")]
pub struct KeysPage {
    /// The frame.
    pub shell: Shell,
    /// What just happened.
    pub notes: Vec<Line>,
    /// The keys: those of the realm's own algorithm first, the one that signs before the others.
    pub rows: Vec<KeyRow>,
    /// Where they are published.
    pub jwks_url: String,
    /// How they are sealed; empty when nobody knows.
    pub master: Vec<Fact>,
}

/// One key.
#[derive(Debug, Clone, Default)]
pub struct KeyRow {
    /// Its id.
    pub kid: String,
    /// Its algorithm.
    pub alg: String,
    /// Whether that is the realm's own.
    pub usual: bool,
    /// `active`, `next` or `retired`.
    pub state: String,
    /// The state in a word.
    pub words: String,
    /// The tone of that.
    pub tone: String,
    /// More about it; may be empty.
    pub about: String,
    /// When it was made.
    pub made: Moment,
    /// Where it is turned over.
    pub rotate_url: Option<String>,
}
