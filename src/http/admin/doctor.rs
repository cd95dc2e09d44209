//! `GET /doctor`: what may be wrong with this server, for `server-admin` of the realm master and at the socket in the data folder.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::acts::ok;
use super::principal::{Asked, no_such};
use crate::domain::access::MASTER;
use crate::domain::doctor::{self, Front};
use crate::http::answer::Problem;
use crate::http::state::App;

/// `GET /doctor`
pub(super) async fn examine(asked: Asked) -> Result<Response, Problem> {
    if asked.realm.name != MASTER {
        return Err(no_such("address"));
    }
    Ok(findings(&asked.asker.app).await)
}

/// The same for whoever may enter the data folder.
pub(in crate::http) async fn local(State(app): State<App>) -> Response {
    findings(&app).await
}

async fn findings(app: &App) -> Response {
    let mut findings = doctor::front(Front {
        public_url: &app.ctx.public_url,
        tls: app.web.tls,
        proxied: !app.web.trusted_proxies.is_empty(),
    });
    findings.extend(doctor::examine(&app.ctx).await);
    ok(json!({
        "node": app.ctx.node,
        "version": env!("CARGO_PKG_VERSION"),
        "now": app.ctx.now().rfc3339(),
        "publicUrl": app.ctx.public_url,
        "findings": findings,
    }))
}
