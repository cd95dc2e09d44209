//! The transmitter metadata (SSF 1.0 §7.1), below the issuer and with the well-known part before the issuer's path.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::Refusal;
use crate::http::extract::InRealm;
use crate::http::state::App;
use crate::protocol::ssf;

/// Answers the metadata to anybody.
pub(super) async fn metadata(State(app): State<App>, InRealm(realm): InRealm) -> Response {
    if !realm.settings.shared_signals.enabled {
        return Refusal::Off.into_response();
    }
    let document = ssf::metadata(&realm.issuer(&app.ctx.public_url));
    let headers = [
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, Json(document)).into_response()
}
