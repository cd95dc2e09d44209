//! A copy of everything, as of one commit, while the server goes on. The secrets in it stay sealed by the master key, which is
//! not in it.

use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use super::{Context, upgrade};
use crate::store::snapshot::copy::{CopyError, copy};
use crate::store::snapshot::{FORMAT, Header, Trailer};

/// Sends everything to `to` as a snapshot's stream.
///
/// # Errors
/// [`CopyError`]; the stream says it too.
pub async fn send(ctx: &Context, to: Sender<Bytes>) -> Result<Trailer, CopyError> {
    let header = Header {
        format: FORMAT,
        layout: upgrade::layout(ctx).await?,
        engine: ctx.store.health().await.engine.to_owned(),
        written_by: env!("CARGO_PKG_VERSION").to_owned(),
        master_key: Some(ctx.vault.current().to_string()),
        began_at: ctx.now().0,
    };
    let now = || ctx.now().0;
    copy(&*ctx.store, &header, &now, to).await
}
