//! How far a change of the master key is, for `realmkeep key status`: on the management listener, and nothing of it secret.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::state::App;
use crate::domain::sealing::{self, Masters};

/// Where it is.
pub const PATH: &str = "/master-key";

/// What is known of the master keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The one that seals.
    pub current: String,
    /// It and those that are not yet gone.
    pub keys: Vec<ShownKey>,
    /// Records sealed anew so far, while that goes on.
    pub resealed: Option<u64>,
    /// Records looked at so far.
    pub looked: Option<u64>,
    /// At which part of how many it is.
    pub part: Option<(usize, usize)>,
}

/// What is known of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownKey {
    /// Its name.
    pub id: String,
    /// Since when it is known (RFC 3339).
    pub since: String,
    /// When another one took its place.
    pub retired_at: Option<String>,
    /// How many values only this key opens; not known until everything was looked at once.
    pub sealed: Option<u64>,
    /// How many refresh tokens were made with it and not exchanged since.
    pub refresh_tokens: Option<u64>,
    /// When the last of them is over by itself.
    pub refresh_tokens_until: Option<String>,
}

impl Shown {
    /// As people and scripts read it.
    pub fn of(masters: &Masters) -> Shown {
        let keys = masters.keys.iter().map(|master| ShownKey {
            id: master.id.to_string(),
            since: master.since.rfc3339(),
            retired_at: master.retired_at.map(|at| at.rfc3339()),
            sealed: master.left.map(|left| left.sealed),
            refresh_tokens: master.left.map(|left| left.refresh_tokens),
            refresh_tokens_until: master
                .left
                .filter(|left| left.refresh_tokens > 0)
                .map(|left| left.until.rfc3339()),
        });
        let walk = masters.walk.as_ref();
        Shown {
            current: masters.current.to_string(),
            keys: keys.collect(),
            resealed: walk.map(|walk| walk.resealed),
            looked: walk.map(|walk| walk.looked),
            part: walk.map(|walk| walk.part()),
        }
    }
}

/// `GET /master-key` of the management listener.
pub async fn show(State(app): State<App>) -> Response {
    match sealing::masters(&*app.ctx.store).await {
        Ok(Some(masters)) => Json(Shown::of(&masters)).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(fault) => {
            tracing::warn!(%fault, "the master keys cannot be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
