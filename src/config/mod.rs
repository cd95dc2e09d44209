//! Flags, environment, configuration file and realm files, read once at start into checked types.
//!
//! Owns: what a stranger may write and how they are told that it is wrong: file, line, what was expected, a suggestion;
//! all problems at once. Does not own: what the settings mean (`domain`) nor applying them.
//! Invariant: nothing downstream sees a raw string that was not looked at here, and no problem repeats a secret.
//!
//! | room | holds |
//! |---|---|
//! | [`Settings`] | everything of `realmkeep serve`; flag > environment > file > default |
//! | [`ServeArgs`] | the flags |
//! | [`RealmFile`] | one `realms/*.toml` |
//! | [`Problem`] | one thing that is wrong, and where |
//! | [`rules`] | what a realm, a client and a user may look like beyond their types |

mod args;
mod layers;
mod problem;
mod realm_file;
pub mod rules;
mod section;
mod settings;
mod uri;

pub use args::ServeArgs;
pub use problem::Problem;
pub use realm_file::{RealmFile, load_all};
pub use settings::Settings;
