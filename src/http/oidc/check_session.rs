//! The login status page (Session Management 1.0 §3.2), which apps put into a frame and ask whether the session changed;
//! and the page by which keycloak-js first learns whether the browser gives frames their cookies.
//!
//! Best effort: a browser that keeps cookies from frames of other sites makes the page answer `error`, and a session that
//! was ended elsewhere shows once its browser has been here again.

use std::collections::HashSet;

use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use crate::domain::client::{self, origin};
use crate::domain::{Context, Fault};
use crate::http::answer::no_store;
use crate::http::assets;
use crate::http::signin::cookie::{self, Presented};
use crate::http::signin::visit::Visit;
use crate::http::signin::{agent_state, headers};
use crate::protocol::discovery::path;
use crate::protocol::{OAuthError, Params};

/// The most bytes that the allowed origins take in a header; beyond, only the one that asks is named.
const MOST_ORIGINS: usize = 3000;

/// `login-status-iframe.html`
pub async fn page(visit: Visit) -> Response {
    if !visit.realm.settings.logout.check_session {
        return StatusCode::NOT_FOUND.into_response();
    }
    let script = format!(
        "<script src=\"{}\" data-cookie=\"{}\" data-init=\"{}\"></script>",
        assets::url("login-status.js"),
        agent_state::name(&visit.app, &visit.realm),
        visit.path(path::CHECK_SESSION_INIT),
    );
    framed(&visit, "Login status", &script).await
}

/// `3p-cookies/step1.html`: says "supported" or "unsupported" to the page around it, and always the latter where nothing
/// could be asked afterwards.
pub async fn probe(visit: Visit) -> Response {
    let on = visit.realm.settings.logout.check_session;
    let script = format!(
        "<script src=\"{}\" data-on=\"{on}\" data-attributes=\"; {}\"></script>",
        assets::url("cookie-probe.js"),
        agent_state::site(&visit.app),
    );
    framed(&visit, "Cookies", &script).await
}

/// `login-status-iframe.html/init`: 204 when a script at this origin may ask about this client, else 403. A browser that
/// presents a session that is over loses what told its apps otherwise.
pub async fn init(visit: Visit, RawQuery(query): RawQuery) -> Response {
    match allowed(&visit, &query.unwrap_or_default()).await {
        Ok(false) => (StatusCode::FORBIDDEN, no_store()).into_response(),
        Ok(true) => {
            let mut response = (StatusCode::NO_CONTENT, no_store()).into_response();
            // A frame of another site comes without the session's cookie: then nothing is known, and nothing changes.
            if !cookie::read(&visit.headers, &visit.app, &visit.realm).is_empty() {
                match visit.present().await {
                    Ok(Presented::Good(active)) => {
                        agent_state::reflect(&visit, Some(active.session.sid), &mut response);
                    }
                    Ok(Presented::Ended(_) | Presented::Nobody) => {
                        agent_state::reflect(&visit, None, &mut response);
                    }
                    Err(fault) => return OAuthError::from(fault).into_response(),
                }
            }
            response
        }
        Err(error) => error.into_response(),
    }
}

async fn allowed(visit: &Visit, query: &str) -> Result<bool, OAuthError> {
    let params = Params::parse_form(query)?;
    let (Some(client_id), Some(asked)) = (params.one("client_id"), params.one("origin")) else {
        return Ok(false);
    };
    if !visit.realm.settings.logout.check_session || !visit.realm.settings.enabled {
        return Ok(false);
    }
    let client = client::find(visit.ctx(), &visit.realm, client_id).await?;
    Ok(client.is_some_and(|client| client.settings.enabled && origin::is_of(&client, asked)))
}

/// A page without anything to see, for frames of the realm's clients and of nobody else.
async fn framed(visit: &Visit, title: &str, script: &str) -> Response {
    let around = match ancestors(visit.ctx(), visit).await {
        Ok(around) => around,
        Err(fault) => return OAuthError::from(fault).into_response(),
    };
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>{script}</head></html>\n"
    );
    let mut response = html.into_response();
    let own = response.headers_mut();
    headers::protect(own);
    own.remove(header::X_FRAME_OPTIONS);
    own.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    let policy = format!(
        "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors {around}"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        own.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Who may put the page into a frame: the origins of the realm's clients. When there are more of them than a header holds,
/// the one that the browser names, if it is one of them.
async fn ancestors(ctx: &Context, visit: &Visit) -> Result<String, Fault> {
    let origins = origin::of_realm(ctx, &visit.realm).await?;
    if origins.iter().map(|o| o.len() + 1).sum::<usize>() <= MOST_ORIGINS {
        let mut all: Vec<&str> = origins.iter().map(String::as_str).collect();
        all.sort_unstable();
        let all = all.join(" ");
        return Ok(if all.is_empty() {
            NOBODY.to_owned()
        } else {
            all
        });
    }
    Ok(named(&visit.headers, &origins).unwrap_or_else(|| NOBODY.to_owned()))
}

fn named(headers: &HeaderMap, origins: &HashSet<String>) -> Option<String> {
    let referrer = headers.get(header::REFERER)?.to_str().ok()?;
    let origin = Url::parse(referrer).ok()?.origin().ascii_serialization();
    origins.contains(&origin).then_some(origin)
}

const NOBODY: &str = "'none'";
