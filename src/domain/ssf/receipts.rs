//! What becomes of the events of a sign-out, on its receipt: a line for each session and receiver, opened by the door and
//! settled in the commit that takes the event out of its stream.

use std::collections::HashMap;

use bytes::Bytes;

use super::event::{About, Event, Line};
use super::marks::Found;
use crate::domain::client::Client;
use crate::domain::id::{RealmId, Sid, SignOutId, UserId};
use crate::domain::outbox::settle::Tally;
use crate::domain::outbox::{Attempt, Delivery, DeliveryState};
use crate::domain::record::{decode, encode};
use crate::domain::time::Timestamp;
use crate::domain::{Fault, key};
use crate::store::{Batch, Version};

/// Opens a line, in the door's own commit.
pub(super) fn open(
    realm: RealmId,
    event: &Event,
    line: Line,
    (user, sid): (UserId, Sid),
    client: &Client,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let delivery = Delivery {
        client_id: client.client_id().to_owned(),
        name: client.name().to_owned(),
        user,
        sid,
        channel: line.channel,
        bound_until: Timestamp::default(),
        state: DeliveryState::Pending,
        created_at: event.at,
        attempts: 0,
        tries: Vec::new(),
        next_at: None,
        settled_at: None,
        uri: None,
    };
    let at = delivery_key(realm, event, line, sid);
    if !batch.touches(&at) {
        batch.put(at, encode(&delivery)?);
    }
    Ok(())
}

fn delivery_key(realm: RealmId, event: &Event, line: Line, sid: Sid) -> Bytes {
    let act = SignOutId(event.txn);
    key::delivery(realm, act, line.client, line.channel.byte(), sid)
}

/// The records that settling this event changes: to be read beside the marks.
pub(super) fn keys(realm: RealmId, event: &Event) -> Vec<Bytes> {
    let (Some(line), About::Session(_, sid)) = (event.receipt, event.about) else {
        return Vec::new();
    };
    let mut keys = vec![delivery_key(realm, event, line, sid)];
    if line.large {
        keys.push(tally_key(realm, event, line));
    }
    keys
}

fn tally_key(realm: RealmId, event: &Event, line: Line) -> Bytes {
    let act = SignOutId(event.txn);
    key::tally(realm, act, line.client, line.channel.byte())
}

/// What is written onto lines in one commit.
#[derive(Default)]
pub(super) struct Lines {
    tallies: HashMap<Bytes, (Tally, Option<Version>)>,
}

impl Lines {
    /// Writes onto the line of an event how it stands now. `next` is when it is tried again.
    pub(super) fn note(
        &mut self,
        realm: RealmId,
        event: &Event,
        (state, next): (DeliveryState, Option<Timestamp>),
        attempt: Attempt,
        found: &Found,
        batch: &mut Batch,
    ) -> Result<(), Fault> {
        let (Some(line), About::Session(_, sid)) = (event.receipt, event.about) else {
            return Ok(());
        };
        let at = delivery_key(realm, event, line, sid);
        let Some(kept) = found.get(&at).filter(|_| !batch.touches(&at)) else {
            return Ok(());
        };
        let mut delivery: Delivery = decode(&kept.value, "delivery")?;
        if delivery.state != DeliveryState::Pending {
            return Ok(());
        }
        let now = attempt.at;
        if line.large {
            let at = tally_key(realm, event, line);
            let tally = match self.tallies.get_mut(&at) {
                Some((tally, _)) => tally,
                None => {
                    let kept = found.get(&at);
                    let tally = match kept {
                        Some(kept) => decode(&kept.value, "tally")?,
                        None => Tally::default(),
                    };
                    let entry = (tally, kept.map(|kept| kept.version));
                    &mut self.tallies.entry(at).or_insert(entry).0
                }
            };
            count(tally, state, &attempt, next);
        }
        delivery.tried(attempt);
        delivery.state = state;
        delivery.next_at = next;
        delivery.settled_at = (state != DeliveryState::Pending).then_some(now);
        // The version it was read at: who tells it again at this moment reads again.
        batch.replace(at, kept.version, encode(&delivery)?);
        Ok(())
    }

    /// Adds what was counted.
    pub(super) fn put(self, batch: &mut Batch) -> Result<(), Fault> {
        for (at, (tally, version)) in self.tallies {
            let bytes = encode(&tally)?;
            match version {
                Some(version) => batch.replace(at, version, bytes),
                None => batch.create(at, bytes),
            };
        }
        Ok(())
    }
}

fn count(tally: &mut Tally, state: DeliveryState, attempt: &Attempt, next: Option<Timestamp>) {
    match state {
        DeliveryState::Acknowledged => tally.acknowledged += 1,
        DeliveryState::Rejected => tally.rejected += 1,
        DeliveryState::GaveUp => tally.gave_up += 1,
        DeliveryState::Pending | DeliveryState::NoChannel => {}
    }
    tally.attempts += 1;
    tally.last = Some(attempt.clone());
    tally.next_at = next;
}

/// A try without an exchange: what a receiver said when it polled, or why nothing was sent.
pub(super) fn said(at: Timestamp, words: &str) -> Attempt {
    Attempt {
        at,
        took: 0,
        status: None,
        text: words
            .chars()
            .take(crate::domain::outbox::delivery::TEXT)
            .collect(),
    }
}
