//! The head of everything about one person: who they are, whether they can sign in, what can be done, and the tabs.

use super::super::atoms::{Link, Person};

/// Whether somebody can sign in.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The tag's class: `ok`, `warn`, `danger`.
    pub tone: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// "Can sign in", "Blocked until 22:00 UTC", "Disabled".
    pub words: String,
    /// More, in a sentence: by whom and why; may be empty.
    pub more: String,
}

/// One tab.
#[derive(Debug, Clone)]
pub struct Tab {
    /// "Sessions".
    pub label: &'static str,
    /// A number beside it; may be empty.
    pub count: String,
    /// Where it leads.
    pub url: String,
    /// Whether it is the one shown.
    pub current: bool,
}

/// One entry of the menu.
#[derive(Debug, Clone)]
pub struct MenuItem {
    /// "Delete user and end sessions…"
    pub label: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// Where it leads.
    pub url: String,
    /// Whether it is red.
    pub danger: bool,
}

/// Something about somebody that an administrator should know at once.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Its id on the page.
    pub id: &'static str,
    /// `danger`, `warn` or nothing.
    pub tone: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// What, in a few words.
    pub title: String,
    /// More of it, a line each.
    pub lines: Vec<NoticeLine>,
    /// What makes it go away, for whoever may.
    pub button: Option<NoticeButton>,
}

/// A line of a notice.
#[derive(Debug, Clone)]
pub struct NoticeLine {
    /// The words.
    pub text: String,
    /// Where it is told in full.
    pub links: Vec<Link>,
}

impl NoticeLine {
    /// Words alone.
    pub fn new(text: String) -> NoticeLine {
        NoticeLine {
            text,
            links: Vec::new(),
        }
    }
}

/// The button of a notice.
#[derive(Debug, Clone)]
pub struct NoticeButton {
    /// Its id on the page.
    pub id: &'static str,
    /// "Dismiss".
    pub label: &'static str,
    /// Where it is posted.
    pub action: String,
    /// How much of it there was when the page was drawn.
    pub seen: u32,
}

/// The head.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// The user's id.
    pub id: String,
    /// Where their pages are.
    pub url: String,
    /// Who.
    pub person: Person,
    /// How they are reached; may be empty.
    pub email: String,
    /// Where they belong; may be empty.
    pub organisation: String,
    /// Whether they can sign in.
    pub standing: Standing,
    /// What should be known at once.
    pub notices: Vec<Notice>,
    /// Whether it is who looks at the page.
    pub yours: bool,
    /// Whether they are an administrator.
    pub admin: bool,
    /// The preview of signing them out everywhere, for whoever may.
    pub sign_out_url: Option<String>,
    /// The preview of a block, for whoever may.
    pub block_url: Option<String>,
    /// The preview of lifting the block that there is.
    pub lift_url: Option<String>,
    /// What is done less often.
    pub menu: Vec<MenuItem>,
    /// The tabs.
    pub tabs: Vec<Tab>,
    /// What was just done: "Saved."; may be empty.
    pub done: String,
}

impl Head {
    /// What stands under the name.
    pub(in crate::http::console::pages) fn facts(&self) -> String {
        let parts = [
            self.person.username.as_str(),
            self.email.as_str(),
            self.organisation.as_str(),
        ];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    }
}
