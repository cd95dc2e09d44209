//! Audit: who did what to whom, written in the same commit as the deed, and read back newest first.

use serde::{Deserialize, Serialize};

use super::id::{RealmId, UserId};
use super::record::{decode, encode_json};
use super::time::Timestamp;
use super::walk::Walk;
use super::{Actor, Context, Fault, key};
use crate::store::{Batch, Cursor};

/// What is to be recorded.
pub struct Entry<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// What, such as `user.create` or `sessions.invalidate`.
    pub action: &'a str,
    /// To what kind of thing.
    pub target_kind: &'a str,
    /// To which.
    pub target: String,
    /// More, in words. Never a secret.
    pub detail: Option<String>,
}

/// A record as kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: String,
    /// To what kind of thing.
    pub target_kind: String,
    /// To which.
    pub target: String,
    /// More, in words.
    pub detail: Option<String>,
}

impl Record {
    /// The user that it is about, when it is about one.
    pub fn about(&self) -> Option<UserId> {
        let named = self.target_kind == "user";
        let (_, id) = self.target.rsplit_once('(').filter(|_| named)?;
        id.strip_suffix(')')?.parse().ok()
    }

    /// What it is about without the id behind it: "anna.keller (0195…)" is "anna.keller".
    pub fn target_name(&self) -> &str {
        match self.target.rsplit_once(" (") {
            Some((name, _)) if self.target.ends_with(')') => name,
            _ => &self.target,
        }
    }

    /// Whether its target goes by this name or id.
    fn is_about(&self, wanted: &str) -> bool {
        let id = || self.target.rsplit_once('(')?.1.strip_suffix(')');
        self.target == wanted || self.target_name() == wanted || id() == Some(wanted)
    }
}

/// Adds an audit record to the commit of the deed.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub fn record(
    batch: &mut Batch,
    ctx: &Context,
    realm: RealmId,
    entry: &Entry<'_>,
) -> Result<(), Fault> {
    let at = ctx.now();
    let record = Record {
        at,
        actor: entry.actor.clone(),
        action: entry.action.to_owned(),
        target_kind: entry.target_kind.to_owned(),
        target: entry.target.clone(),
        detail: entry.detail.clone(),
    };
    // Newest first also within a millisecond.
    let id = ctx.new_id().into_bytes().map(|b| !b);
    batch.put(key::audit(realm, at, &id), encode_json(&record)?);
    if let Some(user) = record.about() {
        batch.put(key::audit_of_user(realm, user, at, &id), Vec::new());
    }
    Ok(())
}

/// Records what changed nothing, in a commit of its own.
///
/// # Errors
/// [`Fault`] when it cannot be written: then what was to be recorded is not done.
pub async fn alone(ctx: &Context, realm: RealmId, entry: &Entry<'_>) -> Result<(), Fault> {
    let mut batch = Batch::new();
    record(&mut batch, ctx, realm, entry)?;
    ctx.commit(batch).await?;
    Ok(())
}

/// Which records are asked for; whatever is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// By whom: the actor's id, or the name people see.
    pub actor: Option<String>,
    /// What; ending in `.` it means everything of that kind, such as `user.`.
    pub action: Option<String>,
    /// To what: the target as recorded, or its name or its id alone.
    pub target: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
}

impl Filter {
    fn wants(&self, record: &Record) -> bool {
        let actor = |who: &String| record.actor.id == *who || record.actor.name == *who;
        let action = |what: &String| match what.ends_with('.') {
            true => record.action.starts_with(what.as_str()),
            false => record.action == *what,
        };
        self.actor.as_ref().is_none_or(actor)
            && self.action.as_ref().is_none_or(action)
            && self.target.as_ref().is_none_or(|to| record.is_about(to))
    }
}

/// Where a record stands among those of its realm.
pub type Place = [u8; 24];

/// The fewest records read at once.
const PIECE: usize = 200;
/// The most records one page looks at: a filter that fits next to nothing must not read a realm's whole past at once.
const LOOKED_AT: usize = 20_000;

/// The records of a realm that a filter wants, newest first and beyond `after`, at most `limit` of them; and where to go
/// on, which may also be given with fewer or none when much had to be passed over.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn list(
    ctx: &Context,
    realm: RealmId,
    filter: &Filter,
    after: Option<Place>,
    limit: usize,
) -> Result<(Vec<(Place, Record)>, Option<Place>), Fault> {
    let range = key::audits(realm, filter.since, filter.until);
    let after = after.map(|place| Cursor(key::audit_at(realm, &place)));
    // A filter that fits next to nothing would otherwise read one record at a time for whoever asks for one.
    let mut walk = Walk::records(ctx, range).after(after).by(limit.max(PIECE));
    let mut found = Vec::new();
    let mut looked_at = 0;
    while let Some(page) = walk.next().await? {
        looked_at += page.len();
        for row in &page {
            let record: Record = decode(&row.value, "audit record")?;
            let place = key::audit_place(&row.key).ok_or(Fault::Record("audit record"))?;
            if !filter.wants(&record) {
                continue;
            }
            found.push((place, record));
            if found.len() == limit {
                // Only somebody who reads past the end of the last page is answered an empty one.
                let last = page.last().is_some_and(|last| last.key == row.key);
                let more = !last || walk.place().is_some();
                return Ok((found, more.then_some(place)));
            }
        }
        if looked_at >= LOOKED_AT {
            break;
        }
    }
    let place = walk.place().and_then(|at| key::audit_place(&at.0));
    Ok((found, place))
}

/// One record by its place.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn find(ctx: &Context, realm: RealmId, place: &Place) -> Result<Option<Record>, Fault> {
    let found = ctx.store.get(&key::audit_at(realm, place)).await?;
    found
        .map(|record| decode(&record.value, "audit record"))
        .transpose()
}

/// What is recorded about a user, newest first and beyond `after`, at most `limit` of it; and where to go on.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn of_user(
    ctx: &Context,
    realm: RealmId,
    user: UserId,
    (before, after): (Option<Timestamp>, Option<Place>),
    limit: usize,
) -> Result<(Vec<(Place, Record)>, Option<Place>), Fault> {
    let range = key::audits_of_user(realm, user, before);
    let after = after.map(|place| Cursor(key::audit_of_user_at(realm, user, &place)));
    let mut walk = Walk::keys(ctx, range).after(after).by(limit);
    let rows = walk.next().await?.unwrap_or_default();
    let places: Vec<Place> = rows
        .iter()
        .filter_map(|row| key::audit_place(&row.key))
        .collect();
    let keys: Vec<_> = places
        .iter()
        .map(|place| key::audit_at(realm, place))
        .collect();
    let mut found = Vec::with_capacity(places.len());
    for (place, record) in places.iter().zip(ctx.store.get_many(&keys).await?) {
        if let Some(record) = record {
            found.push((*place, decode(&record.value, "audit record")?));
        }
    }
    let next = walk.place().and_then(|at| key::audit_place(&at.0));
    Ok((found, next))
}

/// The newest records of a realm.
///
/// # Errors
/// As [`list`].
#[cfg(test)]
pub async fn newest(ctx: &Context, realm: RealmId, limit: usize) -> Result<Vec<Record>, Fault> {
    let (found, _) = list(ctx, realm, &Filter::default(), None, limit).await?;
    Ok(found.into_iter().map(|(_, record)| record).collect())
}

#[cfg(test)]
mod tests;
