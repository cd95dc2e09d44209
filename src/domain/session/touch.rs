//! That a session is used, written at most once a minute.

use super::{Seen, TOUCH_EVERY, address};
use crate::domain::audit::{self, Entry};
use crate::domain::denial::ActiveSession;
use crate::domain::realm::{OneAddress, Realm};
use crate::domain::record::encode;
use crate::domain::time::Span;
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, CommitError};

/// Who used it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The person's browser.
    Browser,
    /// An app on its own: the address is the app's.
    App,
}

/// Notes that a browser used the session from this address just now.
///
/// The write is guarded by the version the session was judged at: a request in flight can never bring back a session that
/// ended meanwhile. A conflict is therefore not an error but somebody else's newer truth.
///
/// # Errors
/// [`Fault`] when the store fails otherwise.
pub async fn touch(
    ctx: &Context,
    realm: &Realm,
    active: &ActiveSession,
    ip: &str,
) -> Result<(), Fault> {
    write(ctx, realm, active, ip, By::Browser).await
}

/// Notes that an app went on with the session. From where says nothing about where the person is.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn touch_by_app(
    ctx: &Context,
    realm: &Realm,
    active: &ActiveSession,
    ip: &str,
) -> Result<(), Fault> {
    write(ctx, realm, active, ip, By::App).await
}

async fn write(
    ctx: &Context,
    realm: &Realm,
    active: &ActiveSession,
    ip: &str,
    by: By,
) -> Result<(), Fault> {
    let now = ctx.now();
    let unseen = now.since(active.last_active);
    // A new address is worth a write of its own, but two that take turns are not worth one a request.
    let moved = ip != active.last_ip && unseen >= Span::secs(5);
    let strange = match by {
        By::Browser => strange(realm, active, ip),
        By::App => None,
    };
    if unseen < TOUCH_EVERY && !moved && strange.is_none() {
        return Ok(());
    }
    let session = &active.session;
    let mut batch = Batch::new();
    batch.check(key::session(realm.id, session.sid), active.version);
    if let Some(place) = &strange {
        let actor = address::actor_of(realm, session, ip);
        let entry = Entry {
            actor: &actor,
            action: "session.second_address",
            target_kind: "session",
            target: session.sid.to_string(),
            detail: Some(format!("started at {}, used from {place}", session.ip)),
        };
        audit::record(&mut batch, ctx, realm.id, &entry)?;
    }
    batch.put(
        key::seen(realm.id, session.sid),
        encode(&Seen {
            at: now,
            ip: ip.to_owned(),
            node: ctx.node.clone(),
            elsewhere: strange.or_else(|| active.elsewhere.clone()),
        })?,
    );
    match ctx.commit(batch).await {
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The place to be put on record: another than the session's own, and not the one that was put there last.
fn strange(realm: &Realm, active: &ActiveSession, ip: &str) -> Option<String> {
    if realm.settings.sessions.one_address != OneAddress::Log
        || !address::differ(&active.session.ip, ip)
    {
        return None;
    }
    let place = address::place(ip)?.to_string();
    (active.elsewhere.as_ref() != Some(&place)).then_some(place)
}
