//! The cookie of a session: one for each realm, host-only, out of reach of scripts.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use super::agent_state;
use crate::domain::Fault;
use crate::domain::denial::{ActiveSession, Denied};
use crate::domain::realm::Realm;
use crate::domain::session::{self, Started, cookie};
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
    let name = name(app, realm);
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .filter(|(known, _)| *known == name)
        .filter_map(|(_, value)| cookie::read(value))
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
            Ok(active) => {
                session::touch::touch(&app.ctx, realm, &active, &peer.ip).await?;
                return Ok(Presented::Good(Box::new(active)));
            }
            Err(Denied::Unknown) => {}
            Err(denied) => over = Presented::Ended(denied),
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

/// Takes the cookie away.
pub fn clear(response: &mut Response, app: &App, realm: &Realm) {
    append(response, app, realm, "", Some(0));
    agent_state::clear(response, app, realm);
}

fn append(response: &mut Response, app: &App, realm: &Realm, value: &str, max_age: Option<u64>) {
    let name = name(app, realm);
    let secure = if app.web.https { "; Secure" } else { "" };
    let age = max_age
        .map(|secs| format!("; Max-Age={secs}"))
        .unwrap_or_default();
    let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

/// The most cookies of one name that are looked at.
const MOST: usize = 3;
