//! Who asks the admin API, and whether they may: a good access token made for it, and roles as they are at this moment.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use super::read::Params;
use super::table::{Need, Route};
use crate::crypto::{self, Secret};
use crate::domain::access::{self, Right};
use crate::domain::proof::{self, Kind};
use crate::domain::realm::{self, Realm};
use crate::domain::token::resources::admin_audience;
use crate::domain::token::{opaque, userinfo};
use crate::domain::{Actor, ActorKind, client, user};
use crate::http::answer::Problem;
use crate::http::extract::Peer;
use crate::http::state::App;

/// Somebody who was recognised, with the roles they have now.
#[derive(Clone, Debug)]
pub struct Principal {
    /// As whom they act.
    pub actor: Actor,
    /// The realm they belong to.
    pub home: String,
    /// Their roles in it.
    pub roles: Vec<String>,
}

impl Principal {
    /// The bearer of an access token for the admin API. The token says who, the record of the user or client what they may:
    /// a role that was taken away is gone with the next request.
    ///
    /// # Errors
    /// 401 for a token that is not good, or good for something else.
    pub async fn of_token(app: &App, token: &str, ip: &str) -> Result<Principal, Problem> {
        let ctx = &*app.ctx;
        // Its issuer is only claimed so far; the keys of that realm decide.
        let home = match opaque::realm_of(token) {
            Some(id) => realm::by_id(ctx, id).await?,
            None => {
                let name = issuer(token).and_then(|iss| {
                    let root = format!("{}/realms/", ctx.public_url);
                    iss.strip_prefix(&root).map(str::to_owned)
                });
                realm::find(ctx, name.as_deref().unwrap_or_default()).await?
            }
        };
        let Some(home) = home else {
            return Err(refused());
        };
        let claims = match userinfo::good(ctx, &home, token).await? {
            Ok(claims) => claims,
            Err(dead) => {
                if let Some(dead) = dead {
                    proof::dead(ctx, &home, &dead, Kind::AdminApi, ip);
                }
                return Err(refused());
            }
        };
        let audience = admin_audience(ctx);
        if !claims.aud.contains(&audience) {
            return Err(Problem::unauthorized(format!(
                "the token's aud must hold {audience}"
            )));
        }
        let (id, name, roles) = match claims.user() {
            Some(id) => match user::by_id(ctx, &home, id).await? {
                Some(found) if found.value.enabled => {
                    (id.to_string(), found.value.username, found.value.roles)
                }
                _ => return Err(refused()),
            },
            None => match client::find(ctx, &home, &claims.client_id).await? {
                Some(found) if found.settings.enabled => {
                    let roles = found.settings.service_account_roles.clone();
                    (claims.client_id.clone(), found.name().to_owned(), roles)
                }
                _ => return Err(refused()),
            },
        };
        let ip = Some(ip.to_owned()).filter(|ip| !ip.is_empty());
        let actor = Actor {
            kind: ActorKind::Admin,
            id,
            name,
            realm: home.name.clone(),
            sid: claims.sid,
            ip,
        };
        Ok(Principal {
            actor,
            home: home.name.clone(),
            roles,
        })
    }

    /// Whether they may do this in that realm.
    pub fn may(&self, right: Right, realm: &Realm) -> bool {
        access::allows(&self.home, &self.roles, right, &realm.name)
    }

    /// Asks for a right.
    ///
    /// # Errors
    /// 403 naming it, when they have others in that realm; otherwise the 404 of a realm that does not exist.
    pub fn require(&self, right: Right, realm: &Realm) -> Result<(), Problem> {
        if self.may(right, realm) {
            Ok(())
        } else if self.knows(&realm.name) {
            Err(forbidden(right))
        } else {
            Err(no_such_realm())
        }
    }

    /// Whether they have any right in that realm.
    pub fn knows(&self, realm: &str) -> bool {
        self.everywhere()
            || (self.home == realm && access::is_administrator(&self.home, &self.roles))
    }

    /// Whether they may do everything in every realm.
    pub fn everywhere(&self) -> bool {
        access::allows(&self.home, &self.roles, Right::ManageServer, &self.home)
    }
}

/// What a recognised asker brings along.
pub(super) struct Asker {
    /// The server.
    pub(super) app: App,
    /// Who asks.
    pub(super) principal: Principal,
    /// The query, of which the route takes everything.
    pub(super) params: Params,
    /// The token, for answers that take long: whether it is still good has to be asked again.
    pub(super) bearer: Secret,
}

/// An asker who has the right that the route needs in the realm of its address.
pub(super) struct Asked {
    /// Who.
    pub(super) asker: Asker,
    /// Where.
    pub(super) realm: Arc<Realm>,
    path: Vec<(String, String)>,
}

impl Asked {
    /// The id of the address under this name.
    ///
    /// # Errors
    /// 404 when it cannot be one: nothing has such an id.
    pub(super) fn id<T: FromStr>(&self, name: &str, what: &str) -> Result<T, Problem> {
        let text = self
            .path
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        text.and_then(|text| text.parse().ok())
            .ok_or_else(|| no_such(what))
    }
}

impl FromRequestParts<App> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Principal, Problem> {
        recognise(parts, app).await.map(|(principal, _)| principal)
    }
}

impl FromRequestParts<App> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Asker, Problem> {
        let (asker, row) = ask(parts, app).await?;
        let allowed = match row.need {
            Need::Any => access::is_administrator(&asker.principal.home, &asker.principal.roles),
            Need::Right(right) | Need::Either(right, _) => {
                if !asker.principal.everywhere() && asker.principal.knows(&asker.principal.home) {
                    return Err(forbidden(right));
                }
                asker.principal.everywhere()
            }
        };
        if !allowed {
            return Err(no_such_realm());
        }
        asker.params.only(row.query)?;
        Ok(asker)
    }
}

impl FromRequestParts<App> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Asked, Problem> {
        let (asker, row) = ask(parts, app).await?;
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::bad_request("the address is not valid UTF-8"))?;
        let path: Vec<_> = params
            .iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let name = path
            .iter()
            .find(|(key, _)| key == "realm")
            .map(|(_, value)| value.as_str());
        let realm = realm::find(&app.ctx, name.unwrap_or_default())
            .await?
            .ok_or_else(no_such_realm)?;
        match row.need {
            Need::Right(right) => asker.principal.require(right, &realm)?,
            Need::Either(one, other) => {
                if !asker.principal.may(one, &realm) {
                    asker.principal.require(other, &realm)?;
                }
            }
            Need::Any if asker.principal.knows(&realm.name) => {}
            Need::Any => return Err(no_such_realm()),
        }
        // Only after the rights: what a route takes is nobody else's business.
        asker.params.only(row.query)?;
        Ok(Asked { asker, realm, path })
    }
}

async fn ask(parts: &mut Parts, app: &App) -> Result<(Asker, &'static Route), Problem> {
    let (principal, bearer) = recognise(parts, app).await?;
    let row = parts.extensions.get::<&'static Route>().copied();
    // An address outside the table needs a right that nobody has.
    let row = row.ok_or_else(|| no_such("address"))?;
    let params = Params::parse(parts.uri.query().unwrap_or_default())?;
    Ok((
        Asker {
            app: app.clone(),
            principal,
            params,
            bearer,
        },
        row,
    ))
}

async fn recognise(parts: &mut Parts, app: &App) -> Result<(Principal, Secret), Problem> {
    let header = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    });
    let Some(token) = token.filter(|token| token.len() <= LONGEST_TOKEN) else {
        return Err(Problem::unauthorized(
            "send Authorization: Bearer with an access token for the admin API",
        ));
    };
    let Ok(peer) = Peer::from_request_parts(parts, app).await;
    let principal = Principal::of_token(app, &token, &peer.ip).await?;
    Ok((principal, Secret::new(token)))
}

/// What a JWT says of its issuer, unverified: only to know whose keys to look at.
fn issuer(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (_, payload) = (parts.next()?, parts.next()?);
    let claims: serde_json::Value = serde_json::from_slice(&crypto::unb64(payload)?).ok()?;
    claims.get("iss")?.as_str().map(str::to_owned)
}

fn refused() -> Problem {
    Problem::unauthorized(
        "the access token is expired, revoked, of a session that ended, or not one of this server's",
    )
}

/// 403: recognised, and told which right is missing.
pub(super) fn forbidden(right: Right) -> Problem {
    let detail = format!("you have no right to {}", words(right));
    Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "A right is missing",
        detail,
    )
}

/// 404 of a realm that is not there, or not for the asker to know about: one body for both.
pub(super) fn no_such_realm() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "realm-not-found",
        "There is no such realm",
        "the realm in the address does not exist on this server",
    )
}

/// 404 of something in a realm.
pub(super) fn no_such(what: &str) -> Problem {
    Problem::not_found(format!("this realm has no such {what}"))
}

fn words(right: Right) -> &'static str {
    match right {
        Right::ViewSessions => "see sessions (view-sessions)",
        Right::EndSessions => "end sessions (end-sessions)",
        Right::ViewUsers => "see users (view-users)",
        Right::ManageUsers => "change users (manage-users)",
        Right::ViewClients => "see clients (view-clients)",
        Right::ManageClients => "change clients (manage-clients)",
        Right::ManageRealm => {
            "see or change the realm's own settings, keys and administrators (manage-realm)"
        }
        Right::ViewAudit => "read the audit log (view-audit)",
        Right::ManageServer => {
            "create or delete realms or to make administrators of the server (manage-server)"
        }
    }
}

/// The longest token looked at.
const LONGEST_TOKEN: usize = 8192;
