//! People: found, made, changed, and everything that ends with them.
//!
//! | address | room |
//! |---|---|
//! | `/admin/{realm}/users` | [`list`] |
//! | `/users/new`, `/users/{uid}/edit` | [`edit`], [`fields`] |
//! | `/users/import`, `/users/imports/{id}` | [`import`] |
//! | `/users/{uid}` | [`sessions`], or [`details`] for whoever may not see sessions |
//! | `/users/{uid}/details` | [`details`] |
//! | `/users/{uid}/apps`, `/users/{uid}/apps/{cid}/remove` | [`apps`] |
//! | `/users/{uid}/credentials` | [`credentials`] |
//! | `/users/{uid}/roles` | [`roles`] |
//! | `/users/{uid}/activity` | [`activity`] |
//! | `/users/{uid}/release`, `/users/{uid}/dismiss` | [`mod@standing`], [`alert`] |
//! | `/users/{uid}/sign-out`, `/block`, `/unblock`, `/disable`, `/enable`, `/delete` | [`acts`], [`ask`] |
//!
//! What ends goes through the door, by the verbs that the admin API calls. Whoever is an administrator is changed only by
//! those who may change the realm: [`touch`].

mod activity;
mod acts;
mod alert;
mod apps;
mod ask;
mod credentials;
mod details;
mod edit;
mod fields;
mod import;
pub mod list;
mod roles;
mod sessions;
mod standing;

use std::future::Future;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::address::Address;
use super::frame::Stop;
use super::gate::{Form, Gate};
use super::pages::Person;
use super::pages::people::{Head, MenuItem, Tab};
use crate::domain::Fault;
use crate::domain::access::{self, Right};
use crate::domain::id::UserId;
use crate::domain::session::of_user;
use crate::domain::signout::SignOut;
use crate::domain::user::verbs::UserError;
use crate::domain::user::{self, User};
use crate::http::state::App;
pub use standing::standing;

/// The routes of this room.
pub fn routes() -> Router<App> {
    const ONE: &str = "/admin/{realm}/users/{uid}";
    let at = |rest: &str| format!("{ONE}{rest}");
    let mut routes = Router::new()
        .route("/admin/{realm}/users", get(list::page))
        .route(
            "/admin/{realm}/users/new",
            get(edit::new).post(edit::create),
        )
        .merge(import::routes())
        .route(ONE, get(sessions::page))
        .route(&at("/details"), get(details::page))
        .route(&at("/edit"), get(edit::edit).post(edit::save))
        .route(&at("/apps"), get(apps::page))
        .route(&at("/apps/{cid}/remove"), get(apps::ask).post(apps::remove))
        .route(
            &at("/credentials"),
            get(credentials::page).post(credentials::set),
        )
        .route(&at("/roles"), get(roles::page).post(roles::save))
        .route(&at("/activity"), get(activity::page))
        .route(&at("/release"), get(sessions::page).post(standing::release))
        .route(&at("/dismiss"), get(sessions::page).post(alert::dismiss));
    for act in acts::Act::ALL {
        let on = get(move |gate, path| acts::page(act, gate, path))
            .post(move |gate, path, body| acts::act(act, gate, path, body));
        routes = routes.route(&at(act.path()), on);
    }
    routes
}

/// The user of an address, for somebody who may see users.
///
/// # Errors
/// The page that says that there is none, or which role is needed.
pub async fn somebody(gate: &Gate, uid: &str) -> Result<User, Stop> {
    gate.need(Right::ViewUsers)?;
    let found = match uid.parse::<UserId>() {
        Ok(id) => user::by_id(&gate.ctx, &gate.realm, id).await?,
        Err(_) => None,
    };
    found.map(|read| read.value).ok_or_else(|| nobody(gate))
}

fn nobody(gate: &Gate) -> Stop {
    let text = "No user of this realm has this id. Whoever was deleted is gone for good.";
    let back = vec![gate.link("All users", "/users")];
    gate.message(StatusCode::NOT_FOUND, "There is no such user", text, back)
}

/// Whether this account may be changed by who asks.
pub fn may_touch(gate: &Gate, user: &User) -> bool {
    gate.may(Right::ManageUsers) && guard(gate, &user.roles).is_none()
}

/// The right that is lacking to touch an account with these roles.
fn guard(gate: &Gate, roles: &[String]) -> Option<Right> {
    access::guarded_by(&gate.realm.name, roles).filter(|right| !gate.may(*right))
}

/// Stops whoever may not change this account, or may not hand out these roles.
///
/// # Errors
/// The page that says why.
pub fn touch(gate: &Gate, roles: &[String]) -> Result<(), Stop> {
    gate.need(Right::ManageUsers)?;
    let Some(right) = guard(gate, roles) else {
        return Ok(());
    };
    let role = match right {
        Right::ManageServer => "server-admin",
        _ => "realm-admin",
    };
    let text = format!(
        "An account with an administrator’s role is changed only by those who could give that role. It takes the role \
         {role}. Nothing was changed."
    );
    let title = "This account is an administrator’s";
    Err(gate.says(StatusCode::FORBIDDEN, title, &text))
}

/// A page about a user; `rest` starts with a slash or is empty.
pub fn at(gate: &Gate, id: UserId, rest: &str) -> Address {
    gate.at(&format!("/users/{id}{rest}"))
}

/// Where an act leads: to its receipt, or back to the user when nothing had to end.
pub fn after(gate: &Gate, id: UserId, act: Option<&SignOut>, done: &str) -> Response {
    let to = match act {
        Some(act) if gate.may(Right::ViewSessions) => gate.at(&format!("/signouts/{}", act.id)),
        _ => at(gate, id, "").with("done", done),
    };
    Redirect::to(&to.to_string()).into_response()
}

/// Runs an act to its end, also when the browser is closed meanwhile.
///
/// # Errors
/// [`Stop`] when it panicked.
pub async fn to_its_end<T: Send + 'static>(
    act: impl Future<Output = T> + Send + 'static,
) -> Result<T, Stop> {
    tokio::spawn(act)
        .await
        .map_err(|_| Stop::Fault(Fault::Record("act")))
}

/// What a verb answers instead, as a page.
pub fn refused(gate: &Gate, error: UserError) -> Stop {
    let say = |status, title, text: &str| gate.message(status, title, text, Vec::new());
    match error {
        UserError::Invalid(why) => say(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This cannot be done",
            &sentence(&why),
        ),
        UserError::NameTaken => say(
            StatusCode::CONFLICT,
            "The name is taken",
            "Another user of this realm has this username. Nothing was changed.",
        ),
        UserError::NotFound => nobody(gate),
        UserError::TooBusy => say(
            StatusCode::SERVICE_UNAVAILABLE,
            "The server is busy",
            "Too many passwords are being checked. Nothing was changed; try again in a moment.",
        ),
        UserError::Fault(fault) => fault.into(),
    }
}

/// A sentence from the words of a verb.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters
        .next()
        .map(|c| c.to_uppercase().collect::<String>())
        .unwrap_or_default();
    let rest = letters.as_str();
    let end = if words.ends_with('.') { "" } else { "." };
    format!("{first}{rest}{end}")
}

/// Which tab is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Where they are signed in.
    Sessions,
    /// What apps hold of them.
    Apps,
    /// How they sign in.
    Credentials,
    /// What they may.
    Roles,
    /// What was recorded.
    Activity,
    /// What is known.
    Details,
}

/// The head of everything about a user.
///
/// # Errors
/// [`Fault`] when their sessions cannot be counted.
pub async fn head(gate: &Gate, user: &User, shown: Shown) -> Result<Head, Fault> {
    let (id, now) = (user.id, gate.now);
    let yours = gate.admin.owns(&gate.realm, id);
    let touched = may_touch(gate, user);
    let blocked = user.blocked(now).is_some();
    let url = |rest: &str| at(gate, id, rest).to_string();
    let sessions = match gate.may(Right::ViewSessions) {
        true => of_user::count(&gate.ctx, &gate.realm, id, COUNTED + 1).await?,
        false => 0,
    };
    Ok(Head {
        id: id.to_string(),
        url: url(""),
        person: Person::new(user.display_name(), &user.username),
        email: user.claim("email").unwrap_or_default().to_owned(),
        organisation: user.claim("organisation").unwrap_or_default().to_owned(),
        standing: standing(gate, user),
        notices: [
            alert::notice(gate, user, touched).await?,
            standing::attempts(gate, user, touched).await?,
        ]
        .into_iter()
        .flatten()
        .collect(),
        yours,
        admin: access::is_administrator(&gate.realm.name, &user.roles),
        sign_out_url: gate.may(Right::EndSessions).then(|| url("/sign-out")),
        block_url: (touched && !blocked && !yours && user.enabled).then(|| url("/block")),
        lift_url: (touched && blocked).then(|| url("/unblock")),
        menu: menu(user, touched, yours, url),
        tabs: tabs(gate, id, shown, sessions),
        done: done(Form::read(gate.query.as_bytes()).one("done")).to_owned(),
    })
}

fn menu(user: &User, touched: bool, yours: bool, url: impl Fn(&str) -> String) -> Vec<MenuItem> {
    let mut menu = Vec::new();
    if !touched {
        return menu;
    }
    let mut add = |label, icon, rest: &str, danger| {
        menu.push(MenuItem {
            label,
            icon,
            url: url(rest),
            danger,
        });
    };
    add("Edit", "pencil", "/edit", false);
    add("Set a new password…", "key-round", "/credentials", false);
    if !yours {
        match user.enabled {
            true => add("Disable account…", "user-round-x", "/disable", true),
            false => add("Enable account…", "user-round-check", "/enable", false),
        }
        add("Delete user and end sessions…", "trash-2", "/delete", true);
    }
    menu
}

fn tabs(gate: &Gate, id: UserId, shown: Shown, sessions: usize) -> Vec<Tab> {
    let count = match sessions {
        n if n > COUNTED => format!("{COUNTED}+"),
        n => n.to_string(),
    };
    let activity = gate.may(Right::ViewAudit) || gate.may(Right::ViewSessions);
    let all = [
        (
            Shown::Sessions,
            "Sessions",
            "",
            gate.may(Right::ViewSessions),
        ),
        (Shown::Apps, "Applications", "/apps", true),
        (Shown::Credentials, "Credentials", "/credentials", true),
        (Shown::Roles, "Roles", "/roles", true),
        (Shown::Activity, "Activity", "/activity", activity),
        (Shown::Details, "Details", "/details", true),
    ];
    all.into_iter()
        .filter(|(.., may)| *may)
        .map(|(tab, label, rest, _)| Tab {
            label,
            count: match tab {
                Shown::Sessions => count.clone(),
                _ => String::new(),
            },
            url: at(gate, id, rest).to_string(),
            current: tab == shown,
        })
        .collect()
}

/// What was just done, from the address.
pub fn done(code: &str) -> &'static str {
    match code {
        "created" => "The user was created. Set a password so that they can sign in.",
        "ready" => "The user was created and can sign in.",
        "saved" => "The changes were saved.",
        "released" => "The failed sign-ins were cleared: they can try again at once.",
        "dismissed" => "It was dismissed.",
        "more" => "Nothing was dismissed: look again, something changed meanwhile.",
        "lifted" => "The block was lifted: they can sign in again.",
        "enabled" => "The account was enabled: they can sign in again.",
        "disabled" => "The account was disabled and signed out everywhere.",
        "blocked" => "Sign-in was blocked, and their sessions ended.",
        "deleted" => "The user was deleted, and their sessions ended.",
        "password" => "The new password was set, and other sessions ended.",
        "roles" => "The roles were saved. They hold from the next request on.",
        "removed" => "The application’s access was removed.",
        _ => "",
    }
}

/// Sessions counted for a tab.
const COUNTED: usize = 99;
