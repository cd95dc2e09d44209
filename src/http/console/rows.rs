//! One session as a row: everything from its own record, so that a deleted user breaks no list.

use std::collections::HashMap;

use super::gate::Gate;
use super::pages::{Device, Ended, Left, Moment, Person, RowDetail, SessionRow};
use super::words;
use crate::domain::access::Right;
use crate::domain::denial::{ActiveSession, Denied};
use crate::domain::id::{SignOutId, UserId};
use crate::domain::session;
use crate::domain::session::search::{Row, grants, last_use};
use crate::domain::signout::{Reason, receipt};
use crate::domain::time::{Span, Timestamp};
use crate::domain::{ActorKind, Fault};

/// The rows of a page.
///
/// # Errors
/// [`Fault`] when the acts that ended them cannot be read.
pub async fn rows(gate: &Gate, found: &[Row], details: bool) -> Result<Vec<SessionRow>, Fault> {
    let mut acts = Acts::default();
    let mut rows = Vec::with_capacity(found.len());
    for row in found {
        let ended = ended(gate, row, &mut acts).await?;
        let families = if details {
            grants(&gate.ctx, &gate.realm, &row.session).await?.0
        } else {
            0
        };
        let detail = details.then(|| detail(gate, row, families));
        rows.push(one(gate, row, ended, detail));
    }
    Ok(rows)
}

fn one(gate: &Gate, row: &Row, ended: Option<Ended>, detail: Option<RowDetail>) -> SessionRow {
    let session = &row.session;
    let active = row.active.as_ref();
    let current = gate.admin.sid() == session.sid;
    let own = gate.admin.owns(&gate.realm, session.user);
    let end = session.ended.map_or(gate.now, |ended| ended.at);
    SessionRow {
        id: session.sid.to_string(),
        url: gate.at(&format!("/sessions/{}", session.sid)).to_string(),
        person: Person::new(&session.name, &session.username),
        user: session.user.to_string(),
        user_url: user_url(gate, session.user),
        block_url: (active.is_some() && gate.may(Right::ManageUsers) && !own).then(|| {
            gate.at(&format!("/users/{}/block", session.user))
                .to_string()
        }),
        picked: false,
        current,
        yours: !current && own,
        organisation: session.organisation.clone().unwrap_or_default(),
        ip: active.map_or(&session.ip, |a| &a.last_ip).clone(),
        ip_label: String::new(),
        ip_new: false,
        device: device(&session.device),
        apps: session
            .clients
            .iter()
            .map(|client| client.name.clone())
            .collect(),
        node: active.map_or(&session.node, |a| &a.last_node).clone(),
        lasted: words::span(end.since(session.started_at)),
        since: words::since(gate.now, session.started_at),
        last_active: active.map_or_else(Moment::default, |a| words::ago(gate.now, a.last_active)),
        left: active.map(|a| left(gate, a)),
        ended,
        detail,
    }
}

/// Somebody's page, for who may see users.
pub fn user_url(gate: &Gate, user: UserId) -> Option<String> {
    let page = || gate.at(&format!("/users/{user}")).to_string();
    gate.may(Right::ViewUsers).then(page)
}

/// How long a session has left.
pub fn left(gate: &Gate, active: &ActiveSession) -> Left {
    let at = active.limits.idle_at;
    let whole = at.since(active.last_active).whole_secs().max(1);
    let left = at.since(gate.now);
    Left {
        at: words::left(gate.now, at),
        value: left.whole_secs().min(whole),
        max: whole,
        low: left < Span::mins(5),
    }
}

fn detail(gate: &Gate, row: &Row, families: u64) -> RowDetail {
    let session = &row.session;
    let latest = session
        .limits(&gate.realm.settings.sessions, session.started_at)
        .expires_at;
    RowDetail {
        methods: methods(&session.amr),
        refresh_tokens: families,
        offline: row.offline_grants,
        remembered: session.remember_me,
        latest: words::moment(gate.now, latest),
        user_agent: session.user_agent.clone(),
    }
}

/// How somebody signed in, from RFC 8176 values.
pub fn methods(amr: &[String]) -> String {
    let words: Vec<&str> = amr
        .iter()
        .filter(|value| *value != "mfa")
        .map(|value| match value.as_str() {
            "pwd" => "password",
            "otp" => "code",
            "hwk" | "swk" => "passkey",
            other => other,
        })
        .collect();
    if words.is_empty() {
        "unknown".to_owned()
    } else {
        words.join(" and ")
    }
}

/// A device under the names the pages know.
pub fn device(device: &session::Device) -> Device {
    let known = |text: &str| {
        if text == "Unknown" {
            String::new()
        } else {
            text.to_owned()
        }
    };
    let kind = if device.kind == "mobile" {
        "phone"
    } else {
        &device.kind
    };
    let browser = if device.browser == "Unknown" {
        "Unknown device"
    } else {
        &device.browser
    };
    Device {
        kind: kind.to_owned(),
        browser: browser.to_owned(),
        os: known(&device.os),
    }
}

/// Who did what, of the acts already looked up.
#[derive(Default)]
pub struct Acts(HashMap<SignOutId, Option<String>>);

/// The end of a session that is not good any more.
///
/// # Errors
/// [`Fault`] when the act that ended it cannot be read.
pub async fn ended(gate: &Gate, row: &Row, acts: &mut Acts) -> Result<Option<Ended>, Fault> {
    let Some(denied) = &row.denied else {
        return Ok(None);
    };
    let Some(end) = denied.ended() else {
        let how = match denied {
            Denied::Idle => "unused for too long",
            Denied::Expired => "reached its longest life",
            Denied::RealmDisabled => "the realm is off",
            _ => "no longer accepted",
        };
        let at = over_since(gate, row)
            .await?
            .map_or_else(Moment::default, |at| words::ago(gate.now, at));
        return Ok(Some(Ended {
            at,
            how: how.to_owned(),
            receipt_url: None,
        }));
    };
    let by = match acts.0.get(&end.sign_out) {
        Some(known) => known.clone(),
        None => {
            let act = receipt::find(&gate.ctx, &gate.realm, end.sign_out).await?;
            let by = act
                .map(|act| act.actor)
                .filter(|actor| actor.kind == ActorKind::Admin)
                .map(|actor| actor.name);
            acts.0.insert(end.sign_out, by.clone());
            by
        }
    };
    Ok(Some(Ended {
        at: words::ago(gate.now, end.at),
        how: how(end.reason, by.as_deref()),
        receipt_url: Some(gate.at(&format!("/signouts/{}", end.sign_out)).to_string()),
    }))
}

/// When a session ran out that the sweep has not come to yet.
async fn over_since(gate: &Gate, row: &Row) -> Result<Option<Timestamp>, Fault> {
    let seen = last_use(&gate.ctx, &gate.realm, row.session.sid).await?;
    let last = seen.map_or(row.session.started_at, |seen| seen.at);
    let limits = row.session.limits(&gate.realm.settings.sessions, last);
    Ok(Some(limits.idle_at).filter(|at| *at <= gate.now))
}

/// How a session ended, to follow "ended …".
pub fn how(reason: Reason, by: Option<&str>) -> String {
    match (reason, by) {
        (Reason::Admin, Some(name)) => format!("by {name}"),
        (Reason::Admin, None) => "by an administrator".to_owned(),
        (Reason::User, _) => "by signing out".to_owned(),
        (Reason::RpLogout, _) => "by signing out of an app".to_owned(),
        (Reason::Idle, _) => "after being unused for too long".to_owned(),
        (Reason::Expired, _) => "at its longest life".to_owned(),
        (reason, _) => {
            let text = reason.text();
            let mut letters = text.chars();
            let first = letters
                .next()
                .map(|c| c.to_lowercase().collect::<String>())
                .unwrap_or_default();
            format!("because {first}{}", letters.as_str())
        }
    }
}
