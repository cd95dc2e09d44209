//! `GET /admin/openapi.json`: the description of the API, made from the table that the router is made of.

mod schemas;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::table::{Need, ROUTES, Route};
use crate::http::state::App;

/// `GET /admin/openapi.json`
pub(super) async fn serve(State(app): State<App>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, document(&app.ctx.public_url).to_string()).into_response()
}

/// The document (OpenAPI 3.1).
pub(super) fn document(public_url: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for row in ROUTES {
        let at = paths.entry(row.path).or_insert_with(|| json!({}));
        if let Some(methods) = at.as_object_mut() {
            methods.insert(row.method.to_lowercase(), operation(row));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Realmkeep admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
        },
        "servers": [{ "url": public_url }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
            "schemas": schemas::all(),
        },
    })
}

const ABOUT: &str = "An access token whose aud holds {public_url}/admin, of a user or a client with a role. Errors are \
application/problem+json (RFC 9457). What you have no right to know about does not exist (404); inside a realm where you \
have some right, a missing one is named (403). Collections also answer with a trailing slash. An act that ended sessions \
names its sign-out in the header Realmkeep-Signout. Idempotency-Key on POST /signouts: the same key with the same body is \
the same act.";

fn operation(row: &Route) -> Value {
    let mut parameters: Vec<Value> = names(row.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(row.query.iter().map(|name| {
        let kind = match *name {
            "first" | "max" | "limit" => "integer",
            "dryRun"
            | "exact"
            | "enabled"
            | "isOffline"
            | "briefRepresentation"
            | "userProfileMetadata" => "boolean",
            _ => "string",
        };
        json!({ "name": name, "in": "query", "schema": { "type": kind } })
    }));
    if row.path.ends_with("/signouts") && row.method == "POST" {
        parameters.push(
            json!({ "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "maxLength": 255 } }),
        );
    }
    let (status, schema) = row.answer;
    let content = schema.map(|name| {
        let kind = match name {
            "Events" => "text/event-stream",
            "SignedReceipt" => "application/jwt",
            "Snapshot" => crate::http::admin::backup::KIND,
            _ => "application/json",
        };
        json!({ kind: { "schema": reference(name) } })
    });
    let mut answer = json!({ "description": "done" });
    if let (Some(content), Some(answer)) = (content, answer.as_object_mut()) {
        answer.insert("content".to_owned(), content);
    }
    let mut responses = Map::new();
    responses.insert(status.to_string(), answer);
    let problem = json!({ "description": "a problem", "content": { "application/problem+json": { "schema": reference("Problem") } } });
    responses.insert("default".to_owned(), problem);
    let mut operation = json!({
        "operationId": operation_id(row),
        "summary": row.about,
        "x-right": match row.need {
            Need::Any => "any".to_owned(),
            Need::Right(right) => format!("{right:?}"),
            Need::Either(one, other) => format!("{one:?} or {other:?}"),
        },
        "parameters": parameters,
        "responses": responses,
    });
    if let (Some(schema), Some(operation)) = (row.body, operation.as_object_mut()) {
        let mut content = json!({ "application/json": { "schema": reference(schema) } });
        if let ("ImportFile", Some(content)) = (schema, content.as_object_mut()) {
            content.insert(
                "text/csv".to_owned(),
                json!({ "schema": { "type": "string" } }),
            );
        }
        operation.insert(
            "requestBody".to_owned(),
            json!({ "required": !["Rotate", "TestSignOut"].contains(&schema), "content": content }),
        );
    }
    operation
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn operation_id(row: &Route) -> String {
    let tail = row
        .path
        .trim_start_matches("/admin/realms")
        .replace("/{realm}", "realm/");
    let words = tail
        .split(['/', '-', '{', '}'])
        .filter(|word| !word.is_empty());
    let name: Vec<&str> = std::iter::once(row.method).chain(words).collect();
    let name = name.join("-").to_lowercase();
    if row.path == "/admin/realms" {
        format!("{name}-realms")
    } else {
        name
    }
}

/// Refers to a schema.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_has_exactly_the_routes_of_the_router() {
        let document = document("http://localhost:8080");
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            described.extend(
                methods
                    .as_object()
                    .unwrap()
                    .keys()
                    .map(|method| (method.to_uppercase(), path.clone())),
            );
        }
        let routed: BTreeSet<_> = ROUTES
            .iter()
            .map(|row| (row.method.to_owned(), row.path.to_owned()))
            .collect();
        assert_eq!(described, routed);
        assert_eq!(
            routed.len(),
            ROUTES.len(),
            "a route stands twice in the table"
        );
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
        let document = document("http://localhost:8080");
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let mut referred = BTreeSet::new();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap().to_owned();
            assert!(schemas.contains_key(&name), "{name}");
            referred.insert(name);
        }
        let left: Vec<_> = schemas
            .keys()
            .filter(|name| !referred.contains(*name) && *name != "Plan")
            .collect();
        assert!(left.is_empty(), "{left:?}");
        let ids: BTreeSet<_> = ROUTES.iter().map(operation_id).collect();
        assert_eq!(ids.len(), ROUTES.len());
    }
}
