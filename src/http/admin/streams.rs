//! `/streams`: who is told of what happens by Shared Signals, and how each stream fares. The header that a receiver gave for
//! its own door is nobody's to see.

use axum::response::Response;
use serde_json::{Value, json};

use super::acts::{done, ok, to_its_end};
use super::principal::{Asked, no_such};
use super::read::{Body, Fields};
use super::shapes::stream as shape;
use crate::domain::id::StreamId;
use crate::domain::ssf::{SsfError, Status, bounds, marks, status, streams};
use crate::http::answer::Problem;

/// `GET /streams`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    let (ctx, realm) = (&*asked.asker.app.ctx, asked.realm.id);
    let mut all = Vec::new();
    for known in &*streams::all(ctx, realm).await? {
        let id = known.stream.id;
        let waiting = bounds::count(ctx, realm, id).await?;
        let marks = marks::of(ctx, realm, id).await?;
        all.push(shape::stream(&known.stream, waiting, &marks));
    }
    Ok(ok(json!({ "streams": Value::Array(all) })))
}

/// `PUT /streams/{id}/status`
pub(super) async fn set_status(asked: Asked, body: Body) -> Result<Response, Problem> {
    let id: StreamId = asked.id("id", "stream")?;
    let (ctx, realm) = (&asked.asker.app.ctx, asked.realm.id);
    streams::find(ctx, realm, id)
        .await?
        .ok_or_else(|| no_such("stream"))?;
    let mut fields = Fields::of(body.object()?, &["status", "reason"])?;
    let wish = fields.text("status")?;
    let wish = wish
        .as_deref()
        .and_then(Status::parse)
        .ok_or_else(|| Problem::bad_request("status must be enabled, paused or disabled"))?;
    let reason = fields.text("reason")?;
    let set = to_its_end(async move {
        let (ctx, actor) = (&asked.asker.app.ctx, &asked.asker.principal.actor);
        status::impose(ctx, &asked.realm, actor, id, wish, reason).await
    });
    match set.await? {
        Ok(_) => Ok(done(None)),
        Err(SsfError::NotFound) => Err(no_such("stream")),
        Err(SsfError::Fault(fault)) => Err(fault.into()),
        Err(other) => Err(Problem::invalid(other.to_string())),
    }
}
