//! What every answer on the way to a sign-in carries: no cache keeps it, no frame shows it, no referrer tells of it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The policy of the sign-in pages. Without `form-action`: their forms end at an app, and Chromium would hold the whole
/// chain of redirects against it.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                          connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

const OF_ALL: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::PRAGMA, "no-cache"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// The headers of a page.
pub fn protect(headers: &mut HeaderMap) {
    for (name, value) in OF_ALL {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
}

/// Lets a page load frames of these origins and of no others. Only for what an app registered.
pub fn allow_frames(headers: &mut HeaderMap, origins: &[&str]) {
    let frames = format!("frame-src {}", origins.join(" "));
    let policy = match headers.get(header::CONTENT_SECURITY_POLICY) {
        Some(policy) => format!("{}; {frames}", policy.to_str().unwrap_or(POLICY)),
        None => format!("{POLICY}; {frames}"),
    };
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// A redirect. After a POST that is 303, so that no browser posts credentials on; never 307 or 308 (RFC 9700 §4.12).
/// `None` when the address has characters that no header can carry.
pub fn redirect(after_post: bool, location: &str) -> Option<Response> {
    let location = HeaderValue::from_str(location).ok()?;
    let status = if after_post {
        StatusCode::SEE_OTHER
    } else {
        StatusCode::FOUND
    };
    let mut response = status.into_response();
    for (name, value) in OF_ALL {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().insert(header::LOCATION, location);
    Some(response)
}
