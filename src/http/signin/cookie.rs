//! The cookie of a session: one for each realm, host-only, out of reach of scripts.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::agent_state;
use crate::domain::Fault;
use crate::domain::denial::{ActiveSession, Denied};
use crate::domain::proof::{self, Kind, Use};
use crate::domain::realm::Realm;
use crate::domain::session::{self, Started, cookie};
use crate::http::cookies;
use crate::http::extract::Peer;
use crate::http::state::App;

/// Who a browser says it is, judged.
pub enum Presented {
    /// Somebody who is signed in.
    Good(Box<ActiveSession>),
    /// Somebody who was: their cookie is right, their session is over.
    Ended(Denied),
    /// Nobody known.
    Nobody,
}

impl Presented {
    /// The session, when it is good.
    pub fn good(self) -> Option<ActiveSession> {
        match self {
            Presented::Good(active) => Some(*active),
            Presented::Ended(_) | Presented::Nobody => None,
        }
    }
}

/// The cookie's name. `__Host-` binds it to this host, to https and to the path `/`.
pub fn name(app: &App, realm: &Realm) -> String {
    if app.web.https {
        format!("__Host-rk_{}", realm.name)
    } else {
        format!("rk_{}", realm.name)
    }
}

/// The cookies of this realm as they came. Another one of the same name may stand beside ours, planted from a
/// neighbouring host; whichever is right counts.
pub fn read(headers: &HeaderMap, app: &App, realm: &Realm) -> Vec<cookie::Presented> {
    cookies::named(headers, &name(app, realm))
        .filter_map(cookie::read)
        .take(MOST)
        .collect()
}

/// Judges who the browser says it is, and notes the use of a good session.
///
/// # Errors
/// [`Fault`] when it could not be decided.
pub async fn present(
    app: &App,
    realm: &Realm,
    headers: &HeaderMap,
    peer: &Peer,
) -> Result<Presented, Fault> {
    let mut over = Presented::Nobody;
    for presented in read(headers, app, realm) {
        match cookie::present(&app.ctx, realm, &presented).await? {
            Ok(active) => match session::address::enter(&app.ctx, realm, active, &peer.ip).await? {
                Ok(active) => return Ok(Presented::Good(Box::new(active))),
                Err(denied) => over = Presented::Ended(denied),
            },
            Err(Denied::Unknown) => {}
            Err(denied) => {
                let tried = Use {
                    kind: Kind::Cookie,
                    client_id: None,
                    ip: &peer.ip,
                };
                proof::denied(&app.ctx, realm, &denied, tried);
                over = Presented::Ended(denied);
            }
        }
    }
    Ok(over)
}

/// Gives the browser the cookie of a session that just started. It goes when the browser closes, unless the person
/// asked to be remembered.
pub fn set(response: &mut Response, app: &App, realm: &Realm, started: &Started) {
    let session = &started.session;
    let life = session.remember_me.then(|| {
        let limits = session.limits(&realm.settings.sessions, session.started_at);
        limits.expires_at.since(session.started_at).whole_secs()
    });
    append(response, app, realm, &started.cookie, life);
    agent_state::set(response, app, realm, session.sid, life);
}

/// The cookie of a session that is remembered no more, without a lifetime: the browser forgets it when it closes. `None`
/// for a session that is as remembered as its cookie.
pub fn forgotten(
    headers: &HeaderMap,
    app: &App,
    realm: &Realm,
    active: &ActiveSession,
) -> Option<HeaderValue> {
    if !active.session.remember_me || realm.settings.sessions.remember_me {
        return None;
    }
    let presented = read(headers, app, realm);
    let own = presented.iter().find(|p| p.sid == active.session.sid)?;
    line(app, realm, &own.text(), None)
}

/// Takes the cookie away.
pub fn clear(response: &mut Response, app: &App, realm: &Realm) {
    append(response, app, realm, "", Some(0));
    agent_state::clear(response, app, realm);
}

fn append(response: &mut Response, app: &App, realm: &Realm, value: &str, max_age: Option<u64>) {
    let Some(line) = line(app, realm, value, max_age) else {
        return;
    };
    // An answer says one thing of a cookie (RFC 6265 §4.1.1): the last.
    let start = format!("{}=", name(app, realm));
    let headers = response.headers_mut();
    let others: Vec<HeaderValue> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .cloned()
        .collect();
    headers.remove(header::SET_COOKIE);
    let others = others
        .into_iter()
        .filter(|o| !o.as_bytes().starts_with(start.as_bytes()));
    for line in others.chain([line]) {
        headers.append(header::SET_COOKIE, line);
    }
}

fn line(app: &App, realm: &Realm, value: &str, max_age: Option<u64>) -> Option<HeaderValue> {
    let name = name(app, realm);
    let secure = if app.web.https { "; Secure" } else { "" };
    let age = max_age
        .map(|secs| format!("; Max-Age={secs}"))
        .unwrap_or_default();
    let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    HeaderValue::from_str(&line).ok()
}

/// The most cookies of one name that are looked at.
const MOST: usize = 3;
