//! What ends something of an application: signing everybody out of it, disabling it, deleting it. Each is asked about with
//! what it ends, goes through the door and ends at its receipt.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::credentials::refused;
use super::{find, need_for};
use crate::domain::access::Right;
use crate::domain::client::verbs::{self, ClientError};
use crate::domain::client::{Client, ClientSettings};
use crate::domain::outbox::Channel;
use crate::domain::signout::{self, Plan, Reason, Request, Selection};
use crate::domain::{ActorKind, Fault};
use crate::http::console::frame::{self, Answer, Stop};
use crate::http::console::gate::Gate;
use crate::http::console::pages::{AskPage, Effect, REASONS, Section, counted, reasons};
use crate::http::console::{preview, words};

type At = Path<(String, String)>;

/// The page that asks; its words are the caller's.
fn asking(gate: &Gate, client: &Client, rest: &str) -> AskPage {
    let root = format!("/apps/{}", client.id);
    let action = gate.at(&format!("{root}{rest}")).to_string();
    AskPage::new(
        gate.shell(Section::Apps),
        action,
        gate.at(&root).to_string(),
    )
}

async fn plan(gate: &Gate, client: &Client, reason: Reason) -> Result<Plan, Stop> {
    let select = Selection::Clients(vec![client.id]);
    let request = Request::new(select, reason, gate.admin.actor(ActorKind::Admin));
    let plan = signout::plan(&gate.ctx, &gate.realm, &request).await;
    plan.map_err(|error| preview::refused(gate, error))
}

/// What a plan comes to, in plain words.
fn effects(gate: &Gate, plan: &Plan) -> Vec<Effect> {
    let at_least = if plan.exact { "" } else { "At least " };
    let mut effects = Vec::new();
    if plan.families > 0 {
        let what = counted(plan.families, "refresh token is", "refresh tokens are");
        let offline = match plan.offline {
            0 => String::new(),
            1 => " 1 of them is an offline grant.".to_owned(),
            n => format!(" {n} of them are offline grants."),
        };
        let text = format!("Token checks answer “inactive” from this moment.{offline}");
        effects.push(Effect::new(
            "cut",
            "ban",
            format!("{at_least}{what} revoked"),
            text,
        ));
    } else {
        effects.push(Effect::new(
            "",
            "ban",
            "No refresh token is revoked: there is none",
            "",
        ));
    }
    let (told, silent): (Vec<_>, Vec<_>) = plan
        .apps
        .iter()
        .partition(|app| app.channel != Channel::None);
    if !told.is_empty() {
        let what = counted(told.len() as u64, "app is", "apps are");
        let mut effect = Effect::new(
            "cut",
            "send",
            format!("{what} told"),
            "Each answer is recorded. Silent apps are retried for 24 hours.",
        );
        effect.chips = told
            .iter()
            .map(|app| (app.name.clone(), app.channel.as_str().to_owned()))
            .collect();
        effects.push(effect);
    }
    for app in silent {
        let left = app
            .bound_until
            .map(|until| until.since(gate.now))
            .filter(|left| !left.is_zero());
        let title = match left {
            Some(left) => format!(
                "{} keeps working for up to {}",
                app.name,
                words::exact_span(left)
            ),
            None => format!("{} cannot be told", app.name),
        };
        effects.push(Effect::new(
            "gap",
            "hourglass",
            title,
            "It takes no sign-out messages; it notices when it next asks.",
        ));
    }
    effects
}

/// `GET …/sign-out`: what signing everybody out of the app would end.
pub async fn ask_sign_out(gate: Gate, Path((_, id)): At) -> Answer {
    gate.need(Right::EndSessions)?;
    let client = find(&gate, &id).await?;
    sign_out_page(&gate, &client, String::new()).await
}

async fn sign_out_page(gate: &Gate, client: &Client, error: String) -> Answer {
    let plan = plan(gate, client, Reason::Admin).await?;
    let what = counted(plan.sessions, "session", "sessions");
    let mut all = vec![Effect::new(
        "cut",
        "log-out",
        counted(
            plan.sessions,
            "session that it takes part in ends",
            "sessions that it takes part in end",
        ),
        format!(
            "Of {}. On every server, at once: in every app of these sessions, not in this one alone.",
            counted(plan.people, "person", "people")
        ),
    )];
    all.extend(effects(gate, &plan));
    all.push(match plan.protected.is_empty() {
        true => Effect::new("safe", "lock", "Your own session is not included", ""),
        false => Effect::new(
            "safe",
            "lock",
            "Your own session is kept",
            "It takes part in this app and is left out.",
        ),
    });
    let status = match error.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = AskPage {
        title: format!("Sign everybody out of {}?", client.name()),
        lead: format!(
            "{} will have to sign in again.",
            counted(plan.people, "person", "people")
        ),
        effects: all,
        reasons: reasons(""),
        error,
        button: format!("End {what}"),
        foot: "This cannot be undone.".to_owned(),
        ..asking(gate, client, "/sign-out")
    };
    Ok(frame::html(status, &page))
}

/// `POST …/sign-out`: ends every session that the app takes part in.
pub async fn sign_out(gate: Gate, Path((_, id)): At, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::EndSessions)?;
    let client = find(&gate, &id).await?;
    let Some((_, why)) = REASONS
        .iter()
        .find(|(value, _)| *value == form.one("reason"))
    else {
        return sign_out_page(&gate, &client, "Choose a reason.".to_owned()).await;
    };
    let select = Selection::Clients(vec![client.id]);
    let note = form.one("note").trim();
    let request = Request {
        why: Some((*why).to_owned()),
        note: Some(note.chars().take(500).collect()).filter(|note: &String| !note.is_empty()),
        ..Request::new(select, Reason::Admin, gate.admin.actor(ActorKind::Admin))
    };
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    // A browser that hangs up does not stop half of it.
    let done = tokio::spawn(async move { signout::end(&ctx, &realm, &request).await });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(act) => Ok(receipt(&gate, &act)),
        Err(error) => Err(preview::refused(&gate, error)),
    }
}

fn receipt(gate: &Gate, act: &signout::SignOut) -> Response {
    let to = gate.at(&format!("/signouts/{}", act.id));
    Redirect::to(&to.to_string()).into_response()
}

/// `GET …/disable`: what disabling it would end.
pub async fn ask_disable(gate: Gate, Path((_, id)): At) -> Answer {
    gate.need(Right::ManageClients)?;
    let client = find(&gate, &id).await?;
    let plan = plan(&gate, &client, Reason::ClientDisabled).await?;
    let mut all = vec![Effect::new(
        "cut",
        "ban",
        "It may do nothing any more",
        "Nobody can sign in to it, and it gets no tokens.",
    )];
    all.extend(effects(&gate, &plan));
    all.push(Effect::new(
        "safe",
        "lock",
        "Sessions go on",
        "People stay signed in to the realm and to every other app.",
    ));
    let page = AskPage {
        title: format!("Disable {}?", client.name()),
        lead: "What it was granted ends. It can be switched on again.".to_owned(),
        effects: all,
        button: format!("Disable {}", client.name()),
        ..asking(&gate, &client, "/disable")
    };
    Ok(frame::html(StatusCode::OK, &page))
}

/// `POST …/disable`.
pub async fn disable(gate: Gate, path: At, body: Bytes) -> Answer {
    switch(gate, path, body, false).await
}

/// `POST …/enable`.
pub async fn enable(gate: Gate, path: At, body: Bytes) -> Answer {
    switch(gate, path, body, true).await
}

async fn switch(gate: Gate, Path((_, id)): At, body: Bytes, on: bool) -> Answer {
    gate.posted(&body).await?;
    gate.need(Right::ManageClients)?;
    let client = find(&gate, &id).await?;
    need_for(&gate, &client.settings)?;
    let here = gate.at(&format!("/apps/{}", client.id));
    let (ctx, realm, of) = (gate.ctx.clone(), gate.realm.clone(), client.id);
    let actor = gate.admin.actor(ActorKind::Admin);
    let change = move |now: &Client| -> Result<ClientSettings, ClientError> {
        Ok(ClientSettings {
            enabled: on,
            ..now.settings.clone()
        })
    };
    let done = tokio::spawn(async move { verbs::revise(&ctx, &realm, &actor, of, change).await });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(updated) => Ok(match &updated.sign_out {
            Some(act) if gate.may(Right::ViewSessions) => receipt(&gate, act),
            _ => {
                let done = if on { "enabled" } else { "saved" };
                Redirect::to(&here.with("done", done).to_string()).into_response()
            }
        }),
        Err(ClientError::Fault(fault)) => Err(fault.into()),
        Err(error) => Err(refused(&gate, &error)),
    }
}

/// `GET …/delete`: what deleting it would end.
pub async fn ask_delete(gate: Gate, Path((_, id)): At) -> Answer {
    gate.need(Right::ManageClients)?;
    let client = find(&gate, &id).await?;
    delete_page(&gate, &client, String::new()).await
}

async fn delete_page(gate: &Gate, client: &Client, error: String) -> Answer {
    let plan = plan(gate, client, Reason::ClientDisabled).await?;
    let mut all = vec![Effect::new(
        "cut",
        "trash-2",
        "Its settings and its secret are gone for good",
        "Another application may take its client_id afterwards; it gets nothing of what this one was granted.",
    )];
    all.extend(effects(gate, &plan));
    all.push(Effect::new(
        "safe",
        "lock",
        "Sessions go on",
        "People stay signed in to the realm and to every other app. Receipts keep its name.",
    ));
    let status = match error.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = AskPage {
        title: format!("Delete {}?", client.name()),
        lead: "What it was granted ends, and it is told so for the last time.".to_owned(),
        effects: all,
        typed: client.client_id().to_owned(),
        typed_what: "its client_id".to_owned(),
        error,
        button: format!("Delete {}", client.name()),
        foot: "This cannot be undone.".to_owned(),
        ..asking(gate, client, "/delete")
    };
    Ok(frame::html(status, &page))
}

/// `POST …/delete`.
pub async fn delete(gate: Gate, Path((_, id)): At, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::ManageClients)?;
    let client = find(&gate, &id).await?;
    need_for(&gate, &client.settings)?;
    if form.one("typed").trim() != client.client_id() {
        let error = format!(
            "Type the client_id exactly: {}. Nothing was deleted.",
            client.client_id()
        );
        return delete_page(&gate, &client, error).await;
    }
    let (ctx, realm, of) = (gate.ctx.clone(), gate.realm.clone(), client.id);
    let actor = gate.admin.actor(ActorKind::Admin);
    let done = tokio::spawn(async move { verbs::delete(&ctx, &realm, &actor, of).await });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(act) if gate.may(Right::ViewSessions) => Ok(receipt(&gate, &act)),
        Ok(_) => {
            let to = gate.at("/apps").with("gone", client.client_id());
            Ok(Redirect::to(&to.to_string()).into_response())
        }
        Err(ClientError::Fault(fault)) => Err(fault.into()),
        Err(error) => Err(refused(&gate, &error)),
    }
}
