//! Many small additions, few large commits.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::FillError;
use crate::domain::{Context, Fault};
use crate::store::{Batch, CommitError};

/// Operations after which a batch is committed; a session with its applications adds some forty.
const OPS: usize = 850;
/// Bytes after which a batch is committed; the store takes four times as many.
const BYTES: usize = 256 * 1024;
/// Commits under way at once: a group on its way to the disk and the next one.
const ABREAST: usize = 16;

/// Commits batches as they fill, several at a time.
pub(super) struct Writer<'a> {
    ctx: &'a Arc<Context>,
    /// What the next commit will write.
    pub(super) batch: Batch,
    under_way: JoinSet<Result<(), CommitError>>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(ctx: &'a Arc<Context>) -> Writer<'a> {
        Writer {
            ctx,
            batch: Batch::new(),
            under_way: JoinSet::new(),
        }
    }

    /// Commits the batch once it is full.
    pub(super) async fn pass(&mut self) -> Result<(), FillError> {
        if self.batch.len() < OPS && self.batch.size() < BYTES {
            return Ok(());
        }
        while self.under_way.len() >= ABREAST {
            self.settled().await?;
        }
        let (ctx, batch) = (Arc::clone(self.ctx), std::mem::take(&mut self.batch));
        self.under_way
            .spawn(async move { ctx.commit(batch).await.map(|_| ()) });
        Ok(())
    }

    /// Commits what is left and waits for everything.
    pub(super) async fn finish(mut self) -> Result<(), FillError> {
        if !self.batch.is_empty() {
            self.ctx.commit(std::mem::take(&mut self.batch)).await?;
        }
        while !self.under_way.is_empty() {
            self.settled().await?;
        }
        Ok(())
    }

    async fn settled(&mut self) -> Result<(), FillError> {
        match self.under_way.join_next().await {
            Some(Ok(done)) => Ok(done?),
            Some(Err(_)) => Err(Fault::Busy.into()),
            None => Ok(()),
        }
    }
}
