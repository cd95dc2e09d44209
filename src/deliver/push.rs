//! Sends security events (RFC 8935): one task a stream that has something waiting, one request of it under way, and none
//! that waits for another stream's. What was put in is sent at once; what other nodes put in, or what waits for its next
//! attempt, is found by looking.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::domain::id::{RealmId, StreamId};
use crate::domain::ssf::push::{self, Next};
use crate::domain::ssf::{bounds, queue};
use crate::domain::{Context, Fault};

/// How often all streams are looked at when nothing rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A breath between two looks: a large act rings at each of its commits.
const BREATH: Duration = Duration::from_millis(10);
/// How often what waits is kept within bounds.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// Sends what waits until told to stop.
pub async fn push(ctx: Arc<Context>, stop: CancellationToken) {
    let mut active: HashMap<Id, StreamId> = HashMap::new();
    let mut tasks: JoinSet<()> = JoinSet::new();
    let mut tidied = Instant::now();
    loop {
        match queue::waiting(&ctx).await {
            Ok(found) => {
                for (realm, id) in found {
                    if !active.values().any(|at_work| *at_work == id) {
                        let work = stream(ctx.clone(), stop.clone(), realm, id);
                        active.insert(tasks.spawn(work).id(), id);
                    }
                }
            }
            Err(fault) => warn(&fault),
        }
        if tidied.elapsed() >= TIDY_EVERY {
            if let Err(fault) = bounds::tidy(&ctx).await {
                warn(&fault);
            }
            tidied = Instant::now();
        }
        tokio::time::sleep(BREATH).await;
        tokio::select! {
            () = stop.cancelled() => break,
            () = ctx.signals.outgoing.notified() => {}
            Some(done) = tasks.join_next_with_id() => {
                active.remove(&over(done));
            }
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        while let Some(done) = tasks.try_join_next_with_id() {
            active.remove(&over(done));
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Sends what waits in one stream, one after the other, until nothing does or the front one has to wait.
async fn stream(ctx: Arc<Context>, stop: CancellationToken, realm: RealmId, id: StreamId) {
    loop {
        // What is under way is sent again at the next start: the event is the same one.
        let sent = tokio::select! {
            () = stop.cancelled() => break,
            sent = one(&ctx, realm, id) => sent,
        };
        match sent {
            Ok(true) => {}
            Ok(false) => break,
            Err(fault) => {
                warn(&fault);
                break;
            }
        }
    }
}

/// Which task is over; one that failed too, so that its stream is not forgotten.
fn over(done: Result<(Id, ()), JoinError>) -> Id {
    match done {
        Ok((id, ())) => id,
        Err(error) => {
            tracing::error!(%error, "a task that sends security events failed");
            error.id()
        }
    }
}

async fn one(ctx: &Context, realm: RealmId, id: StreamId) -> Result<bool, Fault> {
    match push::next(ctx, realm, id).await? {
        Next::Send(outgoing, attempt) => {
            let came = ctx.wire.send(outgoing).await;
            push::settle(ctx, attempt, came).await?;
            Ok(true)
        }
        Next::Later | Next::Idle => Ok(false),
    }
}

fn warn(fault: &Fault) {
    tracing::warn!(%fault, "security events could not be sent; it is tried again");
}
