//! Settling: what came of attempts is written down, guarded by "still mine and still pending".

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::delivery::Attempt;
use super::send::{Outcome, Tried};
use super::{Delivery, DeliveryState, Destination, Entry, Standing, backoff};
use crate::domain::pulse::Told;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, decode, encode, versioned};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// What has been settled of a large act at one app on one channel: its deliveries are too many to look at each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Confirmed.
    pub acknowledged: u64,
    /// Refused for good.
    pub rejected: u64,
    /// Given up.
    pub gave_up: u64,
    /// Attempts in all.
    pub attempts: u64,
    /// The last attempt.
    pub last: Option<Attempt>,
    /// When the last one that failed is tried again.
    pub next_at: Option<Timestamp>,
}

/// Writes down what came of these attempts, all in one commit; where somebody else was faster with one of them, that one is
/// left to them.
///
/// # Errors
/// [`Fault`] when the store fails; the deliveries stay pending and are told again.
pub async fn settle(
    ctx: &Context,
    realm: &Realm,
    destination: &Destination,
    tried: Vec<Tried>,
    standing: &mut Standing,
) -> Result<(), Fault> {
    for one in &tried {
        if one.outcome != Outcome::Nothing {
            let confirmed = match one.outcome {
                Outcome::Acknowledged => one.notice.queued.len() as u64,
                _ => 0,
            };
            let tried = !(one.outcome == Outcome::GiveUp && one.attempt.took == 0);
            if tried {
                standing.note(&one.attempt, one.answered, confirmed);
            }
            count(ctx, realm, one);
        }
    }
    let all: Vec<&Tried> = tried.iter().collect();
    if commit(ctx, realm, destination, &all, standing).await? {
        return Ok(());
    }
    for one in &tried {
        commit(ctx, realm, destination, &[one], standing).await?;
    }
    Ok(())
}

fn count(ctx: &Context, realm: &Realm, tried: &Tried) {
    let Some(first) = tried.notice.queued.first() else {
        return;
    };
    let outcome = match tried.outcome {
        Outcome::Acknowledged => "acknowledged",
        Outcome::Rejected => "rejected",
        Outcome::Retry { .. } => "retry",
        Outcome::GiveUp => "gave_up",
        Outcome::Nothing => return,
    };
    let done = tried.attempt.at.plus(Span(u64::from(tried.attempt.took)));
    let told = match tried.outcome {
        Outcome::Acknowledged => Told::Confirmed(done.since(first.entry.created_at)),
        Outcome::Rejected => Told::Rejected,
        Outcome::GiveUp => Told::GaveUp,
        Outcome::Retry { .. } | Outcome::Nothing => Told::Retrying,
    };
    let notices = tried.notice.queued.len() as u64;
    ctx.pulse.told(realm.id, done, told, notices);
    metrics::counter!(
        "realmkeep_delivery_attempts_total",
        "channel" => first.entry.channel.as_str(), "outcome" => outcome
    )
    .increment(1);
    if first.entry.attempts == 0 {
        let waited = tried.attempt.at.since(first.entry.created_at);
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        metrics::histogram!("realmkeep_delivery_first_attempt_seconds")
            .record(waited.0 as f64 / 1000.0);
    }
}

/// `false` when a guard failed; nothing was written then.
async fn commit(
    ctx: &Context,
    realm: &Realm,
    destination: &Destination,
    tried: &[&Tried],
    standing: &Standing,
) -> Result<bool, Fault> {
    for _ in 0..TRIES {
        let mut batch = Batch::essential();
        let mut tallies: HashMap<bytes::Bytes, Tally> = HashMap::new();
        for one in tried {
            add(ctx, realm, destination, one, &mut batch, &mut tallies).await?;
        }
        for (at, more) in &tallies {
            tally(ctx, at, more, &mut batch).await?;
        }
        standing.put(destination, &mut batch)?;
        match ctx.commit(batch).await {
            Ok(_) => return Ok(true),
            // A tally that a redelivery changed is worth another try; an entry that is gone is not.
            Err(CommitError::Conflict { key: Some(at) }) if tallies.contains_key(&at) => {}
            Err(CommitError::Conflict { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

async fn add(
    ctx: &Context,
    realm: &Realm,
    destination: &Destination,
    tried: &Tried,
    batch: &mut Batch,
    tallies: &mut HashMap<bytes::Bytes, Tally>,
) -> Result<(), Fault> {
    let now = ctx.now();
    let queued = &tried.notice.queued;
    let keys: Vec<_> = queued
        .iter()
        .map(|q| delivery_key(realm, &q.entry))
        .collect();
    let read = ctx.store.get_many(&keys).await?;
    for ((queued, at), stored) in queued.iter().zip(keys).zip(read) {
        batch.take(queued.key.clone(), queued.version);
        // Queued twice, tried twice: the first result stands, and one place in the queue is enough.
        if batch.touches(&at) {
            continue;
        }
        let Some(stored) = stored else { continue };
        let mut delivery: Delivery = decode(&stored.value, "delivery")?;
        if tried.outcome == Outcome::Nothing || delivery.state != DeliveryState::Pending {
            continue;
        }
        delivery.tried(tried.attempt.clone());
        let entry = &queued.entry;
        delivery.next_at = None;
        delivery.state = match tried.outcome {
            Outcome::Acknowledged => DeliveryState::Acknowledged,
            Outcome::Rejected => DeliveryState::Rejected,
            Outcome::GiveUp | Outcome::Nothing => DeliveryState::GaveUp,
            Outcome::Retry { after } => {
                let [chance, ..] = ctx.random();
                let attempts = entry.attempts.saturating_add(1);
                match backoff::next(entry.created_at, now, attempts, after, chance) {
                    Some(next) => {
                        let entry = Entry {
                            attempts,
                            ..entry.clone()
                        };
                        batch.create(destination.place(next, &ctx.new_id()), encode(&entry)?);
                        delivery.next_at = Some(next);
                        DeliveryState::Pending
                    }
                    None => DeliveryState::GaveUp,
                }
            }
        };
        if delivery.state != DeliveryState::Pending {
            delivery.settled_at = Some(now);
        }
        if delivery.state == DeliveryState::GaveUp {
            metrics::counter!("realmkeep_deliveries_gave_up_total").increment(1);
            tracing::warn!(
                realm = realm.name, client = delivery.client_id, sign_out = %entry.sign_out,
                why = tried.attempt.text, "an app was not told of a sign-out; it can be told again from the receipt"
            );
        }
        if entry.large {
            let at = key::tally(realm.id, entry.sign_out, entry.client, entry.channel.byte());
            tallies.entry(at).or_default().count(&delivery, 1);
        }
        batch.put(at, encode(&delivery)?);
    }
    Ok(())
}

pub(super) fn delivery_key(realm: &Realm, entry: &Entry) -> bytes::Bytes {
    key::delivery(
        realm.id,
        entry.sign_out,
        entry.client,
        entry.channel.byte(),
        entry.sid,
    )
}

impl Tally {
    fn count(&mut self, delivery: &Delivery, attempts: u64) {
        match delivery.state {
            DeliveryState::Acknowledged => self.acknowledged += 1,
            DeliveryState::Rejected => self.rejected += 1,
            DeliveryState::GaveUp => self.gave_up += 1,
            DeliveryState::Pending | DeliveryState::NoChannel => {}
        }
        self.attempts += attempts;
        self.last = delivery.tries.last().cloned();
        self.next_at = delivery.next_at;
    }
}

/// Adds to a kept tally.
async fn tally(
    ctx: &Context,
    at: &bytes::Bytes,
    more: &Tally,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let kept: Option<Versioned<Tally>> = versioned(ctx.store.get(at).await?, "tally")?;
    match kept {
        None => batch.create(at.clone(), encode(more)?),
        Some(Versioned { value, version }) => {
            let sum = Tally {
                acknowledged: value.acknowledged + more.acknowledged,
                rejected: value.rejected + more.rejected,
                gave_up: value.gave_up + more.gave_up,
                attempts: value.attempts + more.attempts,
                last: more.last.clone(),
                next_at: more.next_at,
            };
            batch.replace(at.clone(), version, encode(&sum)?)
        }
    };
    Ok(())
}
