//! The protocol endpoints, one file each. Paths are those of [`crate::protocol::discovery::path`], below
//! `/realms/{realm}`.

mod cors;
mod discovery;
mod introspect;
mod jwks;
mod revoke;
mod token;
mod userinfo;
// authorize and logout: beside these.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tracing::Span;

use crate::http::state::App;
use crate::protocol::OAuthError;
use crate::protocol::discovery::path;

/// Every protocol endpoint.
pub fn routes() -> Router<App> {
    let at = |path: &str| format!("/realms/{{realm}}{path}");
    Router::new()
        .merge(discovery::routes())
        .route(
            &at(path::CERTS),
            get(jwks::jwks).options(cors::preflight_anybody),
        )
        .route(
            &at(path::TOKEN),
            post(token::token).options(cors::preflight),
        )
        .route(
            &at(path::INTROSPECT),
            post(introspect::introspect).options(cors::preflight),
        )
        .route(
            &at(path::REVOKE),
            post(revoke::revoke).options(cors::preflight),
        )
        .route(
            &at(path::USERINFO),
            get(userinfo::userinfo)
                .post(userinfo::userinfo)
                .options(cors::preflight),
        )
    // .route(&at(path::AUTHORIZE), …)
    // .route(&at(path::LOGOUT), …)
}

/// A refusal as it leaves, with its code in the request's line of the log.
fn refused(error: OAuthError) -> Response {
    Span::current().record("error", error.code.as_str());
    error.into_response()
}

#[cfg(test)]
mod tests;
