//! Follows the feed of changes, so that what this process remembers of realms, clients and keys is never older than the
//! store by more than a moment, whoever changed it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::id::RealmId;
use crate::domain::{Context, key};
use crate::store::{FeedError, FeedPos};

const AT_ONCE: usize = 1000;

/// The first bytes of the keys whose changes anybody here wants to hear of; [`evict`] has a use for each.
pub(super) const WATCHED: &[u8] = &[
    0x02,
    0x03,
    0x04,
    0x10,
    0x11,
    0x65,
    0x66,
    0x67,
    0x68,
    key::STATUS,
];

/// Follows from a position that was taken before anything was remembered. Runs until told to stop.
pub(super) async fn follow(ctx: Arc<Context>, mut at: FeedPos, stop: CancellationToken) {
    let mut wake = ctx.store.wake();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            woken = wake.changed() => if woken.is_err() { return },
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
        at = catch_up(&ctx, at).await;
    }
}

async fn catch_up(ctx: &Context, mut at: FeedPos) -> FeedPos {
    loop {
        match ctx.store.changes(at, AT_ONCE).await {
            Ok(changes) => {
                let more = changes.changes.len() >= AT_ONCE;
                if changes.late {
                    // Somebody's commit cannot be told yet: nothing is remembered for longer than until the next look.
                    forget(ctx);
                }
                for change in changes.changes {
                    evict(ctx, &change.key);
                }
                at = changes.next;
                if !more {
                    return at;
                }
            }
            Err(FeedError::Gap { resume }) => {
                forget(ctx);
                at = resume;
            }
            Err(FeedError::Store(error)) => {
                tracing::warn!(%error, "the feed of changes cannot be read");
                // Without it nobody can tell what is still so: everything is read anew until it is back.
                forget(ctx);
                return at;
            }
        }
    }
}

fn forget(ctx: &Context) {
    ctx.catalog.clear();
    ctx.signals.clear();
    ctx.keys.clear();
    ctx.status.clear();
}

fn evict(ctx: &Context, changed: &[u8]) {
    match changed.first() {
        Some(0x02 | 0x03 | 0x10 | 0x11) => ctx.catalog.evict(changed),
        Some(0x65..=0x68) => ctx.signals.changed(changed),
        Some(0x04) => {
            if let Some(realm) = changed.get(1..5).and_then(|b| b.try_into().ok()) {
                ctx.keys.evict(RealmId(u32::from_be_bytes(realm)));
            }
        }
        Some(&key::STATUS) => ctx.status.note(changed),
        _ => {}
    }
}
