//! `/admin/{realm}/apps/{id}/settings`: changes an application. What ends grants or weakens is said before it is saved.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::new::{blame, read, to_json};
use super::specs::OLD;
use super::{crumbs, find, need_for, one, tabs, weaker};
use crate::domain::access::Right;
use crate::domain::client::verbs::{self, ClientError, Updated};
use crate::domain::client::{Client, ClientSettings};
use crate::domain::{ActorKind, Fault};
use crate::http::console::fields::{self, Draft};
use crate::http::console::frame::{self, Answer};
use crate::http::console::gate::Gate;
use crate::http::console::pages::{AskPage, ChangedPage, FormPage, Line, SecretPage, Section};

type At = Path<(String, String)>;

/// Answers the form.
pub async fn page(gate: Gate, Path((_, id)): At) -> Answer {
    gate.need(Right::ManageClients)?;
    let client = find(&gate, &id).await?;
    let settings = to_json(&client.settings)?;
    let seen = fields::seen(OLD, &settings);
    let draft = Draft::of(&settings, OLD);
    drawn(&gate, &client, &draft, &seen, StatusCode::OK).await
}

async fn drawn(
    gate: &Gate,
    client: &Client,
    draft: &Draft,
    seen: &str,
    status: StatusCode,
) -> Answer {
    let mut notes = Vec::new();
    if gate.web.names_client(&gate.realm.name, client.client_id()) {
        notes.push(Line::new("warn", one::IN_FILE));
    }
    let mut groups = draft.groups(OLD);
    for field in groups.iter_mut().flat_map(|group| &mut group.fields) {
        if field.name == "client_id" {
            client.client_id().clone_into(&mut field.value);
        }
    }
    let page = FormPage {
        shell: gate.shell(Section::Apps),
        crumbs: crumbs(gate, None),
        title: client.name().to_owned(),
        lead: String::new(),
        tabs: tabs(gate, client, "Settings").await?,
        notes,
        problems: draft.problems(OLD),
        groups,
        hidden: vec![("seen".to_owned(), seen.to_owned())],
        action: gate
            .at(&format!("/apps/{}/settings", client.id))
            .to_string(),
        submit: "Save".to_owned(),
        cancel_url: gate.at(&format!("/apps/{}", client.id)).to_string(),
        fixed: false,
    };
    Ok(frame::html(status, &page))
}

/// `POST …/edit`: the form again with what was typed.
pub async fn again(gate: Gate, Path((_, id)): At, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ManageClients)?;
    let client = find(&gate, &id).await?;
    let draft = Draft::posted(&form, OLD);
    drawn(&gate, &client, &draft, form.one("seen"), StatusCode::OK).await
}

/// Why a change was not made.
enum Refused {
    Client(ClientError),
    /// The settings are not those that the form was drawn from.
    Changed(Box<ClientSettings>),
}

impl From<ClientError> for Refused {
    fn from(error: ClientError) -> Refused {
        Refused::Client(error)
    }
}

/// `POST`: saves, or asks first.
pub async fn save(gate: Gate, Path((_, id)): At, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ManageClients)?;
    let client = find(&gate, &id).await?;
    need_for(&gate, &client.settings)?;
    let mut draft = Draft::posted(&form, OLD);
    let seen = form.one("seen").to_owned();
    let before = to_json(&client.settings)?;
    let refused = async |draft: &Draft| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        drawn(&gate, &client, draft, &seen, status).await
    };
    let settings = read(&gate, &mut draft, OLD, before.clone());
    let Some(settings) = settings.filter(|_| !draft.is_wrong()) else {
        return refused(&draft).await;
    };
    need_for(&gate, &settings)?;
    let typed = to_json(&settings)?;
    if let Some(page) = meanwhile(&gate, &client, &draft, (&seen, &before, &typed)) {
        return Ok(page);
    }
    let here = gate.at(&format!("/apps/{}", client.id));
    let effects = weaker::than(&gate.realm, &client, &settings);
    if !effects.is_empty() && form.one("sure") != "yes" {
        return Ok(ask(
            &gate,
            &client,
            &draft,
            (&seen, &before, &typed),
            effects,
        ));
    }
    let change = move |now: &Client| match serde_json::to_value(&now.settings) {
        Ok(json) if json == before => Ok(settings.clone()),
        _ => Err(Refused::Changed(Box::new(now.settings.clone()))),
    };
    let (ctx, realm, id) = (gate.ctx.clone(), gate.realm.clone(), client.id);
    let actor = gate.admin.actor(ActorKind::Admin);
    let done = tokio::spawn(async move { verbs::revise(&ctx, &realm, &actor, id, change).await });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(updated) => Ok(saved(&gate, &client, &updated)),
        Err(Refused::Client(error)) => {
            blame(&mut draft, OLD, error)?;
            refused(&draft).await
        }
        Err(Refused::Changed(now)) => {
            let now = to_json(&now)?;
            let page = meanwhile(&gate, &client, &draft, (&seen, &now, &typed));
            Ok(page.unwrap_or_else(|| Redirect::to(&here.to_string()).into_response()))
        }
    }
}

fn saved(gate: &Gate, before: &Client, updated: &Updated) -> Response {
    let here = gate.at(&format!("/apps/{}", before.id));
    let done = match updated.client.settings == before.settings {
        true => here.with("done", "same"),
        false => here.with("done", "saved"),
    };
    let Some(secret) = &updated.secret else {
        return Redirect::to(&done.to_string()).into_response();
    };
    let page = SecretPage {
        shell: gate.shell(Section::Apps),
        crumbs: crumbs(gate, Some(before)),
        title: format!("{} has a secret now", before.name()),
        client_id: before.client_id().to_owned(),
        secret: secret.expose().to_owned(),
        note: "The way it proves who it is needs one, so one was made.".to_owned(),
        next_url: done.to_string(),
    };
    frame::html(StatusCode::OK, &page)
}

fn hidden(draft: &Draft, seen: &str) -> Vec<(String, String)> {
    let mut hidden = draft.hidden();
    hidden.push(("seen".to_owned(), seen.to_owned()));
    hidden
}

fn ask(
    gate: &Gate,
    client: &Client,
    draft: &Draft,
    (seen, before, typed): (&str, &Value, &Value),
    effects: Vec<crate::http::console::pages::Effect>,
) -> Response {
    let root = format!("/apps/{}", client.id);
    let mut hidden = hidden(draft, seen);
    hidden.push(("sure".to_owned(), "yes".to_owned()));
    let page = AskPage {
        title: format!("Change {}?", client.name()),
        lead: "This change ends something or makes something weaker. Nothing is saved yet."
            .to_owned(),
        effects,
        changes: fields::changes(OLD, before, typed),
        hidden,
        button: "Save the change".to_owned(),
        back_to_form: gate.at(&format!("{root}/settings/edit")).to_string(),
        ..AskPage::new(
            gate.shell(Section::Apps),
            gate.at(&format!("{root}/settings")).to_string(),
            gate.at(&root).to_string(),
        )
    };
    frame::html(StatusCode::OK, &page)
}

/// The page that says what somebody else changed since the form was drawn; `None` when nobody did.
fn meanwhile(
    gate: &Gate,
    client: &Client,
    draft: &Draft,
    (seen, now, typed): (&str, &Value, &Value),
) -> Option<Response> {
    let was: Value = serde_json::from_str(seen).unwrap_or_default();
    let rows = fields::meanwhile(OLD, &was, now, typed);
    if rows.is_empty() {
        return None;
    }
    let root = format!("/apps/{}/settings", client.id);
    let page = ChangedPage {
        shell: gate.shell(Section::Apps),
        what: format!("the settings of {}", client.name()),
        rows,
        hidden: hidden(draft, &fields::seen(OLD, now)),
        back_to_form: gate.at(&format!("{root}/edit")).to_string(),
        fresh_url: gate.at(&root).to_string(),
    };
    Some(frame::html(StatusCode::CONFLICT, &page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_secret_is_not_in_what_was_seen() {
        let settings = ClientSettings {
            client_secret: Some("hush-hush".to_owned()),
            ..ClientSettings::default()
        };
        let json = serde_json::to_value(&settings).unwrap();
        assert!(!fields::seen(OLD, &json).contains("hush"));
    }
}
