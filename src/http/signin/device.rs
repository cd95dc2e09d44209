//! The device pages (RFC 8628 §3.3): a person enters the code that their device shows, signs in, and allows it or not.
//!
//! Nothing is skipped: a link with the code in it fills the field and no more, and the yes is always asked for, since whoever
//! sent the link may be at the other device.

pub mod confirm;
mod pages;

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use self::pages::{DevicePage, DonePage};
use super::csrf;
use super::visit::{Refusal, Said, Visit};
use crate::domain::grant::device::{self, AnswerError, UserCode};
use crate::http::browser::{Goal, Pending};
use crate::protocol::Params;
use crate::protocol::discovery::path::VERIFICATION;

/// GET: the form.
pub async fn show(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let outcome = shown(&visit, query.unwrap_or_default()).await;
    visit.answer(outcome)
}

async fn shown(visit: &Visit, query: String) -> Result<Response, Refusal> {
    let params = Params::parse_form(query)?;
    let typed = params.one("user_code").unwrap_or_default();
    form(visit, typed, None).await
}

/// Why the form is shown again.
struct Wrong {
    status: StatusCode,
    text: String,
    retry_after: Option<u64>,
}

async fn form(visit: &Visit, typed: &str, wrong: Option<Wrong>) -> Result<Response, Refusal> {
    let here = visit.path(VERIFICATION);
    let (code, here) = match UserCode::read(typed) {
        Some(code) => (code.to_string(), format!("{here}?user_code={code}")),
        None => (typed.chars().take(MOST_TYPED).collect(), here),
    };
    let (status, retry_after) = wrong.as_ref().map_or((StatusCode::OK, None), |wrong| {
        (wrong.status, wrong.retry_after)
    });
    let page = DevicePage {
        gate: visit.gate_at(here),
        action: visit.path(VERIFICATION),
        csrf: visit.browser.csrf(visit.ctx()).await?,
        code,
        error: wrong.map(|wrong| wrong.text),
    };
    let mut response = visit.page(status, &page)?;
    if let Some(secs) = retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(secs));
    }
    Ok(response)
}

/// POST: the code.
pub async fn submit(visit: Visit, body: Bytes) -> Response {
    let outcome = submitted(&visit, &body).await;
    visit.answer(outcome)
}

async fn submitted(visit: &Visit, body: &[u8]) -> Result<Response, Refusal> {
    let params = Params::parse_form(body)?;
    let token = params.one("csrf").unwrap_or_default();
    csrf::check(visit, token, visit.path(VERIFICATION)).await?;
    let typed = params.one("user_code").unwrap_or_default();
    let (ctx, realm) = (visit.ctx(), &visit.realm);
    let now = ctx.now();
    let attempt = match ctx
        .throttle
        .admit_code(now, realm.id, token, &visit.peer.ip)
    {
        Ok(attempt) => attempt,
        Err(wait) => {
            let secs = wait.0.div_ceil(1000).max(1);
            let wrong = Wrong {
                status: StatusCode::TOO_MANY_REQUESTS,
                text: (visit.words().login.wait)(secs),
                retry_after: Some(secs),
            };
            return form(visit, typed, Some(wrong)).await;
        }
    };
    let found = match UserCode::read(typed) {
        Some(code) => device::entered(ctx, realm, &code).await?,
        None => Err(AnswerError::Unknown),
    };
    let hash = match found {
        Ok(hash) => hash,
        Err(why) => {
            let wrong = Wrong {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                text: said(why)(visit.words()).to_owned(),
                retry_after: None,
            };
            return form(visit, typed, Some(wrong)).await;
        }
    };
    // This one charge alone: a code of one's own buys no further guesses.
    ctx.throttle.forgive(attempt, now, false);
    let before = visit.present().await?.good();
    let pending = Pending {
        realm: realm.id,
        started_at: now,
        before: before.map(|active| active.session.sid),
        goal: Goal::Device(hash),
        asked: None,
        chosen: None,
    };
    let id = visit.browser.keep_pending(ctx, pending).await?;
    visit.go(&confirm::page_of(visit, &id))
}

fn said(why: AnswerError) -> Said {
    match why {
        AnswerError::Unknown => |w| w.device.wrong,
        AnswerError::Over => |w| w.device.over,
    }
}

/// GET: the end, after a yes.
pub async fn allowed(visit: Visit) -> Response {
    let outcome = done(&visit, true);
    visit.answer(outcome)
}

/// GET: the end, after a no.
pub async fn refused(visit: Visit) -> Response {
    let outcome = done(&visit, false);
    visit.answer(outcome)
}

fn done(visit: &Visit, allowed: bool) -> Result<Response, Refusal> {
    let page = DonePage {
        gate: visit.gate_at(done_page(visit, allowed)),
        allowed,
        account_url: Some(visit.path("/account"))
            .filter(|_| allowed && visit.realm.settings.account.enabled),
    };
    visit.page(StatusCode::OK, &page)
}

fn done_page(visit: &Visit, allowed: bool) -> String {
    visit.path(if allowed {
        "/device/allowed"
    } else {
        "/device/refused"
    })
}

/// So much of what was typed is shown again.
const MOST_TYPED: usize = 40;
