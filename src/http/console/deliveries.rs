//! `GET /admin/{realm}/deliveries`: every notice to an application, those of the newest sign-out first; [`one`] shows one of
//! them with what it says, and [`streams`] those who are told by event streams.

pub mod one;
pub mod streams;

use std::collections::HashMap;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use super::address::Address;
use super::frame::{self, Answer};
use super::gate::{Form, Gate};
use super::pages::{Choice, DeliveriesPage, DeliveryRow, Section, TabLink, grouped};
use super::words;
use crate::domain::access::Right;
use crate::domain::id::Sid;
use crate::domain::outbox::delivery::Delivery;
use crate::domain::outbox::listing::{self, Filter, Status};
use crate::domain::outbox::{Channel, DeliveryId};
use crate::domain::{Fault, client, denial};
use crate::http::state::App;

/// Their addresses.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/{realm}/deliveries", get(page))
        .route("/admin/{realm}/deliveries/{id}", get(one::page))
        .route(
            "/admin/{realm}/deliveries/{id}/retry",
            get(one::page).post(one::retry),
        )
        .route("/admin/{realm}/streams", get(streams::page))
        .route(
            "/admin/{realm}/streams/{id}/status",
            get(streams::page).post(streams::set),
        )
}

fn need(gate: &Gate) -> Result<(), frame::Stop> {
    if !gate.may(Right::ViewClients) {
        gate.need(Right::ViewSessions)?;
    }
    Ok(())
}

/// Answers the list.
pub async fn page(gate: Gate) -> Answer {
    need(&gate)?;
    let query = Form::read(gate.query.as_bytes());
    let (app, status, channel) = (
        query.one("client").trim(),
        query.one("status"),
        query.one("channel"),
    );
    let mut problem = String::new();
    let client = match app {
        "" => None,
        app => match client::find(&gate.ctx, &gate.realm, app).await? {
            Some(found) => Some(found.id),
            None => {
                let named: String = app.chars().take(255).collect();
                problem = format!("No application has the client_id “{named}”.");
                None
            }
        },
    };
    let filter = Filter {
        client,
        status: Status::parse(status),
        channel: Channel::parse(channel),
    };
    let after = Some(query.one("after")).filter(|after| !after.is_empty());
    let listed = match problem.is_empty() {
        true => listing::list(&gate.ctx, &gate.realm, filter, after, ON_A_PAGE).await?,
        false => Ok(listing::Listed::default()),
    };
    let listed = listed.unwrap_or_else(|_| {
        "This page of the list is not there. Start again from the first.".clone_into(&mut problem);
        listing::Listed::default()
    });
    let here = || {
        let list = gate.at("/deliveries");
        list.with("client", app)
            .with("status", status)
            .with("channel", channel)
    };
    let page = DeliveriesPage {
        shell: gate.shell(Section::Deliveries),
        tabs: tabs(&gate, "Notices"),
        client: app.chars().take(255).collect(),
        statuses: choices(
            status,
            "Any status",
            Status::ALL.map(|s| (s.as_str(), words_of(s))),
        ),
        channels: choices(
            channel,
            "Any channel",
            Channel::TOLD.map(|c| (c.as_str(), c.words())),
        ),
        filtered: !(app.is_empty() && status.is_empty() && channel.is_empty()),
        list_url: gate.at("/deliveries").to_string(),
        rows: rows(&gate, &listed.rows).await?,
        problem,
        cut_short: listed.cut_short,
        first_url: after.map(|_| here().to_string()),
        next_url: listed
            .next
            .map(|next| here().with("after", &next).to_string()),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn choices<const N: usize>(chosen: &str, any: &str, all: [(&str, &str); N]) -> Vec<Choice> {
    let choice = |(value, label): (&str, &str)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        selected: value == chosen,
    };
    [("", any)].into_iter().chain(all).map(choice).collect()
}

/// The parts of this page.
fn tabs(gate: &Gate, here: &str) -> Vec<TabLink> {
    let mut tabs = vec![("Notices", gate.at("/deliveries"))];
    if gate.may(Right::ViewClients) {
        tabs.push(("Event streams", gate.at("/streams")));
    }
    let tab = |(label, url): (&str, Address)| TabLink {
        label: label.to_owned(),
        url: url.to_string(),
        here: label == here,
        ..TabLink::default()
    };
    tabs.into_iter().map(tab).collect()
}

/// How a notice stands, in a word or two.
pub fn words_of(status: Status) -> &'static str {
    match status {
        Status::Waiting => "Waiting",
        Status::Retrying => "Retrying",
        Status::Done => "Confirmed",
        Status::Refused => "Refused",
        Status::GaveUp => "Gave up",
    }
}

/// The tone of that.
fn tone(status: Status) -> &'static str {
    match status {
        Status::Done => "ok",
        Status::Waiting => "info",
        Status::Retrying => "warn",
        Status::Refused | Status::GaveUp => "danger",
    }
}

async fn rows(gate: &Gate, found: &[(DeliveryId, Delivery)]) -> Result<Vec<DeliveryRow>, Fault> {
    let mut sids: Vec<Sid> = found.iter().map(|(id, _)| id.sid).collect();
    sids.sort_unstable();
    sids.dedup();
    let sessions = denial::sessions(&gate.ctx, &gate.realm, &sids).await?;
    let names: HashMap<Sid, String> = sessions
        .into_iter()
        .filter_map(|(read, _)| Some(read?.value))
        .map(|session| (session.sid, session.username))
        .collect();
    let row =
        |(id, delivery): &(DeliveryId, Delivery)| row(gate, *id, delivery, names.get(&id.sid));
    Ok(found.iter().filter_map(row).collect())
}

/// One line of the list; `None` for what is no notice.
fn row(
    gate: &Gate,
    id: DeliveryId,
    delivery: &Delivery,
    name: Option<&String>,
) -> Option<DeliveryRow> {
    let status = Status::of(delivery)?;
    let last = delivery.tries.last();
    let answer = last.map(|last| match (last.status, last.text.as_str()) {
        (Some(status), "") => format!("{status} in {} ms", last.took),
        (Some(status), text) => format!("{status}, {text}"),
        (None, text) => text.to_owned(),
    });
    Some(DeliveryRow {
        id: id.to_string(),
        url: gate.at(&format!("/deliveries/{id}")).to_string(),
        client_id: delivery.client_id.clone(),
        app: delivery.name.clone(),
        channel: delivery.channel.words().to_owned(),
        person: name.cloned().unwrap_or_default(),
        status: status.as_str().to_owned(),
        words: words_of(status).to_owned(),
        tone: tone(status).to_owned(),
        answer: answer.unwrap_or_default(),
        tries: grouped(u64::from(delivery.attempts)),
        at: words::ago(gate.now, delivery.created_at),
        next: delivery.next_at.map(|at| words::left(gate.now, at)),
        receipt_url: gate
            .may(Right::ViewSessions)
            .then(|| gate.at(&format!("/signouts/{}", id.act)).to_string()),
    })
}

const ON_A_PAGE: usize = 25;
