//! `/admin/{realm}/apps/new`: registers an application: first what kind it is, then its settings, then its secret, once.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::specs::{NEW, SORTS, preset};
use super::{crumbs, need_for};
use crate::domain::access::Right;
use crate::domain::client::check;
use crate::domain::client::verbs::{self, ClientError};
use crate::domain::client::{ClientSettings, too_long};
use crate::domain::{ActorKind, Fault};
use crate::http::console::fields::{Draft, Sheet};
use crate::http::console::frame::{self, Answer, Stop};
use crate::http::console::gate::{Form, Gate};
use crate::http::console::pages::{AppKind, AppKindsPage, FormPage, SecretPage, Section};

/// Answers the choice, or the form of the kind that was chosen.
pub async fn page(gate: Gate) -> Answer {
    gate.need(Right::ManageClients)?;
    let query = Form::read(gate.query.as_bytes());
    let sort = query.one("kind");
    if !SORTS.iter().any(|known| known.name == sort) {
        let kind = |sort: &super::specs::Sort| AppKind {
            url: gate.at("/apps/new").with("kind", sort.name).to_string(),
            icon: sort.icon.to_owned(),
            label: sort.label.to_owned(),
            about: sort.about.to_owned(),
        };
        let page = AppKindsPage {
            shell: gate.shell(Section::Apps),
            crumbs: crumbs(&gate, None),
            kinds: SORTS.iter().map(kind).collect(),
        };
        return Ok(frame::html(StatusCode::OK, &page));
    }
    let settings = to_json(&preset(sort))?;
    let draft = Draft::of(&settings, NEW);
    Ok(drawn(&gate, sort, &draft, StatusCode::OK))
}

fn drawn(gate: &Gate, sort: &str, draft: &Draft, status: StatusCode) -> axum::response::Response {
    let known = SORTS.iter().find(|known| known.name == sort);
    let page = FormPage {
        shell: gate.shell(Section::Apps),
        crumbs: crumbs(gate, None),
        title: "New application".to_owned(),
        lead: known.map_or_else(String::new, |known| {
            format!("{}. {}", known.label, known.about)
        }),
        tabs: Vec::new(),
        notes: Vec::new(),
        problems: draft.problems(NEW),
        groups: draft.groups(NEW),
        hidden: vec![("kind".to_owned(), sort.to_owned())],
        action: gate.at("/apps/new").to_string(),
        submit: "Register".to_owned(),
        cancel_url: gate.at("/apps/new").to_string(),
        fixed: false,
    };
    frame::html(status, &page)
}

/// `POST`: registers it.
pub async fn make(gate: Gate, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ManageClients)?;
    let sort = form.one("kind");
    let mut draft = Draft::posted(&form, NEW);
    let base = to_json(&preset(sort))?;
    let settings = read(&gate, &mut draft, NEW, base);
    let refused = |draft: &Draft| Ok(drawn(&gate, sort, draft, StatusCode::UNPROCESSABLE_ENTITY));
    let Some(settings) = settings.filter(|_| !draft.is_wrong()) else {
        return refused(&draft);
    };
    need_for(&gate, &settings)?;
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    // Whoever leaves the page does not leave half of it.
    let made = tokio::spawn(async move { verbs::create(&ctx, &realm, &actor, settings).await });
    let made = match made.await.map_err(|_| Fault::Busy)? {
        Ok(made) => made,
        Err(error) => {
            blame(&mut draft, NEW, error)?;
            return refused(&draft);
        }
    };
    let here = gate
        .at(&format!("/apps/{}", made.client.id))
        .with("done", "made");
    let Some(secret) = &made.secret else {
        return Ok(Redirect::to(&here.to_string()).into_response());
    };
    let page = SecretPage {
        shell: gate.shell(Section::Apps),
        crumbs: crumbs(&gate, Some(&made.client)),
        title: format!("{} is registered", made.client.name()),
        client_id: made.client.client_id().to_owned(),
        secret: secret.expose().to_owned(),
        note: String::new(),
        next_url: here.to_string(),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

/// What was typed as settings, with everything that is wrong noted; `None` when it does not read at all.
pub(super) fn read(
    gate: &Gate,
    draft: &mut Draft,
    sheets: &[Sheet],
    base: serde_json::Value,
) -> Option<ClientSettings> {
    let after = draft.over(base, sheets);
    let settings: ClientSettings = match serde_json::from_value(after) {
        Ok(settings) => settings,
        Err(error) => {
            draft.blame(sheets, "", error.to_string());
            return None;
        }
    };
    for (name, text) in check::found(&settings) {
        draft.blame(sheets, name, text);
    }
    if let Some(text) = too_long(&gate.realm, &settings) {
        draft.blame(sheets, "backchannel_logout_uri", text);
    }
    Some(settings)
}

/// Settings in the form that fields read.
pub(super) fn to_json(settings: &ClientSettings) -> Result<serde_json::Value, Stop> {
    serde_json::to_value(settings).map_err(|_| Fault::Record("client").into())
}

/// Notes why the domain refused.
pub(super) fn blame(draft: &mut Draft, sheets: &[Sheet], error: ClientError) -> Result<(), Stop> {
    match error {
        ClientError::Invalid(problems) => {
            for text in problems {
                draft.blame_named(sheets, text);
            }
        }
        ClientError::NameTaken => {
            let text = "another application of this realm has this client_id; choose another one";
            draft.blame(sheets, "client_id", text.to_owned());
        }
        ClientError::NotFound => {
            draft.blame(
                sheets,
                "",
                "the application was deleted meanwhile".to_owned(),
            );
        }
        ClientError::Fault(fault) => return Err(fault.into()),
    }
    Ok(())
}
