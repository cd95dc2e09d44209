//! `GET /overview`: the realm at a glance.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::acts::ok;
use super::principal::Asked;
use crate::domain::access::Right;
use crate::domain::id::UserId;
use crate::domain::overview::{self, Last, Long, Overview};
use crate::domain::pulse::census::Size;
use crate::domain::pulse::{Counts, Window};
use crate::domain::time::Timestamp;
use crate::http::answer::Problem;

/// `GET /overview`
pub(super) async fn show(asked: Asked) -> Result<Response, Problem> {
    let range = asked.asker.params.text("range").unwrap_or("24h");
    let window =
        Window::parse(range).ok_or_else(|| Problem::bad_request("range must be 24h, 7d or 30d"))?;
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    let principal = &asked.asker.principal;
    let server = principal.may(Right::ManageServer, realm);
    let now = overview::now(ctx, realm, server).await?;
    let series = overview::series(ctx, realm, window).await?;
    let stretch = |from: Timestamp, counts: &Counts| stretch(Some(from), counts);
    Ok(ok(json!({
        "range": window.as_str(),
        "from": series.first().map(|first| first.from.rfc3339()),
        "stepSeconds": window.step().whole_secs(),
        "now": present(&now),
        "inProgress": now.long.iter().map(long).collect::<Vec<_>>(),
        "lastSignOuts": now.last.iter().map(last).collect::<Vec<_>>(),
        "series": series.iter().map(|b| stretch(b.from, &b.counts)).collect::<Vec<_>>(),
    })))
}

fn present(now: &Overview) -> Value {
    let waiting = if now.waiting >= overview::WAITING {
        Size::MoreThan(now.waiting)
    } else {
        Size::Exactly(now.waiting)
    };
    let person = |(id, name): &(UserId, String)| json!({ "userId": id, "name": name });
    let app = |(id, name): &(String, String)| json!({ "clientId": id, "name": name });
    json!({
        "at": now.at.rfc3339(),
        "sessions": size(now.sessions, now.at),
        "people": size(now.people, now.at),
        "deliveriesWaiting": size(waiting, now.at),
        "failingApps": now.failing.iter().map(app).collect::<Vec<_>>(),
        "notRecognised": now.alerts.iter().map(person).collect::<Vec<_>>(),
        "lastDay": stretch(None, &now.day),
    })
}

fn size(size: Size, now: Timestamp) -> Value {
    let (count, exact, at) = match size {
        Size::Exactly(count) => (count, true, now),
        Size::Counted(count, at) => (count, true, at),
        Size::MoreThan(count) => (count, false, now),
    };
    json!({ "count": count, "isExact": exact, "countedAt": at.rfc3339() })
}

fn long(long: &Long) -> Value {
    let (done, total) = long.progress();
    json!({
        "kind": long.as_str(),
        "signOutId": long.sign_out().map(|id| id.to_string()),
        "done": done,
        "total": total,
    })
}

fn last(last: &Last) -> Value {
    json!({
        "id": last.act.id.to_string(),
        "at": last.act.at.rfc3339(),
        "reason": last.act.reason.as_str(),
        "state": last.act.state,
        "sessions": last.act.sessions,
        "apps": last.apps,
        "confirmed": last.confirmed,
        "failed": last.failed,
        "confirmedAfterMs": last.after.map(|after| after.0),
    })
}

/// What happened in a stretch of time; members without a meaning there are left out.
fn stretch(from: Option<Timestamp>, counts: &Counts) -> Value {
    let failures: Map<String, Value> = counts
        .failures
        .iter()
        .map(|(why, count)| (why.as_str().to_owned(), json!(count)))
        .collect();
    let ended: Map<String, Value> = counts
        .ended
        .iter()
        .map(|(reason, count)| (reason.as_str().to_owned(), json!(count)))
        .collect();
    let mut shown = json!({
        "signIns": counts.sign_ins,
        "failures": failures,
        "ended": ended,
        "confirmed": counts.confirmed.count(),
        "rejected": counts.rejected,
        "retried": counts.retried,
        "gaveUp": counts.gave_up,
    });
    let more = [
        ("from", from.map(|at| json!(at.rfc3339()))),
        (
            "latencyP50Ms",
            counts.confirmed.percentile(50).map(|took| json!(took.0)),
        ),
        (
            "latencyP95Ms",
            counts.confirmed.percentile(95).map(|took| json!(took.0)),
        ),
        ("sessions", counts.held.map(|held| json!(held.sessions))),
        ("people", counts.held.map(|held| json!(held.people))),
        ("waiting", counts.held.map(|held| json!(held.waiting))),
    ];
    if let Some(members) = shown.as_object_mut() {
        for (name, value) in more {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        }
    }
    shown
}
