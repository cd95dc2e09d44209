//! What a user of Keycloak's export has beyond our own members: roles under another name, password hashes in their own form,
//! and things that this server has not.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Map, Value, json};

/// Members that this server has not: passed over, and that is said.
const NOT_HERE: &[&str] = &[
    "clientConsents",
    "clientRoles",
    "federatedIdentities",
    "federationLink",
    "groups",
    "requiredActions",
    "socialLinks",
    "applicationRoles",
];
/// Members that say nothing about a person.
const NOTHING: &[&str] = &[
    "access",
    "blocked",
    "createdTimestamp",
    "disableableCredentialTypes",
    "notBefore",
    "origin",
    "self",
    "totp",
    "userProfileMetadata",
];
/// Roles that every user of a realm of Keycloak has.
const EVERYBODYS: [&str; 2] = ["offline_access", "uma_authorization"];

/// What was passed over: what it is, and of how many people.
pub(super) type PassedOver = BTreeMap<String, u64>;

/// Brings a user into our own members; `false` for one that is the account of a client.
///
/// # Errors
/// The field and a sentence for what is there and cannot be taken.
pub(super) fn ours(
    body: &mut Map<String, Value>,
    passed_over: &mut PassedOver,
) -> Result<bool, (&'static str, String)> {
    let mut note = |what: &str| *passed_over.entry(what.to_owned()).or_default() += 1;
    if body
        .remove("serviceAccountClientId")
        .is_some_and(|v| !v.is_null())
    {
        note("service accounts");
        return Ok(false);
    }
    for name in NOTHING {
        body.remove(*name);
    }
    for name in NOT_HERE {
        if body
            .remove(*name)
            .is_some_and(|value| says_something(&value))
        {
            note(name);
        }
    }
    if body.get("blockedUntil").is_some_and(Value::is_null) {
        body.remove("blockedUntil");
    }
    if let Some(Value::Array(mut roles)) = body.remove("realmRoles") {
        roles.retain(|role| {
            let name = role.as_str().unwrap_or_default();
            !EVERYBODYS.contains(&name) && !name.starts_with("default-roles-")
        });
        match body.get_mut("roles").and_then(Value::as_array_mut) {
            Some(own) => own.append(&mut roles),
            None => drop(body.insert("roles".to_owned(), json!(roles))),
        }
    }
    let Some(Value::Array(credentials)) = body.remove("credentials") else {
        return Ok(true);
    };
    let mut left = Vec::new();
    for credential in credentials {
        let kind = credential.get("type").and_then(Value::as_str);
        match kind {
            Some(kind) if kind != "password" => note(&format!("credentials of type {kind}")),
            _ if is_hashed(&credential) => {
                let hash = phc(&credential).map_err(|why| ("credentials", why))?;
                body.insert("password_hash".to_owned(), json!(hash));
            }
            _ => left.push(credential),
        }
    }
    if !left.is_empty() {
        body.insert("credentials".to_owned(), Value::Array(left));
    }
    Ok(true)
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty(),
        Value::Bool(on) => *on,
        Value::Number(_) => true,
    }
}

fn is_hashed(credential: &Value) -> bool {
    ["secretData", "hashedSaltedValue"]
        .iter()
        .any(|name| credential.get(*name).is_some_and(|value| !value.is_null()))
}

/// A password hash of Keycloak's as a PHC string. Old exports have the parts beside each other, newer ones in two texts of
/// JSON.
fn phc(credential: &Value) -> Result<String, String> {
    let inner = |name: &str| -> Value {
        match credential.get(name) {
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
            Some(other) => other.clone(),
            None => Value::Null,
        }
    };
    let (secret, data) = (inner("secretData"), inner("credentialData"));
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let value = text(&secret, "value").or_else(|| text(credential, "hashedSaltedValue"));
    let value = value.ok_or("expected secretData to be JSON with the hash as value")?;
    // Hashes of other programs are kept as they were.
    if value.starts_with('$') {
        return Ok(value);
    }
    let salt = text(&secret, "salt").or_else(|| text(credential, "salt"));
    let salt = salt.ok_or("expected secretData to have the salt")?;
    let (salt, hash) = (plain(&salt)?, plain(&value)?);
    let algorithm = text(&data, "algorithm").or_else(|| text(credential, "algorithm"));
    let algorithm = algorithm.ok_or("expected credentialData to name the algorithm")?;
    let iterations = [data.get("hashIterations"), credential.get("hashIterations")];
    let iterations = iterations.into_iter().flatten().find_map(Value::as_u64);
    let iterations = iterations.ok_or("expected credentialData to have hashIterations")?;
    match algorithm.as_str() {
        "pbkdf2-sha256" | "pbkdf2-sha512" => {
            Ok(format!("${algorithm}$i={iterations}${salt}${hash}"))
        }
        "argon2" => {
            let more = data.get("additionalParameters");
            let one = |name: &str| {
                let value = more.and_then(|more| more.get(name));
                let first = value.and_then(|value| value.get(0)).or(value);
                first.and_then(Value::as_str).map(str::to_owned)
            };
            let number = |name: &str| one(name).and_then(|text| text.parse::<u32>().ok());
            let (Some(memory), Some(lanes)) = (number("memory"), number("parallelism")) else {
                return Err(
                    "expected additionalParameters to have memory and parallelism".to_owned(),
                );
            };
            let kind = one("type").unwrap_or_else(|| "id".to_owned());
            let version = match one("version").as_deref() {
                Some("1.0") => 16,
                _ => 19,
            };
            Ok(format!(
                "$argon2{kind}$v={version}$m={memory},t={iterations},p={lanes}${salt}${hash}"
            ))
        }
        other => Err(format!(
            "password hashes of the algorithm {other:?} are not supported; pbkdf2-sha256, pbkdf2-sha512 and argon2 are"
        )),
    }
}

/// Base64 as PHC strings have it: without padding.
fn plain(text: &str) -> Result<String, String> {
    let bytes = STANDARD
        .decode(text)
        .or_else(|_| STANDARD_NO_PAD.decode(text));
    let bytes = bytes.map_err(|_| "expected hash and salt in base64".to_owned())?;
    Ok(STANDARD_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::check_hash;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn keycloaks_hashes_become_ones_that_are_verified_here() {
        let salt = STANDARD.encode([7; 16]);
        for (data, hash) in [
            (
                json!({"hashIterations": 27500, "algorithm": "pbkdf2-sha256"}),
                [1; 64].as_slice(),
            ),
            (
                json!({"hashIterations": 210_000, "algorithm": "pbkdf2-sha512"}),
                &[1; 64],
            ),
            (
                json!({"hashIterations": 5, "algorithm": "argon2", "additionalParameters": {
                    "hashLength": ["32"], "memory": ["7168"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"]}}),
                &[1; 32],
            ),
        ] {
            let secret =
                json!({"value": STANDARD.encode(hash), "salt": salt, "additionalParameters": {}});
            let mut body = map(json!({"username": "a", "credentials": [
                {"type": "password", "secretData": secret.to_string(), "credentialData": data.to_string()},
                {"type": "otp", "secretData": "{}"}]}));
            let mut passed_over = PassedOver::new();
            assert!(ours(&mut body, &mut passed_over).unwrap());
            let hash = body["password_hash"].as_str().unwrap();
            assert_eq!(check_hash(hash), Ok(()), "{hash}");
            assert_eq!(passed_over.get("credentials of type otp"), Some(&1));
            assert!(!body.contains_key("credentials"));
        }
    }

    #[test]
    fn what_is_not_here_is_passed_over_and_said() {
        let mut body = map(json!({
            "username": "a", "groups": ["/staff"], "requiredActions": [], "totp": false, "notBefore": 0,
            "roles": ["x"], "realmRoles": ["default-roles-demo", "offline_access", "payroll"], "blockedUntil": null,
        }));
        let mut passed_over = PassedOver::new();
        assert!(ours(&mut body, &mut passed_over).unwrap());
        assert_eq!(
            Value::Object(body),
            json!({"username": "a", "roles": ["x", "payroll"]})
        );
        assert_eq!(
            passed_over.into_iter().collect::<Vec<_>>(),
            [("groups".to_owned(), 1)]
        );
        let mut body = map(json!({"username": "service-account-x", "serviceAccountClientId": "x"}));
        assert!(!ours(&mut body, &mut PassedOver::new()).unwrap());
        let mut body = map(
            json!({"credentials": [{"type": "password", "secretData": "{\"value\":\"eA==\",\"salt\":\"eA==\"}",
            "credentialData": "{\"algorithm\":\"md5\",\"hashIterations\":1}"}]}),
        );
        let (field, why) = ours(&mut body, &mut PassedOver::new()).unwrap_err();
        assert!(field == "credentials" && why.contains("md5"), "{why}");
    }
}
