//! What a user may look like.

use super::Finding;
use super::client::check_roles;
use crate::config::problem::{did_you_mean, shown};
use crate::crypto::{MAX_PASSWORD_BYTES, check_hash};
use crate::domain::user::{UserSettings, check_username};

/// Names in a token that only the server may fill (OIDC Core §2, RFC 7519 §4.1, Back-Channel Logout §2.4).
const RESERVED_CLAIMS: [&str; 20] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "azp",
    "sid",
    "status",
    "at_hash",
    "c_hash",
    "s_hash",
    "events",
    "client_id",
    "typ",
];

/// Claims of OIDC Core §5.1 that are true or false.
const YES_OR_NO: [&str; 2] = ["email_verified", "phone_number_verified"];

/// Claims of OIDC Core §5.1 that are text.
const TEXT: [&str; 14] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
];

/// Checks a user alone; whether the name is free is for whoever knows the others.
pub fn check_user(user: &UserSettings) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Err(message) = check_username(&user.username) {
        findings.push(Finding::new("username", message));
    }
    if let Some(password) = &user.password {
        let bytes = password.len();
        if bytes == 0 || bytes > MAX_PASSWORD_BYTES {
            let message = format!("expected 1 to {MAX_PASSWORD_BYTES} bytes, found {bytes}");
            findings.push(Finding::new("password", message));
        }
    }
    if let Some(Err(error)) = user.password_hash.as_deref().map(check_hash) {
        findings.push(Finding::new("password_hash", error.to_string()));
    }
    if user.password.is_some() && user.password_hash.is_some() {
        findings.push(
            Finding::new(
                "password_hash",
                "is given beside `password`; one of them is enough",
            )
            .with("password"),
        );
    }
    check_roles(&user.roles, "roles", &mut findings);
    for (claim, value) in &user.claims {
        if let Some((message, suggestion)) = claim_problem(claim, value) {
            let finding = Finding::new("claims", message).suggest(suggestion);
            findings.push(Finding {
                inner: Some(claim.clone()),
                ..finding
            });
        }
    }
    findings
}

fn claim_problem(claim: &str, value: &serde_json::Value) -> Option<(String, Option<String>)> {
    let name = claim;
    if RESERVED_CLAIMS.contains(&name) {
        return Some((
            format!("{} is filled by the server and cannot be set", shown(name)),
            None,
        ));
    }
    if YES_OR_NO.contains(&name) && !value.is_boolean() {
        return Some((format!("expected true or false for {}", shown(name)), None));
    }
    if TEXT.contains(&name) && !value.is_string() {
        return Some((format!("expected text in quotes for {}", shown(name)), None));
    }
    // An unquoted TOML date reads as a table with one key of the parser's own.
    if value
        .as_object()
        .is_some_and(|table| table.keys().any(|key| key.starts_with("$__toml")))
    {
        return Some((
            format!("expected {} as text in quotes, found a date", shown(name)),
            None,
        ));
    }
    // Any other name is a claim of the realm's own, so a near miss is the only thing worth a word, and only one that
    // differs by case and dashes: `Email`, `given-name`.
    let meant = TEXT.iter().chain(&YES_OR_NO).find(|known| {
        let plain = |text: &str| text.to_lowercase().replace(['-', '_'], "");
        **known != name && plain(known) == plain(name)
    })?;
    Some((
        format!("unknown claim {}", shown(name)),
        did_you_mean(meant, [*meant]),
    ))
}
