//! Blocking the sign-in of the people of an act.
//!
//! A few people are blocked in the act's own commit. Of many, the list is written with it, and they are blocked before
//! the act is answered or, after a crash, by the sweep. Whoever starts a session between the cut and their block is
//! signed out again: nobody comes out of it blocked and signed in.

use std::collections::HashSet;

use super::select::Resolved;
use super::write::Act;
use super::{Blocked, EndError, Reason, Request, Selection, SignOut, receipt};
use crate::domain::access;
use crate::domain::audit::{self, Entry};
use crate::domain::id::{Sid, SignOutId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, decode, encode_json};
use crate::domain::session::{Session, limit};
use crate::domain::sweep::Due;
use crate::domain::time::Timestamp;
use crate::domain::user::{self, Block, User};
use crate::domain::{Actor, ActorKind, Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError, Dir, KeysOrRecords};

/// Adds the blocks that a request asks for to the act's batch, and answers how many people they are about.
///
/// # Errors
/// [`Fault`] when the people cannot be read or the list cannot be written.
pub(super) async fn write(
    ctx: &Context,
    realm: &Realm,
    request: &Request,
    act: Act,
    resolved: &Resolved,
    batch: &mut Batch,
) -> Result<Option<Blocked>, Fault> {
    let Some(order) = request.block else {
        return Ok(None);
    };
    let people = people(ctx, realm, request, resolved).await?;
    if people.len() <= IN_ACT {
        let block = block_of(
            &request.actor,
            act.at,
            order.until,
            request.why.clone(),
            act.id,
        );
        for id in &people {
            if batch.touches(&key::user(realm.id, *id)) {
                continue;
            }
            if let Some(read) = user::by_id(ctx, realm, *id).await?
                && reaches(realm, order.administrators, &read.value)
            {
                one(ctx, realm, &request.actor, read, &block, batch)?;
            }
        }
    }
    for (number, chunk) in people.chunks(CHUNK).enumerate() {
        let number_key =
            key::sign_out_blocked(realm.id, act.id, u32::try_from(number).unwrap_or(u32::MAX));
        let value: Vec<u8> = chunk.iter().flat_map(|id| *id.bytes()).collect();
        if number < IN_COMMIT {
            batch.put(number_key, value);
        } else {
            // Means nothing without the act.
            let mut early = Batch::essential();
            early.put(number_key, value);
            ctx.commit(early).await?;
        }
    }
    Due::Block(act.id).put(batch, realm.id, act.at);
    Ok(Some(Blocked {
        until: order.until,
        people: people.len() as u64,
        administrators: order.administrators,
    }))
}

/// Blocks whoever of an act is not blocked yet, and signs out those who came back in between. Safe to run twice.
///
/// # Errors
/// [`Fault`] when the store fails; the sweep goes on with what is left.
pub async fn finish(ctx: &Context, realm: &Realm, id: SignOutId) -> Result<(), Fault> {
    let act = receipt::find(ctx, realm, id).await?;
    let range = key::sign_outs_blocked(realm.id, id);
    loop {
        let page = ctx
            .store
            .scan(&range, None, 1, Dir::Forward, KeysOrRecords::Records)
            .await?;
        if page.records.is_empty() {
            break;
        }
        for record in page.records {
            let people: Vec<UserId> = record
                .value
                .chunks_exact(16)
                .filter_map(UserId::from_bytes)
                .collect();
            if let Some(act) = &act {
                for few in people.chunks(ABREAST) {
                    block_all(ctx, realm, act, few).await?;
                }
                let mut back = Vec::new();
                for person in people {
                    back.extend(came_back(ctx, realm, act, person).await?);
                }
                end_again(ctx, realm, act, &back).await?;
            }
            let mut done = Batch::essential();
            done.del(record.key);
            ctx.commit(done).await?;
        }
    }
    if let Some(act) = &act {
        let mut done = Batch::essential();
        done.del(key::due(act.at, 21, realm.id, id.bytes()));
        ctx.commit(done).await?;
    }
    Ok(())
}

/// The people of an act: those that were named, and those whose sessions were. Never the asker.
async fn people(
    ctx: &Context,
    realm: &Realm,
    request: &Request,
    resolved: &Resolved,
) -> Result<Vec<UserId>, Fault> {
    let mut found: Vec<UserId> = Vec::new();
    match &request.select {
        Selection::Users(users) => found.extend(users),
        Selection::Access(user, _) => found.push(*user),
        Selection::Sessions(_) | Selection::Clients(_) | Selection::Filter(_) | Selection::All => {
            let sids: Vec<&Sid> = resolved
                .sids
                .iter()
                .chain(&resolved.already_ended)
                .collect();
            for chunk in sids.chunks(READ_AT_ONCE) {
                let keys: Vec<_> = chunk
                    .iter()
                    .map(|sid| key::session(realm.id, **sid))
                    .collect();
                for record in ctx.store.get_many(&keys).await?.into_iter().flatten() {
                    found.push(decode::<Session>(&record.value, "session")?.user);
                }
            }
        }
    }
    let mut once = HashSet::new();
    let actor = &request.actor;
    let is_asker = |id: &UserId| {
        actor.kind == ActorKind::Admin && actor.realm == realm.name && actor.id == id.to_string()
    };
    found.retain(|id| !is_asker(id) && once.insert(*id));
    Ok(found)
}

/// Whoever may not change administrators does not block them either.
fn reaches(realm: &Realm, administrators: bool, user: &User) -> bool {
    administrators || !access::is_administrator(&realm.name, &user.roles)
}

fn block_of(
    actor: &Actor,
    at: Timestamp,
    until: Option<Timestamp>,
    why: Option<String>,
    act: SignOutId,
) -> Block {
    Block {
        why,
        sign_out: Some(act),
        ..Block::new(actor, at, until)
    }
}

/// Adds one person's block and its audit record to a batch.
fn one(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    read: Versioned<User>,
    block: &Block,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let Versioned { mut value, version } = read;
    let entry = Entry {
        actor,
        action: "user.block",
        target_kind: "user",
        target: format!("{} ({})", value.username, value.id),
        detail: Some(block.to_string()),
    };
    audit::record(batch, ctx, realm.id, &entry)?;
    value.blocked = Some(block.clone());
    batch.replace(key::user(realm.id, value.id), version, encode_json(&value)?);
    Ok(())
}

async fn block_all(
    ctx: &Context,
    realm: &Realm,
    act: &SignOut,
    people: &[UserId],
) -> Result<(), Fault> {
    let Some(blocked) = &act.block else {
        return Ok(());
    };
    let block = block_of(&act.actor, act.at, blocked.until, act.why.clone(), act.id);
    for _ in 0..TRIES {
        let mut batch = Batch::essential();
        for id in people {
            let Some(read) = user::by_id(ctx, realm, *id).await? else {
                continue;
            };
            let is_done = |b: &Block| b.sign_out == Some(act.id) || b.at > act.at;
            if !read.value.blocked.as_ref().is_some_and(is_done)
                && reaches(realm, blocked.administrators, &read.value)
            {
                one(ctx, realm, &act.actor, read, &block, &mut batch)?;
            }
        }
        if batch.is_empty() {
            return Ok(());
        }
        match ctx.commit(batch).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

/// Sessions of a blocked person that started behind the cut: their block was not there yet.
async fn came_back(
    ctx: &Context,
    realm: &Realm,
    act: &SignOut,
    person: UserId,
) -> Result<Vec<String>, Fault> {
    let user = user::by_id(ctx, realm, person).await?;
    if user.is_none_or(|read| read.value.blocked(ctx.now()).is_none()) {
        return Ok(Vec::new());
    }
    let held = limit::held(ctx, realm, person).await?;
    Ok(held
        .iter()
        .map(|active| &active.session)
        .filter(|session| session.started_at > act.at && Some(session.sid) != act.actor.sid)
        .map(|session| session.sid.to_string())
        .collect())
}

async fn end_again(
    ctx: &Context,
    realm: &Realm,
    act: &SignOut,
    sids: &[String],
) -> Result<(), Fault> {
    if sids.is_empty() {
        return Ok(());
    }
    let select = Selection::Sessions(sids.to_vec());
    let request = Request::new(select, Reason::SignInBlocked, act.actor.clone());
    match Box::pin(super::end(ctx, realm, &request)).await {
        Ok(_) | Err(EndError::Nothing | EndError::OnlyOwn) => Ok(()),
        Err(EndError::Fault(fault)) => Err(fault),
    }
}

/// People blocked in the act's own commit.
const IN_ACT: usize = 24;
/// People in one row of the list: well under the largest value the store takes.
const CHUNK: usize = 2000;
/// Rows of the list in the act's own commit; more are written before it.
const IN_COMMIT: usize = 4;
/// People blocked in one commit.
const ABREAST: usize = 50;
/// Sessions read at once.
const READ_AT_ONCE: usize = 400;
