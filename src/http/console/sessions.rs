//! `GET /admin/{realm}/sessions`: who is signed in. With `X-Fragment: list` the list alone.

use askama::Template;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;

use super::choices::{choices, idle_choices, started_choices};
use super::filter::{Filter, Tab, idle_threshold};
use super::frame::{self, Answer};
use super::gate::Gate;
use super::list;
use super::pages::{Choice, Filters, PageMenu, Section, SessionsPage, Tab as TabLink};
use super::{details, selection, words};
use crate::domain::access::Right;
use crate::domain::session::search::Listed;
use crate::domain::{Fault, client};

/// Answers the page or its list.
pub async fn page(gate: Gate) -> Answer {
    gate.need(Right::ViewSessions)?;
    shown(&gate, Vec::new()).await
}

/// `POST` of the same address: another page of the list, to which the selection goes along. Changes nothing.
pub async fn paged(gate: Gate, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ViewSessions)?;
    shown(&gate, form.all("sid")).await
}

async fn shown(gate: &Gate, picked: Vec<String>) -> Answer {
    let filter = Filter::of_page(gate);
    let mut list = list::list(gate, &filter).await?;
    if !picked.is_empty() && filter.tab != Tab::Ended && gate.may(Right::EndSessions) {
        selection::apply(gate, &mut list, picked).await?;
    }
    if list.warning.is_none() {
        list.warning = trouble(gate).await;
    }
    let status = if list.problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    if gate.fragment.as_deref() == Some("list") {
        return Ok(drawn(gate, &filter, status, &list));
    }
    let count = list::how_many(gate, &gate.realm).await?;
    let mut shell = gate.shell(Section::Sessions);
    shell.count(Section::Sessions, count.clone());
    let page = SessionsPage {
        shell,
        summary: summary(gate, &count),
        tabs: tabs(gate, &filter, count).await?,
        filters: filters(gate, &filter).await?,
        menu: PageMenu {
            csv_url: csv_url(gate, &filter),
            command: list.command.clone(),
            everyone_url: gate
                .may(Right::EndSessions)
                .then(|| gate.at("/signouts/everyone").to_string()),
        },
        list,
    };
    Ok(drawn(gate, &filter, status, &page))
}

fn drawn(gate: &Gate, filter: &Filter, status: StatusCode, page: &impl Template) -> Response {
    let mut response = frame::html(status, page);
    details::keep(gate, &mut response, filter.said_details);
    response
}

fn csv_url(gate: &Gate, filter: &Filter) -> String {
    let list = filter.address(gate).to_string();
    match list.split_once('?') {
        Some((path, query)) => format!("{path}.csv?{query}"),
        None => format!("{list}.csv"),
    }
}

/// What is the matter with the store, for who is about to rely on it.
async fn trouble(gate: &Gate) -> Option<String> {
    let health = gate.ctx.store.health().await;
    if health.no_room {
        return Some(
            "The server’s disk is nearly full: nobody can sign in until there is room. Sign-outs still work.".to_owned(),
        );
    }
    let why = health.trouble.filter(|_| !health.writable)?;
    Some(format!(
        "The database does not take changes: {why}. What is listed may be behind, and nothing can be ended until it does."
    ))
}

fn summary(gate: &Gate, count: &str) -> String {
    let noun = if count == "1" {
        "session is"
    } else {
        "sessions are"
    };
    let what = if gate.may(Right::EndSessions) {
        " Select any to invalidate them."
    } else {
        ""
    };
    format!("{count} {noun} active.{what}")
}

/// The lists with how many there are, where an index says it (docs/decisions/0003). What is idle has none: when a session was
/// last used is in no index, for then every use of it would move a row, and counting would mean to look at everybody.
async fn tabs(gate: &Gate, filter: &Filter, active: String) -> Result<Vec<TabLink>, Fault> {
    let idle = format!("Idle over {}", words::span(idle_threshold(&gate.realm)));
    let tab = |tab: Tab, label: String, count: String| TabLink {
        state: tab.as_str().to_owned(),
        label,
        count,
        url: Filter {
            tab,
            ..filter.clone()
        }
        .address(gate)
        .to_string(),
        current: filter.tab == tab,
    };
    let ended = list::how_many_are(gate, &gate.realm, Listed::Ended).await?;
    Ok(vec![
        tab(Tab::Active, "Active".to_owned(), active),
        tab(Tab::Idle, idle, String::new()),
        tab(Tab::Ended, "Recently ended".to_owned(), ended),
    ])
}

async fn filters(gate: &Gate, filter: &Filter) -> Result<Filters, Fault> {
    let filtered = filter.active().iter().any(|(field, _)| *field != "state");
    Ok(Filters {
        action: gate.at("/sessions").to_string(),
        q: filter.q.clone(),
        hint: if gate.may(Right::ViewUsers) {
            "Search username, name or email"
        } else {
            "Search username or name"
        }
        .to_owned(),
        ip: filter.ip.clone(),
        clients: apps(gate, &filter.client).await?,
        idle: if filter.tab == Tab::Ended {
            Vec::new()
        } else {
            idle_choices(&filter.idle)
        },
        started: started_choices(&filter.started),
        state: filter.tab.as_str().to_owned(),
        sort: filter.sort.clone(),
        details: filter.details,
        clear_url: filtered.then(|| {
            let kept = Filter {
                tab: filter.tab,
                said_details: filter.said_details,
                ..Filter::default()
            };
            kept.address(gate).to_string()
        }),
        clear_search_url: filter.without(gate, "q").to_string(),
    })
}

async fn apps(gate: &Gate, chosen: &str) -> Result<Vec<Choice>, Fault> {
    let (clients, _) = client::list(&gate.ctx, &gate.realm, "", None, MOST_APPS).await?;
    let offered = clients
        .iter()
        .map(|client| (client.client_id().to_owned(), client.name().to_owned()));
    Ok(choices("Any app", offered, chosen))
}

/// Apps offered to choose from; any other can be searched for by `client:`.
const MOST_APPS: usize = 200;
