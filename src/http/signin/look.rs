//! A realm's look as files: a small style sheet with its colours, and its picture. Both stand under addresses that change
//! with them, so that browsers may keep them for ever.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::domain::realm::look::Palette;
use crate::domain::realm::{self, Realm};
use crate::http::answer::log_fault;
use crate::http::state::App;

/// The route of the files.
pub fn routes() -> Router<App> {
    Router::new().route("/realms/{realm}/look/{file}", get(file))
}

/// The address of the realm's style sheet, when it has colours of its own.
pub fn style_url(realm: &Realm) -> Option<String> {
    let sheet = style(realm)?;
    Some(address(realm, &style_name(&sheet)))
}

/// The address of the realm's picture, when it has one.
pub fn logo_url(realm: &Realm) -> Option<String> {
    let logo = realm.settings.look.logo.as_ref()?;
    Some(address(realm, &logo_name(logo.bytes())))
}

fn address(realm: &Realm, file: &str) -> String {
    format!("/realms/{}/look/{file}", realm.name)
}

fn style_name(sheet: &str) -> String {
    format!("{:08x}.css", crc32fast::hash(sheet.as_bytes()))
}

fn logo_name(bytes: &[u8]) -> String {
    format!("logo-{:08x}", crc32fast::hash(bytes))
}

/// The colours of the realm as custom properties. Outside of any layer, so that they win over ours.
fn style(realm: &Realm) -> Option<String> {
    let accent = realm.settings.look.accent?;
    // A realm of before the rule, or nothing: never a page that cannot be read.
    let colours = Palette::of(accent).ok()?;
    let pairs = [
        ("--accent", colours.text),
        ("--accent-solid", colours.solid),
        ("--accent-hover", colours.hover),
        ("--accent-soft", colours.soft),
    ];
    let lines =
        pairs.map(|(name, pair)| format!("{name}:light-dark({},{});", pair.light, pair.dark));
    Some(format!(":root{{{}--tile:{accent}}}\n", lines.concat()))
}

async fn file(State(app): State<App>, Path((name, file)): Path<(String, String)>) -> Response {
    let found: Option<Arc<Realm>> = match realm::find(&app.ctx, &name).await {
        Ok(found) => found,
        Err(fault) => {
            log_fault(&fault);
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let Some(realm) = found else {
        return missing();
    };
    if file.ends_with(".css")
        && let Some(sheet) = style(&realm)
    {
        let is_current = file == style_name(&sheet);
        return send(sheet.into_bytes(), "text/css; charset=utf-8", is_current);
    }
    match &realm.settings.look.logo {
        Some(logo) if file.starts_with("logo-") => {
            let is_current = file == logo_name(logo.bytes());
            send(logo.bytes().to_vec(), logo.media_type(), is_current)
        }
        _ => missing(),
    }
}

fn missing() -> Response {
    (
        StatusCode::NOT_FOUND,
        [(header::CACHE_CONTROL, "no-store")],
        "no such file\n",
    )
        .into_response()
}

/// What an administrator uploaded is a picture to whoever shows it, and nothing at all to whoever opens it.
fn send(bytes: Vec<u8>, media_type: &'static str, is_current: bool) -> Response {
    let caching = if is_current {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=60"
    };
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, caching),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
    ];
    let mut response = bytes.into_response();
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
