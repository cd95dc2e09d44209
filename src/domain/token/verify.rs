//! Reads a token the realm signed: signature, kind, issuer, expiry. Whether it is still good is the judge's to say.
//!
//! Verifying an ES256 signature costs more than everything else in an introspection, and its outcome never changes: what
//! was once verified is remembered by the token's hash. Expiry and revocation are looked at every time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{AccessClaims, AccessToken, IdTokenClaims, IdTokenHint, opaque};
use crate::crypto;
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault, keys};

/// Access tokens whose signature was verified, by SHA-256 of their text.
#[derive(Default)]
pub struct Verified {
    generations: Mutex<[HashMap<[u8; 32], Arc<AccessClaims>>; 2]>,
}

/// The most tokens remembered in each of two generations: about 8 MiB in all.
const REMEMBERED: usize = 8192;

impl Verified {
    fn find(&self, hash: &[u8; 32]) -> Option<Arc<AccessClaims>> {
        let generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        generations.iter().find_map(|g| g.get(hash).cloned())
    }

    fn keep(&self, hash: [u8; 32], claims: Arc<AccessClaims>) {
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let [young, old] = &mut *generations;
        if young.len() >= REMEMBERED {
            *old = std::mem::take(young);
        }
        young.insert(hash, claims);
    }

    /// Forgets everything: after keys changed.
    pub fn clear(&self) {
        *self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Default::default();
    }
}

/// Reads an access token of this realm; `None` when it is not one, or its time is over.
///
/// # Errors
/// [`Fault`] when the realm's keys cannot be read.
pub async fn access(
    ctx: &Context,
    realm: &Realm,
    token: &str,
) -> Result<Option<Arc<AccessClaims>>, Fault> {
    if let Some(claims) = opaque::read(ctx, realm, token) {
        return Ok(Some(Arc::new(claims)).filter(|c| ctx.now().secs() < c.exp));
    }
    let hash = crypto::sha256(token.as_bytes());
    let known = ctx.keys.verified.find(&hash);
    let claims = match known {
        Some(claims) => claims,
        None => {
            let Ok(header) = crypto::jws::header(token) else {
                return Ok(None);
            };
            let Some(kid) = header.kid.as_deref() else {
                return Ok(None);
            };
            let keys = keys::naming(ctx, realm, kid).await?;
            let Some(key) = keys.verifying(kid) else {
                return Ok(None);
            };
            let verified =
                crypto::jws::verify::<AccessToken>(token, key, &[header.alg], ctx.now().secs());
            let Ok(claims) = verified else {
                return Ok(None);
            };
            let claims = Arc::new(claims);
            ctx.keys.verified.keep(hash, claims.clone());
            claims
        }
    };
    Ok(Some(claims)
        .filter(|c| realm.is_issuer(&ctx.public_url, &c.iss) && ctx.now().secs() < c.exp))
}

/// Reads an ID token given as a hint; its expiry is ignored, its signature, issuer and kind are not.
///
/// # Errors
/// [`Fault`] when the realm's keys cannot be read.
pub async fn id_token_hint(
    ctx: &Context,
    realm: &Realm,
    token: &str,
) -> Result<Option<IdTokenClaims>, Fault> {
    let Ok(header) = crypto::jws::header(token) else {
        return Ok(None);
    };
    let Some(kid) = header.kid.as_deref() else {
        return Ok(None);
    };
    let keys = keys::naming(ctx, realm, kid).await?;
    let Some(key) = keys.verifying(kid) else {
        return Ok(None);
    };
    let verified = crypto::jws::verify::<IdTokenHint>(token, key, &[header.alg], ctx.now().secs());
    Ok(verified
        .ok()
        .filter(|c| realm.is_issuer(&ctx.public_url, &c.iss)))
}
