//! `POST /admin/{realm}/signouts/preview`: what invalidating the selection would do, worked out by the door's own dry run.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::answers::Answers;
use super::chosen::Chosen;
use super::frame::{self, Answer, Stop};
use super::gate::Gate;
use super::pages::{ConfirmPage, Gap, Problem, Section, Selected, Told, counted, reasons};
use super::rows::user_url;
use super::{command, step_up, words};
use crate::crypto;
use crate::domain::access::Right;
use crate::domain::id::UserId;
use crate::domain::outbox::Channel;
use crate::domain::outbox::standing::WIDTH;
use crate::domain::session::Session;
use crate::domain::signout::plan::LOOKED_AT;
use crate::domain::signout::receipt::App;
use crate::domain::signout::{self, EndError, Plan, Reason, Request};
use crate::domain::time::Span;
use crate::domain::{ActorKind, Fault};

/// Answers the preview.
pub async fn page(gate: Gate, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::EndSessions)?;
    let chosen = Chosen::read(&gate, &form)?;
    ask(&gate, chosen, Answers::default(), Vec::new()).await
}

/// `GET` of the same address: the preview again, after credentials were given.
pub async fn resumed(gate: Gate) -> Answer {
    gate.need(Right::EndSessions)?;
    match step_up::resumed(&gate).await? {
        Some((Some(chosen), answers)) => ask(&gate, chosen, answers, Vec::new()).await,
        _ => Ok(Redirect::to(&gate.at("/sessions").to_string()).into_response()),
    }
}

/// The page that asks whether to go on.
///
/// # Errors
/// The page that says why there is nothing to ask.
pub async fn ask(gate: &Gate, chosen: Chosen, answers: Answers, problems: Vec<Problem>) -> Answer {
    let request = Request::new(
        chosen.selection(gate)?,
        Reason::Admin,
        gate.admin.actor(ActorKind::Admin),
    );
    let plan = match signout::plan(&gate.ctx, &gate.realm, &request).await {
        Ok(plan) => plan,
        Err(error) => return Err(refused(gate, error)),
    };
    if plan.sessions == 0 {
        let text = match (plan.already_ended.len(), plan.protected.is_empty()) {
            (0, true) => "No session that is still active is in the selection.",
            (0, false) => "The selection holds only your own current session, which is protected.",
            _ => "Every session of the selection has already ended.",
        };
        return Err(gate.says(StatusCode::CONFLICT, "There is nothing left to end", text));
    }
    tracing::info!(realm = %gate.realm.name, by = %gate.admin.user.username, sessions = plan.sessions, "a sign-out was previewed");
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = filled(gate, chosen, &plan, answers, problems)?;
    Ok(frame::html(status, &page))
}

/// What the door answers instead of an act, as a page.
pub fn refused(gate: &Gate, error: EndError) -> Stop {
    match error {
        EndError::OnlyOwn => {
            let text = "The selection holds only your own current session, which is protected. To end it, use “Sign out”.";
            gate.says(StatusCode::CONFLICT, "This is your own session", text)
        }
        EndError::Nothing => {
            let text = "Tick the sessions to end first, then press “Invalidate selected”.";
            gate.says(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Nothing is selected",
                text,
            )
        }
        EndError::Fault(fault @ Fault::Busy) => {
            tracing::warn!(error = %fault, "an act was outrun too often");
            let text = "Others changed the same sessions at the same moment. Nothing was ended; try again.";
            let back = vec![gate.link("Back to sessions", "/sessions")];
            let status = StatusCode::SERVICE_UNAVAILABLE;
            gate.message(status, "The server is busy", text, back)
        }
        EndError::Fault(fault) => fault.into(),
    }
}

fn filled(
    gate: &Gate,
    chosen: Chosen,
    plan: &Plan,
    answers: Answers,
    problems: Vec<Problem>,
) -> Result<ConfirmPage, Stop> {
    let (sids, frozen) = match &chosen {
        // As they came: what is protected, gone or unknown is reported on the receipt too.
        Chosen::Sids(sids) => (sids.clone(), None),
        Chosen::User(_) => (Vec::new(), None),
        Chosen::All(_) if plan.sids.len() <= MOST_NAMED => (
            plan.sids
                .iter()
                .chain(&plan.protected)
                .map(ToString::to_string)
                .collect(),
            None,
        ),
        Chosen::All(frozen) => (
            Vec::new(),
            Some(frozen.confirmed_for(gate, plan.sessions).seal(gate)?),
        ),
    };
    let cancel_url = match (&chosen, gate.came_from()) {
        (_, Some(page)) => page.to_owned(),
        (Chosen::All(frozen), None) => gate.at("/sessions").with("q", frozen.text()).to_string(),
        (Chosen::Sids(_) | Chosen::User(_), None) => gate.at("/sessions").to_string(),
    };
    let command = match &chosen {
        Chosen::All(frozen) => command::end_found(gate, frozen.text()),
        Chosen::Sids(sids) if sids.len() <= MOST_IN_COMMAND => command::end_these(gate, sids),
        Chosen::User(_) => plan
            .shown
            .first()
            .map_or_else(String::new, |of| command::end_user(gate, &of.username)),
        Chosen::Sids(_) => String::new(),
    };
    let of = match &chosen {
        Chosen::User(user) => Some(user.to_string()),
        Chosen::Sids(_) | Chosen::All(_) => None,
    };
    Ok(ConfirmPage {
        sids,
        frozen,
        of,
        command,
        cancel_url,
        credentials: plan.sessions > step_up::MANY && step_up::stale(gate),
        ..draft(gate, plan, answers, problems)
    })
}

/// The page as far as a plan and what was answered fill it.
pub fn draft(gate: &Gate, plan: &Plan, answers: Answers, problems: Vec<Problem>) -> ConfirmPage {
    let (told, gaps, lag) = apps(gate, plan);
    let own = |session: &Session| gate.admin.owns(&gate.realm, session.user);
    let mine = u64::from(plan.shown.iter().any(own));
    ConfirmPage {
        shell: gate.shell(Section::Sessions),
        action: gate.at("/signouts").to_string(),
        everyone: None,
        sids: Vec::new(),
        frozen: None,
        of: None,
        once: crypto::b64(&gate.ctx.random()),
        sessions: plan.sessions,
        counted: plan.counted,
        people: plan.people,
        exact: plan.exact,
        who: who(gate, plan),
        refresh_tokens: plan.families,
        offline: plan.offline,
        messages: (plan.sessions > step_up::MANY)
            .then(|| messages(plan))
            .flatten(),
        told,
        gaps,
        lag,
        own_selected: !plan.protected.is_empty(),
        already_ended: plan.already_ended.len() as u64,
        not_found: plan.not_found.len() as u64,
        may_block: gate
            .may(Right::ManageUsers)
            .then(|| plan.people.saturating_sub(mine))
            .filter(|n| *n > 0),
        block: answers.block,
        block_for: answers.lengths(),
        block_at: answers.block_at.clone(),
        reasons: reasons(&answers.reason),
        note: answers.note,
        message: answers.message,
        problems,
        command: String::new(),
        credentials: false,
        cancel_url: String::new(),
    }
}

/// How many messages, how they are sent, and about how long that takes.
fn messages(plan: &Plan) -> Option<String> {
    let looked = plan.sessions.min(LOOKED_AT as u64).max(1);
    let of_app = |app: &App| {
        let channels = app
            .channels
            .iter()
            .filter(|told| told.channel != Channel::None);
        app.sessions * channels.count() as u64 * plan.sessions / looked
    };
    let all: u64 = plan.apps.iter().map(of_app).sum();
    let most = plan
        .apps
        .iter()
        .map(of_app)
        .max()
        .filter(|most| *most > 0)?;
    let together = WIDTH as u64;
    let lasts = Span(most.div_ceil(together) * USUAL_ANSWER.0);
    Some(format!(
        "{}{}, up to {together} at once to each app: about {} if each answers within a tenth of a second.",
        if plan.exact { "" } else { "About " },
        counted(all, "message", "messages"),
        words::exact_span(lasts.max(Span::secs(1))),
    ))
}

/// The people of the selection, those with most sessions first; none when not all of it is at hand.
fn who(gate: &Gate, plan: &Plan) -> Vec<Selected> {
    if plan.shown.len() as u64 != plan.sessions {
        return Vec::new();
    }
    let mut people: BTreeMap<UserId, Selected> = BTreeMap::new();
    for session in &plan.shown {
        let name = if session.name.is_empty() {
            &session.username
        } else {
            &session.name
        };
        let one = people.entry(session.user).or_insert_with(|| Selected {
            name: name.clone(),
            url: user_url(gate, session.user),
            sessions: 0,
        });
        one.sessions += 1;
    }
    let mut people: Vec<Selected> = people.into_values().collect();
    people.sort_by(|a, b| {
        b.sessions
            .cmp(&a.sessions)
            .then_with(|| a.name.cmp(&b.name))
    });
    people
}

/// Who is told, who cannot be and until when it may go on, and how long an API that never asks may lag at an app that is
/// told.
pub fn apps(gate: &Gate, plan: &Plan) -> (Vec<Told>, Vec<Gap>, Option<String>) {
    let left = |app: &App| {
        let left = app.bound_until.map(|until| until.since(gate.now));
        left.filter(|left| !left.is_zero())
    };
    let (told, silent): (Vec<&App>, Vec<&App>) = plan
        .apps
        .iter()
        .partition(|app| app.channel != Channel::None);
    let lag = told.iter().filter_map(|app| left(app)).max();
    let gap = |app: &&App| {
        Gap {
        name: app.name.clone(),
        lasts: left(app).map(words::exact_span).unwrap_or_default(),
        why: if left(app).is_some() {
            "It takes no sign-out messages. It notices when it next asks, at the latest when a token it holds is no longer taken."
        } else {
            "It takes no sign-out messages and holds no token that is still good; a session of its own ends when it next asks."
        }
        .to_owned(),
    }
    };
    let named = |app: &&App| Told {
        name: app.name.clone(),
        channel: app.channel.as_str().to_owned(),
    };
    (
        told.iter().map(named).collect(),
        silent.iter().map(gap).collect(),
        lag.map(words::exact_span),
    )
}

/// How long an app takes for an answer, for an estimate.
const USUAL_ANSWER: Span = Span(100);
/// Sessions that a command line names one by one.
const MOST_IN_COMMAND: usize = 50;
/// Sessions that the confirming form names one by one; more are frozen as a search.
const MOST_NAMED: usize = 500;
