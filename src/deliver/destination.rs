//! The work at one destination: take its lease, keep a few attempts under way, write down what came of them together.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::domain::outbox::lease::{self, Lease};
use crate::domain::outbox::send::{Notice, Tried, attempt, notices};
use crate::domain::outbox::settle::settle;
use crate::domain::outbox::{Destination, backoff, queue, standing};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault, client, realm};

/// What is remembered of a destination between two spells of work.
#[derive(Debug, Default)]
pub struct Kept {
    lease: Option<Lease>,
    /// Nothing is tried before this.
    pub rests_until: Timestamp,
    /// How often in a row the work could not be done.
    pub faults: u32,
}

impl Kept {
    /// Whether there is anything worth remembering.
    pub fn is_of_use(&self, now: Timestamp) -> bool {
        self.rests_until > now
            || self
                .lease
                .is_some_and(|l| now.since(l.since) < lease::LASTS)
    }

    /// Notes that the work could not be done. What cannot be written down would be sent again each time, so the pauses get longer.
    pub fn failed(&mut self, now: Timestamp) {
        self.faults = self.faults.saturating_add(1);
        let pause = backoff::pause(self.faults, 255).min(Span::mins(5));
        self.rests_until = now.plus(pause);
    }

    /// Lets another node have the destination.
    pub async fn give_back(self, ctx: &Context, destination: &Destination) {
        if let Some(lease) = self.lease {
            lease::give_back(ctx, destination, lease).await;
        }
    }
}

/// Entries read in one go.
const PAGE: usize = 64;
/// How often the queue is looked at while answers are awaited.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Results written down in one commit.
const TOGETHER: usize = 32;

/// Works a destination's queue until nothing of it is due, its circuit opens, or the lease is another node's.
///
/// # Errors
/// [`Fault`] when the store fails; what was under way is told again.
pub async fn work(
    ctx: &Context,
    destination: &Destination,
    kept: &mut Kept,
    stop: &CancellationToken,
) -> Result<(), Fault> {
    let Some(realm) = realm::by_id(ctx, destination.realm).await? else {
        return Ok(());
    };
    let Some(id) = destination.client() else {
        return Ok(());
    };
    let mut standing = standing::read(ctx, destination).await?;
    let mut waiting: VecDeque<Notice> = VecDeque::new();
    let mut taken: HashSet<Bytes> = HashSet::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        if !hold(ctx, destination, kept).await? {
            return Ok(());
        }
        let now = ctx.now();
        let open = standing.closed_until().filter(|until| *until > now);
        let may_try = open.is_none();
        if may_try && waiting.is_empty() {
            let due = queue::due(ctx, destination, now, PAGE + taken.len()).await?;
            let mut due: Vec<_> = due
                .into_iter()
                .filter(|q| !taken.contains(&q.key))
                .collect();
            due.truncate(PAGE);
            taken.extend(due.iter().map(|q| q.key.clone()));
            let client = client::by_id(ctx, &realm, id).await?;
            waiting = notices(ctx, &realm, client.as_deref(), due).await?.into();
        }
        while may_try && under_way.len() < standing.width() {
            let Some(notice) = waiting.pop_front() else {
                break;
            };
            let failing = standing.is_failing();
            let realm = &realm;
            under_way.push(async move {
                let client = client::by_id(ctx, realm, id).await?;
                attempt(ctx, realm, client.as_deref(), notice, failing).await
            });
        }
        let first = tokio::select! {
            // What is under way is told again at the next start: an app that hangs must not hold up a stop in good order.
            () = stop.cancelled() => return Ok(()),
            first = under_way.next() => first,
            // One that hangs is not in the way of what was written meanwhile, nor of the lease.
            () = tokio::time::sleep(LOOK_EVERY), if !under_way.is_empty() => continue,
        };
        let Some(first) = first else {
            kept.rests_until = open.unwrap_or_default();
            return Ok(());
        };
        let mut done: Vec<Tried> = vec![first?];
        while done.len() < TOGETHER {
            match futures_util::FutureExt::now_or_never(under_way.next()) {
                Some(Some(next)) => done.push(next?),
                _ => break,
            }
        }
        for tried in &done {
            for queued in &tried.notice.queued {
                taken.remove(&queued.key);
            }
        }
        settle(ctx, &realm, destination, done, &mut standing).await?;
        if standing.is_failing() {
            // What waits keeps its place; it is read again when the circuit lets something through.
            for notice in waiting.drain(..) {
                for queued in &notice.queued {
                    taken.remove(&queued.key);
                }
            }
        }
    }
}

/// Whether the lease is this process' for some seconds more.
async fn hold(ctx: &Context, destination: &Destination, kept: &mut Kept) -> Result<bool, Fault> {
    if kept.lease.is_some_and(|l| l.is_fresh(ctx.now())) {
        return Ok(true);
    }
    match lease::take(ctx, destination).await? {
        Ok(lease) => {
            kept.lease = Some(lease);
            Ok(true)
        }
        Err(until) => {
            kept.lease = None;
            kept.rests_until = until;
            Ok(false)
        }
    }
}
