//! The realm a request is for, from its path.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::domain::realm::{self, Realm};
use crate::http::answer::Problem;
use crate::http::state::App;

/// The realm named by `{realm}` in the path; 404 when there is none.
pub struct InRealm(pub Arc<Realm>);

impl FromRequestParts<App> for InRealm {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<InRealm, Problem> {
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::bad_request("the path is not valid UTF-8"))?;
        let name = params
            .iter()
            .find(|(key, _)| *key == "realm")
            .map(|(_, value)| value)
            .unwrap_or_default();
        match realm::find(&app.ctx, name).await? {
            Some(realm) => Ok(InRealm(realm)),
            None => Err(Problem::new(
                StatusCode::NOT_FOUND,
                "realm-not-found",
                "There is no such realm",
                "the realm in the path does not exist on this server",
            )),
        }
    }
}
