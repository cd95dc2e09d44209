//! `/clients/{id}/readiness` and `/clients/{id}/test-signout`: whether an app would learn of a sign-out, known before there
//! is one.

use axum::http::StatusCode;
use axum::response::Response;

use super::acts::{ok, to_its_end};
use super::clients::find;
use super::paging::{PIECE, Page, listed};
use super::principal::Asked;
use super::read::{Body, Fields};
use super::shapes::readiness as shape;
use crate::domain::client;
use crate::domain::outbox::trial::{self, TrialError};
use crate::domain::outbox::{Channel, readiness};
use crate::http::answer::Problem;

/// `GET /readiness`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    let page = Page::of(&asked.asker.params, USUAL)?;
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    let read =
        async |after: Option<String>| client::list(ctx, realm, "", after.as_deref(), PIECE).await;
    let name = |client: &std::sync::Arc<client::Client>| client.client_id().to_owned();
    let (clients, next) = page.walk(read, name, |_| true).await?;
    let mut rows = Vec::with_capacity(clients.len());
    for client in &clients {
        let readiness = readiness::of(ctx, realm, client).await?;
        rows.push(shape::readiness(realm, client, &readiness));
    }
    Ok(listed(rows, next))
}

/// `GET /clients/{id}/readiness`
pub(super) async fn one(asked: Asked) -> Result<Response, Problem> {
    let client = find(&asked).await?;
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    let readiness = readiness::of(ctx, realm, &client).await?;
    Ok(ok(shape::readiness(realm, &client, &readiness)))
}

/// `POST /clients/{id}/test-signout`
pub(super) async fn test(asked: Asked, body: Body) -> Result<Response, Problem> {
    let client = find(&asked).await?;
    let mut fields = Fields::of(body.object_or_empty()?, &["channel"])?;
    let channel = fields.text("channel")?.map(|name| channel(&name));
    let channel = channel.transpose()?;
    let (app, realm) = (asked.asker.app.clone(), asked.realm.clone());
    let actor = asked.asker.principal.actor.clone();
    let tried =
        to_its_end(async move { trial::run(&app.ctx, &realm, &actor, &client, channel).await });
    let (channel, trial) = tried.await??;
    Ok(ok(shape::trial(channel, &trial)))
}

fn channel(name: &str) -> Result<Channel, Problem> {
    let all = [
        Channel::BackChannel,
        Channel::Webhook,
        Channel::GlobalRevocation,
    ];
    let found = all.into_iter().find(|channel| channel.as_str() == name);
    found.ok_or_else(|| {
        Problem::bad_request("channel is back-channel or webhook; the client's first when absent")
    })
}

impl From<TrialError> for Problem {
    fn from(error: TrialError) -> Problem {
        let text = error.to_string();
        match error {
            TrialError::NoChannel | TrialError::Harmful => Problem::invalid(text),
            TrialError::TooSoon(_) => Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too-soon",
                "It was tried just now",
                text,
            ),
            TrialError::Fault(fault) => fault.into(),
        }
    }
}

/// How many a page has when nobody says: each is looked up.
const USUAL: usize = 100;
