//! `/admin/{realm}/users/import`: brings many people in. The file is checked and put aside; a page says what it would do, and
//! one press begins it. `/users/imports/{id}` is that page, and then the one that says how far it is.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::{sentence, to_its_end};
use crate::domain::access::Right;
use crate::domain::id::ImportId;
use crate::domain::user::import::check::{Problem, Problems};
use crate::domain::user::import::keep::{self, KeepError};
use crate::domain::user::import::{IfExists, Import, Reach, State, Unit, show};
use crate::domain::{ActorKind, Fault};
use crate::http::admin::imports::{LARGEST, Refused, bring};
use crate::http::console::answers::Answers;
use crate::http::console::frame::{self, Answer, Stop};
use crate::http::console::gate::Gate;
use crate::http::console::pages::people::{
    Asked, ImportFormPage, ImportPage, ImportRow, ImportView, Said, Sampled,
};
use crate::http::console::pages::{Choice, Link, Section, grouped};
use crate::http::console::{step_up, words};
use crate::http::state::App;

/// Imports listed below the form.
const LISTED: usize = 10;
/// The longest pasted text that is shown again.
const KEPT: usize = 64 * 1024;
/// What a form has beside its file.
const BESIDE: usize = 64 * 1024;

/// The routes of this room.
pub fn routes() -> Router<App> {
    const ONE: &str = "/admin/{realm}/users/imports/{id}";
    let form = get(form).post(check);
    Router::new()
        .route(
            "/admin/{realm}/users/import",
            form.layer(DefaultBodyLimit::max(LARGEST + BESIDE)),
        )
        .route(ONE, get(one))
        .route(&format!("{ONE}/begin"), post(begin).get(one))
        .route(&format!("{ONE}/discard"), post(discard).get(one))
}

/// The form.
async fn form(gate: Gate) -> Answer {
    gate.need(Right::ManageUsers)?;
    drawn(&gate, IfExists::Skip, String::new(), None).await
}

/// Checks a file and puts its people aside.
async fn check(gate: Gate, body: Result<Bytes, BytesRejection>) -> Answer {
    gate.need(Right::ManageUsers)?;
    let Ok(body) = body else {
        let text = "the file is larger than 64 MiB, or broke off on its way; import it in parts";
        return drawn(&gate, IfExists::Skip, String::new(), Some(whole(text))).await;
    };
    let form = gate.posted(&body).await?;
    let if_exists = IfExists::parse(form.one("if_exists")).unwrap_or_default();
    let text = form.one("text").trim();
    let pasted = || Bytes::copy_from_slice(text.as_bytes());
    let file = form.file("file").cloned().unwrap_or_else(pasted);
    let again = if text.len() <= KEPT { text } else { "" }.to_owned();
    if file.is_empty() {
        let text = "choose a file, or paste what is in it";
        return drawn(&gate, if_exists, again, Some(whole(text))).await;
    }
    let reach = Reach::of(|right| gate.may(right));
    let how = (Some(if_exists), reach);
    let (checked, plan) = match bring(&gate.ctx, &gate.realm, file, how).await? {
        Ok(brought) => brought,
        Err(refused) => return drawn(&gate, if_exists, again, Some(refused)).await,
    };
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let work = async move { keep::keep(&ctx, &realm, &actor, checked, (plan, false)).await };
    let import = to_its_end(work).await??;
    Ok(to(&gate, import.id))
}

fn to(gate: &Gate, id: ImportId) -> Response {
    let at = gate.at(&format!("/users/imports/{id}"));
    Redirect::to(&at.to_string()).into_response()
}

/// Something wrong with all of it.
fn whole(text: &str) -> Refused {
    let mut problems = Problems::default();
    problems.add(0, "", text);
    Refused {
        unit: Unit::Line,
        problems,
    }
}

async fn drawn(gate: &Gate, if_exists: IfExists, text: String, refused: Option<Refused>) -> Answer {
    let status = match refused {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let refused = refused.unwrap_or_else(|| Refused {
        unit: Unit::Line,
        problems: Problems::default(),
    });
    let said = |problem: &Problem| Said {
        at: place(problem.at),
        about: problem.field.clone(),
        text: sentence(&problem.text),
    };
    let choice = |(value, label): (IfExists, &str)| Choice {
        value: value.as_str().to_owned(),
        label: label.to_owned(),
        selected: value == if_exists,
    };
    let imports = show::list(&gate.ctx, &gate.realm, LISTED).await?;
    let page = ImportFormPage {
        shell: gate.shell(Section::Users),
        crumbs: crumbs(gate, false),
        action: gate.at("/users/import").to_string(),
        problems: refused.problems.shown.iter().map(said).collect(),
        wrong: refused.problems.count,
        unit: unit(refused.unit),
        text,
        if_exists: CHOICES.into_iter().map(choice).collect(),
        rows: imports.iter().map(|import| row(gate, import)).collect(),
        cancel_url: gate.at("/users").to_string(),
    };
    Ok(frame::html(status, &page))
}

/// What becomes of people who are there already.
const CHOICES: [(IfExists, &str); 3] = [
    (IfExists::Skip, "Skip them: they stay as they are"),
    (
        IfExists::Update,
        "Update them: what the file says is taken over, the rest stays",
    ),
    (IfExists::Fail, "Refuse the file"),
];

fn place(at: u64) -> String {
    match at {
        0 => String::new(),
        at => at.to_string(),
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Line => "Line",
        Unit::Entry => "Entry",
    }
}

fn crumbs(gate: &Gate, below: bool) -> Vec<Link> {
    let link = |label: &str, at: &str| Link {
        label: label.to_owned(),
        url: gate.at(at).to_string(),
    };
    let mut crumbs = vec![link("Users", "/users")];
    if below {
        crumbs.push(link("Import", "/users/import"));
    }
    crumbs
}

fn row(gate: &Gate, import: &Import) -> ImportRow {
    let (words, tone) = match import.state {
        State::Receiving | State::Ready => ("Waits for your word".to_owned(), "warn"),
        State::Running => (
            format!(
                "{} of {} done",
                grouped(import.counts.done()),
                grouped(import.total)
            ),
            "info",
        ),
        State::Done if import.counts.failed > 0 => (
            format!("{} not imported", grouped(import.counts.failed)),
            "danger",
        ),
        State::Done => ("Complete".to_owned(), "ok"),
    };
    ImportRow {
        url: gate
            .at(&format!("/users/imports/{}", import.id))
            .to_string(),
        at: words::ago(gate.now, import.at),
        by: import.actor.name.clone(),
        total: import.total,
        words,
        tone,
    }
}

/// What it would do, or how far it is.
async fn one(gate: Gate, Path((_, id)): Path<(String, String)>) -> Answer {
    gate.need(Right::ManageUsers)?;
    let import = match id.parse::<ImportId>() {
        Ok(id) => show::find(&gate.ctx, &gate.realm, id).await?,
        Err(_) => None,
    };
    let Some(import) = import.filter(|import| import.state != State::Receiving) else {
        return Err(gone(&gate));
    };
    let waits = import.state == State::Ready;
    let view = (!waits).then(|| view(&gate, &import));
    if let (Some(view), Some("import")) = (&view, gate.fragment.as_deref()) {
        return Ok(frame::html(StatusCode::OK, view));
    }
    let page = ImportPage {
        shell: gate.shell(Section::Users),
        crumbs: crumbs(&gate, true),
        asked: waits.then(|| asked(&gate, &import)),
        view,
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn asked(gate: &Gate, import: &Import) -> Asked {
    let updates = import.if_exists == IfExists::Update;
    let sample = import.sample.iter().map(|one| Sampled {
        username: one.username.clone(),
        name: one.name.clone(),
        email: one.email.clone(),
        roles: one.roles.join(", "),
        password: one.password,
        what: match (one.exists, updates) {
            (false, _) => "New",
            (true, false) => "Stays as it is",
            (true, true) => "Is changed",
        },
    });
    let own = import.is_of(&gate.admin.actor(ActorKind::Admin));
    Asked {
        url: gate
            .at(&format!("/users/imports/{}", import.id))
            .to_string(),
        total: import.total,
        existing: import.existing,
        updates,
        sample: sample.collect(),
        passed_over: import.passed_over.clone(),
        credentials: takes_fresh(gate, import),
        foreign: (!own).then(|| import.actor.name.clone()),
    }
}

fn view(gate: &Gate, import: &Import) -> ImportView {
    let failure = |failure: &crate::domain::user::import::Failure| Said {
        at: place(failure.at),
        about: failure.username.clone(),
        text: sentence(&failure.why),
    };
    let counts = import.counts;
    ImportView {
        url: gate
            .at(&format!("/users/imports/{}", import.id))
            .to_string(),
        id: import.id.to_string(),
        complete: import.state == State::Done,
        total: import.total,
        done: counts.done(),
        created: counts.created,
        updated: counts.updated,
        skipped: counts.skipped,
        failed: counts.failed,
        failures: import.failures.iter().map(failure).collect(),
        unit: unit(import.unit),
        passed_over: import.passed_over.clone(),
        by: import.actor.name.clone(),
        at: words::full(import.at),
        finished_at: import.finished_at.map(words::full),
        users_url: gate.at("/users").to_string(),
    }
}

fn gone(gate: &Gate) -> Stop {
    let text =
        "No import of this realm has this id. A file that nobody began is dropped after two hours.";
    let back = Link {
        label: "Import users".to_owned(),
        url: gate.at("/users/import").to_string(),
    };
    gate.message(
        StatusCode::NOT_FOUND,
        "There is no such import",
        text,
        vec![back],
    )
}

/// Begins it.
async fn begin(gate: Gate, Path((_, id)): Path<(String, String)>, body: Bytes) -> Answer {
    gate.posted(&body).await?;
    gate.need(Right::ManageUsers)?;
    let Ok(id) = id.parse::<ImportId>() else {
        return Err(gone(&gate));
    };
    let import = show::find(&gate.ctx, &gate.realm, id).await?;
    if import.is_some_and(|import| takes_fresh(&gate, &import)) {
        let here = format!("/users/imports/{id}");
        return step_up::ask(&gate, &here, None, Answers::default()).await;
    }
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let reach = Reach::of(|right| gate.may(right));
    let work = async move { keep::begin(&ctx, &realm, &actor, id, reach).await };
    match to_its_end(work).await? {
        // Pressed twice: it has begun.
        Ok(_) | Err(KeepError::Begun) => Ok(to(&gate, id)),
        Err(error) => Err(refused(&gate, error)),
    }
}

/// Whether it may disable people or give them other passwords, and the credentials behind this page are old.
fn takes_fresh(gate: &Gate, import: &Import) -> bool {
    let changes = import.if_exists == IfExists::Update && import.existing > 0;
    changes && import.state == State::Ready && step_up::stale(gate)
}

/// Drops it.
async fn discard(gate: Gate, Path((_, id)): Path<(String, String)>, body: Bytes) -> Answer {
    gate.posted(&body).await?;
    gate.need(Right::ManageUsers)?;
    let Ok(id) = id.parse::<ImportId>() else {
        return Err(gone(&gate));
    };
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let work = async move { keep::discard(&ctx, &realm, id).await };
    match to_its_end(work).await? {
        Ok(()) => {
            let at = gate.at("/users/import");
            Ok(Redirect::to(&at.to_string()).into_response())
        }
        Err(KeepError::Begun) => Ok(to(&gate, id)),
        Err(error) => Err(refused(&gate, error)),
    }
}

fn refused(gate: &Gate, error: KeepError) -> Stop {
    match error {
        KeepError::NotFound | KeepError::Begun => gone(gate),
        KeepError::NotYours => gate.message(
            StatusCode::FORBIDDEN,
            "This file is somebody else’s",
            &sentence(&KeepError::NotYours.to_string()),
            Vec::new(),
        ),
        KeepError::Fault(Fault::Busy) => gone(gate),
        KeepError::Fault(fault) => fault.into(),
    }
}
