//! A copy of everything, as of one commit, while the server goes on. The secrets in it stay sealed by the master key, which is
//! not in it.

use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use super::{Context, Fault, sealing, upgrade};
use crate::crypto::Vault;
use crate::store::Store;
use crate::store::snapshot::copy::{CopyError, copy};
use crate::store::snapshot::{FORMAT, Header, Trailer};

/// The name of the master key that a store is sealed with; `None` before its first start.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn sealed_with(store: &dyn Store) -> Result<Option<String>, Fault> {
    let masters = sealing::masters(store).await?;
    Ok(masters.map(|masters| masters.current.to_string()))
}

/// Whether a vault has the key of this name.
pub fn has_key(vault: &Vault, name: &str) -> bool {
    let known = vault.known();
    known.iter().any(|(id, _)| id.to_string() == name)
}

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
        key_check: Some(ctx.vault.current().to_string()),
        began_at: ctx.now().0,
    };
    let now = || ctx.now().0;
    copy(&*ctx.store, &header, &now, to).await
}
