//! Sign-in, consent, sign-out and error pages: what a person sees between an app and its tokens.
//!
//! | room | holds |
//! |---|---|
//! | [`visit`] | one browser's request: realm, cookies, how pages and refusals go out |
//! | [`onward`] | what still stands between an authorization request and its code |
//! | [`login`], [`consent`] | the two pages on the way |
//! | [`device`] | the pages for a device that has no browser |
//! | [`cookie`] | the session's cookie; [`leave`] ends the session it names, [`parting`] tells apps by the browser |
//! | [`agent_state`] | what scripts of apps may compare to see whether the session changed |
//! | [`csrf`], [`headers`] | who may post, and what every page carries |
//! | [`pages`], [`views`], [`refusal`] | the pages as plain data, and the page for when there is none |
//! | [`language`], [`look`] | in which language they are, and what a realm makes of their look |

pub mod agent_state;
pub mod consent;
pub mod cookie;
pub mod csrf;
pub mod device;
pub mod headers;
pub mod language;
pub mod leave;
pub mod login;
pub mod look;
pub mod onward;
pub mod pages;
pub mod parting;
pub mod refusal;
pub mod views;
pub mod visit;

#[cfg(test)]
pub(in crate::http) mod tests;

use axum::Router;
use axum::routing::{get, post};

use super::state::App;
use super::{account, oidc};

/// Everything a browser meets on the way to a sign-in and out again. Wants [`super::browser::attach`] around it.
pub fn routes() -> Router<App> {
    Router::new()
        .route(
            "/realms/{realm}/login",
            get(login::show).post(login::submit),
        )
        .route(
            "/realms/{realm}/login/sessions",
            get(login::choose::show).post(login::choose::submit),
        )
        .route("/realms/{realm}/login/account", post(login::select::submit))
        .route("/realms/{realm}/language", get(language::show))
        .route(
            "/realms/{realm}/consent",
            get(consent::show).post(consent::submit),
        )
        .merge(device_routes())
        .merge(oidc::browser_routes())
        .merge(account::routes())
}

fn device_routes() -> Router<App> {
    Router::new()
        .route(
            "/realms/{realm}/device",
            get(device::show).post(device::submit),
        )
        .route(
            "/realms/{realm}/device/confirm",
            get(device::confirm::show).post(device::confirm::submit),
        )
        .route("/realms/{realm}/device/allowed", get(device::allowed))
        .route("/realms/{realm}/device/refused", get(device::refused))
}
