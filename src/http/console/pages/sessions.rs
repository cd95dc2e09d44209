//! The sessions page: search, filters, the table, the bar with "Invalidate selected".

use askama::Template;

use super::also::AlsoFound;
use super::atoms::{Choice, Device, Marked, Moment, Person};
use super::shell::Shell;

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "console/templates/sessions.html")]
pub struct SessionsPage {
    /// The frame.
    pub shell: Shell,
    /// One sentence of counts: "2,418 sessions of 1,204 people, on 3 servers."
    pub summary: String,
    /// Active, Idle, Recently ended.
    pub tabs: Vec<Tab>,
    /// The filter form.
    pub filters: Filters,
    /// The menu beside "Refresh".
    pub menu: PageMenu,
    /// The list.
    pub list: SessionsList,
}

impl SessionsPage {
    fn wrong(&self, field: &str) -> bool {
        self.list
            .problem
            .as_ref()
            .is_some_and(|problem| problem.field == field)
    }
}

/// What else can be done with the list.
#[derive(Debug, Clone, Default)]
pub struct PageMenu {
    /// The same list as a file.
    pub csv_url: String,
    /// The list as a command line.
    pub command: String,
    /// Where everybody is signed out; `None` for who may not.
    pub everyone_url: Option<String>,
}

/// One of the lists to look at.
#[derive(Debug, Clone)]
pub struct Tab {
    /// `active`, `idle` or `ended`: the value of `state`.
    pub state: String,
    /// What is read.
    pub label: String,
    /// How many there are, as it is to be read; empty when unknown.
    pub count: String,
    /// Where it leads, with the current filters.
    pub url: String,
    /// Whether it is the one shown.
    pub current: bool,
}

/// The filter form: a GET form with `q`, `ip`, `client`, `idle`, `started`, `state`, `details`, `limit`.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Where the form is sent: the page's own path.
    pub action: String,
    /// What was typed into the search box.
    pub q: String,
    /// What the box says while it is empty: "Search by username".
    pub hint: String,
    /// Address or range.
    pub ip: String,
    /// Apps; the first entry means any. Not shown when empty.
    pub clients: Vec<Choice>,
    /// Idle times; the first entry means any. Not shown when empty.
    pub idle: Vec<Choice>,
    /// Start times; the first entry means any. Not shown when empty.
    pub started: Vec<Choice>,
    /// Which list: `active`, `idle` or `ended`.
    pub state: String,
    /// The order, as it was asked for.
    pub sort: String,
    /// Whether each row shows its details.
    pub details: bool,
    /// The page without any filter, if there is one to clear.
    pub clear_url: Option<String>,
    /// The page without the search term.
    pub clear_search_url: String,
}

/// A filter that cannot be understood.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The field's name: `q`, `ip`, …
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// The list alone: the part of the page a search replaces. An answer with a [`Problem`] leaves the old list standing.
#[derive(Debug, Template)]
#[template(path = "console/templates/sessions_list.html")]
pub struct SessionsList {
    /// The console's address of the realm.
    pub base: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// For screen readers: "Active sessions, most recently active first".
    pub caption: String,
    /// The part of the search to mark in names; empty for none.
    pub highlight: String,
    /// Headings that sort, and how the list is sorted.
    pub name: Heading,
    /// The same for the session time.
    pub start: Heading,
    /// The first page of this list.
    pub first: String,
    /// This very page.
    pub here_url: String,
    /// Where changes of the rows are told as they happen; `None` where there is nothing to tell.
    pub live_url: Option<String>,
    /// The list as a command line.
    pub command: String,
    /// What is selected on other pages.
    pub kept: Vec<Kept>,
    /// People whom a name or an address finds, when a word was searched.
    pub also: Vec<AlsoFound>,
    /// What stands before them: "Also by name:".
    pub also_by: &'static str,
    /// The sessions of this page. Your own current one stands first.
    pub rows: Vec<SessionRow>,
    /// Whether these are ended sessions: nothing to select, an end instead of a timeout.
    pub ended: bool,
    /// Whether the administrator may end sessions; otherwise there is nothing to tick.
    pub may_end: bool,
    /// Whether the column "Organisation" is shown.
    pub organisations: bool,
    /// The pager's bold words: "1–25", "6".
    pub shown: String,
    /// What follows them: "of 2,418", "sessions match “kel”, of 2,418".
    pub of: String,
    /// The same as one sentence, announced: "Showing 1 to 25 of 2,418 sessions".
    pub results: String,
    /// The page before this one.
    pub previous_url: Option<String>,
    /// The page after this one.
    pub next_url: Option<String>,
    /// Rows per page.
    pub limits: Vec<Choice>,
    /// "Select all", where there are more than this page shows or a filter is on.
    pub everything: Option<Everything>,
    /// Why there are no rows.
    pub empty: Option<Empty>,
    /// The filter that could not be understood.
    pub problem: Option<Problem>,
    /// A warning above the rows: "keep-3 has not answered for 40 s; its sessions may be missing".
    pub warning: Option<String>,
}

impl askama::filters::HtmlSafe for SessionsList {}

impl SessionsList {
    fn mark<'a>(&self, text: &'a str) -> Marked<'a> {
        Marked::find(text, &self.highlight)
    }

    fn columns(&self) -> usize {
        9 + usize::from(self.organisations) + usize::from(!self.ended)
    }

    /// Whether any row can be ticked, here or on another page.
    fn selectable(&self) -> bool {
        let elsewhere = self.previous_url.is_some() || !self.kept.is_empty();
        let here = self.rows.iter().any(SessionRow::selectable);
        self.may_end && !self.ended && (here || elsewhere)
    }

    /// The list from its start.
    fn first_url(&self) -> &str {
        self.first.as_str()
    }

    fn picked(&self) -> String {
        let here = self.rows.iter().filter(|row| row.picked).count();
        let kept = self.kept.len();
        match (here + kept, kept) {
            (0, _) => "Selection".to_owned(),
            (all, 0) => format!("{all} selected"),
            (all, _) if here == 0 => format!("{all} selected on other pages"),
            (all, kept) => format!("{all} selected ({kept} on other pages)"),
        }
    }
}

/// The heading of a column.
#[derive(Debug, Clone, Default)]
pub struct Heading {
    /// Where a press on it leads; `None` when the list cannot be sorted by it.
    pub url: Option<String>,
    /// `ascending`, `descending`, or nothing.
    pub sorted: &'static str,
}

impl Heading {
    fn icon(&self) -> &'static str {
        match self.sorted {
            "ascending" => "arrow-up",
            "descending" => "arrow-down",
            _ => "",
        }
    }
}

/// A session that is selected on another page.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub name: String,
}

/// All sessions of the filter, frozen: those that begin later are not among them.
#[derive(Debug, Clone)]
pub struct Everything {
    /// How many, without your own: "2,417".
    pub count: String,
    /// What is sent as `all`: the filter and the moment, signed.
    pub token: String,
}

/// One session in the table.
#[derive(Debug, Clone, Default)]
pub struct SessionRow {
    /// The session's public id (`sid`).
    pub id: String,
    /// Its page.
    pub url: String,
    /// Whose it is.
    pub person: Person,
    /// Their id.
    pub user: String,
    /// Their page, for who may see it.
    pub user_url: Option<String>,
    /// Where their sign-in is blocked, for who may.
    pub block_url: Option<String>,
    /// Whether it is ticked.
    pub picked: bool,
    /// Whether it is the very session that looks at this page: it is never part of a selection.
    pub current: bool,
    /// Whether it is another session of the same administrator.
    pub yours: bool,
    /// The user's organisation.
    pub organisation: String,
    /// The address it was last used from.
    pub ip: String,
    /// A name for that address: "Berlin office"; may be empty.
    pub ip_label: String,
    /// Whether this user was never seen there before.
    pub ip_new: bool,
    /// What it runs on.
    pub device: Device,
    /// Names of the apps in it.
    pub apps: Vec<String>,
    /// The server that last served it.
    pub node: String,
    /// How long it has lasted: "2 h 41 m".
    pub lasted: String,
    /// Since when: "since 11:51".
    pub since: Moment,
    /// When it was last used: "2 min ago".
    pub last_active: Moment,
    /// When it will time out, while it is active.
    pub left: Option<Left>,
    /// How it ended, once it has.
    pub ended: Option<Ended>,
    /// The second line.
    pub detail: Option<RowDetail>,
}

impl SessionRow {
    fn selectable(&self) -> bool {
        !self.current && self.ended.is_none()
    }

    fn first_apps(&self) -> String {
        self.apps
            .iter()
            .take(2)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn other_apps(&self) -> String {
        self.apps
            .iter()
            .skip(2)
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn more_apps(&self) -> usize {
        self.apps.len().saturating_sub(2)
    }
}

/// The time a session has left: the sooner of idle and maximum.
#[derive(Debug, Clone, Default)]
pub struct Left {
    /// How long: "28 min", and until when.
    pub at: Moment,
    /// What is left, in the unit of `max`.
    pub value: u64,
    /// The whole.
    pub max: u64,
    /// Whether it is nearly over.
    pub low: bool,
}

/// The end of a session.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// When: "12 s ago".
    pub at: Moment,
    /// How: "by Amira Haddad", "idle for 30 minutes", "signed out".
    pub how: String,
    /// The receipt, if it ended in a sign-out.
    pub receipt_url: Option<String>,
}

/// What "Show details" adds to a row.
#[derive(Debug, Clone, Default)]
pub struct RowDetail {
    /// How the person signed in: "Password and code".
    pub methods: String,
    /// How many refresh-token families hang on it.
    pub refresh_tokens: u64,
    /// How many of them outlive the browser session.
    pub offline: u64,
    /// Whether "Keep me signed in" was ticked.
    pub remembered: bool,
    /// When it ends at the latest: "today 22:00".
    pub latest: Moment,
    /// What the browser calls itself, cut.
    pub user_agent: String,
}

/// Why there is nothing to see.
#[derive(Debug, Clone)]
pub enum Empty {
    /// Nobody is signed in to the realm (or nothing ended lately).
    Realm {
        /// Whether the list was of ended sessions.
        ended: bool,
        /// Whether there is a page of applications to go to.
        apps: bool,
    },
    /// The user exists but is not signed in.
    SignedOut {
        /// What was searched for.
        query: String,
        /// The user found.
        username: String,
        /// Their page, for who may see it.
        user_url: Option<String>,
        /// The end of their last session: "today at 09:14 by signing out"; `None` if there never was one that is known.
        last: Option<String>,
        /// Their ended sessions.
        ended_url: String,
    },
    /// Neither a session nor a user.
    NoMatch {
        /// What was searched for.
        query: String,
        /// Whether people of that name, or with that address, are shown above it.
        by_name: bool,
    },
    /// The filters leave nothing over.
    Narrow {
        /// Each filter, with the page without it.
        filters: Vec<Narrowing>,
    },
}

/// A filter that can be taken away.
#[derive(Debug, Clone)]
pub struct Narrowing {
    /// What it says: "Idle over 1 hour".
    pub label: String,
    /// The page without it.
    pub without_url: String,
}
