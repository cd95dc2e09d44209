//! The switch of languages: a form that works without a script. What is chosen is kept in a cookie, and takes the place of
//! what the app asked for where a sign-in is under way.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;

use super::visit::{Refusal, Visit};
use crate::http::words::choose::{keep, spoken};
use crate::protocol::Params;

/// GET: chooses a language and goes back to where the form was.
pub async fn show(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let outcome = chosen(&visit, query.unwrap_or_default()).await;
    visit.answer(outcome)
}

async fn chosen(visit: &Visit, query: String) -> Result<Response, Refusal> {
    let params = Params::parse_form(query)?;
    let next = params.one("next").unwrap_or_default();
    if !is_ours(visit, next) {
        return Err(Refusal::bad_link("invalid_request", |w| {
            w.errors.foreign_page
        }));
    }
    let Some(words) = params.one("ui_locales").and_then(spoken) else {
        return visit.go(next);
    };
    let query = next.split_once('?').map_or("", |(_, query)| query);
    if let Some(id) = Params::parse_form(query)?.one("interaction") {
        visit.browser.speak(visit.realm.id, id, words.tag).await?;
    }
    let mut response = visit.go(next)?;
    if response.status() == StatusCode::FOUND {
        keep(&mut response, &visit.app, words);
    }
    Ok(response)
}

/// Whether an address is that of a page of this realm: then and only then somebody is sent there.
fn is_ours(visit: &Visit, next: &str) -> bool {
    let is_plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') && !next.contains("/.");
    is_plain && next.starts_with(&visit.path("/"))
}
