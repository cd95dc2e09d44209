//! Looks after the master keys: reads a key file again when it was changed, follows what other nodes agreed on, and seals
//! anew, in small pieces and with pauses, what a retired key sealed.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;

use super::ServeError;
use crate::crypto::{KeySource, Vault};
use crate::domain::sealing::reseal::{Step, step};
use crate::domain::sealing::{self, Masters};
use crate::domain::{Context, Fault};

const LOOK_EVERY: Duration = Duration::from_secs(1);
const STAND_BACK: Duration = Duration::from_secs(5);
const BETWEEN_STEPS: Duration = Duration::from_millis(5);

/// Runs until told to stop.
pub(super) async fn keep(ctx: Arc<Context>, source: KeySource, stop: CancellationToken) {
    let file = source.file();
    let mut seen = file.as_deref().and_then(stamp);
    let mut pause = LOOK_EVERY;
    let mut looked: Option<Instant> = None;
    let mut troubled = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            looked = Some(Instant::now());
            let stamp = file.as_deref().and_then(stamp);
            let mut read = stamp.is_some() && stamp != seen;
            seen = stamp.or(seen);
            match agree(&ctx).await {
                Ok(agreed) => {
                    // Another node has a key that this one does not: it may be in the file or with the command by now.
                    read |= !agreed && !troubled;
                    troubled = !agreed;
                }
                Err(fault) => tracing::warn!(%fault, "the master keys cannot be looked at"),
            }
            if read && let Err(error) = reload(&ctx, &source).await {
                tracing::error!(%error, "the master keys were changed and are not taken; those from before are still in use");
            }
        }
        let began = Instant::now();
        pause = match step(&ctx).await {
            Ok(Step::Done) => began.elapsed().max(BETWEEN_STEPS),
            Ok(Step::Idle) => LOOK_EVERY,
            Ok(Step::Elsewhere) => STAND_BACK,
            Err(fault) => {
                tracing::warn!(%fault, "what a retired master key sealed could not be sealed anew; it is tried again");
                STAND_BACK
            }
        };
    }
}

/// Has the key seal that the nodes agreed on; `false` when this node does not have it.
async fn agree(ctx: &Context) -> Result<bool, Fault> {
    let Some(masters) = sealing::masters(&*ctx.store).await? else {
        return Ok(true);
    };
    show(&masters);
    if masters.current == ctx.vault.current() || ctx.vault.seal_with(masters.current) {
        return Ok(true);
    }
    tracing::error!(
        current = %masters.current,
        "another node seals with a master key that this one was not given: give it to this one, too"
    );
    Ok(false)
}

async fn reload(ctx: &Context, source: &KeySource) -> Result<(), ServeError> {
    let source = source.clone();
    let keys = tokio::task::spawn_blocking(move || source.read())
        .await
        .map_err(|error| Fault::Crypto(error.to_string()))??;
    let known = Vault::from_keys(&keys)
        .map(|vault| vault.known())
        .unwrap_or_default();
    let current = sealing::admit(ctx, &known).await?;
    ctx.vault.learn(&keys);
    ctx.vault.seal_with(current);
    Ok(())
}

fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let data = std::fs::metadata(file).ok()?;
    Some((data.modified().ok()?, data.len()))
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn show(masters: &Masters) {
    let retired = masters.keys.iter().filter(|m| m.retired_at.is_some());
    metrics::gauge!("realmkeep_master_keys_retired").set(retired.clone().count() as f64);
    let tokens: u64 = retired
        .filter_map(|m| m.left)
        .map(|left| left.refresh_tokens)
        .sum();
    metrics::gauge!("realmkeep_master_keys_retired_refresh_tokens").set(tokens as f64);
    if let Some(walk) = &masters.walk {
        metrics::gauge!("realmkeep_master_key_records_resealed").set(walk.resealed as f64);
    }
}
