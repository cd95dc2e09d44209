//! Bringing many people in: the file, what it would do, and how far it is.

use askama::Template;

use super::super::atoms::{Choice, Link, Moment, counted, grouped};
use super::super::shell::Shell;
use crate::domain::user::import::MOST_PEOPLE;

/// The form that takes a file.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/import_form.html")]
pub struct ImportFormPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub crumbs: Vec<Link>,
    /// Where it is sent.
    pub action: String,
    /// What is wrong with the file that was sent, the first of it.
    pub problems: Vec<Said>,
    /// How much is wrong.
    pub wrong: u64,
    /// "Line", "Entry".
    pub unit: &'static str,
    /// What was pasted, to go on with.
    pub text: String,
    /// What becomes of people who are there already.
    pub if_exists: Vec<Choice>,
    /// The imports before.
    pub rows: Vec<ImportRow>,
    /// Away from here.
    pub cancel_url: String,
}

impl ImportFormPage {
    fn title(&self) -> String {
        match self.wrong {
            0 => "Import users".to_owned(),
            n => counted(n, "problem", "problems"),
        }
    }

    fn most(&self) -> String {
        grouped(MOST_PEOPLE as u64)
    }

    fn more(&self) -> u64 {
        self.wrong - self.problems.len() as u64
    }
}

/// Something said of a place in the file.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// Which place; empty for all of it.
    pub at: String,
    /// Which field, or who.
    pub about: String,
    /// What.
    pub text: String,
}

/// An import among others.
#[derive(Debug, Clone, Default)]
pub struct ImportRow {
    /// Its page.
    pub url: String,
    /// When it came in.
    pub at: Moment,
    /// Who imports.
    pub by: String,
    /// How many people.
    pub total: u64,
    /// How far it is.
    pub words: String,
    /// The tone of these words.
    pub tone: &'static str,
}

/// A page about one import: what it would do, or how far it is.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/import.html")]
pub struct ImportPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub crumbs: Vec<Link>,
    /// What is asked before it begins.
    pub asked: Option<Asked>,
    /// How far it is.
    pub view: Option<ImportView>,
}

impl ImportPage {
    fn title(&self) -> String {
        match (&self.asked, &self.view) {
            (Some(asked), _) => asked.title(),
            (None, Some(view)) => view.headline(),
            (None, None) => "Import".to_owned(),
        }
    }
}

/// What an import would do.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// This page's own address, which the buttons post below.
    pub url: String,
    /// How many people.
    pub total: u64,
    /// How many of them are there already.
    pub existing: u64,
    /// Whether these are changed.
    pub updates: bool,
    /// The first people.
    pub sample: Vec<Sampled>,
    /// What the file has and is not taken.
    pub passed_over: Vec<String>,
    /// Whether credentials are asked for before it begins.
    pub credentials: bool,
    /// Whether somebody else brought the file: it is theirs to begin.
    pub foreign: Option<String>,
}

impl Asked {
    fn title(&self) -> String {
        format!("Import {}?", counted(self.total, "person", "people"))
    }

    fn sentence(&self) -> String {
        let new = self.total - self.existing;
        let there = match (self.existing, self.updates) {
            (0, _) => return format!("{} new. Nothing has been written yet.", grouped(new)),
            (1, false) => "1 exists already and stays as it is".to_owned(),
            (n, false) => format!("{} exist already and stay as they are", grouped(n)),
            (1, true) => "1 exists already and takes over what the file says".to_owned(),
            (n, true) => format!(
                "{} exist already and take over what the file says",
                grouped(n)
            ),
        };
        format!(
            "{} new, {there}. Nothing has been written yet.",
            grouped(new)
        )
    }

    fn is_whole(&self) -> bool {
        self.sample.len() as u64 == self.total
    }

    /// How many would be written.
    fn written(&self) -> u64 {
        match self.updates {
            true => self.total,
            false => self.total - self.existing,
        }
    }

    fn button(&self) -> String {
        format!("Import {}", counted(self.written(), "person", "people"))
    }
}

/// Somebody of the file.
#[derive(Debug, Clone, Default)]
pub struct Sampled {
    /// Their name to sign in with.
    pub username: String,
    /// What they are called.
    pub name: String,
    /// How they are reached.
    pub email: String,
    /// Their roles, in words.
    pub roles: String,
    /// Whether they come with a password.
    pub password: bool,
    /// "New", "Stays as it is", "Is changed".
    pub what: &'static str,
}

/// How far an import is; also alone, as the fragment that the script fetches.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "console/templates/people/import_view.html")]
pub struct ImportView {
    /// Where it is fetched anew.
    pub url: String,
    /// Its id.
    pub id: String,
    /// Whether it is over.
    pub complete: bool,
    /// How many people.
    pub total: u64,
    /// How many are done.
    pub done: u64,
    /// Who were not there.
    pub created: u64,
    /// Who were changed.
    pub updated: u64,
    /// Who stayed as they were.
    pub skipped: u64,
    /// Who could not be written.
    pub failed: u64,
    /// The first of them, and why.
    pub failures: Vec<Said>,
    /// "Line", "Entry".
    pub unit: &'static str,
    /// What the file has and was not taken.
    pub passed_over: Vec<String>,
    /// Who imports.
    pub by: String,
    /// When it began.
    pub at: Moment,
    /// When it was over.
    pub finished_at: Option<Moment>,
    /// Where the people are.
    pub users_url: String,
}

impl askama::filters::HtmlSafe for ImportView {}

impl ImportView {
    fn headline(&self) -> String {
        let of = counted(self.total, "person", "people");
        match (self.complete, self.failed, self.skipped) {
            (false, ..) => format!("Importing {of}"),
            (true, 0, 0) => format!("{of} imported"),
            (true, 0, skipped) => format!("{} of {of} imported", grouped(self.total - skipped)),
            (true, failed, _) => format!("{} of {of} not imported", grouped(failed)),
        }
    }

    fn progress(&self) -> String {
        format!("{} of {}", grouped(self.done), grouped(self.total))
    }

    /// What is read out when it changes.
    fn summary(&self) -> String {
        match self.complete {
            true => self.headline(),
            false => format!("{} people done", self.progress()),
        }
    }

    fn left_over(&self) -> u64 {
        self.failed - self.failures.len() as u64
    }
}
