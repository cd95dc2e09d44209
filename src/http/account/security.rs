//! The password: the present one and the new one. Every other session ends with the change, in the same commit.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;

use super::me::{Entered, Me};
use super::pages::{Section, SecurityPage};
use super::prove;
use crate::crypto::Secret;
use crate::domain::Fault;
use crate::domain::user::own::{self, Unfit};
use crate::domain::user::verbs::{self, UserError};
use crate::http::signin::visit::{Refusal, Visit};
use crate::protocol::Params;

/// What is wrong with what was typed.
#[derive(Default)]
struct Wrong {
    current: Option<String>,
    new: Option<&'static str>,
}

/// GET: the form.
pub async fn show(visit: Visit) -> Response {
    match Me::enter(visit, "/security").await {
        Entered::Me(me) => {
            let outcome = page(&me, StatusCode::OK, Wrong::default()).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

/// POST: a new password.
pub async fn change(visit: Visit, body: Bytes) -> Response {
    match Me::enter(visit, "/security").await {
        Entered::Me(me) => {
            let outcome = changed(&me, &body).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

async fn changed(me: &Me, body: &[u8]) -> Result<Response, Refusal> {
    let params = Params::parse_form(body)?;
    me.posted(&params, me.at("/security")).await?;
    if !me.realm().settings.account.change_password {
        return page(me, StatusCode::FORBIDDEN, Wrong::default()).await;
    }
    let (current, new) = (
        params.owned("current").unwrap_or_default(),
        params.owned("new").unwrap_or_default(),
    );
    let unfit = own::unfit(&me.user.value, &current, &new).map(|why| text(me, why));
    let wrong = Wrong {
        current: prove::password(me, current).await?.err(),
        new: unfit,
    };
    if wrong.current.is_some() || wrong.new.is_some() {
        return page(me, StatusCode::UNPROCESSABLE_ENTITY, wrong).await;
    }
    let (app, realm, actor) = (me.visit.app.clone(), me.realm().clone(), me.actor());
    let (id, new) = (me.user.value.id, Secret::new(new));
    // The change survives a browser that hangs up.
    let done =
        tokio::spawn(async move { verbs::set_password(&app.ctx, &realm, &actor, id, new).await });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(act) => me.visit.go(&me.at(&format!("/done/{}", act.id))),
        Err(UserError::Fault(fault)) => Err(fault.into()),
        Err(UserError::Invalid(_)) => {
            let wrong = Wrong {
                new: Some(text(me, Unfit::Long)),
                ..Wrong::default()
            };
            page(me, StatusCode::UNPROCESSABLE_ENTITY, wrong).await
        }
        Err(UserError::TooBusy | UserError::NameTaken | UserError::NotFound) => {
            Err(Fault::Busy.into())
        }
    }
}

fn text(me: &Me, why: Unfit) -> &'static str {
    let t = &me.words().mine;
    match why {
        Unfit::Short => t.password_short,
        Unfit::Long => t.password_long,
        Unfit::Same => t.password_same,
        Unfit::Name => t.password_is_name,
    }
}

async fn page(me: &Me, status: StatusCode, wrong: Wrong) -> Result<Response, Refusal> {
    let page = SecurityPage {
        shell: me.shell(Section::Security, "/security").await?,
        action: me.at("/security"),
        allowed: me.realm().settings.account.change_password,
        username: me.user.value.username.clone(),
        wrong_current: wrong.current,
        wrong_new: wrong.new.map(str::to_owned),
    };
    me.page(status, &page)
}
