//! `/admin/{realm}/users/{uid}/credentials`: how somebody signs in. A new password ends every session but the asker's own, in
//! the same commit.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;

use super::ask::plan;
use super::{Shown, after, head, may_touch, refused, sentence, somebody, to_its_end, touch};
use crate::crypto::Secret;
use crate::domain::ActorKind;
use crate::domain::signout::{Reason, Request, Selection};
use crate::domain::user::verbs::{self, UserError};
use crate::domain::user::{self, User};
use crate::http::console::effects::of_plan;
use crate::http::console::frame::{self, Answer};
use crate::http::console::gate::Gate;
use crate::http::console::pages::people::CredentialsTab;
use crate::http::console::pages::{Section, counted};
use crate::http::console::words;

/// Answers the tab.
pub async fn page(gate: Gate, Path((_, uid)): Path<(String, String)>) -> Answer {
    let user = somebody(&gate, &uid).await?;
    show(&gate, &user, None).await
}

async fn show(gate: &Gate, user: &User, problem: Option<String>) -> Answer {
    let set_at = user::password_set_at(&gate.ctx, &gate.realm, user.id).await?;
    let may_set = may_touch(gate, user);
    let (mut effects, mut button) = (Vec::new(), String::new());
    if may_set {
        let select = Selection::Users(vec![user.id]);
        let actor = gate.admin.actor(ActorKind::Admin);
        let request = Request::new(select, Reason::PasswordChanged, actor);
        let plan = plan(&gate.ctx, gate, &request).await?;
        effects = of_plan(gate, &plan);
        button = match plan.sessions {
            0 => "Set password".to_owned(),
            n => format!("Set password and end {}", counted(n, "session", "sessions")),
        };
    }
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let page = CredentialsTab {
        shell: gate.shell(Section::Users),
        head: head(gate, user, Shown::Credentials).await?,
        set_at: set_at.map(words::full),
        may_set,
        effects,
        button,
        problem,
    };
    Ok(frame::html(status, &page))
}

/// Sets a new password.
pub async fn set(gate: Gate, Path((_, uid)): Path<(String, String)>, body: Bytes) -> Answer {
    let form = gate.posted(&body).await?;
    let user = somebody(&gate, &uid).await?;
    touch(&gate, &user.roles)?;
    let (ctx, realm) = (gate.ctx.clone(), gate.realm.clone());
    let actor = gate.admin.actor(ActorKind::Admin);
    let (id, password) = (user.id, Secret::new(form.one("password").to_owned()));
    let work = async move { verbs::set_password(&ctx, &realm, &actor, id, password).await };
    match to_its_end(work).await? {
        Ok(act) => Ok(after(&gate, id, Some(&act), "password")),
        Err(UserError::Invalid(why)) => show(&gate, &user, Some(sentence(&why))).await,
        Err(error) => Err(refused(&gate, error)),
    }
}
