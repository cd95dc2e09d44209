//! The admin REST API, one file per resource. [`table`] has every route of it: the router, the rights, the query
//! parameters and the OpenAPI document are all made from that one table, so that none of them can say something else.
//!
//! Invariant: an endpoint learns its realm and its asker only from [`principal::Asked`] or [`principal::Asker`], and these
//! ask the table which right the route needs. An endpoint that forgets to check has nothing to work on.

mod access;
mod acts;
mod attempts;
mod audit;
pub(in crate::http) mod backup;
mod clients;
mod deliveries;
pub(in crate::http) mod doctor;
mod events;
pub(in crate::http) mod export;
pub(in crate::http) mod imports;
mod keys;
mod openapi;
mod overview;
mod paging;
pub mod principal;
mod privilege;
mod read;
mod readiness;
mod realms;
mod sessions;
mod shapes;
mod signouts;
mod streams;
mod table;
#[cfg(test)]
mod tests;
mod users;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{any, get};
use axum::{Extension, Router};

use super::answer::Problem;
use super::state::App;
use table::ROUTES;

/// The largest body: ten thousand selected sessions are less than half of it.
const MAX_BODY: usize = 1024 * 1024;

/// Every route under `/admin/realms`, and the document that describes them.
pub fn routes() -> Router<App> {
    let mut router = Router::new().route("/admin/openapi.json", get(openapi::serve));
    for row in ROUTES {
        // Keycloak's Node client ends the addresses of collections with a slash.
        for path in [row.path.to_owned(), format!("{}/", row.path)] {
            router = router.route(&path, (row.on)().route_layer(Extension(row)));
        }
    }
    router
        .route("/admin/realms/{realm}/{*rest}", any(nowhere))
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
}

async fn nowhere() -> Problem {
    Problem::not_found("the admin API has no such address; /admin/openapi.json lists what it has")
}

async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "The address does not take this method",
        "the header Allow lists what it takes",
    )
}
