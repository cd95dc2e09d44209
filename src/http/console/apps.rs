//! `GET /admin/{realm}/apps`: whether each application would learn of a sign-out, and `POST …/apps/{id}/test`, which tries it.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::frame::{self, Answer};
use super::gate::{Form, Gate};
use super::pages::{AppChannel, AppRow, AppsPage, Section, grouped};
use super::words;
use crate::domain::access::Right;
use crate::domain::client::{self, CONSOLE, Client};
use crate::domain::id::ClientId;
use crate::domain::outbox::readiness::{self, COUNTED, Readiness, State, Way};
use crate::domain::outbox::trial::{self, TrialError};
use crate::domain::{ActorKind, Fault};

/// Answers the list.
pub async fn page(gate: Gate) -> Answer {
    if !gate.may(Right::ViewClients) {
        gate.need(Right::ViewSessions)?;
    }
    let query = Form::read(gate.query.as_bytes());
    let (after, tried) = (query.one("after"), query.one("tried"));
    let after = Some(after).filter(|after| !after.is_empty());
    let (clients, next) = client::list(&gate.ctx, &gate.realm, "", after, ON_A_PAGE).await?;
    let mut rows = Vec::with_capacity(clients.len());
    for client in &clients {
        // The console asks at every request: nobody has to wonder whether it does.
        if client.client_id() != CONSOLE {
            let readiness = readiness::of(&gate.ctx, &gate.realm, client).await?;
            rows.push(row(&gate, client, readiness, tried));
        }
    }
    let limit = gate.realm.settings.logout.longest_lag;
    let problem = match query.one("problem") {
        "too-soon" => "It was tried just now. Wait a moment, then try again.",
        "none" => "This application has no channel that can be tried.",
        _ => "",
    };
    let page = AppsPage {
        shell: gate.shell(Section::Apps),
        rows,
        problem: problem.to_owned(),
        limit: match limit.is_zero() {
            true => String::new(),
            false => words::span(limit),
        },
        next_url: next.map(|next| gate.at("/apps").with("after", &next).to_string()),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn row(gate: &Gate, client: &Client, readiness: Readiness, tried: &str) -> AppRow {
    let may = may_test(gate) && readiness.channels.iter().any(|way| way.triable);
    let queued = readiness.channels.first().map_or(0, |way| way.queued);
    AppRow {
        client_id: client.client_id().to_owned(),
        name: client.name().to_owned(),
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

/// `POST /admin/{realm}/apps/{id}/test`: sends a notice about nobody and shows what the app said.
pub async fn test(gate: Gate, Path((_, id)): Path<(String, String)>, body: Bytes) -> Answer {
    gate.posted(&body).await?;
    if !may_test(&gate) {
        gate.need(Right::EndSessions)?;
    }
    let here = gate.at("/apps");
    let found = match id.parse::<ClientId>() {
        Ok(id) => client::by_id(&gate.ctx, &gate.realm, id).await?,
        Err(_) => None,
    };
    let Some(client) = found else {
        return Ok(Redirect::to(&here.with("problem", "none").to_string()).into_response());
    };
    let actor = gate.admin.actor(ActorKind::Admin);
    let client_id = client.client_id().to_owned();
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    // Whoever leaves the page does not leave half of it.
    let tried = tokio::spawn(async move { trial::run(&ctx, &realm, &actor, &client, None).await });
    let tried = tried.await.map_err(|_| Fault::Record("trial"))?;
    let to = match tried {
        Ok(_) => here.with("tried", &client_id),
        Err(TrialError::TooSoon(_)) => here.with("problem", "too-soon"),
        Err(TrialError::NoChannel | TrialError::Harmful) => here.with("problem", "none"),
        Err(TrialError::Fault(fault)) => return Err(fault.into()),
    };
    Ok(Redirect::to(&format!("{to}#app-{client_id}")).into_response())
}

const ON_A_PAGE: usize = 100;
