//! `/admin/realms`: tenants, and what ends with a change of them.

use std::sync::Arc;

use axum::response::Response;
use serde_json::Value;

use super::acts::{created, done, ok, to_its_end};
use super::paging::{PIECE, Page, listed};
use super::principal::{Asked, Asker};
use super::read::Body;
use super::shapes::realm as shape;
use super::signouts;
use crate::domain::realm::{self, Realm, RealmSettings, verbs};
use crate::domain::signout::{Reason, Request, Selection};
use crate::domain::time::{Span, Timestamp};
use crate::http::answer::Problem;

/// `GET /admin/realms`
pub(super) async fn list(asker: Asker) -> Result<Response, Problem> {
    let ctx = &*asker.app.ctx;
    let prefix = asker.params.text("search").unwrap_or_default().to_owned();
    if !asker.principal.everywhere() {
        // One realm at most, however many there are.
        let home = realm::find(ctx, &asker.principal.home).await?;
        let rows = home
            .iter()
            .filter(|realm| realm.name.starts_with(&prefix))
            .map(|realm| shape::listed(realm))
            .collect();
        return Ok(listed(rows, None));
    }
    let page = Page::of(&asker.params, USUAL)?;
    let read = async |after: Option<String>| realm::list(ctx, after.as_deref(), PIECE).await;
    let (realms, next) = page
        .walk(
            read,
            |realm: &Arc<Realm>| realm.name.clone(),
            |realm| realm.name.starts_with(&prefix),
        )
        .await?;
    Ok(listed(
        realms.iter().map(|realm| shape::listed(realm)).collect(),
        next,
    ))
}

/// `POST /admin/realms`
pub(super) async fn create(asker: Asker, body: Body) -> Result<Response, Problem> {
    let shape::New { name, settings } = shape::new(body.object()?)?;
    let (app, actor) = (asker.app.clone(), asker.principal.actor.clone());
    let realm =
        to_its_end(async move { verbs::create(&app.ctx, &actor, &name, settings).await }).await??;
    Ok(created(
        &asker.app.url(&format!("/admin/realms/{}", realm.name)),
        shape::realm(&realm),
    ))
}

/// `GET /admin/realms/{realm}`
pub(super) async fn one(asked: Asked) -> Result<Response, Problem> {
    Ok(ok(shape::realm(&asked.realm)))
}

/// `PUT /admin/realms/{realm}`
pub(super) async fn update(asked: Asked, body: Body) -> Result<Response, Problem> {
    let mut body = body.object()?;
    // "Set to now" of Keycloak's console; with it goes nothing else.
    let cut = match body.remove("notBefore") {
        Some(Value::Null) | None => false,
        Some(value) => cut(&asked, &value)?,
    };
    let home = asked.asker.principal.home == asked.realm.name;
    let change = move |before: &Realm| -> Result<RealmSettings, Problem> {
        let settings = shape::settings(before, body.clone())?;
        if home && before.settings.enabled && !settings.enabled {
            let detail = "you cannot disable the realm that you belong to; an administrator of the server can";
            return Err(Problem::invalid(detail));
        }
        Ok(settings)
    };
    change(&asked.realm)?;
    let act = match cut {
        true => {
            let actor = asked.asker.principal.actor.clone();
            Some(
                signouts::end_now(&asked, Request::new(Selection::All, Reason::Admin, actor))
                    .await?,
            )
        }
        false => None,
    };
    let updated = to_its_end(async move {
        verbs::revise(
            &asked.asker.app.ctx,
            &asked.asker.principal.actor,
            &asked.realm.name,
            change,
        )
        .await
    });
    let updated = updated.await??;
    Ok(done(updated.sign_out.as_ref().or(act.as_ref())))
}

/// `DELETE /admin/realms/{realm}`
pub(super) async fn delete(asked: Asked) -> Result<Response, Problem> {
    let act = to_its_end(async move {
        verbs::delete(
            &asked.asker.app.ctx,
            &asked.asker.principal.actor,
            &asked.realm.name,
        )
        .await
    });
    Ok(done(Some(&act.await??)))
}

/// Whether `notBefore`, in seconds and often with a fraction, means "everybody out now". A moment before the realm was
/// made cuts nothing; any other cannot be had, and is not passed over either.
fn cut(asked: &Asked, value: &Value) -> Result<bool, Problem> {
    let seconds = value
        .as_f64()
        .filter(|seconds| seconds.is_finite() && *seconds >= 0.0 && *seconds < 1e11);
    let Some(seconds) = seconds else {
        return Err(Problem::bad_request("notBefore must be a time in seconds"));
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1e14"
    )]
    let at = Timestamp((seconds * 1000.0) as u64);
    let now = asked.asker.app.ctx.now();
    if at < asked.realm.created_at.minus(CLOSE) {
        Ok(false)
    } else if at.minus(CLOSE) <= now && now <= at.plus(CLOSE) {
        Ok(true)
    } else {
        Err(Problem::invalid(
            "notBefore can only be set to the present moment, which ends every session",
        ))
    }
}

/// Clocks of administrators' machines differ.
const CLOSE: Span = Span::mins(1);
/// How many a page has when nobody says. Keycloak answers all of them.
const USUAL: usize = 1000;
