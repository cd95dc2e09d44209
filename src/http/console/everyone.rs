//! `/admin/{realm}/signouts/everyone`: everybody of the realm is signed out, but for the administrator's own session. The
//! realm's name is typed, and credentials are given again.

use axum::body::Bytes;
use axum::http::StatusCode;

use super::answers::Answers;
use super::frame::{self, Answer, Stop};
use super::gate::Gate;
use super::invalidate::end;
use super::pages::{ConfirmPage, Everyone, Problem, counted};
use super::preview::{draft, refused};
use super::rows::device;
use super::step_up;
use crate::domain::access::Right;
use crate::domain::session::Query;
use crate::domain::session::search::{Listed, search};
use crate::domain::signout::plan::plan_some;
use crate::domain::signout::{Reason, Request, Selection};
use crate::domain::{ActorKind, Fault};

/// Asks.
pub async fn page(gate: Gate) -> Answer {
    gate.need(Right::EndSessions)?;
    let kept = step_up::resumed(&gate).await?;
    let answers = kept.map(|(_, answers)| answers).unwrap_or_default();
    ask(&gate, answers, Vec::new()).await
}

/// Does it.
pub async fn act(gate: Gate, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::EndSessions)?;
    let answers = Answers {
        // A realm that nobody may sign in to is switched off in its settings.
        block: false,
        ..Answers::read(&form)
    };
    let asked = answers.request(&gate, Selection::All, form.one("once"));
    let mut problems = asked.as_ref().err().cloned().unwrap_or_default();
    if answers.typed != gate.realm.name {
        problems.insert(
            0,
            Problem {
                field: "typed".to_owned(),
                message: format!("Type {} to confirm, exactly so.", gate.realm.name),
            },
        );
    }
    let Some(request) = asked.ok().filter(|_| problems.is_empty()) else {
        return ask(&gate, answers, problems).await;
    };
    if step_up::stale(&gate) {
        return step_up::ask(&gate, "/signouts/everyone", None, answers).await;
    }
    end(&gate, request).await
}

async fn ask(gate: &Gate, answers: Answers, problems: Vec<Problem>) -> Answer {
    let actor = gate.admin.actor(ActorKind::Admin);
    let request = Request::new(Selection::All, Reason::Admin, actor);
    let plan = match plan_some(&gate.ctx, &gate.realm, &request, MOST_COUNTED).await {
        Ok(plan) => plan,
        Err(error) => return Err(refused(gate, error)),
    };
    if plan.sessions == 0 {
        return Err(nobody(gate));
    }
    tracing::info!(realm = %gate.realm.name, by = %gate.admin.user.username, sessions = plan.sessions, "signing out everyone was previewed");
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let everyone = Everyone {
        realm: gate.realm.name.clone(),
        typed: answers.typed.clone(),
        own: own(gate).await?,
    };
    let page = ConfirmPage {
        everyone: Some(everyone),
        may_block: None,
        action: gate.at("/signouts/everyone").to_string(),
        cancel_url: gate.at("/sessions").to_string(),
        command: super::command::end_found(gate, ""),
        credentials: step_up::stale(gate),
        ..draft(gate, &plan, answers, problems)
    };
    Ok(frame::html(status, &page))
}

fn nobody(gate: &Gate) -> Stop {
    let text = "No session but your own is active in this realm.";
    gate.says(StatusCode::CONFLICT, "Nobody else is signed in", text)
}

/// What becomes of the administrator's own sessions.
async fn own(gate: &Gate) -> Result<String, Fault> {
    if gate.admin.home.id != gate.realm.id {
        return Ok("It is one of another realm.".to_owned());
    }
    let session = &gate.admin.active.session;
    let here = format!(
        "{}, {}.",
        device(&session.device).words(),
        gate.admin.active.last_ip
    );
    let mut query = Query::default();
    query.user = Some(crate::domain::user::fold(&session.username));
    let found = search(&gate.ctx, &gate.realm, &query, Listed::Active, None, 50).await?;
    let rows = found.map(|found| found.rows).unwrap_or_default();
    let others = rows
        .iter()
        .filter(|row| row.session.sid != session.sid)
        .count() as u64;
    Ok(match others {
        0 => here,
        1 => format!("{here} Your 1 other session ends too."),
        n => format!(
            "{here} Your {} end too.",
            counted(n, "other session", "other sessions")
        ),
    })
}

/// Sessions counted for the page; of more it says that there are more.
const MOST_COUNTED: usize = 100_000;
