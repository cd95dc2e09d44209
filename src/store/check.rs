//! The check of every record against the tally: by whoever opens a store, or beside its commits.
//!
//! Beside commits there is no snapshot to walk. Instead each page is read while no group is written, and a group that later changes
//! what was already read corrects the sum: at the end the sum must be the tally of the writer, whatever happened meanwhile.

use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::batch::SEQUENCE_KEY;
use super::fault::Fault;
use super::group::Touched;
use super::shelf::Shelf;
use super::stored::{self, Tally};
use super::{Bytes, Dir};

/// Records read while groups wait.
pub(super) const PAGE: usize = 256;
const SAY_EVERY: Duration = Duration::from_secs(5);

/// How far a check has come, for people to see.
#[derive(Default)]
pub(super) struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    /// A check of `total` records begins.
    pub(super) fn begin(&self, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total.max(1), Ordering::Relaxed);
    }

    /// It is over.
    pub(super) fn end(&self) {
        self.total.store(0, Ordering::Relaxed);
    }

    /// Records read and records to read, while a check is on.
    pub(super) fn now(&self) -> Option<(u64, u64)> {
        let total = self.total.load(Ordering::Relaxed);
        (total > 0).then(|| (self.done.load(Ordering::Relaxed).min(total), total))
    }
}

/// What a check has read so far.
#[derive(Default)]
pub(super) struct Walked {
    /// The last key that was read.
    upto: Option<Bytes>,
    found: Tally,
}

impl Walked {
    /// Takes in what a group did to a key that was read before.
    pub(super) fn change(&mut self, key: &Bytes, touched: &Touched) {
        if self.upto.as_ref().is_some_and(|upto| key <= upto) {
            touched.before.iter().for_each(|r| self.found.remove(r));
            touched.after.iter().for_each(|r| self.found.add(r));
        }
    }

    /// Reads up to `limit` more records; whether there are more.
    pub(super) fn step(
        &mut self,
        shelf: &dyn Shelf,
        limit: usize,
        progress: &Progress,
    ) -> Result<bool, Fault> {
        let from = match &self.upto {
            Some(upto) => Bound::Excluded(upto.clone()),
            None => Bound::Unbounded,
        };
        let mut read = 0;
        for kept in shelf
            .walk((from, Bound::Unbounded), Dir::Forward)?
            .take(limit)
        {
            let (key, sealed) = kept?;
            read += 1;
            if key != SEQUENCE_KEY {
                self.found.add(&stored::record(key.clone(), sealed)?);
            }
            self.upto = Some(key);
        }
        progress.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read == limit)
    }

    /// Compares what was read with what was written.
    pub(super) fn compare(&self, tally: Tally) -> Result<(), Fault> {
        if self.found == tally {
            Ok(())
        } else if self.found.records == tally.records {
            Err(Fault::Engine(
                "some of its records are older than they should be".into(),
            ))
        } else {
            Err(Fault::Engine(format!(
                "{} records should be there, {} were found",
                tally.records, self.found.records
            )))
        }
    }
}

/// Checks everything while nothing else happens.
pub(super) fn whole(shelf: &dyn Shelf, tally: Tally) -> Result<(), Fault> {
    let progress = Progress::default();
    progress.begin(tally.records);
    let mut walked = Walked::default();
    let mut said = Instant::now();
    while walked.step(shelf, PAGE * 16, &progress)? {
        if said.elapsed() >= SAY_EVERY {
            said = Instant::now();
            let (done, total) = progress.now().unwrap_or_default();
            tracing::info!(done, total, "checking every record before serving");
        }
    }
    walked.compare(tally)
}
