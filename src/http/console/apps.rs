//! `GET /admin/{realm}/apps`: the applications, and whether each would learn of a sign-out; `POST …/apps/{id}/test`, which
//! tries it. [`new`] registers one, [`one`] is its page, [`settings`] and [`credentials`] change it, [`end`] disables,
//! deletes or signs people out of it.

pub mod credentials;
pub mod end;
pub mod new;
pub mod one;
pub mod settings;
#[rustfmt::skip]
mod specs;
mod weaker;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;

use super::address::Address;
use super::frame::{self, Answer, Stop};
use super::gate::{Form, Gate};
use super::pages::{AppChannel, AppRow, AppsPage, Link, Section, TabLink, grouped};
use super::words;
use crate::domain::access::Right;
use crate::domain::client::{self, CONSOLE, Client, ClientSettings, guarded_by};
use crate::domain::id::ClientId;
use crate::domain::outbox::Channel;
use crate::domain::outbox::readiness::{self, COUNTED, Readiness, State, Way};
use crate::domain::outbox::trial::{self, TrialError};
use crate::domain::session::of_user;
use crate::domain::token::resources::admin_audience;
use crate::domain::{ActorKind, Fault};
use crate::http::state::App;

/// Their addresses.
pub fn routes() -> Router<App> {
    let one = "/admin/{realm}/apps/{id}";
    let at = |rest: &str| format!("{one}{rest}");
    Router::new()
        .route("/admin/{realm}/apps", get(page))
        .route("/admin/{realm}/apps/new", get(new::page).post(new::make))
        .route(one, get(one::page))
        .route(&at("/test"), get(one::page).post(test))
        .route(&at("/settings"), get(settings::page).post(settings::save))
        .route(
            &at("/settings/edit"),
            get(settings::page).post(settings::again),
        )
        .route(
            &at("/credentials"),
            get(credentials::page).post(credentials::renew),
        )
        .route(&at("/credentials/new"), get(credentials::ask))
        .route(&at("/sign-out"), get(end::ask_sign_out).post(end::sign_out))
        .route(&at("/disable"), get(end::ask_disable).post(end::disable))
        .route(&at("/enable"), get(one::page).post(end::enable))
        .route(&at("/delete"), get(end::ask_delete).post(end::delete))
}

/// Answers the list.
pub async fn page(gate: Gate) -> Answer {
    if !gate.may(Right::ViewClients) {
        gate.need(Right::ViewSessions)?;
    }
    let query = Form::read(gate.query.as_bytes());
    let (after, tried, q) = (
        query.one("after"),
        query.one("tried"),
        query.one("q").trim(),
    );
    let after = Some(after).filter(|after| !after.is_empty());
    let (clients, next) = client::list(&gate.ctx, &gate.realm, q, after, ON_A_PAGE).await?;
    let mut rows = Vec::with_capacity(clients.len());
    for client in &clients {
        // The console asks at every request: nobody has to wonder whether it does.
        if client.client_id() != CONSOLE {
            let readiness = readiness::of(&gate.ctx, &gate.realm, client).await?;
            rows.push(row(&gate, client, readiness, tried));
        }
    }
    let limit = gate.realm.settings.logout.longest_lag;
    let page = AppsPage {
        shell: gate.shell(Section::Apps),
        rows,
        q: q.to_owned(),
        list_url: gate.at("/apps").to_string(),
        new_url: gate
            .may(Right::ManageClients)
            .then(|| gate.at("/apps/new").to_string()),
        gone: query.one("gone").chars().take(255).collect(),
        problem: problem(query.one("problem")).to_owned(),
        limit: match limit.is_zero() {
            true => String::new(),
            false => words::span(limit),
        },
        next_url: next.map(|next| {
            gate.at("/apps")
                .with("q", q)
                .with("after", &next)
                .to_string()
        }),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn row(gate: &Gate, client: &Client, readiness: Readiness, tried: &str) -> AppRow {
    let may = may_test(gate) && readiness.channels.iter().any(|way| way.triable);
    let queued = readiness.channels.first().map_or(0, |way| way.queued);
    AppRow {
        client_id: client.client_id().to_owned(),
        name: client.name().to_owned(),
        url: gate.at(&format!("/apps/{}", client.id)).to_string(),
        enabled: client.settings.enabled,
        test_url: may.then(|| gate.at(&format!("/apps/{}/test", client.id)).to_string()),
        channels: readiness
            .channels
            .iter()
            .map(|w| channel(gate, w))
            .collect(),
        bound: readiness.bound.map(words::span).unwrap_or_default(),
        queued: match queued {
            0 => String::new(),
            n if n >= COUNTED => format!("{}+", grouped(n as u64)),
            n => grouped(n as u64),
        },
        state: readiness.state.as_str().to_owned(),
        words: state_words(readiness.state).to_owned(),
        verdict: readiness.verdict().to_owned(),
        why: readiness.why,
        tried: client.client_id() == tried,
    }
}

/// The application that an address names. The console is none of them.
///
/// # Errors
/// The page that says that there is none.
async fn find(gate: &Gate, id: &str) -> Result<Arc<Client>, Stop> {
    let found = match id.parse::<ClientId>() {
        Ok(id) => client::by_id(&gate.ctx, &gate.realm, id).await?,
        Err(_) => None,
    };
    found
        .filter(|client| client.client_id() != CONSOLE)
        .ok_or_else(|| {
            let text = "No application of this realm has this address. It may have been deleted.";
            let back = Link {
                label: "Applications".to_owned(),
                url: gate.at("/apps").to_string(),
            };
            let title = "There is no such application";
            gate.message(StatusCode::NOT_FOUND, title, text, vec![back])
        })
}

/// Whether they may touch this application: one that acts as an administrator is for whoever may change the realm.
///
/// # Errors
/// The page that says which role is needed.
fn need_for(gate: &Gate, settings: &ClientSettings) -> Result<(), Stop> {
    gate.need(Right::ManageClients)?;
    let audience = admin_audience(&gate.ctx);
    guarded_by(&gate.realm, settings, &audience).map_or(Ok(()), |right| gate.need(right))
}

/// The parts of an application's page.
async fn tabs(gate: &Gate, client: &Client, here: &str) -> Result<Vec<TabLink>, Fault> {
    let root = format!("/apps/{}", client.id);
    let (mut tabs, mut sessions) = (vec![("Overview", gate.at(&root))], 0);
    if gate.may(Right::ManageClients) {
        tabs.push(("Settings", gate.at(&format!("{root}/settings"))));
        tabs.push(("Credentials", gate.at(&format!("{root}/credentials"))));
    }
    if gate.may(Right::ViewSessions) {
        let filtered = gate.at("/sessions").with("client", client.client_id());
        tabs.push(("Sessions", filtered));
        let (ctx, realm) = (&gate.ctx, &gate.realm);
        sessions = of_user::count_of_client(ctx, realm, client.id, ON_TAB + 1).await?;
    }
    tabs.push((
        "Deliveries",
        gate.at("/deliveries").with("client", client.client_id()),
    ));
    let tab = |(label, url): (&str, Address)| TabLink {
        label: label.to_owned(),
        url: url.to_string(),
        count: match sessions {
            _ if label != "Sessions" => String::new(),
            n if n > ON_TAB => format!("{ON_TAB}+"),
            n => n.to_string(),
        },
        here: label == here,
    };
    Ok(tabs.into_iter().map(tab).collect())
}

/// Sessions counted for a tab.
const ON_TAB: usize = 99;

fn crumbs(gate: &Gate, client: Option<&Client>) -> Vec<Link> {
    let link = |label: &str, url: Address| Link {
        label: label.to_owned(),
        url: url.to_string(),
    };
    let mut crumbs = vec![link("Applications", gate.at("/apps"))];
    if let Some(client) = client {
        crumbs.push(link(
            client.name(),
            gate.at(&format!("/apps/{}", client.id)),
        ));
    }
    crumbs
}

fn channel(gate: &Gate, way: &Way) -> AppChannel {
    let last = way.last.as_ref().map(|last| {
        let kind = if way.last_was_trial { "Test" } else { "Last" };
        match (last.status, last.text.as_str()) {
            (Some(status), "") => format!("{kind}: {status} in {} ms", last.took),
            (Some(status), text) => format!("{kind}: {status}, {text}"),
            (None, text) => format!("{kind}: {text}"),
        }
    });
    let rests = way.open_until.map(|until| {
        format!(
            "{} failures in a row; next try in {}",
            grouped(u64::from(way.failures)),
            words::span(until.since(gate.now))
        )
    });
    AppChannel {
        name: way.channel.words().to_owned(),
        uri: way.uri.clone(),
        last_good: way.last_good.map(|at| words::ago(gate.now, at)),
        last: last.unwrap_or_default(),
        rests: rests.unwrap_or_default(),
    }
}

fn state_words(state: State) -> &'static str {
    match state {
        State::CannotLag => "Cannot lag",
        State::Ready => "Ready",
        State::Untried => "Not tried",
        State::NotTold => "Not told",
        State::Failing => "Did not confirm",
        State::TooSlow => "Lags too long",
    }
}

fn may_test(gate: &Gate) -> bool {
    gate.may(Right::EndSessions) || gate.may(Right::ManageClients)
}

/// `POST /admin/{realm}/apps/{id}/test`: sends a notice about nobody and shows what the app said, on the page that asked.
pub async fn test(gate: Gate, Path((_, id)): Path<(String, String)>, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    if !may_test(&gate) {
        gate.need(Right::EndSessions)?;
    }
    let found = match id.parse::<ClientId>() {
        Ok(id) => client::by_id(&gate.ctx, &gate.realm, id).await?,
        Err(_) => None,
    };
    let Some(client) = found else {
        let none = gate.at("/apps").with("problem", "none");
        return Ok(Redirect::to(&none.to_string()).into_response());
    };
    let client_id = client.client_id().to_owned();
    let (here, place) = match form.one("from") {
        "overview" => (gate.at(&format!("/apps/{}", client.id)), "ways".to_owned()),
        _ => (gate.at("/apps"), format!("app-{client_id}")),
    };
    let channel = Channel::parse(form.one("channel"));
    let actor = gate.admin.actor(ActorKind::Admin);
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    // Whoever leaves the page does not leave half of it.
    let tried =
        tokio::spawn(async move { trial::run(&ctx, &realm, &actor, &client, channel).await });
    let tried = tried.await.map_err(|_| Fault::Record("trial"))?;
    let to = match tried {
        Ok(_) => here.with("tried", &client_id),
        Err(TrialError::TooSoon(_)) => here.with("problem", "too-soon"),
        Err(TrialError::NoChannel | TrialError::Harmful) => here.with("problem", "none"),
        Err(TrialError::Fault(fault)) => return Err(fault.into()),
    };
    Ok(Redirect::to(&format!("{to}#{place}")).into_response())
}

/// Why a test was not sent.
fn problem(name: &str) -> &'static str {
    match name {
        "too-soon" => "It was tried just now. Wait a moment, then try again.",
        "none" => "This application has no channel that can be tried.",
        _ => "",
    }
}

const ON_A_PAGE: usize = 50;
