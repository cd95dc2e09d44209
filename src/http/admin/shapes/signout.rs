//! Sign-outs in JSON: the plan of one, one in a list, and the receipt with everything that is known.

use serde_json::{Map, Value, json};

use super::session::brief;
use crate::domain::id::Sid;
use crate::domain::outbox::Channel;
use crate::domain::proof::Refused;
use crate::domain::signout::receipt::App;
use crate::domain::signout::told::{AppState, Told};
use crate::domain::signout::{Plan, Receipt, SignOut};
use crate::domain::user::block::until_text;

/// What an act would do.
pub(in crate::http::admin) fn plan(plan: &Plan) -> Value {
    json!({
        "dryRun": true,
        "sessions": plan.sessions,
        "people": plan.people,
        "families": plan.families,
        "offline": plan.offline,
        "counts": {
            "sessions": plan.sessions, "people": plan.people, "families": plan.families, "offline": plan.offline,
        },
        // Of a very large selection people, families and apps are those of its first sessions.
        "exact": plan.exact,
        "apps": plan.apps.iter().map(planned).collect::<Vec<_>>(),
        "shown": plan.shown.iter().map(|session| Value::Object(brief(session))).collect::<Vec<_>>(),
        "protected": plan.protected,
        "notFound": plan.not_found,
        "alreadyEnded": plan.already_ended,
    })
}

/// What an act would mean for one app: by which channel it would be told, and until when it may lag.
fn planned(app: &App) -> Value {
    let state = if app.channel == Channel::None {
        app.state.as_str()
    } else {
        "pending"
    };
    json!({
        "clientId": app.client_id,
        "name": app.name,
        "channel": app.channel,
        "channels": app.channels.iter().map(|told| told.channel).collect::<Vec<_>>(),
        "state": state,
        "sessions": app.sessions,
        "boundUntil": app.bound_until.map(|at| at.rfc3339()),
    })
}

/// An act in a list.
pub(in crate::http::admin) fn summary(act: &SignOut) -> Map<String, Value> {
    let body = json!({
        "id": act.id,
        "state": act.state,
        "reason": act.reason,
        "reasonText": act.reason.text(),
        "at": act.at.rfc3339(),
        "tookMs": act.took.map(|took| took.0),
        "actor": super::actor(&act.actor),
        "why": act.why,
        "note": act.note,
        "message": act.message,
        "selection": act.selection,
        "counts": {
            "sessions": act.sessions,
            "people": act.people,
            "families": act.families,
            "offline": act.offline,
            "total": act.total,
            "protected": act.protected.len(),
            "notFound": act.not_found.len(),
            "alreadyEnded": act.already_ended.len(),
        },
        "protected": act.protected,
        "notFound": act.not_found,
        "alreadyEnded": act.already_ended,
        "blockSignIn": act.block.map(|block| json!({
            "until": until_text(block.until),
            "people": block.people,
        })),
    });
    match body {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The receipt: every session with its outcome, every app with its channel and state.
pub(in crate::http::admin) fn receipt(receipt: &Receipt) -> Value {
    let act = &receipt.sign_out;
    let mut body = summary(act);
    let outcome = |id: &str, outcome: &str| json!({ "id": id, "outcome": outcome });
    let of = |sids: &[Sid], what: &'static str| {
        sids.iter()
            .map(|sid| outcome(&sid.to_string(), what))
            .collect::<Vec<_>>()
    };
    let mut sessions: Vec<Value> = receipt
        .sessions
        .iter()
        .map(|session| {
            let mut row = brief(session);
            row.insert("outcome".to_owned(), json!("ended"));
            row.insert("endedAt".to_owned(), json!(act.at.rfc3339()));
            Value::Object(row)
        })
        .collect();
    sessions.extend(of(&act.protected, "protected"));
    sessions.extend(of(&act.already_ended, "already_ended"));
    sessions.extend(act.not_found.iter().map(|id| outcome(id, "not_found")));
    body.insert("sessions".to_owned(), Value::Array(sessions));
    // Of a large act the first are shown; /sessions?state=ended has all.
    let shown = receipt.sessions.len() as u64;
    body.insert(
        "sessionsAreComplete".to_owned(),
        json!(shown >= act.sessions),
    );
    body.insert("apps".to_owned(), receipt.apps.iter().map(app).collect());
    body.insert(
        "appsAreComplete".to_owned(),
        json!(receipt.apps_are_complete),
    );
    body.insert(
        "refusedSince".to_owned(),
        receipt.refused.rows().iter().map(refused).collect(),
    );
    let back = receipt.came_back.iter().map(|session| {
        let mut row = brief(session);
        row.insert("authMethods".to_owned(), json!(session.amr));
        Value::Object(row)
    });
    body.insert("cameBack".to_owned(), back.collect());
    body.insert(
        "cameBackIsComplete".to_owned(),
        json!(receipt.came_back_is_complete),
    );
    Value::Object(body)
}

/// What was tried in vain since.
fn refused(row: &Refused) -> Value {
    json!({
        "kind": row.kind,
        "clientId": row.client_id,
        "ipAddress": row.ip,
        "firstAt": row.first_at.rfc3339(),
        "lastAt": row.last_at.rfc3339(),
        "count": row.count,
    })
}

/// What an act means for one app, and what it has answered.
fn app(app: &App) -> Value {
    let all = |count: fn(&Told) -> u64| app.channels.iter().map(count).sum::<u64>();
    let last = app
        .channels
        .iter()
        .filter_map(|told| told.last.as_ref())
        .max_by_key(|last| last.at);
    let next = app.channels.iter().filter_map(|told| told.next_at).min();
    json!({
        "clientId": app.client_id,
        "name": app.name,
        "channel": app.channel,
        "state": app.state.as_str(),
        "sessions": app.sessions,
        "boundUntil": app.bound_until.map(|at| at.rfc3339()),
        "attempts": all(|told| told.attempts),
        "lastStatus": last.and_then(|last| last.status),
        "lastAttemptAt": last.map(|last| last.at.rfc3339()),
        "lastAnswer": last.map(|last| &last.text).filter(|text| !text.is_empty()),
        "nextAttemptAt": next.map(|at| at.rfc3339()),
        "channels": app.channels.iter().filter(|told| told.channel != Channel::None).map(told).collect::<Vec<_>>(),
        // Tried is all that can be known of it.
        "frontChannel": app.browser_at.map(|at| json!({ "triedAt": at.rfc3339(), "effort": "best" })),
    })
}

/// What one channel of an app has carried.
fn told(told: &Told) -> Value {
    json!({
        "channel": told.channel,
        "state": told.state().map(AppState::as_str),
        "notices": told.notices,
        "acknowledged": told.acknowledged,
        "rejected": told.rejected,
        "gaveUp": told.gave_up,
        "pending": told.pending(),
        "attempts": told.attempts,
        "lastStatus": told.last.as_ref().and_then(|last| last.status),
        "lastAttemptAt": told.last.as_ref().map(|last| last.at.rfc3339()),
        "lastAnswer": told.last.as_ref().map(|last| &last.text).filter(|text| !text.is_empty()),
        "tookMs": told.last.as_ref().map(|last| last.took),
        "nextAttemptAt": told.next_at.map(|at| at.rfc3339()),
    })
}
