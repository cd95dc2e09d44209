//! What one connection does beside the requests: hears of other nodes' commits and tells them of ours, takes the time from
//! the database, forgets old rows of the feed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_postgres::Error;

use crate::store::Moment;

use super::fault::words;
use super::link::{Link, Session};
use super::statements::Sql;

/// Commits are told to other nodes at most this often, all at once.
const TELL_EVERY: Duration = Duration::from_millis(50);
/// How often the connection is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const MEASURE_EVERY: Duration = Duration::from_secs(10);
const TRIM_EVERY: Duration = Duration::from_secs(20);
/// What two nodes' ideas of the time are taken to differ by, in milliseconds: at least so much, and at most.
const LEAST_SLACK: u64 = 10;
const MOST_SLACK: u64 = 500;
/// Rows of the feed are kept for so many seconds: far longer than a node may lag or an answer be in doubt.
const KEPT_SECS: f64 = 600.0;
/// Rows that one statement forgets; the text of [`Sql::Trim`] has the same number.
const PIECE: i64 = 5000;
const PATIENCE: Duration = Duration::from_secs(5);

/// The database's clock, as last measured and carried on by ours, which only has to go evenly.
#[derive(Default)]
pub(super) struct Clock(Mutex<Option<Measured>>);

#[derive(Clone, Copy)]
struct Measured {
    micros: i64,
    at: std::time::Instant,
    round_trip: Duration,
}

impl Clock {
    /// The present moment by the database's clock.
    pub(super) fn now(&self) -> Option<Moment> {
        let measured = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let passed = i64::try_from(measured.at.elapsed().as_micros()).ok()?;
        // Each of two nodes may be off by half of its round trip; what a clock of ours gains until the next measurement is
        // far less than a millisecond.
        let within = u64::try_from(measured.round_trip.as_millis()).unwrap_or(u64::MAX);
        Some(Moment {
            millis: u64::try_from(measured.micros.checked_add(passed)? / 1000).ok()?,
            within: within.clamp(LEAST_SLACK, MOST_SLACK),
        })
    }

    /// Takes a measurement: the moment lies halfway between question and answer, so a fast answer says more.
    pub(super) fn take(&self, micros: i64, asked: std::time::Instant) {
        let round_trip = asked.elapsed();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let worse = kept.is_some_and(|old| {
            round_trip > old.round_trip * 2 + Duration::from_millis(1)
                && old.at.elapsed() < MEASURE_EVERY * 6
        });
        if !worse {
            *kept = Some(Measured {
                micros: micros + i64::try_from(round_trip.as_micros() / 2).unwrap_or_default(),
                at: asked + round_trip,
                round_trip,
            });
        }
    }

    async fn measure(&self, session: &Session) -> Result<(), Error> {
        let asked = std::time::Instant::now();
        let rows = session.query(Sql::Clock, &[]).await?;
        if let Some(micros) = rows.first().and_then(|r| r.try_get(0).ok()) {
            self.take(micros, asked);
        }
        Ok(())
    }
}

/// The work and what it shares with the engine.
pub(super) struct Watch {
    pub(super) link: Arc<Link>,
    pub(super) tell: Arc<Notify>,
    pub(super) clock: Arc<Clock>,
    /// The connection was made anew: caches may be of another past.
    pub(super) lost: Arc<AtomicBool>,
}

impl Watch {
    /// Runs until it is aborted.
    pub(super) async fn run(self) {
        let mut last: Option<Arc<Session>> = None;
        let mut look = Instant::now();
        let (mut measure, mut trim) = (look + MEASURE_EVERY, look + TRIM_EVERY);
        loop {
            tokio::select! {
                () = self.tell.notified() => {
                    if let Some(session) = &last
                        && timeout(PATIENCE, session.query(Sql::Notify, &[])).await.is_ok_and(|told| told.is_ok())
                    {
                        // What is committed meanwhile is told after this, once.
                        sleep(TELL_EVERY).await;
                    }
                }
                () = sleep_until(look) => {}
            }
            if Instant::now() < look {
                continue;
            }
            look = Instant::now() + LOOK_EVERY;
            let Ok(session) = self.link.session(Instant::now() + PATIENCE).await else {
                continue;
            };
            if !last.as_ref().is_some_and(|old| Arc::ptr_eq(old, &session)) {
                if last.is_some() {
                    self.lost.store(true, Ordering::Release);
                    measure = Instant::now();
                }
                last = Some(Arc::clone(&session));
            }
            let now = Instant::now();
            let done = async {
                if now >= measure {
                    self.clock.measure(&session).await?;
                    measure = now + MEASURE_EVERY;
                }
                if now >= trim {
                    let rows = session.query(Sql::Trim, &[&KEPT_SECS]).await?;
                    let gone: i64 = rows.first().map_or(Ok(0), |r| r.try_get(0))?;
                    // A full piece means that there is more: the next comes at the next look, not in one go.
                    trim = now + if gone < PIECE { TRIM_EVERY } else { LOOK_EVERY };
                }
                Ok::<_, Error>(())
            };
            match timeout(PATIENCE * 4, done).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(why = %words(&error), "upkeep of the store failed; it is tried again");
                }
                Err(_) => self.link.give_up(&session),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_on_between_measurements_and_a_slow_answer_does_not_move_it() {
        let clock = Clock::default();
        assert_eq!(clock.now(), None);
        let begin = std::time::Instant::now();
        clock.take(1_000_000_000, begin);
        let first = clock.now().unwrap().millis;
        assert!((1_000_000..1_000_500).contains(&first), "{first}");
        let slow = begin.checked_sub(Duration::from_secs(4)).unwrap();
        clock.take(9_000_000_000, slow);
        let kept = clock.now().unwrap();
        assert!(kept.millis < 1_001_000, "moved by a slow answer");
        assert_eq!(kept.within, LEAST_SLACK);
        clock.take(2_000_000_000, std::time::Instant::now());
        assert!(clock.now().unwrap().millis >= 2_000_000);
    }
}
