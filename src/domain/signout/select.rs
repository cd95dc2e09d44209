//! Which sessions an act is about: a selection is resolved to sids that are frozen before anything ends.

use std::collections::HashSet;

use super::{EndError, Request, own};
use crate::domain::denial::{self, Denied};
use crate::domain::id::{ClientId, Sid, UserId};
use crate::domain::key;
use crate::domain::realm::Realm;
use crate::domain::session::{Query, Session, search};
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault};
use crate::store::Range;

/// What is selected.
#[derive(Clone, Debug)]
pub enum Selection {
    /// These sessions, by id as the caller wrote it.
    Sessions(Vec<String>),
    /// Every session of these users.
    Users(Vec<UserId>),
    /// Every session these clients take part in; for a disabled client, its grants alone.
    Clients(Vec<ClientId>),
    /// What this user granted this client; no session.
    Access(UserId, ClientId),
    /// Every active session that a search finds.
    Filter(Box<Query>),
    /// Every session of the realm.
    All,
}

impl Selection {
    /// The selection in words, for the receipt.
    pub fn words(&self) -> String {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        match self {
            Selection::Sessions(ids) => count(ids.len(), "selected session"),
            Selection::Users(ids) => format!("all sessions of {}", count(ids.len(), "user")),
            Selection::Clients(ids) => format!("all sessions of {}", count(ids.len(), "client")),
            Selection::Access(..) => "what a user granted a client".to_owned(),
            Selection::Filter(query) if query.is_empty() => "all active sessions".to_owned(),
            Selection::Filter(query) => format!("all sessions matching {:?}", query.text()),
            Selection::All => "all sessions of the realm".to_owned(),
        }
    }
}

/// A selection, resolved.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// What can end, in the order found.
    pub sids: Vec<Sid>,
    /// The asker's own session, when it was selected.
    pub protected: Vec<Sid>,
    /// Ids that no session of this realm has.
    pub not_found: Vec<String>,
    /// Sessions that were over before.
    pub already_ended: Vec<Sid>,
}

impl Resolved {
    /// Refuses what names sessions and holds none, or none but the asker's own.
    ///
    /// # Errors
    /// [`EndError::Nothing`], [`EndError::OnlyOwn`].
    pub(super) fn check(&self, select: &Selection) -> Result<(), EndError> {
        match select {
            Selection::Sessions(ids) if ids.is_empty() => return Err(EndError::Nothing),
            Selection::Sessions(_) | Selection::Filter(_) => {}
            // These cut through whatever there is, and through what is just about to be.
            Selection::Users(_)
            | Selection::Clients(_)
            | Selection::Access(..)
            | Selection::All => return Ok(()),
        }
        let nothing_else =
            self.sids.is_empty() && self.not_found.is_empty() && self.already_ended.is_empty();
        if nothing_else && !self.protected.is_empty() {
            Err(EndError::OnlyOwn)
        } else {
            Ok(())
        }
    }
}

/// Resolves a selection. Sessions that start later than this are not in it. Of the whole realm, which an epoch denies
/// whatever its size, at most `most` are looked for.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn resolve(
    ctx: &Context,
    realm: &Realm,
    request: &Request,
    most: usize,
) -> Result<Resolved, Fault> {
    let mut found = Resolved::default();
    match &request.select {
        Selection::Sessions(ids) => named(ctx, realm, ids, &mut found).await?,
        Selection::Users(users) => {
            for user in users {
                found
                    .sids
                    .extend(walk(ctx, &key::sessions_by_user(realm.id, *user)).await?);
            }
        }
        Selection::Access(..) => {}
        Selection::Clients(_) if request.reason.scope() == super::Scope::Client => {}
        Selection::Clients(clients) => {
            for client in clients {
                found
                    .sids
                    .extend(walk(ctx, &key::sessions_by_client(realm.id, *client)).await?);
            }
        }
        Selection::Filter(query) => found.sids = search::all(ctx, realm, query).await?,
        Selection::All => {
            found.sids = walk_some(ctx, &key::sessions_active(realm.id), most).await?;
            // It may be beyond what was looked for.
            if let Some(own) = own::protected(request)
                && found.sids.len() >= most
                && !found.sids.contains(&own)
                && denial::session(ctx, realm, own).await?.is_ok()
            {
                found.protected.push(own);
            }
        }
    }
    let mut once = HashSet::new();
    found.sids.retain(|sid| once.insert(*sid));
    if let Some(own) = own::protected(request)
        && let Some(at) = found.sids.iter().position(|sid| *sid == own)
    {
        found.sids.remove(at);
        found.protected.push(own);
    }
    Ok(found)
}

async fn named(
    ctx: &Context,
    realm: &Realm,
    ids: &[String],
    found: &mut Resolved,
) -> Result<(), Fault> {
    let mut sids = Vec::new();
    for id in ids {
        match id.parse::<Sid>() {
            Ok(sid) if !sids.contains(&sid) || ids.len() > 1000 => sids.push(sid),
            Ok(_) => {}
            Err(_) => found.not_found.push(id.chars().take(64).collect()),
        }
    }
    for chunk in sids.chunks(400) {
        let judged = denial::sessions(ctx, realm, chunk).await?;
        for (sid, (session, verdict)) in chunk.iter().zip(judged) {
            match (session.map(|s| s.value), verdict) {
                (None, _) => found.not_found.push(sid.to_string()),
                // Ended in its record: nothing is left to do.
                (Some(Session { ended: Some(_), .. }), _) => found.already_ended.push(*sid),
                // Denied by an epoch whose expansion has not reached it yet.
                (Some(_), Err(Denied::Ended(_))) => found.already_ended.push(*sid),
                (Some(_), _) => found.sids.push(*sid),
            }
        }
    }
    Ok(())
}

/// Walks an index whose keys end in a sid.
pub(in crate::domain) async fn walk(ctx: &Context, range: &Range) -> Result<Vec<Sid>, Fault> {
    walk_some(ctx, range, usize::MAX).await
}

async fn walk_some(ctx: &Context, range: &Range, most: usize) -> Result<Vec<Sid>, Fault> {
    let mut sids = Vec::new();
    let mut walk = Walk::keys(ctx, range.clone()).by(1000);
    while sids.len() < most
        && let Some(page) = walk.next().await?
    {
        let tails = page.iter().filter_map(|r| key::tail(&r.key));
        sids.extend(tails.filter_map(|tail| Sid::from_bytes(&tail)));
    }
    Ok(sids)
}
