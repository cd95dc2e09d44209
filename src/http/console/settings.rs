//! `/admin/{realm}/settings`: every policy of the realm, in tabs. What a change does to what is running is worked out and
//! said before it is saved ([`outlook`]); what somebody else saved meanwhile is never overwritten unseen.

#[rustfmt::skip]
mod outlook;
#[rustfmt::skip]
mod specs;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::Value;

use super::fields::{self, Draft};
use super::frame::{self, Answer, Stop};
use super::gate::{Form, Gate};
use super::pages::{AskPage, ChangedPage, FormPage, Line, Section, TabLink};
use crate::domain::access::{MASTER, Right};
use crate::domain::realm::verbs::{self, RealmError};
use crate::domain::realm::{Realm, RealmSettings};
use crate::domain::{ActorKind, Fault};
use crate::http::state::App;
use specs::{TABS, Tab};

/// Their addresses.
pub fn routes() -> Router<App> {
    let tab = "/admin/{realm}/settings/{tab}";
    Router::new()
        .route("/admin/{realm}/settings", get(first))
        .route(tab, get(page).post(save))
        .route(&format!("{tab}/preview"), get(page).post(preview))
        .route(&format!("{tab}/edit"), get(page).post(again))
}

type At = Path<(String, String)>;

/// The first tab.
pub async fn first(gate: Gate) -> Answer {
    gate.need(Right::ManageRealm)?;
    let [first, ..] = &TABS;
    let to = gate.at(&format!("/settings/{}", first.name));
    Ok(Redirect::to(&to.to_string()).into_response())
}

fn find(gate: &Gate, name: &str) -> Result<&'static Tab, Stop> {
    let found = const { &TABS }.iter().find(|tab| tab.name == name);
    found.ok_or_else(|| {
        let text = "The settings have no part of this name.";
        gate.message(
            StatusCode::NOT_FOUND,
            "There is no such page",
            text,
            Vec::new(),
        )
    })
}

fn to_json(settings: &RealmSettings) -> Result<Value, Stop> {
    serde_json::to_value(settings).map_err(|_| Fault::Record("realm").into())
}

/// Answers a tab.
pub async fn page(gate: Gate, Path((_, tab)): At) -> Answer {
    gate.need(Right::ManageRealm)?;
    let tab = find(&gate, &tab)?;
    let settings = to_json(&gate.realm.settings)?;
    let seen = fields::seen(tab.sheets, &settings);
    let draft = Draft::of(&settings, tab.sheets);
    Ok(drawn(&gate, tab, &draft, &seen, StatusCode::OK))
}

fn at(gate: &Gate, tab: &Tab, rest: &str) -> String {
    gate.at(&format!("/settings/{}{rest}", tab.name))
        .to_string()
}

fn drawn(gate: &Gate, tab: &Tab, draft: &Draft, seen: &str, status: StatusCode) -> Response {
    let link = |one: &Tab| TabLink {
        label: one.label.to_owned(),
        url: at(gate, one, ""),
        here: one.name == tab.name,
        ..TabLink::default()
    };
    let mut notes = Vec::new();
    match Form::read(gate.query.as_bytes()).one("done") {
        "saved" => notes.push(Line::new(
            "ok",
            "The settings are saved and hold from now on, on every server.",
        )),
        "same" => notes.push(Line::new(
            "info",
            "Nothing was changed: the settings are what they were.",
        )),
        _ => {}
    }
    if gate.web.names_realm(&gate.realm.name) {
        notes.push(Line::new("warn", "A realm file of this server names this realm: at the next start it gets the file’s values again. Change them there too."));
    }
    let page = FormPage {
        shell: gate.shell(Section::Settings),
        crumbs: Vec::new(),
        title: "Settings".to_owned(),
        lead: format!(
            "What holds in the realm {}. What a change does to what is running is shown before it is saved.",
            gate.realm.name
        ),
        tabs: const { &TABS }.iter().map(link).collect(),
        notes,
        problems: draft.problems(tab.sheets),
        groups: draft.groups(tab.sheets),
        hidden: vec![("seen".to_owned(), seen.to_owned())],
        action: at(gate, tab, "/preview"),
        submit: "See what this does…".to_owned(),
        cancel_url: String::new(),
        fixed: false,
    };
    frame::pictured(frame::html(status, &page))
}

/// `POST …/edit`: the form again with what was typed.
pub async fn again(gate: Gate, Path((_, tab)): At, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ManageRealm)?;
    let tab = find(&gate, &tab)?;
    let draft = Draft::posted(&form, tab.sheets);
    Ok(drawn(&gate, tab, &draft, form.one("seen"), StatusCode::OK))
}

/// What was typed over what there is.
struct Typed {
    draft: Draft,
    seen: String,
    before: Value,
    after: Value,
    settings: RealmSettings,
}

/// Reads a posted tab.
///
/// # Errors
/// The form with what is wrong, or the page that says what somebody else changed.
fn typed(gate: &Gate, tab: &Tab, form: &Form) -> Result<Typed, Stop> {
    let mut draft = Draft::posted(form, tab.sheets);
    let seen = form.one("seen").to_owned();
    let before = to_json(&gate.realm.settings)?;
    let after = draft.over(before.clone(), tab.sheets);
    let settings: Option<RealmSettings> = match serde_json::from_value(after.clone()) {
        Ok(settings) => Some(settings),
        Err(error) => {
            let before_blame = draft.is_wrong();
            for (path, alone) in fields::alone(tab.sheets, &before, &after) {
                if let Err(error) = serde_json::from_value::<RealmSettings>(alone) {
                    draft.blame(tab.sheets, path, error.to_string());
                }
            }
            if !before_blame && !draft.is_wrong() {
                draft.blame(tab.sheets, "", error.to_string());
            }
            None
        }
    };
    for text in settings.as_ref().map(verbs::problems).unwrap_or_default() {
        draft.blame_named(tab.sheets, text);
    }
    let Some(settings) = settings.filter(|_| !draft.is_wrong()) else {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(drawn(gate, tab, &draft, &seen, status).into());
    };
    let typed = Typed {
        draft,
        seen,
        before,
        after,
        settings,
    };
    match meanwhile(gate, tab, &typed, &typed.before) {
        Some(page) => Err(page.into()),
        None => Ok(typed),
    }
}

fn hidden(draft: &Draft, seen: &str) -> Vec<(String, String)> {
    let mut hidden = draft.hidden();
    hidden.push(("seen".to_owned(), seen.to_owned()));
    hidden
}

/// The page that says what somebody else changed since the form was drawn; `None` when nobody did.
fn meanwhile(gate: &Gate, tab: &Tab, typed: &Typed, now: &Value) -> Option<Response> {
    let was: Value = serde_json::from_str(&typed.seen).unwrap_or_default();
    let rows = fields::meanwhile(tab.sheets, &was, now, &typed.after);
    if rows.is_empty() {
        return None;
    }
    let page = ChangedPage {
        shell: gate.shell(Section::Settings),
        what: format!("the settings of {}", gate.realm.name),
        rows,
        hidden: hidden(&typed.draft, &fields::seen(tab.sheets, now)),
        back_to_form: at(gate, tab, "/edit"),
        fresh_url: at(gate, tab, ""),
    };
    Some(frame::html(StatusCode::CONFLICT, &page))
}

/// `POST …/preview`: what saving would do.
pub async fn preview(gate: Gate, Path((_, tab)): At, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ManageRealm)?;
    let tab = find(&gate, &tab)?;
    let typed = typed(&gate, tab, &form)?;
    let changes = fields::changes(tab.sheets, &typed.before, &typed.after);
    if changes.is_empty() {
        let to = gate
            .at(&format!("/settings/{}", tab.name))
            .with("done", "same");
        return Ok(Redirect::to(&to.to_string()).into_response());
    }
    let effects = outlook::effects(&gate, &typed.settings).await?;
    let page = AskPage {
        title: format!("Change the settings of {}?", gate.realm.name),
        lead: "Nothing is saved yet. The numbers are those of this moment.".to_owned(),
        danger: effects.iter().any(|effect| effect.tone == "cut"),
        effects,
        changes,
        hidden: hidden(&typed.draft, &typed.seen),
        button: "Save the settings".to_owned(),
        back_to_form: at(&gate, tab, "/edit"),
        ..AskPage::new(
            gate.shell(Section::Settings),
            at(&gate, tab, ""),
            at(&gate, tab, ""),
        )
    };
    Ok(frame::pictured(frame::html(StatusCode::OK, &page)))
}

/// Why a change was not made.
enum Refused {
    Realm(RealmError),
    /// The settings are not those that the preview was made from.
    Changed(Box<RealmSettings>),
}

impl From<RealmError> for Refused {
    fn from(error: RealmError) -> Refused {
        Refused::Realm(error)
    }
}

/// `POST`: saves.
pub async fn save(gate: Gate, Path((_, tab)): At, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ManageRealm)?;
    let tab = find(&gate, &tab)?;
    let mut typed = typed(&gate, tab, &form)?;
    let (settings, before) = (typed.settings.clone(), typed.before.clone());
    let change = move |now: &Realm| match serde_json::to_value(&now.settings) {
        Ok(json) if json == before => Ok(settings.clone()),
        _ => Err(Refused::Changed(Box::new(now.settings.clone()))),
    };
    let (ctx, name) = (gate.ctx.clone(), gate.realm.name.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    // Whoever leaves the page does not leave half of it.
    let done = tokio::spawn(async move { verbs::revise(&ctx, &actor, &name, change).await });
    let here = gate.at(&format!("/settings/{}", tab.name));
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(_) => Ok(Redirect::to(&here.with("done", "saved").to_string()).into_response()),
        Err(Refused::Realm(RealmError::Fault(fault))) => Err(fault.into()),
        Err(Refused::Realm(error)) => {
            typed.draft.blame_named(tab.sheets, error.to_string());
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(drawn(&gate, tab, &typed.draft, &typed.seen, status))
        }
        Err(Refused::Changed(now)) => {
            let now = to_json(&now)?;
            // Another tab's settings changed: what was typed here is as good as before.
            let page = meanwhile(&gate, tab, &typed, &now);
            Ok(page.unwrap_or_else(|| {
                drawn(&gate, tab, &typed.draft, &typed.seen, StatusCode::CONFLICT)
            }))
        }
    }
}

/// Whether this realm may be disabled or deleted from here: not the one that holds the administrators, and not one's own.
pub fn may_be_closed(gate: &Gate, realm: &Arc<Realm>) -> bool {
    realm.name != MASTER && gate.admin.home.id != realm.id
}
