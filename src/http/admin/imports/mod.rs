//! `/imports` and Keycloak's `/partialImport`: many people brought into a realm, checked as a whole and written as a long act.

mod csv;
mod keycloak;
mod partial;
pub(in crate::http) mod read;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::acts::{created, extended, ok, to_its_end};
use super::principal::{Asked, no_such};
use super::read::Body;
use super::shapes;
use crate::domain::id::ImportId;
use crate::domain::realm::Realm;
use crate::domain::user::import::check::{Checked, Problems, check};
use crate::domain::user::import::keep::{Plan, keep};
use crate::domain::user::import::{Failure, IfExists, Import, Reach, Unit, show};
use crate::domain::{Context, Fault};
use crate::http::answer::Problem;
pub(super) use partial::partial;

/// The largest file.
pub(in crate::http) const LARGEST: usize = 64 * 1024 * 1024;

/// What is wrong with a file.
pub(in crate::http) struct Refused {
    /// What a place in it is called.
    pub unit: Unit,
    /// The problems.
    pub problems: Problems,
}

/// Reads and checks a file. `asked` is what becomes of people who are there already, before what the file says of that.
///
/// # Errors
/// [`Fault`] when the store does not answer; what is wrong with the file is the inner error.
pub(in crate::http) async fn bring(
    ctx: &Context,
    realm: &Realm,
    file: Bytes,
    (asked, reach): (Option<IfExists>, Reach),
) -> Result<Result<(Checked, Plan), Refused>, Fault> {
    // Half a minute of work in the worst case, and no request waits for it.
    let incoming = tokio::task::spawn_blocking(move || read::file(&file)).await;
    let incoming = incoming.map_err(|_| Fault::Record("file of people"))?;
    let plan = Plan {
        if_exists: asked.or(incoming.if_exists).unwrap_or_default(),
        unit: incoming.unit,
        reach,
        passed_over: incoming.passed_over(),
    };
    let how = (plan.if_exists, reach);
    let checked = check(ctx, realm, incoming.rows, incoming.problems, how).await?;
    Ok(match checked {
        Ok(checked) => Ok((checked, plan)),
        Err(problems) => Err(Refused {
            unit: plan.unit,
            problems,
        }),
    })
}

/// `POST /imports`
pub(super) async fn start(asked: Asked, body: Body) -> Result<Response, Problem> {
    let params = &asked.asker.params;
    let if_exists = match params.text("ifExists") {
        None => None,
        Some(text) => {
            let refuse = || Problem::bad_request(format!("ifExists: {}", read::EXPECTED));
            Some(IfExists::parse(text).ok_or_else(refuse)?)
        }
    };
    let dry = params.flag("dryRun")?.unwrap_or(false);
    let reach = reach(&asked);
    let (app, realm) = (asked.asker.app.clone(), asked.realm.clone());
    let (checked, plan) = match bring(&app.ctx, &realm, body.bytes(), (if_exists, reach)).await? {
        Ok(brought) => brought,
        Err(refused) => return Ok(refusal(&refused)),
    };
    if dry {
        let existing = checked.exists.iter().filter(|there| **there).count();
        return Ok(ok(json!({
            "total": checked.rows.len(),
            "new": checked.rows.len() - existing,
            "existing": existing,
            "ifExists": plan.if_exists.as_str(),
            "passedOver": plan.passed_over,
        })));
    }
    let actor = asked.asker.principal.actor.clone();
    let kept =
        to_its_end(async move { keep(&app.ctx, &realm, &actor, checked, (plan, true)).await });
    let import = kept.await??;
    let location = asked.asker.app.url(&format!(
        "/admin/realms/{}/imports/{}",
        asked.realm.name, import.id
    ));
    let mut response = created(&location, shown(&import));
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}

fn reach(asked: &Asked) -> Reach {
    Reach::of(|right| asked.asker.principal.may(right, &asked.realm))
}

/// `GET /imports`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    let limit = asked.asker.params.limit(20, 100)?;
    let imports = show::list(&asked.asker.app.ctx, &asked.realm, limit).await?;
    Ok(ok(imports.iter().map(shown).collect()))
}

/// `GET /imports/{id}`
pub(super) async fn one(asked: Asked) -> Result<Response, Problem> {
    let id: ImportId = asked.id("id", "import")?;
    let import = show::find(&asked.asker.app.ctx, &asked.realm, id).await?;
    let import = import.ok_or_else(|| no_such("import"))?;
    Ok(ok(shown(&import)))
}

/// An import in JSON.
fn shown(import: &Import) -> Value {
    let unit = import.unit.as_str();
    let failure = |f: &Failure| json!({ unit: f.at, "username": f.username, "reason": f.why });
    json!({
        "id": import.id,
        "at": import.at.rfc3339(),
        "by": shapes::actor(&import.actor),
        "state": import.state,
        "ifExists": import.if_exists.as_str(),
        "total": import.total,
        "done": import.counts.done(),
        "created": import.counts.created,
        "updated": import.counts.updated,
        "skipped": import.counts.skipped,
        "failed": import.counts.failed,
        "failures": import.failures.iter().map(failure).collect::<Vec<_>>(),
        "passedOver": import.passed_over,
        "finishedAt": import.finished_at.map(|at| at.rfc3339()),
    })
}

/// 422 with what is wrong, the first of it one by one.
fn refusal(refused: &Refused) -> Response {
    let Refused { unit, problems } = refused;
    let errors = problems.shown.iter().map(|problem| {
        let mut error = json!({ "field": problem.field, "message": problem.text });
        if let (Some(error), 1..) = (error.as_object_mut(), problem.at) {
            error.insert(unit.as_str().to_owned(), json!(problem.at));
        }
        error
    });
    let errors: Vec<Value> = errors.collect();
    let problem = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "import-refused",
        "The file is not taken",
        sentence(refused),
    );
    let more = json!({ "errorCount": problems.count, "errors": errors });
    extended(problem, more)
}

/// How much is wrong, and the first of it.
fn sentence(refused: &Refused) -> String {
    let Refused { unit, problems } = refused;
    let first = problems.shown.first().map(|first| match first.at {
        0 => first.text.clone(),
        at => format!("{} {at}: {}", unit.as_str(), first.text),
    });
    let first = first.unwrap_or_default();
    match problems.count {
        0 | 1 => format!("nothing was imported; {first}"),
        n => format!("nothing was imported; {n} problems, the first: {first}"),
    }
}
