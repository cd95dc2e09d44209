//! Whether somebody can sign in, who tried as them with a wrong password, and the button that clears it.

use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect};

use super::{at, refused, somebody, to_its_end, touch};
use crate::domain::time::Timestamp;
use crate::domain::user::throttle::Held;
use crate::domain::user::{Block, User, attempts};
use crate::domain::{ActorKind, Fault};
use crate::http::console::frame::Answer;
use crate::http::console::gate::Gate;
use crate::http::console::pages::counted;
use crate::http::console::pages::people::{Notice, NoticeButton, NoticeLine, Standing};
use crate::http::console::words;

/// Whether somebody can sign in, as a tag.
pub fn standing(gate: &Gate, user: &User) -> Standing {
    if !user.enabled {
        return Standing {
            tone: "danger",
            icon: "user-round-x",
            words: "Disabled".to_owned(),
            more: "The account is disabled: it cannot sign in with any method.".to_owned(),
        };
    }
    if let Some(block) = user.blocked(gate.now) {
        return blocked(gate.now, block);
    }
    let held = gate
        .ctx
        .throttle
        .held(gate.now, gate.realm.id, &user.username);
    match held {
        Some(held) => Standing {
            tone: "warn",
            icon: "hourglass",
            words: format!("Held back until {} UTC", words::clock(held.until).text),
            more: String::new(),
        },
        None => Standing {
            tone: "ok",
            icon: "check",
            words: "Can sign in".to_owned(),
            more: String::new(),
        },
    }
}

fn blocked(now: Timestamp, block: &Block) -> Standing {
    let (words, until) = match block.until {
        Some(until) => (
            format!("Blocked until {}", words::moment(now, until).text),
            words::in_sentence(now, until),
        ),
        None => (
            format!("Blocked {}", words::since(now, block.at).text),
            "somebody lifts it".to_owned(),
        ),
    };
    let why = block.why.as_ref().map(|why| format!(" Reason: {why}."));
    Standing {
        tone: "danger",
        icon: "ban",
        words,
        more: format!(
            "Sign-in was blocked by {} {}, until {until}.{}",
            block.by,
            words::in_sentence(now, block.at),
            why.unwrap_or_default()
        ),
    }
}

/// Who tried to sign in as somebody lately, and what holds sign-in back for it; `None` when nobody did.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub(super) async fn attempts(gate: &Gate, user: &User, may: bool) -> Result<Option<Notice>, Fault> {
    let seen = attempts::of(&gate.ctx, &gate.realm, user).await?;
    if seen.failed == 0 && seen.held.is_none() {
        return Ok(None);
    }
    let mut lines = Vec::new();
    if let Some(held) = seen.held {
        lines.push(NoticeLine::new(waits(gate.now, held)));
    }
    if let Some(last) = seen.last {
        let from = seen.ip.map(|ip| format!(", from {ip}")).unwrap_or_default();
        lines.push(NoticeLine::new(format!(
            "The last one on record was {}{from}.",
            words::in_sentence(gate.now, last)
        )));
    }
    let failed = seen.failed.max(1);
    Ok(Some(Notice {
        id: "attempts",
        tone: if seen.held.is_some() { "warn" } else { "" },
        icon: match seen.held {
            Some(_) => "hourglass",
            None => "info",
        },
        title: format!(
            "At least {} in the last 24 hours",
            counted(u64::from(failed), "failed sign-in", "failed sign-ins")
        ),
        lines,
        button: may.then(|| NoticeButton {
            id: "release",
            label: "Clear",
            action: at(gate, user.id, "/release").to_string(),
            seen: 0,
        }),
    }))
}

fn waits(now: Timestamp, held: Held) -> String {
    let whom = match held.anywhere {
        true => "Whoever tries this name",
        false => "Whoever tries this name from the same address",
    };
    let until = words::clock(held.until).text;
    let left = words::span(held.until.since(now));
    format!(
        "{whom} waits until {until} UTC on this server ({left}), after {} in a row.",
        counted(u64::from(held.tries), "wrong password", "wrong passwords")
    )
}

/// Lets somebody try again at once.
pub async fn release(gate: Gate, Path((_, uid)): Path<(String, String)>, body: Bytes) -> Answer {
    gate.posted(&body).await?;
    let user = somebody(&gate, &uid).await?;
    touch(&gate, &user.roles)?;
    let (ctx, realm, id) = (gate.ctx.clone(), gate.realm.clone(), user.id);
    let actor = gate.admin.actor(ActorKind::Admin);
    let work = async move { attempts::release(&ctx, &realm, &actor, id).await };
    let released = to_its_end(work).await?;
    released.map_err(|error| refused(&gate, error))?;
    let to = at(&gate, id, "").with("done", "released").to_string();
    Ok(Redirect::to(&to).into_response())
}
