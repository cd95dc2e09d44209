//! `/keys`: signing keys without their private parts, and turning them over.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::acts::{ok, to_its_end};
use super::principal::Asked;
use super::read::{Body, Fields};
use crate::crypto::Alg;
use crate::domain::keys::{self, KeyState, StoredKey, rotate};
use crate::http::answer::Problem;

/// `GET /keys`
pub(super) async fn list(asked: Asked) -> Result<Response, Problem> {
    let stored = keys::list(&asked.asker.app.ctx, &asked.realm).await?;
    let active: Map<String, Value> = stored
        .iter()
        .filter(|key| key.state == KeyState::Active)
        .map(|key| (key.alg.name().to_owned(), json!(key.kid)))
        .collect();
    Ok(ok(json!({ "active": active, "keys": stored.iter().map(shown).collect::<Vec<_>>() })))
}

fn shown(key: &StoredKey) -> Value {
    let kind = match key.alg {
        Alg::Es256 => "EC",
        Alg::EdDSA => "OKP",
        Alg::Rs256 => "RSA",
    };
    let (state, until) = match key.state {
        KeyState::Next => ("next", None),
        KeyState::Active => ("active", None),
        KeyState::Retired { until } => ("retired", Some(until.rfc3339())),
    };
    json!({
        "kid": key.kid,
        "algorithm": key.alg.name(),
        "type": kind,
        "use": "SIG",
        // Keycloak's word for a key that verifies and does not sign.
        "status": if key.state == KeyState::Active { "ACTIVE" } else { "PASSIVE" },
        "state": state,
        "createdAt": key.created_at.rfc3339(),
        "publishedUntil": until,
    })
}

/// `POST /keys/rotate`
pub(super) async fn rotate(asked: Asked, body: Body) -> Result<Response, Problem> {
    let mut fields = Fields::of(body.object_or_empty()?, &["algorithm"])?;
    let alg = match fields.take("algorithm") {
        None => asked.realm.settings.tokens.signing_algorithm,
        Some(value) => serde_json::from_value::<Alg>(value)
            .map_err(|_| Problem::bad_request("algorithm must be ES256, RS256 or EdDSA"))?,
    };
    let kid = to_its_end(async move {
        rotate::rotate(&asked.asker.app.ctx, &asked.realm, &asked.asker.principal.actor, alg).await
    });
    Ok(ok(json!({ "algorithm": alg.name(), "kid": kid.await?? })))
}
