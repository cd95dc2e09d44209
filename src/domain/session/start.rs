//! How a session starts: after credentials were checked, in one commit with its index rows.

use super::device::MAX_USER_AGENT;
use super::{Device, Seen, Session, cookie, index_keys};
use crate::crypto;
use crate::domain::id::Sid;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, encode, versioned};
use crate::domain::status::Holder;
use crate::domain::sweep::Due;
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::domain::{Context, Fault, key, status};
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

/// A session that has just started.
pub struct Started {
    /// The session.
    pub session: Session,
    /// The text of its cookie: told once, kept nowhere.
    pub cookie: String,
}

/// Starts a session. Always a new one with a new secret: nothing of before the sign-in is carried over (session
/// fixation, RFC 9700 §4.17 in spirit).
///
/// # Errors
/// [`Fault::Busy`] when the user changed meanwhile: check the credentials again.
pub async fn start(ctx: &Context, realm: &Realm, start: Start<'_>) -> Result<Started, Fault> {
    let guard = (key::user(realm.id, start.user.value.id), start.user.version);
    // In this order: a sid is never older than its session says.
    let now = ctx.now();
    let (mut session, secret) = begin(ctx, realm, start, Sid(ctx.new_id()), now);
    session.status = status::take(ctx, realm).await?;
    let mut batch = Batch::new();
    // Read live and guarded: a realm that is being disabled takes nobody in who would be back when it is enabled again.
    let at = key::realm(realm.id);
    let live = versioned::<Realm>(ctx.store.get(&at).await?, "realm")?;
    let Some(live) = live.filter(|r| r.value.settings.enabled) else {
        return Err(Fault::Busy);
    };
    batch.check(at, live.version);
    batch.check(guard.0, guard.1);
    let seen = Seen {
        at: session.started_at,
        ip: session.ip.clone(),
        node: session.node.clone(),
    };
    rows(realm, &session, &seen, &mut batch)?;
    match ctx.commit(batch).await {
        Ok(_) => {
            let cookie = cookie::text(session.sid, &secret);
            Ok(Started { session, cookie })
        }
        Err(CommitError::Conflict { .. }) => Err(Fault::Busy),
        Err(error) => Err(error.into()),
    }
}

/// A session that starts at a given moment, and its cookie's secret. Nothing is written.
pub fn begin(
    ctx: &Context,
    realm: &Realm,
    start: Start<'_>,
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
        amr: start.amr,
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
