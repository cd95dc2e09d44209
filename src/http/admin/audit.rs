//! `/audit`: who did what to whom, newest first.

use axum::response::Response;
use serde_json::{Value, json};

use super::acts::ok;
use super::principal::Asked;
use super::read::Params;
use super::shapes;
use crate::crypto;
use crate::domain::audit::{self, Filter, Place, Record};
use crate::domain::time::Timestamp;
use crate::http::answer::Problem;

/// `GET /audit`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    let params = &asked.asker.params;
    let text = |name: &str| params.text(name).map(str::to_owned);
    let filter = Filter {
        actor: text("actor"),
        action: text("action"),
        target: text("target"),
        since: moment(params, "since")?,
        until: moment(params, "until")?,
    };
    let after = params.text("cursor").map(place).transpose()?;
    let limit = params.limit(USUAL, LARGEST)?;
    let ctx = &asked.asker.app.ctx;
    if let Some(user) = params.text("user") {
        let narrow = ["actor", "action", "target", "since", "until"];
        if let Some(other) = narrow.into_iter().find(|name| params.text(name).is_some()) {
            let why = format!("user and {other} exclude each other");
            return Err(Problem::bad_request(why));
        }
        let user = user
            .parse()
            .map_err(|_| Problem::bad_request("user must be the id of a user"))?;
        let found = audit::of_user(ctx, asked.realm.id, user, (None, after), limit).await?;
        return Ok(page(found));
    }
    let found = audit::list(ctx, asked.realm.id, &filter, after, limit).await?;
    Ok(page(found))
}

fn page((found, next): (Vec<(Place, Record)>, Option<Place>)) -> Response {
    let records: Vec<Value> = found.iter().map(|(at, record)| shown(at, record)).collect();
    let next = next.map(|place| crypto::b64(&place));
    ok(json!({ "records": records, "next": next }))
}

fn shown(place: &Place, record: &Record) -> Value {
    json!({
        "id": crypto::b64(place),
        "at": record.at.rfc3339(),
        "actor": shapes::actor(&record.actor),
        "action": record.action,
        "targetKind": record.target_kind,
        "target": record.target,
        "detail": record.detail,
    })
}

fn place(text: &str) -> Result<Place, Problem> {
    crypto::unb64(text)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Problem::bad_request("cursor must be the `next` of an earlier answer"))
}

fn moment(params: &Params, name: &str) -> Result<Option<Timestamp>, Problem> {
    let read = |text| {
        Timestamp::parse(text).ok_or_else(|| {
            Problem::bad_request(format!(
                "{name} must be a time such as \"2027-03-01T08:00:00Z\""
            ))
        })
    };
    params.text(name).map(read).transpose()
}

const USUAL: usize = 100;
const LARGEST: usize = 1000;
