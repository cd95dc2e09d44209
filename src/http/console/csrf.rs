//! Whether a POST comes from a page of the console: the browser says where it came from, and the form knows the token.

use axum::http::{HeaderMap, header};

/// Whether the browser itself says that another site made this request. A request that says nothing is left to the
/// token: programs and old browsers send neither header.
pub fn is_foreign(headers: &HeaderMap, public_url: &str) -> bool {
    let named = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let fetched =
        named("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let origin =
        named(header::ORIGIN.as_str()).is_some_and(|origin| origin != origin_of(public_url));
    fetched || origin
}

/// Scheme, host and port: what stands before the path.
fn origin_of(public_url: &str) -> &str {
    let after_scheme = public_url.find("://").map_or(0, |at| at + 3);
    let rest = public_url.get(after_scheme..).unwrap_or_default();
    let end = rest
        .find('/')
        .map_or(public_url.len(), |at| after_scheme + at);
    public_url.get(..end).unwrap_or(public_url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_another_site_made_is_foreign() {
        let cases = [
            (vec![], false),
            (vec![("origin", "https://id.example")], false),
            (
                vec![
                    ("origin", "https://id.example"),
                    ("sec-fetch-site", "same-origin"),
                ],
                false,
            ),
            (vec![("sec-fetch-site", "none")], false),
            (vec![("origin", "https://evil.example")], true),
            (vec![("origin", "null")], true),
            (vec![("origin", "https://id.example:444")], true),
            (vec![("sec-fetch-site", "cross-site")], true),
            (vec![("sec-fetch-site", "same-site")], true),
        ];
        for (pairs, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in &pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            for url in ["https://id.example", "https://id.example/sso"] {
                assert_eq!(is_foreign(&headers, url), expected, "{pairs:?}");
            }
        }
    }
}
