//! The list of sign-outs.

use askama::Template;

use super::atoms::{Choice, Link, Moment, counted};
use super::shell::Shell;

/// The list as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/receipts.html")]
pub struct ReceiptsPage {
    /// The frame.
    pub shell: Shell,
    /// Which of them are shown.
    pub filters: ReceiptFilters,
    /// The sign-outs, newest first.
    pub rows: Vec<ReceiptRow>,
    /// To the same list with, or without, what ran out by itself.
    pub switch: Link,
    /// The page before this one.
    pub previous_url: Option<String>,
    /// The page after this one.
    pub next_url: Option<String>,
}

/// The filter form: a GET form with `by`, `reason`, `since` and `expiries`.
#[derive(Debug, Clone, Default)]
pub struct ReceiptFilters {
    /// Where it is sent.
    pub action: String,
    /// Part of the name of who did it.
    pub by: String,
    /// Why; the first entry means any.
    pub reasons: Vec<Choice>,
    /// Since when; the first entry means ever.
    pub since: Vec<Choice>,
    /// Whether what ran out by itself is shown too.
    pub expiries: bool,
    /// The list without them, when there are any.
    pub clear_url: Option<String>,
}

/// One sign-out.
#[derive(Debug, Clone, Default)]
pub struct ReceiptRow {
    /// Its id.
    pub id: String,
    /// Its receipt.
    pub url: String,
    /// When.
    pub at: Moment,
    /// Who did it: a name, an app's name, or "Realmkeep" for what happens by itself.
    pub by: String,
    /// Why, in words.
    pub reason: String,
    /// Whom it concerns: "Anna Keller and Tomás Rey", "1,203 people".
    pub who: String,
    /// Sessions that ended.
    pub sessions: u64,
    /// Apps that answered.
    pub answered: u64,
    /// Apps that are to answer.
    pub apps: u64,
    /// `expanding`, `delivering` or `settled`.
    pub state: String,
    /// Whether some app was given up or refused.
    pub failed: bool,
}

impl ReceiptRow {
    fn tone(&self) -> &'static str {
        match (self.state.as_str(), self.failed) {
            (_, true) => "danger",
            ("settled", false) => "ok",
            _ => "warn",
        }
    }

    fn words(&self) -> &'static str {
        match (self.state.as_str(), self.failed) {
            ("expanding", _) => "Being written out",
            ("settled", false) => "Complete",
            ("settled", true) => "Some apps not told",
            _ => "Telling apps",
        }
    }

    fn sessions_words(&self) -> String {
        counted(self.sessions, "session", "sessions")
    }
}
