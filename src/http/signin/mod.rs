//! Sign-in, consent, sign-out and error pages: what a person sees between an app and its tokens.
//!
//! | room | holds |
//! |---|---|
//! | [`visit`] | one browser's request: realm, cookies, how pages and refusals go out |
//! | [`onward`] | what still stands between an authorization request and its code |
//! | [`login`], [`consent`] | the two pages on the way |
//! | [`cookie`] | the session's cookie; [`leave`] ends the session it names, [`parting`] tells apps by the browser |
//! | [`agent_state`] | what scripts of apps may compare to see whether the session changed |
//! | [`csrf`], [`throttle`], [`headers`] | who may post, how often, and what every page carries |
//! | [`pages`], [`views`] | the pages as plain data |

pub mod agent_state;
pub mod consent;
pub mod cookie;
pub mod csrf;
pub mod headers;
pub mod leave;
pub mod login;
pub mod onward;
pub mod pages;
pub mod parting;
pub mod throttle;
pub mod views;
pub mod visit;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::routing::get;
use axum::{Extension, Router};

use super::oidc;
use super::state::App;
use throttle::Throttle;

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
        .route(
            "/realms/{realm}/consent",
            get(consent::show).post(consent::submit),
        )
        .merge(oidc::browser_routes())
        .layer(Extension(Arc::new(Throttle::default())))
}
