//! The user's own pages: where they are signed in and how to end it, what apps may see, password, profile, activity.
//!
//! | room | holds |
//! |---|---|
//! | [`me`] | who is at the other end: by the realm's own session, or sent to sign in and back |
//! | [`prove`] | the password again, when the sign-in is some time ago |
//! | [`sessions`], [`acts`], [`done`] | the devices; what can be ended, after a page that says what it means; what came of it |
//! | [`apps`], [`security`], [`profile`], [`activity`] | the other pages |
//! | [`pages`] | the pages as plain data |
//!
//! Whoever ends something here ends their own alone: another's session is not found, whatever its id.

mod activity;
mod acts;
mod apps;
mod done;
mod me;
mod pages;
mod profile;
mod prove;
mod security;
mod sessions;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::signin::visit::Visit;
use super::state::App;

/// The routes of the account pages. Want what the sign-in pages want around them.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/realms/{realm}/account", get(landing))
        .route("/realms/{realm}/account/sessions", get(sessions::show))
        .route(
            "/realms/{realm}/account/sessions/{sid}/sign-out",
            get(acts::ask_one).post(acts::end_one),
        )
        .route(
            "/realms/{realm}/account/sessions/{sid}/not-mine",
            get(acts::ask_not_mine).post(acts::end_not_mine),
        )
        .route(
            "/realms/{realm}/account/sign-out-others",
            get(acts::ask_others).post(acts::end_others),
        )
        .route("/realms/{realm}/account/done/{id}", get(done::show))
        .route("/realms/{realm}/account/apps", get(apps::show))
        .route(
            "/realms/{realm}/account/apps/{client}/remove",
            get(apps::ask).post(apps::remove),
        )
        .route(
            "/realms/{realm}/account/security",
            get(security::show).post(security::change),
        )
        .route(
            "/realms/{realm}/account/profile",
            get(profile::show).post(profile::save),
        )
        .route("/realms/{realm}/account/activity", get(activity::show))
}

async fn landing(visit: Visit) -> Response {
    let outcome = visit.go(&visit.path("/account/sessions"));
    visit.answer(outcome)
}
