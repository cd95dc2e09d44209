//! What is done to somebody, each in two steps: a page that says what it ends, and the act, which leads to its receipt.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;

use super::ask::ask;
use super::{after, refused, somebody, to_its_end, touch};
use crate::domain::ActorKind;
use crate::domain::access::Right;
use crate::domain::signout::{self, Reason, Request, Selection, SignOut};
use crate::domain::time::Timestamp;
use crate::domain::user::verbs::{self, UserError};
use crate::domain::user::{User, UserSettings};
use crate::http::console::answers::Answers as Kept;
use crate::http::console::frame::{Answer, Stop};
use crate::http::console::gate::{Form, Gate};
use crate::http::console::pages::REASONS;
use crate::http::console::pages::people::{Problem, Until};
use crate::http::console::{preview, step_up};

/// What can be done to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Everything of theirs ends.
    SignOut,
    /// They cannot sign in for a while.
    Block,
    /// They can again.
    Lift,
    /// They cannot sign in until the account is enabled.
    Disable,
    /// They can again.
    Enable,
    /// They are gone.
    Delete,
}

impl Act {
    /// All of them.
    pub const ALL: [Act; 6] = [
        Act::SignOut,
        Act::Block,
        Act::Lift,
        Act::Disable,
        Act::Enable,
        Act::Delete,
    ];

    /// Where it is, behind the user's address.
    pub fn path(self) -> &'static str {
        match self {
            Act::SignOut => "/sign-out",
            Act::Block => "/block",
            Act::Lift => "/unblock",
            Act::Disable => "/disable",
            Act::Enable => "/enable",
            Act::Delete => "/delete",
        }
    }

    /// Why the sessions end that end with it.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Act::SignOut => Some(Reason::Admin),
            Act::Block => Some(Reason::SignInBlocked),
            Act::Disable => Some(Reason::UserDisabled),
            Act::Delete => Some(Reason::UserDeleted),
            Act::Lift | Act::Enable => None,
        }
    }

    /// Whether somebody may do it to the account that they are signed in with.
    fn may_be_own(self) -> bool {
        matches!(self, Act::SignOut | Act::Lift | Act::Enable)
    }

    /// Whether it takes credentials that were given lately.
    pub fn takes_fresh(self) -> bool {
        matches!(self, Act::Block | Act::Disable | Act::Delete)
    }

    fn allow(self, gate: &Gate, user: &User) -> Result<(), Stop> {
        match self {
            Act::SignOut => gate.need(Right::EndSessions)?,
            _ => touch(gate, &user.roles)?,
        }
        if self.may_be_own() || !gate.admin.owns(&gate.realm, user.id) {
            return Ok(());
        }
        let text = "You are signed in with this account; another administrator has to do this. Nothing was changed.";
        let title = "This is your own account";
        Err(gate.message(StatusCode::CONFLICT, title, text, Vec::new()))
    }
}

/// What was answered so far.
#[derive(Default)]
pub struct Answers {
    /// The reason's value.
    pub reason: String,
    /// The note for the audit log.
    pub note: String,
    /// The message to the person.
    pub message: String,
    /// Until when.
    pub until: Until,
    /// What had to be typed.
    pub typed: String,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

impl Answers {
    /// As they wait while credentials are given.
    fn kept(self) -> Kept {
        Kept {
            reason: self.reason,
            note: self.note,
            message: self.message,
            block_for: if self.until.dated { "at" } else { "" }.to_owned(),
            block_at: self.until.at,
            typed: self.typed,
            ..Kept::default()
        }
    }

    fn of(kept: Kept) -> Answers {
        Answers {
            reason: kept.reason,
            note: kept.note,
            message: kept.message,
            until: Until {
                dated: !kept.block_for.is_empty(),
                at: kept.block_at,
            },
            typed: kept.typed,
            problems: Vec::new(),
        }
    }
}

/// What the answers mean.
#[derive(Default)]
struct Meant {
    why: Option<String>,
    until: Option<Timestamp>,
}

/// Answers the page that asks.
pub async fn page(act: Act, gate: Gate, Path((_, uid)): Path<(String, String)>) -> Answer {
    let user = somebody(&gate, &uid).await?;
    act.allow(&gate, &user)?;
    // Back from giving credentials again: what was answered before is still there.
    let kept = match act.takes_fresh() {
        true => step_up::resumed(&gate).await?,
        false => None,
    };
    let answers = kept.map(|(_, kept)| Answers::of(kept)).unwrap_or_default();
    ask(&gate, act, &user, answers).await
}

/// Does it.
pub async fn act(
    act: Act,
    gate: Gate,
    Path((_, uid)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let form = gate.posted(&body).await?;
    let user = somebody(&gate, &uid).await?;
    act.allow(&gate, &user)?;
    let mut answers = read(&form);
    let meant = check(&gate, act, &user, &mut answers);
    if !answers.problems.is_empty() {
        return ask(&gate, act, &user, answers).await;
    }
    if act.takes_fresh() && step_up::stale(&gate) {
        let here = format!("/users/{}{}", user.id, act.path());
        return step_up::ask(&gate, &here, None, answers.kept()).await;
    }
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let id = user.id;
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    let once = text(form.one("once").to_owned()).filter(|once| once.len() <= 100);
    let (note, message) = (text(answers.note), text(answers.message));
    let done = match act {
        Act::SignOut => {
            let request = Request {
                why: meant.why,
                note,
                message,
                once,
                asked_at: Some(gate.now),
                ..Request::new(Selection::Users(vec![id]), Reason::Admin, actor)
            };
            let work = async move { signout::end(&ctx, &realm, &request).await };
            let ended = to_its_end(work).await?;
            let ended = ended.map_err(|error| preview::refused(&gate, error))?;
            return Ok(after(&gate, id, Some(&ended), ""));
        }
        Act::Block => {
            let words = verbs::Words {
                until: meant.until,
                why: meant.why,
                note,
                message,
            };
            let work = async move {
                verbs::block(&ctx, &realm, &actor, id, words)
                    .await
                    .map(Some)
            };
            (to_its_end(work).await?, "blocked")
        }
        Act::Lift => {
            let work = async move {
                let lifted = verbs::unblock(&ctx, &realm, &actor, id).await;
                lifted.map(|_| None::<SignOut>)
            };
            (to_its_end(work).await?, "lifted")
        }
        Act::Disable | Act::Enable => {
            let enabled = act == Act::Enable;
            let change = move |before: &User| -> Result<UserSettings, UserError> {
                Ok(UserSettings {
                    enabled,
                    ..before.settings()
                })
            };
            let work = async move {
                let updated = verbs::revise(&ctx, &realm, &actor, id, change).await;
                updated.map(|updated| updated.sign_out)
            };
            let word = if enabled { "enabled" } else { "disabled" };
            (to_its_end(work).await?, word)
        }
        Act::Delete => {
            let work = async move { verbs::delete(&ctx, &realm, &actor, id).await.map(Some) };
            let deleted = to_its_end(work).await?;
            let deleted = deleted.map_err(|error| refused(&gate, error))?;
            if gate.may(Right::ViewSessions) {
                return Ok(after(&gate, id, deleted.as_ref(), ""));
            }
            let to = gate.at("/users").with("done", "deleted").to_string();
            return Ok(axum::response::IntoResponse::into_response(
                axum::response::Redirect::to(&to),
            ));
        }
    };
    let (ended, word) = done;
    let ended = ended.map_err(|error| refused(&gate, error))?;
    Ok(after(&gate, id, ended.as_ref(), word))
}

fn read(form: &Form) -> Answers {
    Answers {
        reason: form.one("reason").to_owned(),
        note: form.one("note").trim().to_owned(),
        message: form.one("message").trim().to_owned(),
        until: Until {
            dated: form.one("until") == "dated",
            at: form.one("at").to_owned(),
        },
        typed: form.one("typed").trim().to_owned(),
        problems: Vec::new(),
    }
}

/// Reads the answers; what is wrong with them is put beside them.
fn check(gate: &Gate, act: Act, user: &User, answers: &mut Answers) -> Meant {
    let mut meant = Meant::default();
    let mut wrong = |field: &str, text: &str| {
        answers.problems.push(Problem {
            field: field.to_owned(),
            text: text.to_owned(),
        });
    };
    if matches!(act, Act::SignOut | Act::Block) {
        let known = REASONS.iter().find(|(value, _)| *value == answers.reason);
        match known {
            Some((_, words)) => meant.why = Some((*words).to_owned()),
            None => wrong("reason", "Choose a reason."),
        }
    }
    if act == Act::Block && answers.until.dated {
        match Timestamp::parse(&format!("{}:00Z", answers.until.at)) {
            Some(at) if at > gate.now => meant.until = Some(at),
            Some(_) => wrong("at", "Choose a moment that is still to come."),
            None => wrong("at", "Give a date and a time, such as 2027-03-01 08:00."),
        }
    }
    if act == Act::Delete && answers.typed != user.username {
        wrong("typed", "Type the username exactly as it stands here.");
    }
    meant
}
