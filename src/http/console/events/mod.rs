//! The audit log: `GET /admin/{realm}/events`, one record at `/events/{id}`, all of a filter at `/events.csv`.

mod csv;
mod filter;
pub mod words;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;

use self::filter::{Asked, actions};
use self::words::{about, by, event_url, place, said};
use super::frame::{self, Answer};
use super::gate::Gate;
use super::pages::{EventPage, EventRow, EventsPage, Fact, Link, Section};
use super::words as times;
use crate::domain::ActorKind;
use crate::domain::access::Right;
use crate::domain::audit::{self, Place, Record};
use crate::http::state::App;

/// The routes of this room.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/{realm}/events", get(page))
        .route("/admin/{realm}/events.csv", get(csv::send))
        .route("/admin/{realm}/events/{id}", get(one))
}

async fn page(gate: Gate) -> Answer {
    gate.need(Right::ViewAudit)?;
    let asked = Asked::read(&gate.query);
    let (filter, problems) = asked.filter();
    let after = place(&asked.after);
    let found = match problems.is_empty() {
        true => audit::list(&gate.ctx, gate.realm.id, &filter, after, ON_A_PAGE).await?,
        false => (Vec::new(), None),
    };
    let (records, next) = found;
    let rows: Vec<EventRow> = records
        .iter()
        .map(|(at, record)| row(&gate, at, record))
        .collect();
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let here = asked.address(&gate, "/events");
    let page = EventsPage {
        shell: gate.shell(Section::Audit),
        actions: actions(&asked.action),
        cut: rows.is_empty() && next.is_some(),
        filtered: asked.is_narrow(),
        csv_url: asked.address(&gate, "/events.csv").to_string(),
        first_url: after.map(|_| here.to_string()),
        next_url: next.map(|next| here.with("after", &words::text(&next)).to_string()),
        actor: asked.actor,
        target: asked.target,
        since: asked.since,
        until: asked.until,
        problems,
        rows,
    };
    Ok(frame::html(status, &page))
}

fn row(gate: &Gate, at: &Place, record: &Record) -> EventRow {
    let said = said(record);
    EventRow {
        url: event_url(gate, at),
        at: times::full(record.at),
        icon: said.icon,
        tone: said.tone,
        what: said.what,
        about: about(gate, record),
        by: by(gate, record),
        action: record.action.clone(),
        detail: record.detail.clone().unwrap_or_default(),
    }
}

async fn one(gate: Gate, Path((_, id)): Path<(String, String)>) -> Answer {
    gate.need(Right::ViewAudit)?;
    let found = match place(&id) {
        Some(at) => audit::find(&gate.ctx, gate.realm.id, &at)
            .await?
            .map(|record| (at, record)),
        None => None,
    };
    let Some((at, record)) = found else {
        let text = "No event of this realm has this address. Old ones are forgotten after a while.";
        let back = Link {
            label: "All events".to_owned(),
            url: gate.at("/events").to_string(),
        };
        let title = "There is no such event";
        return Err(gate.message(StatusCode::NOT_FOUND, title, text, vec![back]));
    };
    let page = EventPage {
        shell: gate.shell(Section::Audit),
        row: row(&gate, &at, &record),
        facts: facts(&record),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn facts(record: &Record) -> Vec<Fact> {
    let fact = |label: &str, value: &str, code: bool| Fact {
        label: label.to_owned(),
        value: value.to_owned(),
        code,
        datetime: String::new(),
    };
    let actor = &record.actor;
    let kind = match actor.kind {
        ActorKind::Admin => "an administrator",
        ActorKind::User => "the person themselves",
        ActorKind::Client => "an application",
        ActorKind::System => "the server",
    };
    let at = times::full(record.at);
    let mut facts = vec![
        Fact {
            datetime: at.datetime,
            ..fact("When", &at.text, false)
        },
        fact("Deed", &record.action, true),
        fact("About", &record.target, false),
        fact("Kind of thing", &record.target_kind, false),
    ];
    if let Some(detail) = &record.detail {
        facts.push(fact("What changed", detail, false));
    }
    facts.push(fact("By", &format!("{}, {kind}", actor.name), false));
    facts.push(fact("Their id", &actor.id, true));
    if !actor.realm.is_empty() {
        facts.push(fact("Their realm", &actor.realm, false));
    }
    if let Some(sid) = actor.sid {
        facts.push(fact("Their session", &sid.to_string(), true));
    }
    if let Some(ip) = &actor.ip {
        facts.push(fact("From", ip, false));
    }
    facts
}

const ON_A_PAGE: usize = 50;
