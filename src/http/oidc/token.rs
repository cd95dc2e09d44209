//! The token endpoint (RFC 6749 §3.2): a code, a refresh token or a client's own right becomes tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::{IntoResponse, Response};

use super::cors::Origin;
use super::refused;
use crate::domain::client::{AuthenticatedClient, Client};
use crate::domain::denial::Denied;
use crate::domain::grant::code::{self, Redeem, RedeemError};
use crate::domain::proof::{self, Kind, Use};
use crate::domain::realm::Realm;
use crate::domain::token::issue::{self, Minted, Scoped};
use crate::domain::token::resources::{self, ResourceError};
use crate::domain::token::rotate::{self, RotateError};
use crate::http::answer::no_store;
use crate::http::extract::{Form, InRealm, Peer, client};
use crate::http::state::App;
use crate::protocol::scope::{OFFLINE_ACCESS, OPENID};
use crate::protocol::token_request::{TokenRequest, TokenResponse};
use crate::protocol::{ErrorCode, OAuthError, ScopeSet};

/// Answers tokens, or an error of RFC 6749 §5.2.
pub async fn token(State(app): State<App>, InRealm(realm): InRealm, request: Request) -> Response {
    let origin = Origin::of(request.headers());
    let mut asker = None;
    let response = match answer(&app, &realm, request, &mut asker).await {
        Ok(minted) => (no_store(), Json(written(minted))).into_response(),
        Err(error) => refused(error),
    };
    origin.allow(&app, &realm, asker.as_deref(), response).await
}

async fn answer(
    app: &App,
    realm: &Realm,
    request: Request,
    asker: &mut Option<Arc<Client>>,
) -> Result<Minted, OAuthError> {
    let mut form = Form::read(request).await?;
    // 1. Who asks.
    let client = client::authenticate(app, realm, &form).await?;
    *asker = Some(client.shared());
    // 2. For what.
    let asked = TokenRequest::parse(&form.params)?;
    // 3. Whether this client may ask for it.
    if !client.allows_grant(asked.grant_type()) {
        return Err(OAuthError::unauthorized_client(format!(
            "the client is not registered for the grant type {}",
            asked.grant_type()
        )));
    }
    // 4. The grant itself.
    match asked {
        TokenRequest::AuthorizationCode {
            code,
            redirect_uri,
            code_verifier,
            resource,
        } => {
            let redeem = Redeem {
                code: &code,
                redirect_uri: redirect_uri.as_deref(),
                code_verifier: code_verifier.as_deref(),
                resources: &resource,
            };
            let Ok(peer) = Peer::from_request_parts(&mut form.parts, app).await;
            exchange(app, realm, &client, redeem, &peer).await
        }
        TokenRequest::RefreshToken {
            refresh_token,
            scope,
            resource,
        } => {
            let Ok(peer) = Peer::from_request_parts(&mut form.parts, app).await;
            let scope = scope.map(|scope| scope.to_string());
            let presented = rotate::Presented {
                token: &refresh_token,
                scope: scope.as_deref(),
                resources: &resource,
                ip: &peer.ip,
            };
            rotate::rotate(&app.ctx, realm, &client, presented)
                .await?
                .inspect_err(|why| {
                    if let RotateError::Denied(denied) = why {
                        note(app, realm, &client, Kind::RefreshToken, denied, &peer);
                    }
                })
                .map_err(not_rotated)
        }
        TokenRequest::ClientCredentials { scope, resource } => {
            own_right(app, realm, &client, scope.as_ref(), &resource).await
        }
    }
}

async fn exchange(
    app: &App,
    realm: &Realm,
    client: &AuthenticatedClient,
    redeem: Redeem<'_>,
    peer: &Peer,
) -> Result<Minted, OAuthError> {
    let asked = redeem.resources;
    let family = code::redeem(&app.ctx, realm, client, redeem)
        .await?
        .inspect_err(|why| {
            if let RedeemError::SessionEnded(denied) = why {
                note(app, realm, client, Kind::Code, denied, peer);
            }
        })
        .map_err(not_redeemed)?;
    let audience =
        resources::narrow(client, &family.grant.resources, asked).map_err(|e| not_a_target(&e))?;
    let scoped = Scoped {
        scope: family.grant.scope.clone(),
        audience,
    };
    Ok(issue::for_family(&app.ctx, realm, client, &family, scoped).await?)
}

/// RFC 6749 §4.4. There is no user: what speaks of one is not granted, and not refused either, since client libraries ask
/// for `openid` out of habit.
async fn own_right(
    app: &App,
    realm: &Realm,
    client: &AuthenticatedClient,
    asked: Option<&ScopeSet>,
    resource: &[String],
) -> Result<Minted, OAuthError> {
    if !client.is_confidential() {
        return Err(OAuthError::unauthorized_client(
            "a public client cannot act for itself",
        ));
    }
    let registered = &client.settings.scope;
    let of_users = |word: &str| word == OPENID || word == OFFLINE_ACCESS;
    let may = |word: &str| registered.split(' ').any(|own| own == word);
    let mut scope = String::with_capacity(registered.len());
    let mut grant = |word: &str| {
        if !word.is_empty() && !of_users(word) {
            if !scope.is_empty() {
                scope.push(' ');
            }
            scope.push_str(word);
        }
    };
    match asked {
        Some(asked) => {
            if !asked.iter().all(|word| of_users(word) || may(word)) {
                return Err(OAuthError::invalid_scope(
                    "scope must be one that the client is registered for",
                ));
            }
            asked.iter().for_each(&mut grant);
        }
        None => registered.split(' ').for_each(&mut grant),
    }
    let audience =
        resources::for_client(&app.ctx, client, resource).map_err(|e| not_a_target(&e))?;
    Ok(issue::for_client(&app.ctx, realm, client, Scoped { scope, audience }).await?)
}

/// Notes what was tried in vain on the receipt of the act that ended it.
fn note(app: &App, realm: &Realm, client: &Client, kind: Kind, denied: &Denied, peer: &Peer) {
    let tried = Use {
        kind,
        client_id: Some(client.client_id()),
        ip: &peer.ip,
    };
    proof::denied(&app.ctx, realm, denied, tried);
}

fn not_redeemed(why: RedeemError) -> OAuthError {
    match why {
        RedeemError::Resource => OAuthError::invalid_target(why.to_string()),
        RedeemError::SessionEnded(_) => OAuthError::session_not_active(),
        RedeemError::Unknown
        | RedeemError::Expired
        | RedeemError::Replayed
        | RedeemError::Blocked
        | RedeemError::AccessRemoved
        | RedeemError::RedirectUri
        | RedeemError::Verifier => OAuthError::invalid_grant(why.to_string()),
    }
}

fn not_rotated(why: RotateError) -> OAuthError {
    match why {
        RotateError::Denied(_) => OAuthError::session_not_active(),
        RotateError::Unknown | RotateError::Reused | RotateError::SignInTooOld => {
            OAuthError::invalid_grant(why.to_string())
        }
        RotateError::Scope => OAuthError::invalid_scope(why.to_string()),
        RotateError::Resource => OAuthError::new(ErrorCode::InvalidTarget, why.to_string()),
    }
}

fn not_a_target(why: &ResourceError) -> OAuthError {
    OAuthError::invalid_target(why.to_string())
}

fn written(minted: Minted) -> TokenResponse {
    // What was granted passed the same grammar when it was asked for.
    let scope = ScopeSet::parse(&minted.scope).unwrap_or_default();
    TokenResponse {
        refresh_token: minted.refresh_token,
        refresh_expires_in: minted.refresh_expires_in,
        id_token: minted.id_token,
        session_state: minted.sid.map(|sid| sid.to_string()),
        ..TokenResponse::bearer(minted.access_token, minted.expires_in, scope)
    }
}
