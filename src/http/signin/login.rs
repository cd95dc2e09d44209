//! The login page: a name and a password become a session, and the sign-in under way goes on.

pub mod choose;
mod form;
pub mod select;
mod submit;

use std::sync::Arc;

use axum::extract::RawQuery;
use axum::http::{Method, StatusCode};
use axum::response::Response;

use super::onward::{self, Asked, Next, Since};
use super::views::SignedInPage;
use super::visit::{Refusal, Visit};
use super::{agent_state, device};
use crate::domain::Fault;
use crate::domain::client::Client;
use crate::domain::denial::ActiveSession;
use crate::domain::id::Sid;
use crate::http::browser::{Goal, Pending};
use crate::protocol::Params;
use crate::protocol::authorize::AuthorizeRequest;
use form::{Shown, form, notice};

pub use submit::submit;

/// The sign-in that a page belongs to. Without one it ends at a small page of our own.
#[derive(Default)]
struct Way {
    id: String,
    since: Option<Since>,
    app: Option<(Arc<Client>, Box<AuthorizeRequest>)>,
    here: Option<String>,
    device: Option<Device>,
    chosen: Option<Sid>,
}

/// A device that waits: the app on it, while it is known.
struct Device {
    client_name: Option<String>,
}

/// GET: the form, or straight on for somebody who needs none any more.
pub async fn show(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let outcome = shown(&visit, query.unwrap_or_default()).await;
    visit.answer(outcome)
}

async fn shown(visit: &Visit, query: String) -> Result<Response, Refusal> {
    let params = Params::parse_form(query)?;
    if let Some(next) = params.one("next") {
        return begin_here(visit, next).await;
    }
    let way = Way::find(visit, params.one("interaction").unwrap_or_default()).await?;
    let presented = visit.present().await?;
    let notice = notice(visit, &presented).await?;
    let session = presented.good();
    if way.app.is_none() {
        let here = session.as_ref().map(|active| active.session.sid);
        return match way.welcome(visit, session).await? {
            Some(active) => arrive(visit, &way, &active.session.username).await,
            None => {
                let mut response = blank(visit, &way, notice).await?;
                agent_state::reflect(visit, here, &mut response);
                Ok(response)
            }
        };
    }
    let choice = session
        .clone()
        .filter(|active| select::is_due(&way, active) && params.one("another").is_none());
    match (way.judge(visit, session).await?, choice) {
        (Some((Next::Login, _)), Some(active)) => select::page(visit, &way, &active).await,
        (Some((Next::Login, _)) | None, _) => blank(visit, &way, notice).await,
        (Some((next, asked)), _) => onward::carry_on(visit, &way.id, &asked, next).await,
    }
}

async fn blank(visit: &Visit, way: &Way, notice: Option<String>) -> Result<Response, Refusal> {
    let shown = Shown {
        notice,
        ..Shown::default()
    };
    form(visit, StatusCode::OK, way, shown).await
}

/// A sign-in for a page of this server: the console, the account pages.
async fn begin_here(visit: &Visit, next: &str) -> Result<Response, Refusal> {
    let account = visit.path("/account");
    let within = |root: &str| {
        next.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    };
    let is_plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') && !next.contains("/.");
    if !is_plain || !(within("/admin") || within(&account)) {
        return Err(Refusal::bad_link("invalid_request", |w| {
            w.errors.foreign_page
        }));
    }
    let pending = Pending {
        realm: visit.realm.id,
        started_at: visit.ctx().now(),
        before: None,
        goal: Goal::Here(next.to_owned()),
        asked: None,
        chosen: None,
    };
    let id = visit.browser.keep_pending(visit.ctx(), pending).await?;
    visit.go(&onward::login_page(visit, &id))
}

impl Way {
    async fn find(visit: &Visit, id: &str) -> Result<Way, Refusal> {
        if id.is_empty() {
            return Ok(Way::default());
        }
        let Some(pending) = visit.browser.pending(visit.realm.id, id).await? else {
            return Err(Refusal::unknown_interaction());
        };
        let mut way = Way {
            id: id.to_owned(),
            since: Some(Since::of(&pending)),
            chosen: pending.chosen,
            ..Way::default()
        };
        match pending.goal {
            Goal::App(request) => {
                visit.speak(&request.ui_locales);
                way.app = Some((onward::client_of(visit, &request).await?, request))
            }
            Goal::Here(next) => way.here = Some(next),
            Goal::Device(hash) => {
                let client_name = device::confirm::client_name(visit, &hash).await?;
                way.device = Some(Device { client_name });
            }
        }
        Ok(way)
    }

    /// Who needs no login where no app asked for one. A device's page asks for credentials as often as an app's would.
    async fn welcome(
        &self,
        visit: &Visit,
        session: Option<ActiveSession>,
    ) -> Result<Option<ActiveSession>, Fault> {
        let Some(active) = session else {
            return Ok(None);
        };
        let stands = self.device.is_none() || onward::stands(visit, self.since, &active).await?;
        Ok(Some(active).filter(|_| stands))
    }

    /// The app that asks, as it calls itself.
    fn client_name(&self) -> Option<String> {
        let of_app = self
            .app
            .as_ref()
            .map(|(client, _)| client.name().to_owned());
        of_app.or_else(|| self.device.as_ref()?.client_name.clone())
    }

    /// What comes next for the app's request, if an app asked.
    async fn judge(
        &self,
        visit: &Visit,
        session: Option<ActiveSession>,
    ) -> Result<Option<(Next, Asked<'_>)>, Fault> {
        let Some((client, request)) = &self.app else {
            return Ok(None);
        };
        let asked = Asked {
            client,
            request,
            since: self.since,
            consented: false,
        };
        Ok(Some((onward::judge(visit, &asked, session).await?, asked)))
    }

    /// Where to start over after a form that was refused.
    fn again(&self, visit: &Visit) -> String {
        if self.id.is_empty() {
            visit.path("/login")
        } else {
            onward::login_page(visit, &self.id)
        }
    }
}

/// The end of a sign-in that no app asked for.
async fn arrive(visit: &Visit, way: &Way, username: &str) -> Result<Response, Refusal> {
    if way.device.is_some() {
        return visit.go(&device::confirm::page_of(visit, &way.id));
    }
    if let Some(next) = &way.here {
        visit.browser.drop_pending(&way.id).await?;
        return visit.go(next);
    }
    if visit.method == Method::POST {
        return visit.go(&visit.path("/login"));
    }
    let has_account = visit.realm.settings.account.enabled;
    let page = SignedInPage {
        gate: visit.gate_at(visit.path("/login")),
        username: username.to_owned(),
        logout_url: visit.path("/protocol/openid-connect/logout"),
        account_url: has_account.then(|| visit.path("/account")),
    };
    visit.page(StatusCode::OK, &page)
}
