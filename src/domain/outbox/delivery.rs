//! Delivery: one notice to one client on one channel about one session, as it stands on the receipt.

use serde::{Deserialize, Serialize};

use super::Channel;
use super::queue::{Destination, Entry};
use crate::domain::id::{ClientId, Sid, SignOutId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::encode;
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, key};
use crate::store::Batch;

/// One notice. For an app without a channel it says just that, and until when a token can outlive the act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The app's public id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Whose session ended.
    pub user: UserId,
    /// The session.
    pub sid: Sid,
    /// How the app is told.
    pub channel: Channel,
    /// Until when an app that never asks can go on with a token it holds.
    pub bound_until: Timestamp,
    /// How it stands.
    pub state: DeliveryState,
    /// When the door wrote it.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// The last attempts, newest last; at most [`KEPT`].
    pub tries: Vec<Attempt>,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// Where to, when the client's own record may be gone by then.
    pub uri: Option<String>,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeliveryState {
    /// There is no channel.
    NoChannel,
    /// Not tried yet, or to be tried again.
    Pending,
    /// The app confirmed.
    Acknowledged,
    /// The app refused it for good.
    Rejected,
    /// A day went by, or it cannot be sent at all.
    GaveUp,
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took: u32,
    /// The status of the answer, when there was one.
    pub status: Option<u16>,
    /// What the app said, or why there was no answer; at most [`TEXT`] characters.
    pub text: String,
}

/// Attempts kept of one delivery.
pub const KEPT: usize = 5;
/// Characters kept of an answer.
pub const TEXT: usize = 300;

/// The app that is told.
pub struct To<'a> {
    /// Its record.
    pub client: ClientId,
    /// What is written.
    pub delivery: &'a Delivery,
}

impl<'a> To<'a> {
    /// To a client, in its own queue.
    pub fn client(client: ClientId, delivery: &'a Delivery) -> To<'a> {
        To { client, delivery }
    }
}

/// Adds a delivery to the door's own commit, with its place in the queue when there is a channel. `false` when the batch
/// already holds it.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub(in crate::domain) fn enqueue(
    ctx: &Context,
    realm: &Realm,
    act: SignOutId,
    to: &To<'_>,
    how: How,
    batch: &mut Batch,
) -> Result<bool, Fault> {
    let delivery = to.delivery;
    let at = key::delivery(
        realm.id,
        act,
        to.client,
        delivery.channel.byte(),
        delivery.sid,
    );
    if batch.touches(&at) {
        return Ok(false);
    }
    batch.put(at, encode(delivery)?);
    if delivery.state == DeliveryState::Pending {
        let entry = Entry {
            sign_out: act,
            client: to.client,
            channel: delivery.channel,
            sid: delivery.sid,
            user: delivery.user,
            whole: how.whole,
            large: how.large,
            created_at: delivery.created_at,
            attempts: 0,
        };
        let destination = Destination::of(realm, to.client, delivery.channel);
        batch.put(
            destination.place(delivery.created_at, &ctx.new_id()),
            encode(&entry)?,
        );
    }
    Ok(true)
}

/// What the act means for its deliveries.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// Whether everything of the user ended, so that a notice may name the user alone.
    pub whole: bool,
    /// Whether the act is counted in tallies because it has too many deliveries to look at each.
    pub large: bool,
}

impl Delivery {
    /// Notes a try.
    pub fn tried(&mut self, attempt: Attempt) {
        self.attempts = self.attempts.saturating_add(1);
        self.tries.push(attempt);
        let over = self.tries.len().saturating_sub(KEPT);
        self.tries.drain(..over);
    }
}
