//! Who hears of what. A receiver hears of people and sessions in which its own client took part, or whom it named, and of
//! nobody whom it took off its stream; a receiver that is trusted with everybody (`ssf_subjects = "all"`) hears of them all.
//!
//! Invariant: nobody learns of a person who never used their app, unless an administrator said so or the receiver could
//! name them already.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::event::{About, Happened, Kind};
use super::streams::Known;
use super::{Status, Stream, subjects};
use crate::domain::client::{self, Client, SsfSubjects};
use crate::domain::id::{ClientId, Sid, UserId};
use crate::domain::realm::Realm;
use crate::domain::session::Session;
use crate::domain::signout::write;
use crate::domain::token::claims;
use crate::domain::{Context, Fault, key, user};
use crate::store::{Dir, KeysOrRecords, Range};

/// A stream that hears of something, and what it hears.
pub(super) struct Heard {
    pub(super) stream: Arc<Stream>,
    pub(super) client: Arc<Client>,
    pub(super) kind: Kind,
}

/// Sessions looked at, of each sort, to learn which apps a person uses.
const SESSIONS: usize = 200;

/// The streams that hear of it.
pub(super) async fn of(
    ctx: &Context,
    realm: &Realm,
    streams: &[Known],
    happened: &Happened<'_>,
) -> Result<Vec<Heard>, Fault> {
    let (id, sid) = match happened.about {
        About::User(id) => (id, None),
        About::Session(id, sid) => (id, Some(sid)),
        About::Stream => return Ok(Vec::new()),
    };
    let kind = happened.kind.event_type();
    let mut heard = Vec::new();
    let mut parts: Option<HashSet<ClientId>> = happened
        .clients
        .map(|known| known.iter().copied().collect());
    let mut named: Option<subjects::Names> = None;
    for Known { stream, subjects } in streams {
        if stream.status == Status::Disabled || !stream.delivers(kind) {
            continue;
        }
        let Some(client) = client::by_id(ctx, realm, stream.client).await? else {
            continue;
        };
        let Some(kind) = fitting(&happened.kind, &client) else {
            continue;
        };
        let listed = if *subjects {
            if named.is_none() {
                named = Some(names(ctx, realm, id, sid).await?);
            }
            match &named {
                Some(named) => subjects::listed(ctx, realm, stream.id, named).await?,
                None => None,
            }
        } else {
            None
        };
        let hears = match listed {
            Some(listed) => listed,
            None if client.settings.ssf_subjects == SsfSubjects::All => true,
            None => {
                if parts.is_none() {
                    parts = Some(used_by(ctx, realm, id).await?);
                }
                parts.as_ref().is_some_and(|p| p.contains(&stream.client))
            }
        };
        if hears {
            heard.push(Heard {
                stream: stream.clone(),
                client,
                kind,
            });
        }
    }
    Ok(heard)
}

/// What this client hears of it: of changed claims those that its tokens carry. `None` when nothing is left, or when the
/// client is disabled.
fn fitting(kind: &Kind, client: &Client) -> Option<Kind> {
    if !client.settings.enabled {
        return None;
    }
    let Kind::TokenClaimsChange { claims: changed } = kind else {
        return Some(kind.clone());
    };
    let carried: Map<String, Value> = changed
        .iter()
        .filter(|(name, _)| claims::carries(&client.settings.scope, name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    (!carried.is_empty()).then_some(Kind::TokenClaimsChange { claims: carried })
}

async fn names(
    ctx: &Context,
    realm: &Realm,
    id: UserId,
    sid: Option<Sid>,
) -> Result<subjects::Names, Fault> {
    let found = user::by_id(ctx, realm, id).await?;
    let email = found.as_ref().and_then(|f| f.value.claim("email"));
    Ok(subjects::Names::of(id, email, sid))
}

/// The clients that took part in anything of this person's: in their sessions, the newest of the ended ones included, and
/// by grants that outlive sessions.
async fn used_by(ctx: &Context, realm: &Realm, id: UserId) -> Result<HashSet<ClientId>, Fault> {
    let mut clients = HashSet::new();
    for range in [
        key::sessions_by_user(realm.id, id),
        key::sessions_ended_by_user(realm.id, id),
    ] {
        for session in sessions(ctx, realm, &range).await? {
            clients.extend(session.clients.iter().map(|part| part.client));
        }
    }
    let range = key::families_by_user(realm.id, id);
    let families = write::families(ctx, realm, &range).await?;
    clients.extend(families.iter().map(|family| family.value.grant.client));
    Ok(clients)
}

async fn sessions(ctx: &Context, realm: &Realm, range: &Range) -> Result<Vec<Session>, Fault> {
    let page = ctx
        .store
        .scan(range, None, SESSIONS, Dir::Forward, KeysOrRecords::KeysOnly)
        .await?;
    let keys: Vec<_> = page
        .records
        .iter()
        .filter_map(|r| key::tail(&r.key))
        .filter_map(|t| Sid::from_bytes(&t))
        .map(|sid| key::session(realm.id, sid))
        .collect();
    let mut found = Vec::with_capacity(keys.len());
    for record in ctx.store.get_many(&keys).await?.into_iter().flatten() {
        found.push(crate::domain::record::decode(&record.value, "session")?);
    }
    Ok(found)
}
