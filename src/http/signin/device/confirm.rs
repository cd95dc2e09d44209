//! "Allow this app on your device?": what asks, from where and since when, and the person's yes or no.
//!
//! Bound to the browser in which the code was entered, and to the session that the page was shown to: when that session
//! ended while the page was open, its answer counts for nothing.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;

use super::pages::ConfirmPage;
use super::{done_page, said};
use crate::domain::client::{self, Client};
use crate::domain::denial::ActiveSession;
use crate::domain::grant::device::{self, DeviceCode, Hash};
use crate::domain::grant::{Grant, consent};
use crate::http::browser::{Goal, Pending};
use crate::http::signin::consent::scope_line;
use crate::http::signin::csrf;
use crate::http::signin::onward::{self, PASSWORD_ACR, Since};
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::words::When;
use crate::protocol::Params;
use crate::protocol::discovery::path::VERIFICATION;

/// The page of a confirmation under way.
pub fn page_of(visit: &Visit, id: &str) -> String {
    visit.path(&format!("/device/confirm?interaction={id}"))
}

/// GET: the page.
pub async fn show(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let outcome = shown(&visit, query.unwrap_or_default()).await;
    visit.answer(outcome)
}

async fn shown(visit: &Visit, query: String) -> Result<Response, Refusal> {
    let params = Params::parse_form(query)?;
    let way = Way::find(visit, params.one("interaction").unwrap_or_default()).await?;
    match way.person(visit).await? {
        Some(active) => page(visit, &way, &active).await,
        None => visit.go(&onward::login_page(visit, &way.id)),
    }
}

/// POST: the answer.
pub async fn submit(visit: Visit, body: Bytes) -> Response {
    let outcome = submitted(&visit, &body).await;
    visit.answer(outcome)
}

async fn submitted(visit: &Visit, body: &[u8]) -> Result<Response, Refusal> {
    let params = Params::parse_form(body)?;
    let id = params.one("interaction").unwrap_or_default();
    let token = params.one("csrf").unwrap_or_default();
    csrf::check(visit, token, page_of(visit, id)).await?;
    let way = Way::find(visit, id).await?;
    let allowed = match params.one("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(Refusal::bad_link("invalid_request", |w| w.errors.no_answer)),
    };
    // Before anything is read: what is taken back from here on is not given by this yes.
    let at = visit.ctx().now();
    // Whoever answers is whoever was asked, and still signed in.
    let person = way.person(visit).await?;
    let Some(active) = person.filter(|active| way.pending.asked == Some(active.session.sid)) else {
        return visit.go(&page_of(visit, id));
    };
    let (ctx, realm, ask) = (visit.ctx(), &visit.realm, &way.code.ask);
    let grant = if allowed {
        let user = active.session.user;
        consent::allow(ctx, realm, &way.client, user, &ask.scope).await?;
        let (client, session) = (&way.client, &active.session);
        let grant = Grant {
            resources: ask.resources.clone(),
            ..Grant::given(client, session, ask.scope.clone(), PASSWORD_ACR)
        };
        Some((grant, at))
    } else {
        None
    };
    let answered = device::answer(ctx, realm, &way.hash, grant).await?;
    visit.browser.drop_pending(id).await?;
    if let Err(why) = answered {
        return Err(over(visit, why));
    }
    visit.go(&done_page(visit, allowed))
}

/// What waits for an answer in this browser.
struct Way {
    id: String,
    pending: Pending,
    hash: Hash,
    code: DeviceCode,
    client: Arc<Client>,
}

impl Way {
    async fn find(visit: &Visit, id: &str) -> Result<Way, Refusal> {
        let Some(pending) = visit.browser.pending(visit.realm.id, id).await? else {
            return Err(Refusal::unknown_interaction());
        };
        let Goal::Device(hash) = pending.goal.clone() else {
            return Err(Refusal::unknown_interaction());
        };
        let code = match device::waiting(visit.ctx(), &visit.realm, &hash).await? {
            Ok(code) => code.value,
            Err(why) => return Err(over(visit, why)),
        };
        let found = client::by_id(visit.ctx(), &visit.realm, code.ask.client).await?;
        Ok(Way {
            id: id.to_owned(),
            pending,
            hash,
            client: onward::enabled(visit, found)?,
            code,
        })
    }

    /// Who may answer: somebody who is signed in, as freshly as the realm asks for. Otherwise the login page is next.
    async fn person(&self, visit: &Visit) -> Result<Option<ActiveSession>, Refusal> {
        let session = visit.present().await?.good();
        let Some(active) = session else {
            return Ok(None);
        };
        let stands = onward::stands(visit, Some(Since::of(&self.pending)), &active).await?;
        Ok(Some(active).filter(|_| stands))
    }
}

fn over(visit: &Visit, why: device::AnswerError) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        |w| w.device.over_title,
        "expired_token",
        said(why),
    )
    .with_onward(|w| w.device.again, visit.path(VERIFICATION))
}

async fn page(visit: &Visit, way: &Way, active: &ActiveSession) -> Result<Response, Refusal> {
    visit
        .browser
        .note_asked(&way.id, active.session.sid)
        .await?;
    let (words, ask) = (visit.words(), &way.code.ask);
    let scopes = ask.scope.split(' ').filter(|scope| !scope.is_empty());
    let page = ConfirmPage {
        gate: visit.gate_at(page_of(visit, &way.id)),
        action: visit.path("/device/confirm"),
        csrf: visit.browser.csrf(visit.ctx()).await?,
        interaction: way.id.clone(),
        client_name: way.client.name().to_owned(),
        username: active.session.username.clone(),
        code: way.code.user_code.to_string(),
        device: words.device(&ask.device),
        ip: ask.ip.clone(),
        asked: When::of(words, way.code.asked_at),
        scopes: scopes.map(|scope| scope_line(words, scope)).collect(),
        removable: visit.realm.settings.account.enabled,
    };
    visit.page(StatusCode::OK, &page)
}

/// The app that waits for an answer, as it calls itself; for the login page on the way.
///
/// # Errors
/// [`crate::domain::Fault`] when the store does not answer.
pub async fn client_name(
    visit: &Visit,
    hash: &Hash,
) -> Result<Option<String>, crate::domain::Fault> {
    let code = device::waiting(visit.ctx(), &visit.realm, hash).await?;
    Ok(code.ok().map(|code| code.value.ask.client_name))
}
