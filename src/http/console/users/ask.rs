//! The page that asks before something is done to somebody: what it ends, in counts and plain words.

use axum::http::StatusCode;

use super::acts::{Act, Answers};
use super::{at, sentence};
use crate::crypto;
use crate::domain::signout::{self, EndError, Request, Selection};
use crate::domain::user::User;
use crate::domain::{ActorKind, Context, Fault};
use crate::http::console::effects::of_plan;
use crate::http::console::frame::{self, Answer, Stop};
use crate::http::console::gate::Gate;
use crate::http::console::pages::people::{ActPage, Effect, Hidden, Tone, Typed, Words};
use crate::http::console::pages::{Link, Section, counted, reasons};
use crate::http::console::step_up;

/// Asks.
///
/// # Errors
/// [`Stop`] when what it ends cannot be told.
pub async fn ask(gate: &Gate, act: Act, user: &User, answers: Answers) -> Answer {
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
    let stale = act.takes_fresh() && step_up::stale(gate);
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
            Act::Delete if stale => "This cannot be undone. You are asked for your password first.",
            Act::SignOut | Act::Delete => "This cannot be undone.",
            _ if stale => "You are asked for your password first.",
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
