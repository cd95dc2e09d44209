//! Introspection (RFC 7662): what a token is and whether it is still good, for whoever is entitled to ask.

use super::refresh::RefreshToken;
use super::{AccessClaims, verify};
use crate::domain::client::Client;
use crate::domain::grant::TokenFamily;
use crate::domain::proof::Dead;
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault, denial};
use std::sync::Arc;

/// A token that is good.
pub enum Active {
    /// An access token.
    Access {
        /// What it says.
        claims: Arc<AccessClaims>,
        /// The name of the user it speaks for, if it speaks for one.
        username: Option<String>,
    },
    /// A refresh token, by its family.
    Refresh(Box<TokenFamily>),
}

/// Looks at a token for `caller`. The inner error is for anything that is not good, is somebody else's, or is nothing at
/// all: to the caller all of these look the same (RFC 7662 §2.2). It names the act by which a token is dead that the
/// caller may know of.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn introspect(
    ctx: &Context,
    realm: &Realm,
    caller: &Client,
    token: &str,
) -> Result<Result<Active, Option<Dead>>, Fault> {
    if let Some(refresh) = RefreshToken::read(ctx, token) {
        if refresh.realm != realm.id {
            return Ok(Err(None));
        }
        return Ok(
            match denial::family(ctx, realm, caller, refresh.family).await? {
                Ok(active) => {
                    let family = active.family;
                    let current = family.refreshable && family.generation == refresh.generation;
                    current
                        .then(|| Active::Refresh(Box::new(family)))
                        .ok_or(None)
                }
                Err(denied) => Err(Dead::by(&denied, caller.client_id())),
            },
        );
    }
    let Some(claims) = verify::access(ctx, realm, token).await? else {
        return Ok(Err(None));
    };
    if !entitled(caller, &claims) {
        return Ok(Err(None));
    }
    Ok(match denial::access(ctx, realm, &claims).await? {
        Ok(family) => Ok(Active::Access {
            claims,
            username: family.map(|active| active.family.grant.username),
        }),
        Err(denied) => Err(Dead::by(&denied, &claims.client_id)),
    })
}

/// A client may ask about its own tokens and about those made for it or for a resource it is registered for
/// (CVE-2026-37979 was an introspection without this).
fn entitled(caller: &Client, claims: &AccessClaims) -> bool {
    let id = caller.client_id();
    claims.client_id == id
        || claims
            .aud
            .iter()
            .any(|a| a == id || caller.settings.resources.contains(a))
}
