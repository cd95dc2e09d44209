//! The password: the present one and the new one, and whether the other devices go on.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;

use super::me::{Entered, Me};
use super::pages::{Section, SecurityPage};
use super::prove::{self, Guard};
use crate::crypto::Secret;
use crate::domain::Fault;
use crate::domain::user::own::{self, Unfit};
use crate::domain::user::verbs::UserError;
use crate::http::signin::throttle::Throttle;
use crate::http::signin::visit::{Refusal, Visit};
use crate::protocol::Params;

/// What is wrong with what was typed.
#[derive(Default)]
struct Wrong {
    current: Option<String>,
    new: Option<&'static str>,
}

/// GET: the form.
pub async fn show(visit: Visit, RawQuery(query): RawQuery) -> Response {
    match Me::enter(visit, "/security").await {
        Entered::Me(me) => {
            let is_done = query.as_deref() == Some("changed=1");
            let outcome = page(&me, StatusCode::OK, Wrong::default(), is_done, true).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

/// POST: a new password.
pub async fn change(visit: Visit, Extension(throttle): Guard, body: Bytes) -> Response {
    match Me::enter(visit, "/security").await {
        Entered::Me(me) => {
            let outcome = changed(&me, &throttle, &body).await;
            me.visit.answer(outcome)
        }
        Entered::Instead(response) => response,
    }
}

async fn changed(me: &Me, throttle: &Throttle, body: &[u8]) -> Result<Response, Refusal> {
    let params = Params::parse_form(body)?;
    me.posted(&params, me.at("/security")).await?;
    if !me.realm().settings.account.change_password {
        return page(me, StatusCode::FORBIDDEN, Wrong::default(), false, true).await;
    }
    let (current, new) = (
        params.owned("current").unwrap_or_default(),
        params.owned("new").unwrap_or_default(),
    );
    let others = params.one("others").is_some();
    let unfit = own::unfit(&me.user.value, &current, &new).map(|why| text(me, why));
    let wrong = Wrong {
        current: prove::password(me, throttle, current).await?.err(),
        new: unfit,
    };
    if wrong.current.is_some() || wrong.new.is_some() {
        return page(me, StatusCode::UNPROCESSABLE_ENTITY, wrong, false, others).await;
    }
    let (app, realm, actor) = (me.visit.app.clone(), me.realm().clone(), me.actor());
    let (id, new) = (me.user.value.id, Secret::new(new));
    // The change survives a browser that hangs up.
    let done = tokio::spawn(async move {
        own::change_password(&app.ctx, &realm, &actor, id, new, others).await
    });
    match done.await.map_err(|_| Fault::Busy)? {
        Ok(Some(act)) => me.visit.go(&me.at(&format!("/done/{}", act.id))),
        Ok(None) => me.visit.go(&me.at("/security?changed=1")),
        Err(UserError::Fault(fault)) => Err(fault.into()),
        Err(UserError::Invalid(_)) => {
            let wrong = Wrong {
                new: Some(text(me, Unfit::Long)),
                ..Wrong::default()
            };
            page(me, StatusCode::UNPROCESSABLE_ENTITY, wrong, false, others).await
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

async fn page(
    me: &Me,
    status: StatusCode,
    wrong: Wrong,
    is_done: bool,
    others: bool,
) -> Result<Response, Refusal> {
    let page = SecurityPage {
        shell: me.shell(Section::Security, "/security").await?,
        action: me.at("/security"),
        allowed: me.realm().settings.account.change_password,
        username: me.user.value.username.clone(),
        others,
        wrong_current: wrong.current,
        wrong_new: wrong.new.map(str::to_owned),
        is_done,
    };
    me.page(status, &page)
}
