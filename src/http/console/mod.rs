//! The administrator's console: server-rendered pages under `/admin/{realm}` that work without a script.
//!
//! Owns how an administrator's browser signs in ([`sign_in`]), is recognised at every request ([`gate`]) and what the
//! pages show and do. Does not own how sessions end (`domain::signout`) nor whether one is still good (`domain::denial`):
//! the console asks both, every time. What the browser state keeps is a handle, never the truth of who is signed in.
//!
//! | address | room |
//! |---|---|
//! | `/admin`, `/admin/new`, `/admin/{realm}/disable`, `/delete` | [`realms`] |
//! | `/admin/{realm}/sign-in`, `/callback` | [`sign_in`] |
//! | `/admin/{realm}/sign-out`, `/signed-out` | [`sign_out`] |
//! | `/admin/{realm}/overview` | [`overview`] |
//! | `/admin/{realm}/sessions` | [`sessions`], [`list`], [`filter`], [`choices`], [`rows`], [`nothing`], [`selection`] |
//! | `/admin/{realm}/sessions/live` | [`live`] |
//! | `/admin/{realm}/sessions.csv` | [`csv`] |
//! | `/admin/{realm}/sessions/{sid}` | [`session`] |
//! | `/admin/{realm}/signouts/preview` | [`preview`] |
//! | `POST /admin/{realm}/signouts` | [`invalidate`], [`answers`], [`step_up`] |
//! | `/admin/{realm}/signouts/everyone` | [`everyone`] |
//! | `/admin/{realm}/signouts` | [`receipts`] |
//! | `/admin/{realm}/signouts/{id}`, `{id}.json`, `{id}.jwt` | [`receipt`] |
//! | `/admin/{realm}/users` and what is below | [`users`] |
//! | `/admin/{realm}/admins` | [`admins`] |
//! | `/admin/{realm}/events`, `/events/{id}`, `/events.csv` | [`events`] |
//! | `/admin/{realm}/apps[/…]` | [`apps`], [`fields`] |
//! | `/admin/{realm}/deliveries[/…]`, `/streams` | [`deliveries`] |
//! | `/admin/{realm}/keys`, `/settings[/…]` | [`keys`], [`settings`], [`fields`] |

mod address;
mod admins;
mod also;
mod answers;
mod app;
mod apps;
mod choices;
mod chosen;
mod command;
mod csv;
mod deliveries;
mod details;
mod effects;
mod events;
mod everyone;
mod fields;
mod filter;
mod frame;
mod gate;
mod invalidate;
mod keys;
mod list;
mod live;
mod menu;
mod nothing;
mod overview;
pub mod pages;
mod posted;
mod preview;
mod realms;
mod receipt;
mod receipts;
mod rows;
mod selection;
mod session;
mod sessions;
mod settings;
mod sign_in;
mod sign_out;
mod step_up;
#[cfg(test)]
mod tests;
mod users;
mod visitor;
mod words;

use axum::Router;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;

use crate::http::state::App;

/// The console's routes. Whoever mounts them puts the layer of the browser state around them.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(realms::routes())
        .route("/admin/{realm}", get(landing))
        .route("/admin/{realm}/", get(landing))
        .route("/admin/{realm}/sign-in", get(sign_in::start))
        .route("/admin/{realm}/callback", get(sign_in::callback))
        .route(
            "/admin/{realm}/sign-out",
            get(landing).post(sign_out::sign_out),
        )
        .route("/admin/{realm}/signed-out", get(sign_out::signed_out))
        .route("/admin/{realm}/overview", get(overview::page))
        .route(
            "/admin/{realm}/sessions",
            get(sessions::page).post(sessions::paged),
        )
        .route("/admin/{realm}/sessions.csv", get(csv::file))
        .route("/admin/{realm}/sessions/live", get(live::watch))
        .route("/admin/{realm}/sessions/{sid}", get(session::page))
        .route(
            "/admin/{realm}/signouts",
            get(receipts::page).post(invalidate::act),
        )
        .route(
            "/admin/{realm}/signouts/preview",
            get(preview::resumed).post(preview::page),
        )
        .route(
            "/admin/{realm}/signouts/everyone",
            get(everyone::page).post(everyone::act),
        )
        .merge(users::routes())
        .merge(events::routes())
        .route("/admin/{realm}/admins", get(admins::page))
        .merge(apps::routes())
        .merge(deliveries::routes())
        .merge(keys::routes())
        .merge(settings::routes())
        .route("/admin/{realm}/signouts/{id}", get(receipt::page))
        .route(
            "/admin/{realm}/signouts/{id}/redeliver",
            get(landing).post(receipt::redeliver),
        )
}

/// The first page of whoever asks; also where a reload of what can only be posted leads.
async fn landing(gate: gate::Gate) -> frame::Answer {
    let first = gate.first_page().unwrap_or("/sessions");
    Ok(Redirect::to(&gate.at(first).to_string()).into_response())
}
