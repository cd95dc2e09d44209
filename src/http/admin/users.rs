//! `/users`: people, and what ends with a change of them.

use axum::response::Response;
use serde_json::{Value, json};

use super::acts::{created, done, ok, to_its_end};
use super::paging::{PIECE, Page, listed};
use super::principal::{Asked, no_such};
use super::privilege;
use super::read::{Body, Fields, block_until};
use super::sessions as session_list;
use super::shapes::user as shape;
use super::signouts;
use crate::crypto::Secret;
use crate::domain::id::UserId;
use crate::domain::signout::{Reason, Request, Selection};
use crate::domain::user::{self, User, UserSettings, fold, verbs};
use crate::http::answer::Problem;

/// `GET /users`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    if let Some(text) = asked.asker.params.text("find") {
        return found(&asked, text).await;
    }
    let page = Page::of(&asked.asker.params, USUAL)?;
    let filter = Filter::of(&asked)?;
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    let (users, next) = match &filter.whole_name {
        Some(name) => {
            let found = user::find(ctx, realm, name).await?.map(|found| found.value);
            (
                found.into_iter().filter(|user| filter.fits(user)).collect(),
                None,
            )
        }
        None => {
            let read = async |after: Option<String>| {
                user::list(ctx, realm, &filter.prefix, after.as_deref(), PIECE).await
            };
            page.walk(
                read,
                |user: &User| fold(&user.username),
                |user| filter.fits(user),
            )
            .await?
        }
    };
    Ok(listed(users.iter().map(shape::user).collect(), next))
}

/// The same by whatever is remembered of somebody: the start of the username, of a word of the name, or of the address.
async fn found(asked: &Asked, text: &str) -> Result<Response, Problem> {
    let params = &asked.asker.params;
    let others = [
        "first", "max", "search", "username", "exact", "email", "enabled",
    ];
    if let Some(other) = others.into_iter().find(|name| params.text(name).is_some()) {
        return Err(Problem::bad_request(format!(
            "find and {other} exclude each other"
        )));
    }
    let limit = params.limit(USUAL, LARGEST)?;
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    let page = user::search(ctx, realm, text, params.text("cursor"), limit).await?;
    Ok(listed(
        page.users.iter().map(shape::user).collect(),
        page.next,
    ))
}

/// `GET /users/count`
pub(super) async fn count(asked: Asked) -> Result<Response, Problem> {
    let filter = Filter::of(&asked)?;
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    if filter.whole_name.is_none() && filter.email.is_none() && filter.enabled.is_none() {
        return Ok(ok(json!(user::count(ctx, realm, &filter.prefix).await?)));
    }
    if let Some(name) = &filter.whole_name {
        let found = user::find(ctx, realm, name).await?;
        return Ok(ok(json!(usize::from(
            found.is_some_and(|found| filter.fits(&found.value))
        ))));
    }
    let (mut total, mut after) = (0, None);
    loop {
        let (users, next) = user::list(ctx, realm, &filter.prefix, after.as_deref(), PIECE).await?;
        total += users.iter().filter(|user| filter.fits(user)).count();
        match next {
            Some(next) => after = Some(next),
            None => return Ok(ok(json!(total))),
        }
    }
}

/// `POST /users`
pub(super) async fn create(asked: Asked, body: Body) -> Result<Response, Problem> {
    let settings = shape::settings(None, body.object()?)?;
    privilege::roles(&asked.asker.principal, &asked.realm, &settings.roles)?;
    let (app, realm, actor) = (
        asked.asker.app.clone(),
        asked.realm.clone(),
        asked.asker.principal.actor.clone(),
    );
    let user = to_its_end(async move { verbs::create(&app.ctx, &realm, &actor, settings).await })
        .await??;
    let location = asked.asker.app.url(&format!(
        "/admin/realms/{}/users/{}",
        asked.realm.name, user.id
    ));
    Ok(created(&location, shape::user(&user)))
}

/// `GET /users/{id}`
pub(super) async fn one(asked: Asked) -> Result<Response, Problem> {
    Ok(ok(shape::user(&find(&asked).await?)))
}

/// `PUT /users/{id}`
pub(super) async fn update(asked: Asked, body: Body) -> Result<Response, Problem> {
    let body = body.object()?;
    let id: UserId = asked.id("id", "user")?;
    let updated = to_its_end(async move {
        let change = |before: &User| -> Result<UserSettings, Problem> {
            privilege::roles(&asked.asker.principal, &asked.realm, &before.roles)?;
            let settings = shape::settings(Some(before), body.clone())?;
            privilege::roles(&asked.asker.principal, &asked.realm, &settings.roles)?;
            Ok(settings)
        };
        verbs::revise(
            &asked.asker.app.ctx,
            &asked.realm,
            &asked.asker.principal.actor,
            id,
            change,
        )
        .await
    });
    Ok(done(updated.await??.sign_out.as_ref()))
}

/// `DELETE /users/{id}`
pub(super) async fn delete(asked: Asked) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    privilege::roles(&asked.asker.principal, &asked.realm, &user.roles)?;
    let act = to_its_end(async move {
        verbs::delete(
            &asked.asker.app.ctx,
            &asked.realm,
            &asked.asker.principal.actor,
            user.id,
        )
        .await
    });
    Ok(done(Some(&act.await??)))
}

/// `PUT /users/{id}/reset-password`, with Keycloak's body.
pub(super) async fn reset_password(asked: Asked, body: Body) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    privilege::roles(&asked.asker.principal, &asked.realm, &user.roles)?;
    let password = shape::credential(Fields::of(body.object()?, shape::CREDENTIAL)?)?;
    let act = to_its_end(async move {
        let password = Secret::new(password);
        verbs::set_password(
            &asked.asker.app.ctx,
            &asked.realm,
            &asked.asker.principal.actor,
            user.id,
            password,
        )
        .await
    });
    Ok(done(Some(&act.await??)))
}

/// `POST /users/{id}/block`
pub(super) async fn block(asked: Asked, body: Body) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    privilege::roles(&asked.asker.principal, &asked.realm, &user.roles)?;
    let mut fields = Fields::of(body.object_or_empty()?, &["until", "reason"])?;
    let until = match fields.take("until") {
        None => None,
        Some(value) => block_until("until", value, asked.asker.app.ctx.now())?.flatten(),
    };
    let words = verbs::Words {
        until,
        why: fields.text("reason")?,
        ..verbs::Words::default()
    };
    let act = to_its_end(async move {
        verbs::block(
            &asked.asker.app.ctx,
            &asked.realm,
            &asked.asker.principal.actor,
            user.id,
            words,
        )
        .await
    });
    Ok(done(Some(&act.await??)))
}

/// `POST /users/{id}/unblock`
pub(super) async fn unblock(asked: Asked) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    privilege::roles(&asked.asker.principal, &asked.realm, &user.roles)?;
    let lifted = to_its_end(async move {
        verbs::unblock(
            &asked.asker.app.ctx,
            &asked.realm,
            &asked.asker.principal.actor,
            user.id,
        )
        .await
    });
    lifted.await??;
    Ok(done(None))
}

/// `POST /users/{id}/logout`
pub(super) async fn logout(asked: Asked) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    let actor = asked.asker.principal.actor.clone();
    let act = signouts::end_now(
        &asked,
        Request::new(Selection::Users(vec![user.id]), Reason::Admin, actor),
    )
    .await?;
    Ok(done(Some(&act)))
}

/// `GET /users/{id}/sessions`
pub(super) async fn sessions(asked: Asked) -> Result<Response, Problem> {
    let user = find(&asked).await?;
    Ok(ok(Value::Array(
        session_list::of_user(&asked, &user).await?,
    )))
}

pub(super) async fn find(asked: &Asked) -> Result<User, Problem> {
    let id: UserId = asked.id("id", "user")?;
    let found = user::by_id(&asked.asker.app.ctx, &asked.realm, id).await?;
    found
        .map(|found| found.value)
        .ok_or_else(|| no_such("user"))
}

/// Which users a list is about. `search` and `username` are the start of a username, with `exact` all of it.
struct Filter {
    prefix: String,
    whole_name: Option<String>,
    email: Option<String>,
    enabled: Option<bool>,
}

impl Filter {
    fn of(asked: &Asked) -> Result<Filter, Problem> {
        let params = &asked.asker.params;
        let name = match (params.text("username"), params.text("search")) {
            (Some(_), Some(_)) => {
                return Err(Problem::bad_request(
                    "username and search exclude each other",
                ));
            }
            (name, search) => name
                .or(search)
                .map(|name| name.trim_end_matches('*').to_owned()),
        };
        let exact = params.flag("exact")?.unwrap_or(false);
        Ok(Filter {
            whole_name: name.clone().filter(|_| exact),
            prefix: name.unwrap_or_default(),
            email: params.text("email").map(str::to_lowercase),
            enabled: params.flag("enabled")?,
        })
    }

    fn fits(&self, user: &User) -> bool {
        let email_fits = |email: &String| {
            user.claim("email")
                .is_some_and(|own| own.to_lowercase() == *email)
        };
        self.email.as_ref().is_none_or(email_fits)
            && self.enabled.is_none_or(|enabled| user.enabled == enabled)
    }
}

/// How many a page has when nobody says: Keycloak's number.
const USUAL: usize = 100;
/// The most of a page that [`found`] answers.
const LARGEST: usize = 200;
