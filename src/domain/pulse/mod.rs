//! Pulse: what happens in a realm, counted by slots of time for the overview. Statistics, not proof: receipts and the audit log
//! are exact, these may miss what a killed node had not written down yet.
//!
//! Counting never touches the store: it happens in memory, bounded, and is written down about once a minute, one small record a
//! realm, a slot of five minutes and a node ([`flush()`]). After two days the slots of an hour become one ([`tidy()`]), and after
//! [`KEPT`] they are forgotten. How many sessions there are is counted by the node whose turn it is, a bounded piece at a time
//! ([`census`]).

pub mod census;
mod counts;
mod flush;
mod read;
mod tidy;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::RwLock;

pub use counts::{Counts, Failure, Held, Told};
pub use flush::{flush, flush_due, write};
pub use read::{Bucket, Window, recent, series};
pub use tidy::tidy;

use super::id::RealmId;
use super::signout::Reason;
use super::time::{Span, Timestamp};

/// How long a slot is.
pub const SLOT: Span = Span::mins(5);
/// How long slots are kept apart before those of an hour become one.
pub const FINE: Span = Span::hours(48);
/// How long anything is kept.
pub const KEPT: Span = Span::days(35);
/// How often what was counted is written down.
pub const EVERY: Span = Span::mins(1);

/// The beginning of the stretch of this length that a moment lies in.
pub fn floor(at: Timestamp, length: Span) -> Timestamp {
    Timestamp(at.0 - at.0 % length.0.max(1))
}

/// A realm and one of its slots.
type Place = (RealmId, Timestamp);

/// What was counted and is not yet written down.
#[derive(Default)]
pub struct Pulse {
    waiting: Mutex<HashMap<Place, Counts>>,
    /// When what was counted was last written down.
    written: Mutex<Timestamp>,
    /// Whoever reads waits for the commit under way, so that nothing is shown twice or not at all.
    writing: RwLock<()>,
}

/// The most slots that wait: of a store that takes nothing for hours, what comes later is not counted.
const MOST: usize = 20_000;

impl Pulse {
    /// A session started.
    pub fn signed_in(&self, realm: RealmId, at: Timestamp) {
        self.note(realm, at, |counts| counts.sign_ins += 1);
    }

    /// Somebody was not let in.
    pub fn failed(&self, realm: RealmId, at: Timestamp, why: Failure) {
        self.note(realm, at, |counts| counts.fail(why, 1));
    }

    /// Sessions ended.
    pub fn ended(&self, realm: RealmId, at: Timestamp, reason: Reason, sessions: u64) {
        if sessions > 0 {
            self.note(realm, at, |counts| counts.end(reason, sessions));
        }
    }

    /// An app was told of something, or was not.
    pub fn told(&self, realm: RealmId, at: Timestamp, told: Told, notices: u64) {
        self.note(realm, at, |counts| counts.tell(told, notices));
    }

    /// So much there is.
    pub fn held(&self, realm: RealmId, held: Held) {
        self.note(realm, held.at, |counts| counts.hold(held));
    }

    fn note(&self, realm: RealmId, at: Timestamp, change: impl FnOnce(&mut Counts)) {
        let place = (realm, floor(at, SLOT));
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST || waiting.contains_key(&place) {
            change(waiting.entry(place).or_default());
        }
    }

    /// Takes what waits, of at most so many slots.
    fn take(&self, most: usize) -> Vec<(Place, Counts)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let places: Vec<Place> = waiting.keys().take(most).copied().collect();
        places
            .into_iter()
            .filter_map(|place| Some((place, waiting.remove(&place)?)))
            .collect()
    }

    /// Gives back what could not be written.
    fn give_back(&self, taken: Vec<(Place, Counts)>) {
        for ((realm, slot), counts) in taken {
            self.note(realm, slot, |waiting| waiting.add(&counts));
        }
    }

    /// What waits of a realm.
    fn waiting_of(&self, realm: RealmId) -> Vec<(Timestamp, Counts)> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of = waiting.iter().filter(|((of, _), _)| *of == realm);
        of.map(|((_, slot), counts)| (*slot, counts.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests;
