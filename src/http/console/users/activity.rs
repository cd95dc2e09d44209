//! `GET /admin/{realm}/users/{uid}/activity`: what was recorded about somebody and how their sessions began and ended, newest
//! first.

use axum::extract::Path;
use axum::http::StatusCode;

use super::{Shown, at, head, somebody};
use crate::domain::access::Right;
use crate::domain::audit::{self, Place, Record};
use crate::domain::id::UserId;
use crate::domain::session::of_user;
use crate::domain::session::search::Row;
use crate::domain::time::Timestamp;
use crate::domain::{ActorKind, Fault};
use crate::http::console::events::words::{event_url, said};
use crate::http::console::frame::{self, Answer};
use crate::http::console::gate::{Form, Gate};
use crate::http::console::pages::people::{ActivityPage, ActivityRow};
use crate::http::console::pages::{Link, Section};
use crate::http::console::rows::{Acts, device, ended, methods};
use crate::http::console::words;

/// Answers the page.
pub async fn page(gate: Gate, Path((_, uid)): Path<(String, String)>) -> Answer {
    let user = somebody(&gate, &uid).await?;
    if !gate.may(Right::ViewSessions) {
        gate.need(Right::ViewAudit)?;
    }
    let query = Form::read(gate.query.as_bytes());
    let before = Timestamp::parse(query.one("before"));
    let (rows, next) = all(&gate, user.id, before).await?;
    let here = at(&gate, user.id, "/activity");
    let page = ActivityPage {
        shell: gate.shell(Section::Users),
        head: head(&gate, &user, Shown::Activity).await?,
        rows,
        lacks: match gate.may(Right::ViewAudit) {
            true => "",
            false => {
                "This shows sessions alone. What administrators did takes the role auditor or realm-admin."
            }
        },
        first_url: before.map(|_| here.to_string()),
        next_url: next.map(|at| here.with("before", &at.rfc3339()).to_string()),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

/// The newest of it, for somebody who may see any of it.
///
/// # Errors
/// [`Fault`] when it cannot be read.
pub async fn newest(gate: &Gate, user: UserId, limit: usize) -> Result<Vec<ActivityRow>, Fault> {
    let (mut rows, _) = all(gate, user, None).await?;
    rows.truncate(limit);
    Ok(rows)
}

async fn all(
    gate: &Gate,
    user: UserId,
    before: Option<Timestamp>,
) -> Result<(Vec<ActivityRow>, Option<Timestamp>), Fault> {
    let (ctx, realm) = (&gate.ctx, &gate.realm);
    let mut lines: Vec<(Timestamp, ActivityRow)> = Vec::new();
    let mut more = false;
    if gate.may(Right::ViewAudit) {
        let from = (before, None);
        let (found, next) = audit::of_user(ctx, realm.id, user, from, READ).await?;
        more |= next.is_some();
        let of = |(at, record): &(Place, Record)| (record.at, of_record(gate, at, record));
        lines.extend(found.iter().map(of));
    }
    if gate.may(Right::ViewSessions) {
        let over = of_user::ended(ctx, realm, user, before, READ).await?;
        more |= over.len() == READ;
        let mut acts = Acts::default();
        for row in &over {
            if let Some(end) = row.session.ended {
                lines.push((end.at, end_of(gate, row, &mut acts).await?));
            }
        }
        let (active, _) = of_user::active(ctx, realm, user, None, READ).await?;
        let begun = active
            .iter()
            .filter(|row| before.is_none_or(|before| row.session.started_at < before));
        lines.extend(begun.map(|row| (row.session.started_at, start_of(gate, row))));
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.0));
    let mut last = None;
    // All of one moment stand on one page: the next begins before it.
    let cut = lines.iter().enumerate().position(|(n, (at, _))| {
        let full = n >= ON_A_PAGE && last != Some(*at);
        last = Some(*at);
        full
    });
    more |= cut.is_some();
    lines.truncate(cut.unwrap_or(lines.len()));
    let next = lines.last().map(|(at, _)| *at).filter(|_| more);
    Ok((lines.into_iter().map(|(_, row)| row).collect(), next))
}

fn of_record(gate: &Gate, at: &Place, record: &Record) -> ActivityRow {
    let said = said(record);
    let mut more = match (record.actor.kind, &record.actor.ip) {
        // Somebody, of whom nothing but the address is known.
        (ActorKind::System, Some(ip)) => format!("From {ip}"),
        _ => format!("By {}", record.actor.name),
    };
    if let Some(detail) = &record.detail {
        more.push_str(": ");
        more.push_str(detail);
    }
    more.push('.');
    ActivityRow {
        at: words::moment(gate.now, record.at),
        icon: said.icon,
        tone: said.tone,
        what: said.what,
        more,
        link: Some(Link {
            label: "Details".to_owned(),
            url: event_url(gate, at),
        }),
    }
}

async fn end_of(gate: &Gate, row: &Row, acts: &mut Acts) -> Result<ActivityRow, Fault> {
    let session = &row.session;
    let end = ended(gate, row, acts).await?.unwrap_or_default();
    let at = session.ended.map_or(gate.now, |end| end.at);
    Ok(ActivityRow {
        at: words::moment(gate.now, at),
        icon: "log-out",
        tone: "",
        what: format!("Session ended {}", end.how),
        more: format!(
            "{}, from {}, signed in {}.",
            device(&session.device).words(),
            session.ip,
            words::in_sentence(gate.now, session.started_at)
        ),
        link: end.receipt_url.map(|url| Link {
            label: "Receipt".to_owned(),
            url,
        }),
    })
}

fn start_of(gate: &Gate, row: &Row) -> ActivityRow {
    let session = &row.session;
    ActivityRow {
        at: words::moment(gate.now, session.started_at),
        icon: "circle-check",
        tone: "again",
        what: "Signed in".to_owned(),
        more: format!(
            "With {}, {}, from {}.",
            methods(&session.amr),
            device(&session.device).words(),
            session.ip
        ),
        link: Some(Link {
            label: "Session".to_owned(),
            url: gate.at(&format!("/sessions/{}", session.sid)).to_string(),
        }),
    }
}

const ON_A_PAGE: usize = 30;
/// Lines read of each kind: those of one moment stay together.
const READ: usize = 60;
