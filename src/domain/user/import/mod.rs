//! Import: many people brought into a realm at once, as a long act. A file is checked as a whole before anything of it is
//! written ([`check`]); then its people are kept, sealed, beside a record of the import ([`keep`]), and written from there
//! in small pieces, each in one commit with how far the import is ([`work`]): whatever breaks off in between, nobody is
//! lost and nobody comes twice.
//!
//! Does not own how a file is read (`http`), nor how a person is made or changed (`verbs`).

pub mod check;
pub mod keep;
mod rows;
pub mod show;
#[cfg(test)]
mod tests;
pub mod work;

use serde::{Deserialize, Serialize};

use super::{User, UserSettings, fold};
use crate::domain::Actor;
use crate::domain::access::{self, Right};
use crate::domain::id::{ImportId, UserId};
use crate::domain::time::Timestamp;

pub(in crate::domain) use rows::reseal;

/// The most people of one file.
pub const MOST_PEOPLE: usize = 100_000;
/// The most problems and failures that are shown one by one.
pub const MOST_SHOWN: usize = 50;

/// A person as a file has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Where in the file: a line, or which entry; from 1 on.
    pub at: u64,
    /// The `sub` that they had elsewhere and keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<UserId>,
    /// What the file says of them.
    pub settings: UserSettings,
    /// Whether it says that they may sign in or not.
    pub says_enabled: bool,
    /// Whether it says which roles they have.
    pub says_roles: bool,
}

impl Row {
    /// Somebody who is there already with what the file says of them: what it does not say stays as it is.
    pub fn over(&self, before: &User) -> UserSettings {
        let mut settings = before.settings();
        settings.username.clone_from(&self.settings.username);
        settings.password.clone_from(&self.settings.password);
        settings
            .password_hash
            .clone_from(&self.settings.password_hash);
        settings.blocking = self.settings.blocking;
        if self.says_enabled {
            settings.enabled = self.settings.enabled;
        }
        if self.says_roles {
            settings.roles.clone_from(&self.settings.roles);
        }
        settings.claims.extend(self.settings.claims.clone());
        settings
    }

    fn folded(&self) -> String {
        fold(&self.settings.username)
    }
}

/// What becomes of people who are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IfExists {
    /// Nothing.
    #[default]
    Skip,
    /// What the file says of them is taken over.
    Update,
    /// The file is refused.
    Fail,
}

impl IfExists {
    /// Reads it, in our words or Keycloak's.
    pub fn parse(text: &str) -> Option<IfExists> {
        match text.to_ascii_lowercase().as_str() {
            "skip" => Some(IfExists::Skip),
            "update" | "overwrite" => Some(IfExists::Update),
            "fail" => Some(IfExists::Fail),
            _ => None,
        }
    }

    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            IfExists::Skip => "skip",
            IfExists::Update => "update",
            IfExists::Fail => "fail",
        }
    }
}

/// What a place in the file is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// In a table of text.
    #[default]
    Line,
    /// In a list.
    Entry,
}

impl Unit {
    /// Its name in the API and in sentences.
    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Line => "line",
            Unit::Entry => "entry",
        }
    }
}

/// How far whoever imports may go with administrators' accounts: nobody hands out a role above their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Accounts of administrators of the realm.
    pub realm: bool,
    /// Accounts of administrators of the server.
    pub server: bool,
}

impl Reach {
    /// Of somebody with these rights.
    pub fn of(may: impl Fn(Right) -> bool) -> Reach {
        Reach {
            realm: may(Right::ManageRealm),
            server: may(Right::ManageServer),
        }
    }

    /// The right that is lacking to touch an account with these roles, or to hand them out.
    pub fn lacks(self, realm: &str, roles: &[String]) -> Option<Right> {
        access::guarded_by(realm, roles).filter(|right| match right {
            Right::ManageServer => !self.server,
            _ => !self.realm,
        })
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its people are being put aside; nothing is imported yet.
    Receiving,
    /// It waits for a word to begin.
    Ready,
    /// Its people are being written.
    Running,
    /// It is over.
    Done,
}

/// What became of the people so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Who were not there.
    pub created: u64,
    /// Who were there and were changed, or were like that already.
    pub updated: u64,
    /// Who were there and stayed as they were.
    pub skipped: u64,
    /// Who could not be written.
    pub failed: u64,
}

impl Counts {
    /// All of them.
    pub fn done(&self) -> u64 {
        self.created + self.updated + self.skipped + self.failed
    }
}

/// Somebody who could not be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Where in the file.
    pub at: u64,
    /// Who.
    pub username: String,
    /// Why.
    pub why: String,
}

/// Somebody of the file, to be shown beforehand; without anything secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Where in the file.
    pub at: u64,
    /// Their name to sign in with.
    pub username: String,
    /// What they are called.
    pub name: String,
    /// How they are reached.
    pub email: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// Whether they come with a password.
    pub password: bool,
    /// Whether they are there already.
    pub exists: bool,
}

/// An import as kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Import {
    /// Its id; the order of ids is the order in time.
    pub id: ImportId,
    /// When it came in.
    pub at: Timestamp,
    /// Who imports.
    pub actor: Actor,
    /// How far it is.
    pub state: State,
    /// What becomes of people who are there already.
    pub if_exists: IfExists,
    /// What a place in its file is called.
    pub unit: Unit,
    /// How far its actor may go.
    pub reach: Reach,
    /// Whether it hands out roles that take more than managing users.
    pub takes: Reach,
    /// How many people.
    pub total: u64,
    /// How many of them were there when the file was checked.
    pub existing: u64,
    /// How many of the first rows that are kept are done.
    pub place: usize,
    /// What became of them so far.
    pub counts: Counts,
    /// The first who could not be written.
    pub failures: Vec<Failure>,
    /// The first of the file.
    pub sample: Vec<Sample>,
    /// What the file has and this server does not take.
    pub passed_over: Vec<String>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// Which node writes, and until when it has that to itself.
    pub lease: Option<(String, Timestamp)>,
}

impl Import {
    /// Whether this person started it or may start it.
    pub fn is_of(&self, actor: &Actor) -> bool {
        (self.actor.kind, &self.actor.id, &self.actor.realm)
            == (actor.kind, &actor.id, &actor.realm)
    }
}
