//! Around every route: an id and one line of the log for each request, a bound on its body, the headers every answer
//! carries, and an answer when a program error stopped one.
//!
//! The line names the route, never the address: queries, bodies, cookies and `Authorization` hold secrets.

use std::any::Any;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{MatchedPath, Request};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http_body_util::Limited;
use serde_json::json;
use tower::{Layer, Service, ServiceExt as _};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::state::App;

/// The largest body that is taken, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;
/// The largest one where whole files are taken: above what these routes take themselves, so that their own words are heard.
pub const MAX_FILE: usize = 65 * 1024 * 1024;
/// The routes that take whole files. They recognise who asks before they read.
const TAKE_FILES: [&str; 3] = [
    "/admin/realms/{realm}/imports",
    "/admin/realms/{realm}/imports/",
    "/admin/{realm}/users/import",
];

/// This request's id: in its line of the log and in its answer. Made here; one that comes in from outside is not looked at.
#[derive(Clone, Debug)]
pub struct RequestId(pub HeaderValue);

/// Puts the guard around every route of the product, and answers what no route does.
pub fn around(router: Router<App>, app: App) -> Router {
    let guard = Guard {
        ids: Arc::new(Ids::new(&app)),
    };
    let routes = router
        .fallback(|| async {
            plain(
                StatusCode::NOT_FOUND,
                "not_found",
                "there is nothing at this address",
            )
        })
        .method_not_allowed_fallback(|| async {
            let detail =
                "this address does not take this method; the Allow header names those it takes";
            plain(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
        })
        .layer(guard)
        .with_state(app);
    // Only what no route matched pays for the second look.
    let again = routes.clone();
    routes.fallback(move |mut request: Request| {
        let routes = again.clone();
        async move {
            if let Some(uri) = without_slash(request.uri()) {
                *request.uri_mut() = uri;
            }
            routes.oneshot(request).await
        }
    })
}

/// Some clients of the admin API put a slash behind every collection.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let bare = path
        .strip_suffix('/')
        .filter(|_| path.starts_with("/admin/realms"))?;
    let bare = bare.trim_end_matches('/');
    let target = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{bare}?{query}")),
        None => PathAndQuery::try_from(bare),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.ok()?);
    Uri::from_parts(parts).ok()
}

/// Ids of requests: a random word for the process, and a count. They tell requests apart; they keep no secret.
struct Ids {
    process: u64,
    count: AtomicU64,
}

impl Ids {
    fn new(app: &App) -> Ids {
        let mut random = [0; 8];
        app.ctx.entropy.fill(&mut random);
        Ids {
            process: u64::from_be_bytes(random),
            count: AtomicU64::new(1),
        }
    }

    fn next(&self) -> HeaderValue {
        let mut text = String::with_capacity(32);
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        // Writing to a String cannot fail.
        let _ = write!(text, "{:016x}-{count:x}", self.process);
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("unknown"))
    }
}

#[derive(Clone)]
struct Guard {
    ids: Arc<Ids>,
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            ids: Arc::clone(&self.ids),
            inner,
        }
    }
}

/// One service instead of a layer for each duty: every layer costs each request an allocation and a copy of the route.
#[derive(Clone)]
struct Guarded<S> {
    ids: Arc<Ids>,
    inner: S,
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let started = Instant::now();
        let id = self.ids.next();
        let span = span(&request, &id);
        let html = wants_page(request.headers());
        request.extensions_mut().insert(RequestId(id.clone()));
        let answer = match bounded(request) {
            Ok(request) => Ok(self.inner.call(request)),
            Err(TooLarge) => Err(plain(
                StatusCode::PAYLOAD_TOO_LARGE,
                "request_too_large",
                "the body of a request has at most 1 MiB, a file with people 64",
            )),
        };
        let within = span.clone();
        let answered = async move {
            let mut response = match answer {
                Ok(answer) => match AssertUnwindSafe(answer).catch_unwind().await {
                    Ok(Ok(response)) => response,
                    Ok(Err(never)) => match never {},
                    Err(panic) => broken(&*panic, html, &id),
                },
                Err(refused) => refused,
            };
            clothe(response.headers_mut(), id);
            if response.status() == StatusCode::SERVICE_UNAVAILABLE {
                // Whoever answered so: what stands in the way is passing (RFC 9110 §15.6.4).
                response
                    .headers_mut()
                    .entry(header::RETRY_AFTER)
                    .or_insert(HeaderValue::from_static("1"));
            }
            report(&span, response.status(), started);
            Ok(response)
        };
        Box::pin(answered.instrument(within))
    }
}

/// At the level of warnings, so that a log which leaves out the ordinary lines still says which request was in trouble.
/// The empty fields are filled in by whoever learns them.
fn span(request: &Request, id: &HeaderValue) -> Span {
    tracing::warn_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = request.method().as_str(),
        path = request
            .extensions()
            .get::<MatchedPath>()
            .map_or("none", MatchedPath::as_str),
        status = Empty,
        ms = Empty,
        client = Empty,
        error = Empty,
        why = Empty,
    )
}

/// The one line.
fn report(span: &Span, status: StatusCode, started: Instant) {
    span.record("status", status.as_u16());
    span.record(
        "ms",
        (started.elapsed().as_secs_f64() * 1_000_000.0).round() / 1000.0,
    );
    if status.is_server_error() {
        tracing::warn!("answered");
    } else {
        tracing::info!("answered");
    }
}

struct TooLarge;

/// Refuses a body that says it is too large, and cuts off one that does not say.
fn bounded(request: Request) -> Result<Request, TooLarge> {
    let hint = request.body().size_hint();
    let route = request.extensions().get::<MatchedPath>();
    let takes_files = route.is_some_and(|route| TAKE_FILES.contains(&route.as_str()));
    let limit = if takes_files { MAX_FILE } else { MAX_BODY };
    let most = u64::try_from(limit).unwrap_or(u64::MAX);
    match hint.upper() {
        _ if hint.lower() > most => Err(TooLarge),
        Some(upper) if upper <= most => Ok(request),
        _ => Ok(request.map(|body| Body::new(Limited::new(body, limit)))),
    }
}

fn clothe(headers: &mut HeaderMap, id: HeaderValue) {
    headers.insert(X_REQUEST_ID, id);
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // The console's pages tell each other where they come from.
    headers
        .entry(header::REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// What is answered when a program error stopped the answer. The log has what the program said, the caller the id.
fn broken(panic: &(dyn Any + Send), html: bool, id: &HeaderValue) -> Response {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(
        panic = words.unwrap_or("it did not say why"),
        "a request met a program error"
    );
    if !html {
        return plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "the server could not complete the request",
        );
    }
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Something went wrong</title>\
         <h1>Something went wrong</h1><p>The server could not complete the request. If you tell somebody about it, \
         mention <code id=\"error-id\">{}</code>.</p></html>",
        id.to_str().unwrap_or_default()
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, page).into_response()
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

/// A refusal that belongs to no endpoint, in the members that clients of OAuth and of the admin API read.
fn plain(status: StatusCode, error: &str, detail: &str) -> Response {
    let body = json!({ "error": error, "error_description": detail });
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[cfg(test)]
mod tests;
