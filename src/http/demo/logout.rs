//! `GET /logout`: the user signs out here and, by RP-Initiated Logout 1.0, at the provider.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use openidconnect::{ClientId, CsrfToken, LogoutRequest, PostLogoutRedirectUrl};

use super::session::{Kept, key};
use super::{App, random};

/// Drops the application's own session, then sends the browser to the provider to end the one there.
pub(super) async fn get(State(app): State<Arc<App>>, jar: CookieJar) -> Response {
    let held = jar
        .get(&app.cookie_name("session"))
        .and_then(|cookie| app.sessions.forget(&key(cookie.value())));
    let known = app.provider.known().await.ok();
    let end_session = known.and_then(|known| known.end_session.clone());
    let back = PostLogoutRedirectUrl::new(format!("{}/", app.base)).ok();
    let (Some(Kept::Live(session)), Some(end_session), Some(back)) = (held, end_session, back)
    else {
        return Redirect::to("/").into_response();
    };
    let state = random();
    let url = LogoutRequest::from(end_session)
        .set_id_token_hint(&session.id_token)
        .set_client_id(ClientId::new(app.about.client_id.clone()))
        .set_post_logout_redirect_uri(back)
        .set_state(CsrfToken::new(state.clone()))
        .http_get_url();
    (
        jar.add(app.cookie("logout", state)),
        Redirect::to(url.as_str()),
    )
        .into_response()
}
