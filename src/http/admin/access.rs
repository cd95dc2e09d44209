//! What apps hold of a user, how it is taken back, how a user signs in, and who administers a realm.

use axum::response::Response;
use serde_json::{Value, json};

use super::acts::{done, ok, to_its_end};
use super::paging::{PIECE, Page, listed};
use super::principal::{Asked, no_such};
use super::privilege;
use super::shapes::user as shape;
use super::users::find;
use crate::domain::access::Right;
use crate::domain::client;
use crate::domain::grant::TokenFamily;
use crate::domain::grant::held::{self, Held};
use crate::domain::user::{self, User, fold};
use crate::http::answer::Problem;

/// `GET /users/{id}/consents`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    let (held, _) = held::of_user(&asked.asker.app.ctx, &asked.realm, user.id).await?;
    Ok(ok(held.iter().map(shown).collect()))
}

/// Keycloak's members, and beside them each grant.
fn shown(held: &Held) -> Value {
    let millis = |at: Option<crate::domain::time::Timestamp>| at.map(|at| at.0);
    let offline = || json!({ "client": held.client_id, "key": "Offline Token" });
    let more: Vec<Value> = (held.offline() > 0).then(offline).into_iter().collect();
    json!({
        "clientId": held.client_id,
        "name": held.name,
        "grantedClientScopes": held.scopes(),
        "createdDate": millis(held.since()),
        "lastUpdatedDate": millis(held.consent.as_ref().map(|consent| consent.at)),
        "additionalGrants": more,
        "consent": held.consent.as_ref().map(|consent| json!({
            "scopes": consent.scopes,
            "at": consent.at.rfc3339(),
        })),
        "grants": held.grants.iter().map(grant).collect::<Vec<_>>(),
    })
}

fn grant(family: &TokenFamily) -> Value {
    json!({
        "id": family.id,
        "scope": family.grant.scope,
        "offline": family.offline,
        "sessionId": family.grant.sid,
        "startedAt": family.started_at.rfc3339(),
        "lastUsedAt": family.last_used_at.rfc3339(),
    })
}

/// `DELETE /users/{id}/consents/{client}`
pub(super) async fn take_back(asked: Asked) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    if !asked.asker.principal.may(Right::EndSessions, &asked.realm) {
        privilege::roles(&asked.asker.principal, &asked.realm, &user.roles)?;
    }
    let named: String = asked.id("client", "client")?;
    let ctx = asked.asker.app.ctx.clone();
    let client = client::find(&ctx, &asked.realm, &named).await?;
    let client = client.ok_or_else(|| no_such("client"))?;
    let (realm, actor) = (asked.realm.clone(), asked.asker.principal.actor.clone());
    let act = to_its_end(async move {
        held::take_back(&ctx, &realm, &actor, &user, (client.id, client.client_id())).await
    });
    Ok(done(Some(&act.await??)))
}

/// `GET /users/{id}/credentials`
pub(super) async fn credentials(asked: Asked) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    let set_at = user::password_set_at(&asked.asker.app.ctx, &asked.realm, user.id).await?;
    let password = |at: crate::domain::time::Timestamp| json!({ "id": user.id, "type": "password", "createdDate": at.0 });
    Ok(ok(set_at.map(password).into_iter().collect()))
}

/// `GET /administrators`
pub(super) async fn administrators(asked: Asked) -> Result<Response, Problem> {
    let page = Page::of(&asked.asker.params, USUAL)?;
    let (ctx, realm) = (&*asked.asker.app.ctx, &asked.realm);
    let read = async |after: Option<String>| {
        user::administrators(ctx, realm, after.as_deref(), PIECE).await
    };
    let name = |user: &User| fold(&user.username);
    let (users, next) = page.walk(read, name, |_| true).await?;
    Ok(listed(users.iter().map(shape::user).collect(), next))
}

const USUAL: usize = 100;
