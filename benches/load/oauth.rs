//! Requests of OAuth and OpenID Connect, written down.

use anyhow::Context as _;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use super::realm::REDIRECT_URI;
use super::wire::{Answer, Conn, find, request};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Where codes are sent.
pub(super) fn redirect_uri() -> &'static str {
    REDIRECT_URI
}

/// A client's credentials as a header (RFC 6749 §2.3.1); the names and secrets here need no encoding.
pub(super) fn basic(client: (&str, &str)) -> String {
    format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{}:{}", client.0, client.1))
    )
}

/// The path of a realm's protocol endpoint.
pub(super) fn endpoint(realm: &str, name: &str) -> String {
    format!("/realms/{realm}/protocol/openid-connect/{name}")
}

/// A form sent by a client to an endpoint.
pub(super) fn form(
    host: &str,
    realm: &str,
    name: &str,
    client: (&str, &str),
    body: &str,
) -> Vec<u8> {
    let headers = [FORM, ("authorization", &basic(client))];
    request("POST", host, &endpoint(realm, name), &headers, Some(body))
}

/// A request with a bearer token.
pub(super) fn bearer(
    method: &str,
    host: &str,
    path: &str,
    token: &str,
    json: Option<&str>,
) -> Vec<u8> {
    let authorization = format!("Bearer {token}");
    let mut headers = vec![("authorization", authorization.as_str())];
    if json.is_some() {
        headers.push(("content-type", "application/json"));
    }
    request(method, host, path, &headers, json)
}

/// Asks for a token of the client's own.
pub(super) fn client_credentials(host: &str, realm: &str, client: (&str, &str)) -> Vec<u8> {
    form(
        host,
        realm,
        "token",
        client,
        "grant_type=client_credentials",
    )
}

/// Exchanges a code.
pub(super) fn exchange(
    host: &str,
    realm: &str,
    client: (&str, &str),
    code: &str,
    verifier: &str,
) -> Vec<u8> {
    let redirect = encode(REDIRECT_URI);
    let body = format!(
        "grant_type=authorization_code&code={}&redirect_uri={redirect}&code_verifier={verifier}",
        encode(code)
    );
    form(host, realm, "token", client, &body)
}

/// Exchanges a refresh token.
pub(super) fn refresh(host: &str, realm: &str, client: (&str, &str), token: &str) -> Vec<u8> {
    form(
        host,
        realm,
        "token",
        client,
        &format!("grant_type=refresh_token&refresh_token={}", encode(token)),
    )
}

/// Asks about a token.
pub(super) fn introspect(host: &str, realm: &str, client: (&str, &str), token: &str) -> Vec<u8> {
    form(
        host,
        realm,
        "token/introspect",
        client,
        &format!("token={token}"),
    )
}

/// What an application sends a browser to, with the verifier of its challenge (RFC 7636).
pub(super) fn authorize(realm: &str, client_id: &str, state: &str) -> (String, String) {
    let verifier = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, state.as_bytes()));
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let redirect = encode(REDIRECT_URI);
    let path = format!(
        "{}?response_type=code&client_id={client_id}&redirect_uri={redirect}&scope=openid%20profile%20email\
         &state={state}&nonce=n-{state}&code_challenge={challenge}&code_challenge_method=S256",
        endpoint(realm, "auth")
    );
    (path, verifier)
}

/// The code in a location that belongs to this state.
pub(super) fn code_in(location: &str, state: &str) -> anyhow::Result<String> {
    let query = location
        .strip_prefix(REDIRECT_URI)
        .and_then(|rest| rest.strip_prefix('?'));
    let query = query.with_context(|| format!("sent to {location}"))?;
    let value = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|p| p.0 == name).map(|p| p.1))
    };
    anyhow::ensure!(value("state") == Some(state), "another state: {location}");
    Ok(value("code")
        .with_context(|| format!("no code: {location}"))?
        .to_owned())
}

/// Tokens, out of an answer of the token endpoint.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

/// Reads what a code or a refresh token was exchanged for.
pub(super) fn tokens(answer: &Answer<'_>) -> anyhow::Result<Tokens> {
    answer.expect(200)?;
    let text =
        |name| text_of(answer, name).with_context(|| format!("no {name}: {}", answer.start()));
    text("id_token")?;
    Ok(Tokens {
        access: text("access_token")?.to_owned(),
        refresh: text("refresh_token")?.to_owned(),
    })
}

/// A member of a flat JSON object whose value is text without escapes: tokens are. Reads no more than it must.
pub(super) fn text_of<'a>(answer: &Answer<'a>, name: &str) -> Option<&'a str> {
    let key = format!("\"{name}\":\"");
    let from = find(answer.body, key.as_bytes())? + key.len();
    let rest = answer.body.get(from..)?;
    let end = rest.iter().position(|b| *b == b'"')?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

/// A token of the client's own.
pub(super) async fn own_token(
    conn: &mut Conn,
    host: &str,
    realm: &str,
    client: (&str, &str),
) -> anyhow::Result<String> {
    let answer = conn.call(&client_credentials(host, realm, client)).await?;
    answer.expect(200)?;
    let body: Value = answer.json()?;
    Ok(body
        .get("access_token")
        .and_then(Value::as_str)
        .context("no access_token")?
        .to_owned())
}

/// Percent-encodes what a form or query needs encoded.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
