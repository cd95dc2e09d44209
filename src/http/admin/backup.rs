//! `GET /backup`: everything, as a stream; for `server-admin` of the realm master, and at the socket in the data folder.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::mpsc;

use super::principal::{Asked, no_such};
use crate::domain::access::MASTER;
use crate::domain::backup;
use crate::http::answer::Problem;
use crate::http::state::App;

/// The media type of a snapshot's stream.
pub const KIND: &str = "application/vnd.realmkeep.snapshot";
/// Pieces that wait for whoever takes them.
const AHEAD: usize = 4;

/// `GET /backup`
pub(super) async fn send(asked: Asked) -> Result<Response, Problem> {
    if asked.realm.name != MASTER {
        return Err(no_such("address"));
    }
    tracing::info!(actor = asked.asker.principal.actor.id, "a backup is taken");
    Ok(stream(asked.asker.app))
}

/// The same for whoever may enter the data folder.
pub(in crate::http) async fn local(State(app): State<App>) -> Response {
    tracing::info!("a backup is taken by this machine");
    stream(app)
}

fn stream(app: App) -> Response {
    let (to, pieces) = mpsc::channel(AHEAD);
    // Whoever hangs up ends it: nobody takes the next piece.
    tokio::spawn(async move {
        match backup::send(&app.ctx, to).await {
            Ok(trailer) => tracing::info!(commit = trailer.commit, "the backup is taken"),
            Err(error) => tracing::warn!(%error, "the backup was not taken"),
        }
    });
    let body = stream::unfold(pieces, |mut pieces| async move {
        let piece = pieces.recv().await?;
        Some((Ok::<_, Infallible>(piece), pieces))
    });
    let headers = [
        (header::CONTENT_TYPE, KIND),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(body)).into_response()
}
