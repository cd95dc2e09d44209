//! Redirect URIs: which one a request may name. Which ones may be registered is said in `domain::client::check`.
//!
//! Invariant: matching compares strings, it never parses and re-serialises. The one exception is the port of a
//! loopback IP literal (RFC 8252 §7.3, RFC 9700 §2.1).

use url::Url;

/// Longest URI that is matched or registered, in bytes.
pub const MAX_URI: usize = 2048;

/// Whether the presented URI is one of the registered ones.
pub fn is_registered<S: AsRef<str>>(registered: &[S], presented: &str) -> bool {
    presented.len() <= MAX_URI && registered.iter().any(|r| matches(r.as_ref(), presented))
}

/// Whether a presented URI matches one registered URI: the same string, or the same loopback IP literal, path and
/// query with any port (RFC 8252 §7.3). `localhost` is a name, not a literal, and gets no exception.
pub fn matches(registered: &str, presented: &str) -> bool {
    if registered == presented {
        return true;
    }
    match (loopback(registered), loopback(presented)) {
        (Some(registered), Some(presented)) => registered == presented,
        _ => false,
    }
}

/// Whether a URI may be returned to after logout: exact, without exception (OIDC RP-Initiated Logout §3).
pub fn is_post_logout_registered<S: AsRef<str>>(registered: &[S], presented: &str) -> bool {
    registered.iter().any(|r| r.as_ref() == presented)
}

/// Rules for a `resource`: an absolute URI without fragment (RFC 8707 §2).
pub fn is_resource(uri: &str) -> bool {
    uri.len() <= MAX_URI && !uri.contains('#') && has_uri_characters(uri) && Url::parse(uri).is_ok()
}

/// Splits `http://127.0.0.1:PORT/rest` into its literal and its rest; `None` for anything else.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let literal = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find(|literal| rest.starts_with(literal))?;
    let rest = rest.strip_prefix(literal)?;
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(after) => {
            let end = after
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(after.len());
            let (port, rest) = after.split_at(end);
            port.parse::<u16>().ok().filter(|p| *p != 0)?;
            rest
        }
    };
    // Otherwise `127.0.0.1.evil.example` and `127.0.0.1@evil.example` would pass.
    (rest.is_empty() || rest.starts_with('/') || rest.starts_with('?')).then_some((literal, rest))
}

fn has_uri_characters(uri: &str) -> bool {
    !uri.is_empty()
        && uri
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_string_matches() {
        let registered = "https://app.example/cb";
        assert!(matches(registered, registered));
        for presented in [
            "https://app.example/cb/",
            "https://app.example/cb/extra",
            "https://app.example/x/../cb",
            "https://app.example/%2e/cb",
            "https://app.example/c%62",
            "https://user@app.example/cb",
            "https://app.example@evil.example/cb",
            "https://app.example/cb?x=1",
            "https://app.example/cb#x",
            "HTTPS://app.example/cb",
            "https://APP.example/cb",
            "https://app.example./cb",
            "https://app.example:443/cb",
            "https://app.example:8443/cb",
            "https://аpp.example/cb",
            "http://app.example/cb",
            "https://app.example.evil.example/cb",
            "//app.example/cb",
            " https://app.example/cb",
            "",
        ] {
            assert!(!matches(registered, presented), "{presented}");
        }
    }

    #[test]
    fn a_loopback_ip_literal_matches_on_any_port() {
        for (registered, presented) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"),
            ("http://127.0.0.1:9090/cb", "http://127.0.0.1:1/cb"),
            ("http://127.0.0.1:9090/cb?x=1", "http://127.0.0.1/cb?x=1"),
            ("http://[::1]/cb", "http://[::1]:65535/cb"),
            ("http://127.0.0.1", "http://127.0.0.1:80"),
        ] {
            assert!(matches(registered, presented), "{presented}");
        }
    }

    #[test]
    fn the_loopback_exception_reaches_no_further_than_the_port() {
        for (registered, presented) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:9/other"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:9/cb?x"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:9/cb#x"),
            ("http://127.0.0.1/cb", "https://127.0.0.1:9/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.2:9/cb"),
            ("http://127.0.0.1/cb", "http://[::1]:9/cb"),
            ("http://127.0.0.1/cb", "http://localhost:9/cb"),
            ("http://localhost/cb", "http://localhost:9/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:9@evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1@evil.example/cb"),
            ("http://127.0.0.1", "http://127.0.0.1@evil.example"),
            ("http://127.0.0.1/cb", "HTTP://127.0.0.1:9/cb"),
            ("http://127.0.0.1/cb", "http://2130706433:9/cb"),
        ] {
            assert!(!matches(registered, presented), "{registered} {presented}");
        }
    }

    #[test]
    fn the_return_after_logout_has_no_loopback_exception() {
        let registered = ["http://127.0.0.1:9090/"];
        assert!(is_post_logout_registered(
            &registered,
            "http://127.0.0.1:9090/"
        ));
        assert!(!is_post_logout_registered(
            &registered,
            "http://127.0.0.1:9091/"
        ));
        assert!(is_registered(&registered, "http://127.0.0.1:9091/"));
    }

    #[test]
    fn a_resource_is_an_absolute_uri_without_fragment() {
        for good in [
            "https://api.example",
            "urn:example:api",
            "https://api.example/a?b=c",
        ] {
            assert!(is_resource(good), "{good}");
        }
        for bad in [
            "api",
            "/api",
            "https://api.example#x",
            "https://api.example/#",
            "https://a b",
        ] {
            assert!(!is_resource(bad), "{bad}");
        }
    }
}
