//! The queues: one for each destination, ordered by when an entry is due, so that an app which does not answer is in
//! nobody's way but its own.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Channel;
use crate::domain::id::{ClientId, RealmId, Sid, SignOutId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::time::Timestamp;
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, key};
use crate::store::{Cursor, Dir, KeysOrRecords, Version};

/// Whose queue: a client of a realm on one of its channels, so that a webhook which is down is in no back channel's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The realm.
    pub realm: RealmId,
    /// The client's id and the channel's byte.
    pub id: [u8; 17],
}

impl Destination {
    /// The queue of a client on a channel.
    pub fn of(realm: &Realm, client: ClientId, channel: Channel) -> Destination {
        let mut id = [0; 17];
        let (name, kind) = id.split_at_mut(16);
        name.copy_from_slice(client.bytes());
        kind.fill(channel.byte());
        Destination {
            realm: realm.id,
            id,
        }
    }

    /// Whose it is.
    pub fn client(&self) -> Option<ClientId> {
        ClientId::from_bytes(self.id.get(..16)?)
    }

    /// The key of a new entry that is due then.
    pub fn place(&self, due: Timestamp, id: &Uuid) -> Bytes {
        key::queued(self.realm, &self.id, due, id.as_bytes())
    }

    /// Reads the destination and the date out of an entry's key.
    pub fn read(at: &[u8]) -> Option<(Destination, Timestamp)> {
        let realm = at.get(1..5)?.try_into().ok()?;
        let id = at.get(5..22)?.try_into().ok()?;
        let due = at.get(22..30)?.try_into().ok()?;
        let destination = Destination {
            realm: RealmId(u32::from_be_bytes(realm)),
            id,
        };
        Some((destination, Timestamp(u64::from_be_bytes(due))))
    }
}

/// A delivery that is pending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The act it tells of.
    pub sign_out: SignOutId,
    /// Whom it is for.
    pub client: ClientId,
    /// On which channel.
    pub channel: Channel,
    /// The session that ended.
    pub sid: Sid,
    /// Whose it was.
    pub user: UserId,
    /// Whether everything of the user ended.
    pub whole: bool,
    /// Whether the act is counted in tallies.
    pub large: bool,
    /// When the door wrote it.
    pub created_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
}

/// An entry as read: with what a guard needs.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Its key.
    pub key: Bytes,
    /// The version it was read at: "still mine and still pending".
    pub version: Version,
    /// The entry.
    pub entry: Entry,
}

/// Every destination with something in its queue, and when the first of it is due. One seek each, however long the
/// queues are.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn destinations(ctx: &Context) -> Result<Vec<(Destination, Timestamp)>, Fault> {
    let range = key::queued_all();
    let mut found = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = ctx
            .store
            .scan(
                &range,
                after.as_ref(),
                1,
                Dir::Forward,
                KeysOrRecords::KeysOnly,
            )
            .await?;
        let Some(first) = page.records.first() else {
            return Ok(found);
        };
        let Some((destination, due)) = Destination::read(&first.key) else {
            after = Some(Cursor(first.key.clone()));
            continue;
        };
        found.push((destination, due));
        after = Some(Cursor(key::queued_last(destination.realm, &destination.id)));
    }
}

/// The first entries of a destination that are due by now, at most `limit`.
///
/// # Errors
/// [`Fault`] when the store does not answer or an entry does not read.
pub async fn due(
    ctx: &Context,
    destination: &Destination,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Queued>, Fault> {
    let range = key::queued_of(destination.realm, &destination.id);
    let page = ctx
        .store
        .scan(&range, None, limit, Dir::Forward, KeysOrRecords::Records)
        .await?;
    let mut found = Vec::with_capacity(page.records.len());
    for record in page.records {
        match Destination::read(&record.key) {
            Some((_, due)) if due <= now => {}
            _ => break,
        }
        found.push(Queued {
            entry: decode(&record.value, "queued delivery")?,
            key: record.key,
            version: record.version,
        });
    }
    Ok(found)
}

/// How many entries all queues hold, counted up to `most`.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn waiting(ctx: &Context, most: usize) -> Result<usize, Fault> {
    let range = key::queued_all();
    let counted = Walk::keys(ctx, range).by(1000).count(most).await?;
    Ok(counted.min(most))
}

/// How many entries a destination's queue holds, counted up to `most`.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn length(ctx: &Context, destination: &Destination, most: usize) -> Result<usize, Fault> {
    let range = key::queued_of(destination.realm, &destination.id);
    let page = ctx
        .store
        .scan(&range, None, most, Dir::Forward, KeysOrRecords::KeysOnly)
        .await?;
    Ok(page.records.len())
}
