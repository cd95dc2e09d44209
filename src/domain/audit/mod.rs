//! Audit: who did what to whom, written in the same commit as the deed.

use serde::{Deserialize, Serialize};

use super::id::RealmId;
use super::record::encode_json;
use super::time::Timestamp;
use super::{Actor, Context, Fault, key};
use crate::store::Batch;

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
    Ok(())
}

/// The newest records of a realm.
///
/// # Errors
/// [`Fault`] when the store does not answer.
#[cfg(test)]
pub async fn newest(ctx: &Context, realm: RealmId, limit: usize) -> Result<Vec<Record>, Fault> {
    use crate::store::{Dir, KeysOrRecords};
    let page = ctx
        .store
        .scan(
            &key::audits(realm),
            None,
            limit,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await?;
    page.records
        .iter()
        .map(|r| super::record::decode(&r.value, "audit record"))
        .collect()
}
