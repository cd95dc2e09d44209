//! `POST /admin/{realm}/signouts`: the act itself, through the door, and then its receipt.

use axum::body::Bytes;
use axum::response::{IntoResponse, Redirect};

use super::chosen::{Chosen, Frozen};
use super::frame::{Answer, Stop};
use super::gate::Gate;
use super::pages::{REASONS, counted};
use super::preview::{Answers, ask, refused};
use crate::domain::access::Right;
use crate::domain::session::search;
use crate::domain::signout::{self, Reason, Request};
use crate::domain::{ActorKind, Fault};

/// Ends what was confirmed.
pub async fn act(gate: Gate, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::EndSessions)?;
    let chosen = Chosen::read(&gate, &form)?;
    let answers = Answers {
        reason: form.one("reason").to_owned(),
        note: form.one("note").trim().to_owned(),
        message: form.one("message").trim().to_owned(),
        error: None,
    };
    let Some((_, why)) = REASONS.iter().find(|(value, _)| *value == answers.reason) else {
        let error = Some("Choose a reason.".to_owned());
        return ask(&gate, chosen, Answers { error, ..answers }).await;
    };
    let mut note = answers.note;
    if let Chosen::All(frozen) = &chosen {
        note = with_difference(&gate, frozen, note).await?;
    }
    let once = Some(form.one("once")).filter(|once| (1..=100).contains(&once.len()));
    let request = Request {
        id: None,
        select: chosen.selection(&gate)?,
        reason: Reason::Admin,
        actor: gate.admin.actor(ActorKind::Admin),
        why: Some((*why).to_owned()),
        note: Some(note).filter(|note| !note.is_empty()),
        message: Some(answers.message).filter(|message| !message.is_empty()),
        once: once.map(str::to_owned),
        unknown: Vec::new(),
        block: None,
    };
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    // A browser that hangs up does not stop half of it.
    let done = tokio::spawn(async move { signout::end(&ctx, &realm, &request).await }).await;
    match done {
        Ok(Ok(act)) => Ok(
            Redirect::to(&gate.at(&format!("/signouts/{}", act.id)).to_string()).into_response(),
        ),
        Ok(Err(error)) => Err(refused(&gate, error)),
        Err(_) => Err(Fault::Busy.into()),
    }
}

/// The note, and how many of a large selection had ended by themselves between preview and confirmation.
async fn with_difference(gate: &Gate, frozen: &Frozen, note: String) -> Result<String, Stop> {
    let Some(seen) = frozen.count else {
        return Ok(note);
    };
    let own = gate.admin.sid();
    let left = search::all(&gate.ctx, &gate.realm, &frozen.query(gate)?).await?;
    let left = left.iter().filter(|sid| **sid != own).count() as u64;
    let gone = seen.saturating_sub(left);
    if gone == 0 {
        return Ok(note);
    }
    let said = format!(
        "{} had ended between preview and confirmation.",
        counted(gone, "session", "sessions")
    );
    Ok(if note.is_empty() {
        said
    } else {
        format!("{note} ({said})")
    })
}
