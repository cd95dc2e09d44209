//! Whether rows show their details: as an administrator had it last, which a cookie of the console keeps. What an address
//! says goes before that.

use axum::response::Response;

use super::gate::Gate;
use crate::http::cookies;

const COOKIE: &str = "rk_details";

/// Whether they were shown last.
pub fn kept(gate: &Gate) -> bool {
    gate.cookie(COOKIE) == Some("1")
}

/// Keeps what an address said.
pub fn keep(gate: &Gate, response: &mut Response, said: Option<bool>) {
    if let Some(on) = said.filter(|on| *on != kept(gate)) {
        let pair = (COOKIE, if on { "1" } else { "0" });
        cookies::keep(response, gate.web.https, pair, "/admin");
    }
}
