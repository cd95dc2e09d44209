//! Stream configuration, status and verification (SSF 1.0 §8.1.1, §8.1.2, §8.1.4).

use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Refusal;
use super::receiver::{Body, May, Receiver};
use crate::domain::id::StreamId;
use crate::domain::ssf::{SsfError, Stream, bounds, marks, status, verbs};
use crate::http::answer::no_store;
use crate::protocol::Params;
use crate::protocol::ssf::{Unread, request, stream as shape};

fn ok(body: Value) -> Response {
    (no_store(), Json(body)).into_response()
}

/// The stream of an id that was read; `None` is the id of no stream.
pub(super) async fn find(
    receiver: &Receiver,
    id: Option<StreamId>,
) -> Result<Arc<Stream>, Refusal> {
    let id = id.ok_or(SsfError::NotFound)?;
    let found = verbs::find(&receiver.app.ctx, &receiver.realm, receiver.client.id, id).await?;
    Ok(found)
}

/// The `stream_id` of the query.
fn asked(receiver: &Receiver) -> Result<Option<Option<StreamId>>, Refusal> {
    let params =
        Params::read(&receiver.query).map_err(|error| Unread(error.description().to_owned()))?;
    Ok(params.one("stream_id").map(|text| text.parse().ok()))
}

fn needed(receiver: &Receiver) -> Result<Option<StreamId>, Refusal> {
    let missing = || Unread("the query must have stream_id".to_owned());
    Ok(asked(receiver)?.ok_or_else(missing)?)
}

/// `GET`: one stream, or without an id all of the receiver's.
pub(super) async fn read(receiver: Receiver) -> Result<Response, Refusal> {
    receiver.require(May::Read)?;
    let answer = |stream: &Stream| shape::answer(&receiver.issuer, stream);
    match asked(&receiver)? {
        Some(id) => Ok(ok(answer(&*find(&receiver, id).await?))),
        None => {
            let own = verbs::own(&receiver.app.ctx, &receiver.realm, receiver.client.id).await?;
            let all: Vec<Value> = own.iter().map(|stream| answer(stream)).collect();
            Ok(ok(all.into()))
        }
    }
}

/// `POST`: makes the receiver's stream.
pub(super) async fn create(receiver: Receiver, Body(body): Body) -> Result<Response, Refusal> {
    receiver.require(May::Manage)?;
    let settings = shape::create(&body)?;
    let made = verbs::create(
        &receiver.app.ctx,
        &receiver.realm,
        &receiver.client,
        settings,
    )
    .await?;
    let mut response = ok(shape::answer(&receiver.issuer, &made));
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `PATCH`: changes what the body names.
pub(super) async fn update(receiver: Receiver, Body(body): Body) -> Result<Response, Refusal> {
    receiver.require(May::Manage)?;
    let (id, patch, claims) = shape::update(&body)?;
    let before = find(&receiver, id).await?;
    claims.check(&receiver.issuer, &before)?;
    let (ctx, realm, client) = (&receiver.app.ctx, &receiver.realm, &receiver.client);
    let after = verbs::update(ctx, realm, client, before.id, patch).await?;
    Ok(ok(shape::answer(&receiver.issuer, &after)))
}

/// `PUT`: replaces everything that is the receiver's to say.
pub(super) async fn replace(receiver: Receiver, Body(body): Body) -> Result<Response, Refusal> {
    receiver.require(May::Manage)?;
    let (id, settings, claims) = shape::replace(&body)?;
    let before = find(&receiver, id).await?;
    claims.check(&receiver.issuer, &before)?;
    let (ctx, realm, client) = (&receiver.app.ctx, &receiver.realm, &receiver.client);
    let after = verbs::replace(ctx, realm, client, before.id, settings).await?;
    Ok(ok(shape::answer(&receiver.issuer, &after)))
}

/// `DELETE`
pub(super) async fn delete(receiver: Receiver) -> Result<Response, Refusal> {
    receiver.require(May::Manage)?;
    let id = needed(&receiver)?.ok_or(SsfError::NotFound)?;
    let (ctx, realm, client) = (&receiver.app.ctx, &receiver.realm, &receiver.client);
    verbs::delete(ctx, realm, client, id).await?;
    Ok((StatusCode::NO_CONTENT, no_store()).into_response())
}

/// `GET` of the status.
pub(super) async fn status(receiver: Receiver) -> Result<Response, Refusal> {
    receiver.require(May::Read)?;
    let stream = find(&receiver, needed(&receiver)?).await?;
    status_of(&receiver, &stream).await
}

/// `POST` of a status.
pub(super) async fn set_status(receiver: Receiver, Body(body): Body) -> Result<Response, Refusal> {
    receiver.require(May::Manage)?;
    let wish = request::status(&body)?;
    let id = wish.id.ok_or(SsfError::NotFound)?;
    let (ctx, realm, client) = (&receiver.app.ctx, &receiver.realm, &receiver.client);
    let stream = status::set(ctx, realm, client, id, wish.status, wish.reason).await?;
    status_of(&receiver, &stream).await
}

async fn status_of(receiver: &Receiver, stream: &Stream) -> Result<Response, Refusal> {
    let (ctx, realm) = (&receiver.app.ctx, receiver.realm.id);
    let waiting = bounds::count(ctx, realm, stream.id).await?;
    let marks = marks::of(ctx, realm, stream.id).await?;
    Ok(ok(request::status_answer(stream, waiting, &marks)))
}

/// `POST`: a verification event is put into the stream.
pub(super) async fn verify(receiver: Receiver, Body(body): Body) -> Result<Response, Refusal> {
    receiver.require(May::Manage)?;
    let (id, state) = request::verify(&body)?;
    let stream = find(&receiver, id).await?;
    status::verify(&receiver.app.ctx, &receiver.realm, &stream, state).await?;
    Ok((StatusCode::NO_CONTENT, no_store()).into_response())
}

/// What an answer without content is made of, for the endpoints of subjects.
pub(super) fn empty() -> Response {
    (no_store(), Json(json!({}))).into_response()
}
