//! The revocation endpoint (RFC 7009): a client gives a token back. Whatever the token was, the answer is 200.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;

use super::cors::Origin;
use crate::domain::client::Client;
use crate::domain::realm::Realm;
use crate::domain::token::revoke;
use crate::http::extract::{Form, InRealm, Peer, client};
use crate::http::state::App;
use crate::protocol::{OAuthError, revocation};

/// Revokes a token of the client's own.
pub async fn revoke(State(app): State<App>, InRealm(realm): InRealm, request: Request) -> Response {
    let origin = Origin::of(request.headers());
    let mut asker = None;
    let outcome = answer(&app, &realm, request, &mut asker).await;
    origin.told(&app, &realm, asker.as_deref(), outcome).await
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
