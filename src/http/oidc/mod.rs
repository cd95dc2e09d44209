//! The protocol endpoints, one file each. Paths are those of [`crate::protocol::discovery::path`], below
//! `/realms/{realm}`.

pub mod authorize;
mod check_session;
mod cors;
mod device;
mod discovery;
mod global_revocation;
mod introspect;
mod jwks;
pub mod logout;
mod revoke;
mod status_lists;
mod token;
mod userinfo;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;
use tracing::Span;

use crate::http::state::App;
use crate::protocol::OAuthError;
use crate::protocol::discovery::path;

/// Every protocol endpoint but those a browser is sent to, which are [`browser_routes`].
pub fn routes() -> Router<App> {
    Router::new()
        .merge(discovery::routes())
        .route(
            &at(path::CERTS),
            get(jwks::jwks).options(cors::preflight_anybody),
        )
        .route(
            &at(path::STATUS_LISTS),
            get(status_lists::aggregation).options(cors::preflight_anybody),
        )
        .route(
            &format!("{}/{{number}}", at(path::STATUS_LISTS)),
            get(status_lists::list)
                .options(cors::preflight_anybody)
                .layer(CompressionLayer::new()),
        )
        .route(
            &at(path::TOKEN),
            post(token::token).options(cors::preflight),
        )
        .route(
            &at(path::DEVICE),
            post(device::ask).options(cors::preflight),
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
            &at(path::GLOBAL_REVOCATION),
            post(global_revocation::revoke),
        )
        .route(
            &at(path::USERINFO),
            get(userinfo::userinfo)
                .post(userinfo::userinfo)
                .options(cors::preflight),
        )
}

/// The endpoints that a browser is sent to. Part of [`super::signin::routes`].
pub fn browser_routes() -> Router<App> {
    Router::new()
        .route(
            "/realms/{realm}/protocol/openid-connect/auth",
            get(authorize::by_get).post(authorize::by_post),
        )
        .route(
            "/realms/{realm}/protocol/openid-connect/logout",
            get(logout::by_get).post(logout::by_post),
        )
        .route(&at(path::CHECK_SESSION), get(check_session::page))
        .route(&at(path::CHECK_SESSION_INIT), get(check_session::init))
        .route(&at(path::COOKIE_PROBE), get(check_session::probe))
}

fn at(path: &str) -> String {
    format!("/realms/{{realm}}{path}")
}

/// A refusal as it leaves, with its code in the request's line of the log.
fn refused(error: OAuthError) -> Response {
    Span::current().record("error", error.code.as_str());
    error.into_response()
}

#[cfg(test)]
mod tests;
