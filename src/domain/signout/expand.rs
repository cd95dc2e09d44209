//! Writes out a large act in bounded pieces. Safe to run twice and after a crash: a session that is over is passed by.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::loose::{self, drain};
use super::write::{self, Act, SessionRow};
use super::{SignOut, chunks, receipt};
use crate::domain::grant::TokenFamily;
use crate::domain::id::{ClientId, RealmId, Sid, SignOutId, UserId};
use crate::domain::realm::{self, Realm};
use crate::domain::record::{decode, encode_json};
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, TRIES, key, session};
use crate::store::{Batch, CommitError, Dir, KeysOrRecords};

/// What the door keeps in memory: who is at work, and a bell for the worker.
#[derive(Default)]
pub struct Door {
    /// Rung when a large act was committed.
    pub wake: Notify,
    running: Mutex<HashSet<SignOutId>>,
}

/// What is left of an act that is not yet written out, kept under its own key until it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Open {
    /// Whether an epoch denies all of it already. Otherwise a start waits until it is written out.
    pub denied: bool,
    /// The whole realm; otherwise the sids were written down.
    pub realm: bool,
    /// Users whose every grant ends too.
    pub users: Vec<UserId>,
    /// Clients whose every grant ends too.
    pub clients: Vec<ClientId>,
    /// A user whose every grant to one client ends.
    pub access: Option<(UserId, ClientId)>,
}

/// Which acts are to be finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those whose sessions are denied only once they are written out.
    NotDenied,
}

/// Sessions that end in one commit.
const PIECE: usize = 24;
/// Commits under way at once: they share the store's group commit.
const ABREAST: usize = 16;

/// How fast an act is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// As fast as the store takes it: somebody waits for the answer, or denial waits for the rows.
    Fast,
    /// Half of the time at most and a few commits at once: an epoch denies everything already, and people sign in meanwhile.
    Gentle,
}

/// Acts up to this many sessions are written out fast although an epoch denies them.
const SOON_DONE: u64 = 10_000;
/// Commits under way at once for the rest.
const GENTLY_ABREAST: usize = 4;

/// Finishes every act that is not yet written out, when the bell rings; at start only those that deny nothing yet.
///
/// # Errors
/// [`Fault`] when the store fails; what is left is done next time.
pub async fn resume(ctx: &Context, which: Which) -> Result<usize, Fault> {
    let page = ctx
        .store
        .scan(
            &key::sign_outs_open(),
            None,
            1000,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await?;
    let mut done = 0;
    for record in page.records {
        let open: Open = decode(&record.value, "open sign-out")?;
        if which == Which::NotDenied && open.denied {
            continue;
        }
        let (Some(id), Some(number)) = (
            key::tail(&record.key).and_then(|t| SignOutId::from_bytes(&t)),
            record
                .key
                .get(1..5)
                .and_then(|b| b.try_into().ok())
                .map(u32::from_be_bytes),
        ) else {
            continue;
        };
        let Some(realm) = realm::by_id(ctx, RealmId(number)).await? else {
            continue;
        };
        run(ctx, &realm, id).await?;
        done += 1;
    }
    Ok(done)
}

/// Writes an act out to its end and settles it. When somebody else is at it, waits for them: whoever answers after this
/// says that everything has ended.
///
/// # Errors
/// [`Fault`] when the store fails; what is left is done by [`resume`].
pub async fn run(ctx: &Context, realm: &Realm, id: SignOutId) -> Result<SignOut, Fault> {
    loop {
        let first = ctx
            .door
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id);
        if first {
            let _turn = Turn {
                door: &ctx.door,
                id,
            };
            return write_out(ctx, realm, id).await;
        }
        tokio::time::sleep(WAIT).await;
    }
}

/// How often somebody who waits for another's work looks.
const WAIT: std::time::Duration = std::time::Duration::from_millis(20);

/// Being at work on an act; over when dropped, also when the caller gives up.
struct Turn<'a> {
    door: &'a Door,
    id: SignOutId,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.door
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }
}

async fn write_out(ctx: &Context, realm: &Realm, id: SignOutId) -> Result<SignOut, Fault> {
    let mut record = receipt::find(ctx, realm, id)
        .await?
        .ok_or(Fault::Record("sign-out"))?;
    let Some(open) = ctx.store.get(&key::sign_out_open(realm.id, id)).await? else {
        return Ok(record);
    };
    let open: Open = decode(&open.value, "open sign-out")?;
    let act = Act::of(&record);
    if open.realm {
        let range = key::sessions_active(realm.id);
        if record.total.is_none() {
            record.total = Some(
                record.sessions + Walk::keys(ctx, range.clone()).count(usize::MAX).await? as u64,
            );
        }
        let pace = pace_of(&open, &record);
        let mut walk = Walk::keys(ctx, range).by(1000);
        while let Some(page) = walk.next().await? {
            let tails = page.iter().filter_map(|r| key::tail(&r.key));
            let mut sids: Vec<Sid> = tails.filter_map(|t| Sid::from_bytes(&t)).collect();
            sids.retain(|sid| !record.protected.contains(sid));
            pieces(ctx, realm, act, &sids, pace).await?;
            progress(ctx, realm, &mut record, sids.len()).await?;
        }
    } else {
        let pace = pace_of(&open, &record);
        let mut cursor = None;
        while let Some(chunk) = chunks::after(ctx, realm, id, cursor.as_ref()).await? {
            pieces(ctx, realm, act, &chunk.sids, pace).await?;
            progress(ctx, realm, &mut record, chunk.sids.len()).await?;
            cursor = chunk.next;
        }
    }
    if open.realm {
        loose::drain_realm(ctx, realm, act, &record.protected).await?;
    }
    for user in &open.users {
        let range = key::families_by_user(realm.id, *user);
        drain(ctx, realm, act, &range, |f| !kept(f, &record)).await?;
    }
    for client in &open.clients {
        let range = key::families_by_client(realm.id, *client);
        drain(ctx, realm, act, &range, |f| !kept(f, &record)).await?;
    }
    if let Some((user, client)) = open.access {
        let range = key::families_by_user(realm.id, user);
        drain(ctx, realm, act, &range, |f| f.grant.client == client).await?;
    }
    settle(ctx, realm, record).await
}

/// What hangs on the asker's own session.
fn kept(family: &TokenFamily, record: &SignOut) -> bool {
    record.protected.contains(&family.grant.sid)
}

fn pace_of(open: &Open, record: &SignOut) -> Pace {
    if open.denied && record.total.is_none_or(|total| total > SOON_DONE) {
        Pace::Gentle
    } else {
        Pace::Fast
    }
}

async fn progress(
    ctx: &Context,
    realm: &Realm,
    record: &mut SignOut,
    more: usize,
) -> Result<(), Fault> {
    record.sessions += more as u64;
    let mut batch = Batch::essential();
    // Only the one who runs the act writes its record, and only until it is settled.
    batch.put(key::sign_out(realm.id, record.id), encode_json(record)?);
    ctx.commit(batch).await?;
    Ok(())
}

async fn pieces(
    ctx: &Context,
    realm: &Realm,
    act: Act,
    sids: &[Sid],
    pace: Pace,
) -> Result<(), Fault> {
    let abreast = match pace {
        Pace::Fast => ABREAST,
        Pace::Gentle => GENTLY_ABREAST,
    };
    for wave in sids.chunks(PIECE * abreast) {
        let began = std::time::Instant::now();
        let work = wave
            .chunks(PIECE)
            .map(|piece| piece_of(ctx, realm, act, piece));
        for done in join_all(work).await {
            done?;
        }
        if pace == Pace::Gentle {
            tokio::time::sleep(began.elapsed()).await;
        }
    }
    Ok(())
}

async fn piece_of(ctx: &Context, realm: &Realm, act: Act, sids: &[Sid]) -> Result<(), Fault> {
    let mut left: Vec<Sid> = sids.to_vec();
    for _ in 0..TRIES {
        let mut batch = Batch::essential();
        let mut rest = Vec::new();
        let mut more = Vec::new();
        let mut ended = 0;
        for sid in &left {
            // What one session can add at most fits beside it.
            if batch.len() > 500 {
                rest.push(*sid);
                continue;
            }
            let Some(read) = session::find(ctx, realm, *sid).await? else {
                continue;
            };
            if let Some(ended) = &read.value.ended {
                // Killed before what did not fit into the commit was ended too.
                if ended.sign_out == act.id {
                    more.push(*sid);
                }
                continue;
            }
            if read.value.started_at > act.at {
                continue;
            }
            let wrote = write::session(ctx, realm, act, read, &mut batch).await?;
            ended += 1;
            if wrote.more {
                more.push(*sid);
            }
        }
        if !batch.is_empty() {
            match ctx.commit(batch).await {
                Ok(_) => ctx.pulse.ended(realm.id, ctx.now(), act.reason, ended),
                Err(CommitError::Conflict { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
        }
        for sid in more {
            loose::drain_session(ctx, realm, act, sid).await?;
        }
        if rest.is_empty() {
            return Ok(());
        }
        left = rest;
    }
    Err(Fault::Busy)
}

/// Counts what was done from the rows themselves, which survive a crash, and closes the act.
async fn settle(ctx: &Context, realm: &Realm, mut record: SignOut) -> Result<SignOut, Fault> {
    let mut people = HashSet::new();
    let (mut sessions, mut families, mut offline) = (0u64, 0u64, 0u64);
    let range = key::sign_out_sessions(realm.id, record.id);
    let mut walk = Walk::records(ctx, range).by(1000);
    while let Some(page) = walk.next().await? {
        for row in &page {
            let row: SessionRow = decode(&row.value, "receipt row")?;
            sessions += 1;
            families += u64::from(row.families);
            offline += u64::from(row.offline);
            people.insert(row.user);
        }
    }
    record.sessions = sessions;
    record.families = families;
    record.offline = offline;
    record.people = people.len() as u64;
    record.total = Some(sessions);
    let mut batch = Batch::essential();
    record.state = receipt::total(ctx, realm, record.id, &mut batch).await?;
    batch.put(key::sign_out(realm.id, record.id), encode_json(&record)?);
    batch.del(key::sign_out_open(realm.id, record.id));
    let mut cursor = None;
    while let Some(chunk) = chunks::after(ctx, realm, record.id, cursor.as_ref()).await? {
        if batch.len() < 900 {
            batch.del(chunk.key);
        }
        cursor = chunk.next;
    }
    ctx.commit(batch).await?;
    Ok(record)
}
