//! How requests come in. axum lives here and nowhere else.

pub mod account;
pub mod admin;
pub mod answer;
pub mod assets;
pub mod assets_route;
pub mod browser;
pub mod console;
mod cookies;
pub mod demo;
pub mod extract;
pub mod guard;
pub mod master_key;
pub mod oidc;
#[cfg(test)]
mod rendered;
pub mod run;
pub mod signin;
pub mod ssf;
pub mod state;
mod words;

use axum::Router;

use state::App;

/// Every route of the product on one screen; each room lists its own paths at its top.
pub fn router(app: App) -> Router {
    // What a person's browser visits carries browser state; the rest never asks for it.
    let visited = Router::new()
        .merge(signin::routes())
        .merge(console::routes());
    let router = Router::new()
        .merge(run::health())
        .merge(assets_route::routes())
        .merge(signin::look::routes())
        .merge(oidc::routes())
        .merge(ssf::routes())
        .merge(admin::routes())
        .merge(browser::attach(visited, &app));
    guard::around(router, app)
}
