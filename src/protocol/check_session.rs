//! Session Management 1.0: the value by which a script of an app learns that the browser's session changed.
//!
//! Both values are hashes of what apps know already (the `sid`), so neither is a secret and neither opens anything.

use url::Url;

use crate::crypto;

/// What the browser keeps about its session where scripts of this server may read it ("OP User Agent state", §4.2).
pub fn agent_state(sid: &str) -> String {
    crypto::b64(&crypto::sha256(sid.as_bytes()))
}

/// `session_state` (§2, §4.2): a salted hash over client, origin and the browser's state. Has no space in it.
pub fn session_state(client_id: &str, redirect_uri: &str, state: &str, salt: &[u8]) -> String {
    let origin = Url::parse(redirect_uri)
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_else(|_| "null".to_owned());
    let salt = crypto::b64(salt);
    let text = format!("{client_id} {origin} {state} {salt}");
    format!("{}.{salt}", crypto::b64(&crypto::sha256(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_bound_to_client_origin_and_session() {
        let of = |client: &str, uri: &str, sid: &str| {
            session_state(client, uri, &agent_state(sid), b"0123456789abcdef")
        };
        let one = of("web", "https://app.example/cb?x", "s-1");
        assert_eq!(one, of("web", "https://app.example:443/other", "s-1"));
        for other in [
            of("notes", "https://app.example/cb", "s-1"),
            of("web", "https://app.example:8443/cb", "s-1"),
            of("web", "https://app.example/cb", "s-2"),
        ] {
            assert_ne!(one, other);
        }
        assert!(!one.contains(' ') && one.split('.').count() == 2);
    }

    #[test]
    fn an_app_without_an_origin_gets_a_value_too() {
        assert!(!session_state("app", "com.example.app:/cb", "x", b"salt").is_empty());
    }
}
