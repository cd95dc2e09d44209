//! Who asks: a client that acts for itself, by an access token with the scope (SSF 1.0 §9.2; CAEP Interoperability Profile
//! §2.7). Judged live, like every other token.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Refusal;
use crate::domain::client::{self, Client};
use crate::domain::realm::Realm;
use crate::domain::ssf::{SCOPE_MANAGE, SCOPE_READ};
use crate::domain::token::AccessClaims;
use crate::domain::token::resources::admin_audience;
use crate::domain::token::userinfo;
use crate::http::answer::no_store;
use crate::http::extract::InRealm;
use crate::http::extract::body::authorization;
use crate::http::state::App;
use crate::protocol::ssf::{Unread, path};
use crate::protocol::userinfo::{BearerToken, bearer, refuse_in_query};
use crate::protocol::{ErrorCode, OAuthError, userinfo as rfc6750};

/// What a receiver may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum May {
    /// Read its stream and fetch its events.
    Read,
    /// Everything with its stream.
    Manage,
}

/// A receiver that was recognised, in its realm.
pub(super) struct Receiver {
    /// The server.
    pub(super) app: App,
    /// The realm.
    pub(super) realm: Arc<Realm>,
    /// The client.
    pub(super) client: Arc<Client>,
    /// Its issuer.
    pub(super) issuer: String,
    token: BearerToken,
    claims: Arc<AccessClaims>,
    /// The query, where the request has one.
    pub(super) query: String,
}

impl Receiver {
    /// Asks for a scope. Who may manage may read.
    ///
    /// # Errors
    /// 403 naming the scope that is missing.
    pub(super) fn require(&self, may: May) -> Result<(), Refusal> {
        let has = |scope| self.claims.has_scope(scope);
        let (enough, scope) = match may {
            May::Read => (has(SCOPE_READ) || has(SCOPE_MANAGE), SCOPE_READ),
            May::Manage => (has(SCOPE_MANAGE), SCOPE_MANAGE),
        };
        if enough {
            return Ok(());
        }
        let words = format!("the access token must have been granted the scope {scope}");
        let error = OAuthError::new(ErrorCode::InsufficientScope, words);
        Err(Refusal::Token(self.realm.name.clone(), error, Some(scope)))
    }

    /// Whether the token is still good: for answers that took long.
    ///
    /// # Errors
    /// 401 when it is not.
    pub(super) async fn still(&self) -> Result<(), Refusal> {
        let judged = userinfo::good(&self.app.ctx, &self.realm, self.token.expose()).await?;
        match judged {
            Ok(_) => Ok(()),
            Err(_) => Err(invalid(&self.realm)),
        }
    }
}

impl FromRequestParts<App> for Receiver {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Receiver, Response> {
        let InRealm(realm) = InRealm::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        recognise(parts, app, realm)
            .await
            .map_err(IntoResponse::into_response)
    }
}

async fn recognise(parts: &Parts, app: &App, realm: Arc<Realm>) -> Result<Receiver, Refusal> {
    if !realm.settings.shared_signals.enabled {
        return Err(Refusal::Off);
    }
    let refused = |error| Refusal::Token(realm.name.clone(), error, None);
    refuse_in_query(parts.uri.query()).map_err(refused)?;
    let header = authorization(&parts.headers).map_err(refused)?;
    let Some(token) = bearer(header, None).map_err(refused)? else {
        return Err(Refusal::NoToken(realm.name.clone()));
    };
    let Ok(claims) = userinfo::good(&app.ctx, &realm, token.expose()).await? else {
        return Err(invalid(&realm));
    };
    let issuer = realm.issuer(&app.ctx.public_url);
    let found = client::find(&app.ctx, &realm, &claims.client_id).await?;
    let Some(client) = found.filter(|client| client.settings.enabled) else {
        return Err(invalid(&realm));
    };
    if claims.user().is_some() || claims.sub != claims.client_id {
        let words = "a receiver acts for itself: use a token of the grant client_credentials";
        let error = OAuthError::new(ErrorCode::InsufficientScope, words);
        return Err(Refusal::Token(realm.name.clone(), error, None));
    }
    // A token that was made for some other resource server opens nothing here (RFC 9068 §4).
    let ours = [
        claims.client_id.clone(),
        format!("{issuer}{}", path::STREAMS),
        issuer.clone(),
        admin_audience(&app.ctx),
    ];
    if !claims.aud.iter().any(|aud| ours.contains(aud)) {
        return Err(Refusal::Token(
            realm.name.clone(),
            OAuthError::invalid_token("the access token was made for another resource"),
            None,
        ));
    }
    Ok(Receiver {
        app: app.clone(),
        client,
        issuer,
        token,
        claims,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        realm,
    })
}

fn invalid(realm: &Realm) -> Refusal {
    let words = "the access token is expired, revoked or not of this realm";
    Refusal::Token(realm.name.clone(), OAuthError::invalid_token(words), None)
}

/// The answer of RFC 6750 §3: without a token it says only what is expected.
pub(super) fn challenge(
    realm: &str,
    error: Option<OAuthError>,
    scope: Option<&'static str>,
) -> Response {
    let value = HeaderValue::try_from(rfc6750::challenge(realm, error.as_ref(), scope));
    let mut response = match error {
        None => (StatusCode::UNAUTHORIZED, no_store()).into_response(),
        Some(error) => {
            tracing::Span::current().record("error", error.code.as_str());
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

/// A body that is not read yet.
pub(super) struct Body(pub(super) Bytes);

impl FromRequest<App> for Body {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Body, Response> {
        Bytes::from_request(request, app)
            .await
            .map(Body)
            .map_err(|rejected| {
                let words = "the body broke off or is longer than 128 KiB".to_owned();
                let mut response = Refusal::Unread(Unread(words)).into_response();
                *response.status_mut() = rejected.status();
                response
            })
    }
}
