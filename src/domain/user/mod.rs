//! User: a person; their `sub` is their stable id.
//!
//! Owns the record, the password and the check of it. Does not own what ends when a user is disabled, deleted or
//! given a new password (`signout`).

pub mod alert;
pub mod attempts;
mod authenticate;
pub mod block;
pub mod check;
mod deed;
pub mod import;
mod index;
pub mod own;
mod search;
mod store;
pub mod throttle;
pub mod verbs;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

pub use authenticate::{AuthenticateError, authenticate};
pub use block::{Block, Blocking};
pub(in crate::domain) use index::again;
pub use search::{administrators, beyond_username, search};
pub(in crate::domain) use store::has_password;
pub(in crate::domain) use store::reseal;
pub use store::{by_email, by_id, count, find, list, password_set_at};

use crate::domain::id::UserId;
use crate::domain::time::Timestamp;

/// A user as kept. The password's hash lies under a key of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// The `sub`.
    pub id: UserId,
    /// The name they sign in with.
    pub username: String,
    /// Whether they may sign in. Disabling ends every session.
    pub enabled: bool,
    /// Roles of this realm (design: `realm-admin`, `sessions-operator`, …), beside whatever apps look for.
    pub roles: Vec<String>,
    /// Standard and other claims (OIDC Core §5.1), as JSON.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// When they were made.
    pub created_at: Timestamp,
    /// Set while they may not sign in although they are enabled; may have run out.
    #[serde(default)]
    pub blocked: Option<Block>,
}

impl User {
    /// The block that holds at this moment.
    pub fn blocked(&self, now: Timestamp) -> Option<&Block> {
        self.blocked.as_ref().filter(|block| block.holds(now))
    }

    /// The name that people see: the `name` claim or the username.
    pub fn display_name(&self) -> &str {
        self.claim("name").unwrap_or(&self.username)
    }

    /// What they are set to, to be changed a little: without a password, and the block as it is.
    pub fn settings(&self) -> UserSettings {
        UserSettings {
            username: self.username.clone(),
            password: None,
            password_hash: None,
            enabled: self.enabled,
            roles: self.roles.clone(),
            claims: self.claims.clone(),
            blocking: Blocking::Keep,
        }
    }

    /// A claim that is text.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(serde_json::Value::as_str)
    }
}

/// What a realm file or a REST body may say of a user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserSettings {
    /// The name they sign in with.
    pub username: String,
    /// A new password; only ever inbound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// A hash from elsewhere in PHC form (`$argon2id$…`), upgraded at the next sign-in; only ever inbound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// Whether they may sign in.
    pub enabled: bool,
    /// Roles of this realm.
    pub roles: Vec<String>,
    /// Standard and other claims.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// Whether sign-in is blocked.
    #[serde(rename = "blocked_until", skip_serializing_if = "Blocking::is_keep")]
    pub blocking: Blocking,
}

impl Default for UserSettings {
    fn default() -> Self {
        UserSettings {
            username: String::new(),
            password: None,
            password_hash: None,
            enabled: true,
            roles: Vec::new(),
            claims: serde_json::Map::new(),
            blocking: Blocking::Keep,
        }
    }
}

/// The form under which a username is unique and searched: NFKC, lower case (RFC 8265 §3.3 in spirit).
pub fn fold(username: &str) -> String {
    username
        .trim()
        .nfkc()
        .flat_map(char::to_lowercase)
        .collect()
}

/// Checks a username: 1 to 128 characters, no control characters and no white space at its ends.
///
/// # Errors
/// A sentence that says what was expected.
pub fn check_username(username: &str) -> Result<(), String> {
    let count = username.chars().count();
    if count == 0
        || count > 128
        || username.trim() != username
        || username.chars().any(char::is_control)
    {
        return Err(
            "a username has 1 to 128 characters, no control characters and no white space at its ends".to_owned()
        );
    }
    Ok(())
}
