//! A copy of everything, as of one commit, while the server goes on. The secrets in it stay sealed by the master key, which is
//! not in it.

use bytes::Bytes;
use tokio::sync::mpsc::Sender;

use super::{Context, upgrade};
use crate::crypto::{Vault, b64};
use crate::store::snapshot::copy::{CopyError, copy};
use crate::store::snapshot::{FORMAT, Header, Trailer};

/// Which master key it is, without saying anything of it: the same text for the same key.
pub fn key_check(vault: &Vault) -> String {
    let mac = vault.mac("which master key", &[]);
    b64(mac.get(..12).unwrap_or_default())
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
        key_check: Some(key_check(&ctx.vault)),
        began_at: ctx.now().0,
    };
    let now = || ctx.now().0;
    copy(&*ctx.store, &header, &now, to).await
}
