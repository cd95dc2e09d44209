//! `GET /signouts/{id}/export`: the receipt signed by the realm's key, for whoever must show it to others. `docs/receipts.md`
//! tells them how to verify it. The console offers the same two files: signed and plain.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::principal::Asked;
use super::shapes::signout as shape;
use super::signouts;
use crate::domain::realm::Realm;
use crate::domain::signout::Receipt;
use crate::domain::token::issue;
use crate::domain::{Context, Fault};
use crate::http::answer::Problem;

/// `GET /signouts/{id}/export`
pub(super) async fn one(asked: Asked) -> Result<Response, Problem> {
    let receipt = signouts::find(&asked).await?;
    Ok(signed(&asked.asker.app.ctx, &asked.realm, &receipt).await?)
}

/// The receipt as a JWS in compact form (RFC 7515 §7.1).
///
/// # Errors
/// [`Fault`] when the key cannot sign.
pub(in crate::http) async fn signed(
    ctx: &Context,
    realm: &Realm,
    receipt: &Receipt,
) -> Result<Response, Fault> {
    let id = receipt.sign_out.id;
    let jws = issue::receipt(ctx, realm, id, &shape::receipt(receipt)).await?;
    Ok(file(format!("sign-out-{id}.jwt"), "application/jwt", jws))
}

/// The receipt as the admin API shows it.
pub(in crate::http) fn plain(receipt: &Receipt) -> Response {
    let name = format!("sign-out-{}.json", receipt.sign_out.id);
    let body = format!("{:#}\n", shape::receipt(receipt));
    file(name, "application/json", body)
}

fn file(name: String, kind: &'static str, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let mut response = (headers, body).into_response();
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, name);
    }
    response
}
