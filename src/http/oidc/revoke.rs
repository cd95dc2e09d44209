//! The revocation endpoint (RFC 7009): a client gives a token back. Whatever the token was, the answer is 200.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::cors::Origin;
use super::refused;
use crate::domain::client::Client;
use crate::domain::realm::Realm;
use crate::domain::token::revoke;
use crate::http::answer::no_store;
use crate::http::extract::{Form, InRealm, Peer, client};
use crate::http::state::App;
use crate::protocol::{OAuthError, revocation};

/// Revokes a token of the client's own.
pub async fn revoke(State(app): State<App>, InRealm(realm): InRealm, request: Request) -> Response {
    let origin = Origin::of(request.headers());
    let mut asker = None;
    let response = match answer(&app, &realm, request, &mut asker).await {
        Ok(()) => (StatusCode::OK, no_store()).into_response(),
        Err(error) => refused(error),
    };
    origin.allow(&app, &realm, asker.as_deref(), response).await
}

async fn answer(
    app: &App,
    realm: &Realm,
    request: Request,
    asker: &mut Option<Arc<Client>>,
) -> Result<(), OAuthError> {
    let mut form = Form::read(request).await?;
    let client = client::authenticate(app, realm, &form).await?;
    *asker = Some(client.shared());
    let asked = revocation::parse(&form.params)?;
    let Ok(peer) = Peer::from_request_parts(&mut form.parts, app).await;
    Ok(revoke::revoke(&app.ctx, realm, &client, &asked.token, &peer.ip).await?)
}
