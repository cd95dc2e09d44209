//! How refusals leave: OAuth errors as RFC 6749 §5.2 JSON, problems of the admin API as RFC 9457, faults as 503 or 500.
//! The caller sees a description and the request id; the log gets the chain, once.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::domain::Fault;
use crate::protocol::userinfo::basic_challenge;
use crate::protocol::{ErrorCode, OAuthError};

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, no_store(), Json(self.to_json())).into_response();
        if self.code == ErrorCode::InvalidClient
            && let Ok(challenge) = HeaderValue::from_str(&basic_challenge("realmkeep"))
        {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// The headers that keep an answer out of every cache (RFC 6749 §5.1).
pub fn no_store() -> [(header::HeaderName, &'static str); 2] {
    [
        (header::CACHE_CONTROL, "no-store"),
        (header::PRAGMA, "no-cache"),
    ]
}

/// Logs a fault with its chain of causes. Faults carry no secrets.
pub fn log_fault(fault: &Fault) {
    let mut chain = fault.to_string();
    let mut cause = std::error::Error::source(fault);
    while let Some(next) = cause {
        chain.push_str(": ");
        chain.push_str(&next.to_string());
        cause = next.source();
    }
    tracing::error!(fault = %chain, "could not decide");
}

/// A fault in the words of OAuth: `temporarily_unavailable` or `server_error`.
impl From<Fault> for OAuthError {
    fn from(fault: Fault) -> OAuthError {
        log_fault(&fault);
        if fault.is_passing() {
            let why = if fault.is_no_room() {
                "the server's disk is nearly full: it takes sign-outs only, until there is room"
            } else {
                "the server is busy; try again in a moment"
            };
            OAuthError::new(ErrorCode::TemporarilyUnavailable, why)
        } else {
            OAuthError::server_error()
        }
    }
}

/// A problem of the admin API (RFC 9457).
#[derive(Debug)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// The last part of the stable `type` URI: `{public_url}`-independent, `urn:realmkeep:problem:{kind}`.
    pub kind: &'static str,
    /// The same for every problem of this kind.
    pub title: &'static str,
    /// What was wrong this time and what was expected.
    pub detail: String,
}

impl Problem {
    /// A problem.
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Problem {
        Problem {
            status,
            kind,
            title,
            detail: detail.into(),
        }
    }

    /// 400: the request does not read.
    pub fn bad_request(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "The request is not well-formed",
            detail,
        )
    }

    /// 401: no good bearer token.
    pub fn unauthorized(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "A good access token is needed",
            detail,
        )
    }

    /// 404: not there, or not for the asker to know.
    pub fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is no such thing",
            detail,
        )
    }

    /// 409: it contradicts what is there.
    pub fn conflict(kind: &'static str, title: &'static str, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, kind, title, detail)
    }

    /// 422: it reads, but may not be.
    pub fn invalid(detail: impl Into<String>) -> Problem {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "A value is not allowed",
            detail,
        )
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        log_fault(&fault);
        if fault.is_no_room() {
            let detail = "sign-outs are taken, everything else is refused until there is room";
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "no-room",
                "The server's disk is nearly full",
                detail,
            )
        } else if fault.is_passing() {
            let detail = "try again in a moment; an act that names an Idempotency-Key is done once";
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "The server is busy",
                detail,
            )
        } else {
            let detail = "the log has the cause under this request's id";
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "The server could not decide",
                detail,
            )
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": format!("urn:realmkeep:problem:{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            // What Keycloak's clients read.
            "error": self.kind,
            "errorMessage": self.detail,
        });
        let headers = [
            (header::CONTENT_TYPE, "application/problem+json"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        let mut response = (self.status, headers, body.to_string()).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge =
                HeaderValue::from_static("Bearer realm=\"realmkeep\", error=\"invalid_token\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
