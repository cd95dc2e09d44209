//! The realm's public keys (RFC 7517 §5): made ready when the keys were read, sent as they are.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::response::Response;

use super::discovery::prepared;
use super::refused;
use crate::domain::keys;
use crate::http::extract::InRealm;
use crate::http::state::App;
use crate::protocol::OAuthError;

/// Answers the key set.
pub async fn jwks(State(app): State<App>, InRealm(realm): InRealm, request: Request) -> Response {
    let keys = match keys::of(&app.ctx, &realm).await {
        Ok(keys) => keys,
        Err(fault) => return refused(fault.into()),
    };
    match HeaderValue::from_str(&keys.etag) {
        Ok(etag) => prepared(request.headers(), &etag, &keys.jwks),
        Err(_) => refused(OAuthError::server_error()),
    }
}
