//! `GET /admin`: the list of realms for an administrator of the server, the own realm's sessions for every other.
//! [`new`] makes one, [`close`] disables, enables and deletes them.

pub mod close;
pub mod new;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::address::Address;
use super::frame::{self, Answer};
use super::gate::{Form, Gate};
use super::list::how_many;
use super::pages::{Link, RealmRow, RealmsPage, Section};
use super::settings::may_be_closed;
use super::visitor::{Absent, Visitor};
use crate::domain::access::MASTER;
use crate::domain::realm::{self, Realm};
use crate::http::state::App;

/// Their addresses.
pub fn routes() -> Router<App> {
    let at = |rest: &str| format!("/admin/{{realm}}{rest}");
    Router::new()
        .route("/admin", get(page))
        .route("/admin/", get(page))
        .route("/admin/new", get(new::page).post(new::make))
        .route(
            &at("/disable"),
            get(close::ask_disable).post(close::disable),
        )
        .route(&at("/enable"), get(close::ask_disable).post(close::enable))
        .route(&at("/delete"), get(close::ask_delete).post(close::delete))
}

/// Answers the list, or leads on.
pub async fn page(visitor: Visitor) -> Answer {
    let admin = match &visitor.admin {
        Ok(admin) => admin,
        Err(absent) => {
            let at = match absent {
                Absent::Nobody => MASTER,
                Absent::Ended { home } => home,
            };
            let back = visitor.to_return_to().unwrap_or("/admin");
            return Ok(Redirect::to(
                &Address::new(at, "/sign-in")
                    .with("return", back)
                    .to_string(),
            )
            .into_response());
        }
    };
    if !admin.runs_the_server() {
        return Ok(
            Redirect::to(&Address::new(&admin.home.name, "/sessions").to_string()).into_response(),
        );
    }
    let gate = Gate::at_the_front(visitor).await?;
    let query = Form::read(gate.query.as_bytes());
    let after = Some(query.one("after")).filter(|after| !after.is_empty());
    let (found, next) = realm::list(&gate.ctx, after, ON_A_PAGE).await?;
    let mut realms = Vec::with_capacity(found.len());
    for realm in found {
        realms.push(RealmRow {
            name: realm.name.clone(),
            display_name: realm.display_name().to_owned(),
            url: Address::new(&realm.name, "/sessions").to_string(),
            enabled: realm.settings.enabled,
            switch: switch(&gate, &realm),
            delete_url: may_be_closed(&gate, &realm)
                .then(|| Address::new(&realm.name, "/delete").to_string()),
            sessions: Some(how_many(&gate, &realm).await?).filter(|count| !count.is_empty()),
        });
    }
    let next_url = next.map(|name| format!("/admin?after={name}"));
    Ok(frame::html(
        StatusCode::OK,
        &RealmsPage {
            shell: gate.shell(Section::Realms),
            realms,
            next_url,
            gone: query.one("gone").chars().take(40).collect(),
        },
    ))
}

/// Where a realm is switched off, when it may be; one that is off is switched on again from its own page.
fn switch(gate: &Gate, realm: &Arc<Realm>) -> Option<Link> {
    let (label, rest) = match realm.settings.enabled {
        true => ("Disable…", "/disable"),
        false => ("Enable…", "/disable"),
    };
    may_be_closed(gate, realm).then(|| Link {
        label: label.to_owned(),
        url: Address::new(&realm.name, rest).to_string(),
    })
}

const ON_A_PAGE: usize = 100;
