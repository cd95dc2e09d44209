//! `POST /admin/{realm}/signouts`: the act itself, through the door, and then its receipt.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::answers::Answers;
use super::chosen::{Chosen, Frozen};
use super::frame::{Answer, Stop};
use super::gate::Gate;
use super::pages::{Link, counted};
use super::preview::{ask, refused};
use super::step_up;
use crate::domain::access::Right;
use crate::domain::session::search;
use crate::domain::signout::{self, Reason, Request};
use crate::domain::{ActorKind, Fault};

/// Ends what was confirmed.
pub async fn act(gate: Gate, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::EndSessions)?;
    let chosen = Chosen::read(&gate, &form)?;
    let answers = Answers::read(&form);
    if let Chosen::All(Frozen { count: None, .. }) = &chosen {
        // Nobody has seen yet how many they are.
        return ask(&gate, chosen, answers, Vec::new()).await;
    }
    let select = chosen.selection(&gate)?;
    let mut request = match answers.request(&gate, select, form.one("once")) {
        Ok(request) => request,
        Err(problems) => return ask(&gate, chosen, answers, problems).await,
    };
    if step_up::stale(&gate) && how_many(&gate, &chosen).await? > step_up::MANY {
        return step_up::ask(&gate, "/signouts/preview", Some(chosen), answers).await;
    }
    if let Chosen::All(frozen) = &chosen {
        request.note = with_difference(&gate, frozen, request.note).await?;
    }
    end(&gate, request).await
}

/// Goes through the door and on to the receipt.
///
/// # Errors
/// The page that says why nothing was done.
pub async fn end(gate: &Gate, request: Request) -> Answer {
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    // A browser that hangs up does not stop half of it.
    let done = tokio::spawn(async move { signout::end(&ctx, &realm, &request).await }).await;
    match done {
        Ok(Ok(act)) => Ok(
            Redirect::to(&gate.at(&format!("/signouts/{}", act.id)).to_string()).into_response(),
        ),
        Ok(Err(error)) => Err(refused(gate, error)),
        Err(_) => Err(Fault::Busy.into()),
    }
}

/// How many sessions a choice is about.
async fn how_many(gate: &Gate, chosen: &Chosen) -> Result<u64, Stop> {
    Ok(match chosen {
        Chosen::Sids(sids) => sids.len() as u64,
        Chosen::All(frozen) => frozen.count.unwrap_or(u64::MAX),
        Chosen::User(_) => {
            let actor = gate.admin.actor(ActorKind::Admin);
            let request = Request::new(chosen.selection(gate)?, Reason::Admin, actor);
            let plan = signout::plan(&gate.ctx, &gate.realm, &request).await;
            plan.map_err(|error| refused(gate, error))?.sessions
        }
    })
}

/// The note, and how many of a large selection are left out because they ended, or were used again, between preview and
/// confirmation. More than were confirmed are never ended.
async fn with_difference(
    gate: &Gate,
    frozen: &Frozen,
    note: Option<String>,
) -> Result<Option<String>, Stop> {
    let Some(seen) = frozen.count else {
        return Ok(note);
    };
    let own = gate.admin.sid();
    let left = search::all(&gate.ctx, &gate.realm, &frozen.query(gate)?).await?;
    let left = left.iter().filter(|sid| **sid != own).count() as u64;
    if left > seen {
        let text = format!(
            "You confirmed {}; the search finds {} now, because it asks for what changes by the minute. Nothing was \
             ended. Go back to the list and select again.",
            counted(seen, "session", "sessions"),
            counted(left, "session", "sessions"),
        );
        let back = Link {
            label: "Back to sessions".to_owned(),
            url: gate.at("/sessions").with("q", frozen.text()).to_string(),
        };
        let title = "The selection has changed";
        return Err(gate.message(StatusCode::CONFLICT, title, &text, vec![back]));
    }
    let gone = seen - left;
    if gone == 0 {
        return Ok(note);
    }
    let said = format!(
        "{} had ended between preview and confirmation.",
        counted(gone, "session", "sessions")
    );
    Ok(Some(match note {
        None => said,
        Some(note) => format!("{note} ({said})"),
    }))
}
