//! The authorization endpoint (OIDC Core §3.1.2, RFC 6749 §4.1.1).
//!
//! The checks in their order: 1. client and redirect URI, whose errors are a page and never a redirect; 2. realm and
//! client are enabled, likewise; 3. the request reads and the client may use it; 4. the resources; from here on errors go
//! to the app. What follows (who is signed in, fresh enough, consent) is [`onward::judge`].

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::response::Response;

use crate::domain::client::{self, Client};
use crate::domain::token::resources;
use crate::http::browser::{Goal, Pending};
use crate::http::signin::onward::{self, Asked, Next};
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::signin::{agent_state, cookie, csrf};
use crate::protocol::answer::authorize_error;
use crate::protocol::authorize::{AuthorizeRequest, ClientRules, Front};
use crate::protocol::redirect::is_registered;
use crate::protocol::{OAuthError, Params, ScopeSet};

/// The longest body that is sent on as the query of a GET, in bytes.
pub(super) const MAX_SENT_ON: usize = 8000;

/// GET: the parameters are in the query.
pub async fn by_get(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let outcome = authorize(&visit, query.unwrap_or_default().as_bytes()).await;
    visit.answer(outcome)
}

/// POST: the parameters are in the body (OIDC Core §3.1.2.1).
pub async fn by_post(visit: Visit, body: Bytes) -> Response {
    let outcome = match sent_on(&visit, "/protocol/openid-connect/auth", &body) {
        Some(address) => visit.go(&address),
        None => authorize(&visit, &body).await,
    };
    visit.answer(outcome)
}

/// The same request as a GET, when an app's page posted it: its POST came without our cookies, and whoever is signed in
/// would be asked to sign in again. `None` when the request can be answered as it is.
pub(super) fn sent_on(visit: &Visit, path: &str, body: &[u8]) -> Option<String> {
    let bare = csrf::is_without_cookies(&visit.headers)
        && cookie::read(&visit.headers, &visit.app, &visit.realm).is_empty()
        && body.len() <= MAX_SENT_ON;
    let body = std::str::from_utf8(body)
        .ok()
        .filter(|body| bare && body.bytes().all(|b| b.is_ascii_graphic()))?;
    Some(visit.path(&format!("{path}?{body}")))
}

async fn authorize(visit: &Visit, input: &[u8]) -> Result<Response, Refusal> {
    let params = Params::read(input)?;
    visit.speak(&params.words("ui_locales"));
    let front = Front::parse(&params)?;
    let found = client::find(visit.ctx(), &visit.realm, &front.client_id).await?;
    let client = onward::enabled(visit, found)?;
    let redirect_uri = redirect_uri(&front, &client)?;
    let request = match read(&params, &client, &redirect_uri) {
        Ok(request) => request,
        Err(error) => {
            let issuer = visit.realm.issuer(&visit.ctx().public_url);
            let state = front.state.as_deref();
            let answer = authorize_error(&redirect_uri, front.error_mode(), &error, state, &issuer);
            return onward::send(visit, answer, &client);
        }
    };
    let session = visit.present().await?.good();
    let before = session.as_ref().map(|active| active.session.sid);
    let asked = Asked {
        client: &client,
        request: &request,
        since: None,
        consented: false,
    };
    let next = onward::judge(visit, &asked, session).await?;
    let mut response = match next {
        Next::Refuse(error) => onward::refuse(visit, &request, &error, &client)?,
        Next::Code(active) => onward::finish(visit, &asked, &active).await?,
        Next::Login | Next::Consent(_) => {
            let pending = Pending {
                realm: visit.realm.id,
                started_at: visit.ctx().now(),
                before,
                goal: Goal::App(Box::new(request.clone())),
                asked: None,
                chosen: None,
            };
            let id = visit.browser.keep_pending(visit.ctx(), pending).await?;
            onward::carry_on(visit, &id, &asked, next).await?
        }
    };
    agent_state::reflect(visit, before, &mut response);
    Ok(response)
}

fn redirect_uri(front: &Front, client: &Client) -> Result<String, Refusal> {
    let registered = &client.settings.redirect_uris;
    match (&front.redirect_uri, registered.as_slice()) {
        (Some(sent), _) if is_registered(registered, sent) => Ok(sent.clone()),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(Refusal::bad_link("invalid_request", |w| {
            w.errors.no_redirect
        })),
        (Some(_), _) => Err(Refusal::bad_link("invalid_request", |w| {
            w.errors.unregistered
        })),
    }
}

fn read(
    params: &Params,
    client: &Client,
    redirect_uri: &str,
) -> Result<AuthorizeRequest, OAuthError> {
    let settings = &client.settings;
    let allowed = ScopeSet::parse(&settings.scope)?;
    let rules = ClientRules {
        redirect_uri,
        may_use_code: client.allows_grant("authorization_code")
            && settings.response_types.iter().any(|t| t == "code"),
        require_pkce: settings.require_pkce || !client.is_confidential(),
        allowed_scopes: &allowed,
        default_max_age: None,
    };
    let request = AuthorizeRequest::parse(params, &rules)?;
    resources::check(client, &request.resource)
        .map_err(|error| OAuthError::invalid_target(error.to_string()))?;
    Ok(request)
}
