//! Listing: the notices of a realm, those of the newest act first, and each under an id of its own. There is no index
//! beside the notices themselves: acts stand in the order of time, and a page looks at so many and no more.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use super::queue::Entry;
use super::settle::Tally;
use super::{Channel, Delivery, DeliveryState};
use crate::crypto;
use crate::domain::id::{ClientId, RealmId, Sid, SignOutId};
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::signout::SignOut;
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, key};
use crate::store::{Cursor, Dir, Range};

/// Which notice: what it tells of, whom and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryId {
    /// The act.
    pub act: SignOutId,
    /// The app.
    pub client: ClientId,
    /// The channel.
    pub channel: Channel,
    /// The session.
    pub sid: Sid,
}

impl DeliveryId {
    pub(super) fn key(&self, realm: RealmId) -> Bytes {
        key::delivery(realm, self.act, self.client, self.channel.byte(), self.sid)
    }

    fn of_key(at: &[u8]) -> Option<DeliveryId> {
        let (act, client, channel, sid) = key::delivery_tail(at)?;
        let channel = Channel::of_byte(channel)?;
        Some(DeliveryId {
            act,
            client,
            channel,
            sid,
        })
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What the key says behind the realm.
        let at = self.key(RealmId(0));
        f.write_str(&crypto::b64(at.get(5..).unwrap_or_default()))
    }
}

/// A text that names no notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a delivery's id is what the list of deliveries says")]
pub struct DeliveryIdError;

impl FromStr for DeliveryId {
    type Err = DeliveryIdError;

    fn from_str(text: &str) -> Result<DeliveryId, DeliveryIdError> {
        let tail = crypto::unb64(text).ok_or(DeliveryIdError)?;
        let at = [&[0; 5], tail.as_slice()].concat();
        DeliveryId::of_key(&at).ok_or(DeliveryIdError)
    }
}

/// How a notice stands, as it is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not tried yet.
    Waiting,
    /// Tried, and to be tried again.
    Retrying,
    /// The app confirmed.
    Done,
    /// The app refused it for good.
    Refused,
    /// It could not be handed over within a day, or not at all.
    GaveUp,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 5] = [
        Status::Waiting,
        Status::Retrying,
        Status::Done,
        Status::Refused,
        Status::GaveUp,
    ];

    /// How a notice stands; `None` for what is no notice, since its app has no channel.
    pub fn of(delivery: &Delivery) -> Option<Status> {
        Some(match delivery.state {
            DeliveryState::NoChannel => return None,
            DeliveryState::Pending if delivery.attempts == 0 => Status::Waiting,
            DeliveryState::Pending => Status::Retrying,
            DeliveryState::Acknowledged => Status::Done,
            DeliveryState::Rejected => Status::Refused,
            DeliveryState::GaveUp => Status::GaveUp,
        })
    }

    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Waiting => "waiting",
            Status::Retrying => "retrying",
            Status::Done => "done",
            Status::Refused => "refused",
            Status::GaveUp => "gave_up",
        }
    }

    /// The status with this name in the API.
    pub fn parse(name: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// Whether a large act with these tallies may have such a notice.
    fn may_be_in(self, tallies: &[Tally]) -> bool {
        match self {
            Status::Refused => tallies.iter().any(|t| t.rejected > 0),
            Status::GaveUp => tallies.iter().any(|t| t.gave_up > 0),
            Status::Done => tallies.iter().any(|t| t.acknowledged > 0),
            Status::Waiting | Status::Retrying => true,
        }
    }
}

/// Which notices are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Those to this app.
    pub client: Option<ClientId>,
    /// Those that stand so.
    pub status: Option<Status>,
    /// Those through this channel.
    pub channel: Option<Channel>,
}

/// A page of notices.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The notices.
    pub rows: Vec<(DeliveryId, Delivery)>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
    /// Whether the page is short because enough was looked at, and not because there is no more.
    pub cut_short: bool,
}

/// A cursor that is not one of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cursor must be the `next` of an earlier answer to the same list")]
pub struct CursorError;

/// Notices looked at for one page.
const LOOKED_AT: usize = 5000;
/// Acts looked at for one page: many have nobody to tell.
const ACTS: usize = 400;
/// Acts and notices of one read.
const PIECE: usize = 100;

/// A page of a realm's notices: of the newest act first; those of one act by app, channel and session.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn list(
    ctx: &Context,
    realm: &Realm,
    filter: Filter,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Result<Listed, CursorError>, Fault> {
    let mut place = match cursor.map(Place::read) {
        None => None,
        Some(Some(place)) => Some(place),
        Some(None) => return Ok(Err(CursorError)),
    };
    let mut listed = Listed::default();
    let mut looked = 0;
    // From the act of the cursor on, itself included.
    let acts = key::sign_outs(realm.id);
    let from = place.as_ref().map(|p| key::sign_out(realm.id, p.act));
    let range = Range {
        to: from.map_or(acts.to, |at| [at.as_ref(), &[0]].concat().into()),
        from: acts.from,
    };
    let mut walk = Walk::records(ctx, range).toward(Dir::Reverse).by(PIECE);
    let mut acts = 0;
    while let Some(page) = walk.next().await? {
        for record in page {
            let act: SignOut = decode(&record.value, "sign-out")?;
            let behind = place.take().filter(|p| p.act == act.id);
            acts += 1;
            if act.large
                && let Some(status) = filter.status
                && !status.may_be_in(&tallies(ctx, realm, act.id).await?)
            {
                continue;
            }
            let behind = behind.and_then(|p| p.behind(realm.id));
            let range = match filter.client {
                Some(client) => key::deliveries_of_app(realm.id, act.id, client),
                None => key::deliveries(realm.id, act.id),
            };
            let mut rows = Walk::records(ctx, range)
                .after(behind.map(Cursor))
                .by(PIECE);
            while let Some(page) = rows.next().await? {
                for record in page {
                    looked += 1;
                    // An app without a channel has a line on the receipt, and no notice.
                    let Some(id) = DeliveryId::of_key(&record.key) else {
                        continue;
                    };
                    let delivery: Delivery = decode(&record.value, "delivery")?;
                    let status = Status::of(&delivery);
                    if status.is_none()
                        || filter.status.is_some_and(|wanted| Some(wanted) != status)
                        || filter.channel.is_some_and(|wanted| wanted != id.channel)
                    {
                        continue;
                    }
                    if listed.rows.len() == limit {
                        listed.next = listed.rows.last().map(|(id, _)| id.to_string());
                        return Ok(Ok(listed));
                    }
                    listed.rows.push((id, delivery));
                }
                if looked >= LOOKED_AT
                    && let Some(Cursor(at)) = rows.place()
                {
                    listed.next = Some(crypto::b64(at.get(5..).unwrap_or_default()));
                    listed.cut_short = true;
                    return Ok(Ok(listed));
                }
            }
            if acts >= ACTS || looked >= LOOKED_AT {
                // Behind everything of this act.
                let over = [act.id.bytes().as_slice(), &[0xff; 33]].concat();
                listed.next = Some(crypto::b64(&over));
                listed.cut_short = true;
                return Ok(Ok(listed));
            }
        }
    }
    Ok(Ok(listed))
}

/// Where a page ended: an act, and how far in it.
struct Place {
    act: SignOutId,
    tail: Vec<u8>,
}

impl Place {
    fn read(text: &str) -> Option<Place> {
        let tail = crypto::unb64(text).filter(|tail| tail.len() == 49)?;
        let act = SignOutId::from_bytes(tail.get(..16)?)?;
        Some(Place { act, tail })
    }

    fn behind(&self, realm: RealmId) -> Option<Bytes> {
        let head = key::deliveries(realm, self.act).from;
        let head = head.get(..5)?;
        Some([head, &self.tail].concat().into())
    }
}

async fn tallies(ctx: &Context, realm: &Realm, act: SignOutId) -> Result<Vec<Tally>, Fault> {
    let mut all = Vec::new();
    let mut walk = Walk::records(ctx, key::tallies_of(realm.id, act));
    while let Some(page) = walk.next().await? {
        for record in page {
            all.push(decode(&record.value, "tally")?);
        }
    }
    Ok(all)
}

/// One notice.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn find(ctx: &Context, realm: &Realm, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
    let stored = ctx.store.get(&id.key(realm.id)).await?;
    stored.map(|r| decode(&r.value, "delivery")).transpose()
}

/// Queued notices looked at to count those that are tried again.
const COUNTED: usize = 200;

/// How many notices of a realm were tried in vain and are tried again, as far as one look at its queues shows; and whether
/// that is all of them.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn retrying(ctx: &Context, realm: &Realm) -> Result<(usize, bool), Fault> {
    let mut walk = Walk::records(ctx, key::queued_in(realm.id)).by(COUNTED);
    let page = walk.next().await?.unwrap_or_default();
    let mut count = 0;
    for record in &page {
        let entry: Entry = decode(&record.value, "queued delivery")?;
        count += usize::from(entry.attempts > 0);
    }
    Ok((count, walk.place().is_none()))
}

#[cfg(test)]
mod tests;
