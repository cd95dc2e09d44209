//! A page instead of an answer: what happened, what to do, whom to ask, and the request to be quoted.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::headers;
use super::pages::{ErrorPage, Gate};
use crate::domain::Fault;
use crate::http::answer::log_fault;
use crate::http::guard::RequestId;
use crate::http::state::App;
use crate::http::words::Words;
use crate::protocol::OAuthError;

/// A text of ours in whatever language the page is.
pub type Said = fn(&'static Words) -> &'static str;

/// A page instead of an answer: no app can be told, or must be.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    title: Said,
    code: &'static str,
    why: Why,
    onward: Option<Box<(Said, String)>>,
    retry_after: Option<u32>,
}

#[derive(Debug)]
enum Why {
    Ours(Said),
    /// The words of the protocol.
    Malformed(String),
}

impl Refusal {
    /// A refusal. `why` says what happened and what to do now.
    pub fn new(status: StatusCode, title: Said, code: &'static str, why: Said) -> Refusal {
        Refusal {
            status,
            title,
            code,
            why: Why::Ours(why),
            onward: None,
            retry_after: None,
        }
    }

    /// 400: the link or the app's request does not read.
    pub fn bad_link(code: &'static str, why: Said) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, |w| w.errors.link_title, code, why)
    }

    /// 400: the sign-in that a form or link belongs to is not known to this browser.
    pub fn unknown_interaction() -> Refusal {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            |w| w.errors.over_title,
            "unknown_interaction",
            |w| w.errors.over,
        )
    }

    /// 403: a form that this browser cannot have been given, or that is too old.
    pub fn form_over() -> Refusal {
        Refusal::new(
            StatusCode::FORBIDDEN,
            |w| w.errors.form_title,
            "invalid_form",
            |w| w.errors.form,
        )
    }

    /// 500: a fault of ours.
    pub fn internal() -> Refusal {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            |w| w.errors.broken_title,
            "server_error",
            |w| w.errors.broken,
        )
    }

    /// 404: no such realm.
    pub fn no_realm() -> Refusal {
        Refusal::new(
            StatusCode::NOT_FOUND,
            |w| w.errors.nowhere_title,
            "realm_not_found",
            |w| w.errors.nowhere,
        )
    }

    /// With a way on: label and address.
    #[must_use]
    pub fn with_onward(mut self, label: Said, address: String) -> Refusal {
        self.onward = Some(Box::new((label, address)));
        self
    }

    /// The page.
    pub fn into_page(self, app: &App, id: Option<&RequestId>, gate: Gate) -> Response {
        let id = request_id(app, id);
        tracing::info!(request = %id, status = self.status.as_u16(), code = self.code, "a browser was shown an error page");
        let words = gate.words;
        let page = ErrorPage {
            gate,
            title: (self.title)(words).to_owned(),
            code: self.code.to_owned(),
            description: match self.why {
                Why::Ours(why) => why(words).to_owned(),
                Why::Malformed(why) => (words.errors.malformed)(&why),
            },
            id,
            onward: self.onward.map(|onward| {
                let (label, address) = *onward;
                (label(words).to_owned(), address)
            }),
        };
        let mut response = match page.render() {
            Ok(html) => (self.status, Html(html)).into_response(),
            Err(_) => (self.status, self.code).into_response(),
        };
        headers::protect(response.headers_mut());
        if let Some(secs) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}

/// A request that does not read, shown instead of sent anywhere.
impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Refusal {
        let mut refusal = Refusal::bad_link(error.code.as_str(), |w| w.errors.broken);
        refusal.why = Why::Malformed(error.description().to_owned());
        refusal
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        log_fault(&fault);
        if !fault.is_passing() {
            return Refusal::internal();
        }
        let why: Said = if fault.is_no_room() {
            |w| w.errors.no_room
        } else if fault.is_in_doubt() {
            |w| w.errors.in_doubt
        } else {
            |w| w.errors.busy
        };
        let mut refusal = Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            |w| w.errors.wait_title,
            "temporarily_unavailable",
            why,
        );
        refusal.retry_after = Some(1);
        refusal
    }
}

/// The request's id: that of its line in the log.
fn request_id(app: &App, given: Option<&RequestId>) -> String {
    let given = given.and_then(|id| id.0.to_str().ok());
    given.map_or_else(|| app.ctx.new_id().simple().to_string(), str::to_owned)
}
