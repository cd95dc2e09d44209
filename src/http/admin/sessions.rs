//! `/sessions`: search, one session, and ending one the way Keycloak's clients do.

use axum::response::Response;
use serde_json::{Value, json};

use super::acts::{self, done, extended, ok, to_its_end};
use super::principal::{Asked, no_such};
use super::shapes::session::{self as shape, Seat};
use crate::domain::Fault;
use crate::domain::client::Client;
use crate::domain::id::Sid;
use crate::domain::session::search::{self, Listed, MAX_LIMIT, Row};
use crate::domain::session::{Query, query::QueryError};
use crate::domain::signout::{self, Reason, Request, Selection};
use crate::domain::user::{User, fold};
use crate::http::answer::Problem;

/// `GET /sessions`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    let params = &asked.asker.params;
    let query = Query::parse(params.text("q").unwrap_or_default())?;
    let listed = match params.text("state").unwrap_or("active") {
        "active" => Listed::Active,
        "ended" => Listed::Ended,
        "all" => Listed::All,
        _ => return Err(Problem::bad_request("state must be active, ended or all")),
    };
    let limit = params.limit(USUAL, MAX_LIMIT)?;
    let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
    let found = search::search(ctx, realm, &query, listed, params.text("cursor"), limit).await?;
    let found = found.map_err(|error| Problem::bad_request(error.to_string()))?;
    let mut sessions = Vec::with_capacity(found.rows.len());
    for row in &found.rows {
        sessions.push(shown(&asked, row).await?);
    }
    Ok(ok(json!({
        "sessions": sessions,
        "next": found.next,
        "total": found.total,
        "totalIsExact": found.total_is_exact,
    })))
}

/// `GET /sessions/{id}`
pub(super) async fn one(asked: Asked) -> Result<Response, Problem> {
    let sid: Sid = asked.id("id", "session")?;
    let row = search::one(&asked.asker.app.ctx, &asked.realm, sid)
        .await?
        .ok_or_else(|| no_such("session"))?;
    Ok(ok(shown(&asked, &row).await?))
}

async fn shown(asked: &Asked, row: &Row) -> Result<Value, Fault> {
    let seen = match row.active {
        Some(_) => None,
        None => search::last_use(&asked.asker.app.ctx, &asked.realm, row.session.sid).await?,
    };
    let principal = &asked.asker.principal;
    let own = principal
        .actor
        .sid
        .filter(|_| principal.home == asked.realm.name);
    Ok(shape::session(
        row,
        Seat {
            seen: seen.as_ref(),
            own,
        },
    ))
}

/// `DELETE /sessions/{id}`, as Keycloak has it: 404 for a session that is not there or not any more.
pub(super) async fn end(asked: Asked) -> Result<Response, Problem> {
    if asked.asker.params.flag("isOffline")? == Some(true) {
        return Err(Problem::invalid(
            "offline grants hang on the session they came from and end with it; leave isOffline out and end that",
        ));
    }
    let Ok(sid) = asked.id::<Sid>("id", "session") else {
        return Ok(gone());
    };
    match search::one(&asked.asker.app.ctx, &asked.realm, sid).await? {
        Some(row) if row.session.ended.is_none() => {}
        _ => return Ok(gone()),
    }
    let actor = asked.asker.principal.actor.clone();
    let own = actor.sid;
    let request = Request::new(
        Selection::Sessions(vec![sid.to_string()]),
        Reason::Admin,
        actor,
    );
    let (app, realm) = (asked.asker.app, asked.realm);
    let act = to_its_end(async move { signout::end(&app.ctx, &realm, &request).await }).await?;
    Ok(match acts::ended(act, own)? {
        Ok(act) if act.sessions == 0 && !act.already_ended.is_empty() => gone(),
        Ok(act) => done(Some(&act)),
        Err(refused) => refused,
    })
}

/// Keycloak's words for it, with its three `s`: clients compare them.
fn gone() -> Response {
    extended(
        no_such("active session"),
        json!({ "error": "Sesssion not found" }),
    )
}

/// A user's active sessions as Keycloak shows them; all of them.
///
/// # Errors
/// [`Problem`] when the store does not answer.
pub(super) async fn of_user(asked: &Asked, user: &User) -> Result<Vec<Value>, Problem> {
    let mut query = Query::default();
    query.user = Some(fold(&user.username));
    Ok(walk(asked, &query, 0, usize::MAX)
        .await?
        .iter()
        .filter(|r| r.session.user == user.id)
        .map(shape::user_session)
        .collect())
}

/// The active sessions a client takes part in, as Keycloak shows them.
///
/// # Errors
/// [`Problem`] when the store does not answer.
pub(super) async fn of_client(asked: &Asked, client: &Client) -> Result<Vec<Value>, Problem> {
    let params = &asked.asker.params;
    let (first, max) = (
        params.number("first")?.unwrap_or(0),
        params.number("max")?.unwrap_or(100),
    );
    let mut query = Query::default();
    query.client = Some(client.client_id().to_owned());
    Ok(walk(asked, &query, first, max.min(1000))
        .await?
        .iter()
        .map(shape::user_session)
        .collect())
}

async fn walk(asked: &Asked, query: &Query, first: usize, max: usize) -> Result<Vec<Row>, Problem> {
    let mut rows: Vec<Row> = Vec::new();
    let (mut skip, mut cursor) = (first, None);
    while rows.len() < max {
        let (ctx, realm) = (&*asked.asker.app.ctx, &*asked.realm);
        let found = search::search(
            ctx,
            realm,
            query,
            Listed::Active,
            cursor.as_deref(),
            MAX_LIMIT,
        )
        .await?;
        let found = found.map_err(|error| Problem::bad_request(error.to_string()))?;
        let passed = skip.min(found.rows.len());
        skip -= passed;
        rows.extend(found.rows.into_iter().skip(passed));
        match found.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    rows.truncate(max);
    Ok(rows)
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Problem {
        Problem::bad_request(error.to_string())
    }
}

/// How many a page has when nobody says.
const USUAL: usize = 50;
