//! The older way out, which Keycloak's clients use: a client posts the refresh token it holds, authenticated as at the
//! token endpoint, and is answered 204 without a page.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::client::{self, AuthMethod, AuthenticatedClient, Credential};
use crate::domain::denial::{self, Denied};
use crate::domain::signout::{self, EndError, Reason, Request, Selection};
use crate::domain::token::refresh::RefreshToken;
use crate::domain::{Actor, ActorKind, Fault};
use crate::http::answer::no_store;
use crate::http::signin::visit::Visit;
use crate::protocol::client_auth::Presented;
use crate::protocol::end_session::LogoutRequest;
use crate::protocol::{OAuthError, Params};

/// Ends the session of the posted refresh token.
pub(super) async fn end(visit: &Visit, params: &Params) -> Response {
    match ended(visit, params).await {
        Ok(()) => (StatusCode::NO_CONTENT, no_store()).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn ended(visit: &Visit, params: &Params) -> Result<(), OAuthError> {
    let (ctx, realm) = (visit.ctx(), &visit.realm);
    let LogoutRequest::WithRefreshToken(posted) = LogoutRequest::parse(params, true)? else {
        return Err(OAuthError::invalid_request(
            "the parameter refresh_token is required",
        ));
    };
    let client = authenticated(visit, params).await?;
    let unknown = || OAuthError::invalid_grant("refresh_token is not one of this client's");
    let token = RefreshToken::read(ctx, posted.expose())
        .filter(|token| token.realm == realm.id)
        .ok_or_else(unknown)?;
    let active = match denial::family(ctx, realm, &client, token.family).await? {
        Ok(active) => active,
        Err(Denied::Unknown) => return Err(unknown()),
        // Over already, which is what was asked for.
        Err(_) => return Ok(()),
    };
    let actor = Actor {
        kind: ActorKind::Client,
        id: client.client_id().to_owned(),
        name: client.name().to_owned(),
        realm: realm.name.clone(),
        sid: None,
        ip: Some(visit.peer.ip.clone()),
    };
    let select = Selection::Sessions(vec![active.family.grant.sid.to_string()]);
    match signout::end(
        ctx,
        realm,
        &Request::new(select, Reason::RpLogout, actor.clone()),
    )
    .await
    {
        Ok(_) => {}
        Err(EndError::Fault(fault)) => return Err(fault.into()),
        Err(EndError::OnlyOwn | EndError::Nothing) => return Err(Fault::Record("selection").into()),
    }
    if active.family.offline {
        // It outlives the session, but it is the very one that was handed in.
        signout::family::end(ctx, realm, active.family.id, Reason::TokenRevoked, actor).await?;
    }
    Ok(())
}

async fn authenticated(visit: &Visit, params: &Params) -> Result<AuthenticatedClient, OAuthError> {
    let authorization = visit
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let presented = Presented::parse(authorization, params)?;
    let credential = match &presented {
        Presented::None => return Err(OAuthError::invalid_client("the client must say who it is")),
        Presented::Public { client_id } => Credential::None { client_id },
        Presented::Basic { client_id, secret } => Credential::Secret {
            client_id,
            secret: secret.expose(),
            method: AuthMethod::ClientSecretBasic,
        },
        Presented::Post { client_id, secret } => Credential::Secret {
            client_id,
            secret: secret.expose(),
            method: AuthMethod::ClientSecretPost,
        },
        Presented::Assertion { client_id, jwt } => Credential::Assertion {
            client_id: client_id.as_deref(),
            jwt: jwt.expose(),
        },
    };
    match client::authenticate(visit.ctx(), &visit.realm, credential).await? {
        Ok(client) => Ok(client),
        Err(why) => {
            tracing::info!(%why, realm = visit.realm.name, "a client was not believed at the logout endpoint");
            Err(OAuthError::invalid_client("client authentication failed"))
        }
    }
}
