//! How a console page leaves: rendered, never cached, under the strictest policy; and the page for when there is none.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::address::Address;
use crate::domain::Fault;
use crate::domain::entropy::{Entropy, OsEntropy};
use crate::http::answer::log_fault;
use crate::http::signin::pages::{ErrorPage, Gate as Plain};
use crate::http::words;

/// What every page may load, but for images.
macro_rules! policy {
    () => {
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    };
}

/// What a handler answers: a response, or the response that stands in for it.
pub type Answer = Result<Response, Stop>;

/// Why the page asked for is not the answer.
#[derive(Debug)]
pub enum Stop {
    /// Something else is.
    Instead(Box<Response>),
    /// It could not be decided.
    Fault(Fault),
}

impl From<Response> for Stop {
    fn from(response: Response) -> Stop {
        Stop::Instead(Box::new(response))
    }
}

impl From<Redirect> for Stop {
    fn from(redirect: Redirect) -> Stop {
        redirect.into_response().into()
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Stop::Instead(response) => *response,
            Stop::Fault(fault) => {
                let id = request_id();
                log_fault(&fault);
                tracing::error!(request = %id, "answered with an error page");
                let (status, description) = if fault.is_no_room() {
                    (
                        StatusCode::SERVICE_UNAVAILABLE,
                        "Nothing was changed: the disk is nearly full, and only sign-outs are taken until there is room.",
                    )
                } else if fault.is_in_doubt() {
                    (
                        StatusCode::SERVICE_UNAVAILABLE,
                        "The database was lost for a moment: it is not known whether this was done. Look before you try again.",
                    )
                } else if fault.is_passing() {
                    (
                        StatusCode::SERVICE_UNAVAILABLE,
                        "Nothing was changed. Try again in a moment.",
                    )
                } else {
                    (
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "The log has the cause under the request below.",
                    )
                };
                bare(status, "The server could not decide", description, id, None)
            }
        }
    }
}

/// A page or a fragment of one.
pub fn html(status: StatusCode, page: &impl Template) -> Response {
    let body = match page.render() {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "a page did not render");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The same page, allowed to show pictures that it holds itself: such as nobody has saved yet. In an image, whatever its
/// bytes are, nothing runs and nothing is loaded.
pub fn pictured(mut response: Response) -> Response {
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(concat!(policy!(), "; img-src 'self' data:")),
    );
    response
}

/// A page outside the frame: for somebody who is not signed in, or when the frame itself cannot be filled.
pub fn bare(
    status: StatusCode,
    title: &str,
    description: &str,
    id: String,
    onward: Option<(&str, Address)>,
) -> Response {
    let page = ErrorPage {
        gate: Plain::nowhere(words::english()),
        title: title.to_owned(),
        code: status.as_u16().to_string(),
        description: description.to_owned(),
        id,
        onward: onward.map(|(label, to)| (label.to_owned(), to.to_string())),
    };
    html(status, &page)
}

/// Names one answer, for whoever reports it and whoever reads the log.
pub fn request_id() -> String {
    let mut bytes = [0u8; 8];
    OsEntropy.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whatever is shown may hold what an attacker chose, so nothing but the server's own files may run, load or be posted
/// to. The referrer stays on this site: it leads "Cancel" back to the list.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        concat!(policy!(), "; img-src 'self'"),
    ),
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "X-Fragment, Cookie"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];
