//! Who is at the other end of a console request: read from the browser's handle, judged anew every time.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};

use super::address::inside;
use super::frame::{Stop, request_id};
use crate::domain::access::{self, Right};
use crate::domain::client::CONSOLE;
use crate::domain::denial::{self, ActiveSession, Denied};
use crate::domain::id::Sid;
use crate::domain::proof::{self, Kind, Use};
use crate::domain::realm::{self, Realm};
use crate::domain::session::address::enter;
use crate::domain::time::Timestamp;
use crate::domain::user::{self, User};
use crate::domain::{Actor, ActorKind, Context, Fault};
use crate::http::browser::BrowserState;
use crate::http::extract::Peer;
use crate::http::guard::RequestId;
use crate::http::state::App;

/// What the browser state keeps of a sign-in to the console: whom to ask the judge about, nothing more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Handle {
    /// The realm the administrator signed in to.
    pub realm: String,
    /// The session.
    pub sid: Sid,
    /// When the handle was made.
    pub at: Timestamp,
}

/// Under which name it is kept.
pub const HANDLE: &str = "console";

/// Somebody whose session was good when this request came in.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Their own realm.
    pub home: Arc<Realm>,
    /// Their session.
    pub active: ActiveSession,
    /// Who, with the roles of this moment.
    pub user: User,
    /// From which address.
    pub ip: String,
}

impl Admin {
    /// Whether they may do this in a realm.
    pub fn may(&self, right: Right, realm: &Realm) -> bool {
        access::allows(&self.home.name, &self.user.roles, right, &realm.name)
    }

    /// Whether they may see every realm.
    pub fn runs_the_server(&self) -> bool {
        access::allows(
            &self.home.name,
            &self.user.roles,
            Right::ManageServer,
            access::MASTER,
        )
    }

    /// The console session itself: no selection ends it.
    pub fn sid(&self) -> Sid {
        self.active.session.sid
    }

    /// Whether this is a session of theirs, the current or another.
    pub fn owns(&self, realm: &Realm, user: crate::domain::id::UserId) -> bool {
        self.home.id == realm.id && self.user.id == user
    }

    /// Whether they are still signed in and may still do this: asked again by an answer that goes on for a while.
    ///
    /// # Errors
    /// [`Fault`] when it cannot be decided.
    pub async fn still(&self, ctx: &Context, right: Right, realm: &Realm) -> Result<bool, Fault> {
        let Some(home) = realm::find(ctx, &self.home.name).await? else {
            return Ok(false);
        };
        let known = known(ctx, &home, self.sid()).await?;
        Ok(
            known
                .is_ok_and(|(_, user)| access::allows(&home.name, &user.roles, right, &realm.name)),
        )
    }

    /// Who asks, for the door.
    pub fn actor(&self, kind: ActorKind) -> Actor {
        Actor {
            kind,
            id: self.user.id.to_string(),
            name: self.user.display_name().to_owned(),
            realm: self.home.name.clone(),
            sid: Some(self.sid()),
            ip: Some(self.ip.clone()).filter(|ip| !ip.is_empty()),
        }
    }
}

/// Why nobody is signed in.
#[derive(Clone, Debug)]
pub enum Absent {
    /// The browser brought no handle.
    Nobody,
    /// It brought the handle of a session that is over.
    Ended {
        /// The realm it was of: where to sign in again.
        home: String,
    },
}

/// A request to the console, whoever sent it.
pub struct Visitor {
    /// The server.
    pub app: App,
    /// What is kept with the browser.
    pub browser: BrowserState,
    /// Who it is.
    pub admin: Result<Admin, Absent>,
    /// How it was asked.
    pub method: Method,
    /// With which headers.
    pub headers: HeaderMap,
    /// Path and query.
    pub target: String,
    /// The request's id, for whoever reports what they see.
    pub id: String,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visitor, Stop> {
        let browser = BrowserState::from_request_parts(parts, app)
            .await
            .map_err(|_| Fault::Record("browser state"))?;
        let Ok(peer) = Peer::from_request_parts(parts, app).await;
        let admin = recognise(app, &browser, peer, is_automatic(parts)).await?;
        let given = parts
            .extensions
            .get::<RequestId>()
            .and_then(|id| id.0.to_str().ok());
        let id = given.map_or_else(request_id, str::to_owned);
        let target = parts
            .uri
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default();
        Ok(Visitor {
            app: app.clone(),
            browser,
            admin,
            method: parts.method.clone(),
            headers: parts.headers.clone(),
            target,
            id,
        })
    }
}

impl Visitor {
    /// The query as it was sent.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Where to go on after signing in: this very page, when it can be asked for again.
    pub fn to_return_to(&self) -> Option<&str> {
        inside(&self.target).filter(|_| self.method == Method::GET)
    }
}

async fn recognise(
    app: &App,
    browser: &BrowserState,
    peer: Peer,
    automatic: bool,
) -> Result<Result<Admin, Absent>, Fault> {
    let ctx = &app.ctx;
    let Some(handle) = browser.get::<Handle>(HANDLE).await? else {
        return Ok(Err(Absent::Nobody));
    };
    let ended = Absent::Ended {
        home: handle.realm.clone(),
    };
    let Some(home) = realm::find(ctx, &handle.realm).await? else {
        return Ok(Err(Absent::Nobody));
    };
    let (active, user) = match known(ctx, &home, handle.sid).await? {
        Ok(known) => known,
        Err(denied) => {
            let tried = Use {
                kind: Kind::Cookie,
                client_id: Some(CONSOLE),
                ip: &peer.ip,
            };
            if let Some(denied) = denied {
                proof::denied(ctx, &home, &denied, tried);
            }
            return Ok(Err(ended));
        }
    };
    let ip = if peer.ip.is_empty() {
        active.last_ip.clone()
    } else {
        peer.ip
    };
    let active = match automatic {
        true => active,
        false => match enter(ctx, &home, active, &ip).await? {
            Ok(active) => active,
            Err(_) => return Ok(Err(ended)),
        },
    };
    Ok(Ok(Admin {
        home,
        active,
        user,
        ip,
    }))
}

/// Whom a session lets into the console: the judge says whether it is good, and the realm how old a sign-in may be, as for
/// every other app. `Err` has what the judge said, where it was the judge.
async fn known(
    ctx: &Context,
    home: &Realm,
    sid: Sid,
) -> Result<Result<(ActiveSession, User), Option<Denied>>, Fault> {
    let active = match denial::session(ctx, home, sid).await? {
        Ok(active) => active,
        Err(denied) => return Ok(Err(Some(denied))),
    };
    let found = user::by_id(ctx, home, active.session.user).await?;
    let Some(user) = found.map(|read| read.value).filter(|user| user.enabled) else {
        return Ok(Err(None));
    };
    let auth_time = active.session.auth_time;
    if home
        .settings
        .sessions
        .wants_credentials(auth_time, ctx.now())
    {
        return Ok(Err(None));
    }
    Ok(Ok((active, user)))
}

/// A receipt that fetches itself again, or a list that is watched, is nobody's doing: it must not keep a session alive.
fn is_automatic(parts: &Parts) -> bool {
    let part = parts.headers.get("x-fragment");
    part.is_some_and(|part| part == "receipt") || parts.uri.path().ends_with("/live")
}
