//! Readiness and trials in JSON.

use serde_json::{Value, json};

use crate::domain::client::Client;
use crate::domain::outbox::Channel;
use crate::domain::outbox::delivery::Attempt;
use crate::domain::outbox::readiness::{COUNTED, Readiness, Way};
use crate::domain::outbox::trial::{Trial, Verdict};
use crate::domain::realm::Realm;

/// How ready an app is.
pub(in crate::http::admin) fn readiness(
    realm: &Realm,
    client: &Client,
    readiness: &Readiness,
) -> Value {
    let limit = realm.settings.logout.longest_lag;
    json!({
        "id": client.id,
        "clientId": client.client_id(),
        "name": client.name(),
        "state": readiness.state.as_str(),
        "verdict": readiness.verdict(),
        "channels": readiness.channels.iter().map(way).collect::<Vec<_>>(),
        "bound": {
            "seconds": readiness.bound.map(|bound| bound.whole_secs()),
            "why": readiness.why,
        },
        "longestLag": (!limit.is_zero()).then(|| limit.whole_secs()),
        "problem": readiness.too_long,
    })
}

fn way(way: &Way) -> Value {
    json!({
        "channel": way.channel,
        "uri": way.uri,
        "lastGoodAt": way.last_good.map(|at| at.rfc3339()),
        "lastAttempt": way.last.as_ref().map(|last| attempt(last, way.last_was_trial)),
        "failures": way.failures,
        "circuitOpenUntil": way.open_until.map(|at| at.rfc3339()),
        "queued": way.queued,
        "queuedIsExact": way.queued < COUNTED,
        "canBeTested": way.triable,
    })
}

fn attempt(attempt: &Attempt, test: bool) -> Value {
    json!({
        "at": attempt.at.rfc3339(),
        "status": attempt.status,
        "text": attempt.text,
        "tookMs": attempt.took,
        "test": test,
    })
}

/// What came of a trial.
pub(in crate::http::admin) fn trial(channel: Channel, trial: &Trial) -> Value {
    let answer = trial.attempt.as_ref();
    json!({
        "channel": channel,
        "at": trial.at.rfc3339(),
        "status": answer.and_then(|answer| answer.status),
        "tookMs": answer.map(|answer| answer.took),
        "text": answer.map(|answer| &answer.text),
        "outcome": trial.verdict.map(Verdict::as_str),
        "verdict": trial.verdict.map(Verdict::words),
    })
}
