//! The consent page: what an app gets, and the person's yes or no.
//!
//! Bound to the browser, to the sign-in under way, and to the session that the page was shown to: when that session ended
//! while the page was open, its answer counts for nothing.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use url::Url;

use super::csrf;
use super::onward::{self, Asked, Next, Since};
use super::pages::{ConsentPage, ScopeLine};
use super::visit::{Refusal, Visit};
use crate::domain::client::Client;
use crate::domain::denial::ActiveSession;
use crate::domain::grant::consent;
use crate::http::browser::{Goal, Pending};
use crate::http::words::Words;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::{OAuthError, Params};

/// GET: the page.
pub async fn show(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let outcome = shown(&visit, query.unwrap_or_default()).await;
    visit.answer(outcome)
}

async fn shown(visit: &Visit, query: String) -> Result<Response, Refusal> {
    let params = Params::parse_form(query)?;
    let id = params.one("interaction").unwrap_or_default();
    let way = Way::find(visit, id).await?;
    let session = visit.present().await?.good();
    let asked = way.asked(false);
    match onward::judge(visit, &asked, session).await? {
        Next::Consent(active) => page(visit, id, &way, &active).await,
        next => onward::carry_on(visit, id, &asked, next).await,
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
    let way = Way::find(visit, id).await?;
    let again = visit.path(&format!("/consent?interaction={id}"));
    csrf::check(visit, params.one("csrf").unwrap_or_default(), again).await?;
    let session = visit.present().await?.good();
    // Whoever answers is whoever was asked, and still signed in.
    let answers = session
        .as_ref()
        .is_some_and(|active| way.pending.asked == Some(active.session.sid));
    match params.one("decision") {
        Some("allow") if answers => {
            let asked = way.asked(true);
            let next = onward::judge(visit, &asked, session).await?;
            if let Next::Code(active) = &next {
                let (ctx, scope) = (visit.ctx(), way.request.scope.to_string());
                consent::allow(ctx, &visit.realm, &way.client, active.session.user, &scope).await?;
            }
            onward::carry_on(visit, id, &asked, next).await
        }
        Some("deny") if answers => {
            visit.browser.drop_pending(id).await?;
            onward::refuse(
                visit,
                &way.request,
                &OAuthError::access_denied("the user did not allow it"),
                &way.client,
            )
        }
        Some("allow" | "deny") => {
            let asked = way.asked(false);
            let next = onward::judge(visit, &asked, session).await?;
            onward::carry_on(visit, id, &asked, next).await
        }
        _ => Err(Refusal::bad_link("invalid_request", |w| w.errors.no_answer)),
    }
}

struct Way {
    pending: Pending,
    request: AuthorizeRequest,
    client: Arc<Client>,
}

impl Way {
    async fn find(visit: &Visit, id: &str) -> Result<Way, Refusal> {
        let Some(pending) = visit.browser.pending(visit.realm.id, id).await? else {
            return Err(Refusal::unknown_interaction());
        };
        let Goal::App(request) = pending.goal.clone() else {
            return Err(Refusal::unknown_interaction());
        };
        visit.speak(&request.ui_locales);
        let client = onward::client_of(visit, &request).await?;
        Ok(Way {
            pending,
            request: *request,
            client,
        })
    }

    fn asked(&self, consented: bool) -> Asked<'_> {
        Asked {
            client: &self.client,
            request: &self.request,
            since: Some(Since::of(&self.pending)),
            consented,
        }
    }
}

async fn page(
    visit: &Visit,
    id: &str,
    way: &Way,
    active: &ActiveSession,
) -> Result<Response, Refusal> {
    visit.browser.note_asked(id, active.session.sid).await?;
    let page = ConsentPage {
        gate: visit.gate_at(visit.path(&format!("/consent?interaction={id}"))),
        action: visit.path("/consent"),
        csrf: visit.browser.csrf(visit.ctx()).await?,
        interaction: id.to_owned(),
        client_name: way.client.name().to_owned(),
        client_host: host(&way.request.redirect_uri),
        username: active.session.username.clone(),
        scopes: way
            .request
            .scope
            .iter()
            .map(|scope| scope_line(visit.words(), scope))
            .collect(),
        removable: visit.realm.settings.account.enabled,
    };
    visit.page(StatusCode::OK, &page)
}

/// Where the answer goes, in the words of the address bar; for an app on the device, its scheme.
fn host(redirect_uri: &str) -> String {
    let Ok(url) = Url::parse(redirect_uri) else {
        return redirect_uri.to_owned();
    };
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => format!("{}:", url.scheme()),
    }
}

/// A scope in words; one that is not ours speaks for itself.
pub fn scope_line(words: &Words, scope: &str) -> ScopeLine {
    let (label, detail) = (words.way.scope)(scope).unwrap_or((scope, ""));
    ScopeLine {
        scope: scope.to_owned(),
        label: label.to_owned(),
        detail: detail.to_owned(),
    }
}
