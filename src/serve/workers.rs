//! What runs beside the requests: the sweep, the expansion of large sign-outs, imports, the upkeep of figures.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::domain::outbox::queue;
use crate::domain::pulse::census::{self, Census};
use crate::domain::signout::expand::{Which, resume};
use crate::domain::sweep::retention::{self, Step, Walk};
use crate::domain::upgrade::{self, UpgradeError};
use crate::domain::user::import::work as people;
use crate::domain::{Context, proof, pulse, sweep as due};

const SWEEP_EVERY: Duration = Duration::from_secs(1);
const EXPAND_EVERY: Duration = Duration::from_secs(5);
/// How long sessions are counted before the sweep goes on: a twentieth of the time at most.
const CENSUS_AT_ONCE: Duration = Duration::from_millis(50);
const PROVE_EVERY: Duration = Duration::from_secs(1);
const COUNT_EVERY: Duration = Duration::from_secs(5);
const MOST_COUNTED: usize = 100_000;
const UPGRADE_EVERY: Duration = Duration::from_secs(2);
const FORGET_EVERY: Duration = Duration::from_secs(60);
const BETWEEN_PIECES: Duration = Duration::from_millis(20);
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Looks at what is due, every second, where it is this node's turn.
pub(super) async fn sweep(ctx: Arc<Context>, stop: CancellationToken) {
    let mut turn = due::Turn::default();
    let mut census = Census::default();
    loop {
        let swept = match turn.take(&ctx).await {
            Ok(true) => {
                let swept = due::sweep(&ctx).await;
                if let Err(fault) = census::step(&ctx, &mut census, CENSUS_AT_ONCE).await {
                    tracing::debug!(%fault, "sessions could not be counted; it goes on later");
                }
                swept
            }
            Ok(false) => Ok(due::Swept::default()),
            Err(fault) => Err(fault),
        };
        let rest = match swept {
            Ok(swept) => {
                if swept.ended > 0 {
                    tracing::debug!(ended = swept.ended, "sessions expired");
                }
                swept.looked == 0
            }
            Err(fault) => {
                tracing::warn!(%fault, "the sweep could not finish; it goes on later");
                true
            }
        };
        if rest {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(SWEEP_EVERY) => {}
            }
        }
        if stop.is_cancelled() {
            return turn.give_back(&ctx).await;
        }
    }
}

/// Writes large sign-outs out, when the door rings and now and then.
pub(super) async fn expand(ctx: Arc<Context>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            done = resume(&ctx, Which::All) => if let Err(fault) = done {
                tracing::warn!(%fault, "a large sign-out could not be written out; it goes on later");
            },
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = ctx.door.wake.notified() => {}
            () = tokio::time::sleep(EXPAND_EVERY) => {}
        }
    }
}

/// Writes the people of imports, when one begins and now and then.
pub(super) async fn import(ctx: Arc<Context>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            done = people::resume(&ctx) => if let Err(fault) = done {
                tracing::warn!(%fault, "an import could not go on; it goes on later");
            },
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = ctx.imports.notified() => {}
            () = tokio::time::sleep(EXPAND_EVERY) => {}
        }
    }
}

/// Forgets what is over and old, at most half of the time.
pub(super) async fn forget(ctx: Arc<Context>, stop: CancellationToken) {
    let mut walk = Walk::default();
    let mut pause = FORGET_EVERY / 10;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let began = std::time::Instant::now();
        pause = match retention::step(&ctx, &mut walk).await {
            Ok(Step::More(_)) => began.elapsed().max(BETWEEN_PIECES),
            Ok(Step::Round(_) | Step::Elsewhere) => FORGET_EVERY,
            Err(fault) => {
                tracing::warn!(%fault, "not everything could be forgotten that is to be; it goes on later");
                FORGET_EVERY
            }
        };
    }
}

/// Writes down what was refused since sign-outs, every second and once more at the end.
pub(super) async fn prove(ctx: Arc<Context>, stop: CancellationToken) {
    let mut over = false;
    while !over {
        tokio::select! {
            () = stop.cancelled() => over = true,
            () = tokio::time::sleep(PROVE_EVERY) => {}
        }
        if let Err(fault) = proof::flush(&ctx).await {
            tracing::warn!(%fault, "refused uses could not be written down; it is tried again");
        }
    }
}

/// Writes down what was counted for the overview, about once a minute and once more at the end.
pub(super) async fn pulse(ctx: Arc<Context>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(PROVE_EVERY) => {}
        }
        if let Err(fault) = pulse::flush_due(&ctx).await {
            tracing::warn!(%fault, "figures of the overview could not be written down; it is tried again");
        }
    }
    // A stop in good order loses nothing; a kill, at most the last minute.
    let _ = pulse::flush(&ctx).await;
}

/// Counts what is still to be told, for the figures; at most one part in twenty of the time.
pub(super) async fn count(ctx: Arc<Context>, stop: CancellationToken) {
    let gauge = metrics::gauge!("realmkeep_deliveries_queued");
    let mut pause = COUNT_EVERY;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let began = std::time::Instant::now();
        if let Ok(waiting) = queue::waiting(&ctx, MOST_COUNTED).await {
            #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
            gauge.set(waiting as f64);
        }
        pause = COUNT_EVERY.max(began.elapsed() * 20);
    }
}

/// Takes the steps to the newest layout of the store; when a later version takes it over, this server stops.
pub(super) async fn upgrade(ctx: Arc<Context>, stop: CancellationToken) {
    loop {
        let done = tokio::select! {
            () = stop.cancelled() => return,
            done = upgrade::run(&ctx, &upgrade::PLAN) => done,
        };
        match done {
            Err(error @ UpgradeError::Newer { .. }) => {
                tracing::error!(%error, "this server stops");
                stop.cancel();
                return;
            }
            Err(UpgradeError::Fault(fault)) => {
                tracing::warn!(%fault, "the upgrade of the store could not go on; it is tried again");
            }
            Ok(()) => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(UPGRADE_EVERY) => {}
        }
    }
}

/// Keeps the figures of the store up to date.
pub(super) async fn store(ctx: Arc<Context>, stop: CancellationToken) {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let set = |name: &'static str, value: Option<u64>| {
        if let Some(value) = value {
            metrics::gauge!(name).set(value as f64);
        }
    };
    loop {
        let health = ctx.store.health().await;
        set("realmkeep_store_disk_bytes", health.disk);
        set("realmkeep_store_disk_free_bytes", health.free);
        set("realmkeep_store_writable", Some(u64::from(health.writable)));
        set("realmkeep_store_remarks", Some(health.remarks.len() as u64));
        let (done, total) = health.checking.unwrap_or_default();
        set("realmkeep_store_check_done_records", Some(done));
        set("realmkeep_store_check_records", Some(total));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(COUNT_EVERY) => {}
        }
    }
}

/// Keeps the histograms of figures from growing.
pub(super) async fn upkeep(figures: PrometheusHandle, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(UPKEEP_EVERY) => figures.run_upkeep(),
        }
    }
}
