//! What is done to somebody, each in two steps: a page that says what it ends, and the act, which leads to its receipt.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;

use super::{after, at, refused, sentence, somebody, to_its_end, touch};
use crate::crypto;
use crate::domain::access::Right;
use crate::domain::signout::{self, EndError, Reason, Request, Selection, SignOut};
use crate::domain::time::Timestamp;
use crate::domain::user::verbs::{self, UserError};
use crate::domain::user::{User, UserSettings};
use crate::domain::{ActorKind, Context, Fault};
use crate::http::console::effects::of_plan;
use crate::http::console::frame::{self, Answer, Stop};
use crate::http::console::gate::{Form, Gate};
use crate::http::console::pages::people::{
    ActPage, Effect, Hidden, Problem, Tone, Typed, Until, Words,
};
use crate::http::console::pages::{Link, REASONS, Section, counted, reasons};
use crate::http::console::preview;

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
    fn reason(self) -> Option<Reason> {
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
struct Answers {
    reason: String,
    note: String,
    message: String,
    until: Until,
    typed: String,
    problems: Vec<Problem>,
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
    ask(&gate, act, &user, Answers::default()).await
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

async fn ask(gate: &Gate, act: Act, user: &User, answers: Answers) -> Answer {
    let (mut effects, mut sessions) = (Vec::new(), 0);
    if let Some(reason) = act.reason() {
        let select = Selection::Users(vec![user.id]);
        let request = Request::new(select, reason, gate.admin.actor(ActorKind::Admin));
        let plan = plan(&gate.ctx, gate, &request).await?;
        effects = of_plan(gate, &plan);
        sessions = plan.sessions;
    }
    effects.splice(0..0, own_effects(act, user));
    let name = user.display_name();
    let ends = match sessions {
        0 => String::new(),
        n => format!(" and end {}", counted(n, "session", "sessions")),
    };
    let (title, sentence, button, icon) = match act {
        Act::SignOut => (
            format!("Sign {name} out everywhere?"),
            format!("{name} will have to sign in again in every application, on every device."),
            match sessions {
                0 => "Sign out everywhere".to_owned(),
                n => format!("Sign out of {}", counted(n, "session", "sessions")),
            },
            "log-out",
        ),
        Act::Block => (
            format!("Block sign-in for {name}?"),
            format!(
                "{name} cannot sign in until the block is over, and is signed out everywhere now."
            ),
            format!("Block sign-in{ends}"),
            "ban",
        ),
        Act::Lift => (
            format!("Let {name} sign in again?"),
            format!("{name} is blocked. Sessions that ended do not come back."),
            "Lift block".to_owned(),
            "lock-open",
        ),
        Act::Disable => (
            format!("Disable the account of {name}?"),
            format!(
                "{name} cannot sign in until the account is enabled, and is signed out everywhere now."
            ),
            format!("Disable{ends}"),
            "user-round-x",
        ),
        Act::Enable => (
            format!("Enable the account of {name}?"),
            format!("{name} can sign in again. Sessions that ended do not come back."),
            "Enable account".to_owned(),
            "user-round-check",
        ),
        Act::Delete => (
            format!("Delete {name} and end their sessions?"),
            format!(
                "The account {} is removed with everything that hangs on it.",
                user.username
            ),
            format!("Delete user{ends}"),
            "trash-2",
        ),
    };
    let status = match answers.problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = ActPage {
        shell: gate.shell(Section::Users),
        crumbs: crumbs(gate, user),
        title,
        sentence,
        action: at(gate, user.id, act.path()).to_string(),
        hidden: vec![Hidden {
            name: "once",
            value: crypto::b64(&gate.ctx.random()),
        }],
        effects,
        until: (act == Act::Block).then_some(answers.until),
        words: matches!(act, Act::SignOut | Act::Block).then(|| Words {
            reasons: reasons(&answers.reason),
            note: answers.note,
            message: Some(answers.message),
        }),
        typed: (act == Act::Delete).then(|| Typed {
            wanted: user.username.clone(),
            value: answers.typed,
        }),
        problems: answers.problems,
        button,
        icon,
        danger: act.reason().is_some(),
        hint: match act {
            Act::SignOut | Act::Delete => "This cannot be undone.",
            _ => "",
        },
        cancel_url: at(gate, user.id, "").to_string(),
    };
    Ok(frame::html(status, &page))
}

fn own_effects(act: Act, user: &User) -> Vec<Effect> {
    let plain = |icon, what: &str, more: &str| Effect::new(Tone::Plain, icon, what, more);
    let cut = |icon, what: &str, more: &str| Effect::new(Tone::Cut, icon, what, more);
    match act {
        Act::SignOut => Vec::new(),
        Act::Block => vec![cut(
            "ban",
            "No sign-in with any method",
            "A right password is answered with the reason, a wrong one as ever.",
        )],
        Act::Disable => vec![cut(
            "user-round-x",
            "No sign-in with any method",
            "The account stays with all that is known of it.",
        )],
        Act::Delete => vec![
            cut(
                "trash-2",
                "The account is removed",
                "Its name, password and claims at once; what applications were allowed within a day. The name may be given \
                 again, to somebody else.",
            ),
            plain(
                "scroll-text",
                "The events stay",
                "What was recorded about them is kept as long as this realm keeps events.",
            ),
        ],
        Act::Lift => {
            let why = user.blocked.as_ref().map(ToString::to_string);
            vec![plain(
                "lock-open",
                "Sign-in works again at once",
                &why.map_or_else(String::new, |why| {
                    sentence(&format!("it was blocked {why}"))
                }),
            )]
        }
        Act::Enable => vec![plain("user-round-check", "Sign-in works again at once", "")],
    }
}

/// The way back to a user.
pub fn crumbs(gate: &Gate, user: &User) -> Vec<Link> {
    vec![
        Link {
            label: "Users".to_owned(),
            url: gate.at("/users").to_string(),
        },
        Link {
            label: user.username.clone(),
            url: at(gate, user.id, "").to_string(),
        },
    ]
}

/// What an act would do.
///
/// # Errors
/// [`Stop`] when it cannot be told.
pub async fn plan(ctx: &Context, gate: &Gate, request: &Request) -> Result<signout::Plan, Stop> {
    let plan = signout::plan(ctx, &gate.realm, request).await;
    plan.map_err(|error| match error {
        EndError::Fault(fault) => fault.into(),
        EndError::OnlyOwn | EndError::Nothing => Stop::Fault(Fault::Record("selection of an act")),
    })
}
