//! The act: what is small ends in one commit; what is large is denied by the first commit or frozen in it, and written
//! out from there.

use std::collections::HashSet;

use super::expand::Open;
use super::select::{Resolved, Selection, resolve};
use super::write::{self, Act};
use super::{
    Epoch, Reason, Request, Scope, SignOut, State, block, chunks, expand, loose, own, took,
};
use crate::crypto;
use crate::domain::id::SignOutId;
use crate::domain::realm::Realm;
use crate::domain::record::{decode, encode, encode_json};
use crate::domain::sweep::{Due, ONCE};
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, TRIES, audit, denial, key};
use crate::store::{Batch, CommitError};

/// Why an act was not done. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// Only the asker's own session was selected.
    #[error(
        "the selection holds only your own current session, which is protected; use \"Sign out\" to end it"
    )]
    OnlyOwn,
    /// Nothing was selected.
    #[error("the selection is empty")]
    Nothing,
    /// It could not be decided or written.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The most sessions that end in the act's own commit.
const AT_ONCE: usize = 24;
/// The most operations of such a commit; leaves room for the record, the audit and what comes along.
const OPS: usize = 900;
/// The most sessions of an act by epoch that are written out before the answer.
const BEFORE_ANSWER: usize = 2000;
/// The most users or clients that get an epoch in the first commit.
pub const MAX_EPOCHS: usize = 300;

/// Ends what is selected; answers after the durable commit, when denial holds.
///
/// # Errors
/// [`EndError`]; nothing was done then.
pub async fn end(ctx: &Context, realm: &Realm, request: &Request) -> Result<SignOut, EndError> {
    for _ in 0..TRIES {
        match end_with(ctx, realm, request, Batch::new()).await {
            Err(EndError::Fault(Fault::Busy)) => {}
            other => return other,
        }
    }
    Err(EndError::Fault(Fault::Busy))
}

/// Ends what is selected together with somebody else's guarded changes, in one commit: a user is never deleted and still
/// signed in.
///
/// # Errors
/// [`EndError`]; [`Fault::Busy`] when a guard failed, of the door's or of `also`: read again and ask again.
pub async fn end_with(
    ctx: &Context,
    realm: &Realm,
    request: &Request,
    also: Batch,
) -> Result<SignOut, EndError> {
    if let Some(done) = already(ctx, realm, request).await? {
        return Ok(done);
    }
    // Whom a block concerns must be known; otherwise the cut through a realm takes as long as one through a handful.
    let most = if request.block.is_some() {
        usize::MAX
    } else {
        BEFORE_ANSWER + 1
    };
    let mut batch = also;
    // A sign-in that pushes out an older session is a sign-in first.
    if request.reason != Reason::SessionLimit {
        batch.make_essential();
    }
    shut_out(ctx, realm, request, &mut batch).await?;
    let resolved = resolve(ctx, realm, request, most).await?;
    resolved.check(&request.select)?;
    let id = request.id.unwrap_or_else(|| SignOutId(ctx.new_id()));
    let mut record = record_of(request, id, ctx.cut(), &resolved);
    let act = Act::of(&record);
    epochs(realm, request, act, &mut batch)?;
    note(ctx, realm, request, &record, &mut batch)?;
    record.block = Box::pin(block::write(
        ctx, realm, request, act, &resolved, &mut batch,
    ))
    .await?;
    let whole = small(ctx, realm, act, &resolved, &request.select, &mut batch).await?;
    if let Some(counted) = whole {
        record.state = if counted.told {
            State::Delivering
        } else {
            State::Settled
        };
        record.sessions = counted.sessions;
        record.people = counted.people;
        record.families = counted.families;
        record.offline = counted.offline;
        batch.create(key::sign_out(realm.id, act.id), encode_json(&record)?);
        commit(ctx, batch).await?;
        ctx.pulse
            .ended(realm.id, ctx.now(), act.reason, counted.sessions);
        took::note(ctx, realm, request, &mut record).await;
        block_the_rest(ctx, realm, &record).await;
        return Ok(record);
    }
    record.state = State::Expanding;
    record.large = true;
    if matches!(request.select, Selection::All) && resolved.sids.len() > BEFORE_ANSWER {
        // Counted while it is written out.
        record.total = None;
    }
    let open = open_of(request);
    if !open.realm {
        chunks::freeze(ctx, realm, act.id, &resolved.sids, &mut batch).await?;
    }
    batch.put(key::sign_out_open(realm.id, act.id), encode(&open)?);
    batch.create(key::sign_out(realm.id, act.id), encode_json(&record)?);
    commit(ctx, batch).await?;
    if open.denied {
        took::note(ctx, realm, request, &mut record).await;
    }
    block_the_rest(ctx, realm, &record).await;
    // Without an epoch, denial holds once the list is written out.
    if has_epoch(&request.select) && resolved.sids.len() > BEFORE_ANSWER {
        ctx.door.wake.notify_one();
        return Ok(record);
    }
    match Box::pin(expand::run(ctx, realm, act.id)).await {
        Ok(mut done) => {
            took::note(ctx, realm, request, &mut done).await;
            Ok(done)
        }
        // The act is committed; to answer "busy" would have it asked for again. The worker goes on with what is left.
        Err(Fault::Busy) => {
            ctx.door.wake.notify_one();
            Ok(record)
        }
        Err(fault) => Err(fault.into()),
    }
}

/// The act is committed and names whom it blocks: what cannot be done now, the sweep does.
async fn block_the_rest(ctx: &Context, realm: &Realm, record: &SignOut) {
    if record.block.is_none() {
        return;
    }
    if let Err(fault) = Box::pin(block::finish(ctx, realm, record.id)).await {
        tracing::warn!(%fault, sign_out = %record.id, "not everybody is blocked yet; the sweep goes on");
    }
}

fn open_of(request: &Request) -> Open {
    let mut open = Open {
        denied: has_epoch(&request.select),
        ..Open::default()
    };
    match (&request.select, request.reason.scope()) {
        (Selection::All, _) => open.realm = true,
        (Selection::Users(users), Scope::Everything) => open.users.clone_from(users),
        (Selection::Clients(clients), Scope::Everything | Scope::Client) => {
            open.clients.clone_from(clients)
        }
        (Selection::Access(user, client), _) => open.access = Some((*user, *client)),
        _ => {}
    }
    open
}

async fn commit(ctx: &Context, batch: Batch) -> Result<(), EndError> {
    match ctx.commit(batch).await {
        Ok(_) => Ok(()),
        Err(CommitError::Conflict { .. }) => Err(EndError::Fault(Fault::Busy)),
        Err(error) => Err(EndError::Fault(error.into())),
    }
}

/// The act that the same Idempotency-Key brought about before.
async fn already(
    ctx: &Context,
    realm: &Realm,
    request: &Request,
) -> Result<Option<SignOut>, Fault> {
    let Some(once) = &request.once else {
        return Ok(None);
    };
    let at = key::sign_out_once(realm.id, &once_hash(request, once));
    let Some(named) = ctx.store.get(&at).await? else {
        return Ok(None);
    };
    let id: SignOutId = decode(&named.value, "idempotency key")?;
    super::receipt::find(ctx, realm, id).await
}

fn once_hash(request: &Request, once: &str) -> [u8; 32] {
    crypto::sha256(format!("{}\n{once}", request.actor.id).as_bytes())
}

/// Whether the act's own commit denies everything selected. A very long list of users or clients does not fit there; it is
/// written out like a list of sessions.
fn has_epoch(select: &Selection) -> bool {
    match select {
        Selection::All => true,
        Selection::Users(users) => users.len() <= MAX_EPOCHS,
        Selection::Clients(clients) => clients.len() <= MAX_EPOCHS,
        Selection::Sessions(_) | Selection::Access(..) | Selection::Filter(_) => false,
    }
}

/// Guards against a session of somebody who is being shut out that starts while the act is decided: it would be younger
/// than the cut, and its sign-in older than the change. Read before the sessions are.
async fn shut_out(
    ctx: &Context,
    realm: &Realm,
    request: &Request,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let Selection::Users(users) = &request.select else {
        return Ok(());
    };
    let shuts_out = matches!(
        request.reason,
        Reason::UserDisabled | Reason::UserDeleted | Reason::PasswordChanged
    );
    if !shuts_out || users.len() > MAX_EPOCHS {
        return Ok(());
    }
    let keys: Vec<_> = users
        .iter()
        .map(|user| key::user_starts(realm.id, *user))
        .collect();
    let read = ctx.store.get_many(&keys).await?;
    for (at, stored) in keys.into_iter().zip(read) {
        match stored {
            Some(stored) => batch.check(at, stored.version),
            None => batch.create(at, Vec::new()),
        };
    }
    Ok(())
}

fn epochs(realm: &Realm, request: &Request, act: Act, batch: &mut Batch) -> Result<(), Fault> {
    if !has_epoch(&request.select) {
        return Ok(());
    }
    let epoch = Epoch {
        at: act.at,
        except: own::protected(request).into_iter().collect(),
        except_client: own::protected_client(realm, request),
        offline: matches!(act.reason.scope(), Scope::Everything | Scope::Client),
        reason: act.reason,
        sign_out: act.id,
    };
    let bytes = encode(&epoch)?;
    match &request.select {
        Selection::All => {
            batch.put(key::realm_epoch(realm.id), bytes);
        }
        Selection::Users(users) => {
            for user in users {
                batch.put(key::user_epoch(realm.id, *user), bytes.clone());
            }
        }
        Selection::Clients(clients) => {
            for client in clients {
                batch.put(key::client_epoch(realm.id, *client), bytes.clone());
            }
        }
        Selection::Sessions(_) | Selection::Access(..) | Selection::Filter(_) => {}
    }
    Ok(())
}

fn record_of(request: &Request, id: SignOutId, at: Timestamp, resolved: &Resolved) -> SignOut {
    let not_found = request.unknown.iter().chain(&resolved.not_found);
    let cut = |text: &Option<String>| text.as_ref().map(|t| t.chars().take(1000).collect());
    SignOut {
        id,
        reason: request.reason,
        actor: request.actor.clone(),
        at,
        why: cut(&request.why),
        note: cut(&request.note),
        message: cut(&request.message),
        selection: request.select.words(),
        state: State::Expanding,
        whole: request.is_whole(),
        large: false,
        sessions: 0,
        people: 0,
        families: 0,
        offline: 0,
        total: Some(resolved.sids.len() as u64),
        protected: resolved.protected.clone(),
        not_found: not_found.take(1000).cloned().collect(),
        already_ended: resolved.already_ended.iter().take(1000).copied().collect(),
        block: None,
        took: None,
    }
}

fn note(
    ctx: &Context,
    realm: &Realm,
    request: &Request,
    record: &SignOut,
    batch: &mut Batch,
) -> Result<(), Fault> {
    if let Some(once) = &request.once {
        let hash = once_hash(request, once);
        batch.create(key::sign_out_once(realm.id, &hash), encode(&record.id)?);
        Due::Once(hash).put(batch, realm.id, record.at.plus(ONCE));
    }
    let entry = audit::Entry {
        actor: &request.actor,
        action: "sessions.invalidate",
        target_kind: "sign_out",
        target: record.id.to_string(),
        detail: Some(format!("{}: {}", record.reason.text(), record.selection)),
    };
    audit::record(batch, ctx, realm.id, &entry)
}

#[derive(Default)]
struct Counted {
    sessions: u64,
    people: u64,
    families: u64,
    offline: u64,
    /// Whether anybody is to be told of it.
    told: bool,
}

/// Writes the whole act into the batch when it is small enough; `None` when it is not, and nothing was written then.
async fn small(
    ctx: &Context,
    realm: &Realm,
    act: Act,
    resolved: &Resolved,
    select: &Selection,
    batch: &mut Batch,
) -> Result<Option<Counted>, EndError> {
    let sids = &resolved.sids;
    if sids.len() > AT_ONCE {
        return Ok(None);
    }
    let mut counted = Counted::default();
    let mut people = HashSet::new();
    let mut writes = Batch::new();
    for (read, _) in denial::sessions(ctx, realm, sids).await? {
        // Ended since the selection was resolved: by somebody else, which is what was asked for.
        let Some(read) = read.filter(|r| r.value.ended.is_none()) else {
            continue;
        };
        let write::Wrote { row, more } = write::session(ctx, realm, act, read, &mut writes).await?;
        if more {
            return Ok(None);
        }
        people.insert(row.user);
        counted.sessions += 1;
        counted.families += u64::from(row.families);
        counted.offline += u64::from(row.offline);
    }
    for read in
        loose::loose_families(ctx, realm, act.reason, act.at, select, &resolved.protected).await?
    {
        if writes.touches(&key::family(realm.id, read.value.id)) {
            continue;
        }
        people.insert(read.value.grant.user);
        counted.families += 1;
        counted.offline += u64::from(read.value.offline);
        loose::loose_family(ctx, realm, act, read, &mut writes).await?;
        if writes.len() > OPS {
            break;
        }
    }
    if writes.len() + batch.len() > OPS {
        return Ok(None);
    }
    counted.people = people.len() as u64;
    counted.told = [key::QUEUED, key::STREAM_QUEUED]
        .into_iter()
        .any(|space| writes.puts(space).next().is_some());
    batch.merge(writes);
    Ok(Some(counted))
}
