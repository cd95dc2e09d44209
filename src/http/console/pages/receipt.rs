//! The receipt of a sign-out: what ended, who was told and what they answered, what was refused since, who came back.

use askama::Template;

use super::atoms::{Device, Moment, Person, counted, grouped};
use super::shell::Shell;

/// The receipt as a page.
#[derive(Debug, Template)]
#[template(path = "console/templates/receipt_page.html")]
pub struct ReceiptPage {
    /// The frame.
    pub shell: Shell,
    /// The receipt.
    pub receipt: Receipt,
}

/// The receipt alone: the part of the page that is fetched again until it is complete.
#[derive(Debug, Template)]
#[template(path = "console/templates/receipt.html")]
pub struct Receipt {
    /// The token against cross-site posts.
    pub csrf: String,
    /// The sign-out's id.
    pub id: String,
    /// Its own address.
    pub url: String,
    /// Whether nothing will change any more but late refusals.
    pub complete: bool,
    /// How far a large selection is written out, while it is.
    pub expanding: Option<Progress>,
    /// Sessions that ended by it.
    pub ended: u64,
    /// Sessions that were to end.
    pub asked: u64,
    /// When they did: "14:32:07".
    pub cut: String,
    /// How long the commit took: "18 ms"; may be empty.
    pub took: String,
    /// Refresh-token families revoked.
    pub tokens: u64,
    /// How many people it concerns.
    pub people: u64,
    /// Who: "Anna Keller and Tomás Rey"; may be empty.
    pub who: String,
    /// How many of them have signed in again.
    pub came_back: u64,
    /// The last of them: "Anna Keller, 14:33:20"; may be empty.
    pub last_back: String,
    /// The apps, each with its answer.
    pub apps: Vec<ReceiptApp>,
    /// How many uses of a dead cookie or token were refused; `None` where that is not counted.
    pub refused: Option<u64>,
    /// What happened since, newest first.
    pub log: Vec<LogLine>,
    /// The sessions of the selection, as many as fit.
    pub sessions: Vec<ReceiptSession>,
    /// How many more there are.
    pub more_sessions: u64,
    /// Who did it.
    pub by: String,
    /// From which address.
    pub from: String,
    /// When, in full.
    pub at: Moment,
    /// The reason, in words.
    pub reason: String,
    /// The note; may be empty.
    pub note: String,
    /// The message to the people; may be empty.
    pub message: String,
    /// Whether "Retry now" is offered (posts `client_id` to `{url}/redeliver`).
    pub may_redeliver: bool,
    /// Where the list is.
    pub back_url: String,
    /// Whether more people may have signed in again than are known here.
    pub more_back: bool,
    /// The same as JSON.
    pub json_url: Option<String>,
    /// The same, signed by the realm.
    pub signed_url: Option<String>,
}

impl askama::filters::HtmlSafe for Receipt {}

/// How far something is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Done.
    pub done: u64,
    /// Of.
    pub total: u64,
}

/// One app of the receipt.
#[derive(Debug, Clone, Default)]
pub struct ReceiptApp {
    /// Its client id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// How many of its sessions ended.
    pub sessions: u64,
    /// How it is told: "Back-channel sign-out".
    pub channel: String,
    /// More of that: "Logout token, by session"; may be empty.
    pub channel_detail: String,
    /// `pending`, `acknowledged`, `retrying`, `rejected`, `gave_up`, `bounded` or `not_capable`.
    pub status: String,
    /// The state in words; see [`state_words`].
    pub words: String,
    /// More of that: "200 in 41 ms, 14:32:07"; may be empty.
    pub detail: String,
    /// Tries: "1", "3 of 14", "–".
    pub tries: String,
    /// The message that was sent, decoded.
    pub message_url: Option<String>,
}

/// A state in words. `at` is the time of the next try ("12 s"), of the bound ("14:36:19") or the number of tries ("14
/// tries"); empty if there is none.
pub fn state_words(status: &str, at: &str) -> String {
    match (status, at) {
        ("acknowledged", _) => "Signed out".to_owned(),
        ("retrying", "") => "Retrying".to_owned(),
        ("retrying", wait) => format!("Retrying in {wait}"),
        ("rejected", _) => "Refused by the app".to_owned(),
        ("gave_up", "") => "Gave up".to_owned(),
        ("gave_up", tries) => format!("Gave up, {tries}"),
        ("bounded", "") => "Closes with its token".to_owned(),
        ("bounded", until) => format!("Closes by {until}"),
        ("not_capable", _) => "Cannot be told".to_owned(),
        _ => "Sending".to_owned(),
    }
}

impl ReceiptApp {
    /// The words inside a sentence: "closes by 14:36:19".
    fn words_within(&self) -> String {
        let mut letters = self.words.chars();
        letters
            .next()
            .map(|first| first.to_lowercase().chain(letters).collect())
            .unwrap_or_default()
    }

    fn tone(&self) -> &'static str {
        match self.status.as_str() {
            "acknowledged" => "ok",
            "rejected" | "gave_up" => "danger",
            "bounded" | "not_capable" => "info",
            _ => "warn",
        }
    }

    fn icon(&self) -> &'static str {
        match self.status.as_str() {
            "acknowledged" => "check",
            "rejected" => "ban",
            "gave_up" | "not_capable" => "triangle-alert",
            "bounded" => "hourglass",
            _ => "loader-circle",
        }
    }

    fn waits(&self) -> bool {
        !matches!(
            self.status.as_str(),
            "acknowledged" | "rejected" | "gave_up" | "bounded" | "not_capable"
        )
    }

    fn reachable(&self) -> bool {
        !matches!(self.status.as_str(), "bounded" | "not_capable")
    }

    fn retryable(&self) -> bool {
        matches!(self.status.as_str(), "retrying" | "rejected" | "gave_up")
    }

    fn initial(&self) -> String {
        self.name
            .chars()
            .find(|c| c.is_alphanumeric())
            .map_or_else(|| "?".to_owned(), |c| c.to_uppercase().collect())
    }

    fn sessions_words(&self) -> String {
        counted(self.sessions, "session", "sessions")
    }
}

/// One line of "Since the cut".
#[derive(Debug, Clone, Default)]
pub struct LogLine {
    /// `refused` (a dead token or cookie was tried), `returned` (somebody signed in again) or `cut`.
    pub kind: String,
    /// When: "14:32:58".
    pub at: Moment,
    /// The words that carry: "Refused", "Anna Keller signed in again".
    pub strong: String,
    /// What follows on the line; may be empty.
    pub text: String,
    /// The second line; may be empty.
    pub detail: String,
}

impl LogLine {
    fn icon(&self) -> &'static str {
        match self.kind.as_str() {
            "refused" => "ban",
            "returned" => "circle-check",
            _ => "log-out",
        }
    }
}

/// One session of the receipt.
#[derive(Debug, Clone, Default)]
pub struct ReceiptSession {
    /// Its public id.
    pub id: String,
    /// Whose it was; empty for an unknown id.
    pub person: Person,
    /// Their page, for who may see it.
    pub user_url: Option<String>,
    /// What it ran on.
    pub device: Device,
    /// Its last address.
    pub ip: String,
    /// `ended`, `already_ended`, `protected` or `not_found`.
    pub outcome: String,
}

impl ReceiptSession {
    fn outcome_words(&self) -> &'static str {
        match self.outcome.as_str() {
            "ended" => "Ended",
            "already_ended" => "Already ended",
            "protected" => "Kept",
            _ => "Not found",
        }
    }

    fn icon(&self) -> &'static str {
        if self.outcome == "protected" {
            "lock"
        } else {
            self.device.icon()
        }
    }
}

impl Receipt {
    fn count(&self, wanted: impl Fn(&ReceiptApp) -> bool) -> u64 {
        u64::try_from(self.apps.iter().filter(|app| wanted(app)).count()).unwrap_or(u64::MAX)
    }

    fn answered(&self) -> u64 {
        self.count(|app| app.status == "acknowledged")
    }

    fn reachable(&self) -> u64 {
        self.count(ReceiptApp::reachable)
    }

    fn failed(&self) -> u64 {
        self.count(|app| matches!(app.status.as_str(), "rejected" | "gave_up"))
    }

    fn waiting(&self) -> u64 {
        self.count(ReceiptApp::waits)
    }

    /// Whether some app was left untold by failing (not by being unable).
    fn amber(&self) -> bool {
        self.failed() > 0
    }

    fn headline(&self) -> String {
        format!("{} invalidated", counted(self.ended, "session", "sessions"))
    }

    fn sentence(&self) -> String {
        let who = if self.who.is_empty() {
            counted(self.people, "person", "people")
        } else {
            self.who.clone()
        };
        if self.ended == 0 {
            "No session was left to end.".to_owned()
        } else {
            format!("{who} must sign in again.")
        }
    }

    fn apps_sentence(&self) -> String {
        match (self.answered(), self.reachable()) {
            (_, 0) => "No app of theirs takes sign-out messages.".to_owned(),
            (a, b) if a == b && b == 1 => "The 1 app has answered.".to_owned(),
            (a, b) if a == b => format!("All {} apps have answered.", grouped(b)),
            (a, b) => format!(
                "{} of {} answered{}.",
                grouped(a),
                counted(b, "app has", "apps have"),
                if self.waiting() > 0 { " so far" } else { "" }
            ),
        }
    }

    fn apps_detail(&self) -> String {
        match (self.waiting(), self.failed()) {
            (0, 0) if self.reachable() == 0 => "None can be told".to_owned(),
            (0, 0) => "Every answer is below".to_owned(),
            (0, n) => format!("{} not told", grouped(n)),
            (n, 0) => format!("{} to go", grouped(n)),
            (n, m) => format!("{} to go, {} not told", grouped(n), grouped(m)),
        }
    }

    fn refused_words(&self, refused: &u64) -> String {
        match *refused {
            0 => "Nothing has tried yet".to_owned(),
            n => format!("{} refused, none allowed", counted(n, "try", "tries")),
        }
    }

    /// Where each app is, beside the list of sessions.
    fn apps_url(&self) -> String {
        let base = self.back_url.trim_end_matches("/sessions");
        format!("{base}/apps")
    }

    fn gaps(&self) -> Vec<&ReceiptApp> {
        self.apps.iter().filter(|app| !app.reachable()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_own_words() {
        let states = [
            "acknowledged",
            "retrying",
            "rejected",
            "gave_up",
            "bounded",
            "not_capable",
            "pending",
        ];
        let mut words: Vec<_> = states.iter().map(|state| state_words(state, "")).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), states.len());
        assert_eq!(state_words("bounded", "14:36:19"), "Closes by 14:36:19");
    }
}
