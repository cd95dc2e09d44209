//! One browser's request to a sign-in page: the realm it is for, who is at the other end, and how pages go out.

use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::cookie::{self, Presented};
use super::headers;
use super::pages::{ErrorPage, Gate};
use crate::domain::realm::{self, Realm};
use crate::domain::{Context, Fault};
use crate::http::answer::log_fault;
use crate::http::browser::BrowserState;
use crate::http::extract::Peer;
use crate::http::guard::RequestId;
use crate::http::state::App;
use crate::protocol::OAuthError;

/// One request of one browser in one realm.
pub struct Visit {
    /// The server.
    pub app: App,
    /// The realm of the path.
    pub realm: Arc<Realm>,
    /// Who is at the other end.
    pub peer: Peer,
    /// The browser's state; read and written only when asked.
    pub browser: BrowserState,
    /// The request's headers.
    pub headers: HeaderMap,
    /// The request's method.
    pub method: Method,
    id: Option<RequestId>,
    forgotten: OnceLock<HeaderValue>,
}

impl Visit {
    /// The domain's context.
    pub fn ctx(&self) -> &Context {
        &self.app.ctx
    }

    /// Who the browser says it is, judged.
    ///
    /// # Errors
    /// [`Fault`] when it could not be decided.
    pub async fn present(&self) -> Result<Presented, Fault> {
        let presented = cookie::present(&self.app, &self.realm, &self.headers, &self.peer).await?;
        if let Presented::Good(active) = &presented
            && let Some(line) = cookie::forgotten(&self.headers, &self.app, &self.realm, active)
        {
            // The first one stands: a request has one cookie.
            let _ = self.forgotten.set(line);
        }
        Ok(presented)
    }

    /// What every page of this realm shares.
    pub fn gate(&self) -> Gate {
        Gate {
            realm_name: self.realm.display_name().to_owned(),
            theme: None,
        }
    }

    /// An address of this realm on this server: a path, so that it holds by whatever name the browser came.
    pub fn path(&self, rest: &str) -> String {
        format!("/realms/{}{rest}", self.realm.name)
    }

    /// Sends the browser on.
    ///
    /// # Errors
    /// [`Refusal`] when no header can carry the address.
    pub fn go(&self, location: &str) -> Result<Response, Refusal> {
        headers::redirect(self.method == Method::POST, location).ok_or_else(Refusal::internal)
    }

    /// A page.
    ///
    /// # Errors
    /// [`Refusal`] when it does not render.
    pub fn page(&self, status: StatusCode, page: &impl Template) -> Result<Response, Refusal> {
        let html = page.render().map_err(|error| {
            tracing::error!(%error, "a page did not render");
            Refusal::internal()
        })?;
        let mut response = (status, Html(html)).into_response();
        headers::protect(response.headers_mut());
        Ok(response)
    }

    /// The answer, or the page that says why there is none. A cookie that the realm no longer remembers loses its
    /// lifetime on the way; what the answer itself says of the cookie comes after that and counts.
    pub fn answer(&self, outcome: Result<Response, Refusal>) -> Response {
        let mut response = outcome
            .unwrap_or_else(|refusal| refusal.into_page(&self.app, self.id.as_ref(), self.gate()));
        let cookies = response.headers().contains_key(header::SET_COOKIE);
        if let Some(line) = self.forgotten.get().filter(|_| !cookies) {
            response
                .headers_mut()
                .append(header::SET_COOKIE, line.clone());
        }
        response
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visit, Response> {
        let id = parts.extensions.get::<RequestId>().cloned();
        let nowhere = Gate {
            realm_name: "Realmkeep".to_owned(),
            theme: None,
        };
        let refuse = |refusal: Refusal, id: Option<&RequestId>| refusal.into_page(app, id, nowhere);
        let realm = match realm_of(parts, app).await {
            Ok(realm) => realm,
            Err(refusal) => return Err(refuse(refusal, id.as_ref())),
        };
        let Ok(peer) = Peer::from_request_parts(parts, app).await;
        let browser = match BrowserState::from_request_parts(parts, app).await {
            Ok(browser) => browser,
            Err((_, why)) => {
                tracing::error!(why, "a sign-in page is routed without browser::attach");
                return Err(refuse(Refusal::internal(), id.as_ref()));
            }
        };
        let (headers, method) = (parts.headers.clone(), parts.method.clone());
        Ok(Visit {
            app: app.clone(),
            realm,
            peer,
            browser,
            headers,
            method,
            id,
            forgotten: OnceLock::new(),
        })
    }
}

async fn realm_of(parts: &mut Parts, app: &App) -> Result<Arc<Realm>, Refusal> {
    let params = RawPathParams::from_request_parts(parts, app)
        .await
        .map_err(|_| Refusal::no_realm())?;
    let name = params
        .iter()
        .find(|(key, _)| *key == "realm")
        .map(|(_, value)| value)
        .unwrap_or_default();
    realm::find(&app.ctx, name)
        .await?
        .ok_or_else(Refusal::no_realm)
}

/// A page instead of an answer: no app can be told, or must be.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    title: &'static str,
    code: &'static str,
    description: String,
    onward: Option<Box<(String, String)>>,
    retry_after: Option<u32>,
}

impl Refusal {
    /// A refusal. `description` says what happened and what to do now.
    pub fn new(
        status: StatusCode,
        title: &'static str,
        code: &'static str,
        description: impl Into<String>,
    ) -> Refusal {
        Refusal {
            status,
            title,
            code,
            description: description.into(),
            onward: None,
            retry_after: None,
        }
    }

    /// 400: the link or the app's request does not read.
    pub fn bad_link(code: &'static str, description: impl Into<String>) -> Refusal {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "This link does not work",
            code,
            description,
        )
    }

    /// 400: the sign-in that a form or link belongs to is not known to this browser.
    pub fn unknown_interaction() -> Refusal {
        let text = "This sign-in is finished, too old, or was begun in another browser. \
                    Go back to the application and start again.";
        Refusal::new(
            StatusCode::BAD_REQUEST,
            "This sign-in is over",
            "unknown_interaction",
            text,
        )
    }

    /// 403: a form that this browser cannot have been given, or that is too old.
    pub fn form_over() -> Refusal {
        let text = "The page was open for too long, was sent by another site, or the browser keeps no cookies.";
        Refusal::new(
            StatusCode::FORBIDDEN,
            "This form is no longer valid",
            "invalid_form",
            text,
        )
    }

    /// 500: a fault of ours.
    pub fn internal() -> Refusal {
        let text = "The server could not complete the request. Try again; if it stays, ask your administrator.";
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something went wrong",
            "server_error",
            text,
        )
    }

    fn no_realm() -> Refusal {
        let text = "There is no such realm on this server. Check the address, or ask whoever gave it to you.";
        Refusal::new(
            StatusCode::NOT_FOUND,
            "There is nothing here",
            "realm_not_found",
            text,
        )
    }

    /// With a way on: label and address.
    #[must_use]
    pub fn with_onward(mut self, label: &str, address: String) -> Refusal {
        self.onward = Some(Box::new((label.to_owned(), address)));
        self
    }

    fn into_page(self, app: &App, id: Option<&RequestId>, gate: Gate) -> Response {
        let id = request_id(app, id);
        tracing::info!(request = %id, status = self.status.as_u16(), code = self.code, "a browser was shown an error page");
        let page = ErrorPage {
            gate,
            title: self.title.to_owned(),
            code: self.code.to_owned(),
            description: self.description,
            id,
            onward: self.onward.map(|onward| *onward),
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
        Refusal::bad_link(
            error.code.as_str(),
            format!("The request is not well-formed: {}.", error.description()),
        )
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        log_fault(&fault);
        if !fault.is_passing() {
            return Refusal::internal();
        }
        let text = if fault.is_no_room() {
            "The server's disk is nearly full: nobody can sign in until there is room. Please tell whoever runs it."
        } else if fault.is_in_doubt() {
            "The server lost its database for a moment and cannot say whether this was done. Try again in a moment."
        } else {
            "The server is busy and nothing was changed. Try again in a moment."
        };
        let mut refusal = Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Just a moment",
            "temporarily_unavailable",
            text,
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
