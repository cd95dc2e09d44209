//! `/deliveries`: every notice to an application, one of them with what it says, and telling it again now.

use axum::response::Response;
use serde_json::{Value, json};

use super::acts::{ok, to_its_end};
use super::principal::{Asked, no_such};
use crate::domain::client;
use crate::domain::outbox::delivery::{Attempt, Delivery};
use crate::domain::outbox::listing::{self, CursorError, Filter, Status};
use crate::domain::outbox::message;
use crate::domain::outbox::{Channel, DeliveryId, redeliver};
use crate::http::answer::Problem;

/// `GET /deliveries`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    let params = &asked.asker.params;
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    let client = match params.text("clientId") {
        None => None,
        Some(id) => match client::find(ctx, realm, id).await? {
            Some(found) => Some(found.id),
            None => return Err(no_such("client")),
        },
    };
    let refuse = |name: &str, known: &[&str]| {
        let known = known.join(", ");
        Problem::bad_request(format!("{name} must be one of {known}"))
    };
    let status = match params.text("status") {
        None => None,
        Some(name) => Some(
            Status::parse(name)
                .ok_or_else(|| refuse("status", &Status::ALL.map(Status::as_str)))?,
        ),
    };
    let channel = match params.text("channel") {
        None => None,
        Some(name) => Some(
            Channel::parse(name)
                .ok_or_else(|| refuse("channel", &Channel::TOLD.map(Channel::as_str)))?,
        ),
    };
    let filter = Filter {
        client,
        status,
        channel,
    };
    let limit = params.number("limit")?.unwrap_or(USUAL).clamp(1, LARGEST);
    let listed = listing::list(ctx, realm, filter, params.text("cursor"), limit).await?;
    let listed = listed.map_err(|error: CursorError| Problem::bad_request(error.to_string()))?;
    let rows: Vec<Value> = listed.rows.iter().map(|(id, d)| shown(*id, d)).collect();
    Ok(ok(json!({ "deliveries": rows, "next": listed.next })))
}

fn shown(id: DeliveryId, delivery: &Delivery) -> Value {
    let last = delivery.tries.last();
    json!({
        "id": id.to_string(),
        "signOutId": id.act,
        "clientId": delivery.client_id,
        "name": delivery.name,
        "channel": delivery.channel.as_str(),
        "userId": delivery.user,
        "sessionId": delivery.sid,
        "status": Status::of(delivery).map(Status::as_str),
        "createdAt": delivery.created_at.rfc3339(),
        "attempts": delivery.attempts,
        "lastStatus": last.and_then(|last| last.status),
        "lastAnswer": last.map(|last| last.text.as_str()),
        "nextAttemptAt": delivery.next_at.map(|at| at.rfc3339()),
        "settledAt": delivery.settled_at.map(|at| at.rfc3339()),
    })
}

fn tried(attempt: &Attempt) -> Value {
    json!({
        "at": attempt.at.rfc3339(),
        "tookMs": attempt.took,
        "status": attempt.status,
        "text": attempt.text,
    })
}

async fn find(asked: &Asked) -> Result<(DeliveryId, Delivery), Problem> {
    let id: DeliveryId = asked.id("id", "delivery")?;
    let found = listing::find(&asked.asker.app.ctx, &asked.realm, id).await?;
    // A line of a receipt about an app without a channel is no notice.
    let found = found.filter(|delivery| Status::of(delivery).is_some());
    Ok((id, found.ok_or_else(|| no_such("delivery"))?))
}

/// `GET /deliveries/{id}`
pub(super) async fn one(asked: Asked) -> Result<Response, Problem> {
    let (id, delivery) = find(&asked).await?;
    let message = message::of(&asked.asker.app.ctx, &asked.realm, id, &delivery).await?;
    let mut body = shown(id, &delivery);
    if let Some(body) = body.as_object_mut() {
        let tries: Vec<Value> = delivery.tries.iter().map(tried).collect();
        body.insert("tries".to_owned(), Value::Array(tries));
        let message = message.map(|message| {
            json!({
                "to": message.to,
                "header": message.header,
                "claims": message.claims,
                "body": message.body,
            })
        });
        body.insert("message".to_owned(), json!(message));
    }
    Ok(ok(body))
}

/// `POST /deliveries/{id}/redeliver`
pub(super) async fn again(asked: Asked) -> Result<Response, Problem> {
    let (id, _) = find(&asked).await?;
    let moved = to_its_end(async move {
        let (ctx, actor) = (&asked.asker.app.ctx, &asked.asker.principal.actor);
        redeliver::one(ctx, &asked.realm, actor, id).await
    });
    Ok(ok(json!({ "redelivered": u64::from(moved.await??) })))
}

const USUAL: usize = 50;
const LARGEST: usize = 200;
