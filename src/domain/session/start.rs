//! How a session starts: after credentials were checked, in one commit with its index rows, with what it replaces and
//! with what gives way to it.

use super::device::MAX_USER_AGENT;
use super::{Device, Seen, Session, address, cookie, index_keys, limit};
use crate::crypto;
use crate::domain::audit::{self, Entry};
use crate::domain::denial::ActiveSession;
use crate::domain::id::Sid;
use crate::domain::realm::{LimitAction, OneAddress, Realm};
use crate::domain::record::{Versioned, decode, encode, versioned};
use crate::domain::signout::{self, EndError, Reason, Request, Selection};
use crate::domain::status::{self, Holder};
use crate::domain::sweep::Due;
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::{self, User};
use crate::domain::{Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// What is known of a sign-in.
pub struct Start<'a> {
    /// Who; with the version their record was read at, so that a user disabled meanwhile does not get in.
    pub user: &'a Versioned<User>,
    /// How they proved it (RFC 8176).
    pub amr: Vec<String>,
    /// Whether "Keep me signed in" was chosen.
    pub remember_me: bool,
    /// From which address.
    pub ip: &'a str,
    /// With which browser.
    pub user_agent: &'a str,
}

/// What else a sign-in brings along.
#[derive(Clone, Copy, Default)]
pub struct Terms<'a> {
    /// When the credentials were given, when that was not just now.
    pub given_at: Option<Timestamp>,
    /// The session that this browser has: it ends in the same commit, so that signing in again does not pile up.
    pub instead: Option<&'a ActiveSession>,
    /// Sessions of this user that the user chose to end. Others are passed by.
    pub ending: &'a [Sid],
}

/// A session that has just started.
#[derive(Debug)]
pub struct Started {
    /// The session.
    pub session: Session,
    /// The text of its cookie: told once, kept nowhere.
    pub cookie: String,
}

/// Why no session starts, although the credentials are right. Nothing was written.
#[derive(Debug)]
pub enum Refused {
    /// The user holds as many sessions as the realm allows.
    Limit(u32),
    /// The same, and the user is to choose which of them end.
    Choose(u32),
    /// The user is signed in at another address.
    Address,
}

/// Starts a session. Always a new one with a new secret: nothing of before the sign-in is carried over (session
/// fixation, RFC 9700 §4.17 in spirit). The realm's limit of sessions and the one-address rule
/// are decided inside the commit: where a realm counts, each start writes one record of its user: two at once cannot both see the last free place.
///
/// # Errors
/// [`Fault::Busy`] when the user changed meanwhile: check the credentials again. A refusal is the inner error.
pub async fn start(
    ctx: &Context,
    realm: &Realm,
    start: Start<'_>,
    terms: Terms<'_>,
) -> Result<Result<Started, Refused>, Fault> {
    let counts = realm.settings.sessions.counts_sessions();
    let _turn = if counts {
        ctx.turns.of(start.user.value.id).await
    } else {
        None
    };
    for _ in 0..TRIES {
        if let Some(outcome) = attempt(ctx, realm, &start, terms).await? {
            return Ok(outcome);
        }
        let user = user::by_id(ctx, realm, start.user.value.id).await?;
        if user.map(|read| read.version) != Some(start.user.version) {
            break;
        }
    }
    Err(Fault::Busy)
}

/// How far into the future a cut is believed to reach; one that reaches further is of a clock that was wrong.
const BEYOND: Span = Span::secs(1);

/// One try; `None` when somebody else was faster.
async fn attempt(
    ctx: &Context,
    realm: &Realm,
    start: &Start<'_>,
    terms: Terms<'_>,
) -> Result<Option<Result<Started, Refused>>, Fault> {
    let user = start.user.value.id;
    // Read live and guarded: a realm that is being disabled takes nobody in who would be back when it is enabled again,
    // and the rules are those of the commit's moment.
    let at = key::realm(realm.id);
    let keys = [
        at.clone(),
        key::realm_epoch(realm.id),
        key::user_epoch(realm.id, user),
    ];
    let mut read = ctx.store.get_many(&keys).await?.into_iter();
    let live = versioned::<Realm>(read.next().flatten(), "realm")?;
    // A cut reaches a little into the future where nodes' clocks may differ: what starts after it starts beyond it.
    let mut now = ctx.now();
    for stored in read.flatten() {
        let cut: signout::Epoch = decode(&stored.value, "epoch")?;
        now = now.max(cut.at.plus(Span(1)).min(now.plus(BEYOND)));
    }
    // In this order: a sid is never older than its session says.
    let sid = Sid(ctx.new_id_from(now));
    let Some(live) = live.filter(|r| r.value.settings.enabled) else {
        return Err(Fault::Busy);
    };
    let mut batch = Batch::new();
    batch.check(at, live.version);
    batch.check(key::user(realm.id, user), start.user.version);
    let realm = &live.value;
    let (mut session, secret) = begin(ctx, realm, start, sid, now);
    session.auth_time = terms.given_at.unwrap_or(now);
    session.status = status::take(ctx, realm).await?;
    let going = match admit(ctx, realm, &session, terms, &mut batch).await? {
        Ok(going) => going,
        Err(refused) => return Ok(Some(Err(refused))),
    };
    let seen = Seen {
        at: session.started_at,
        ip: session.ip.clone(),
        node: session.node.clone(),
        elsewhere: None,
    };
    rows(realm, &session, &seen, &mut batch)?;
    let old = terms.instead.map(|active| &active.session);
    let (request, left) = leaving(realm, &session, going, old);
    if !commit(ctx, realm, request, batch).await? {
        return Ok(None);
    }
    if let Some(request) = left {
        // Somebody else's session in the same browser: an act of its own, and no reason to take the new one away.
        if let Err(EndError::Fault(fault)) = signout::end(ctx, realm, &request).await {
            tracing::warn!(%fault, "the session that a browser had before could not be ended");
        }
    }
    ctx.pulse.signed_in(realm.id, session.started_at);
    let cookie = cookie::text(session.sid, &secret);
    Ok(Some(Ok(Started { session, cookie })))
}

/// Decides by the realm's rules, and answers which sessions give way. Adds the guard that the decision rests on.
async fn admit(
    ctx: &Context,
    realm: &Realm,
    session: &Session,
    terms: Terms<'_>,
    batch: &mut Batch,
) -> Result<Result<Vec<Sid>, Refused>, Fault> {
    let policy = &realm.settings.sessions;
    if !policy.counts_sessions() {
        // Nothing is decided by it here: it lets an act that shuts the user out notice that they have just come in.
        batch.put(
            key::user_starts(realm.id, session.user),
            session.sid.bytes().to_vec(),
        );
        return Ok(Ok(Vec::new()));
    }
    // The guard is read before the sessions are: whoever starts in between fails this commit.
    let at = key::user_starts(realm.id, session.user);
    match ctx.store.get(&at).await? {
        Some(stored) => batch.replace(at, stored.version, session.sid.bytes().to_vec()),
        None => batch.create(at, session.sid.bytes().to_vec()),
    };
    let instead = terms.instead.map(|active| active.session.sid);
    let mut held = limit::held(ctx, realm, session.user).await?;
    held.retain(|active| Some(active.session.sid) != instead);
    let (mut going, others): (Vec<Sid>, Vec<ActiveSession>) = {
        let (chosen, others): (Vec<_>, Vec<_>) = held
            .into_iter()
            .partition(|active| terms.ending.contains(&active.session.sid));
        (chosen.iter().map(|a| a.session.sid).collect(), others)
    };
    let far = |active: &&ActiveSession| address::differ(&active.session.ip, &session.ip);
    if let Some(other) = others.iter().find(far) {
        match policy.one_address {
            OneAddress::Off => {}
            OneAddress::Deny => return Ok(Err(Refused::Address)),
            OneAddress::Log => {
                let actor = address::actor_of(realm, session, &session.ip);
                let entry = Entry {
                    actor: &actor,
                    action: "session.second_address",
                    target_kind: "session",
                    target: session.sid.to_string(),
                    detail: Some(format!(
                        "started at {} while a session of {} is active",
                        session.ip, other.session.ip
                    )),
                };
                audit::record(batch, ctx, realm.id, &entry)?;
            }
        }
    }
    let most = usize::try_from(policy.limit).unwrap_or(usize::MAX);
    if most == 0 || others.len() < most {
        return Ok(Ok(going));
    }
    match policy.limit_action {
        LimitAction::Deny => Ok(Err(Refused::Limit(policy.limit))),
        LimitAction::Ask => Ok(Err(Refused::Choose(policy.limit))),
        action @ (LimitAction::EndOldest | LimitAction::EndLeastRecent) => {
            let surplus = others.len() + 1 - most;
            going.extend(limit::first_to_go(action, others).into_iter().take(surplus));
            Ok(Ok(going))
        }
    }
}

/// What ends with the start: in its own commit, and behind it.
fn leaving(
    realm: &Realm,
    session: &Session,
    mut going: Vec<Sid>,
    old: Option<&Session>,
) -> (Option<Request>, Option<Request>) {
    let request = |sids: Vec<Sid>, reason, of: &Session| {
        let sids = sids.iter().map(ToString::to_string).collect();
        let actor = address::actor_of(realm, of, &session.ip);
        Request::new(Selection::Sessions(sids), reason, actor)
    };
    match old {
        _ if going.is_empty() => (
            old.map(|old| request(vec![old.sid], Reason::User, old)),
            None,
        ),
        Some(old) if old.user == session.user => {
            going.push(old.sid);
            (Some(request(going, Reason::SessionLimit, session)), None)
        }
        _ => (
            Some(request(going, Reason::SessionLimit, session)),
            old.map(|old| request(vec![old.sid], Reason::User, old)),
        ),
    }
}

/// Commits; `false` when a guard failed.
async fn commit(
    ctx: &Context,
    realm: &Realm,
    ends: Option<Request>,
    batch: Batch,
) -> Result<bool, Fault> {
    let Some(request) = ends else {
        return match ctx.commit(batch).await {
            Ok(_) => Ok(true),
            Err(CommitError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        };
    };
    match signout::end_with(ctx, realm, &request, batch).await {
        Ok(_) => Ok(true),
        Err(EndError::Fault(Fault::Busy)) => Ok(false),
        Err(EndError::Fault(fault)) => Err(fault),
        // Answers to other selections and reasons than these.
        Err(EndError::OnlyOwn | EndError::Nothing) => Err(Fault::Record("selection of a start")),
    }
}

/// A session that starts at a given moment, and its cookie's secret. Nothing is written.
pub fn begin(
    ctx: &Context,
    realm: &Realm,
    start: &Start<'_>,
    sid: Sid,
    now: Timestamp,
) -> (Session, [u8; 32]) {
    let user = &start.user.value;
    let secret = ctx.random();
    let session = Session {
        sid,
        user: user.id,
        username: user.username.clone(),
        name: user.display_name().to_owned(),
        organisation: user.claim("organisation").map(str::to_owned),
        secret_hash: crypto::sha256(&secret),
        started_at: now,
        auth_time: now,
        amr: start.amr.clone(),
        remember_me: start.remember_me && realm.settings.sessions.remember_me,
        ip: start.ip.to_owned(),
        device: Device::parse(start.user_agent),
        user_agent: start.user_agent.chars().take(MAX_USER_AGENT).collect(),
        node: ctx.node.clone(),
        status: None,
        clients: Vec::new(),
        ended: None,
    };
    (session, secret)
}

/// Adds everything that a session which starts writes: its record, its index rows, its last use, the date to look at it
/// again, who holds its place in a status list.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub fn rows(realm: &Realm, session: &Session, seen: &Seen, batch: &mut Batch) -> Result<(), Fault> {
    let limits = session.limits(&realm.settings.sessions, seen.at);
    batch.create(key::session(realm.id, session.sid), encode(session)?);
    for index in index_keys(realm.id, session) {
        batch.put(index, Vec::new());
    }
    batch.put(key::seen(realm.id, session.sid), encode(seen)?);
    Due::Session(session.sid).put(batch, realm.id, limits.idle_at);
    if let Some(index) = session.status {
        let holder = Holder {
            sid: session.sid,
            user: session.user,
            client: None,
            started_at: session.started_at,
        };
        status::hold(realm.id, index, &holder, batch)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
