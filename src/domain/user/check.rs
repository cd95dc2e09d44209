//! What a user's settings may say. Problems are sentences for whoever wrote the file, the request or the form.

use super::store::LONGEST_FOLDED;
use super::{UserSettings, check_username, fold};
use crate::crypto;

/// What is wrong with these settings, as sentences; empty when nothing is.
pub fn problems(settings: &UserSettings) -> Vec<String> {
    let mut problems = Vec::new();
    problems.extend(check_username(&settings.username).err());
    if fold(&settings.username).len() > LONGEST_FOLDED {
        problems.push(format!(
            "a username has at most {LONGEST_FOLDED} bytes once its letters are folded"
        ));
    }
    if settings.password.is_some() && settings.password_hash.is_some() {
        problems.push("password and password_hash exclude each other; give one of them".to_owned());
    }
    if let Some(password) = &settings.password {
        problems.extend(password_problem(password));
    }
    if let Some(hash) = &settings.password_hash
        && let Err(error) = crypto::check_hash(hash)
    {
        problems.push(format!("password_hash: {error}"));
    }
    if settings
        .roles
        .iter()
        .any(|r| r.is_empty() || r.chars().count() > 100 || r.chars().any(char::is_control))
    {
        problems.push("a role has 1 to 100 characters and no control characters".to_owned());
    }
    for claim in RESERVED_CLAIMS
        .iter()
        .filter(|claim| settings.claims.contains_key(**claim))
    {
        problems.push(format!(
            "the claim {claim:?} is the server's own; leave it out"
        ));
    }
    let size =
        serde_json::to_vec(&(&settings.claims, &settings.roles)).map_or(0, |bytes| bytes.len());
    if size > LARGEST {
        problems.push("claims and roles have at most 32 KiB as JSON".to_owned());
    }
    problems
}

/// What is wrong with a password; the sentence does not repeat it.
pub(super) fn password_problem(password: &str) -> Option<String> {
    let most = crypto::MAX_PASSWORD_BYTES;
    (password.is_empty() || password.len() > most)
        .then(|| format!("a password has 1 to {most} bytes"))
}

/// Claims that a token or a logout token says of itself (RFC 7519 §4.1, OIDC Core §2): a user's cannot stand for them.
const RESERVED_CLAIMS: [&str; 22] = [
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "events",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "roles",
    "scope",
    "sid",
    "status",
    "sub",
    "typ",
];
/// A record of the store holds 64 KiB; half of it leaves room for what is not the user's.
const LARGEST: usize = 32 * 1024;
