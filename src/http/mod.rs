//! How requests come in. axum lives here and nowhere else.

pub mod admin;
pub mod answer;
pub mod assets;
pub mod console;
pub mod demo;
pub mod extract;
pub mod oidc;
#[cfg(test)]
mod rendered;
pub mod run;
pub mod signin;
pub mod state;

use axum::Router;

use state::App;

/// Every route of the product on one screen; each room lists its own paths at its top.
pub fn router(app: App) -> Router {
    Router::new().merge(run::health()).with_state(app)
}
