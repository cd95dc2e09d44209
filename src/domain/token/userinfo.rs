//! What userinfo says (OIDC Core §5.3).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::claims::{requested, user_claims};
use super::{AccessClaims, verify};
use crate::domain::denial::{self, ActiveFamily};
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault, user};

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
    let Some((access, family)) = judged(ctx, realm, token).await? else {
        return Ok(Err(UserinfoError::Invalid));
    };
    let (Some(user), Some(family)) = (access.user(), family) else {
        return Ok(Err(UserinfoError::Scope));
    };
    if !access.has_scope("openid") {
        return Ok(Err(UserinfoError::Scope));
    }
    let Some(user) = user::by_id(ctx, realm, user).await? else {
        return Ok(Err(UserinfoError::Invalid));
    };
    let asked = requested(family.family.grant.claims.as_deref(), "userinfo");
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
    Ok(judged(ctx, realm, token).await?.map(|(claims, _)| claims))
}

async fn judged(
    ctx: &Context,
    realm: &Realm,
    token: &str,
) -> Result<Option<(Arc<AccessClaims>, Option<ActiveFamily>)>, Fault> {
    let Some(claims) = verify::access(ctx, realm, token).await? else {
        return Ok(None);
    };
    Ok(denial::access(ctx, realm, &claims)
        .await?
        .ok()
        .map(|family| (claims, family)))
}
