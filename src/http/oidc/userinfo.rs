//! The userinfo endpoint (OIDC Core §5.3): who the user of an access token is. Refusals are those of RFC 6750 §3.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use tracing::Span;

use super::cors::Origin;
use crate::domain::proof::{self, Kind};
use crate::domain::realm::Realm;
use crate::domain::token::userinfo::{self, UserinfoError};
use crate::http::answer::no_store;
use crate::http::extract::body::{Form, authorization, is_form};
use crate::http::extract::{InRealm, Peer};
use crate::http::state::App;
use crate::protocol::userinfo::{bearer, challenge, refuse_in_query};
use crate::protocol::{ErrorCode, OAuthError};

/// Answers the claims of the user whom a bearer token speaks for, to GET and POST (OIDC Core §5.3.1).
pub async fn userinfo(
    State(app): State<App>,
    InRealm(realm): InRealm,
    peer: Peer,
    request: Request,
) -> Response {
    let origin = Origin::of(request.headers());
    let response = match answer(&app, &realm, &peer, request).await {
        Ok(Some(claims)) => (no_store(), Json(Value::Object(claims))).into_response(),
        Ok(None) => refusal(&realm, None),
        Err(error) => refusal(&realm, Some(error)),
    };
    origin.allow(&app, &realm, None, response).await
}

/// `None` when the request carries no token.
async fn answer(
    app: &App,
    realm: &Realm,
    peer: &Peer,
    request: Request,
) -> Result<Option<Map<String, Value>>, OAuthError> {
    refuse_in_query(request.uri().query())?;
    let token = if request.method() == Method::POST && is_form(request.headers()) {
        let form = Form::read(request).await?;
        bearer(authorization(&form.parts.headers)?, Some(&form.params))?
    } else {
        bearer(authorization(request.headers())?, None)?
    };
    let Some(token) = token else { return Ok(None) };
    userinfo::claims(&app.ctx, realm, token.expose())
        .await?
        .map(Some)
        .map_err(|why| match why {
            UserinfoError::Invalid(ref dead) => {
                if let Some(dead) = dead {
                    proof::dead(&app.ctx, realm, dead, Kind::Userinfo, &peer.ip);
                }
                OAuthError::invalid_token(why.to_string())
            }
            UserinfoError::Scope => OAuthError::new(ErrorCode::InsufficientScope, why.to_string()),
        })
}

/// Without a token the challenge says only what is expected (RFC 6750 §3.1).
fn refusal(realm: &Realm, error: Option<OAuthError>) -> Response {
    let needed = error
        .as_ref()
        .filter(|e| e.code == ErrorCode::InsufficientScope)
        .map(|_| "openid");
    let value = HeaderValue::try_from(challenge(&realm.name, error.as_ref(), needed));
    let mut response = match error {
        None => (StatusCode::UNAUTHORIZED, no_store()).into_response(),
        Some(error) => {
            Span::current().record("error", error.code.as_str());
            error.into_response()
        }
    };
    if let (Ok(value), true) = (value, response.status().is_client_error()) {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
