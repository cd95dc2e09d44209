//! The text of an opaque access token: realm and id in the clear, everything else sealed under a key that is derived for
//! this one token. Nothing is kept; what the token says can be read by this server alone.

use serde::{Deserialize, Serialize};

use super::AccessClaims;
use crate::crypto;
use crate::domain::id::{FamilyId, RealmId, Sid};
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault};

const FORMAT: u8 = 1;
const PURPOSE: &str = "access-token";
/// Longer texts are not ours: a scope, an audience and roles fit many times.
const LONGEST: usize = 8192;

/// What is sealed: the claims without those that stand outside or follow from the realm.
#[derive(Serialize, Deserialize)]
struct Inside {
    sub: String,
    aud: Vec<String>,
    client_id: String,
    exp: u64,
    iat: u64,
    scope: String,
    auth_time: Option<u64>,
    acr: Option<String>,
    amr: Vec<String>,
    sid: Option<Sid>,
    family: Option<FamilyId>,
    roles: Vec<String>,
}

/// The text of a token with these claims.
///
/// # Errors
/// [`Fault`] when it cannot be sealed.
pub(super) fn text(
    ctx: &Context,
    realm: &Realm,
    id: uuid::Uuid,
    claims: AccessClaims,
) -> Result<String, Fault> {
    let inside = Inside {
        sub: claims.sub,
        aud: claims.aud,
        client_id: claims.client_id,
        exp: claims.exp,
        iat: claims.iat,
        scope: claims.scope,
        auth_time: claims.auth_time,
        acr: claims.acr,
        amr: claims.amr,
        sid: claims.sid,
        family: claims.family,
        roles: claims.roles,
    };
    let plain =
        postcard::to_stdvec(&inside).map_err(|_| Fault::Record("access token being made"))?;
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(&realm.id.0.to_be_bytes());
    bytes.extend_from_slice(id.as_bytes());
    let sealed = ctx
        .vault
        .seal_once(PURPOSE, &bytes, &plain)
        .map_err(|e| Fault::Crypto(e.to_string()))?;
    bytes.extend_from_slice(&sealed);
    Ok(crypto::b64(&bytes))
}

/// The realm that a text names, unless it is nothing of this kind. Only claimed until [`read`] has opened it.
pub fn realm_of(text: &str) -> Option<RealmId> {
    let bytes = outside(text)?;
    let realm = bytes.get(1..5)?.try_into().ok()?;
    Some(RealmId(u32::from_be_bytes(realm)))
}

/// What a text says; `None` unless this server made it, in this realm.
pub(super) fn read(ctx: &Context, realm: &Realm, text: &str) -> Option<AccessClaims> {
    let bytes = outside(text)?;
    let (head, sealed) = bytes.split_at_checked(21)?;
    let (realm_id, id) = head.get(1..)?.split_first_chunk::<4>()?;
    if u32::from_be_bytes(*realm_id) != realm.id.0 {
        return None;
    }
    let id = uuid::Uuid::from_slice(id).ok()?;
    let plain = ctx.vault.open_once(PURPOSE, head, sealed).ok()?;
    let inside: Inside = postcard::from_bytes(&plain).ok()?;
    Some(AccessClaims {
        iss: realm.issuer(&ctx.public_url),
        sub: inside.sub,
        aud: inside.aud,
        client_id: inside.client_id,
        exp: inside.exp,
        iat: inside.iat,
        jti: id.simple().to_string(),
        scope: inside.scope,
        auth_time: inside.auth_time,
        acr: inside.acr,
        amr: inside.amr,
        sid: inside.sid,
        family: inside.family,
        roles: inside.roles,
        status: None,
    })
}

fn outside(text: &str) -> Option<Vec<u8>> {
    if text.len() > LONGEST || text.contains('.') {
        return None;
    }
    crypto::unb64(text).filter(|bytes| bytes.first() == Some(&FORMAT))
}
