//! Polling (RFC 8936): what the receiver has is taken away, what it refuses is set aside, and what waits is handed out, as
//! often as it is asked for until it is acknowledged.

use axum::Json;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::Refusal;
use super::receiver::{Body, May, Receiver};
use super::streams;
use crate::domain::id::StreamId;
use crate::domain::ssf::{SsfError, queue};
use crate::http::answer::no_store;
use crate::http::state::App;
use crate::protocol::ssf::request;

/// The receiver and the stream that the address names.
pub(super) struct Address {
    client_id: String,
    id: Option<StreamId>,
}

impl FromRequestParts<App> for Address {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Address, Response> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let of = |name: &str| {
            let found = params.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        Ok(Address {
            client_id: of("client"),
            id: of("id").parse().ok(),
        })
    }
}

/// `POST`
pub(super) async fn poll(
    receiver: Receiver,
    address: Address,
    Body(body): Body,
) -> Result<Response, Refusal> {
    receiver.require(May::Read)?;
    if address.client_id != receiver.client.client_id() {
        return Err(SsfError::NotFound.into());
    }
    let stream = streams::find(&receiver, address.id).await?;
    if stream.is_push() {
        let words = "the stream is delivered by push; its delivery method says so";
        return Err(SsfError::Invalid(words.to_owned()).into());
    }
    let poll = request::poll(&body)?;
    let polled = queue::poll(&receiver.app.ctx, &receiver.realm, &stream, &poll).await?;
    if poll.wait && !polled.sets.is_empty() {
        // It may have waited for half a minute.
        receiver.still().await?;
    }
    Ok((no_store(), Json(request::polled(&polled))).into_response())
}
