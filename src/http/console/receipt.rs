//! `GET /admin/{realm}/signouts/{id}`: the receipt of one act, as a page, as the part that renews itself
//! (`X-Fragment: receipt`) and, under `{id}.json` and, signed, `{id}.jwt`, to keep.

mod app;

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};

use super::frame::{self, Answer, Stop};
use super::gate::Gate;
use super::pages::{
    LogLine, Person, Progress, Receipt as ReceiptView, ReceiptPage, ReceiptSession, Section,
    counted, grouped,
};
use super::rows::{device, user_url};
use super::words;
use crate::domain::access::Right;
use crate::domain::denial;
use crate::domain::id::{Sid, SignOutId};
use crate::domain::outbox::redeliver::redeliver as again;
use crate::domain::proof::{Kind, Refused};
use crate::domain::session::Session;
use crate::domain::signout::receipt::{Receipt, read};
use crate::domain::signout::{Reason, SignOut, State};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{ActorKind, Fault};
use crate::http::admin::export;

/// Answers the receipt.
pub async fn page(gate: Gate, Path((_, name)): Path<(String, String)>) -> Answer {
    gate.need(Right::ViewSessions)?;
    let (id, kind) = match name.rsplit_once('.') {
        Some((id, kind)) => (id, Some(kind)),
        None => (name.as_str(), None),
    };
    let receipt = match id.parse::<SignOutId>() {
        Ok(id) => read(&gate.ctx, &gate.realm, id).await?,
        Err(_) => None,
    };
    let Some(receipt) = receipt else {
        return Err(no_such(&gate));
    };
    match kind {
        None => {}
        Some("json") => return Ok(export::plain(&receipt)),
        Some("jwt") => return Ok(export::signed(&gate.ctx, &gate.realm, &receipt).await?),
        Some(_) => return Err(no_such(&gate)),
    }
    let view = view(&gate, &receipt).await?;
    if gate.fragment.as_deref() == Some("receipt") {
        return Ok(frame::html(StatusCode::OK, &view));
    }
    let page = ReceiptPage {
        shell: gate.shell(Section::Receipts),
        receipt: view,
    };
    Ok(frame::html(StatusCode::OK, &page))
}

fn no_such(gate: &Gate) -> Stop {
    let text = "No sign-out of this realm has this id.";
    gate.says(StatusCode::NOT_FOUND, "There is no such receipt", text)
}

async fn view(gate: &Gate, receipt: &Receipt) -> Result<ReceiptView, Fault> {
    let act = &receipt.sign_out;
    let people: BTreeMap<_, _> = receipt
        .sessions
        .iter()
        .map(|s| (s.user, shown_name(s)))
        .collect();
    let everybody = people.len() as u64 == act.people;
    let back: BTreeMap<_, _> = receipt.came_back.iter().map(|s| (s.user, s.sid)).collect();
    let last = receipt.came_back.first();
    let sessions = sessions(gate, receipt).await?;
    let listed = receipt.sessions.len().min(SHOWN) as u64;
    let url = gate.at(&format!("/signouts/{}", act.id)).to_string();
    Ok(ReceiptView {
        csrf: gate.csrf.clone(),
        id: act.id.to_string(),
        complete: act.state == State::Settled,
        expanding: (act.state == State::Expanding).then(|| Progress {
            done: act.sessions,
            total: act.total.unwrap_or(act.sessions).max(act.sessions),
        }),
        ended: act.sessions,
        asked: asked(act),
        cut: words::clock(act.at).text,
        took: act.took.map(took).unwrap_or_default(),
        tokens: act.families,
        people: act.people,
        who: if everybody {
            names(people.values().copied())
        } else {
            String::new()
        },
        came_back: back.len() as u64,
        last_back: last
            .map(|s| format!("{}, {}", shown_name(s), words::clock(s.started_at).text))
            .unwrap_or_default(),
        apps: receipt
            .apps
            .iter()
            .map(|a| app::row(gate, act.id, a))
            .collect(),
        refused: Some(receipt.refused.count()),
        more_back: !receipt.came_back_is_complete,
        log: log(receipt),
        more_sessions: act.sessions.saturating_sub(listed),
        sessions,
        by: act.actor.name.clone(),
        from: act.actor.ip.clone().unwrap_or_default(),
        at: words::full(act.at),
        reason: reason(act),
        note: act.note.clone().unwrap_or_default(),
        message: act.message.clone().unwrap_or_default(),
        may_redeliver: gate.admin.may(Right::EndSessions, &gate.realm),
        back_url: gate.at("/sessions").to_string(),
        json_url: Some(format!("{url}.json")),
        signed_url: Some(format!("{url}.jwt")),
        url,
    })
}

/// How long the one who asked waited until it held.
fn took(length: Span) -> String {
    match length.is_zero() {
        true => "under 1 ms".to_owned(),
        false => words::brief(length),
    }
}

/// How many sessions it was about: those that ended, those that had, and those nobody knows.
fn asked(act: &SignOut) -> u64 {
    let ended = act.total.unwrap_or(act.sessions).max(act.sessions);
    ended + act.already_ended.len() as u64 + act.not_found.len() as u64
}

/// Why, in words: what the administrator chose, or what happened.
pub fn reason(act: &SignOut) -> String {
    match (&act.why, act.reason) {
        (Some(why), Reason::Admin) if !why.is_empty() => why.clone(),
        (_, reason) => reason.text().to_owned(),
    }
}

/// How far it is, under its name in the API.
pub fn state(act: &SignOut) -> &'static str {
    match act.state {
        State::Expanding => "expanding",
        State::Delivering => "delivering",
        State::Settled => "settled",
    }
}

/// "Anna Keller", "Anna Keller and Tomás Rey", "Anna Keller, Tomás Rey and 3 others".
pub fn names<'a>(people: impl Iterator<Item = &'a str>) -> String {
    let people: Vec<&str> = people.collect();
    match people.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => {
            format!(
                "{one}, {two} and {}",
                counted(rest.len() as u64, "other person", "other people")
            )
        }
    }
}

fn shown_name(session: &Session) -> &str {
    if session.name.is_empty() {
        &session.username
    } else {
        &session.name
    }
}

fn log(receipt: &Receipt) -> Vec<LogLine> {
    let act = &receipt.sign_out;
    let back = receipt.came_back.iter().take(SHOWN).map(|session| {
        let detail = format!(
            "{}, {}. A new session.",
            device(&session.device).words(),
            session.ip
        );
        let line = LogLine {
            kind: "returned".to_owned(),
            at: words::clock(session.started_at),
            strong: format!("{} signed in again", shown_name(session)),
            text: String::new(),
            detail,
        };
        (session.started_at, line)
    });
    let refused = receipt
        .refused
        .rows()
        .iter()
        .map(|row| (row.last_at, refused(receipt, row)));
    let mut lines: Vec<(Timestamp, LogLine)> = back.chain(refused).collect();
    lines.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut log: Vec<LogLine> = lines.into_iter().map(|(_, line)| line).collect();
    log.push(LogLine {
        kind: "cut".to_owned(),
        at: words::clock(act.at),
        strong: format!(
            "{} invalidated",
            counted(act.sessions, "session", "sessions")
        ),
        text: format!("by {}", act.actor.name),
        detail: String::new(),
    });
    log
}

/// "Refused: a revoked refresh token of Payroll, 3 times", and from where.
fn refused(receipt: &Receipt, row: &Refused) -> LogLine {
    let app = row.client_id.as_ref().map(|id| {
        let app = receipt.apps.iter().find(|app| app.client_id == *id);
        app.map_or(id, |app| &app.name)
    });
    let of = app.map(|name| format!(" of {name}")).unwrap_or_default();
    let often = match row.count {
        1 => String::new(),
        n => format!(", {} times", grouped(n)),
    };
    let from = match (&row.ip, row.kind) {
        (Some(ip), Kind::Introspection) => format!("Asked by {ip}"),
        (Some(ip), _) => format!("From {ip}"),
        (None, _) => String::new(),
    };
    let first = words::clock(row.first_at).text;
    LogLine {
        kind: "refused".to_owned(),
        at: words::clock(row.last_at),
        strong: "Refused".to_owned(),
        text: format!("{}{of}{often}", row.kind.words()),
        detail: match (row.count, from.as_str()) {
            (1, _) => from,
            (_, "") => format!("First at {first}"),
            (_, from) => format!("{from}, first at {first}"),
        },
    }
}

/// The sessions of the act: what ended, what was kept, what was over before, what nobody knows.
async fn sessions(gate: &Gate, receipt: &Receipt) -> Result<Vec<ReceiptSession>, Fault> {
    let act = &receipt.sign_out;
    let line = |session: &Session, outcome: &str| ReceiptSession {
        id: session.sid.to_string(),
        person: Person::new(&session.name, &session.username),
        user_url: user_url(gate, session.user),
        device: device(&session.device),
        ip: session.ip.clone(),
        outcome: outcome.to_owned(),
    };
    let mut lines: Vec<ReceiptSession> = receipt
        .sessions
        .iter()
        .take(SHOWN)
        .map(|session| line(session, "ended"))
        .collect();
    for (sids, outcome) in [
        (&act.protected, "protected"),
        (&act.already_ended, "already_ended"),
    ] {
        let sids: Vec<Sid> = sids.iter().take(SHOWN).copied().collect();
        let found = denial::sessions(&gate.ctx, &gate.realm, &sids).await?;
        lines.extend(
            found
                .into_iter()
                .filter_map(|(read, _)| read)
                .map(|read| line(&read.value, outcome)),
        );
    }
    lines.extend(act.not_found.iter().take(SHOWN).map(|id| ReceiptSession {
        id: id.clone(),
        outcome: "not_found".to_owned(),
        ..ReceiptSession::default()
    }));
    Ok(lines)
}

/// `POST /admin/{realm}/signouts/{id}/redeliver`: tells one app again.
pub async fn redeliver(gate: Gate, Path((_, id)): Path<(String, String)>, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    gate.need(Right::EndSessions)?;
    let receipt = match id.parse::<SignOutId>() {
        Ok(id) => read(&gate.ctx, &gate.realm, id).await?,
        Err(_) => None,
    };
    let app = receipt
        .iter()
        .flat_map(|r| &r.apps)
        .find(|a| a.client_id == form.one("client_id"));
    if let (Some(receipt), Some(app)) = (&receipt, app) {
        let actor = gate.admin.actor(ActorKind::Admin);
        let id = receipt.sign_out.id;
        again(&gate.ctx, &gate.realm, &actor, id, Some(app.client)).await?;
    }
    Ok(Redirect::to(&gate.at(&format!("/signouts/{id}")).to_string()).into_response())
}

/// Lines of each kind on one page.
const SHOWN: usize = 100;
