//! `GET /admin/{realm}/sessions/{sid}`: one session, the apps in it, and the button that ends it.

use axum::extract::Path;
use axum::http::StatusCode;

use super::frame::{self, Answer};
use super::gate::Gate;
use super::pages::{Fact, Moment, Person, Section, SessionApp, SessionPage};
use super::rows::{Acts, device, ended, methods, user_url};
use super::words;
use crate::domain::access::Right;
use crate::domain::client::{self, CONSOLE};
use crate::domain::id::Sid;
use crate::domain::outbox::Channel;
use crate::domain::session::search::{Row, grants, one};
use crate::domain::signout::Reason;
use crate::domain::{Fault, session::Session};

/// Answers the page.
pub async fn page(gate: Gate, Path((_, sid)): Path<(String, String)>) -> Answer {
    gate.need(Right::ViewSessions)?;
    let row = match sid.parse::<Sid>() {
        Ok(sid) => one(&gate.ctx, &gate.realm, sid).await?,
        Err(_) => None,
    };
    let Some(row) = row else {
        let text =
            "No session of this realm has this id. An ended session is forgotten after a while.";
        return Err(gate.says(StatusCode::NOT_FOUND, "There is no such session", text));
    };
    let session = &row.session;
    let page = SessionPage {
        shell: gate.shell(Section::Sessions),
        id: session.sid.to_string(),
        person: Person::new(&session.name, &session.username),
        user_url: user_url(&gate, session.user),
        device: device(&session.device),
        current: gate.admin.sid() == session.sid,
        may_end: gate.may(Right::EndSessions),
        ended: ended(&gate, &row, &mut Acts::default()).await?,
        facts: facts(
            &gate,
            &row,
            grants(&gate.ctx, &gate.realm, session).await?.0,
        ),
        apps: apps(&gate, session).await?,
        user_agent: session.user_agent.clone(),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn facts(gate: &Gate, row: &Row, families: u64) -> Vec<Fact> {
    let session = &row.session;
    let mut facts = Vec::new();
    let text = |label: &str, value: &str, code: bool| Fact {
        label: label.to_owned(),
        value: value.to_owned(),
        code,
        datetime: String::new(),
    };
    let time = |label: &str, moment: Moment| Fact {
        label: label.to_owned(),
        value: moment.text,
        code: false,
        datetime: moment.datetime,
    };
    facts.push(text("Session", &session.sid.to_string(), true));
    facts.push(text("Username", &session.username, false));
    if let Some(organisation) = &session.organisation {
        facts.push(text("Organisation", organisation, false));
    }
    facts.push(time("Signed in", words::full(session.started_at)));
    facts.push(text("Signed in with", &methods(&session.amr), false));
    facts.push(text("Signed in from", &session.ip, false));
    facts.push(text(
        "Kept signed in",
        if session.remember_me { "yes" } else { "no" },
        false,
    ));
    match &row.active {
        Some(active) => {
            facts.push(time("Last active", words::full(active.last_active)));
            facts.push(text("Last address", &active.last_ip, false));
            facts.push(text("Server", &active.last_node, false));
            facts.push(time("Times out", words::full(active.limits.idle_at)));
            facts.push(time(
                "Ends at the latest",
                words::full(active.limits.expires_at),
            ));
        }
        None => {
            facts.push(text("Server", &session.node, false));
            if let Some(ended) = session.ended {
                facts.push(time("Ended", words::full(ended.at)));
            }
        }
    }
    let offline = match row.offline_grants {
        0 => String::new(),
        1 => ", 1 of them offline".to_owned(),
        n => format!(", {n} of them offline"),
    };
    facts.push(text(
        "Grants of apps",
        &format!("{}{offline}", families),
        false,
    ));
    facts.push(text("Realm", &gate.realm.name, false));
    facts
}

async fn apps(gate: &Gate, session: &Session) -> Result<Vec<SessionApp>, Fault> {
    let mut apps = Vec::with_capacity(session.clients.len());
    for part in &session.clients {
        let client = client::by_id(&gate.ctx, &gate.realm, part.client).await?;
        let built_in = part.client_id == CONSOLE;
        let channels = client.map_or_else(Vec::new, |client| {
            Channel::of(&client.settings, Reason::Admin, false)
        });
        let told = !channels.is_empty();
        let names: Vec<&str> = channels.iter().map(|channel| channel.words()).collect();
        let channel = match (built_in, told) {
            (true, _) => "Part of the server: asks at every request".to_owned(),
            (_, true) => names.join(", "),
            _ => "Cannot be told".to_owned(),
        };
        apps.push(SessionApp {
            client_id: part.client_id.clone(),
            name: part.name.clone(),
            started: words::ago(gate.now, part.started_at),
            last_active: words::ago(gate.now, part.last_active_at),
            channel,
            told: told || built_in,
        });
    }
    Ok(apps)
}
