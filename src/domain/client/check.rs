//! What a client's metadata may say. Problems are sentences for whoever wrote the file, the request or the form.

use url::{Host, Url};

use super::store::LONGEST_ID;
use super::{AuthMethod, ClientSettings, RevocationCheck};
use crate::crypto::VerifyingKey;
use crate::domain::realm::AccessTokenFormat;

/// The grant types that the token endpoint knows.
pub const GRANT_TYPES: [&str; 4] = [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    DEVICE_CODE,
];

/// The grant type of a device without a browser (RFC 8628 §3.4).
pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// RFC 7518 §3.2: an HMAC key is at least as long as the hash, which is 32 bytes for HS256.
pub const SHORTEST_HMAC_SECRET: usize = 32;

/// What is wrong with one setting: its name, and a sentence.
pub type Problem = (&'static str, String);

/// What is wrong with these settings, as sentences; empty when nothing is.
pub fn problems(settings: &ClientSettings) -> Vec<String> {
    found(settings).into_iter().map(|(_, text)| text).collect()
}

/// The same, each with the setting that it is about: a form says it beside the field. The name is empty for what is about
/// the whole.
pub fn found(settings: &ClientSettings) -> Vec<Problem> {
    let mut problems = Vec::new();
    identity(settings, &mut problems);
    flows(settings, &mut problems);
    addresses(settings, &mut problems);
    problems.extend(super::channels::problems(settings));
    keys(settings, &mut problems);
    if serde_json::to_vec(settings).map_or(0, |bytes| bytes.len()) > LARGEST {
        problems.push((
            "",
            "a client's metadata is at most 32 KiB as JSON".to_owned(),
        ));
    }
    problems
}

fn identity(settings: &ClientSettings, problems: &mut Vec<Problem>) {
    let id = &settings.client_id;
    if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(|b| b.is_ascii_graphic()) {
        problems.push(("client_id", format!(
            "client_id has 1 to {LONGEST_ID} printable ASCII characters and no spaces, found {:?}",
            cut(id)
        )));
    }
    if starts_with_ignoring_case(id, "https://") {
        problems.push(("client_id", format!(
            "client_id must not start with https://, which stands for a metadata document, found {:?}",
            cut(id)
        )));
    }
    if settings
        .client_name
        .as_ref()
        .is_some_and(|n| n.chars().count() > 200 || n.chars().any(char::is_control))
    {
        problems.push((
            "client_name",
            "client_name has at most 200 characters and no control characters".to_owned(),
        ));
    }
    let method = settings.token_endpoint_auth_method;
    let Some(secret) = &settings.client_secret else {
        return;
    };
    if !uses_secret(method) {
        problems.push((
            "client_secret",
            "client_secret is only for the methods client_secret_basic, _post and _jwt".to_owned(),
        ));
    }
    if secret.is_empty() || secret.len() > LONGEST_SECRET || secret.chars().any(char::is_control) {
        problems.push((
            "client_secret",
            format!("client_secret has 1 to {LONGEST_SECRET} bytes and no control characters"),
        ));
    }
    // RFC 7518 §3.2: a key of the hash's size or larger.
    if method == AuthMethod::ClientSecretJwt && secret.len() < SHORTEST_HMAC_SECRET {
        problems.push((
            "client_secret",
            format!(
                "client_secret has at least {SHORTEST_HMAC_SECRET} bytes for client_secret_jwt"
            ),
        ));
    }
}

fn flows(settings: &ClientSettings, problems: &mut Vec<Problem>) {
    let public = settings.token_endpoint_auth_method == AuthMethod::None;
    for grant in &settings.grant_types {
        if !GRANT_TYPES.contains(&grant.as_str()) {
            problems.push((
                "grant_types",
                format!(
                    "grant_types knows {}, found {:?}",
                    GRANT_TYPES.join(", "),
                    cut(grant)
                ),
            ));
        }
    }
    if public
        && settings
            .grant_types
            .iter()
            .any(|g| g == "client_credentials")
    {
        problems.push((
            "grant_types",
            "client_credentials needs a confidential client (RFC 6749 §4.4)".to_owned(),
        ));
    }
    for kind in settings
        .response_types
        .iter()
        .filter(|kind| *kind != "code")
    {
        problems.push((
            "response_types",
            format!("response_types knows only code, found {:?}", cut(kind)),
        ));
    }
    if public && !settings.require_pkce {
        problems.push((
            "require_pkce",
            "a public client cannot do without PKCE; require_pkce must be true".to_owned(),
        ));
    }
    // RFC 6749 §3.3: NQCHAR.
    let allowed = |b: u8| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if !settings.scope.bytes().all(allowed) {
        problems.push((
            "scope",
            "scope is a list of printable ASCII words without quotes, separated by spaces"
                .to_owned(),
        ));
    }
    if settings.access_token_revocation_check == RevocationCheck::StatusList
        && settings.access_token_format == Some(AccessTokenFormat::Opaque)
    {
        problems.push(("access_token_revocation_check", "access_token_revocation_check cannot be status-list while access_token_format is opaque: an opaque token names no list"
                .to_owned()));
    }
    for role in &settings.service_account_roles {
        if role.is_empty() || role.chars().count() > 100 || role.chars().any(char::is_control) {
            problems.push((
                "service_account_roles",
                "a role has 1 to 100 characters and no control characters".to_owned(),
            ));
        }
    }
}

fn addresses(settings: &ClientSettings, problems: &mut Vec<Problem>) {
    let public = settings.token_endpoint_auth_method == AuthMethod::None;
    let returns = [
        ("redirect_uris", &settings.redirect_uris),
        (
            "post_logout_redirect_uris",
            &settings.post_logout_redirect_uris,
        ),
    ];
    for (name, uris) in returns {
        if uris.len() > MOST_URIS {
            problems.push((name, format!("{name} has at most {MOST_URIS} entries")));
        }
        for uri in uris {
            if let Err(why) = return_address(uri, public) {
                problems.push((name, format!("{name}: {why}, found {:?}", cut(uri))));
            }
        }
    }
    if let Some(uri) = &settings.backchannel_logout_uri {
        // Back-Channel Logout 1.0 §2.2 lets confidential clients use http.
        let checked = web(uri).and_then(|url| if public { secure(&url) } else { Ok(()) });
        if let Err(why) = checked {
            problems.push((
                "backchannel_logout_uri",
                format!("backchannel_logout_uri: {why}, found {:?}", cut(uri)),
            ));
        }
    }
    if let Some(uri) = &settings.client_uri
        && let Err(why) = web(uri)
    {
        problems.push((
            "client_uri",
            format!("client_uri: {why}, found {:?}", cut(uri)),
        ));
    }
    for uri in &settings.resources {
        // RFC 8707 §2.
        if let Err(why) = absolute(uri) {
            problems.push((
                "resources",
                format!("resources: {why}, found {:?}", cut(uri)),
            ));
        }
    }
}

fn keys(settings: &ClientSettings, problems: &mut Vec<Problem>) {
    let wanted = settings.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt;
    let Some(jwks) = &settings.jwks else {
        if wanted {
            problems.push((
                "jwks",
                "private_key_jwt needs jwks with the client's public keys".to_owned(),
            ));
        }
        return;
    };
    let Some(keys) = jwks.get("keys").and_then(serde_json::Value::as_array) else {
        problems.push((
            "jwks",
            "jwks is an object with the member \"keys\", a list (RFC 7517 §5)".to_owned(),
        ));
        return;
    };
    if keys.len() > MOST_KEYS {
        problems.push(("jwks", format!("jwks has at most {MOST_KEYS} keys")));
    }
    // RFC 7517 §9.3: whoever hands out a private or symmetric key has lost it.
    if keys.iter().any(|key| {
        ["d", "p", "q", "k"]
            .iter()
            .any(|private| key.get(private).is_some())
    }) {
        problems.push((
            "jwks",
            "jwks holds public keys only; this one has a private or a symmetric key in it"
                .to_owned(),
        ));
    }
    let usable = super::assertion::verifying_keys(jwks);
    if wanted && usable.is_empty() {
        let why = keys
            .first()
            .map_or_else(|| "there is none".to_owned(), unusable);
        problems.push((
            "jwks",
            format!("jwks has no key for ES256, EdDSA or RS256: {why}"),
        ));
    }
}

fn unusable(key: &serde_json::Value) -> String {
    match serde_json::from_value(key.clone()) {
        Ok(jwk) => {
            VerifyingKey::from_jwk(&jwk).map_or_else(|error| error.to_string(), |_| String::new())
        }
        Err(_) => "the first is not a JWK".to_owned(),
    }
}

/// Whether the method proves a client by a secret that both sides know.
pub(super) fn uses_secret(method: AuthMethod) -> bool {
    match method {
        AuthMethod::ClientSecretBasic
        | AuthMethod::ClientSecretPost
        | AuthMethod::ClientSecretJwt => true,
        AuthMethod::PrivateKeyJwt | AuthMethod::None => false,
    }
}

/// Where a browser may be sent: https anywhere, http on this machine only (RFC 8252 §7.3), and for public clients a
/// scheme of their own that contains a dot (RFC 8252 §7.1).
fn return_address(uri: &str, public: bool) -> Result<(), &'static str> {
    let url = absolute(uri)?;
    match url.scheme() {
        "https" | "http" => web(uri).and_then(|url| secure(&url)),
        scheme if public && scheme.contains('.') => Ok(()),
        _ if public => Err("a scheme of the app's own must contain a dot, such as com.example.app"),
        _ => Err("a confidential client's address starts with https://"),
    }
}

/// An absolute URI as people should write one: what a browser would quietly repair or read in another way is refused.
fn absolute(uri: &str) -> Result<Url, &'static str> {
    if uri.is_empty() || uri.len() > LONGEST_URI {
        return Err("an address has 1 to 2000 characters");
    }
    if uri.contains('*') {
        return Err("wildcards are not supported; list every address");
    }
    if !uri.bytes().all(|b| b.is_ascii_graphic())
        || uri.contains(['\\', '"', '<', '>', '^', '`', '{', '|', '}'])
    {
        return Err(
            "an address has ASCII characters only, without spaces; others are percent-encoded",
        );
    }
    let url = Url::parse(uri)
        .map_err(|_| "an absolute address is needed, such as https://app.example.com/callback")?;
    if uri.contains('#') {
        return Err("an address has no fragment (#)");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address has no user name or password in it");
    }
    Ok(url)
}

pub(super) fn web(uri: &str) -> Result<Url, &'static str> {
    let url = absolute(uri)?;
    // "https:/x" and "https:x" are repaired by browsers and by the parser; exact text comparison must not have to.
    if starts_with_ignoring_case(uri, "https://") || starts_with_ignoring_case(uri, "http://") {
        Ok(url)
    } else {
        Err("an address starts with https://")
    }
}

/// Where security events may be sent: https anywhere (RFC 8935 §4.3 asks for TLS), http on this machine only.
///
/// # Errors
/// What was expected, in words.
pub(in crate::domain) fn receiver_address(uri: &str) -> Result<(), &'static str> {
    web(uri).and_then(|url| secure(&url))
}

pub(super) fn secure(url: &Url) -> Result<(), &'static str> {
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "https" || loopback {
        Ok(())
    } else {
        Err("plain http is for loopback addresses only; use https://")
    }
}

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.as_bytes()
        .get(..prefix.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}

pub(super) fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A record of the store holds 64 KiB; half of it leaves room for what is not the client's.
const LARGEST: usize = 32 * 1024;
const LONGEST_SECRET: usize = 512;
pub(super) const LONGEST_URI: usize = 2000;
const MOST_URIS: usize = 100;
const MOST_KEYS: usize = 20;

#[cfg(test)]
mod tests;
