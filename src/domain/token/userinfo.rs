//! What userinfo says (OIDC Core §5.3).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::claims::{requested, user_claims};
use super::{AccessClaims, verify};
use crate::domain::denial::{self, ActiveFamily};
use crate::domain::proof::Dead;
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault, user};

/// Why userinfo is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserinfoError {
    /// The token is not good (RFC 6750 §3.1 `invalid_token`); by which act, if by one.
    #[error("the access token is expired, revoked or not of this realm")]
    Invalid(Option<Dead>),
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
    let (access, family) = match judged(ctx, realm, token).await? {
        Ok(good) => good,
        Err(dead) => return Ok(Err(UserinfoError::Invalid(dead))),
    };
    let (Some(user), Some(family)) = (access.user(), family) else {
        return Ok(Err(UserinfoError::Scope));
    };
    if !access.has_scope("openid") {
        return Ok(Err(UserinfoError::Scope));
    }
    let Some(user) = user::by_id(ctx, realm, user).await? else {
        return Ok(Err(UserinfoError::Invalid(None)));
    };
    let asked = requested(family.family.grant.claims.as_deref(), "userinfo");
    let mut claims = user_claims(&user.value, &access.scope, &asked);
    claims.insert("sub".to_owned(), access.sub.clone().into());
    Ok(Ok(claims))
}

/// Reads and judges an access token; the inner error says by which act it is dead, if by one.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn good(
    ctx: &Context,
    realm: &Realm,
    token: &str,
) -> Result<Result<Arc<AccessClaims>, Option<Dead>>, Fault> {
    Ok(judged(ctx, realm, token).await?.map(|(claims, _)| claims))
}

type Judged = Result<(Arc<AccessClaims>, Option<ActiveFamily>), Option<Dead>>;

async fn judged(ctx: &Context, realm: &Realm, token: &str) -> Result<Judged, Fault> {
    let Some(claims) = verify::access(ctx, realm, token).await? else {
        return Ok(Err(None));
    };
    Ok(match denial::access(ctx, realm, &claims).await? {
        Ok(family) => Ok((claims, family)),
        Err(denied) => Err(Dead::by(&denied, &claims.client_id)),
    })
}
