//! `GET /admin/{realm}/users/{uid}`: where somebody is signed in, and where they were.

use axum::extract::Path;
use axum::http::StatusCode;

use super::{Shown, activity, at, details, head, somebody};
use crate::domain::access::Right;
use crate::domain::id::Sid;
use crate::domain::session::of_user;
use crate::domain::session::search::one;
use crate::http::console::details::kept as details_kept;
use crate::http::console::frame::{self, Answer};
use crate::http::console::gate::{Form, Gate};
use crate::http::console::pages::Section;
use crate::http::console::pages::people::{Lately, SessionsTab};
use crate::http::console::rows::rows;

/// Answers the page; whoever may not see sessions gets the details.
pub async fn page(gate: Gate, Path((realm, uid)): Path<(String, String)>) -> Answer {
    let user = somebody(&gate, &uid).await?;
    if !gate.may(Right::ViewSessions) {
        return details::page(gate, Path((realm, uid))).await;
    }
    let query = Form::read(gate.query.as_bytes());
    let after = query.one("after").parse::<Sid>().ok();
    let (ctx, realm) = (&gate.ctx, &gate.realm);
    let (mut active, next) = of_user::active(ctx, realm, user.id, after, ON_A_PAGE).await?;
    if gate.admin.owns(realm, user.id) {
        active.retain(|row| row.session.sid != gate.admin.sid());
        if after.is_none() {
            let own = one(ctx, realm, gate.admin.sid()).await?;
            active.splice(0..0, own);
        }
    }
    let ended = of_user::ended(ctx, realm, user.id, None, ENDED).await?;
    let name = format!("user:{}", user.username);
    let lately = Lately {
        rows: activity::newest(&gate, user.id, LATELY).await?,
        all_url: at(&gate, user.id, "/activity").to_string(),
    };
    let page = SessionsTab {
        shell: gate.shell(Section::Users),
        head: head(&gate, &user, Shown::Sessions).await?,
        active: rows(&gate, &active, true).await?,
        next_url: next.map(|sid| {
            let next = at(&gate, user.id, "").with("after", &sid.to_string());
            next.to_string()
        }),
        ended: rows(&gate, &ended, false).await?,
        all_ended_url: gate
            .at("/sessions")
            .with("state", "ended")
            .with("q", &name)
            .to_string(),
        may_end: gate.may(Right::EndSessions),
        details: match query.one("details") {
            "" => details_kept(&gate),
            said => said == "1",
        },
        lately: Some(lately),
    };
    Ok(frame::html(StatusCode::OK, &page))
}

const ON_A_PAGE: usize = 50;
const ENDED: usize = 10;
const LATELY: usize = 6;
