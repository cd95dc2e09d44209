//! Sweep: what is due is looked at again. A session that really is over ends through the door like any other; the rest
//! gets a new date. Denial never waits for the sweep: the judge computes expiry itself.

use bytes::Bytes;

use super::denial::{self, Denied};
use super::grant::{TokenFamily, code};
use super::id::{FamilyId, RealmId, Sid, SignOutId, UserId};
use super::realm::{self, Realm};
use super::record::decode;
use super::signout::{self, EndError, Reason, Request, Selection};
use super::status;
use super::time::{Span, Timestamp};
use super::{Actor, Context, Fault, browser, key};
use crate::store::{Batch, Dir, KeysOrRecords};

mod policy;
pub mod retention;
mod turn;

pub use turn::Turn;

/// What is to be looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A session may be idle or expired.
    Session(Sid),
    /// A family may be idle.
    Family(FamilyId),
    /// A code may be forgotten.
    Code([u8; 32]),
    /// Browser state may be over.
    Browser([u8; 32]),
    /// A device code may be forgotten: its hash and that of the person's code.
    Device([u8; 32], [u8; 32]),
    /// A client assertion may be forgotten: the client's id and the hash of its `jti`.
    Assertion([u8; 48]),
    /// A revoked access token has expired.
    RevokedToken([u8; 32]),
    /// The last token of a retired signing key has expired; its kid.
    RetiredKey(Kid),
    /// A realm's policy became stricter: its sessions and families are to be looked at. The id is the walk's own.
    Policy([u8; 16]),
    /// The people of an act are to be blocked from signing in.
    Block(SignOutId),
    /// An Idempotency-Key may be forgotten: its hash.
    Once([u8; 32]),
    /// What a deleted user left behind may be forgotten.
    Leftovers(UserId),
    /// The last tokens that name some indices of a status list have expired.
    StatusList(u32),
}

/// A kid as bytes: the base64url of an RFC 7638 thumbprint by SHA-256.
pub type Kid = [u8; 43];

impl Due {
    /// Adds the date to a batch.
    pub fn put(self, batch: &mut Batch, realm: RealmId, at: Timestamp) {
        batch.put(self.key(realm, at), Vec::new());
    }

    /// The same for a date that several things of a batch share.
    pub fn put_once(self, batch: &mut Batch, realm: RealmId, at: Timestamp) {
        let key = self.key(realm, at);
        if !batch.touches(&key) {
            batch.put(key, Vec::new());
        }
    }

    fn key(self, realm: RealmId, at: Timestamp) -> Bytes {
        match self {
            Due::Session(sid) => key::due(at, 1, realm, sid.bytes()),
            Due::Family(id) => key::due(at, 2, realm, id.bytes()),
            Due::Code(hash) => key::due(at, 3, realm, &hash),
            Due::Browser(hash) => key::due(at, 4, realm, &hash),
            Due::Assertion(id) => key::due(at, 5, realm, &id),
            Due::RevokedToken(hash) => key::due(at, 6, realm, &hash),
            Due::RetiredKey(kid) => key::due(at, 7, realm, &kid),
            Due::Device(own, shown) => key::due(at, 8, realm, &[own, shown].concat()),
            Due::Policy(walk) => key::due(at, 20, realm, &walk),
            Due::Block(act) => key::due(at, 21, realm, act.bytes()),
            Due::Once(hash) => key::due(at, 22, realm, &hash),
            Due::Leftovers(user) => key::due(at, 23, realm, user.bytes()),
            Due::StatusList(list) => key::due(at, key::STATUS, realm, &list.to_be_bytes()),
        }
    }

    fn read(at: &[u8]) -> Option<(Timestamp, RealmId, Due)> {
        let (_, rest) = at.split_first()?;
        let (ms, rest) = rest.split_first_chunk::<8>()?;
        let (kind, rest) = rest.split_first()?;
        let (realm, id) = rest.split_first_chunk::<4>()?;
        let due = match *kind {
            1 => Due::Session(Sid::from_bytes(id)?),
            2 => Due::Family(FamilyId::from_bytes(id)?),
            3 => Due::Code(id.try_into().ok()?),
            4 => Due::Browser(id.try_into().ok()?),
            5 => Due::Assertion(id.try_into().ok()?),
            6 => Due::RevokedToken(id.try_into().ok()?),
            7 => Due::RetiredKey(id.try_into().ok()?),
            8 => {
                let (own, shown) = id.split_first_chunk()?;
                Due::Device(*own, shown.try_into().ok()?)
            }
            20 => Due::Policy(id.try_into().ok()?),
            21 => Due::Block(SignOutId::from_bytes(id)?),
            22 => Due::Once(id.try_into().ok()?),
            23 => Due::Leftovers(UserId::from_bytes(id)?),
            key::STATUS => Due::StatusList(u32::from_be_bytes(id.try_into().ok()?)),
            _ => return None,
        };
        Some((
            Timestamp(u64::from_be_bytes(*ms)),
            RealmId(u32::from_be_bytes(*realm)),
            due,
        ))
    }
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Dates looked at.
    pub looked: usize,
    /// Sessions that ended.
    pub ended: usize,
}

/// Dates looked at in one go.
const AT_ONCE: usize = 500;
/// When something that could not yet be forgotten is looked at again.
const LOOK_AGAIN: Span = Span::hours(1);
/// How long an Idempotency-Key stands for its act.
pub const ONCE: Span = Span::days(1);
/// Sessions that end in one act of the sweep.
const PIECE: usize = 20;

/// Looks at what is due, at most a few hundred dates; call again while it finds as many.
///
/// # Errors
/// [`Fault`] when the store fails; nothing is lost, the dates stay.
pub async fn sweep(ctx: &Context) -> Result<Swept, Fault> {
    let page = ctx
        .store
        .scan(
            &key::dues(),
            None,
            AT_ONCE,
            Dir::Forward,
            KeysOrRecords::KeysOnly,
        )
        .await?;
    let now = ctx.now();
    let mut swept = Swept::default();
    let mut over: Vec<(RealmId, Reason, Sid, Bytes)> = Vec::new();
    let mut tidy = Batch::essential();
    for record in page.records {
        let Some((at, realm, due)) = Due::read(&record.key) else {
            tidy.del(record.key);
            continue;
        };
        if at > now {
            break;
        }
        swept.looked += 1;
        match due {
            Due::Session(sid) => match session(ctx, realm, sid, now).await? {
                Some(Next::Again(at)) => {
                    Due::Session(sid).put(&mut tidy, realm, at);
                    tidy.del(record.key);
                }
                Some(Next::Over(reason)) => over.push((realm, reason, sid, record.key)),
                None => {
                    tidy.del(record.key);
                }
            },
            Due::Family(id) => {
                if let Some(at) = family(ctx, realm, id, now).await? {
                    Due::Family(id).put(&mut tidy, realm, at);
                }
                tidy.del(record.key);
            }
            Due::Code(hash) => {
                tidy.del(key::code(realm, &hash));
                tidy.del(record.key);
            }
            Due::Browser(hash) => {
                if let Some(at) = browser_state(ctx, &hash, now).await? {
                    Due::Browser(hash).put(&mut tidy, realm, at);
                } else {
                    tidy.del(key::browser(&hash));
                }
                tidy.del(record.key);
            }
            Due::Assertion(id) => {
                if let Some((client, hash)) = id.split_first_chunk::<16>()
                    && let (Some(client), Ok(hash)) =
                        (super::id::ClientId::from_bytes(client), hash.try_into())
                {
                    tidy.del(key::assertion(realm, client, hash));
                }
                tidy.del(record.key);
            }
            Due::Device(own, shown) => {
                tidy.del(key::device(realm, &own));
                tidy.del(key::device_pace(realm, &own));
                tidy.del(key::user_code(realm, &shown));
                tidy.del(record.key);
            }
            Due::RevokedToken(hash) => {
                tidy.del(key::revoked_token(realm, &hash));
                tidy.del(record.key);
            }
            Due::RetiredKey(kid) => {
                if let Ok(kid) = std::str::from_utf8(&kid) {
                    tidy.del(key::signing_key(realm, kid));
                    ctx.keys.evict(realm);
                }
                tidy.del(record.key);
            }
            Due::Policy(walk) => policy::step(ctx, realm, walk, record.key).await?,
            Due::Block(act) => {
                if let Some(realm) = realm::by_id(ctx, realm).await? {
                    signout::block::finish(ctx, &realm, act).await?;
                }
                tidy.del(record.key);
            }
            Due::Once(hash) => {
                tidy.del(key::sign_out_once(realm, &hash));
                tidy.del(record.key);
            }
            Due::Leftovers(user) => {
                if !retention::leftovers(ctx, realm, user).await? {
                    Due::Leftovers(user).put(&mut tidy, realm, now.plus(LOOK_AGAIN));
                }
                tidy.del(record.key);
            }
            Due::StatusList(list) => {
                status::forget(ctx, realm, list, now).await?;
                tidy.del(record.key);
            }
        }
        if tidy.len() > 900 {
            ctx.commit(std::mem::take(&mut tidy)).await?;
        }
    }
    swept.ended = end(ctx, over, &mut tidy).await?;
    if !tidy.is_empty() {
        ctx.commit(tidy).await?;
    }
    Ok(swept)
}

enum Next {
    Again(Timestamp),
    Over(Reason),
}

async fn session(
    ctx: &Context,
    realm: RealmId,
    sid: Sid,
    now: Timestamp,
) -> Result<Option<Next>, Fault> {
    let Some(realm) = realm::by_id(ctx, realm).await? else {
        return Ok(None);
    };
    Ok(match denial::session(ctx, &realm, sid).await? {
        Ok(active) => Some(Next::Again(
            active.limits.idle_at.max(now.plus(Span::secs(1))),
        )),
        Err(Denied::Idle) => Some(Next::Over(Reason::Idle)),
        Err(Denied::Expired) => Some(Next::Over(Reason::Expired)),
        Err(_) => None,
    })
}

async fn family(
    ctx: &Context,
    realm: RealmId,
    id: FamilyId,
    now: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    let Some(realm) = realm::by_id(ctx, realm).await? else {
        return Ok(None);
    };
    let Some(stored) = ctx.store.get(&key::family(realm.id, id)).await? else {
        return Ok(None);
    };
    let family: TokenFamily = decode(&stored.value, "token family")?;
    if let Some(ended) = family.ended {
        return forget(ctx, &realm, (family.id, ended.at), stored.version, now).await;
    }
    let idle_at = code::idle_at(&realm, &family);
    if idle_at > now {
        return Ok(Some(idle_at));
    }
    // Nothing it could be used for is left; its rows go so that lists do not carry it.
    let mut batch = Batch::essential();
    let grant = &family.grant;
    batch.take(key::family(realm.id, id), stored.version);
    batch.del(key::family_by_session(realm.id, grant.sid, id));
    batch.del(key::family_by_user(realm.id, grant.user, id));
    batch.del(key::family_by_client(realm.id, grant.client, id));
    if let Some(index) = family.own_status() {
        status::mark(&realm, index, now, family.held.listed, &mut batch);
    }
    match ctx.commit(batch).await {
        Ok(_) => Ok(None),
        // Used at this very moment.
        Err(crate::store::CommitError::Conflict { .. }) => Ok(Some(now.plus(Span::secs(1)))),
        Err(error) => Err(error.into()),
    }
}

/// Forgets a family that is over when its realm's policy says so; otherwise answers when it will.
async fn forget(
    ctx: &Context,
    realm: &Realm,
    (id, ended_at): (FamilyId, Timestamp),
    version: crate::store::Version,
    now: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    let keep = realm.settings.retention.ended_sessions;
    if keep.is_zero() {
        return Ok(None);
    }
    let until = ended_at.plus(keep);
    if until > now {
        return Ok(Some(until));
    }
    let mut batch = Batch::new();
    batch.take(key::family(realm.id, id), version);
    match ctx.commit(batch).await {
        Ok(_) => {
            metrics::counter!("realmkeep_forgotten_total", "kind" => "grants").increment(1);
            Ok(None)
        }
        Err(crate::store::CommitError::Conflict { .. }) => Ok(Some(now.plus(Span::secs(1)))),
        Err(error) => Err(error.into()),
    }
}

async fn browser_state(
    ctx: &Context,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Timestamp>, Fault> {
    let Some(stored) = ctx.store.get(&key::browser(hash)).await? else {
        return Ok(None);
    };
    Ok(Some(browser::expiry(&stored.value)?).filter(|at| *at > now))
}

/// Sessions of one realm that end for one reason, each with the key of its date.
type Group = (RealmId, Reason, Vec<(Sid, Bytes)>);

async fn end(
    ctx: &Context,
    over: Vec<(RealmId, Reason, Sid, Bytes)>,
    tidy: &mut Batch,
) -> Result<usize, Fault> {
    let mut ended = 0;
    let mut groups: Vec<Group> = Vec::new();
    for (realm, reason, sid, at) in over {
        match groups
            .iter_mut()
            .find(|(r, why, of)| *r == realm && *why == reason && of.len() < PIECE)
        {
            Some((_, _, of)) => of.push((sid, at)),
            None => groups.push((realm, reason, vec![(sid, at)])),
        }
    }
    for (realm, reason, of) in groups {
        let Some(realm) = realm::by_id(ctx, realm).await? else {
            continue;
        };
        end_group(ctx, &realm, reason, &of).await?;
        ended += of.len();
        for (_, at) in of {
            tidy.del(at);
        }
    }
    Ok(ended)
}

async fn end_group(
    ctx: &Context,
    realm: &Realm,
    reason: Reason,
    of: &[(Sid, Bytes)],
) -> Result<(), Fault> {
    let sids = of.iter().map(|(sid, _)| sid.to_string()).collect();
    let request = Request::new(Selection::Sessions(sids), reason, Actor::system("sweep"));
    match signout::end(ctx, realm, &request).await {
        Ok(_) | Err(EndError::Nothing | EndError::OnlyOwn) => Ok(()),
        Err(EndError::Fault(fault)) => Err(fault),
    }
}
