//! `/clients`: relying parties, their secrets, and what ends with a change of them. Addresses hold the id of the record, as
//! Keycloak's do, and not the `client_id`.

use std::sync::Arc;

use axum::response::Response;
use serde_json::{Value, json};

use super::acts::{created, done, ok, to_its_end, with_sign_out};
use super::paging::{PIECE, Page, listed};
use super::principal::{Asked, no_such};
use super::privilege;
use super::read::Body;
use super::sessions as session_list;
use super::shapes::client as shape;
use crate::domain::client::{self, Client, ClientSettings, verbs};
use crate::domain::id::ClientId;
use crate::domain::token::resources::admin_audience;
use crate::http::answer::Problem;

/// `GET /clients`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    let params = &asked.asker.params;
    let page = Page::of(params, USUAL)?;
    let searched = params.flag("search")?.unwrap_or(false);
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    let (clients, next) = match params.text("clientId") {
        // Without search=true Keycloak compares the whole of it.
        Some(client_id) if !searched => (
            client::find(ctx, realm, client_id)
                .await?
                .into_iter()
                .collect(),
            None,
        ),
        prefix => {
            let prefix = prefix.unwrap_or_default();
            let read = async |after: Option<String>| {
                client::list(ctx, realm, prefix, after.as_deref(), PIECE).await
            };
            page.walk(
                read,
                |client: &Arc<Client>| client.client_id().to_owned(),
                |_| true,
            )
            .await?
        }
    };
    Ok(listed(
        clients.iter().map(|client| shape::client(client)).collect(),
        next,
    ))
}

/// `POST /clients`
pub(super) async fn create(asked: Asked, body: Body) -> Result<Response, Problem> {
    let settings = shape::settings(None, body.object()?)?;
    allowed(&asked, &settings)?;
    let (app, realm, actor) = (
        asked.asker.app.clone(),
        asked.realm.clone(),
        asked.asker.principal.actor.clone(),
    );
    let new = to_its_end(async move { verbs::create(&app.ctx, &realm, &actor, settings).await })
        .await??;
    let mut body = shape::client(&new.client);
    if let (Some(secret), Some(body)) = (&new.secret, body.as_object_mut()) {
        body.insert("secret".to_owned(), json!(secret.expose()));
        body.insert("client_secret".to_owned(), json!(secret.expose()));
    }
    let location = asked.asker.app.url(&format!(
        "/admin/realms/{}/clients/{}",
        asked.realm.name, new.client.id
    ));
    Ok(created(&location, body))
}

/// `GET /clients/{id}`
pub(super) async fn one(asked: Asked) -> Result<Response, Problem> {
    Ok(ok(shape::client(&*find(&asked).await?)))
}

/// `PUT /clients/{id}`
pub(super) async fn update(asked: Asked, body: Body) -> Result<Response, Problem> {
    let body = body.object()?;
    let id: ClientId = asked.id("id", "client")?;
    let updated = to_its_end(async move {
        let change = |before: &Client| -> Result<ClientSettings, Problem> {
            allowed(&asked, &before.settings)?;
            let settings = shape::settings(Some(before), body.clone())?;
            allowed(&asked, &settings)?;
            if !settings.enabled {
                refuse_oneself(&asked, before, "disable")?;
            }
            Ok(settings)
        };
        verbs::revise(
            &asked.asker.app.ctx,
            &asked.realm,
            &asked.asker.principal.actor,
            id,
            change,
        )
        .await
    });
    let updated = updated.await??;
    match &updated.secret {
        None => Ok(done(updated.sign_out.as_ref())),
        Some(secret) => {
            let body = json!({ "secret": secret.expose(), "client_secret": secret.expose() });
            Ok(with_sign_out(ok(body), updated.sign_out.as_ref()))
        }
    }
}

/// `DELETE /clients/{id}`
pub(super) async fn delete(asked: Asked) -> Result<Response, Problem> {
    let client = find(&asked).await?;
    allowed(&asked, &client.settings)?;
    refuse_oneself(&asked, &client, "delete")?;
    let act = to_its_end(async move {
        verbs::delete(
            &asked.asker.app.ctx,
            &asked.realm,
            &asked.asker.principal.actor,
            client.id,
        )
        .await
    });
    Ok(done(Some(&act.await??)))
}

/// `GET /clients/{id}/client-secret`: that there is one. What it is, nobody knows any more but the client.
pub(super) async fn secret(asked: Asked) -> Result<Response, Problem> {
    let client = find(&asked).await?;
    Ok(ok(
        json!({ "type": "secret", "value": Value::Null, "present": client.secret_hash.is_some() }),
    ))
}

/// `POST /clients/{id}/client-secret`
pub(super) async fn new_secret(asked: Asked) -> Result<Response, Problem> {
    let client = find(&asked).await?;
    allowed(&asked, &client.settings)?;
    let secret = to_its_end(async move {
        verbs::rotate_secret(
            &asked.asker.app.ctx,
            &asked.realm,
            &asked.asker.principal.actor,
            client.id,
        )
        .await
    });
    Ok(ok(
        json!({ "type": "secret", "value": secret.await??.expose(), "present": true }),
    ))
}

/// `GET /clients/{id}/user-sessions`
pub(super) async fn sessions(asked: Asked) -> Result<Response, Problem> {
    let client = find(&asked).await?;
    Ok(ok(Value::Array(
        session_list::of_client(&asked, &client).await?,
    )))
}

/// The client that the address names.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn find(asked: &Asked) -> Result<Arc<Client>, Problem> {
    let id: ClientId = asked.id("id", "client")?;
    client::by_id(&asked.asker.app.ctx, &asked.realm, id)
        .await?
        .ok_or_else(|| no_such("client"))
}

fn allowed(asked: &Asked, settings: &ClientSettings) -> Result<(), Problem> {
    let audience = admin_audience(&asked.asker.app.ctx);
    privilege::client(&asked.asker.principal, &asked.realm, settings, &audience)
}

/// A script that locks itself out by a slip helps nobody.
fn refuse_oneself(asked: &Asked, client: &Client, verb: &str) -> Result<(), Problem> {
    let actor = &asked.asker.principal.actor;
    let itself =
        actor.sid.is_none() && actor.realm == asked.realm.name && actor.id == client.client_id();
    if itself {
        Err(Problem::invalid(format!(
            "you cannot {verb} the client that you act as"
        )))
    } else {
        Ok(())
    }
}

/// How many a page has when nobody says. Keycloak answers all of them.
const USUAL: usize = 1000;
