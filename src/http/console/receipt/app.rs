//! One app of a receipt: how it is told, what it answered, and in words that say no more than the answer does.

use super::super::gate::Gate;
use super::super::pages::{ReceiptApp, counted, grouped, state_words};
use super::super::words;
use crate::domain::access::Right;
use crate::domain::id::SignOutId;
use crate::domain::outbox::{Attempt, Channel, DeliveryId};
use crate::domain::signout::receipt::App;
use crate::domain::signout::told::{AppState, Told};

/// One app of the receipt, with its answer.
pub(super) fn row(gate: &Gate, act: SignOutId, app: &App) -> ReceiptApp {
    let told = app.channels.iter().filter(|t| t.channel != Channel::None);
    let channels: Vec<&str> = told.clone().map(|t| t.channel.words()).collect();
    let attempts: u64 = told.clone().map(|t| t.attempts).sum();
    let last = told
        .clone()
        .filter_map(|t| t.last.as_ref())
        .max_by_key(|l| l.at);
    let next = told.clone().filter_map(|t| t.next_at).min();
    let bound = app.bound_until.map(|until| words::clock(until).text);
    let status = match app.state {
        AppState::Retrying if attempts == 0 => "pending",
        state => state.as_str(),
    };
    let messages = gate.may(Right::ViewSessions) || gate.may(Right::ViewClients);
    let message = told
        .clone()
        .find_map(|told| Some((told.channel, told.sid?)));
    let message_url = message.filter(|_| messages).map(|(channel, sid)| {
        let (act, client) = (act, app.client);
        let id = DeliveryId {
            act,
            client,
            channel,
            sid,
        };
        gate.at(&format!("/deliveries/{id}")).to_string()
    });
    let at = match app.state {
        AppState::GaveUp => counted(attempts, "try", "tries"),
        AppState::Bounded => bound.clone().unwrap_or_default(),
        AppState::Retrying => next
            .filter(|next| *next > gate.now)
            .map(|next| words::span(next.since(gate.now)))
            .unwrap_or_default(),
        _ => String::new(),
    };
    let detail = match (app.state, last) {
        (AppState::Bounded, _) => "When its token is no longer taken".to_owned(),
        (AppState::NotCapable, _) => "It holds no token that is still good".to_owned(),
        (_, Some(last)) => answer(last),
        (_, None) => String::new(),
    };
    let waits: u64 = told.clone().map(Told::pending).sum();
    let all: u64 = told.clone().map(|t| t.notices).sum();
    let counts = (all > 1 && waits > 0).then(|| {
        format!(
            "{} of {} notices answered",
            grouped(all - waits),
            grouped(all)
        )
    });
    let lags = bound
        .filter(|_| app.state > AppState::Bounded && counts.is_none())
        .map(|until| format!("An API that never asks: by {until}"));
    let browser = app.browser_at.map(|at| {
        format!(
            "Tried by the browser too, {}: best effort",
            words::clock(at).text
        )
    });
    ReceiptApp {
        client_id: app.client_id.clone(),
        name: app.name.clone(),
        sessions: app.sessions,
        channel: match channels.as_slice() {
            [] => Channel::None.words().to_owned(),
            some => some.join(", "),
        },
        channel_detail: [counts, lags, browser]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(". "),
        status: status.to_owned(),
        words: match app.state {
            AppState::Acknowledged => confirmed(told.clone()).to_owned(),
            _ => state_words(status, &at),
        },
        message_url,
        detail,
        tries: match attempts {
            0 => "–".to_owned(),
            n => grouped(n),
        },
    }
}

/// What an app's confirmation says, as far as it goes: a security event that was taken is not a sign-out that was done.
fn confirmed<'a>(mut told: impl Iterator<Item = &'a Told> + Clone) -> &'static str {
    let proves = |told: &Told| {
        matches!(
            told.channel,
            Channel::BackChannel | Channel::GlobalRevocation
        )
    };
    if told.clone().any(proves) {
        "Signed out"
    } else if told.all(|told| told.channel == Channel::SsfPoll) {
        "Picked up"
    } else {
        "Accepted"
    }
}

/// "200 in 41 ms, 14:32:07", "503: down for maintenance, 14:32:07".
fn answer(last: &Attempt) -> String {
    let at = words::clock(last.at).text;
    match (last.status, last.text.as_str()) {
        (Some(status), "") => format!("{status} in {} ms, {at}", last.took),
        (Some(status), text) => format!("{status}: {text}, {at}"),
        (None, text) => format!("{text}, {at}"),
    }
}
