//! Reads what was counted, by stretches as long as a chart shows them.

use super::{Counts, FINE, Held, SLOT, floor};
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::time::{Span, Timestamp};
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, key};

/// How far back one looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// A day, by half hours.
    Day,
    /// A week, by three hours.
    Week,
    /// Thirty days, by half days.
    Month,
}

impl Window {
    /// All of them.
    pub const ALL: [Window; 3] = [Window::Day, Window::Week, Window::Month];

    /// Its name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Window::Day => "24h",
            Window::Week => "7d",
            Window::Month => "30d",
        }
    }

    /// Reads its name.
    pub fn parse(text: &str) -> Option<Window> {
        Window::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// How long a stretch of it is.
    pub fn step(self) -> Span {
        match self {
            Window::Day => Span::mins(30),
            Window::Week => Span::hours(3),
            Window::Month => Span::hours(12),
        }
    }

    /// How many stretches it has.
    pub fn steps(self) -> u64 {
        match self {
            Window::Day => 48,
            Window::Week => 56,
            Window::Month => 60,
        }
    }
}

/// A stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When it begins.
    pub from: Timestamp,
    /// What happened.
    pub counts: Counts,
}

/// What happened up to this moment, every stretch of the window in order; of this node up to now, of others up to about a
/// minute ago.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn series(ctx: &Context, realm: &Realm, window: Window) -> Result<Vec<Bucket>, Fault> {
    let step = window.step();
    let last = floor(ctx.now(), step);
    let from = last.minus(Span(step.0 * (window.steps() - 1)));
    let end = last.plus(step);
    let mut buckets: Vec<Bucket> = (0..window.steps())
        .map(|n| Bucket {
            from: from.plus(Span(step.0 * n)),
            counts: Counts::default(),
        })
        .collect();
    let mut add = |slot: Timestamp, counts: &Counts| {
        let at = usize::try_from(slot.since(from).0 / step.0).unwrap_or(usize::MAX);
        if let Some(bucket) = buckets.get_mut(at).filter(|_| slot >= from) {
            bucket.counts.add(counts);
        }
    };
    let _still = ctx.pulse.writing.read().await;
    // Hours first: a slot that becomes part of its hour in between is missed for one look, never counted twice.
    for range in [
        key::pulse_hours(realm.id, from, end),
        key::pulses(realm.id, from, end),
    ] {
        let mut walk = Walk::records(ctx, range).by(1000);
        while let Some(page) = walk.next().await? {
            for record in &page {
                if let Some(slot) = key::pulse_slot(&record.key) {
                    add(slot, &decode(&record.value, "pulse")?);
                }
            }
        }
    }
    for (slot, counts) in ctx.pulse.waiting_of(realm.id) {
        add(slot, &counts);
    }
    Ok(buckets)
}

/// The last count of what there is, of the last half hour.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn recent(ctx: &Context, realm: &Realm) -> Result<Option<Held>, Fault> {
    let now = ctx.now();
    let from = floor(now.minus(Span::mins(30).min(FINE)), SLOT);
    let range = key::pulses(realm.id, from, now.plus(SLOT));
    let mut found: Vec<Held> = Vec::new();
    let mut walk = Walk::records(ctx, range).by(1000);
    while let Some(page) = walk.next().await? {
        for record in &page {
            let counts: Counts = decode(&record.value, "pulse")?;
            found.extend(counts.held);
        }
    }
    let waiting = ctx.pulse.waiting_of(realm.id);
    found.extend(waiting.into_iter().filter_map(|(_, counts)| counts.held));
    Ok(found.into_iter().max_by_key(|held| held.at))
}
