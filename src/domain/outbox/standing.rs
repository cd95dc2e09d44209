//! Standing: how a destination has answered lately. It opens the circuit of one that does not, and says before an
//! incident whether an app can be told.

use serde::{Deserialize, Serialize};

use super::delivery::Attempt;
use super::{Destination, backoff};
use crate::domain::record::{decode, encode};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault, key};
use crate::store::Batch;

/// How a destination has answered lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// When it last confirmed something.
    pub last_good: Option<Timestamp>,
    /// The last attempt.
    pub last: Option<Attempt>,
    /// How many attempts in a row got no answer or an error of the server.
    pub failures: u32,
    /// Notices it confirmed, in all.
    pub acknowledged: u64,
}

/// This many failures in a row open the circuit.
pub const OPENS_AT: u32 = 3;
/// The longest that an open circuit waits before it lets one attempt through.
const LONGEST_OPEN: Span = Span::mins(5);
/// Attempts under way at once for a destination that answers.
pub const WIDTH: usize = 8;

impl Standing {
    /// Whether the circuit is open: until when nothing is tried, counted from the last attempt.
    pub fn closed_until(&self) -> Option<Timestamp> {
        let last = self.last.as_ref().filter(|_| self.is_failing())?;
        // The jitter comes from the attempt, so that asking twice answers the same.
        let chance = last.at.0.to_le_bytes()[0];
        let pause = backoff::pause(self.failures - OPENS_AT + 1, chance).min(LONGEST_OPEN);
        Some(last.at.plus(Span(u64::from(last.took))).plus(pause))
    }

    /// Whether it has not answered for some attempts.
    pub fn is_failing(&self) -> bool {
        self.failures >= OPENS_AT
    }

    /// How many attempts may be under way at once: one at a time while nobody knows whether it answers.
    pub fn width(&self) -> usize {
        if self.is_failing() { 1 } else { WIDTH }
    }

    pub fn note(&mut self, attempt: &Attempt, answered: bool, confirmed: u64) {
        if answered {
            self.failures = 0;
        } else if !self.is_of_the_last_burst(attempt) {
            self.failures = self.failures.saturating_add(1);
        }
        if confirmed > 0 {
            self.last_good = Some(attempt.at);
            self.acknowledged += confirmed;
        }
        self.last = Some(attempt.clone());
    }

    /// Whether it was under way together with one that failed: a moment's trouble is not as many failures as attempts.
    fn is_of_the_last_burst(&self, attempt: &Attempt) -> bool {
        let ended = |l: &Attempt| l.at.plus(Span(u64::from(l.took)));
        self.failures > 0 && self.last.as_ref().is_some_and(|l| attempt.at < ended(l))
    }

    /// Adds it to a batch. Only who holds the lease writes it.
    ///
    /// # Errors
    /// [`Fault::Record`] when it cannot be encoded.
    pub fn put(&self, destination: &Destination, batch: &mut Batch) -> Result<(), Fault> {
        batch.put(
            key::standing(destination.realm, &destination.id),
            encode(self)?,
        );
        Ok(())
    }
}

/// How a destination has answered lately; all empty when it was never tried.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn read(ctx: &Context, destination: &Destination) -> Result<Standing, Fault> {
    let at = key::standing(destination.realm, &destination.id);
    match ctx.store.get(&at).await? {
        Some(record) => decode(&record.value, "standing of an app"),
        None => Ok(Standing::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(at: u64) -> Attempt {
        Attempt {
            at: Timestamp(at),
            took: 0,
            status: None,
            text: String::new(),
        }
    }

    #[test]
    fn the_circuit_opens_after_three_failures_and_closes_at_the_first_answer() {
        let mut standing = Standing::default();
        for n in 0..2 {
            standing.note(&attempt(n), false, 0);
        }
        assert_eq!((standing.width(), standing.closed_until()), (WIDTH, None));
        standing.note(&attempt(255), false, 0);
        assert_eq!(standing.width(), 1);
        assert_eq!(standing.closed_until(), Some(Timestamp(1255)));
        standing.note(&attempt(0x20ff), false, 0);
        assert_eq!(standing.closed_until(), Some(Timestamp(0x20ff + 2000)));
        standing.note(&attempt(90_000), true, 1);
        assert_eq!((standing.width(), standing.closed_until()), (WIDTH, None));
        assert_eq!(standing.last_good, Some(Timestamp(90_000)));
    }

    #[test]
    fn what_fails_together_is_one_failure() {
        let mut standing = Standing::default();
        let slow = |at| Attempt {
            took: 10_000,
            ..attempt(at)
        };
        for n in 0..8 {
            standing.note(&slow(n), false, 0);
        }
        assert_eq!(standing.failures, 1);
        standing.note(&slow(11_000), false, 0);
        assert_eq!(standing.failures, 2);
    }
}
