//! Cookies as they come and go.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

/// The values of the cookies of a name, as they came: there may be several, planted from a neighbouring host.
pub fn named<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// Keeps what somebody prefers in their browser, for a year, below a path. No script reads it, and no other site sends it.
pub fn keep(response: &mut Response, https: bool, pair: (&str, &str), path: &str) {
    let ((name, value), secure) = (pair, if https { "; Secure" } else { "" });
    let line =
        format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age=31536000{secure}");
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}
