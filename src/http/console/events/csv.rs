//! `GET /admin/{realm}/events.csv`: everything a filter finds, as comma-separated values (RFC 4180), sent while it is read.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::super::csv::cell;
use super::super::frame::Answer;
use super::super::gate::Gate;
use super::filter::Asked;
use crate::domain::ActorKind;
use crate::domain::access::Right;
use crate::domain::audit::{self, Entry, Filter, Place, Record};
use crate::domain::id::RealmId;
use crate::domain::{Context, Fault};

/// The most records in one file.
const MOST: usize = 100_000;
/// Records read at once.
const PIECE: usize = 500;
const HEAD: &str = "at,action,target_kind,target,detail,actor_kind,actor,actor_id,actor_realm,actor_session,ip\r\n";

struct Reading {
    ctx: std::sync::Arc<Context>,
    realm: RealmId,
    filter: Filter,
    after: Option<Place>,
    left: usize,
    begun: bool,
}

/// Answers the file.
pub async fn send(gate: Gate) -> Answer {
    gate.need(Right::ViewAudit)?;
    let asked = Asked::read(&gate.query);
    let (filter, problems) = asked.filter();
    if !problems.is_empty() {
        let text: Vec<&str> = problems.iter().map(|p| p.text.as_str()).collect();
        let title = "The filter does not read";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(gate.message(status, title, &text.join(" "), Vec::new()));
    }
    // That somebody took it is on record before its first line is.
    let entry = Entry {
        actor: &gate.admin.actor(ActorKind::Admin),
        action: "events.export",
        target_kind: "realm",
        target: gate.realm.name.clone(),
        detail: Some(asked.words()),
    };
    audit::alone(&gate.ctx, gate.realm.id, &entry).await?;
    let reading = Reading {
        ctx: gate.ctx.clone(),
        realm: gate.realm.id,
        filter,
        after: None,
        left: MOST,
        begun: false,
    };
    let body = Body::from_stream(stream::try_unfold(reading, next));
    let name = format!("attachment; filename=\"events-{}.csv\"", gate.realm.name);
    let mut response: Response = (StatusCode::OK, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

async fn next(mut reading: Reading) -> Result<Option<(Bytes, Reading)>, Fault> {
    let mut text = String::new();
    if !reading.begun {
        reading.begun = true;
        text.push_str(HEAD);
        return Ok(Some((text.into(), reading)));
    }
    if reading.left == 0 {
        return Ok(None);
    }
    let limit = reading.left.min(PIECE);
    let (records, next) = audit::list(
        &reading.ctx,
        reading.realm,
        &reading.filter,
        reading.after,
        limit,
    )
    .await?;
    for (_, record) in &records {
        text.push_str(&line(record));
    }
    reading.left = match next {
        Some(_) => reading.left - records.len().min(reading.left),
        None => 0,
    };
    reading.after = next;
    Ok(Some((text.into(), reading)))
}

fn line(record: &Record) -> String {
    let actor = &record.actor;
    let kind = match actor.kind {
        ActorKind::Admin => "admin",
        ActorKind::User => "user",
        ActorKind::Client => "client",
        ActorKind::System => "system",
    };
    let sid = actor.sid.map(|sid| sid.to_string()).unwrap_or_default();
    let cells = [
        record.at.rfc3339().as_str(),
        &record.action,
        &record.target_kind,
        &record.target,
        record.detail.as_deref().unwrap_or_default(),
        kind,
        &actor.name,
        &actor.id,
        &actor.realm,
        &sid,
        actor.ip.as_deref().unwrap_or_default(),
    ]
    .map(cell);
    format!("{}\r\n", cells.join(","))
}
