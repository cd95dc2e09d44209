//! Telling again: what was refused or given up goes back into the queue, and what waits is tried now.

use bytes::Bytes;

use super::delivery::{Delivery, DeliveryState};
use super::listing::DeliveryId;
use super::settle::Tally;
use super::{Channel, Destination, Entry, queue};
use crate::domain::id::{ClientId, Sid, SignOutId};
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, decode, encode, versioned};
use crate::domain::signout::{SignOut, State, receipt};
use crate::domain::walk::Walk;
use crate::domain::{Actor, Context, Fault, audit, key, ssf};
use crate::store::{Batch, CommitError};

/// Entries moved in one commit.
const PIECE: usize = 200;
/// Waiting entries of one app that are looked at.
const LOOKED_AT: usize = 1000;

/// Puts an act's deliveries that are not confirmed back to the front; of one app, or of all. Answers how many.
///
/// # Errors
/// [`Fault`] when the store fails; what was moved before stays moved.
pub async fn redeliver(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: SignOutId,
    only: Option<ClientId>,
) -> Result<u64, Fault> {
    let Some(act) = receipt::find(ctx, realm, id).await? else {
        return Ok(0);
    };
    let large = act.large || act.state == State::Expanding;
    let mut moved = 0;
    note(ctx, realm, actor, id, only.map(|c| c.to_string())).await?;
    let range = match only {
        Some(client) => key::deliveries_of_app(realm.id, id, client),
        None => key::deliveries(realm.id, id),
    };
    let mut waiting: Vec<(ClientId, Channel)> = Vec::new();
    let mut walk = Walk::records(ctx, range).by(PIECE);
    while let Some(page) = walk.next().await? {
        for record in page {
            let Some(client) = key::delivery_client(&record.key) else {
                continue;
            };
            let delivery: Delivery = decode(&record.value, "delivery")?;
            match delivery.state {
                DeliveryState::Rejected | DeliveryState::GaveUp => {
                    let read = Versioned {
                        value: delivery,
                        version: record.version,
                    };
                    let place = (client, record.key);
                    moved += u64::from(reopen(ctx, realm, (&act, large), place, read).await?);
                }
                DeliveryState::Pending if !waiting.contains(&(client, delivery.channel)) => {
                    waiting.push((client, delivery.channel));
                }
                _ => {}
            }
        }
    }
    for (client, channel) in waiting {
        moved += hurry(ctx, realm, (id, None), client, channel).await?;
    }
    Ok(moved)
}

/// The same for one notice; answers whether there was anything to tell again.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn one(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: DeliveryId,
) -> Result<bool, Fault> {
    let Some(act) = receipt::find(ctx, realm, id.act).await? else {
        return Ok(false);
    };
    let large = act.large || act.state == State::Expanding;
    let at = id.key(realm.id);
    let Some(read) = versioned::<Delivery>(ctx.store.get(&at).await?, "delivery")? else {
        return Ok(false);
    };
    let detail = format!("{} by {}", read.value.client_id, id.channel.as_str());
    note(ctx, realm, actor, id.act, Some(detail)).await?;
    match read.value.state {
        DeliveryState::Rejected | DeliveryState::GaveUp => {
            reopen(ctx, realm, (&act, large), (id.client, at), read).await
        }
        DeliveryState::Pending => {
            let of = (id.act, Some(id.sid));
            Ok(hurry(ctx, realm, of, id.client, id.channel).await? > 0)
        }
        DeliveryState::Acknowledged | DeliveryState::NoChannel => Ok(false),
    }
}

async fn note(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    act: SignOutId,
    detail: Option<String>,
) -> Result<(), Fault> {
    let mut batch = Batch::new();
    let entry = audit::Entry {
        actor,
        action: "sign_out.redeliver",
        target_kind: "sign_out",
        target: act.to_string(),
        detail,
    };
    audit::record(&mut batch, ctx, realm.id, &entry)?;
    ctx.commit(batch).await?;
    Ok(())
}

/// Gives a settled delivery a new day; `false` when there is no way left, or somebody else was faster.
async fn reopen(
    ctx: &Context,
    realm: &Realm,
    of: (&SignOut, bool),
    (client, at): (ClientId, Bytes),
    read: Versioned<Delivery>,
) -> Result<bool, Fault> {
    let mut batch = Batch::new();
    if !again(ctx, realm, of, client, &read.value, &mut batch).await? {
        return Ok(false);
    }
    batch.replace(at, read.version, encode(&reset(ctx, read.value))?);
    match ctx.commit(batch).await {
        Ok(_) => Ok(true),
        Err(CommitError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A delivery with a new day before it.
fn reset(ctx: &Context, delivery: Delivery) -> Delivery {
    Delivery {
        state: DeliveryState::Pending,
        created_at: ctx.now(),
        next_at: None,
        settled_at: None,
        ..delivery
    }
}

/// Puts it back to where it waits; `false` when there is no such place any more.
async fn again(
    ctx: &Context,
    realm: &Realm,
    (act, large): (&SignOut, bool),
    client: ClientId,
    delivery: &Delivery,
    batch: &mut Batch,
) -> Result<bool, Fault> {
    let now = ctx.now();
    if matches!(delivery.channel, Channel::SsfPush | Channel::SsfPoll) {
        if !ssf::session_again(ctx, realm, (act, large), client, delivery, batch).await? {
            return Ok(false);
        }
        uncount(ctx, realm, act.id, client, delivery, large, batch).await?;
        return Ok(true);
    }
    let entry = Entry {
        sign_out: act.id,
        client,
        channel: delivery.channel,
        sid: delivery.sid,
        user: delivery.user,
        // It may be long ago: a notice about all of a person's sessions would end what they have started since.
        whole: false,
        large,
        created_at: now,
        attempts: 0,
    };
    let destination = Destination::of(realm, client, delivery.channel);
    batch.create(destination.place(now, &ctx.new_id()), encode(&entry)?);
    uncount(ctx, realm, act.id, client, delivery, large, batch).await?;
    Ok(true)
}

/// Takes a delivery out of what was counted as settled.
async fn uncount(
    ctx: &Context,
    realm: &Realm,
    act: SignOutId,
    client: ClientId,
    delivery: &Delivery,
    large: bool,
    batch: &mut Batch,
) -> Result<(), Fault> {
    if large {
        let at = key::tally(realm.id, act, client, delivery.channel.byte());
        if let Some(kept) = versioned::<Tally>(ctx.store.get(&at).await?, "tally")? {
            let mut tally = kept.value;
            match delivery.state {
                DeliveryState::Rejected => tally.rejected = tally.rejected.saturating_sub(1),
                _ => tally.gave_up = tally.gave_up.saturating_sub(1),
            }
            batch.replace(at, kept.version, encode(&tally)?);
        }
    }
    Ok(())
}

/// Lets what waits of this act at this app be due now; of one session alone, when one is named.
async fn hurry(
    ctx: &Context,
    realm: &Realm,
    (act, sid): (SignOutId, Option<Sid>),
    client: ClientId,
    channel: Channel,
) -> Result<u64, Fault> {
    if matches!(channel, Channel::SsfPush | Channel::SsfPoll) {
        return Ok(u64::from(ssf::push::hurry(ctx, realm, client).await?));
    }
    let mut moved = 0;
    let destination = Destination::of(realm, client, channel);
    let now = ctx.now();
    let far = crate::domain::time::Timestamp(u64::MAX);
    let waiting = queue::due(ctx, &destination, far, LOOKED_AT).await?;
    let due_later = |q: &queue::Queued| Destination::read(&q.key).is_some_and(|(_, due)| due > now);
    let of_act: Vec<_> = waiting
        .into_iter()
        .filter(|q| q.entry.sign_out == act && sid.is_none_or(|sid| q.entry.sid == sid))
        .filter(due_later)
        .collect();
    for queued in of_act {
        let mut batch = Batch::new();
        batch.take(queued.key, queued.version);
        batch.create(
            destination.place(now, &ctx.new_id()),
            encode(&queued.entry)?,
        );
        match ctx.commit(batch).await {
            Ok(_) => moved += 1,
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(moved)
}
