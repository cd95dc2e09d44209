//! Browser state: what tower-sessions carries before sign-in and for the console, kept under the hash of its id. Never the
//! truth of who is signed in.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::record::{decode, encode, versioned};
use super::sweep::Due;
use super::time::Timestamp;
use super::{Context, Fault, key};
use crate::crypto::{self, VaultError};
use crate::store::{Batch, CommitError};

/// Browser state: opaque to the domain.
#[derive(Clone, Debug)]
pub struct BrowserState {
    /// What the web layer keeps there: a sign-in under way, the token of the browser's forms.
    pub data: Vec<u8>,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// Browser state as kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    sealed: Vec<u8>,
    expires_at: Timestamp,
}

const SEALED_FOR: &str = "browser-state";

fn sealed(ctx: &Context, at: &[u8], state: &BrowserState) -> Result<Bytes, Fault> {
    let sealed = ctx
        .vault
        .seal_once(SEALED_FOR, at, &state.data)
        .map_err(|error| Fault::Crypto(error.to_string()))?;
    encode(&Kept {
        sealed,
        expires_at: state.expires_at,
    })
}

/// A record sealed by the key that seals now; `None` when it is already.
///
/// # Errors
/// [`Fault`] when it does not open.
pub(in crate::domain) fn reseal(
    ctx: &Context,
    at: &[u8],
    value: &[u8],
) -> Result<Option<Bytes>, Fault> {
    let kept: Kept = decode(value, "browser state")?;
    let fresh = ctx
        .vault
        .reseal_once(SEALED_FOR, at, &kept.sealed)
        .map_err(|error| Fault::Crypto(format!("browser state: {error}")))?;
    fresh
        .map(|sealed| encode(&Kept { sealed, ..kept }))
        .transpose()
}

/// When what a record says is over.
pub(in crate::domain) fn expiry(value: &[u8]) -> Result<Timestamp, Fault> {
    Ok(decode::<Kept>(value, "browser state")?.expires_at)
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
    let kept = sealed(ctx, &at, state)?;
    batch.create(at, kept);
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
        let Some(read) = versioned::<Kept>(ctx.store.get(&at).await?, "browser state")? else {
            return Ok(false);
        };
        let mut batch = Batch::new();
        batch.replace(at.clone(), read.version, sealed(ctx, &at, state)?);
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
    let read = versioned::<Kept>(ctx.store.get(&at).await?, "browser state")?;
    let Some(kept) = read.map(|r| r.value).filter(|s| ctx.now() < s.expires_at) else {
        return Ok(None);
    };
    match ctx.vault.open_once(SEALED_FOR, &at, &kept.sealed) {
        Ok(data) => Ok(Some(BrowserState {
            data,
            expires_at: kept.expires_at,
        })),
        // Its key was taken away meanwhile: the browser begins anew.
        Err(VaultError::UnknownKey(_)) => Ok(None),
        Err(error) => Err(Fault::Crypto(format!("browser state: {error}"))),
    }
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
