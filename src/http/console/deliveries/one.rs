//! `GET /admin/{realm}/deliveries/{id}`: one notice: what it says, decoded, and every attempt that is kept;
//! `POST …/retry` tells it again now.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use serde_json::Value;

use super::{need, row, words_of};
use crate::domain::access::Right;
use crate::domain::outbox::delivery::{Attempt, Delivery, KEPT};
use crate::domain::outbox::listing::{self, Status};
use crate::domain::outbox::message::{self, Message};
use crate::domain::outbox::{Channel, DeliveryId, redeliver};
use crate::domain::signout::receipt;
use crate::domain::{ActorKind, Fault, session};
use crate::http::console::frame::{self, Answer, Stop};
use crate::http::console::gate::{Form, Gate};
use crate::http::console::pages::{
    AttemptRow, DeliveryPage, Fact, Line, Link, MessageTable, Section, grouped,
};
use crate::http::console::words;

type At = Path<(String, String)>;

async fn find(gate: &Gate, id: &str) -> Result<(DeliveryId, Delivery), Stop> {
    if let Ok(id) = id.parse::<DeliveryId>()
        && let Some(delivery) = listing::find(&gate.ctx, &gate.realm, id).await?
    {
        return Ok((id, delivery));
    }
    let text = "No notice of this realm has this address. Notices are forgotten together with the receipt of their sign-out.";
    let back = Link {
        label: "Deliveries".to_owned(),
        url: gate.at("/deliveries").to_string(),
    };
    let title = "There is no such delivery";
    Err(gate.message(StatusCode::NOT_FOUND, title, text, vec![back]))
}

/// Answers the page.
pub async fn page(gate: Gate, Path((_, id)): At) -> Answer {
    need(&gate)?;
    let (id, delivery) = find(&gate, &id).await?;
    let who = session::find(&gate.ctx, &gate.realm, id.sid).await?;
    let name = who.map(|read| read.value.username);
    let Some(row) = row(&gate, id, &delivery, name.as_ref()) else {
        return Err(Fault::Record("delivery").into());
    };
    let message = message::of(&gate.ctx, &gate.realm, id, &delivery).await?;
    let status = Status::of(&delivery);
    let retryable = matches!(
        status,
        Some(Status::Retrying | Status::Refused | Status::GaveUp)
    );
    let query = Form::read(gate.query.as_bytes());
    let page = DeliveryPage {
        shell: gate.shell(Section::Deliveries),
        facts: facts(&gate, id, &delivery, &row.person, message.as_ref()).await?,
        retry_url: (retryable && gate.may(Right::EndSessions))
            .then(|| format!("{}/retry", row.url)),
        notes: notes(query.one("retried")),
        tables: message.as_ref().map(tables).unwrap_or_default(),
        json: message.as_ref().map(json).unwrap_or_default(),
        about: about(&delivery, message.is_some()).to_owned(),
        attempts: attempts(&delivery),
        more_attempts: more(&delivery),
        row,
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn notes(retried: &str) -> Vec<Line> {
    match retried {
        "yes" => vec![Line::new(
            "ok",
            "It is told again now. What comes of it stands below when the app has answered: look again in a moment.",
        )],
        "no" => vec![Line::new(
            "warn",
            "There was nothing to tell again: it is due already, the app confirmed meanwhile, or it has no such channel any more.",
        )],
        _ => Vec::new(),
    }
}

async fn facts(
    gate: &Gate,
    id: DeliveryId,
    delivery: &Delivery,
    person: &str,
    message: Option<&Message>,
) -> Result<Vec<Fact>, Fault> {
    let fact = |label: &str, value: String, code: bool| Fact {
        label: label.to_owned(),
        value,
        code,
        ..Fact::default()
    };
    let time = |label: &str, at: crate::domain::time::Timestamp| {
        let moment = words::full(at);
        Fact {
            label: label.to_owned(),
            value: moment.text,
            datetime: moment.datetime,
            code: false,
        }
    };
    let act = receipt::find(&gate.ctx, &gate.realm, id.act).await?;
    let mut facts = Vec::new();
    if let Some(status) = Status::of(delivery) {
        facts.push(fact("Status", words_of(status).to_owned(), false));
    }
    facts.push(fact("Channel", delivery.channel.words().to_owned(), false));
    if let Some(to) = message.and_then(|message| message.to.clone()) {
        facts.push(fact("To", to, true));
    }
    if !person.is_empty() {
        facts.push(fact("Person", person.to_owned(), false));
    }
    facts.push(fact("Session", id.sid.to_string(), true));
    if let Some(act) = act {
        facts.push(fact(
            "Reason",
            act.why.unwrap_or_else(|| act.reason.text().to_owned()),
            false,
        ));
        facts.push(fact("By", act.actor.name, false));
    }
    facts.push(time("Written", delivery.created_at));
    facts.push(fact(
        "Attempts",
        grouped(u64::from(delivery.attempts)),
        false,
    ));
    if let Some(next) = delivery.next_at {
        facts.push(time("Next try", next));
    }
    if let Some(settled) = delivery.settled_at {
        facts.push(time("Settled", settled));
    }
    Ok(facts)
}

fn about(delivery: &Delivery, can_be_made: bool) -> &'static str {
    if !can_be_made {
        return "It can no longer be made: the app has no such channel any more, or the sign-out was forgotten.";
    }
    match delivery.channel {
        Channel::Webhook => {
            "Made and signed anew for every attempt; this is what the next one says."
        }
        Channel::SsfPush | Channel::SsfPoll => {
            "The event as its token says it. The token’s own id (jti) is made when it is sent."
        }
        _ => {
            "Tokens are made anew for every attempt and not kept. This is what the next one says; those before it differed in iat, exp and jti alone."
        }
    }
}

fn tables(message: &Message) -> Vec<MessageTable> {
    let table = |name: &str, value: &Value| MessageTable {
        name: name.to_owned(),
        rows: value
            .as_object()
            .map(|members| {
                let row = |(name, value): (&String, &Value)| Link {
                    label: name.clone(),
                    url: text(name, value),
                };
                members.iter().map(row).collect()
            })
            .unwrap_or_default(),
    };
    let mut tables = Vec::new();
    if let Some(header) = &message.header {
        tables.push(table("Header", header));
        tables.push(table("Claims", &message.claims));
    } else {
        tables.push(table("Body", &message.claims));
    }
    if let Some(body) = &message.body {
        tables.push(table("Body", body));
    }
    tables
}

/// A value as people read it; dates beside their numbers.
fn text(name: &str, value: &Value) -> String {
    match (name, value) {
        ("iat" | "exp" | "nbf", Value::Number(secs)) => {
            let at = secs
                .as_u64()
                .map(|s| crate::domain::time::Timestamp(s.saturating_mul(1000)));
            at.map_or_else(
                || secs.to_string(),
                |at| format!("{secs} ({})", words::full(at).text),
            )
        }
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

fn json(message: &Message) -> String {
    let mut whole = serde_json::Map::new();
    if let Some(header) = &message.header {
        whole.insert("header".to_owned(), header.clone());
        whole.insert("claims".to_owned(), message.claims.clone());
    } else {
        whole.insert("body".to_owned(), message.claims.clone());
    }
    if let Some(body) = &message.body {
        whole.insert("body".to_owned(), body.clone());
    }
    serde_json::to_string_pretty(&whole).unwrap_or_default()
}

fn attempts(delivery: &Delivery) -> Vec<AttemptRow> {
    let first = delivery.attempts as usize - delivery.tries.len().min(delivery.attempts as usize);
    let row = |(n, attempt): (usize, &Attempt)| AttemptRow {
        number: grouped((first + n + 1) as u64),
        at: words::full(attempt.at),
        status: attempt.status.map(|status| {
            let name = StatusCode::from_u16(status)
                .ok()
                .and_then(|s| s.canonical_reason());
            format!("{status} {}", name.unwrap_or_default())
        }),
        text: attempt.text.clone(),
        took: format!("{} ms", attempt.took),
    };
    let mut rows: Vec<AttemptRow> = delivery.tries.iter().enumerate().map(row).collect();
    rows.reverse();
    rows
}

fn more(delivery: &Delivery) -> String {
    let earlier = (delivery.attempts as usize).saturating_sub(delivery.tries.len());
    match earlier {
        0 => String::new(),
        n => format!(
            "The last {KEPT} attempts are kept; {} earlier ones are not.",
            grouped(n as u64)
        ),
    }
}

/// `POST …/retry`.
pub async fn retry(gate: Gate, Path((_, id)): At, body: Bytes) -> Answer {
    gate.posted(&body).await?;
    gate.need(Right::EndSessions)?;
    let (id, _) = find(&gate, &id).await?;
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let done = tokio::spawn(async move { redeliver::one(&ctx, &realm, &actor, id).await });
    let moved = done.await.map_err(|_| Fault::Busy)??;
    let here = gate.at(&format!("/deliveries/{id}"));
    let to = here.with("retried", if moved { "yes" } else { "no" });
    Ok(Redirect::to(&to.to_string()).into_response())
}
