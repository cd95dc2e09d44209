//! Browser state: what tower-sessions carries before sign-in and for the console, kept under the hash of its id. Never the
//! truth of who is signed in.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::record::{encode, versioned};
use super::sweep::Due;
use super::time::Timestamp;
use super::{Context, Fault, key};
use crate::crypto;
use crate::store::{Batch, CommitError};

/// Browser state as kept: opaque to the domain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BrowserState {
    /// What the web layer keeps there.
    pub data: Vec<u8>,
    /// When it is over.
    pub expires_at: Timestamp,
}

fn key_of(id: &[u8]) -> (Bytes, [u8; 32]) {
    let hash = crypto::sha256(id);
    (key::browser(&hash), hash)
}

/// Keeps new state; `false` when the id is taken.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn create(ctx: &Context, id: &[u8], state: &BrowserState) -> Result<bool, Fault> {
    let (at, hash) = key_of(id);
    let mut batch = Batch::new();
    batch.create(at, encode(state)?);
    Due::Browser(hash).put(&mut batch, super::id::RealmId(0), state.expires_at);
    match ctx.commit(batch).await {
        Ok(_) => Ok(true),
        Err(CommitError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Changes state that exists; `false` when it does not any more. Never creates: a request in flight cannot bring back what
/// was deleted meanwhile.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn save(ctx: &Context, id: &[u8], state: &BrowserState) -> Result<bool, Fault> {
    let (at, _) = key_of(id);
    for _ in 0..super::TRIES {
        let Some(read) = versioned::<BrowserState>(ctx.store.get(&at).await?, "browser state")?
        else {
            return Ok(false);
        };
        let mut batch = Batch::new();
        batch.replace(at.clone(), read.version, encode(state)?);
        match ctx.commit(batch).await {
            Ok(_) => return Ok(true),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

/// Reads state that is not over.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn load(ctx: &Context, id: &[u8]) -> Result<Option<BrowserState>, Fault> {
    let (at, _) = key_of(id);
    let read = versioned::<BrowserState>(ctx.store.get(&at).await?, "browser state")?;
    Ok(read.map(|r| r.value).filter(|s| ctx.now() < s.expires_at))
}

/// Forgets state.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn delete(ctx: &Context, id: &[u8]) -> Result<(), Fault> {
    let mut batch = Batch::new();
    batch.del(key_of(id).0);
    ctx.commit(batch).await?;
    Ok(())
}
