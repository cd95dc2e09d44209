//! One browser's request to a sign-in page: the realm it is for, who is at the other end, and how pages go out.

use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::cookie::{self, Presented};
use super::headers;
use super::pages::Gate;
use crate::domain::realm::{self, Realm};
use crate::domain::{Context, Fault};
use crate::http::browser::BrowserState;
use crate::http::extract::Peer;
use crate::http::guard::RequestId;
use crate::http::state::App;
use crate::http::words::{self, Words};

pub use super::refusal::{Refusal, Said};

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
    words: OnceLock<&'static Words>,
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

    /// What every page of this realm shares; one that comes of a form has no address to go back to.
    pub fn gate(&self) -> Gate {
        Gate::of(&self.realm, self.words())
    }

    /// The same for a page with an address, which can be shown in another language.
    pub fn gate_at(&self, address: String) -> Gate {
        self.gate().at(&self.realm, address)
    }

    /// The language of the pages.
    pub fn words(&self) -> &'static Words {
        self.words.get_or_init(|| self.language(&[]))
    }

    /// Takes up what the app asked for; what was said already stays said.
    pub fn speak(&self, ui_locales: &[String]) {
        if !ui_locales.is_empty() {
            // The first one stands: nothing was shown before it.
            let _ = self.words.set(self.language(ui_locales));
        }
    }

    fn language(&self, ui_locales: &[String]) -> &'static Words {
        words::choose(words::Asked {
            ui_locales,
            realm: self.realm.settings.look.language.as_deref(),
            ..words::choose::of_browser(&self.app, &self.headers)
        })
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
        let nowhere = Gate::nowhere(words::choose(words::choose::of_browser(
            app,
            &parts.headers,
        )));
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
            words: OnceLock::new(),
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
