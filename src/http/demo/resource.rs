//! `GET /api/time`, a protected resource that asks the provider about every token; `POST /call`, the button that uses it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use openidconnect::{AccessToken, TokenIntrospectionResponse as _};
use serde_json::json;

use crate::domain::time::{Clock as _, SystemClock};

use super::App;
use super::check::{Renewal, renew, words};
use super::session::{Call, Kept, Session, Tokens, key};

/// Tells the time to bearers of a live token: 200, 401 as RFC 6750 says, or 503 when the provider cannot be asked.
pub(super) async fn time(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(token) = bearer(&headers) else {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response();
    };
    let known = match app.provider.known().await {
        Ok(known) => known,
        Err(error) => return unavailable(&error.to_string()),
    };
    // RFC 7662: whether a token is good is the provider's to say, at this moment.
    let request = known.client.introspect(&token);
    match request.request_async(app.provider.http()).await {
        Ok(answer) if answer.active() => Json(json!({
            "time": SystemClock.now().rfc3339(),
            "sub": answer.sub(),
            "username": answer.username(),
            "client_id": answer.client_id().map(|id| id.as_str()),
        }))
        .into_response(),
        Ok(_) => {
            let challenge =
                "Bearer error=\"invalid_token\", error_description=\"The token is not active\"";
            let body =
                json!({ "error": "invalid_token", "error_description": "The token is not active" });
            (
                StatusCode::UNAUTHORIZED,
                [(WWW_AUTHENTICATE, challenge)],
                Json(body),
            )
                .into_response()
        }
        Err(error) => unavailable(&words(&error)),
    }
}

/// Calls the protected resource with the user's access token, renewed once if it was refused, and goes back to the page.
pub(super) async fn call(State(app): State<Arc<App>>, jar: CookieJar) -> Response {
    if let Some(cookie) = jar.get(&app.cookie_name("session")) {
        let key = key(cookie.value());
        if let Some(Kept::Live(session)) = app.sessions.find(&key)
            && let Some(words) = use_resource(&app, &session).await
        {
            app.sessions.end(&key, &session, words);
        }
    }
    Redirect::to("/").into_response()
}

/// Answers the provider's words when the sign-in turns out to be over.
async fn use_resource(app: &App, session: &Session) -> Option<String> {
    let mut tokens = session.tokens.lock().await;
    let first = fetch(app, &tokens).await;
    let refused = first.status == 401;
    session.note(first);
    if !refused {
        return None;
    }
    let known = app.provider.known().await.ok()?;
    match renew(app, &known, session, &mut tokens).await {
        Renewal::Renewed => {
            session.note(fetch(app, &tokens).await);
            None
        }
        Renewal::Refused(words) => (!words.is_empty()).then_some(words),
        Renewal::Unknown(_) => None,
    }
}

async fn fetch(app: &App, tokens: &Tokens) -> Call {
    let request = Request::get(format!("{}/api/time", app.base))
        .header(AUTHORIZATION, format!("Bearer {}", tokens.access.secret()))
        .body(Vec::new());
    let answer = match request {
        Ok(request) => app.provider.http().send(request).await.ok(),
        Err(_) => None,
    };
    let at = SystemClock.now();
    match answer {
        Some(answer) => Call {
            status: answer.status().as_u16(),
            text: String::from_utf8_lossy(answer.body()).into_owned(),
            at,
        },
        None => Call {
            status: 0,
            text: "The protected resource does not answer.".to_owned(),
            at,
        },
    }
}

fn bearer(headers: &HeaderMap) -> Option<AccessToken> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
        .then(|| AccessToken::new(token.to_owned()))
}

fn unavailable(why: &str) -> Response {
    let body = json!({ "error": "temporarily_unavailable", "error_description": why });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}
