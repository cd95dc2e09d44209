//! `GET /admin/{realm}/admins`: who administers a realm, people and applications, and whom to make an administrator.

use axum::http::StatusCode;

use super::frame::{self, Answer};
use super::gate::{Form, Gate};
use super::pages::people::RoleBox;
use super::pages::{AdminRow, AdminsPage, Person, Section, ServiceRow};
use super::users::{at, may_touch, standing};
use super::words;
use crate::domain::access::{self, Right, SERVER_ADMIN};
use crate::domain::client::{self, Client};
use crate::domain::session::of_user;
use crate::domain::time::Timestamp;
use crate::domain::user::{self, User};
use crate::domain::{Context, Fault};

/// Answers the page.
pub async fn page(gate: Gate) -> Answer {
    gate.need(Right::ManageRealm)?;
    let query = Form::read(gate.query.as_bytes());
    let after = Some(query.one("after")).filter(|after| !after.is_empty());
    let (ctx, realm) = (&gate.ctx, &gate.realm);
    let (admins, next) = user::administrators(ctx, realm, after, ON_A_PAGE).await?;
    let mut rows = Vec::with_capacity(admins.len());
    for user in &admins {
        rows.push(row(&gate, user, last_active(&gate, user).await?));
    }
    let find = query.one("find").trim().to_owned();
    let found = match find.as_str() {
        "" => Vec::new(),
        text => user::search(ctx, realm, text, None, FOUND).await?.users,
    };
    let explained = access::roles_of(&realm.name)
        .filter(|role| role.name != SERVER_ADMIN || gate.may(Right::ManageServer));
    let (services, all_looked_at) = match after {
        None => services(ctx, &gate).await?,
        Some(_) => (Vec::new(), true),
    };
    let page = AdminsPage {
        shell: gate.shell(Section::Admins),
        rows,
        services,
        all_looked_at,
        next_url: next.map(|next| gate.at("/admins").with("after", &next).to_string()),
        found: found.iter().map(|user| row(&gate, user, None)).collect(),
        find,
        roles: explained
            .map(|role| RoleBox {
                name: role.name,
                label: role.label,
                may: role.may,
                ticked: false,
            })
            .collect(),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn row(gate: &Gate, user: &User, last_active: Option<Timestamp>) -> AdminRow {
    AdminRow {
        id: user.id.to_string(),
        url: at(gate, user.id, "").to_string(),
        roles_url: at(gate, user.id, "/roles").to_string(),
        person: Person::new(user.display_name(), &user.username),
        yours: gate.admin.owns(&gate.realm, user.id),
        standing: standing(gate, user),
        roles: labels(gate, &user.roles),
        last_active: last_active.map(|at| words::ago(gate.now, at)),
        may_change: may_touch(gate, user),
    }
}

/// The administrators' roles among these, as people read them.
fn labels(gate: &Gate, roles: &[String]) -> Vec<&'static str> {
    access::roles_of(&gate.realm.name)
        .filter(|role| roles.iter().any(|own| own == role.name))
        .map(|role| role.label)
        .collect()
}

/// The applications that act for themselves with an administrator's role, and whether all applications were looked at.
async fn services(ctx: &Context, gate: &Gate) -> Result<(Vec<ServiceRow>, bool), Fault> {
    let (mut found, mut after) = (Vec::new(), None);
    for _ in 0..APPS_LOOKED_AT / APPS_AT_ONCE {
        let (apps, next) =
            client::list(ctx, &gate.realm, "", after.as_deref(), APPS_AT_ONCE).await?;
        let rows = apps.iter().map(|app| service(gate, app));
        found.extend(rows.filter(|row| !row.roles.is_empty()));
        after = next;
        if after.is_none() {
            return Ok((found, true));
        }
    }
    Ok((found, false))
}

fn service(gate: &Gate, app: &Client) -> ServiceRow {
    ServiceRow {
        client_id: app.client_id().to_owned(),
        name: app.name().to_owned(),
        url: gate.at(&format!("/apps/{}", app.id)).to_string(),
        enabled: app.settings.enabled,
        roles: labels(gate, &app.settings.service_account_roles),
    }
}

/// When somebody last used a session of this realm, as far as it is still known.
async fn last_active(gate: &Gate, user: &User) -> Result<Option<Timestamp>, Fault> {
    let (ctx, realm) = (&gate.ctx, &gate.realm);
    let (active, _) = of_user::active(ctx, realm, user.id, None, LOOKED_AT).await?;
    let used = active.iter().filter_map(|row| row.active.as_ref());
    if let Some(at) = used.map(|active| active.last_active).max() {
        return Ok(Some(at));
    }
    let ended = of_user::ended(ctx, realm, user.id, None, 1).await?;
    Ok(ended
        .first()
        .and_then(|row| row.session.ended)
        .map(|end| end.at))
}

const ON_A_PAGE: usize = 50;
const FOUND: usize = 10;
/// Applications looked at for those with a role.
const APPS_LOOKED_AT: usize = 1000;
const APPS_AT_ONCE: usize = 200;
/// Sessions looked at for when somebody was last active.
const LOOKED_AT: usize = 5;
