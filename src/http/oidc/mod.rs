//! The protocol endpoints, one file each.

pub mod authorize;
pub mod logout;

use axum::Router;
use axum::routing::get;

use super::state::App;

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
}
