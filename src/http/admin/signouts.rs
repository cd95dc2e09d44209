//! `/signouts`: ending sessions, and the receipts of it.

use std::collections::HashSet;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::acts::{self, created, ended, ok, to_its_end, with_sign_out};
use super::principal::{Asked, forbidden, no_such};
use super::read::{Body, Fields, block_until};
use super::shapes::signout as shape;
use crate::crypto;
use crate::domain::access::{MASTER, Right};
use crate::domain::id::{ClientId, SignOutId, UserId};
use crate::domain::outbox::redeliver;
use crate::domain::session::Query;
use crate::domain::signout::receipt::{self, Receipt};
use crate::domain::signout::{self, BlockOrder, EndError, Reason, Request, Selection, SignOut};
use crate::domain::{client, user};
use crate::http::answer::Problem;

/// `POST /signouts`
pub(super) async fn create(
    asked: Asked,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut fields = Fields::of(
        body.object()?,
        &[
            "select",
            "reason",
            "note",
            "message",
            "blockSignIn",
            "dryRun",
        ],
    )?;
    // As it was written: "2h" sent again is the same act.
    let blocks = fields.take("blockSignIn");
    let block = block_order(&asked, blocks.clone())?;
    let dry_run = fields.flag("dryRun")?.unwrap_or(false);
    let select = fields
        .object("select")?
        .ok_or_else(|| Problem::bad_request(KINDS))?;
    let mut request = selected(&asked, select).await?;
    request.why = words(&mut fields, "reason")?;
    request.note = words(&mut fields, "note")?;
    request.message = words(&mut fields, "message")?;
    request.block = block;
    let own = request.actor.sid;
    if dry_run {
        return match signout::plan(&asked.asker.app.ctx, &asked.realm, &request).await {
            Ok(plan) => Ok(ok(shape::plan(&plan))),
            Err(EndError::OnlyOwn) => Ok(acts::only_own(own)),
            Err(EndError::Nothing) => Err(Problem::bad_request("the selection is empty")),
            Err(EndError::Fault(fault)) => Err(fault.into()),
        };
    }
    request.once = once(&asked, &headers, &request, blocks.as_ref())?;
    let (app, realm) = (asked.asker.app.clone(), asked.realm.clone());
    let act = to_its_end(async move { signout::end(&app.ctx, &realm, &request).await }).await?;
    let act = match ended(act, own)? {
        Ok(act) => act,
        Err(refused) => return Ok(refused),
    };
    let location = asked.asker.app.url(&format!(
        "/admin/realms/{}/signouts/{}",
        asked.realm.name, act.id
    ));
    // The act is done; should its receipt not read at this moment, that is no reason to say that it failed.
    let receipt = receipt::read(&asked.asker.app.ctx, &asked.realm, act.id).await;
    let body = match receipt {
        Ok(Some(receipt)) => shape::receipt(&receipt),
        _ => Value::Object(shape::summary(&act)),
    };
    Ok(with_sign_out(created(&location, body), Some(&act)))
}

/// How the people are blocked: by whoever may change users, and administrators only by who may change those.
fn block_order(asked: &Asked, value: Option<Value>) -> Result<Option<BlockOrder>, Problem> {
    let Some(value) = value else {
        return Ok(None);
    };
    let Some(until) = block_until("blockSignIn", value, asked.asker.app.ctx.now())? else {
        return Ok(None);
    };
    let may = |right| asked.asker.principal.may(right, &asked.realm);
    if !may(Right::ManageUsers) {
        return Err(forbidden(Right::ManageUsers));
    }
    let administrators = may(match asked.realm.name == MASTER {
        true => Right::ManageServer,
        false => Right::ManageRealm,
    });
    Ok(Some(BlockOrder {
        until,
        administrators,
    }))
}

/// `POST /logout-all`
pub(super) async fn everybody(asked: Asked) -> Result<Response, Problem> {
    let actor = asked.asker.principal.actor.clone();
    let request = Request::new(Selection::All, Reason::Admin, actor);
    let act = end_now(&asked, request).await?;
    Ok(with_sign_out(
        ok(json!({ "successRequests": [], "failedRequests": [] })),
        Some(&act),
    ))
}

/// Ends what cuts through users or the realm: such a selection is never refused for holding only one's own session.
///
/// # Errors
/// [`Problem`]; nothing ended then.
pub(super) async fn end_now(asked: &Asked, request: Request) -> Result<SignOut, Problem> {
    let (app, realm) = (asked.asker.app.clone(), asked.realm.clone());
    match to_its_end(async move { signout::end(&app.ctx, &realm, &request).await }).await? {
        Ok(act) => Ok(act),
        Err(EndError::Fault(fault)) => Err(fault.into()),
        Err(error @ (EndError::OnlyOwn | EndError::Nothing)) => {
            Err(Problem::bad_request(error.to_string()))
        }
    }
}

/// `GET /signouts`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    let params = &asked.asker.params;
    let refuse = |_| Problem::bad_request("cursor must be the `next` of an earlier answer");
    let after = params
        .text("cursor")
        .map(str::parse::<SignOutId>)
        .transpose()
        .map_err(refuse)?;
    let limit = params.limit(USUAL, LARGEST)?;
    let (acts, next) = receipt::list(&asked.asker.app.ctx, &asked.realm, after, limit).await?;
    let acts: Vec<Value> = acts
        .iter()
        .map(|act| Value::Object(shape::summary(act)))
        .collect();
    Ok(ok(json!({ "signouts": acts, "next": next })))
}

/// `GET /signouts/{id}`
pub(super) async fn one(asked: Asked) -> Result<Response, Problem> {
    Ok(ok(shape::receipt(&find(&asked).await?)))
}

/// `POST /signouts/{id}/redeliver`
pub(super) async fn redeliver(asked: Asked, body: Body) -> Result<Response, Problem> {
    let receipt = find(&asked).await?;
    let mut fields = Fields::of(body.object_or_empty()?, &["clients"])?;
    let named = some(fields.texts("clients")?, "clients")?;
    let apps = &receipt.apps;
    let mut only = Vec::new();
    for name in named.iter().flatten() {
        let app = apps.iter().find(|app| app.client_id == *name);
        let app = app.ok_or_else(|| {
            Problem::bad_request(format!("{name:?} is not an app of this sign-out"))
        })?;
        only.push(app.client);
    }
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    let actor = &asked.asker.principal.actor;
    let id = receipt.sign_out.id;
    let mut again = 0;
    if named.is_none() {
        again = redeliver::redeliver(ctx, realm, actor, id, None).await?;
    }
    for client in only {
        again += redeliver::redeliver(ctx, realm, actor, id, Some(client)).await?;
    }
    Ok(ok(json!({ "redelivered": again })))
}

/// The receipt that the address names.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn find(asked: &Asked) -> Result<Receipt, Problem> {
    let id: SignOutId = asked.id("id", "sign-out")?;
    receipt::read(&asked.asker.app.ctx, &asked.realm, id)
        .await?
        .ok_or_else(|| no_such("sign-out"))
}

/// What is selected: by exactly one kind, so that nobody wonders whether two of them mean "and" or "or".
async fn selected(asked: &Asked, select: Map<String, Value>) -> Result<Request, Problem> {
    if select.values().filter(|value| !value.is_null()).count() != 1 {
        return Err(Problem::bad_request(KINDS));
    }
    let mut fields = Fields::of(select, &["sessions", "users", "clients", "filter", "all"])?;
    let actor = asked.asker.principal.actor.clone();
    let request = |select| Request::new(select, Reason::Admin, actor);
    if let Some(ids) = some(fields.texts("sessions")?, "sessions")? {
        return Ok(request(Selection::Sessions(ids)));
    }
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    if let Some(named) = some(fields.texts("users")?, "users")? {
        let (mut ids, mut unknown): (Vec<UserId>, Vec<String>) = (Vec::new(), Vec::new());
        for name in named {
            match name.parse() {
                Ok(id) if user::by_id(ctx, realm, id).await?.is_some() => ids.push(id),
                _ => unknown.push(name.chars().take(64).collect()),
            }
        }
        return Ok(Request {
            unknown,
            ..request(Selection::Users(ids))
        });
    }
    if let Some(named) = some(fields.texts("clients")?, "clients")? {
        let (mut ids, mut unknown): (Vec<ClientId>, Vec<String>) = (Vec::new(), Vec::new());
        for name in named {
            match client::find(ctx, realm, &name).await? {
                Some(found) => ids.push(found.id),
                None => unknown.push(name.chars().take(64).collect()),
            }
        }
        return Ok(Request {
            unknown,
            ..request(Selection::Clients(ids))
        });
    }
    if let Some(text) = fields.text("filter")? {
        let query = Query::parse(&text)?;
        if query.is_empty() {
            return Err(Problem::bad_request(
                "an empty filter would select everybody; say all: true if you mean that",
            ));
        }
        return Ok(request(Selection::Filter(Box::new(query))));
    }
    if fields.flag("all")? == Some(true) {
        Ok(request(Selection::All))
    } else {
        Err(Problem::bad_request(KINDS))
    }
}

/// A list that has something in it, each thing once.
fn some(list: Option<Vec<String>>, name: &str) -> Result<Option<Vec<String>>, Problem> {
    let Some(mut list) = list else {
        return Ok(None);
    };
    if list.is_empty() {
        return Err(Problem::bad_request(format!(
            "{name} is empty; nothing is selected"
        )));
    }
    let mut once = HashSet::new();
    list.retain(|item| once.insert(item.clone()));
    Ok(Some(list))
}

fn words(fields: &mut Fields, name: &str) -> Result<Option<String>, Problem> {
    match fields.text(name)? {
        Some(text) if text.chars().count() > LONGEST_WORDS => Err(Problem::invalid(format!(
            "{name} has at most {LONGEST_WORDS} characters"
        ))),
        text => Ok(text.filter(|text| !text.trim().is_empty())),
    }
}

/// The Idempotency-Key together with what it stands for: sent again with another body it is another act, never the
/// receipt of the first one.
fn once(
    asked: &Asked,
    headers: &HeaderMap,
    request: &Request,
    blocks: Option<&Value>,
) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value
        .to_str()
        .ok()
        .filter(|key| !key.trim().is_empty() && key.len() <= 255);
    let Some(key) = key else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "The request is not well-formed",
            "Idempotency-Key has 1 to 255 printable ASCII characters",
        ));
    };
    let said = (
        &request.select,
        &request.unknown,
        &request.why,
        &request.note,
        &request.message,
        blocks,
    );
    let said = crypto::sha256(format!("{said:?}").as_bytes());
    Ok(Some(format!(
        "{}\n{key}\n{}",
        asked.asker.principal.home,
        crypto::b64(&said)
    )))
}

const KINDS: &str = "select has exactly one of sessions, users, clients, filter and all: true";
const USUAL: usize = 50;
const LARGEST: usize = 200;
const LONGEST_WORDS: usize = 1000;
