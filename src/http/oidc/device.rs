//! The device authorization endpoint (RFC 8628 §3.1): a device without a browser is told what to show.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;

use super::cors::Origin;
use super::token::{may_use, not_a_target};
use crate::domain::client::Client;
use crate::domain::grant::device::{self, Ask};
use crate::domain::realm::Realm;
use crate::domain::session::Device;
use crate::domain::token::resources;
use crate::http::extract::{Form, InRealm, Peer, client};
use crate::http::state::App;
use crate::protocol::device::{DeviceRequest, DeviceResponse};
use crate::protocol::discovery::path;
use crate::protocol::token_request::DEVICE_CODE;
use crate::protocol::{OAuthError, ScopeSet};

/// Answers both codes, or an error of RFC 6749 §5.2.
pub async fn ask(State(app): State<App>, InRealm(realm): InRealm, request: Request) -> Response {
    let origin = Origin::of(request.headers());
    let mut asker = None;
    let outcome = answer(&app, &realm, request, &mut asker).await.map(Json);
    origin.told(&app, &realm, asker.as_deref(), outcome).await
}

async fn answer(
    app: &App,
    realm: &Realm,
    request: Request,
    asker: &mut Option<Arc<Client>>,
) -> Result<DeviceResponse, OAuthError> {
    let mut form = Form::read(request).await?;
    let client = client::authenticate(app, realm, &form).await?;
    *asker = Some(client.shared());
    may_use(&client, DEVICE_CODE)?;
    let asked = DeviceRequest::parse(&form.params, &ScopeSet::parse(&client.settings.scope)?)?;
    resources::check(&client, &asked.resource).map_err(|e| not_a_target(&e))?;
    let Ok(peer) = Peer::from_request_parts(&mut form.parts, app).await;
    let ask = Ask {
        client: client.id,
        client_id: client.client_id().to_owned(),
        client_name: client.name().to_owned(),
        scope: asked.scope.to_string(),
        resources: asked.resource,
        code_challenge: asked.code_challenge,
        ip: peer.ip,
        device: Device::parse(&peer.user_agent),
    };
    let told = device::ask(&app.ctx, realm, ask).await?;
    let verification_uri = format!(
        "{}{}",
        realm.issuer(&app.ctx.public_url),
        path::VERIFICATION
    );
    Ok(DeviceResponse {
        device_code: told.device_code,
        verification_uri_complete: format!("{verification_uri}?user_code={}", told.user_code),
        user_code: told.user_code.to_string(),
        verification_uri,
        expires_in: device::LIFE.whole_secs(),
        interval: device::INTERVAL.whole_secs(),
    })
}
