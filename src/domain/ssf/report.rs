//! What the kernel reports: a session that ended, an account that changed. Added to the commit that does it.

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::event::{About, Cause, Event, EventType, Happened, Line, tell};
use super::{Kind, Status, Stream, streams};
use crate::domain::id::ClientId;
use crate::domain::outbox::{Channel, Delivery};
use crate::domain::realm::Realm;
use crate::domain::session::Session;
use crate::domain::signout::reason::Initiator;
use crate::domain::signout::write::Act;
use crate::domain::signout::{Reason, SignOut};
use crate::domain::time::Timestamp;
use crate::domain::user::User;
use crate::domain::{Actor, Context, Fault};
use crate::store::Batch;

/// Tells of a session that ends, in the door's own commit: once for every stream whose receiver may hear of it (CAEP 1.0
/// §3.1). `clients` are those that took part in it, by a code or by a grant that still hangs on it.
pub(in crate::domain) async fn session_ended(
    ctx: &Context,
    realm: &Realm,
    act: Act,
    session: &Session,
    clients: &[ClientId],
    batch: &mut Batch,
) -> Result<(), Fault> {
    let happened = Happened {
        txn: act.id.0,
        kind: Kind::SessionRevoked,
        about: About::Session(session.user, session.sid),
        at: act.at,
        cause: why(act.reason),
        receipt: Some(act.large),
        clients: Some(clients),
    };
    tell(ctx, realm, batch, happened).await
}

/// Puts an event that was refused or given up back into its receiver's stream; `false` when it has none that would take
/// it. Its line on the receipt is the caller's to open again.
pub(in crate::domain) async fn session_again(
    ctx: &Context,
    realm: &Realm,
    (act, large): (&SignOut, bool),
    client: ClientId,
    delivery: &Delivery,
    batch: &mut Batch,
) -> Result<bool, Fault> {
    let Some(stream) = of_client(ctx, realm, client).await? else {
        return Ok(false);
    };
    let line = Line {
        client,
        channel: delivery.channel,
        large,
    };
    let event = revoked(ctx, act, delivery, Some(line));
    event.put(realm.id, stream.id, batch)?;
    Ok(true)
}

fn revoked(ctx: &Context, act: &SignOut, delivery: &Delivery, receipt: Option<Line>) -> Event {
    Event {
        id: ctx.new_id(),
        txn: act.id.0,
        kind: Kind::SessionRevoked,
        about: About::Session(delivery.user, delivery.sid),
        at: act.at,
        cause: Some(why(act.reason)),
        receipt,
    }
}

/// What the event of a notice says, for whoever is to see it; `None` when its receiver has no stream any more. Its `jti`
/// is not the one that was or will be sent.
///
/// # Errors
/// [`Fault`] when streams cannot be read.
pub async fn session_claims(
    ctx: &Context,
    realm: &Realm,
    act: &SignOut,
    client: ClientId,
    delivery: &Delivery,
) -> Result<Option<Map<String, Value>>, Fault> {
    let issuer = realm.issuer(&ctx.public_url);
    let stream = of_client(ctx, realm, client).await?;
    Ok(stream.map(|stream| revoked(ctx, act, delivery, None).claims(&issuer, realm, &stream)))
}

/// The channel by which a client hears that a session ended, when it has a stream for that.
pub(in crate::domain) async fn channel_of(
    ctx: &Context,
    realm: &Realm,
    client: ClientId,
) -> Result<Option<Channel>, Fault> {
    let stream = of_client(ctx, realm, client).await?;
    Ok(stream.map(|stream| stream.channel()))
}

async fn of_client(
    ctx: &Context,
    realm: &Realm,
    client: ClientId,
) -> Result<Option<Arc<Stream>>, Fault> {
    let hears = |stream: &Stream| {
        stream.client == client
            && stream.status != Status::Disabled
            && stream.delivers(EventType::SessionRevoked)
    };
    let streams = streams::of(ctx, realm).await?;
    let found = streams.iter().find(|known| hears(&known.stream));
    Ok(found.map(|known| known.stream.clone()))
}

fn why(reason: Reason) -> Cause {
    Cause {
        initiator: reason.initiator(),
        reason_admin: reason.text().to_owned(),
        reason_user: reason.text_for_user().map(str::to_owned),
    }
}

/// A deed at an account: who did it, when, and the id of the act that goes with it.
pub(in crate::domain) struct Deed<'a> {
    pub(in crate::domain) txn: Uuid,
    pub(in crate::domain) at: Timestamp,
    pub(in crate::domain) actor: &'a Actor,
}

/// Tells of what changed about a user: whether they may sign in, the claims that tokens carry, their password.
pub(in crate::domain) async fn user_changed(
    ctx: &Context,
    realm: &Realm,
    deed: &Deed<'_>,
    (before, after): (&User, &User),
    new_password: bool,
    batch: &mut Batch,
) -> Result<(), Fault> {
    if streams::of(ctx, realm).await?.is_empty() {
        return Ok(());
    }
    let mut said: Vec<(Kind, &str, Option<&str>)> = Vec::new();
    if new_password {
        let kind = Kind::CredentialChange {
            credential: "password".to_owned(),
            change: "update".to_owned(),
        };
        let words = "The password was changed";
        said.push((kind, words, Some("Your password was changed")));
    }
    let claims = changed_claims(before, after);
    if !claims.is_empty() {
        let words = "Claims of the user were changed";
        said.push((Kind::TokenClaimsChange { claims }, words, None));
    }
    match (before.enabled, after.enabled) {
        (true, false) => said.push((
            Kind::AccountDisabled,
            "The user was disabled",
            Some("Your account was disabled"),
        )),
        (false, true) => said.push((
            Kind::AccountEnabled,
            "The user was enabled",
            Some("Your account was enabled"),
        )),
        _ => {}
    }
    for (kind, admin, user) in said {
        let happened = about(deed, kind, before, (admin, user));
        tell(ctx, realm, batch, happened).await?;
    }
    Ok(())
}

/// Tells that a user is deleted.
pub(in crate::domain) async fn user_gone(
    ctx: &Context,
    realm: &Realm,
    deed: &Deed<'_>,
    user: &User,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let words = ("The user was deleted", Some("Your account was deleted"));
    let happened = about(deed, Kind::AccountPurged, user, words);
    tell(ctx, realm, batch, happened).await
}

fn about(
    deed: &Deed<'_>,
    kind: Kind,
    user: &User,
    (admin, person): (&str, Option<&str>),
) -> Happened<'static> {
    Happened {
        txn: deed.txn,
        kind,
        about: About::User(user.id),
        at: deed.at,
        cause: Cause {
            initiator: Initiator::of(deed.actor.kind),
            reason_admin: admin.to_owned(),
            reason_user: person.map(str::to_owned),
        },
        receipt: None,
        clients: None,
    }
}

/// Claims that differ, with their new values; null for one that is gone.
fn changed_claims(before: &User, after: &User) -> Map<String, Value> {
    let mut changed = Map::new();
    for (name, value) in &after.claims {
        if before.claims.get(name) != Some(value) {
            changed.insert(name.clone(), value.clone());
        }
    }
    for name in before.claims.keys() {
        if !after.claims.contains_key(name) {
            changed.insert(name.clone(), Value::Null);
        }
    }
    if before.roles != after.roles {
        changed.insert("roles".to_owned(), after.roles.clone().into());
    }
    if before.username != after.username {
        changed.insert(
            "preferred_username".to_owned(),
            after.username.clone().into(),
        );
    }
    changed
}
