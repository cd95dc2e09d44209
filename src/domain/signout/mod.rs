//! The only door: every session and every family ends here, whatever the cause.
//!
//! One commit holds what ended, what must still be told, the audit record and the receipt; the answer comes after it.
//! [`mod@plan`] is the dry run, [`mod@end`] the act, [`expand`] writes out what an epoch already denies, [`receipt`] shows it.
//! The asking administrator's own session is never part of any of them ([`own`]).

pub mod block;
pub mod browser;
pub mod chunks;
pub mod end;
pub mod epoch;
pub mod expand;
pub mod family;
mod loose;
pub mod own;
pub mod plan;
pub mod reason;
pub mod receipt;
pub mod select;
pub mod told;
mod took;
pub mod write;

use serde::{Deserialize, Serialize};

pub use end::{EndError, end, end_with};
pub use epoch::Epoch;
pub use plan::{Plan, plan};
pub use reason::{Reason, Scope};
pub use receipt::Receipt;
pub use select::Selection;

use super::Actor;
use super::id::{Sid, SignOutId};
use super::time::{Span, Timestamp};

/// What is asked of the door.
#[derive(Clone, Debug)]
pub struct Request {
    /// The act's id, when what else is told of the same deed must name it before the act is there.
    pub id: Option<SignOutId>,
    /// Which sessions.
    pub select: Selection,
    /// Why.
    pub reason: Reason,
    /// Who asks.
    pub actor: Actor,
    /// The administrator's reason in words ("lost device").
    pub why: Option<String>,
    /// A note for the audit log.
    pub note: Option<String>,
    /// What the people are told when they sign in again.
    pub message: Option<String>,
    /// The caller's Idempotency-Key.
    pub once: Option<String>,
    /// Ids of users or clients that were named and that nobody has: they go on the receipt as not found.
    pub unknown: Vec<String>,
    /// Blocks the sign-in of the people of the act.
    pub block: Option<BlockOrder>,
    /// Since when somebody waits at a page for it: then the receipt says how long that was.
    pub asked_at: Option<Timestamp>,
}

/// How the people of an act are blocked from signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockOrder {
    /// Until when; `None` until it is lifted.
    pub until: Option<Timestamp>,
    /// Whether people with administrators' roles are blocked too.
    pub administrators: bool,
}

impl Request {
    /// A request without words.
    pub fn new(select: Selection, reason: Reason, actor: Actor) -> Request {
        Request {
            id: None,
            select,
            reason,
            actor,
            why: None,
            note: None,
            message: None,
            once: None,
            unknown: Vec::new(),
            block: None,
            asked_at: None,
        }
    }

    /// Whether it ends everything of whom it is about.
    pub fn is_whole(&self) -> bool {
        self.reason.scope() == Scope::Everything
            && matches!(&self.select, Selection::Users(_) | Selection::All)
    }
}

/// That an act blocked the sign-in of its people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Until when; `None` until it is lifted.
    pub until: Option<Timestamp>,
    /// How many people.
    pub people: u64,
    /// Whether people with administrators' roles are among them.
    pub administrators: bool,
}

/// One act of ending sessions, as kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignOut {
    /// Its id.
    pub id: SignOutId,
    /// Why.
    pub reason: Reason,
    /// Who asked.
    pub actor: Actor,
    /// The cut: what started later is not touched.
    pub at: Timestamp,
    /// The administrator's reason in words.
    pub why: Option<String>,
    /// A note for the audit log.
    pub note: Option<String>,
    /// What the people are told.
    pub message: Option<String>,
    /// What was selected, in words.
    pub selection: String,
    /// How far it is. Once written out it says whether there was anything to tell; [`receipt`] looks whether that is done.
    pub state: State,
    /// Whether everything of its people ended, whatever their sessions.
    pub whole: bool,
    /// Whether it was too large for one commit.
    pub large: bool,
    /// How many sessions ended by it so far.
    pub sessions: u64,
    /// Of how many people.
    pub people: u64,
    /// How many families were revoked so far.
    pub families: u64,
    /// How many of those were offline.
    pub offline: u64,
    /// How many sessions it will end in all, once known.
    pub total: Option<u64>,
    /// The asker's own session when it was in the selection.
    pub protected: Vec<Sid>,
    /// Selected ids that no session of this realm has.
    pub not_found: Vec<String>,
    /// Selected sessions that were over before.
    pub already_ended: Vec<Sid>,
    /// Whether its people are blocked from signing in.
    #[serde(default)]
    pub block: Option<Blocked>,
    /// How long whoever asked waited for the durable commit from which on denial holds; `None` when that was not noted.
    #[serde(default)]
    pub took: Option<Span>,
}

/// How far an act is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A large selection is still being written out. Denial already holds.
    Expanding,
    /// Apps are still to be told.
    Delivering,
    /// Everything that can be known is known.
    Settled,
}

#[cfg(test)]
mod tests;
