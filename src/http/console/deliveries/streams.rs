//! `GET /admin/{realm}/streams`: who is told of what happens by event streams (Shared Signals), and how each fares;
//! `POST …/streams/{id}/status` holds one back or lets it go on.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::tabs;
use crate::domain::access::Right;
use crate::domain::id::StreamId;
use crate::domain::ssf::{Method, SsfError, Status, Stream, bounds, marks, status, streams};
use crate::domain::{ActorKind, Fault};
use crate::http::console::frame::{self, Answer};
use crate::http::console::gate::{Form, Gate};
use crate::http::console::pages::{Line, Section, StreamRow, StreamsPage, grouped};
use crate::http::console::words;

/// Answers the list.
pub async fn page(gate: Gate) -> Answer {
    gate.need(Right::ViewClients)?;
    let mut rows = Vec::new();
    for known in &*streams::all(&gate.ctx, gate.realm.id).await? {
        rows.push(row(&gate, &known.stream).await?);
    }
    let query = Form::read(gate.query.as_bytes());
    let mut notes = Vec::new();
    match query.one("done") {
        "enabled" => notes.push(Line::new("ok", "The stream goes on, and its receiver is told so.")),
        "paused" => notes.push(Line::new("ok", "The stream is held back, and its receiver is told so. The newest ten thousand events wait.")),
        "gone" => notes.push(Line::new("danger", "There is no such stream any more. Nothing was changed.")),
        _ => {}
    }
    if !gate.realm.settings.shared_signals.enabled {
        notes.push(Line::new("warn", "Shared signals are switched off in the settings of this realm: nothing is told by any stream."));
    }
    let page = StreamsPage {
        shell: gate.shell(Section::Deliveries),
        tabs: tabs(&gate, "Event streams"),
        notes,
        rows,
    };
    Ok(frame::html(StatusCode::OK, &page))
}

async fn row(gate: &Gate, stream: &Stream) -> Result<StreamRow, Fault> {
    let (waiting, exact) = bounds::count(&gate.ctx, gate.realm.id, stream.id).await?;
    let marks = marks::of(&gate.ctx, gate.realm.id, stream.id).await?;
    let root = gate
        .at(&format!("/streams/{}/status", stream.id))
        .to_string();
    let may = gate.may(Right::ManageClients);
    let next = match stream.status {
        Status::Enabled => ("paused", "Pause"),
        Status::Paused | Status::Disabled => ("enabled", "Enable"),
    };
    let fared = [
        (marks.delivered, "handed over"),
        (marks.rejected, "refused"),
        (marks.gave_up, "given up"),
        (marks.dropped, "dropped"),
    ];
    let fared = fared.iter().filter(|(n, _)| *n > 0);
    let fared: Vec<String> = fared
        .map(|(n, what)| format!("{} {what}", grouped(*n)))
        .collect();
    let last = match (&marks.last_problem, marks.failures) {
        (Some(problem), 1..) => problem.clone(),
        _ => String::new(),
    };
    Ok(StreamRow {
        id: stream.id.to_string(),
        client_id: stream.client_id.clone(),
        channel: stream.channel().words().to_owned(),
        uri: match &stream.method {
            Method::Push { endpoint_url, .. } => endpoint_url.clone(),
            Method::Poll => String::new(),
        },
        status: stream.status.as_str().to_owned(),
        reason: stream.reason.clone().unwrap_or_default(),
        waiting: format!(
            "{}{}",
            grouped(waiting as u64),
            if exact { "" } else { "+" }
        ),
        fared: fared.join(", "),
        last_good: marks.last_delivery_at.map(|at| words::ago(gate.now, at)),
        problem: last,
        set_url: may.then_some(root),
        next: next.0.to_owned(),
        next_words: next.1.to_owned(),
    })
}

/// `POST …/status`.
pub async fn set(gate: Gate, Path((_, id)): Path<(String, String)>, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ManageClients)?;
    let here = gate.at("/streams");
    let wish = match Status::parse(form.one("status")) {
        Some(wish @ (Status::Enabled | Status::Paused)) => wish,
        _ => return Ok(Redirect::to(&here.to_string()).into_response()),
    };
    let gone = || Ok(Redirect::to(&here.clone().with("done", "gone").to_string()).into_response());
    let Ok(id) = id.parse::<StreamId>() else {
        return gone();
    };
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let why = Some("by an administrator".to_owned());
    let done =
        tokio::spawn(async move { status::impose(&ctx, &realm, &actor, id, wish, why).await });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(_) => {
            let to = here.with("done", wish.as_str());
            Ok(Redirect::to(&to.to_string()).into_response())
        }
        Err(SsfError::Fault(fault)) => Err(fault.into()),
        Err(_) => gone(),
    }
}
