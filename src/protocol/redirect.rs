//! Redirect URIs: which one a request may name, and which ones may be registered at all.
//!
//! Invariant: matching compares strings, it never parses and re-serialises. The one exception is the port of a
//! loopback IP literal (RFC 8252 §7.3, RFC 9700 §2.1).

use url::{Host, Url};

/// Longest URI that is matched or registered, in bytes.
pub const MAX_URI: usize = 2048;

/// Schemes a browser treats as code or local content; never a place to send an answer.
const DANGEROUS: &[&str] = &[
    "javascript",
    "data",
    "file",
    "vbscript",
    "blob",
    "about",
    "filesystem",
    "view-source",
    "ws",
    "wss",
    "ftp",
];

/// Why a URI may not be registered. The text is for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriProblem {
    /// Longer than [`MAX_URI`].
    #[error("the URI is longer than {MAX_URI} bytes")]
    TooLong,
    /// Not an absolute URI.
    #[error("an absolute URI is expected, such as https://app.example/callback")]
    NotAbsolute,
    /// Spaces, control characters, backslashes or non-ASCII.
    #[error(
        "only URI characters are allowed; write international hosts as xn--… and encode the rest with %"
    )]
    Characters,
    /// It has `#`.
    #[error("a fragment (#…) is not allowed")]
    Fragment,
    /// It has `user@` or `user:password@`.
    #[error("a user name or password in the URI is not allowed")]
    UserInfo,
    /// It has `*`.
    #[error("wildcards are not allowed; list every URI")]
    Wildcard,
    /// It has `/./` or `/../`, plain or encoded.
    #[error("dot segments (/./, /../) are not allowed")]
    DotSegment,
    /// `http` for a host other than this machine.
    #[error("http is only allowed for 127.0.0.1, [::1] and localhost; use https")]
    PlainHttp,
    /// A private-use scheme without a dot (RFC 8252 §7.1).
    #[error(
        "a private-use scheme must be a reversed domain name, such as com.example.app:/callback"
    )]
    PrivateScheme,
    /// A scheme such as `javascript` or `data`, or one that is not http(s) where that is needed.
    #[error("this URI scheme is not allowed")]
    Scheme,
}

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

/// Rules for registering a redirect URI: https, http on this machine, or a private-use scheme (RFC 8252 §7, RFC 9700 §2.1).
pub fn check_redirect_uri(uri: &str) -> Result<(), UriProblem> {
    let url = check_shape(uri)?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_this_machine(&url) => Ok(()),
        "http" => Err(UriProblem::PlainHttp),
        scheme if DANGEROUS.contains(&scheme) => Err(UriProblem::Scheme),
        scheme if scheme.contains('.') => Ok(()),
        _ => Err(UriProblem::PrivateScheme),
    }
}

/// Rules for a URL this server calls or shows (back-channel logout, JWKS, logo): absolute http or https. Where it may
/// connect to is decided when it connects.
pub fn check_web_uri(uri: &str) -> Result<(), UriProblem> {
    match check_shape(uri)?.scheme() {
        "https" | "http" => Ok(()),
        _ => Err(UriProblem::Scheme),
    }
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

fn check_shape(uri: &str) -> Result<Url, UriProblem> {
    if uri.len() > MAX_URI {
        return Err(UriProblem::TooLong);
    }
    if !has_uri_characters(uri) {
        return Err(UriProblem::Characters);
    }
    if uri.contains('*') {
        return Err(UriProblem::Wildcard);
    }
    if uri.contains('#') {
        return Err(UriProblem::Fragment);
    }
    let url = Url::parse(uri).map_err(|_| UriProblem::NotAbsolute)?;
    if matches!(url.scheme(), "http" | "https") && !uri.contains("://") {
        return Err(UriProblem::NotAbsolute);
    }
    if !url.username().is_empty() || url.password().is_some() || authority(uri).contains('@') {
        return Err(UriProblem::UserInfo);
    }
    let path = uri
        .split('?')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
        .replace("%2e", ".");
    if path
        .split('/')
        .any(|segment| segment == "." || segment == "..")
    {
        return Err(UriProblem::DotSegment);
    }
    Ok(url)
}

fn authority(uri: &str) -> &str {
    let after = uri.split_once("://").map_or("", |(_, after)| after);
    after.split(['/', '?']).next().unwrap_or_default()
}

fn has_uri_characters(uri: &str) -> bool {
    !uri.is_empty()
        && uri
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
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
    fn safe_uris_may_be_registered() {
        for uri in [
            "https://app.example/cb",
            "https://app.example",
            "https://app.example:8443/cb?x=1",
            "https://xn--bcher-kva.example/cb",
            "http://127.0.0.1:9090/callback",
            "http://[::1]/cb",
            "http://localhost:3000/cb",
            "com.example.app:/callback",
            "com.example.app://callback",
        ] {
            assert_eq!(check_redirect_uri(uri), Ok(()), "{uri}");
        }
    }

    #[test]
    fn unsafe_uris_may_not_be_registered() {
        for (uri, problem) in [
            ("/cb", UriProblem::NotAbsolute),
            ("app.example/cb", UriProblem::NotAbsolute),
            ("https:app.example", UriProblem::NotAbsolute),
            ("https://app.example/cb#x", UriProblem::Fragment),
            ("https://app.example/cb#", UriProblem::Fragment),
            ("https://user@app.example/cb", UriProblem::UserInfo),
            ("https://:pw@app.example/cb", UriProblem::UserInfo),
            ("https://@app.example/cb", UriProblem::UserInfo),
            ("https://*.app.example/cb", UriProblem::Wildcard),
            ("https://app.example/*", UriProblem::Wildcard),
            ("https://app.example/a/../cb", UriProblem::DotSegment),
            ("https://app.example/a/%2E%2e/cb", UriProblem::DotSegment),
            ("http://app.example/cb", UriProblem::PlainHttp),
            ("http://localhost.evil.example/cb", UriProblem::PlainHttp),
            ("http://10.0.0.1/cb", UriProblem::PlainHttp),
            ("javascript:alert(1)", UriProblem::Scheme),
            ("data:text/html,x", UriProblem::Scheme),
            ("myapp://cb", UriProblem::PrivateScheme),
            ("https://bücher.example/cb", UriProblem::Characters),
            ("https://app.example/a b", UriProblem::Characters),
            ("https://app.example\\@evil.example", UriProblem::Characters),
            ("", UriProblem::Characters),
        ] {
            assert_eq!(check_redirect_uri(uri), Err(problem), "{uri}");
        }
        assert_eq!(
            check_redirect_uri(&format!("https://a.example/{}", "x".repeat(MAX_URI))),
            Err(UriProblem::TooLong)
        );
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

    #[test]
    fn a_web_uri_is_http_or_https() {
        assert!(check_web_uri("http://10.0.0.7:8080/backchannel").is_ok());
        assert_eq!(check_web_uri("com.example.app:/x"), Err(UriProblem::Scheme));
    }
}
