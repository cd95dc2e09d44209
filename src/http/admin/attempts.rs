//! `/attack-detection/brute-force/users/{id}`: wrong passwords given for a user, in Keycloak's members.

use axum::response::Response;
use serde_json::json;

use super::acts::{done, ok, to_its_end};
use super::principal::Asked;
use super::privilege;
use super::users::find;
use crate::domain::user::attempts;
use crate::http::answer::Problem;

/// `GET`
pub(super) async fn one(asked: Asked) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    let seen = attempts::of(&asked.asker.app.ctx, &asked.realm, &user).await?;
    Ok(ok(json!({
        "numFailures": seen.failed,
        "disabled": seen.held.is_some(),
        "lastIPFailure": seen.ip.unwrap_or_else(|| "n/a".to_owned()),
        "lastFailure": seen.last.map_or(0, |at| at.0),
        "numTemporaryLockouts": u32::from(seen.held.is_some()),
        "failedLoginNotBefore": seen.held.map_or(0, |held| held.until.0 / 1000),
    })))
}

/// `DELETE`
pub(super) async fn clear(asked: Asked) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    privilege::roles(&asked.asker.principal, &asked.realm, &user.roles)?;
    let cleared = to_its_end(async move {
        let (ctx, actor) = (&asked.asker.app.ctx, &asked.asker.principal.actor);
        attempts::release(ctx, &asked.realm, actor, user.id).await
    });
    cleared.await??;
    Ok(done(None))
}
