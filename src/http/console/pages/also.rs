//! Whom a name or an address finds where a list goes by username.

use super::atoms::{Person, counted};

/// One of those people.
#[derive(Debug, Clone, Default)]
pub struct AlsoFound {
    /// Who.
    pub person: Person,
    /// How many sessions they have, and whether that is all of them; `None` where that is not counted.
    pub sessions: Option<(u64, bool)>,
    /// Their sessions, or their page when they have none.
    pub url: Option<String>,
}

impl AlsoFound {
    /// What follows the name: "2 sessions", "20+ sessions", "not signed in".
    pub fn words(&self) -> String {
        match self.sessions {
            None => String::new(),
            Some((0, _)) => "not signed in".to_owned(),
            Some((n, true)) => counted(n, "session", "sessions"),
            Some((n, false)) => format!("{n}+ sessions"),
        }
    }

    /// The same in a sentence: "Anna Keller (a.keller), 2 sessions".
    pub fn sentence(&self) -> String {
        let comma = if self.sessions.is_some() { ", " } else { "" };
        let Person { name, username } = &self.person;
        format!("{name} ({username}){comma}{}", self.words())
    }
}

/// What stands before them: by what they were found, beside the list or instead of it.
pub fn also_by(typed: &str, list_is_empty: bool) -> &'static str {
    match (typed.contains('@'), list_is_empty) {
        (true, true) => "By email:",
        (true, false) => "Also by email:",
        (false, true) => "By name:",
        (false, false) => "Also by name:",
    }
}
