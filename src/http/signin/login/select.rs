//! The choice of an account (`prompt=select_account`, OIDC Core §3.1.2.1): the one that this browser is signed in with, or
//! another. A browser holds one session of a realm; another account takes its place.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;

use super::Way;
use crate::domain::denial::ActiveSession;
use crate::http::signin::csrf;
use crate::http::signin::onward;
use crate::http::signin::views::SelectPage;
use crate::http::signin::visit::{Refusal, Visit};
use crate::protocol::Params;

/// Whether the person is to choose: the app asked for it, somebody is signed in, and nothing was chosen yet. Where
/// credentials are wanted again anyway, the login page is the choice.
pub(super) fn is_due(way: &Way, active: &ActiveSession) -> bool {
    let asks = |(_, request): &(_, Box<crate::protocol::authorize::AuthorizeRequest>)| {
        request.prompt.select_account && !request.prompt.login
    };
    way.app.as_ref().is_some_and(asks) && way.chosen != Some(active.session.sid)
}

/// The page.
///
/// # Errors
/// [`Refusal`] to be shown instead.
pub(super) async fn page(
    visit: &Visit,
    way: &Way,
    active: &ActiveSession,
) -> Result<Response, Refusal> {
    let page = SelectPage {
        gate: visit.gate_at(way.again(visit)),
        action: visit.path("/login/account"),
        csrf: visit.browser.csrf(visit.ctx()).await?,
        interaction: way.id.clone(),
        client_name: way.client_name(),
        name: active.session.name.clone(),
        username: active.session.username.clone(),
    };
    visit.page(StatusCode::OK, &page)
}

/// POST: the answer.
pub async fn submit(visit: Visit, body: Bytes) -> Response {
    let outcome = submitted(&visit, &body).await;
    visit.answer(outcome)
}

async fn submitted(visit: &Visit, body: &[u8]) -> Result<Response, Refusal> {
    let params = Params::parse_form(body)?;
    let way = Way::find(visit, params.one("interaction").unwrap_or_default()).await?;
    csrf::check(
        visit,
        params.one("csrf").unwrap_or_default(),
        way.again(visit),
    )
    .await?;
    if params.one("cancel").is_some() {
        return super::submit::cancelled(visit, &way).await;
    }
    if params.one("choice") != Some("same") {
        return visit.go(&format!("{}&another=1", onward::login_page(visit, &way.id)));
    }
    // Whoever is signed in by now; when it is nobody any more, the login page comes of itself.
    if let Some(active) = visit.present().await?.good() {
        visit
            .browser
            .note_chosen(&way.id, active.session.sid)
            .await?;
    }
    visit.go(&onward::login_page(visit, &way.id))
}
