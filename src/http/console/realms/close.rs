//! Switches a realm off and on, and deletes one: asked about with what it ends, for whoever runs the server.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use crate::domain::access::Right;
use crate::domain::realm::verbs::{self, RealmError};
use crate::domain::realm::{Realm, RealmSettings};
use crate::domain::{ActorKind, Fault};
use crate::http::console::frame::{self, Answer, Stop};
use crate::http::console::gate::Gate;
use crate::http::console::list::how_many;
use crate::http::console::pages::{AskPage, Effect, Section};
use crate::http::console::settings::may_be_closed;

fn enter(gate: &Gate) -> Result<(), Stop> {
    gate.need(Right::ManageServer)?;
    if may_be_closed(gate, &gate.realm) {
        return Ok(());
    }
    let text = "This realm holds the administrators of the server, or you belong to it yourself. It can be neither disabled nor deleted from here.";
    let title = "This realm stays";
    Err(gate.message(StatusCode::CONFLICT, title, text, Vec::new()))
}

fn asking(gate: &Gate, rest: &str) -> AskPage {
    AskPage {
        typed_what: "the realm’s name".to_owned(),
        ..AskPage::new(
            gate.shell(Section::Realms),
            gate.at(rest).to_string(),
            "/admin".to_owned(),
        )
    }
}

async fn ends(gate: &Gate) -> Result<Vec<Effect>, Fault> {
    let count = how_many(gate, &gate.realm).await?;
    let title = match count.as_str() {
        "" | "0" => "Nobody is signed in there".to_owned(),
        "1" => "1 session ends".to_owned(),
        many => format!("{many} sessions end"),
    };
    Ok(vec![
        Effect::new("cut", "log-out", title, "On every server, at once."),
        Effect::new(
            "cut",
            "ban",
            "Every refresh token and offline grant is revoked",
            "Token checks answer “inactive” from this moment.",
        ),
        Effect::new(
            "cut",
            "send",
            "The apps of these sessions are told",
            "Each answer is recorded. Silent apps are retried for 24 hours.",
        ),
        Effect::new("cut", "lock", "Nobody can sign in there", ""),
    ])
}

/// `GET …/disable`: what switching it off would end; for one that is off, what switching it on means.
pub async fn ask_disable(gate: Gate) -> Answer {
    enter(&gate)?;
    let name = gate.realm.name.clone();
    if !gate.realm.settings.enabled {
        let page = AskPage {
            title: format!("Enable {name}?"),
            lead: "People can sign in there again.".to_owned(),
            effects: vec![Effect::new(
                "safe",
                "shield-check",
                "What was over stays over",
                "Nobody is signed in by this; sessions and grants from before are not brought back.",
            )],
            button: format!("Enable {name}"),
            danger: false,
            ..asking(&gate, "/enable")
        };
        return Ok(frame::html(StatusCode::OK, &page));
    }
    disable_page(&gate, String::new()).await
}

async fn disable_page(gate: &Gate, error: String) -> Answer {
    let name = gate.realm.name.clone();
    let status = match error.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = AskPage {
        title: format!("Disable {name}?"),
        lead:
            "Everybody there is signed out. It can be switched on again; what it ended stays over."
                .to_owned(),
        effects: ends(gate).await?,
        typed: name.clone(),
        error,
        button: format!("Disable {name}"),
        ..asking(gate, "/disable")
    };
    Ok(frame::html(status, &page))
}

/// `POST …/disable`.
pub async fn disable(gate: Gate, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    enter(&gate)?;
    if form.one("typed").trim() != gate.realm.name {
        return disable_page(&gate, mistyped(&gate)).await;
    }
    switch(gate, false).await
}

/// `POST …/enable`.
pub async fn enable(gate: Gate, body: Bytes) -> Answer {
    gate.posted(&body).await?;
    enter(&gate)?;
    switch(gate, true).await
}

fn mistyped(gate: &Gate) -> String {
    format!(
        "Type the realm’s name exactly: {}. Nothing was changed.",
        gate.realm.name
    )
}

async fn switch(gate: Gate, on: bool) -> Answer {
    let change = move |now: &Realm| -> Result<RealmSettings, RealmError> {
        Ok(RealmSettings {
            enabled: on,
            ..now.settings.clone()
        })
    };
    let (ctx, name) = (gate.ctx.clone(), gate.realm.name.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let done = tokio::spawn(async move { verbs::revise(&ctx, &actor, &name, change).await });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(updated) => {
            let to = match &updated.sign_out {
                Some(act) => gate.at(&format!("/signouts/{}", act.id)).to_string(),
                None => "/admin".to_owned(),
            };
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => Err(refused(&gate, error)),
    }
}

fn refused(gate: &Gate, error: RealmError) -> Stop {
    match error {
        RealmError::Fault(fault) => fault.into(),
        error => {
            let text = format!("Nothing was changed: {error}.");
            let title = "This could not be done";
            gate.message(StatusCode::CONFLICT, title, &text, Vec::new())
        }
    }
}

/// `GET …/delete`: what deleting it would end.
pub async fn ask_delete(gate: Gate) -> Answer {
    enter(&gate)?;
    delete_page(&gate, String::new()).await
}

async fn delete_page(gate: &Gate, error: String) -> Answer {
    let name = gate.realm.name.clone();
    let status = match error.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mut effects = vec![Effect::new(
        "cut",
        "trash-2",
        "Its people, applications, keys and settings are out of reach for good",
        "Its name becomes free for another realm.",
    )];
    effects.extend(ends(gate).await?);
    let page = AskPage {
        title: format!("Delete the realm {name}?"),
        lead: "Everything in it ends.".to_owned(),
        effects,
        typed: name.clone(),
        error,
        button: format!("Delete {name}"),
        foot: "This cannot be undone.".to_owned(),
        ..asking(gate, "/delete")
    };
    Ok(frame::html(status, &page))
}

/// `POST …/delete`.
pub async fn delete(gate: Gate, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    enter(&gate)?;
    if form.one("typed").trim() != gate.realm.name {
        return delete_page(&gate, mistyped(&gate)).await;
    }
    let (ctx, name) = (gate.ctx.clone(), gate.realm.name.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let done = tokio::spawn(async move { verbs::delete(&ctx, &actor, &name).await });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(_) => {
            let to = url::form_urlencoded::byte_serialize(gate.realm.name.as_bytes());
            let to = format!("/admin?gone={}", to.collect::<String>());
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => Err(refused(&gate, error)),
    }
}
