//! Browser state: what one browser carries before sign-in and for the console. A handle, never the truth of who is signed in.
//!
//! tower-sessions over [`crate::domain::browser`]. Three of its habits are put right here: a save that finds no record
//! creates none, so that a request in flight cannot bring back what was deleted meanwhile; the record is kept under the
//! hash of its id and without it; and a `__Host-` cookie is removed the way browsers accept ([`mend`]).
//!
//! Lazy: a request that asks nothing of its [`BrowserState`] costs no read and no write.

mod pending;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{map_response, map_response_with_state};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{self, Id, Record};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore, session_store};

use super::answer::log_fault;
use super::state::App;
use crate::crypto;
use crate::domain::time::Span;
use crate::domain::{Context, Fault, browser};

#[cfg(test)]
use pending::MAX_PENDING;
pub use pending::{Goal, Pending};

/// How long browser state lives after it last changed.
pub const LIFE: Span = Span::hours(12);

/// The state of one browser, by its cookie.
#[derive(Clone, Debug)]
pub struct BrowserState(Session);

const CSRF: &str = "csrf";

impl<S: Send + Sync> FromRequestParts<S> for BrowserState {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Session::from_request_parts(parts, state)
            .await
            .map(BrowserState)
    }
}

impl BrowserState {
    /// The token that every form of this browser carries; made at first use.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn csrf(&self, ctx: &Context) -> Result<String, Fault> {
        if let Some(token) = self.get::<String>(CSRF).await? {
            return Ok(token);
        }
        let token = crypto::b64(&ctx.random());
        self.set(CSRF, &token).await?;
        Ok(token)
    }

    /// Whether this is the browser's token. Compared in constant time; a browser without state has none.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn check_csrf(&self, presented: &str) -> Result<bool, Fault> {
        let kept = self.get::<String>(CSRF).await?;
        Ok(kept.is_some_and(|token| crypto::same(token.as_bytes(), presented.as_bytes())))
    }

    /// What is kept under `key`.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer or the value is of another shape.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Fault> {
        self.0.get(key).await.map_err(fault)
    }

    /// Keeps a value under `key` until the state is over.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn set<T: Serialize>(&self, key: &str, value: &T) -> Result<(), Fault> {
        self.0.insert(key, value).await.map_err(fault)
    }

    /// Takes what is kept under `key` away.
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer or the value is of another shape.
    pub async fn take<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Fault> {
        self.0.remove(key).await.map_err(fault)
    }

    /// A new id and a new token for the same state: at every sign-in, so that whoever planted a cookie before it holds
    /// nothing afterwards (checklist B11).
    ///
    /// # Errors
    /// [`Fault`] when the store does not answer.
    pub async fn renew(&self, ctx: &Context) -> Result<(), Fault> {
        self.0.cycle_id().await.map_err(fault)?;
        self.set(CSRF, &crypto::b64(&ctx.random())).await
    }
}

/// The cookie's name.
pub fn cookie_name(app: &App) -> &'static str {
    if app.web.https {
        "__Host-rk_browser"
    } else {
        "rk_browser"
    }
}

/// Gives the routes of `router` their [`BrowserState`].
pub fn attach(router: Router<App>, app: &App) -> Router<App> {
    router
        .layer(layer(app))
        .layer(map_response_with_state(app.clone(), explain))
        .layer(map_response(mend))
}

/// The layer that reads and writes the cookie. [`mend`] belongs outside of it.
pub fn layer(app: &App) -> SessionManagerLayer<Store> {
    let life = time::Duration::seconds(i64::try_from(LIFE.whole_secs()).unwrap_or(i64::MAX));
    SessionManagerLayer::new(Store {
        ctx: app.ctx.clone(),
    })
    .with_name(cookie_name(app))
    .with_secure(app.web.https)
    .with_http_only(true)
    .with_same_site(SameSite::Lax)
    .with_path("/")
    .with_expiry(Expiry::OnInactivity(life))
}

/// Says what is the matter where the layer could not keep the state, which it answers with a bare 500.
async fn explain(State(app): State<App>, response: Response) -> Response {
    let bare = response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && !response.headers().contains_key(header::CONTENT_TYPE);
    if !bare {
        return response;
    }
    let why = if app.ctx.store.health().await.no_room {
        "The server's disk is nearly full: nobody can sign in until there is room. Please tell whoever runs it."
    } else {
        "The server could not keep what it needs of this visit, and nothing was changed. Try again in a moment."
    };
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [
            (header::RETRY_AFTER, "5"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        format!("{why}\n"),
    )
        .into_response()
}

/// Adds the `Secure` that tower-sessions 0.15 leaves out when it removes a cookie: browsers keep a `__Host-` cookie that
/// is removed without it.
pub async fn mend(mut response: Response) -> Response {
    let lacking = |value: &HeaderValue| {
        let text = value.to_str().ok()?;
        let is_secure = text
            .split(';')
            .any(|part| part.trim().eq_ignore_ascii_case("secure"));
        let wants = text.starts_with("__Host-") || text.starts_with("__Secure-");
        if wants && !is_secure {
            HeaderValue::from_str(&format!("{text}; Secure")).ok()
        } else {
            None
        }
    };
    let headers = response.headers_mut();
    if headers
        .get_all(header::SET_COOKIE)
        .iter()
        .any(|value| lacking(value).is_some())
    {
        let lines: Vec<HeaderValue> = headers
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|value| lacking(value).unwrap_or_else(|| value.clone()))
            .collect();
        headers.remove(header::SET_COOKIE);
        for line in lines {
            headers.append(header::SET_COOKIE, line);
        }
    }
    response
}

/// The store of tower-sessions over the domain's.
#[derive(Clone)]
pub struct Store {
    ctx: Arc<Context>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    fn state(&self, record: &Record) -> session_store::Result<browser::BrowserState> {
        // Only the data: the id is the bearer's secret, and the expiry is counted by the server's own clock.
        let data = serde_json::to_vec(&record.data)
            .map_err(|e| session_store::Error::Encode(e.to_string()))?;
        Ok(browser::BrowserState {
            data,
            expires_at: self.ctx.now().plus(LIFE),
        })
    }
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let state = self.state(record)?;
        for _ in 0..COLLISIONS {
            if browser::create(&self.ctx, &bytes(record.id), &state)
                .await
                .map_err(backend)?
            {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(session_store::Error::Backend(
            "every id was taken".to_owned(),
        ))
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let state = self.state(record)?;
        if !browser::save(&self.ctx, &bytes(record.id), &state)
            .await
            .map_err(backend)?
        {
            // Deleted while the request was under way. The answer stands, the state stays gone, the cookie is dead.
            tracing::debug!("browser state was deleted while a request used it");
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(state) = browser::load(&self.ctx, &bytes(*id))
            .await
            .map_err(backend)?
        else {
            return Ok(None);
        };
        let Ok(data) = serde_json::from_slice(&state.data) else {
            tracing::warn!("browser state of another version was dropped");
            return Ok(None);
        };
        let secs = i64::try_from(state.expires_at.secs()).unwrap_or(i64::MAX);
        let expiry_date =
            OffsetDateTime::from_unix_timestamp(secs).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        browser::delete(&self.ctx, &bytes(*id))
            .await
            .map_err(backend)
    }
}

fn bytes(id: Id) -> [u8; 16] {
    id.0.to_be_bytes()
}

fn backend(fault: Fault) -> session_store::Error {
    log_fault(&fault);
    session_store::Error::Backend(fault.to_string())
}

/// What the caller makes of it: the cause is in the log already.
fn fault(error: session::Error) -> Fault {
    match error {
        session::Error::SerdeJson(_) => Fault::Record("browser state"),
        session::Error::Store(_) => Fault::Busy,
    }
}

/// How often a new id is drawn. With 128 random bits the second time never comes.
const COLLISIONS: usize = 3;

#[cfg(test)]
mod tests;
