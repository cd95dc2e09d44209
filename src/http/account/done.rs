//! What came of it: a small receipt, under an address of its own.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::me::{Entered, Me, not_yours};
use super::pages::{DonePage, Section, Told};
use crate::domain::ActorKind;
use crate::domain::id::SignOutId;
use crate::domain::signout::receipt;
use crate::domain::signout::told::AppState;
use crate::domain::signout::{Reason, SignOut};
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::words::{Moment, Words};

/// GET: what an act of theirs did.
pub async fn show(visit: Visit, Path((_, id)): Path<(String, String)>) -> Response {
    match Me::enter(visit, "/sessions").await {
        Entered::Me(me) => {
            let outcome = shown(&me, &id).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

async fn shown(me: &Me, id: &str) -> Result<Response, Refusal> {
    let id: SignOutId = id.parse().map_err(|_| not_yours())?;
    let found = receipt::find(me.ctx(), me.realm(), id).await?;
    let act = found
        .filter(|act| is_theirs(me, act))
        .ok_or_else(not_yours)?;
    let (apps, _) = receipt::apps(me.ctx(), me.realm(), &act).await?;
    let words = me.words();
    let page = DonePage {
        shell: me.shell(Section::Sessions, &format!("/done/{id}")).await?,
        sessions: act.sessions,
        grants: act.families,
        apps: apps
            .into_iter()
            .map(|app| told(words, app.name, app.state, app.bound_until))
            .collect(),
        asks_password: act.reason == Reason::NotRecognised
            && me.realm().settings.account.change_password,
        password_changed: act.reason == Reason::PasswordChanged,
        security_url: me.at("/security"),
        back_url: me.at(match act.reason {
            Reason::AccessRemoved => "/apps",
            _ => "/sessions",
        }),
    };
    me.page(StatusCode::OK, &page)
}

fn is_theirs(me: &Me, act: &SignOut) -> bool {
    act.actor.kind == ActorKind::User && act.actor.id == me.user.value.id.to_string()
}

fn told(
    words: &'static Words,
    name: String,
    state: AppState,
    bound: Option<crate::domain::time::Timestamp>,
) -> Told {
    let t = &words.acts;
    let (class, icon, text) = match state {
        AppState::Acknowledged => ("ok", "check", t.was_told),
        AppState::Retrying => ("info", "clock", t.is_told),
        AppState::Rejected | AppState::GaveUp => ("warn", "triangle-alert", t.not_reached),
        AppState::Bounded | AppState::NotCapable => ("warn", "info", t.cannot_be_told),
    };
    let until = bound
        .filter(|_| state != AppState::Acknowledged)
        .map(|at| (t.until)(&(words.frame.date)(Moment::from(at))));
    Told {
        name,
        class,
        icon,
        text,
        until,
    }
}
