//! Dispatch: one task a destination that has something due, none for the rest. What rings is worked at once; what other
//! nodes committed, or what waits for its next attempt, is found by looking.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::destination::{Kept, work};
use crate::domain::outbox::{Destination, queue};
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault};

/// How often all queues are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Looking takes at most one part in so many of the time.
const REST: u32 = 20;

#[derive(Default)]
struct State {
    /// Destinations at work.
    active: HashSet<Destination>,
    /// Whose each task is.
    tasks: HashMap<Id, Destination>,
    /// Of these, those that rang meanwhile.
    again: HashSet<Destination>,
    /// What is remembered of destinations between two spells of work.
    kept: HashMap<Destination, Kept>,
}

/// Works the queues until told to stop.
pub async fn dispatch(ctx: Arc<Context>, stop: CancellationToken) {
    let mut state = State::default();
    let mut tasks: JoinSet<Kept> = JoinSet::new();
    let mut look_at = Instant::now();
    loop {
        if Instant::now() >= look_at {
            let began = Instant::now();
            match queue::destinations(&ctx).await {
                Ok(found) => {
                    let now = ctx.now();
                    state.forget(now, &found);
                    for (destination, due) in found {
                        if due <= now
                            && state
                                .kept
                                .get(&destination)
                                .is_none_or(|k| k.rests_until <= now)
                        {
                            state.start(&ctx, &stop, destination, &mut tasks);
                        }
                    }
                }
                Err(fault) => {
                    tracing::warn!(%fault, "the outbox cannot be read; it is tried again")
                }
            }
            look_at = Instant::now() + LOOK_EVERY.max(began.elapsed() * REST);
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = ctx.bell.wake.notified() => {
                let now = ctx.now();
                for destination in ctx.bell.rung() {
                    // An open circuit stays open, however much is written for it.
                    if state.kept.get(&destination).is_none_or(|k| k.rests_until <= now) {
                        state.start(&ctx, &stop, destination, &mut tasks);
                    }
                }
            }
            Some(done) = tasks.join_next_with_id() => {
                if let Some(destination) = state.over(done, ctx.now()) {
                    state.start(&ctx, &stop, destination, &mut tasks);
                }
            }
            () = tokio::time::sleep_until(look_at.into()) => {}
        }
    }
    while let Some(done) = tasks.join_next_with_id().await {
        state.over(done, ctx.now());
    }
    for (destination, kept) in state.kept {
        kept.give_back(&ctx, &destination).await;
    }
}

impl State {
    fn start(
        &mut self,
        ctx: &Arc<Context>,
        stop: &CancellationToken,
        destination: Destination,
        tasks: &mut JoinSet<Kept>,
    ) {
        if !self.active.insert(destination) {
            self.again.insert(destination);
            return;
        }
        let kept = self.kept.remove(&destination);
        let (ctx, stop) = (ctx.clone(), stop.clone());
        let task = tasks.spawn(async move {
            let mut kept = kept.unwrap_or_default();
            if let Err(fault) = work(&ctx, &destination, &mut kept, &stop).await {
                warn(&fault);
                kept.failed(ctx.now());
            } else {
                kept.faults = 0;
            }
            kept
        });
        self.tasks.insert(task.id(), destination);
    }

    /// Notes that a task is over, also one that failed: its destination is not forgotten. Answers the destination when it
    /// rang meanwhile and does not rest.
    fn over(&mut self, done: Result<(Id, Kept), JoinError>, now: Timestamp) -> Option<Destination> {
        let (id, kept) = match done {
            Ok((id, kept)) => (id, kept),
            Err(error) => {
                tracing::error!(%error, "a task that tells apps of sign-outs failed");
                let mut kept = Kept::default();
                kept.failed(now);
                (error.id(), kept)
            }
        };
        let destination = self.tasks.remove(&id)?;
        self.active.remove(&destination);
        let rests = kept.rests_until > now;
        self.kept.insert(destination, kept);
        (self.again.remove(&destination) && !rests).then_some(destination)
    }

    /// Forgets destinations with nothing in their queue whose lease has run out.
    fn forget(&mut self, now: Timestamp, found: &[(Destination, Timestamp)]) {
        if self.kept.len() <= found.len() {
            return;
        }
        let waiting: HashSet<Destination> = found.iter().map(|(d, _)| *d).collect();
        self.kept
            .retain(|destination, kept| waiting.contains(destination) || kept.is_of_use(now));
    }
}

fn warn(fault: &Fault) {
    tracing::warn!(%fault, "apps could not be told of sign-outs; it is tried again");
}
