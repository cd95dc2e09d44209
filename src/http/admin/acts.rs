//! What every act of the admin API has in common: it runs to its end, its refusals are problems, and its answer names the
//! sign-out it brought about.

use std::future::Future;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::principal::no_such;
use crate::domain::client::verbs::ClientError;
use crate::domain::id::Sid;
use crate::domain::realm::verbs::RealmError;
use crate::domain::signout::{EndError, SignOut};
use crate::domain::user::verbs::UserError;
use crate::http::answer::{Problem, no_store};

/// Names the sign-out that an act brought about.
pub(super) static SIGN_OUT: HeaderName = HeaderName::from_static("realmkeep-signout");

/// Runs an act to its end, also when the caller hangs up meanwhile: whoever loses patience must not leave half of it.
///
/// # Errors
/// 500 when the act panicked.
pub(super) async fn to_its_end<T: Send + 'static>(act: impl Future<Output = T> + Send + 'static) -> Result<T, Problem> {
    tokio::spawn(act).await.map_err(|error| {
        tracing::error!(%error, "an act broke off");
        let detail = "look whether it happened before you ask again";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The act broke off", detail)
    })
}

/// 200 with JSON that no cache keeps.
pub(super) fn ok(body: Value) -> Response {
    (no_store(), Json(body)).into_response()
}

/// 201 with its address.
pub(super) fn created(location: &str, body: Value) -> Response {
    let mut response = (StatusCode::CREATED, no_store(), Json(body)).into_response();
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// 204 with the sign-out that came of it.
pub(super) fn done(sign_out: Option<&SignOut>) -> Response {
    with_sign_out(StatusCode::NO_CONTENT.into_response(), sign_out)
}

/// Adds the header that names the sign-out.
pub(super) fn with_sign_out(mut response: Response, sign_out: Option<&SignOut>) -> Response {
    if let Some(value) = sign_out.and_then(|act| HeaderValue::from_str(&act.id.to_string()).ok()) {
        response.headers_mut().insert(SIGN_OUT.clone(), value);
    }
    response
}

/// A problem with more members than every problem has (RFC 9457 §3.2).
pub(super) fn extended(problem: Problem, more: Value) -> Response {
    let status = problem.status;
    let mut body = json!({
        "type": format!("urn:realmkeep:problem:{}", problem.kind),
        "title": problem.title,
        "status": status.as_u16(),
        "detail": problem.detail,
        "error": problem.kind,
        "errorMessage": problem.detail,
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, body.to_string()).into_response()
}

/// 409: only one's own session was selected.
pub(super) fn only_own(own: Option<Sid>) -> Response {
    let problem = Problem::conflict("own-session", "Your own session is protected", EndError::OnlyOwn.to_string());
    let protected: Vec<String> = own.iter().map(ToString::to_string).collect();
    extended(problem, json!({ "protected": protected }))
}

/// What the door did, or the answer that refuses it.
pub(super) fn ended(result: Result<SignOut, EndError>, own: Option<Sid>) -> Result<Result<SignOut, Response>, Problem> {
    match result {
        Ok(sign_out) => Ok(Ok(sign_out)),
        Err(EndError::OnlyOwn) => Ok(Err(only_own(own))),
        Err(EndError::Nothing) => Err(Problem::bad_request("the selection is empty")),
        Err(EndError::Fault(fault)) => Err(fault.into()),
    }
}

impl From<UserError> for Problem {
    fn from(error: UserError) -> Problem {
        match error {
            UserError::Invalid(why) => Problem::invalid(why),
            UserError::NameTaken => Problem::conflict("name-taken", "The name is taken", error.to_string()),
            UserError::NotFound => no_such("user"),
            UserError::TooBusy => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The server is busy", error.to_string())
            }
            UserError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Problem {
        match error {
            ClientError::Invalid(why) => Problem::invalid(why.join("; ")),
            ClientError::NameTaken => Problem::conflict("name-taken", "The name is taken", error.to_string()),
            ClientError::NotFound => no_such("client"),
            ClientError::Fault(fault) => fault.into(),
        }
    }
}

impl From<RealmError> for Problem {
    fn from(error: RealmError) -> Problem {
        match error {
            RealmError::Invalid(why) => Problem::invalid(why),
            RealmError::NameTaken => Problem::conflict("name-taken", "The name is taken", error.to_string()),
            RealmError::NotFound => super::principal::no_such_realm(),
            RealmError::Fault(fault) => fault.into(),
        }
    }
}
