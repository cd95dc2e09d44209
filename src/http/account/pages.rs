//! The account pages as plain data. All text is escaped by the templates; none of the pages needs a script.

use askama::Template;

use crate::http::console::pages::Person;
use crate::http::signin::pages::{Gate, ScopeLine};
use crate::http::words::When;

/// Which entry of the menu is the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Where somebody is signed in.
    Sessions,
    /// Apps.
    Apps,
    /// The password.
    Security,
    /// The profile.
    Profile,
    /// What happened.
    Activity,
}

/// What every account page shares.
#[derive(Debug, Clone)]
pub struct Shell {
    /// The realm, its look and the language.
    pub gate: Gate,
    /// The address of the account pages, without a slash at the end.
    pub base: String,
    /// The token against cross-site posts.
    pub csrf: String,
    /// The current entry of the menu.
    pub section: Section,
    /// Who is signed in.
    pub person: Person,
    /// Where "Sign out" leads.
    pub sign_out_url: String,
}

/// An entry of the menu.
#[derive(Debug)]
pub struct Entry {
    /// Where it leads.
    pub url: String,
    /// Its icon.
    pub icon: &'static str,
    /// Its label.
    pub label: &'static str,
    /// Whether it is the current one.
    pub current: bool,
}

impl Shell {
    /// The menu.
    pub fn entries(&self) -> Vec<Entry> {
        let t = &self.gate.words.account;
        let all = [
            (
                Section::Sessions,
                "/sessions",
                "monitor-smartphone",
                t.sessions,
            ),
            (Section::Apps, "/apps", "layout-grid", t.apps),
            (Section::Security, "/security", "shield-check", t.security),
            (Section::Profile, "/profile", "user-round", t.profile),
            (Section::Activity, "/activity", "history", t.activity),
        ];
        let entry = |(section, path, icon, label)| Entry {
            url: format!("{}{path}", self.base),
            icon,
            label,
            current: section == self.section,
        };
        all.into_iter().map(entry).collect()
    }
}

/// A device that is signed in.
#[derive(Debug, Clone)]
pub struct Device {
    /// The session's id.
    pub sid: String,
    /// "Firefox 145 on Linux".
    pub title: String,
    /// Its icon.
    pub icon: &'static str,
    /// Whether it is this one.
    pub current: bool,
    /// Whether it was used just now.
    pub active_now: bool,
    /// When it was last used.
    pub last_active: When,
    /// The address it was last used at.
    pub ip: String,
    /// When somebody signed in.
    pub since: When,
    /// How.
    pub with: String,
    /// The apps in it.
    pub apps: Vec<String>,
    /// Where "Sign out" leads.
    pub sign_out_url: String,
    /// Where "I don't recognise this" leads; never for this device.
    pub not_mine_url: Option<String>,
}

/// A session that ended.
#[derive(Debug)]
pub struct EndedRow {
    /// On what it was.
    pub device: String,
    /// Where it started.
    pub ip: String,
    /// When it ended.
    pub when: When,
    /// Why, and by whom.
    pub why: &'static str,
}

/// Where somebody is signed in.
#[derive(Debug, Template)]
#[template(path = "account/templates/sessions.html")]
pub struct SessionsPage {
    /// What every account page shares.
    pub shell: Shell,
    /// This one first, then by last use.
    pub devices: Vec<Device>,
    /// Whether there is any other than this.
    pub has_others: bool,
    /// Whether there are more than are shown.
    pub has_more: bool,
    /// What ended lately.
    pub ended: Vec<EndedRow>,
    /// Where "Sign out everywhere else" leads.
    pub others_url: String,
}

/// A line of what an act means.
#[derive(Debug)]
pub struct Effect {
    /// Its icon.
    pub icon: &'static str,
    /// `cut`, `safe` or nothing.
    pub class: &'static str,
    /// In words.
    pub text: &'static str,
}

impl Effect {
    /// A line.
    pub fn new(icon: &'static str, class: &'static str, text: &'static str) -> Effect {
        Effect { icon, class, text }
    }
}

/// An app that cannot be told.
#[derive(Debug)]
pub struct Gap {
    /// Its name.
    pub name: String,
    /// Until when what it holds may be used.
    pub until: Option<String>,
}

/// What an act means, before it is done. Posts `csrf`, `away=1` where that is chosen, and `password` where it is due.
#[derive(Debug, Template)]
#[template(path = "account/templates/act.html")]
pub struct ActPage {
    /// What every account page shares.
    pub shell: Shell,
    /// Where the form is posted.
    pub action: String,
    /// The question.
    pub title: &'static str,
    /// What the button says.
    pub button: &'static str,
    /// What ends.
    pub devices: Vec<Device>,
    /// What that means.
    pub effects: Vec<Effect>,
    /// Apps that are told.
    pub told: Vec<String>,
    /// Apps that cannot be.
    pub untold: Vec<Gap>,
    /// Whether what apps may do in somebody's absence can be ended too.
    pub offers_away: bool,
    /// Whether the password is due.
    pub prove: bool,
    /// Whether there is nothing to end.
    pub is_empty: bool,
    /// What was wrong with the password.
    pub error: Option<String>,
    /// Where "Cancel" leads.
    pub back_url: String,
}

/// How an app stands.
#[derive(Debug)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// The state's class.
    pub class: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// In words.
    pub text: &'static str,
    /// Until when what it holds may be used.
    pub until: Option<String>,
}

/// What came of an act.
#[derive(Debug, Template)]
#[template(path = "account/templates/done.html")]
pub struct DonePage {
    /// What every account page shares.
    pub shell: Shell,
    /// How many sessions ended.
    pub sessions: u64,
    /// How many grants of apps ended.
    pub grants: u64,
    /// The apps.
    pub apps: Vec<Told>,
    /// Whether a new password is to be chosen now.
    pub asks_password: bool,
    /// Whether it came of a new password.
    pub password_changed: bool,
    /// Where a password is chosen.
    pub security_url: String,
    /// Where "Back" leads.
    pub back_url: String,
}

/// An app and what it may.
#[derive(Debug)]
pub struct AppCard {
    /// Its id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// What it may see and do.
    pub scopes: Vec<ScopeLine>,
    /// Since when.
    pub since: Option<When>,
    /// When it last asked.
    pub last_used: Option<When>,
    /// Whether it goes on in somebody's absence.
    pub away: bool,
    /// Where "Remove access" leads.
    pub remove_url: String,
}

/// What apps may see and do.
#[derive(Debug, Template)]
#[template(path = "account/templates/apps.html")]
pub struct AppsPage {
    /// What every account page shares.
    pub shell: Shell,
    /// The apps, by name.
    pub apps: Vec<AppCard>,
}

/// Whether an app's access goes. Posts `csrf`.
#[derive(Debug, Template)]
#[template(path = "account/templates/remove.html")]
pub struct RemovePage {
    /// What every account page shares.
    pub shell: Shell,
    /// The question.
    pub title: String,
    /// The app.
    pub app: AppCard,
    /// Where "Cancel" leads.
    pub back_url: String,
}

/// The password. Posts `csrf`, `current`, `new`, and `others=1` when the other devices are to be signed out.
#[derive(Debug, Template)]
#[template(path = "account/templates/security.html")]
pub struct SecurityPage {
    /// What every account page shares.
    pub shell: Shell,
    /// Where the form is posted.
    pub action: String,
    /// Whether people choose their passwords here.
    pub allowed: bool,
    /// For password managers, which keep the pair.
    pub username: String,
    /// What is wrong with the present one.
    pub wrong_current: Option<String>,
    /// What is wrong with the new one.
    pub wrong_new: Option<String>,
}

impl SecurityPage {
    fn has_errors(&self) -> bool {
        self.wrong_current.is_some() || self.wrong_new.is_some()
    }
}

/// A field of the profile.
#[derive(Debug)]
pub struct Field {
    /// Its name: the claim's.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// What is in it.
    pub value: String,
    /// What browsers may put into it.
    pub autocomplete: &'static str,
    /// `text` or `email`.
    pub kind: &'static str,
    /// Whether it may be changed here.
    pub may_change: bool,
    /// What is wrong with it.
    pub error: Option<&'static str>,
}

/// The profile. Posts `csrf`, the claims that may be changed, and `locale`.
#[derive(Debug, Template)]
#[template(path = "account/templates/profile.html")]
pub struct ProfilePage {
    /// What every account page shares.
    pub shell: Shell,
    /// Where the form is posted.
    pub action: String,
    /// The name they sign in with.
    pub username: String,
    /// Name and address.
    pub fields: Vec<Field>,
    /// Whether the address is verified, when there is one.
    pub verified: Option<bool>,
    /// Their language.
    pub locale: String,
    /// The languages to choose from: tag and name.
    pub locales: Vec<(String, String)>,
    /// Whether the language may be changed.
    pub may_change: bool,
    /// Whether anything may.
    pub may_save: bool,
    /// Whether something is wrong.
    pub has_errors: bool,
    /// Whether it was saved just now.
    pub is_saved: bool,
}

/// Something that happened.
#[derive(Debug)]
pub struct Event {
    /// Its icon.
    pub icon: &'static str,
    /// What.
    pub what: String,
    /// With what.
    pub detail: String,
    /// From where.
    pub ip: Option<String>,
    /// When.
    pub at: When,
}

/// What happened with an account.
#[derive(Debug, Template)]
#[template(path = "account/templates/activity.html")]
pub struct ActivityPage {
    /// What every account page shares.
    pub shell: Shell,
    /// The newest first.
    pub events: Vec<Event>,
}
