//! What happened with somebody's account: sign-ins and their ends from the sessions, changes from the audit log.

use axum::http::StatusCode;
use axum::response::Response;

use super::me::{Entered, Me};
use super::pages::{ActivityPage, Event, Section};
use crate::domain::audit::{self, Record};
use crate::domain::session::{self, Session};
use crate::domain::time::Timestamp;
use crate::domain::{ActorKind, Fault};
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::words::{When, Words};

/// GET: the page.
pub async fn show(visit: Visit) -> Response {
    match Me::enter(visit, "/activity").await {
        Entered::Me(me) => me.visit.answer(shown(&me).await),
        Entered::Instead(response) => response,
    }
}

async fn shown(me: &Me) -> Result<Response, Refusal> {
    let mut events = happened(me).await?;
    events.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    events.truncate(SHOWN);
    let page = ActivityPage {
        shell: me.shell(Section::Activity, "/activity").await?,
        events: events.into_iter().map(|(_, event)| event).collect(),
    };
    me.page(StatusCode::OK, &page)
}

async fn happened(me: &Me) -> Result<Vec<(Timestamp, Event)>, Fault> {
    let (ctx, realm, words) = (me.ctx(), me.realm(), me.words());
    let user = me.user.value.id;
    let mut events = Vec::new();
    let (active, _) = session::of_user::active(ctx, realm, user, None, SHOWN).await?;
    let ended = session::of_user::ended(ctx, realm, user, None, SHOWN).await?;
    for row in active.iter().chain(&ended) {
        let session = &row.session;
        events.push(signed_in(words, session));
        events.extend(signed_out(words, session));
    }
    let (records, _) = audit::of_user(ctx, realm.id, user, (None, None), SHOWN).await?;
    events.extend(
        records
            .iter()
            .filter_map(|(_, record)| changed(words, record)),
    );
    Ok(events)
}

fn signed_in(words: &Words, session: &Session) -> (Timestamp, Event) {
    let event = Event {
        icon: "user-round",
        what: words.mine.did_sign_in.to_owned(),
        detail: words.device(&session.device),
        ip: Some(session.ip.clone()),
        at: When::of(words, session.started_at),
    };
    (session.started_at, event)
}

fn signed_out(words: &Words, session: &Session) -> Option<(Timestamp, Event)> {
    let ended = session.ended?;
    let event = Event {
        icon: "log-out",
        what: (words.account.reason)(ended.reason).to_owned(),
        detail: words.device(&session.device),
        ip: None,
        at: When::of(words, ended.at),
    };
    Some((ended.at, event))
}

/// A line of the audit log in the words of whom it is about; what would tell them nothing is left out.
fn changed(words: &Words, record: &Record) -> Option<(Timestamp, Event)> {
    let t = &words.mine;
    let own = record.actor.kind == ActorKind::User;
    let (icon, what) = match record.action.as_str() {
        "user.set_password" if own => ("key-round", t.did_change_password),
        "user.set_password" => ("key-round", t.admin_changed_password),
        "user.update" if own => ("pencil", t.did_change_profile),
        "user.update" => ("pencil", t.admin_changed_account),
        "user.remove_access" if own => ("layout-grid", t.did_remove_access),
        "user.remove_access" => ("layout-grid", t.admin_removed_access),
        "session.not_recognised" => ("shield-alert", t.did_not_recognise),
        "sign_in.failed" => ("triangle-alert", t.did_fail),
        "user.block" => ("ban", t.admin_blocked),
        "user.unblock" => ("lock-open", t.admin_unblocked),
        "session.second_address" => ("network", t.second_address),
        "user.create" => ("user-plus", t.was_created),
        _ => return None,
    };
    let event = Event {
        icon,
        what: what.to_owned(),
        detail: String::new(),
        // Where an administrator sits is nobody's business.
        ip: record
            .actor
            .ip
            .clone()
            .filter(|_| own || record.action == "sign_in.failed"),
        at: When::of(words, record.at),
    };
    Some((record.at, event))
}

/// The most lines.
const SHOWN: usize = 50;
