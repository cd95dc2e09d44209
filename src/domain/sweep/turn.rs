//! Turn: of the nodes that share a store one sweeps. Two would only stand in each other's way: what is due is the same.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::record::{encode, versioned};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, CommitError, Version};

/// How long a turn lasts unless it is renewed: so much later another node goes on when this one dies.
const LASTS: Span = Span::secs(15);
/// How old it gets before it is renewed.
const RENEW_AFTER: Span = Span::secs(5);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    holder: Uuid,
    node: String,
    until: Timestamp,
}

/// Whose turn it is, as far as this node knows.
#[derive(Debug, Default)]
pub struct Turn {
    held: Option<(Version, Timestamp)>,
}

impl Turn {
    /// Whether this node may sweep now. Where nobody else can, it always may.
    ///
    /// # Errors
    /// [`Fault`] when the store fails.
    pub async fn take(&mut self, ctx: &Context) -> Result<bool, Fault> {
        if ctx.store.clock().is_none() {
            return Ok(true);
        }
        let now = ctx.now();
        if self
            .held
            .is_some_and(|(_, since)| now.since(since) < RENEW_AFTER)
        {
            return Ok(true);
        }
        self.held = None;
        let at = key::sweep_turn();
        let found = versioned::<Kept>(ctx.store.get(&at).await?, "turn")?;
        let kept = encode(&Kept {
            holder: ctx.bell.holder,
            node: ctx.node.clone(),
            until: now.plus(LASTS),
        })?;
        let mut batch = Batch::new();
        match found {
            Some(found)
                if found.value.until > now
                    && found.value.holder != ctx.bell.holder
                    // A node of this name that was killed: it is this one, started again.
                    && found.value.node != ctx.node =>
            {
                return Ok(false);
            }
            Some(found) => batch.replace(at, found.version, kept),
            None => batch.create(at, kept),
        };
        match ctx.commit(batch).await {
            Ok(committed) => {
                self.held = Some((committed.version, now));
                Ok(true)
            }
            Err(CommitError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Lets the next node go on at once.
    pub async fn give_back(self, ctx: &Context) {
        if let Some((version, _)) = self.held {
            let mut batch = Batch::new();
            batch.take(key::sweep_turn(), version);
            // It runs out by itself: a failure is no harm.
            let _ = ctx.commit(batch).await;
        }
    }
}
