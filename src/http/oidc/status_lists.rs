//! The status lists of a realm and the list of them (draft-ietf-oauth-status-list-20 §8, §9): public documents, for APIs
//! that check tokens by themselves.

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::cors;
use super::discovery::{Prepared, send};
use crate::domain::status;
use crate::http::answer::Problem;
use crate::http::extract::InRealm;
use crate::http::state::App;

/// What a list is sent as.
const MEDIA_TYPE: &str = "application/statuslist+jwt";

/// Answers one list.
pub async fn list(
    State(app): State<App>,
    InRealm(realm): InRealm,
    Path((_, number)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let headers = request.headers();
    let answer = async {
        if wants_history(query.as_deref()) {
            return Err(Problem::new(
                StatusCode::NOT_IMPLEMENTED,
                "no-history",
                "There is no history",
                "only the status of this moment is known; leave the parameter time out",
            ));
        }
        if !takes_jwt(headers) {
            return Err(Problem::new(
                StatusCode::NOT_ACCEPTABLE,
                "not-acceptable",
                "There is no such form",
                format!("a status list is sent as {MEDIA_TYPE}"),
            ));
        }
        let number = number
            .parse::<u32>()
            .ok()
            .filter(|n| n.to_string() == number);
        let served = match number {
            Some(number) => status::serve(&app.ctx, &realm, number).await?,
            None => None,
        };
        let served = served.ok_or_else(|| {
            Problem::not_found("this realm has no such status list, or not any more")
        })?;
        let etag = HeaderValue::try_from(served.etag);
        let cache = HeaderValue::try_from(format!("public, max-age={}", served.ttl));
        let (Ok(etag), Ok(cache)) = (etag, cache) else {
            return Err(Problem::not_found("this status list cannot be sent"));
        };
        Ok(send(
            headers,
            Prepared {
                media_type: MEDIA_TYPE,
                cache,
                etag: &etag,
                bytes: &served.token,
            },
        ))
    };
    match answer.await {
        Ok(response) => response,
        Err(problem) => readable(problem.into_response()),
    }
}

/// Answers the addresses of all lists.
pub async fn aggregation(State(app): State<App>, InRealm(realm): InRealm) -> Response {
    let ttl = realm.settings.tokens.status_list_ttl;
    if ttl.is_zero() {
        return readable(Problem::not_found("this realm has no status lists").into_response());
    }
    match status::lists(&app.ctx, &realm).await {
        Ok(lists) => {
            let cache = format!("public, max-age={}", ttl.whole_secs());
            let body = Json(json!({ "status_lists": lists }));
            readable(([(header::CACHE_CONTROL, cache)], body).into_response())
        }
        Err(fault) => readable(Problem::from(fault).into_response()),
    }
}

fn readable(mut response: Response) -> Response {
    let (name, anybody) = cors::ANYBODY;
    response.headers_mut().insert(name, anybody);
    response
}

/// Whether a status of the past is asked for (§8.4).
fn wants_history(query: Option<&str>) -> bool {
    query.is_some_and(|q| url::form_urlencoded::parse(q.as_bytes()).any(|(name, _)| name == "time"))
}

/// Whether a JWT will do: always, unless the caller names other forms only (§8.1).
fn takes_jwt(headers: &HeaderMap) -> bool {
    let mut named = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    named.peek().is_none()
        || named.any(|range| {
            matches!(range, "*/*" | "application/*") || range.eq_ignore_ascii_case(MEDIA_TYPE)
        })
}
