//! The cookie beside the session's own that scripts of this server may read: what the login status page compares
//! (Session Management 1.0 §4.2). It holds no secret and opens nothing; it says only which session the browser has.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::visit::Visit;
use crate::domain::id::Sid;
use crate::domain::realm::Realm;
use crate::http::cookies;
use crate::http::state::App;
use crate::protocol::check_session::agent_state;

/// The cookie's name. Its prefix is not the session cookie's, whatever a realm is called.
pub fn name(app: &App, realm: &Realm) -> String {
    if app.web.https {
        format!("__Host-rks_{}", realm.name)
    } else {
        format!("rks_{}", realm.name)
    }
}

/// Brings the cookie in line with the session that the browser has, if it is not: a browser whose session was ended
/// elsewhere comes back, and from then on its apps' scripts see it.
pub fn reflect(visit: &Visit, session: Option<Sid>, response: &mut Response) {
    let (app, realm) = (&visit.app, &*visit.realm);
    if !realm.settings.logout.check_session {
        return;
    }
    let known = read(&visit.headers, &name(app, realm));
    match session.map(|sid| agent_state(&sid.to_string())) {
        Some(state) if known.as_deref() != Some(&state) => {
            append(response, app, realm, &state, None);
        }
        None if known.is_some() => clear(response, app, realm),
        _ => {}
    }
}

/// Sets the cookie of a session that just started; `max_age` as the session's own cookie has it, in seconds.
pub fn set(response: &mut Response, app: &App, realm: &Realm, sid: Sid, max_age: Option<u64>) {
    if realm.settings.logout.check_session {
        append(
            response,
            app,
            realm,
            &agent_state(&sid.to_string()),
            max_age,
        );
    }
}

/// Takes the cookie away.
pub fn clear(response: &mut Response, app: &App, realm: &Realm) {
    if realm.settings.logout.check_session {
        append(response, app, realm, "", Some(0));
    }
}

fn read(headers: &HeaderMap, name: &str) -> Option<String> {
    cookies::named(headers, name).next().map(str::to_owned)
}

/// Browsers take `SameSite=None` by https only. On this machine every port is the same site.
pub fn site(app: &App) -> &'static str {
    if app.web.https {
        "SameSite=None; Secure"
    } else {
        "SameSite=Lax"
    }
}

/// Not `HttpOnly`, for the page's script reads it; `SameSite=None`, for the page lies in a frame of the app's.
fn append(response: &mut Response, app: &App, realm: &Realm, value: &str, max_age: Option<u64>) {
    let name = name(app, realm);
    let site = site(app);
    let age = max_age
        .map(|secs| format!("; Max-Age={secs}"))
        .unwrap_or_default();
    if let Ok(line) = HeaderValue::from_str(&format!("{name}={value}; Path=/; {site}{age}")) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}
