//! Step-up: before many sessions end at once, the administrator gives credentials again. What was chosen and answered
//! waits in the browser's state and is there again afterwards, on the page that asks.

use axum::response::{IntoResponse, Redirect};
use serde::{Deserialize, Serialize};

use super::address::Address;
use super::answers::Answers;
use super::chosen::Chosen;
use super::frame::Answer;
use super::gate::{Form, Gate};
use crate::crypto;
use crate::domain::Fault;
use crate::domain::id::{RealmId, UserId};
use crate::domain::time::{Span, Timestamp};

/// How long credentials count as fresh.
pub const FRESH: Span = Span::mins(5);
/// Sessions that end without credentials being given again.
pub const MANY: u64 = 100;
/// How long an act waits for its sign-in.
const PATIENCE: Span = Span::mins(10);
/// Under which name it waits.
const KEPT: &str = "console-step-up";

/// An act that waits.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    realm: RealmId,
    by: UserId,
    at: Timestamp,
    chosen: Option<Chosen>,
    answers: Answers,
}

/// Whether the credentials behind this page are too old for an act like this.
pub fn stale(gate: &Gate) -> bool {
    gate.now.since(gate.admin.active.session.auth_time) >= FRESH
}

/// Leads to the sign-in and from there back to `page`. `None` was chosen where everybody is signed out.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn ask(gate: &Gate, page: &str, chosen: Option<Chosen>, answers: Answers) -> Answer {
    let kept = Kept {
        id: crypto::b64(&gate.ctx.random()),
        realm: gate.realm.id,
        by: gate.admin.user.id,
        at: gate.now,
        chosen,
        answers,
    };
    gate.browser().set(KEPT, &kept).await?;
    let back = gate.at(page).with("kept", &kept.id).to_string();
    let to = Address::new(&gate.admin.home.name, "/sign-in")
        .with("fresh", "1")
        .with("return", &back);
    Ok(Redirect::to(&to.to_string()).into_response())
}

/// The act that this page was led back to; `None` when none waits, or another person signed in.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn resumed(gate: &Gate) -> Result<Option<(Option<Chosen>, Answers)>, Fault> {
    let query = Form::read(gate.query.as_bytes());
    let id = query.one("kept");
    if id.is_empty() {
        return Ok(None);
    }
    let kept: Option<Kept> = gate.browser().get(KEPT).await?;
    let mine = |kept: &Kept| {
        crypto::same(kept.id.as_bytes(), id.as_bytes())
            && kept.realm == gate.realm.id
            && kept.by == gate.admin.user.id
            && gate.now.since(kept.at) < PATIENCE
    };
    Ok(kept.filter(mine).map(|kept| (kept.chosen, kept.answers)))
}
