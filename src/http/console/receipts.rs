//! `GET /admin/{realm}/signouts`: the acts of a realm, newest first. What people did comes first; what merely ran out would
//! drown it and is shown when asked for.

use std::collections::BTreeMap;

use axum::http::StatusCode;

use super::frame::{self, Answer};
use super::gate::{Form, Gate};
use super::pages::{Link, ReceiptRow, ReceiptsPage, Section, counted};
use super::receipt::{names, reason, state};
use super::words;
use crate::domain::access::Right;
use crate::domain::id::SignOutId;
use crate::domain::signout::{SignOut, receipt};
use crate::domain::{ActorKind, Fault};

/// Answers the list.
pub async fn page(gate: Gate) -> Answer {
    gate.need(Right::ViewSessions)?;
    let query = Form::read(gate.query.as_bytes());
    let all = query.one("expiries") == "1";
    let after = query.one("after").parse::<SignOutId>().ok();
    let (acts, next) = acts(&gate, after, all).await?;
    let mut rows = Vec::with_capacity(acts.len());
    for act in &acts {
        rows.push(row(&gate, act).await?);
    }
    let here = gate.at("/signouts");
    let switched = if all {
        here.clone()
    } else {
        here.clone().with("expiries", "1")
    };
    let label = if all {
        "Hide what ran out by itself"
    } else {
        "Show what ran out by itself"
    };
    let mode = if all { "1" } else { "" };
    let page = ReceiptsPage {
        shell: gate.shell(Section::Receipts),
        rows,
        switch: Link {
            label: label.to_owned(),
            url: switched.to_string(),
        },
        // The newest are one step away; in between, the browser's own "back" is right.
        previous_url: after.map(|_| here.clone().with("expiries", mode).to_string()),
        next_url: next.map(|id| {
            here.with("expiries", mode)
                .with("after", &id.to_string())
                .to_string()
        }),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

async fn acts(
    gate: &Gate,
    mut after: Option<SignOutId>,
    all: bool,
) -> Result<(Vec<SignOut>, Option<SignOutId>), Fault> {
    let mut acts: Vec<SignOut> = Vec::new();
    for _ in 0..PATIENCE {
        let (page, next) = receipt::list(&gate.ctx, &gate.realm, after, LOOKED_AT).await?;
        for act in page {
            if acts.len() == ON_A_PAGE {
                return Ok((acts, after));
            }
            after = Some(act.id);
            if all || act.actor.kind != ActorKind::System {
                acts.push(act);
            }
        }
        if next.is_none() {
            return Ok((acts, None));
        }
        after = next;
    }
    Ok((acts, after))
}

async fn row(gate: &Gate, act: &SignOut) -> Result<ReceiptRow, Fault> {
    let mut row = ReceiptRow {
        id: act.id.to_string(),
        url: gate.at(&format!("/signouts/{}", act.id)).to_string(),
        at: words::ago(gate.now, act.at),
        by: act.actor.name.clone(),
        reason: reason(act),
        who: counted(act.people, "person", "people"),
        sessions: act.sessions,
        answered: 0,
        apps: 0,
        state: state(act).to_owned(),
        failed: false,
    };
    if (1..=LOOKED_INTO).contains(&act.sessions) {
        let sessions =
            receipt::sessions(&gate.ctx, &gate.realm, act.id, LOOKED_INTO as usize).await?;
        let people: BTreeMap<_, _> = sessions.iter().map(|s| (s.user, s.name.as_str())).collect();
        if people.len() as u64 == act.people {
            row.who = names(people.into_values());
        }
        let (apps, _) = receipt::apps(&gate.ctx, &gate.realm, act).await?;
        for app in apps {
            let status = app.state.as_str();
            row.apps += u64::from(!matches!(status, "bounded" | "not_capable"));
            row.answered += u64::from(status == "acknowledged");
            row.failed |= matches!(status, "rejected" | "gave_up");
        }
    }
    Ok(row)
}

const ON_A_PAGE: usize = 25;
/// Acts read at once, and how often, to fill a page.
const LOOKED_AT: usize = 100;
const PATIENCE: usize = 10;
/// Acts of more sessions than this are not looked into for the list.
const LOOKED_INTO: u64 = 50;
