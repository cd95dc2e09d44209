//! Outbox: what is still to be told. A delivery is written by the door in the commit that ends the session; nobody else
//! makes one. [`wire`] is the way out as the domain sees it.

pub mod wire;

use serde::{Deserialize, Serialize};

use super::id::{ClientId, RealmId, Sid, SignOutId, UserId};
use super::record::encode;
use super::time::Timestamp;
use super::{Context, Fault, key};
use crate::store::Batch;

/// How an app can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// OpenID Connect Back-Channel Logout 1.0.
    BackChannel,
    /// Not at all.
    None,
}

impl Channel {
    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::BackChannel => "back-channel",
            Channel::None => "none",
        }
    }
}

/// One notice to one client on one channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The realm.
    pub realm: RealmId,
    /// The act it tells of.
    pub sign_out: SignOutId,
    /// Whom it is for.
    pub client: ClientId,
    /// The session that ended, as the client knows it.
    pub sid: Sid,
    /// Whose it was.
    pub user: UserId,
    /// On which channel.
    pub channel: Channel,
    /// When it was written.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
}

/// Adds a delivery to the door's own commit.
pub(in crate::domain) fn enqueue(
    ctx: &Context,
    batch: &mut Batch,
    delivery: &Delivery,
) -> Result<(), Fault> {
    batch.put(
        key::delivery(delivery.created_at, ctx.new_id().as_bytes()),
        encode(delivery)?,
    );
    Ok(())
}
