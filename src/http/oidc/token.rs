//! The token endpoint (RFC 6749 §3.2): a code, a device's code, a refresh token or a client's own right becomes tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;

use super::cors::Origin;
use crate::domain::client::{AuthenticatedClient, Client};
use crate::domain::denial::Denied;
use crate::domain::grant::TokenFamily;
use crate::domain::grant::begin::Lapsed;
use crate::domain::grant::code::{self, Redeem, RedeemError};
use crate::domain::grant::device;
use crate::domain::proof::{self, Kind, Use};
use crate::domain::realm::Realm;
use crate::domain::token::issue::{self, Minted, Scoped};
use crate::domain::token::resources::{self, ResourceError};
use crate::domain::token::rotate::{self, RotateError};
use crate::http::extract::{Form, InRealm, Peer, client};
use crate::http::state::App;
use crate::protocol::scope::{OFFLINE_ACCESS, OPENID};
use crate::protocol::token_request::{TokenRequest, TokenResponse};
use crate::protocol::{ErrorCode, OAuthError, ScopeSet};

/// Answers tokens, or an error of RFC 6749 §5.2.
pub async fn token(State(app): State<App>, InRealm(realm): InRealm, request: Request) -> Response {
    let origin = Origin::of(request.headers());
    let mut asker = None;
    let outcome = answer(&app, &realm, request, &mut asker)
        .await
        .map(|minted| Json(written(minted)));
    origin.told(&app, &realm, asker.as_deref(), outcome).await
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
    may_use(&client, asked.grant_type())?;
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
            let redeemed = code::redeem(&app.ctx, realm, &client, redeem).await?;
            let family = redeemed
                .inspect_err(|why| {
                    if let RedeemError::Lapsed(why) = why {
                        note_lapsed(app, realm, &client, Kind::Code, why, &peer);
                    }
                })
                .map_err(not_redeemed)?;
            mint(app, realm, &client, &family, &resource).await
        }
        TokenRequest::DeviceCode {
            device_code,
            code_verifier,
            resource,
        } => {
            let redeem = device::Redeem {
                device_code: &device_code,
                code_verifier: code_verifier.as_deref(),
                resources: &resource,
            };
            let Ok(peer) = Peer::from_request_parts(&mut form.parts, app).await;
            let redeemed = device::redeem(&app.ctx, realm, &client, redeem).await?;
            let family = redeemed
                .inspect_err(|why| {
                    if let device::RedeemError::Lapsed(why) = why {
                        note_lapsed(app, realm, &client, Kind::DeviceCode, why, &peer);
                    }
                })
                .map_err(not_fetched)?;
            mint(app, realm, &client, &family, &resource).await
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

/// Whether this client may ask for tokens this way.
pub(super) fn may_use(client: &Client, grant_type: &str) -> Result<(), OAuthError> {
    if client.allows_grant(grant_type) {
        return Ok(());
    }
    Err(OAuthError::unauthorized_client(format!(
        "the client is not registered for the grant type {grant_type}"
    )))
}

/// The tokens of a family that has just begun.
async fn mint(
    app: &App,
    realm: &Realm,
    client: &Client,
    family: &TokenFamily,
    resource: &[String],
) -> Result<Minted, OAuthError> {
    let audience = resources::narrow(client, &family.grant.resources, resource)
        .map_err(|e| not_a_target(&e))?;
    let scoped = Scoped {
        scope: family.grant.scope.clone(),
        audience,
    };
    Ok(issue::for_family(&app.ctx, realm, client, family, scoped).await?)
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

/// The same for a grant that became nothing.
fn note_lapsed(app: &App, realm: &Realm, client: &Client, kind: Kind, why: &Lapsed, peer: &Peer) {
    if let Lapsed::SessionEnded(denied) = why {
        note(app, realm, client, kind, denied, peer);
    }
}

fn not_redeemed(why: RedeemError) -> OAuthError {
    match why {
        RedeemError::Resource => OAuthError::invalid_target(why.to_string()),
        // Also for a session that ended: the words are those that client libraries look for.
        RedeemError::Lapsed(_)
        | RedeemError::Unknown
        | RedeemError::Expired
        | RedeemError::Replayed
        | RedeemError::RedirectUri
        | RedeemError::Verifier => OAuthError::invalid_grant(why.to_string()),
    }
}

/// RFC 8628 §3.5. What was allowed and is over is refused like what was never allowed: the device begins anew.
fn not_fetched(why: device::RedeemError) -> OAuthError {
    use device::RedeemError as Why;
    let code = match why {
        Why::Pending => ErrorCode::AuthorizationPending,
        Why::SlowDown => ErrorCode::SlowDown,
        Why::Expired => ErrorCode::ExpiredToken,
        Why::Refused | Why::Lapsed(_) => ErrorCode::AccessDenied,
        Why::Resource => ErrorCode::InvalidTarget,
        Why::Unknown | Why::Verifier => ErrorCode::InvalidGrant,
    };
    OAuthError::new(code, why.to_string())
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

pub(super) fn not_a_target(why: &ResourceError) -> OAuthError {
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
