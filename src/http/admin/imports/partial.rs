//! Keycloak's `POST /partialImport`, for people: few enough to be waited for.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::super::acts::{ok, to_its_end};
use super::super::principal::Asked;
use super::super::read::Body;
use super::{bring, reach, refusal};
use crate::domain::user;
use crate::domain::user::import::check::Problem as Wrong;
use crate::domain::user::import::keep::keep;
use crate::domain::user::import::work::{Step, step};
use crate::domain::user::import::{IfExists, State, show};
use crate::domain::{Context, Fault};
use crate::http::answer::Problem;

/// The most people that somebody waits for.
const MOST: usize = 500;
/// Until it is looked again when another node writes them.
const AGAIN: Duration = Duration::from_millis(50);

/// `POST /partialImport`
pub(in crate::http::admin) async fn partial(asked: Asked, body: Body) -> Result<Response, Problem> {
    let (app, realm) = (asked.asker.app.clone(), asked.realm.clone());
    let file = body.bytes();
    // The word is Keycloak's own, and without it the import fails.
    let said = body.object()?.contains_key("ifResourceExists");
    let asks = (!said).then_some(IfExists::Fail);
    let brought = bring(&app.ctx, &realm, file, (asks, reach(&asked))).await?;
    let (checked, plan) = match brought {
        Ok(brought) => brought,
        Err(refused) => {
            let mut response = refusal(&refused);
            if said_is_there(&refused.problems.shown) {
                *response.status_mut() = StatusCode::CONFLICT;
            }
            return Ok(response);
        }
    };
    if let Some(other) = plan.passed_over.iter().find(|what| !what.contains(' ')) {
        return Err(Problem::invalid(format!(
            "partialImport takes users alone in this version; leave {other} out"
        )));
    }
    if checked.rows.len() > MOST {
        return Err(Problem::invalid(format!(
            "partialImport takes at most {MOST} users; POST /imports takes more"
        )));
    }
    let people: Vec<(String, bool)> = checked
        .rows
        .iter()
        .map(|row| row.settings.username.clone())
        .zip(checked.exists.iter().copied())
        .collect();
    let if_exists = plan.if_exists;
    let actor = asked.asker.principal.actor.clone();
    let work = async move {
        let import = keep(&app.ctx, &realm, &actor, checked, (plan, true)).await?;
        loop {
            match step(&app.ctx, &realm, import.id).await? {
                Step::More => {}
                Step::Elsewhere => tokio::time::sleep(AGAIN).await,
                Step::Over => {
                    let import = show::find(&app.ctx, &realm, import.id).await?;
                    let import = import.ok_or(Fault::Record("import"))?;
                    if import.state == State::Done {
                        return Ok::<_, Fault>(import);
                    }
                }
            }
        }
    };
    let import = to_its_end(work).await??;
    if let Some(failure) = import.failures.first() {
        return Err(Problem::conflict(
            "import-incomplete",
            "Not everybody was imported",
            format!("{}: {}", failure.username, failure.why),
        ));
    }
    let ctx: &Context = &asked.asker.app.ctx;
    let mut results = Vec::with_capacity(people.len());
    for (username, existed) in people {
        let found = user::find(ctx, &asked.realm, &username).await?;
        let action = match (existed, if_exists) {
            (false, _) => "ADDED",
            (true, IfExists::Update) => "OVERWRITTEN",
            (true, _) => "SKIPPED",
        };
        results.push(json!({
            "action": action,
            "resourceType": "USER",
            "resourceName": username,
            "id": found.map(|found| found.value.id),
        }));
    }
    let count = |action: &str| results.iter().filter(|r| r["action"] == action).count();
    Ok(ok(json!({
        "overwritten": count("OVERWRITTEN"),
        "added": count("ADDED"),
        "skipped": count("SKIPPED"),
        "results": results,
    })))
}

/// Whether a file was refused because somebody is there already.
fn said_is_there(problems: &[Wrong]) -> bool {
    problems.iter().any(|p| p.text.contains("there already"))
}
