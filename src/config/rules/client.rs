//! What a client may look like.

use std::collections::BTreeSet;

use super::Finding;
use crate::config::problem::{did_you_mean, shown};
use crate::config::uri::{self, Purpose};
use crate::domain::client::channels::SECRET_EXPECTED;
use crate::domain::client::check::{GRANT_TYPES, SHORTEST_HMAC_SECRET};
use crate::domain::client::{AuthMethod, ClientSettings, RevocationCheck};
use crate::domain::realm::AccessTokenFormat;

/// Checks a client by itself; whether its `client_id` is free is for whoever knows the others.
pub fn check_client(client: &ClientSettings) -> Vec<Finding> {
    let mut findings = Vec::new();
    client_id(client, &mut findings);
    grants(client, &mut findings);
    credentials(client, &mut findings);
    addresses(client, &mut findings);
    webhook(client, &mut findings);
    scope(client, &mut findings);
    findings
}

fn client_id(client: &ClientSettings, findings: &mut Vec<Finding>) {
    let id = &client.client_id;
    // RFC 6749 appendix A.1 allows printable ASCII. White space is left out: nobody sees it in a log.
    if id.is_empty() || id.len() > 255 || !id.chars().all(|c| c.is_ascii_graphic()) {
        let message = format!(
            "expected 1 to 255 printable ASCII characters without white space, found {}",
            shown(id)
        );
        findings.push(Finding::new("client_id", message));
    }
}

fn grants(client: &ClientSettings, findings: &mut Vec<Finding>) {
    for (index, grant) in client.grant_types.iter().enumerate() {
        if !GRANT_TYPES.contains(&grant.as_str()) {
            let message = format!(
                "unknown grant type {}, expected one of {}",
                shown(grant),
                GRANT_TYPES.join(", ")
            );
            let suggestion = did_you_mean(grant, GRANT_TYPES);
            findings.push(
                Finding::new("grant_types", message)
                    .element(index)
                    .suggest(suggestion),
            );
        }
    }
    for (index, response) in client.response_types.iter().enumerate() {
        if response != "code" {
            let message = format!("unknown response type {}, expected code", shown(response));
            findings.push(Finding::new("response_types", message).element(index));
        }
    }
    let allows = |grant: &str| client.grant_types.iter().any(|allowed| allowed == grant);
    let public = client.token_endpoint_auth_method == AuthMethod::None;
    if allows("authorization_code") && client.redirect_uris.is_empty() {
        let message = "is needed by the grant type authorization_code: at least one address";
        findings.push(Finding::new("redirect_uris", message).with("grant_types"));
    }
    if public && allows("client_credentials") {
        // RFC 6749 §4.4: it would hand tokens to anybody who knows the name.
        let message = "client_credentials is for clients that prove who they are; \
                       `token_endpoint_auth_method` is \"none\"";
        findings.push(Finding::new("grant_types", message).with("token_endpoint_auth_method"));
    }
    if public && !client.require_pkce {
        let message = "only a client that can keep a secret may do without PKCE; \
                       `token_endpoint_auth_method` is \"none\"";
        findings.push(Finding::new("require_pkce", message).with("token_endpoint_auth_method"));
    }
    if !client.service_account_roles.is_empty() && !allows("client_credentials") {
        let message = "has no effect without the grant type client_credentials";
        findings.push(Finding::new("service_account_roles", message).with("grant_types"));
    }
    if client.access_token_revocation_check == RevocationCheck::StatusList
        && client.access_token_format == Some(AccessTokenFormat::Opaque)
    {
        let message = "expected \"introspection\" (or \"none\"): an opaque token names no status list, \
                       and `access_token_format` is \"opaque\"";
        findings.push(
            Finding::new("access_token_revocation_check", message).with("access_token_format"),
        );
    }
    check_roles(
        &client.service_account_roles,
        "service_account_roles",
        findings,
    );
}

/// Any name is a role, for applications have their own; an empty one is a slip.
pub(super) fn check_roles(roles: &[String], key: &'static str, findings: &mut Vec<Finding>) {
    for (index, role) in roles.iter().enumerate() {
        if role.is_empty() || role.chars().any(|c| c.is_whitespace() || c.is_control()) {
            let message = format!(
                "expected the name of a role without white space, found {}",
                shown(role)
            );
            findings.push(Finding::new(key, message).element(index));
        }
    }
}

fn credentials(client: &ClientSettings, findings: &mut Vec<Finding>) {
    let method = client.token_endpoint_auth_method;
    let secret = client.client_secret.as_deref();
    let about_secret =
        |message: String| Finding::new("client_secret", message).with("token_endpoint_auth_method");
    match (method, secret) {
        (
            AuthMethod::ClientSecretBasic
            | AuthMethod::ClientSecretPost
            | AuthMethod::ClientSecretJwt,
            None,
        ) => {
            let suggestion =
                "give one, or set `token_endpoint_auth_method = \"none\"` for a public client";
            let message = format!(
                "is needed by `token_endpoint_auth_method = {:?}`",
                method.as_str()
            );
            findings.push(about_secret(message).suggest(Some(suggestion.to_owned())));
        }
        (AuthMethod::ClientSecretJwt, Some(secret)) if secret.len() < SHORTEST_HMAC_SECRET => {
            let message = "is too short for client_secret_jwt: expected 32 bytes or more (RFC 7518 section 3.2)";
            findings.push(about_secret(message.to_owned()));
        }
        (AuthMethod::None, Some(_)) => {
            let message =
                "is given, but `token_endpoint_auth_method` is \"none\": nobody would ask for it";
            findings.push(about_secret(message.to_owned()));
        }
        _ => {}
    }
    // RFC 6749 appendix A.2.
    if secret.is_some_and(|secret| {
        secret.is_empty() || !secret.chars().all(|c| c == ' ' || c.is_ascii_graphic())
    }) {
        findings.push(Finding::new(
            "client_secret",
            "expected printable ASCII characters, at least one",
        ));
    }
    let keys = client
        .jwks
        .as_ref()
        .map(|set| set.get("keys").and_then(serde_json::Value::as_array));
    match keys {
        None if method == AuthMethod::PrivateKeyJwt => {
            let message = "is needed by `token_endpoint_auth_method = \"private_key_jwt\"`";
            findings.push(Finding::new("jwks", message).with("token_endpoint_auth_method"));
        }
        Some(list) if list.is_none_or(Vec::is_empty) => {
            findings.push(Finding::new(
                "jwks",
                "expected a JWK set: a table with a list `keys` (RFC 7517 section 5)",
            ));
        }
        // RFC 7517 §9.3: whoever holds the private part is the client.
        Some(Some(list))
            if list
                .iter()
                .any(|key| key.get("d").is_some() || key.get("k").is_some()) =>
        {
            findings.push(Finding::new(
                "jwks",
                "holds a private or symmetric key; only public keys belong here",
            ));
        }
        _ => {}
    }
}

fn webhook(client: &ClientSettings, findings: &mut Vec<Finding>) {
    // A file says all there is to a client, so what is not in it cannot be kept from before.
    if client.webhook_uri.is_some() && client.webhook_secret.is_none() {
        let message = format!("is needed by `webhook_uri`: {SECRET_EXPECTED}");
        findings.push(Finding::new("webhook_secret", message).with("webhook_uri"));
    }
}

fn addresses(client: &ClientSettings, findings: &mut Vec<Finding>) {
    let public = client.token_endpoint_auth_method == AuthMethod::None;
    let returning = Purpose::Return { public };
    let lists = [
        ("redirect_uris", &client.redirect_uris, returning),
        (
            "post_logout_redirect_uris",
            &client.post_logout_redirect_uris,
            returning,
        ),
        ("resources", &client.resources, Purpose::Resource),
    ];
    for (key, list, purpose) in lists {
        let mut seen = BTreeSet::new();
        for (index, text) in list.iter().enumerate() {
            if let Err(refusal) = uri::check(text, purpose) {
                let message = format!("{} {}", shown(text), refusal.message);
                findings.push(
                    Finding::new(key, message)
                        .element(index)
                        .suggest(refusal.suggestion),
                );
            } else if !seen.insert(text) {
                findings.push(
                    Finding::new(key, format!("{} is listed twice", shown(text))).element(index),
                );
            }
        }
    }
    let single = [
        (
            "backchannel_logout_uri",
            &client.backchannel_logout_uri,
            Purpose::BackChannel {
                confidential: !public,
            },
        ),
        ("client_uri", &client.client_uri, Purpose::Page),
    ];
    for (key, text, purpose) in single {
        if let Some(Err(refusal)) = text.as_ref().map(|text| uri::check(text, purpose)) {
            let message = format!(
                "{} {}",
                shown(text.as_deref().unwrap_or_default()),
                refusal.message
            );
            findings.push(Finding::new(key, message).suggest(refusal.suggestion));
        }
    }
}

fn scope(client: &ClientSettings, findings: &mut Vec<Finding>) {
    // RFC 6749 §3.3: printable ASCII without the quote and the backslash, separated by single spaces.
    let well_formed = |scope: &str| {
        !scope.is_empty()
            && scope
                .chars()
                .all(|c| c.is_ascii_graphic() && c != '"' && c != '\\')
    };
    if client.scope.is_empty() {
        return;
    }
    if let Some(bad) = client.scope.split(' ').find(|scope| !well_formed(scope)) {
        let message = format!(
            "expected scopes separated by single spaces, such as \"openid profile email\", found {}",
            shown(bad)
        );
        let tidy = client
            .scope
            .split([' ', ','])
            .filter(|scope| !scope.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let helpful = tidy != client.scope && tidy.split(' ').all(well_formed);
        let suggestion = helpful.then(|| format!("did you mean {tidy:?}?"));
        findings.push(Finding::new("scope", message).suggest(suggestion));
    } else if client.scope.contains(',') {
        let tidy = client
            .scope
            .split([' ', ','])
            .filter(|scope| !scope.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        let message = "scopes are separated by spaces, not by commas";
        findings
            .push(Finding::new("scope", message).suggest(Some(format!("did you mean {tidy:?}?"))));
    }
}
