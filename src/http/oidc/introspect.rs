//! The introspection endpoint (RFC 7662): whether a token is good at this moment, read live.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::response::Response;

use super::cors::Origin;
use crate::domain::client::Client;
use crate::domain::grant::{TokenFamily, code};
use crate::domain::proof::{self, Kind};
use crate::domain::realm::Realm;
use crate::domain::token::AccessClaims;
use crate::domain::token::introspect::{self, Active};
use crate::http::extract::{Form, InRealm, Peer, client};
use crate::http::state::App;
use crate::protocol::introspection::{ActiveToken, Introspection, TokenQuestion};
use crate::protocol::{OAuthError, ScopeSet};

/// Answers what a token is, to a client that proved itself and is entitled to know; exactly `{"active":false}` otherwise.
pub async fn introspect(
    State(app): State<App>,
    InRealm(realm): InRealm,
    request: Request,
) -> Response {
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
) -> Result<Introspection, OAuthError> {
    let mut form = Form::read(request).await?;
    let client = client::authenticate_confidential(app, realm, &form).await?;
    *asker = Some(client.shared());
    // The hint changes nothing: what a token is can be seen from the token.
    let question = TokenQuestion::parse(&form.params)?;
    Ok(
        match introspect::introspect(&app.ctx, realm, &client, &question.token).await? {
            Err(dead) => {
                if let Some(dead) = dead {
                    let Ok(peer) = Peer::from_request_parts(&mut form.parts, app).await;
                    proof::dead(&app.ctx, realm, &dead, Kind::Introspection, &peer.ip);
                }
                Introspection::Inactive
            }
            Ok(Active::Access { claims, username }) => {
                Introspection::Active(Box::new(access(&claims, username)))
            }
            Ok(Active::Refresh(family)) => {
                let issuer = realm.issuer(&app.ctx.public_url);
                Introspection::Active(Box::new(refresh(*family, issuer, realm)))
            }
        },
    )
}

fn access(claims: &AccessClaims, username: Option<String>) -> ActiveToken {
    let mut token = ActiveToken {
        scope: ScopeSet::parse(&claims.scope).unwrap_or_default(),
        client_id: claims.client_id.clone(),
        username,
        token_type: Some("Bearer"),
        exp: i64::try_from(claims.exp).ok(),
        iat: i64::try_from(claims.iat).ok(),
        sub: Some(claims.sub.clone()),
        aud: claims.aud.clone(),
        iss: claims.iss.clone(),
        jti: Some(claims.jti.clone()),
        sid: claims.sid.map(|sid| sid.to_string()),
        acr: claims.acr.clone(),
        amr: claims.amr.clone(),
        auth_time: claims.auth_time.and_then(|at| i64::try_from(at).ok()),
        ..ActiveToken::default()
    };
    if !claims.roles.is_empty() {
        token
            .extra
            .insert("roles".to_owned(), claims.roles.clone().into());
    }
    token
}

/// A refresh token has no `token_type` (it is not used as a bearer token), and says what it is, so that no resource server
/// that is also a client takes it for an access token.
fn refresh(family: TokenFamily, iss: String, realm: &Realm) -> ActiveToken {
    let exp = code::idle_at(realm, &family);
    let grant = family.grant;
    let mut token = ActiveToken {
        scope: ScopeSet::parse(&grant.scope).unwrap_or_default(),
        client_id: grant.client_id,
        username: Some(grant.username),
        exp: i64::try_from(exp.secs()).ok(),
        iat: i64::try_from(family.last_used_at.secs()).ok(),
        sub: Some(grant.user.to_string()),
        iss,
        sid: Some(grant.sid.to_string()),
        acr: Some(grant.acr),
        amr: grant.amr,
        auth_time: i64::try_from(grant.auth_time.secs()).ok(),
        ..ActiveToken::default()
    };
    token
        .extra
        .insert("token_use".to_owned(), "refresh_token".into());
    token
}
