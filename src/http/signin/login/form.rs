//! The form itself, and what is said above it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::Way;
use crate::domain::Fault;
use crate::domain::record::Versioned;
use crate::domain::signout::{Reason, receipt};
use crate::domain::user::{self, User};
use crate::http::signin::cookie::Presented;
use crate::http::signin::onward;
use crate::http::signin::pages::LoginPage;
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::words::Moment;
use crate::protocol::authorize::AuthorizeRequest;

/// What differs from one showing of the form to the next.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) username: String,
    pub(super) remember: bool,
    pub(super) error: Option<String>,
    pub(super) notice: Option<String>,
    pub(super) retry_after: Option<u64>,
}

/// Shows the form.
///
/// # Errors
/// [`Refusal`] to be shown instead.
pub(super) async fn form(
    visit: &Visit,
    status: StatusCode,
    way: &Way,
    shown: Shown,
) -> Result<Response, Refusal> {
    let mut username = shown.username;
    let mut username_fixed = false;
    if let Some((_, request)) = &way.app {
        if let Some(expected) = expected_user(visit, request).await? {
            (username, username_fixed) = (expected.value.username, true);
        } else if username.is_empty() {
            username = request.login_hint.clone().unwrap_or_default();
        }
    }
    let look = &visit.realm.settings.look;
    let page = LoginPage {
        gate: visit.gate_at(way.again(visit)),
        action: visit.path("/login"),
        csrf: visit.browser.csrf(visit.ctx()).await?,
        interaction: way.id.clone(),
        client_name: way.client_name(),
        username,
        username_fixed,
        remember_offered: visit.realm.settings.sessions.remember_me,
        remember_checked: shown.remember,
        error: shown.error,
        notice: shown.notice,
        forgot_url: None,
        support_url: look.support_url.clone(),
        cancel: way.app.is_some() || way.device.is_some(),
    };
    let mut response = visit.page(status, &page)?;
    if let Some(secs) = shown.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(secs));
    }
    Ok(response)
}

async fn expected_user(
    visit: &Visit,
    request: &AuthorizeRequest,
) -> Result<Option<Versioned<User>>, Fault> {
    let Ok(Some(subject)) = onward::expected_subject(visit.ctx(), &visit.realm, request).await?
    else {
        return Ok(None);
    };
    match subject.parse() {
        Ok(id) => user::by_id(visit.ctx(), &visit.realm, id).await,
        Err(_) => Ok(None),
    }
}

/// What somebody is told whose session an administrator ended. Only whoever has the cookie of that session hears it.
pub(super) async fn notice(visit: &Visit, presented: &Presented) -> Result<Option<String>, Fault> {
    let Presented::Ended(denied) = presented else {
        return Ok(None);
    };
    let Some(ended) = denied.ended() else {
        return Ok(None);
    };
    let words = visit.words();
    let at = (words.frame.at)(Moment::from(ended.at));
    let mut text = match ended.reason {
        Reason::GlobalRevocation => (words.login.cut_by_organisation)(&at),
        reason if reason.by_administrator() => (words.login.cut_by_admin)(&at),
        Reason::SessionLimit => return Ok(Some((words.login.cut_by_limit)(&at))),
        Reason::AddressRule => return Ok(Some((words.login.cut_by_address)(&at))),
        _ => return Ok(None),
    };
    let act = receipt::find(visit.ctx(), &visit.realm, ended.sign_out).await?;
    if let Some(message) = act.and_then(|act| act.message) {
        text.push(' ');
        text.push_str(&message);
    }
    Ok(Some(text))
}
