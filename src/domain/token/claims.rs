//! What of a user a scope releases (OIDC Core §5.4), and what the `claims` parameter asks for by name (§5.5).

use serde_json::{Map, Value};

use crate::domain::user::User;

/// The claim names that the `claims` parameter asks for in one place (OIDC Core §5.5).
pub(super) fn requested(claims: Option<&str>, place: &str) -> Vec<String> {
    let parsed: Option<Value> = claims.and_then(|text| serde_json::from_str(text).ok());
    parsed
        .as_ref()
        .and_then(|v| v.get(place))
        .and_then(Value::as_object)
        .map(|o| o.keys().cloned().collect())
        .unwrap_or_default()
}

pub(in crate::domain) const PROFILE: [&str; 13] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];

/// Whether tokens of a client with this scope carry a claim, be it in the ID token, the access token or userinfo.
pub(in crate::domain) fn carries(scope: &str, claim: &str) -> bool {
    let has = |name: &str| scope.split(' ').any(|s| s == name);
    match claim {
        // In every access token.
        "roles" => true,
        "preferred_username" => has("profile"),
        "email" | "email_verified" => has("email"),
        "phone_number" | "phone_number_verified" => has("phone"),
        "address" => has("address"),
        other => has("profile") && PROFILE.contains(&other),
    }
}

/// The user's claims that a scope releases (OIDC Core §5.4), and those asked for by name.
pub(super) fn user_claims(user: &User, scope: &str, asked: &[String]) -> Map<String, Value> {
    let mut out = Map::new();
    let has = |name: &str| scope.split(' ').any(|s| s == name);
    let mut names: Vec<&str> = Vec::new();
    if has("profile") {
        names.extend(PROFILE);
    }
    if has("email") {
        names.extend(["email", "email_verified"]);
    }
    if has("phone") {
        names.extend(["phone_number", "phone_number_verified"]);
    }
    if has("address") {
        names.push("address");
    }
    names.extend(asked.iter().map(String::as_str));
    for name in names {
        if let Some(value) = user.claims.get(name) {
            out.insert(name.to_owned(), value.clone());
        }
    }
    if has("profile") || asked.iter().any(|a| a == "preferred_username") {
        out.insert(
            "preferred_username".to_owned(),
            user.username.clone().into(),
        );
    }
    if has("roles") {
        out.insert("roles".to_owned(), user.roles.clone().into());
    }
    out
}
