//! What somebody did not recognise: it stands on their page until an administrator who may touch them dismisses it.

use axum::body::Bytes;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect};

use super::{at, refused, somebody, to_its_end, touch};
use crate::domain::access::Right;
use crate::domain::user::User;
use crate::domain::user::alert::{self, Stranger};
use crate::domain::{ActorKind, Fault};
use crate::http::console::frame::Answer;
use crate::http::console::gate::Gate;
use crate::http::console::pages::people::{Notice, NoticeButton, NoticeLine};
use crate::http::console::pages::{Link, counted};
use crate::http::console::words;

/// What somebody did not recognise; `None` when there is nothing that nobody dismissed.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub(super) async fn notice(gate: &Gate, user: &User, may: bool) -> Result<Option<Notice>, Fault> {
    let Some(alert) = alert::of(&gate.ctx, &gate.realm, user.id).await? else {
        return Ok(None);
    };
    let count = counted(u64::from(alert.count), "session", "sessions");
    Ok(Some(Notice {
        id: "not-recognised",
        tone: "danger",
        icon: "shield-alert",
        title: format!("{} does not recognise {count}", user.display_name()),
        lines: alert.newest.iter().map(|one| line(gate, one)).collect(),
        button: may.then(|| NoticeButton {
            id: "dismiss",
            label: "Dismiss",
            action: at(gate, user.id, "/dismiss").to_string(),
            seen: alert.count,
        }),
    }))
}

fn line(gate: &Gate, one: &Stranger) -> NoticeLine {
    let said = words::in_sentence(gate.now, one.at);
    NoticeLine {
        text: format!(
            "{} from {}, said {said}; it ended with that.",
            one.device, one.ip
        ),
        links: match gate.may(Right::ViewSessions) {
            true => vec![
                Link {
                    label: "Session".to_owned(),
                    url: gate.at(&format!("/sessions/{}", one.sid)).to_string(),
                },
                Link {
                    label: "Receipt".to_owned(),
                    url: gate.at(&format!("/signouts/{}", one.act)).to_string(),
                },
            ],
            false => Vec::new(),
        },
    }
}

/// Dismisses it.
pub async fn dismiss(gate: Gate, Path((_, uid)): Path<(String, String)>, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    let user = somebody(&gate, &uid).await?;
    touch(&gate, &user.roles)?;
    let seen = form.one("seen").parse().unwrap_or_default();
    let (ctx, realm, id) = (gate.ctx.clone(), gate.realm.clone(), user.id);
    let actor = gate.admin.actor(ActorKind::Admin);
    let work = async move { alert::dismiss(&ctx, &realm, &actor, id, seen).await };
    let dismissed = to_its_end(work).await?;
    let done = match dismissed.map_err(|error| refused(&gate, error))? {
        true => "dismissed",
        false => "more",
    };
    let to = at(&gate, id, "").with("done", done).to_string();
    Ok(Redirect::to(&to).into_response())
}
