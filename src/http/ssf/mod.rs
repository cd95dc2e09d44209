//! Shared Signals: the transmitter's endpoints (SSF 1.0 §7, §8; RFC 8936). Paths are those of [`crate::protocol::ssf::path`],
//! below `/realms/{realm}`.
//!
//! Invariant: an endpoint learns its realm and its receiver only from [`receiver::Receiver`], and a stream only through the
//! verbs of the domain, which take the receiver's id: there is no way to another receiver's stream.

mod metadata;
mod poll;
mod receiver;
mod streams;
mod subjects;
#[cfg(test)]
mod tests;

use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

use super::answer::{log_fault, no_store};
use super::state::App;
use crate::domain::Fault;
use crate::domain::ssf::SsfError;
use crate::protocol::OAuthError;
use crate::protocol::ssf::{Unread, path};

/// The largest body: a thousand acknowledgements are less than half of it.
const MAX_BODY: usize = 128 * 1024;

/// Every route of Shared Signals.
pub fn routes() -> Router<App> {
    let at = |path: &str| format!("/realms/{{realm}}{path}");
    Router::new()
        .route(&at(path::METADATA), get(metadata::metadata))
        .route(
            &format!("{}/realms/{{realm}}", path::METADATA),
            get(metadata::metadata),
        )
        .route(
            &at(path::STREAMS),
            get(streams::read)
                .post(streams::create)
                .patch(streams::update)
                .put(streams::replace)
                .delete(streams::delete),
        )
        .route(
            &at(path::STATUS),
            get(streams::status).post(streams::set_status),
        )
        .route(&at(path::ADD_SUBJECT), post(subjects::add))
        .route(&at(path::REMOVE_SUBJECT), post(subjects::remove))
        .route(&at(path::VERIFY), post(streams::verify))
        .route(&at(path::POLL), post(poll::poll))
        .layer(DefaultBodyLimit::max(MAX_BODY))
}

/// A refusal of these endpoints. The body has the members of RFC 8935 §2.3, which SSF leaves open for its own.
#[derive(Debug)]
enum Refusal {
    /// The realm shares no signals.
    Off,
    /// 401 without a token: what is expected (RFC 6750 §3.1).
    NoToken(String),
    /// 401, 403 or a fault, in the words of RFC 6750.
    Token(String, OAuthError, Option<&'static str>),
    /// 400.
    Unread(Unread),
    /// What the domain refused.
    Ssf(SsfError),
}

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Refusal {
        Refusal::Unread(unread)
    }
}

impl From<SsfError> for Refusal {
    fn from(error: SsfError) -> Refusal {
        Refusal::Ssf(error)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        Refusal::Ssf(SsfError::Fault(fault))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code, words) = match self {
            Refusal::NoToken(realm) => return receiver::challenge(&realm, None, None),
            Refusal::Token(realm, error, scope) => {
                return receiver::challenge(&realm, Some(error), scope);
            }
            Refusal::Off => (
                StatusCode::NOT_FOUND,
                "not_found",
                "this realm shares no signals".to_owned(),
            ),
            Refusal::Unread(Unread(words)) => (StatusCode::BAD_REQUEST, "invalid_request", words),
            Refusal::Ssf(SsfError::Fault(fault)) => {
                log_fault(&fault);
                if fault.is_passing() {
                    (
                        StatusCode::SERVICE_UNAVAILABLE,
                        "temporarily_unavailable",
                        "the server is busy; try again in a moment".to_owned(),
                    )
                } else {
                    (
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "server_error",
                        "the server could not decide".to_owned(),
                    )
                }
            }
            Refusal::Ssf(error) => {
                let (status, code) = match &error {
                    SsfError::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
                    SsfError::NotFound => (StatusCode::NOT_FOUND, "not_found"),
                    SsfError::Exists => (StatusCode::CONFLICT, "stream_exists"),
                    SsfError::Full(_) | SsfError::TooMany(_) => {
                        (StatusCode::FORBIDDEN, "limit_reached")
                    }
                    SsfError::TooSoon(_) | SsfError::Fault(_) => {
                        (StatusCode::TOO_MANY_REQUESTS, "too_many_requests")
                    }
                };
                (status, code, error.to_string())
            }
        };
        tracing::Span::current().record("error", code);
        let body = Json(json!({ "err": code, "description": words }));
        let mut response = (status, no_store(), body).into_response();
        if matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        ) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
        }
        response
    }
}
