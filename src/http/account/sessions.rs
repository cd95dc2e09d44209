//! Where somebody is signed in, and what ended lately.

use axum::http::StatusCode;
use axum::response::Response;

use super::me::{Entered, Me};
use super::pages::{Device, EndedRow, Section, SessionsPage};
use crate::domain::denial::ActiveSession;
use crate::domain::session::{self, Session};
use crate::domain::time::Span;
use crate::http::signin::visit::{Refusal, Visit};
use crate::http::words::{When, Words};

/// GET: the page.
pub async fn show(visit: Visit) -> Response {
    match Me::enter(visit, "/sessions").await {
        Entered::Me(me) => me.visit.answer(shown(&me).await),
        Entered::Instead(response) => response,
    }
}

async fn shown(me: &Me) -> Result<Response, Refusal> {
    let (ctx, realm, words) = (me.ctx(), me.realm(), me.words());
    let (mut others, complete) = me.others().await?;
    others.sort_by_key(|active| std::cmp::Reverse((active.last_active, active.session.sid)));
    let mut devices = vec![device(me, &me.active, true)];
    devices.extend(
        others
            .iter()
            .take(SHOWN)
            .map(|active| device(me, active, false)),
    );
    let since = ctx.now().minus(LATELY);
    let ended = session::of_user::ended(ctx, realm, me.user.value.id, None, ENDED).await?;
    let ended = ended
        .into_iter()
        .filter_map(|row| {
            let ended = row.session.ended.filter(|ended| ended.at >= since)?;
            Some(EndedRow {
                device: words.device(&row.session.device),
                ip: row.session.ip.clone(),
                when: When::of(words, ended.at),
                why: (words.account.reason)(ended.reason),
            })
        })
        .collect();
    let page = SessionsPage {
        shell: me.shell(Section::Sessions, "/sessions").await?,
        has_others: !others.is_empty(),
        has_more: others.len() > SHOWN || !complete,
        devices,
        ended,
        others_url: me.at("/sign-out-others"),
    };
    me.page(StatusCode::OK, &page)
}

/// A session as its owner sees it.
pub(super) fn device(me: &Me, active: &ActiveSession, current: bool) -> Device {
    let (session, words) = (&active.session, me.words());
    let now = me.ctx().now();
    let sign_out = if current {
        me.visit.path("/protocol/openid-connect/logout")
    } else {
        me.at(&format!("/sessions/{}/sign-out", session.sid))
    };
    Device {
        sid: session.sid.to_string(),
        title: words.device(&session.device),
        icon: icon(session),
        current,
        active_now: now.since(active.last_active) < NOW,
        last_active: When::of(words, active.last_active),
        ip: active.last_ip.clone(),
        since: When::of(words, session.started_at),
        with: with(words, &session.amr),
        apps: session
            .clients
            .iter()
            .filter(|part| part.client_id != crate::domain::client::CONSOLE)
            .map(|part| part.name.clone())
            .collect(),
        sign_out_url: sign_out,
        not_mine_url: (!current).then(|| me.at(&format!("/sessions/{}/not-mine", session.sid))),
    }
}

fn icon(session: &Session) -> &'static str {
    match session.device.kind.as_str() {
        "mobile" => "smartphone",
        "desktop" => "monitor",
        _ => "monitor-smartphone",
    }
}

/// How somebody signed in (RFC 8176), in words.
fn with(words: &Words, amr: &[String]) -> String {
    match amr {
        [only] if only == "pwd" => words.account.with_password.to_owned(),
        [one, two] if one == "pwd" && two == "otp" => words.account.with_code.to_owned(),
        other => other.join(", "),
    }
}

/// The most other devices on the page.
const SHOWN: usize = 100;
/// The most ended ones.
const ENDED: usize = 50;
/// How long what ended is shown.
const LATELY: Span = Span::days(14);
/// A session is touched once a minute.
const NOW: Span = Span::mins(2);
