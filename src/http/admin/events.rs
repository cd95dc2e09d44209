//! `GET /signouts/{id}/events`: the receipt again whenever it changes, until everything is known (WHATWG server-sent events).

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::principal::{Asked, Principal};
use super::shapes::signout as shape;
use super::signouts;
use crate::domain::access::Right;
use crate::domain::signout::State;
use crate::http::answer::Problem;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(500);

struct Watch {
    asked: Asked,
    sent: String,
    over: bool,
}

/// `GET /signouts/{id}/events`
pub(super) async fn watch(asked: Asked) -> Result<Response, Problem> {
    signouts::find(&asked).await?;
    let watch = Watch { asked, sent: String::new(), over: false };
    let events = stream::unfold(watch, |mut watch| async move {
        while !watch.over {
            if let Some(event) = watch.look().await {
                return Some((Ok::<_, Infallible>(event), watch));
            }
            if !watch.over {
                tokio::time::sleep(EVERY).await;
            }
        }
        None
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

impl Watch {
    /// What changed since it was last looked at. A watcher who was signed out meanwhile, or lost the right, sees no more.
    async fn look(&mut self) -> Option<Event> {
        let asker = &self.asked.asker;
        let ip = asker.principal.actor.ip.as_deref().unwrap_or_default();
        let still = Principal::of_token(&asker.app, asker.bearer.expose(), ip).await;
        if !still.is_ok_and(|principal| principal.may(Right::ViewSessions, &self.asked.realm)) {
            self.over = true;
            return None;
        }
        let Ok(receipt) = signouts::find(&self.asked).await else {
            self.over = true;
            return None;
        };
        self.over = receipt.sign_out.state == State::Settled;
        let body = shape::receipt(&receipt).to_string();
        if body == self.sent {
            return None;
        }
        self.sent.clone_from(&body);
        Some(Event::default().event("receipt").data(body))
    }
}
