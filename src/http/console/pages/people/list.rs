//! The list of people: search, the table, where it goes on.

use askama::Template;

use super::super::atoms::{Marked, Moment, Person};
use super::super::shell::Shell;
use super::head::Standing;

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/list_page.html")]
pub struct PeoplePage {
    /// The frame.
    pub shell: Shell,
    /// Where a new user is made, for whoever may.
    pub new_url: Option<String>,
    /// Where many are imported, for whoever may.
    pub import_url: Option<String>,
    /// What was just done; may be empty.
    pub done: String,
    /// What is searched for.
    pub q: String,
    /// The list.
    pub list: PeopleList,
}

/// The list alone: what a search replaces.
#[derive(Debug, Template)]
#[template(path = "console/templates/people/list.html")]
pub struct PeopleList {
    /// The console's address of the realm.
    pub base: String,
    /// What is searched for.
    pub q: String,
    /// The people.
    pub rows: Vec<PersonRow>,
    /// Whether the column of sessions is shown.
    pub sessions: bool,
    /// What was found, as a sentence that is announced.
    pub results: String,
    /// Whether nobody was found so far although there is more to look through.
    pub cut: bool,
    /// The first page, from a later one.
    pub first_url: Option<String>,
    /// The next page.
    pub next_url: Option<String>,
}

impl askama::filters::HtmlSafe for PeopleList {}

impl PeopleList {
    fn mark<'a>(&self, text: &'a str) -> Marked<'a> {
        let words = self.q.split_whitespace();
        words
            .map(|word| Marked::find(text, word))
            .find(|marked| !marked.hit.is_empty())
            .unwrap_or(Marked::find(text, &self.q))
    }
}

/// One person.
#[derive(Debug, Clone, Default)]
pub struct PersonRow {
    /// The user's id.
    pub id: String,
    /// Their page.
    pub url: String,
    /// Who.
    pub person: Person,
    /// Whether it is who looks at the page.
    pub yours: bool,
    /// Whether they are an administrator.
    pub admin: bool,
    /// How they are reached; may be empty.
    pub email: String,
    /// Where they belong; may be empty.
    pub organisation: String,
    /// Whether they can sign in.
    pub standing: Standing,
    /// How many sessions they have: "3", "20+".
    pub sessions: String,
    /// Since when they are known.
    pub created: Moment,
}
