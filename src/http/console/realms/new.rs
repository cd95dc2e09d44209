//! `/admin/new`: makes a realm.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;

use crate::domain::access::{MASTER, Right};
use crate::domain::realm::verbs::{self, RealmError};
use crate::domain::realm::{RealmSettings, check_name};
use crate::domain::{ActorKind, Fault};
use crate::http::console::address::Address;
use crate::http::console::fields::{Draft, Kind, Sheet, spec};
use crate::http::console::frame::{self, Answer, Stop};
use crate::http::console::gate::Gate;
use crate::http::console::pages::{FormPage, Link, Section};
use crate::http::console::visitor::{Absent, Visitor};

const SHEETS: &[Sheet] = &[Sheet {
    title: "Name",
    about: "",
    specs: &[
        spec(
            "name",
            "Name in addresses",
            Kind::Text,
            "1 to 40 lower-case letters, digits, - or _. It is part of the issuer, so it cannot be changed later.",
        ),
        spec(
            "display_name",
            "Display name",
            Kind::Maybe,
            "What people read on the sign-in page; the name itself when empty.",
        ),
    ],
}];

/// The gate of a page about no realm, for whoever runs the server.
async fn enter(visitor: Visitor) -> Result<Gate, Stop> {
    if let Err(absent) = &visitor.admin {
        let at = match absent {
            Absent::Nobody => MASTER,
            Absent::Ended { home } => home,
        };
        let to = Address::new(at, "/sign-in").with("return", "/admin");
        return Err(Redirect::to(&to.to_string()).into());
    }
    let gate = Gate::at_the_front(visitor).await?;
    if gate.admin.runs_the_server() {
        return Ok(gate);
    }
    gate.need(Right::ManageServer)?;
    Ok(gate)
}

/// Answers the form.
pub async fn page(visitor: Visitor) -> Answer {
    let gate = enter(visitor).await?;
    let draft = Draft::of(&json!({ "name": "", "display_name": null }), SHEETS);
    Ok(drawn(&gate, &draft, StatusCode::OK))
}

fn drawn(gate: &Gate, draft: &Draft, status: StatusCode) -> Response {
    let page = FormPage {
        shell: gate.shell(Section::Realms),
        crumbs: vec![Link {
            label: "Realms".to_owned(),
            url: "/admin".to_owned(),
        }],
        title: "New realm".to_owned(),
        lead: "A realm has its own people, applications, keys and rules. It begins with safe settings; all of them can be changed.".to_owned(),
        tabs: Vec::new(),
        notes: Vec::new(),
        problems: draft.problems(SHEETS),
        groups: draft.groups(SHEETS),
        hidden: Vec::new(),
        action: "/admin/new".to_owned(),
        submit: "Make the realm".to_owned(),
        cancel_url: "/admin".to_owned(),
        fixed: false,
    };
    frame::html(status, &page)
}

/// `POST`: makes it.
pub async fn make(visitor: Visitor, body: Bytes) -> Answer {
    let gate = enter(visitor).await?;
    let form = gate.posted(&body).await?;
    let mut draft = Draft::posted(&form, SHEETS);
    let name = form.one("name").trim().to_owned();
    let display_name = form.one("display_name").trim().to_owned();
    let settings = RealmSettings {
        display_name: Some(display_name).filter(|name| !name.is_empty()),
        ..RealmSettings::default()
    };
    let refused = |draft: &Draft| Ok(drawn(&gate, draft, StatusCode::UNPROCESSABLE_ENTITY));
    if let Err(text) = check_name(&name) {
        draft.blame(SHEETS, "name", text);
    }
    for text in verbs::problems(&settings) {
        draft.blame_named(SHEETS, text);
    }
    if draft.is_wrong() {
        return refused(&draft);
    }
    let ctx = gate.ctx.clone();
    let actor = gate.admin.actor(ActorKind::Admin);
    let done = tokio::spawn(async move { verbs::create(&ctx, &actor, &name, settings).await });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(realm) => {
            let to = Address::new(&realm.name, "/settings/general");
            Ok(Redirect::to(&to.to_string()).into_response())
        }
        Err(RealmError::NameTaken) => {
            let text = "another realm has this name; choose another one";
            draft.blame(SHEETS, "name", text.to_owned());
            refused(&draft)
        }
        Err(RealmError::Fault(fault)) => Err(fault.into()),
        Err(error) => {
            draft.blame_named(SHEETS, error.to_string());
            refused(&draft)
        }
    }
}
