//! Cross-origin scripts (Fetch standard, "CORS protocol"). Public documents are for everybody; what the token endpoint and
//! its neighbours answer is for the origins of the realm's clients. No endpoint here reads a cookie; credentials are allowed
//! all the same, since keycloak-js sends its requests with them and browsers would keep the answer from it.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::refused;
use crate::domain::client::{Client, origin};
use crate::domain::realm::Realm;
use crate::http::answer::{log_fault, no_store};
use crate::http::extract::InRealm;
use crate::http::state::App;
use crate::protocol::OAuthError;

/// For documents that everybody may read.
pub const ANYBODY: (HeaderName, HeaderValue) = (
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    HeaderValue::from_static("*"),
);

/// The origin a browser names, kept while the request is answered. None for everything that is no script of another
/// site, which then costs nothing.
pub struct Origin(Option<HeaderValue>);

impl Origin {
    /// Reads the header.
    pub fn of(headers: &HeaderMap) -> Origin {
        Origin(headers.get(header::ORIGIN).cloned())
    }

    /// Tells a client what it asked for, or an error of RFC 6749 §5.2, for nobody to store; who may read it, [`Origin::allow`]
    /// says.
    pub async fn told(
        self,
        app: &App,
        realm: &Realm,
        client: Option<&Client>,
        outcome: Result<impl IntoResponse, OAuthError>,
    ) -> Response {
        let response = match outcome {
            Ok(told) => (no_store(), told).into_response(),
            Err(error) => refused(error),
        };
        self.allow(app, realm, client, response).await
    }

    /// Lets the script read the answer if its origin is `client`'s; when no client is known yet, if it is any client's of
    /// the realm: a refusal that nobody can read helps nobody.
    pub async fn allow(
        self,
        app: &App,
        realm: &Realm,
        client: Option<&Client>,
        mut response: Response,
    ) -> Response {
        let Some(origin) = self.0 else {
            return response;
        };
        let known = match (origin.to_str(), client) {
            (Ok(text), Some(client)) => origin::is_of(client, text),
            (Ok(text), None) => of_realm(app, realm, text).await,
            (Err(_), _) => false,
        };
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if known {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, YES);
            let readable = HeaderValue::from_static("WWW-Authenticate, X-Request-Id");
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, readable);
        }
        response
    }
}

/// Answers the question before a request, for endpoints of the realm's own clients.
pub async fn preflight(
    State(app): State<App>,
    InRealm(realm): InRealm,
    request: Request,
) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return response;
    };
    let known = match origin.to_str() {
        Ok(text) => of_realm(&app, &realm, text).await,
        Err(_) => false,
    };
    if known {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, YES);
        may_send(headers);
    }
    response
}

/// The same for public documents.
pub async fn preflight_anybody() -> Response {
    let mut response = (StatusCode::NO_CONTENT, [ANYBODY]).into_response();
    may_send(response.headers_mut());
    response
}

fn may_send(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

const YES: HeaderValue = HeaderValue::from_static("true");

/// A store that does not answer allows nothing; the request itself has its own answer.
async fn of_realm(app: &App, realm: &Realm, text: &str) -> bool {
    match origin::of_realm(&app.ctx, realm).await {
        Ok(origins) => origins.contains(text),
        Err(fault) => {
            log_fault(&fault);
            false
        }
    }
}
