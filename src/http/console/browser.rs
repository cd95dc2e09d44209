//! What the console keeps with the browser, over tower-sessions.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower_sessions::Session;

use super::frame::Stop;
use crate::crypto;
use crate::domain::{Context, Fault};
use crate::http::state::App;

/// The browser's state.
#[derive(Clone, Debug)]
pub struct BrowserState(Session);

impl FromRequestParts<App> for BrowserState {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<BrowserState, Stop> {
        let session = Session::from_request_parts(parts, app).await;
        session
            .map(BrowserState)
            .map_err(|_| Stop::from(Fault::Record("browser state")))
    }
}

impl BrowserState {
    pub async fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Fault> {
        self.0.get(name).await.map_err(fault)
    }

    pub async fn set<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Fault> {
        self.0.insert(name, value).await.map_err(fault)
    }

    pub async fn take<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Fault> {
        self.0.remove(name).await.map_err(fault)
    }

    pub async fn renew(&self, _: &Context) -> Result<(), Fault> {
        self.0.cycle_id().await.map_err(fault)
    }

    pub async fn csrf(&self, ctx: &Context) -> Result<String, Fault> {
        if let Some(token) = self.get::<String>("csrf").await? {
            return Ok(token);
        }
        let token = crypto::b64(&ctx.random());
        self.set("csrf", &token).await?;
        Ok(token)
    }

    pub async fn check_csrf(&self, token: &str) -> Result<bool, Fault> {
        let kept = self.get::<String>("csrf").await?;
        Ok(kept.is_some_and(|kept| crypto::same(kept.as_bytes(), token.as_bytes())))
    }
}

fn fault(_: tower_sessions::session::Error) -> Fault {
    Fault::Record("browser state")
}
