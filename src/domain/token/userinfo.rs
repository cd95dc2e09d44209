//! What userinfo says (OIDC Core §5.3).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::issue::{requested, user_claims};
use super::{AccessClaims, verify};
use crate::domain::grant::TokenFamily;
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::{Context, Fault, denial, key, user};

/// Why userinfo is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserinfoError {
    /// The token is not good (RFC 6750 §3.1 `invalid_token`).
    #[error("the access token is expired, revoked or not of this realm")]
    Invalid,
    /// The token does not speak for a user with `openid` (`insufficient_scope`).
    #[error("the access token must have been granted the scope openid")]
    Scope,
}

/// The claims of the user an access token speaks for.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn claims(
    ctx: &Context,
    realm: &Realm,
    token: &str,
) -> Result<Result<Map<String, Value>, UserinfoError>, Fault> {
    let Some(access) = good(ctx, realm, token).await? else {
        return Ok(Err(UserinfoError::Invalid));
    };
    let (Some(user), Some(family)) = (access.user(), access.family) else {
        return Ok(Err(UserinfoError::Scope));
    };
    if !access.has_scope("openid") {
        return Ok(Err(UserinfoError::Scope));
    }
    let Some(user) = user::by_id(ctx, realm, user).await? else {
        return Ok(Err(UserinfoError::Invalid));
    };
    let stored = ctx.store.get(&key::family(realm.id, family)).await?;
    let family: Option<TokenFamily> = stored
        .map(|r| decode(&r.value, "token family"))
        .transpose()?;
    let asked = requested(
        family.as_ref().and_then(|f| f.grant.claims.as_deref()),
        "userinfo",
    );
    let mut claims = user_claims(&user.value, &access.scope, &asked);
    claims.insert("sub".to_owned(), access.sub.clone().into());
    Ok(Ok(claims))
}

/// Reads and judges an access token.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn good(
    ctx: &Context,
    realm: &Realm,
    token: &str,
) -> Result<Option<Arc<AccessClaims>>, Fault> {
    let Some(claims) = verify::access(ctx, realm, token).await? else {
        return Ok(None);
    };
    Ok(denial::access(ctx, realm, &claims)
        .await?
        .ok()
        .map(|()| claims))
}
