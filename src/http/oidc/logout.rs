//! The end-session endpoint (OIDC RP-Initiated Logout 1.0), by GET or POST.
//!
//! Invariant: the browser's own session decides who is signed out. What a request brings decides only whether the person
//! is asked first, and where they go afterwards; a leaked ID token signs nobody out.

mod by_token;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;

use super::authorize::sent_on;
use crate::domain::client::{self, Client};
use crate::domain::denial::ActiveSession;
use crate::domain::signout::Reason;
use crate::domain::token::{IdTokenClaims, verify};
use crate::http::signin::pages::{Hidden, LogoutPage};
use crate::http::signin::parting::Parting;
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::signin::{cookie, csrf, leave};
use crate::protocol::answer::append_query;
use crate::protocol::end_session::{EndSessionRequest, LogoutRequest};
use crate::protocol::redirect::is_post_logout_registered;
use crate::protocol::{OAuthError, Params};

const PATH: &str = "/protocol/openid-connect/logout";

/// GET: an app, or the person themselves, asks to sign out.
pub async fn by_get(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let outcome = asked(&visit, query.unwrap_or_default().as_bytes()).await;
    visit.answer(outcome)
}

/// POST: the same, the confirmation, or the older form with a refresh token.
pub async fn by_post(visit: Visit, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let params = match Params::parse_post(query.as_deref(), &body) {
        Ok(params) => params,
        Err(error) => return visit.answer(Err(error.into())),
    };
    if params.one("refresh_token").is_some() {
        return by_token::end(&visit, &params).await;
    }
    let outcome = if params.one("confirm").is_some() {
        confirmed(&visit, &params).await
    } else if let Some(address) = sent_on(&visit, PATH, &body) {
        visit.go(&address)
    } else {
        asked(&visit, &body).await
    };
    visit.answer(outcome)
}

/// What a request means once its claims are checked.
struct Wish {
    /// The hint, when this realm signed it.
    hint: Option<IdTokenClaims>,
    /// The app that asks.
    client: Option<Arc<Client>>,
    /// Where to go afterwards; registered by that app.
    return_to: Option<String>,
    /// Given back on the way.
    state: Option<String>,
}

impl Wish {
    async fn read(visit: &Visit, params: &Params) -> Result<Wish, Refusal> {
        let LogoutRequest::EndSession(request) = LogoutRequest::parse(params, false)? else {
            return Err(Refusal::internal());
        };
        visit.speak(&request.ui_locales);
        let hint = match &request.id_token_hint {
            Some(text) => verify::id_token_hint(visit.ctx(), &visit.realm, text).await?,
            None => None,
        };
        // A hint that proves nothing is asked about like none; but who sent it is then not known either.
        let is_broken = request.id_token_hint.is_some() && hint.is_none();
        let named = request.client_id.as_deref();
        if let (Some(hint), Some(named)) = (&hint, named)
            && hint.aud != named
        {
            return Err(OAuthError::invalid_request(
                "client_id differs from the audience of id_token_hint",
            )
            .into());
        }
        let client = match hint
            .as_ref()
            .map(|hint| hint.aud.as_str())
            .or(named)
            .filter(|_| !is_broken)
        {
            Some(client_id) => client::find(visit.ctx(), &visit.realm, client_id).await?,
            None => None,
        };
        let client = client.filter(|client| client.settings.enabled);
        let return_to = return_to(&request, client.as_deref());
        Ok(Wish {
            hint,
            client,
            return_to,
            state: request.state,
        })
    }

    /// Whether the hint is of exactly this session: then the app that asks is the one the person is using.
    fn is_of(&self, active: &ActiveSession) -> bool {
        let session = &active.session;
        self.hint.as_ref().is_some_and(|hint| {
            hint.sid == Some(session.sid) && hint.sub == session.user.to_string()
        })
    }

    fn reason(&self) -> Reason {
        if self.client.is_some() {
            Reason::RpLogout
        } else {
            Reason::User
        }
    }

    /// The address to go to, with the state.
    fn onward(&self) -> Option<String> {
        let state: Vec<(&str, &str)> = self
            .state
            .iter()
            .map(|state| ("state", state.as_str()))
            .collect();
        self.return_to
            .as_deref()
            .map(|uri| append_query(uri, &state))
    }
}

/// Only a URI that the named client registered, compared as text (§3).
fn return_to(request: &EndSessionRequest, client: Option<&Client>) -> Option<String> {
    let registered = &client?.settings.post_logout_redirect_uris;
    request
        .return_to()
        .filter(|uri| is_post_logout_registered(registered, uri))
        .map(str::to_owned)
}

async fn asked(visit: &Visit, input: &[u8]) -> Result<Response, Refusal> {
    let params = Params::parse_form(input)?;
    let wish = Wish::read(visit, &params).await?;
    let Some(active) = visit.present().await?.good() else {
        return done(visit, &wish, None).await;
    };
    if !wish.is_of(&active) {
        return ask(visit, &wish, &active).await;
    }
    leave(visit, &wish, &active, Reason::RpLogout).await
}

async fn ask(visit: &Visit, wish: &Wish, active: &ActiveSession) -> Result<Response, Refusal> {
    let mut hidden = Vec::new();
    let mut carry = |name: &str, value: Option<String>| {
        hidden.extend(value.map(|value| Hidden {
            name: name.to_owned(),
            value,
        }));
    };
    carry(
        "client_id",
        wish.client
            .as_ref()
            .map(|client| client.client_id().to_owned()),
    );
    carry("post_logout_redirect_uri", wish.return_to.clone());
    carry("state", wish.state.clone());
    let page = LogoutPage {
        gate: visit.gate_at(address(visit, &hidden)),
        action: visit.path(PATH),
        csrf: visit.browser.csrf(visit.ctx()).await?,
        hidden,
        username: active.session.username.clone(),
        client_name: wish.client.as_ref().map(|client| client.name().to_owned()),
        apps: leave::apps_told(visit.ctx(), &visit.realm, &active.session).await?,
        stay_url: Some(visit.path("/login")),
    };
    visit.page(StatusCode::OK, &page)
}

/// The address of the question: what the form carries, without the hint that did not prove whose wish it is.
fn address(visit: &Visit, hidden: &[Hidden]) -> String {
    let pairs: Vec<(&str, &str)> = hidden
        .iter()
        .map(|field| (field.name.as_str(), field.value.as_str()))
        .collect();
    append_query(&visit.path(PATH), &pairs)
}

async fn confirmed(visit: &Visit, params: &Params) -> Result<Response, Refusal> {
    let wish = Wish::read(visit, params).await?;
    let Some(active) = visit.present().await?.good() else {
        return done(visit, &wish, None).await;
    };
    csrf::check(
        visit,
        params.one("csrf").unwrap_or_default(),
        visit.path(PATH),
    )
    .await?;
    leave(visit, &wish, &active, wish.reason()).await
}

/// Ends the session and says who hears of it.
async fn leave(
    visit: &Visit,
    wish: &Wish,
    active: &ActiveSession,
    reason: Reason,
) -> Result<Response, Refusal> {
    let mut parting = Parting::of(visit.ctx(), &visit.realm, &active.session).await?;
    let act = leave::end(visit, active, reason).await?;
    parting.act = Some(act.id);
    done(visit, wish, Some(parting)).await
}

/// The end: back to the app, or our own page. `parting` is who hears of a session that ended just now: a page comes first
/// when the browser is to tell some of them.
async fn done(visit: &Visit, wish: &Wish, parting: Option<Parting>) -> Result<Response, Refusal> {
    let mut parting = parting.unwrap_or_default();
    parting.onward = wish.onward();
    let mut response = match &parting.onward {
        Some(address) if parting.frames.is_empty() => visit.go(address)?,
        // After a form the page has an address of its own, so that loading it again posts nothing.
        _ if visit.method == axum::http::Method::POST => {
            parting.keep(&visit.browser).await?;
            visit.go(&visit.path(PATH))?
        }
        _ => page(visit, wish, parting).await?,
    };
    if !cookie::read(&visit.headers, &visit.app, &visit.realm).is_empty() {
        cookie::clear(&mut response, &visit.app, &visit.realm);
    }
    Ok(response)
}

async fn page(visit: &Visit, wish: &Wish, parting: Parting) -> Result<Response, Refusal> {
    let parting = if parting.act.is_some() {
        parting
    } else {
        Parting::kept(&visit.browser).await?
    };
    let words = &visit.words().way;
    let home = wish.client.as_ref().and_then(|client| {
        let address = client.settings.client_uri.clone()?;
        Some(((words.back_to)(client.name()), address))
    });
    let next = parting
        .onward
        .clone()
        .map(|address| (words.go_on.to_owned(), address));
    let again = || (words.again.to_owned(), visit.path("/login"));
    let onward = next.or(home).unwrap_or_else(again);
    let shown = parting.page(visit.gate(), Some(onward));
    let mut response = visit.page(StatusCode::OK, &shown)?;
    parting.send(visit.ctx(), &visit.realm, &mut response).await;
    Ok(response)
}
