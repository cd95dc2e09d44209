//! A user in JSON.
//!
//! | Keycloak's | ours |
//! |---|---|
//! | `email`, `emailVerified` | the claims `email`, `email_verified` |
//! | `firstName`, `lastName` | the claims `given_name`, `family_name`; `name` too, unless the body has one of its own |
//! | `attributes` `{name: [text]}` | every other claim that is text or a list of texts |
//! | `credentials` `[{type: "password", value}]` | `password`, only ever inbound |
//! | `createdTimestamp` (ms) | outbound only |
//! | | `blockedUntil`: `"lifted"`, a time, or null; `blocked` has who and why, outbound only |

use serde_json::{Map, Value, json};

use super::super::read::{self, Fields};
use super::{drop_idle, drop_unchanged};
use crate::domain::user::block::EXPECTED;
use crate::domain::user::{Block, Blocking, User, UserSettings};
use crate::http::answer::Problem;

/// The members of a password in Keycloak's form.
pub(in crate::http::admin) const CREDENTIAL: &[&str] = &[
    "type",
    "value",
    "temporary",
    "userLabel",
    "id",
    "createdDate",
];

const KNOWN: &[&str] = &[
    "id",
    "username",
    "password",
    "password_hash",
    "enabled",
    "roles",
    "claims",
    "email",
    "emailVerified",
    "firstName",
    "lastName",
    "attributes",
    "credentials",
    "createdTimestamp",
    "blockedUntil",
    "blocked",
];
/// Claims with a name of their own among Keycloak's members.
const NAMED: [(&str, &str); 4] = [
    ("email", "email"),
    ("emailVerified", "email_verified"),
    ("firstName", "given_name"),
    ("lastName", "family_name"),
];
/// Members of Keycloak's that this server has not.
const IDLE: &[&str] = &[
    "access",
    "clientConsents",
    "clientRoles",
    "disableableCredentialTypes",
    "federatedIdentities",
    "federationLink",
    "groups",
    "notBefore",
    "origin",
    "realmRoles",
    "requiredActions",
    "self",
    "serviceAccountClientId",
    "socialLinks",
    "totp",
    "userProfileMetadata",
];

/// A user, in both spellings.
pub(in crate::http::admin) fn user(user: &User) -> Value {
    Value::Object(members(user))
}

fn members(user: &User) -> Map<String, Value> {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("id", json!(user.id));
    put("username", json!(user.username));
    put("enabled", json!(user.enabled));
    put("roles", json!(user.roles));
    put("claims", json!(user.claims));
    put("createdTimestamp", json!(user.created_at));
    // Also one that ran out: it says who did it and why.
    let block = user.blocked.as_ref();
    put("blockedUntil", json!(block.map(Block::until_text)));
    put(
        "blocked",
        json!(block.map(|block| json!({
            "until": block.until_text(),
            "at": block.at.rfc3339(),
            "by": block.by,
            "why": block.why,
            "signOutId": block.sign_out,
        }))),
    );
    put("emailVerified", json!(false));
    for (member, claim) in NAMED {
        if let Some(value) = user.claims.get(claim) {
            put(member, value.clone());
        }
    }
    put("attributes", attributes(&user.claims).into());
    out
}

fn attributes(claims: &Map<String, Value>) -> Map<String, Value> {
    let own = |name: &String| name == "name" || NAMED.iter().any(|(_, claim)| claim == name);
    let listed = |(name, value): (&String, &Value)| match value {
        Value::String(_) => Some((name.clone(), json!([value]))),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            Some((name.clone(), value.clone()))
        }
        _ => None,
    };
    claims
        .iter()
        .filter(|(name, _)| !own(name))
        .filter_map(listed)
        .collect()
}

/// What a body makes of a user, or of nobody.
///
/// # Errors
/// 400 when it does not read, 422 when it asks for what is not there.
pub(in crate::http::admin) fn settings(
    before: Option<&User>,
    mut body: Map<String, Value>,
) -> Result<UserSettings, Problem> {
    let shown = before.map(members).unwrap_or_default();
    drop_unchanged(&mut body, &shown);
    drop_idle(&mut body, IDLE)?;
    let mut fields = Fields::of(body, KNOWN)?;
    for name in ["id", "createdTimestamp", "blocked"] {
        if fields.take(name).is_some() {
            return Err(Problem::invalid(format!(
                "{name} is given by the server and cannot be chosen or changed"
            )));
        }
    }
    let mut settings = before.map_or_else(UserSettings::default, User::settings);
    if let Some(username) = fields.text("username")? {
        settings.username = username;
    }
    if let Some(enabled) = fields.flag("enabled")? {
        settings.enabled = enabled;
    }
    if let Some(roles) = fields.texts("roles")? {
        settings.roles = roles;
    }
    settings.blocking = match fields.given("blockedUntil") {
        None => Blocking::Keep,
        Some(Value::Null) => Blocking::Lift,
        Some(value) => {
            let text = read::text("blockedUntil", value)?;
            Blocking::parse(&text).ok_or_else(|| {
                Problem::invalid(format!(
                    "blockedUntil must be {EXPECTED}, or null to lift it"
                ))
            })?
        }
    };
    settings.password_hash = fields.text("password_hash")?;
    settings.password = password(&mut fields)?;
    claims(&mut fields, &mut settings.claims)?;
    Ok(settings)
}

fn claims(fields: &mut Fields, claims: &mut Map<String, Value>) -> Result<(), Problem> {
    let mut has_name = false;
    if let Some(given) = fields.object("claims")? {
        has_name = given.get("name") != claims.get("name");
        *claims = given;
    }
    if let Some(given) = fields.object("attributes")? {
        let old: Vec<String> = attributes(claims).keys().cloned().collect();
        claims.retain(|name, _| !old.contains(name));
        for (name, value) in given {
            let mut values = match value {
                Value::String(text) => vec![text],
                value => read::texts(&format!("attributes.{name}"), value)?,
            };
            match (values.len(), values.pop()) {
                (1, Some(only)) => claims.insert(name, json!(only)),
                (0, _) | (_, None) => continue,
                (_, Some(last)) => {
                    values.push(last);
                    claims.insert(name, json!(values))
                }
            };
        }
    }
    let mut renamed = false;
    for (member, claim) in NAMED {
        // Present and null takes the claim away.
        let Some(value) = fields.given(member) else {
            continue;
        };
        renamed |= matches!(claim, "given_name" | "family_name");
        match value {
            Value::Null => claims.remove(claim),
            value if claim == "email_verified" => {
                claims.insert(claim.to_owned(), json!(read::flag(member, &value)?))
            }
            value => claims.insert(claim.to_owned(), json!(read::text(member, value)?)),
        };
    }
    if renamed && !has_name {
        let parts: Vec<&str> = ["given_name", "family_name"]
            .iter()
            .filter_map(|c| claims.get(*c)?.as_str())
            .filter(|p| !p.is_empty())
            .collect();
        if parts.is_empty() {
            claims.remove("name")
        } else {
            claims.insert("name".to_owned(), json!(parts.join(" ")))
        };
    }
    Ok(())
}

fn password(fields: &mut Fields) -> Result<Option<String>, Problem> {
    let own = fields.text("password")?;
    let Some(value) = fields.take("credentials") else {
        return Ok(own);
    };
    let Value::Array(credentials) = value else {
        return Err(read::expected("credentials", "a list", &value));
    };
    let mut given = own;
    for one in credentials {
        let password = credential(Fields::of(read::object("credentials", one)?, CREDENTIAL)?)?;
        if given.replace(password).is_some() {
            return Err(Problem::bad_request(
                "a user has one password; the body has several",
            ));
        }
    }
    Ok(given)
}

/// A password in Keycloak's form.
///
/// # Errors
/// 400 when it does not read, 422 for what is not there.
pub(in crate::http::admin) fn credential(mut fields: Fields) -> Result<String, Problem> {
    if fields.text("type")?.is_some_and(|kind| kind != "password") {
        return Err(Problem::invalid(
            "type must be password; other credentials are not available in this version",
        ));
    }
    if fields.flag("temporary")? == Some(true) {
        return Err(Problem::invalid(
            "temporary passwords are not available in this version; leave temporary out or false",
        ));
    }
    fields
        .text("value")?
        .ok_or_else(|| Problem::bad_request("value must be the new password"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::UserId;
    use crate::domain::time::Timestamp;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn alice() -> User {
        User {
            id: UserId(uuid::Uuid::from_u128(7)),
            username: "alice".to_owned(),
            enabled: true,
            roles: vec!["staff".to_owned()],
            claims: map(
                json!({"email": "a@example.com", "given_name": "Alice", "organisation": "North", "tags": ["x", "y"], "level": 3}),
            ),
            created_at: Timestamp(5),
            blocked: None,
        }
    }

    #[test]
    fn what_is_shown_and_sent_back_changes_nothing() {
        let settings = settings(Some(&alice()), members(&alice())).unwrap();
        assert_eq!(settings.claims, alice().claims);
        assert_eq!(
            (settings.username.as_str(), settings.enabled, settings.roles),
            ("alice", true, vec!["staff".to_owned()])
        );
        assert!(settings.password.is_none());
    }

    #[test]
    fn a_partial_body_leaves_the_rest() {
        let settings = settings(
            Some(&alice()),
            map(json!({"enabled": false, "lastName": "Adams"})),
        )
        .unwrap();
        assert!(!settings.enabled);
        assert_eq!(settings.claims.get("name"), Some(&json!("Alice Adams")));
        assert_eq!(settings.claims.get("organisation"), Some(&json!("North")));
        assert_eq!(settings.roles, ["staff"]);
    }

    #[test]
    fn attributes_are_the_other_texts_and_are_replaced_as_a_whole() {
        assert_eq!(
            members(&alice())["attributes"],
            json!({"organisation": ["North"], "tags": ["x", "y"]})
        );
        let settings = settings(
            Some(&alice()),
            map(json!({"attributes": {"locale": ["de"]}})),
        )
        .unwrap();
        assert_eq!(
            Value::Object(settings.claims),
            json!({"email": "a@example.com", "given_name": "Alice", "level": 3, "locale": "de"})
        );
    }

    #[test]
    fn keycloaks_way_of_giving_a_password_reads() {
        let body = json!({"username": "bob", "credentials": [{"type": "password", "value": "s3cret", "temporary": false}], "groups": []});
        assert_eq!(
            settings(None, map(body)).unwrap().password.as_deref(),
            Some("s3cret")
        );
        let body = json!({"username": "bob", "credentials": [{"type": "password", "value": "s3cret", "temporary": true}]});
        assert!(settings(None, map(body)).is_err());
    }

    #[test]
    fn a_slip_of_the_hand_is_refused() {
        for body in [
            json!({"enabledd": false}),
            json!({"enabled": "no"}),
            json!({"groups": ["/staff"]}),
            json!({"id": "x"}),
        ] {
            assert!(
                settings(Some(&alice()), map(body.clone())).is_err(),
                "{body}"
            );
        }
        assert!(
            settings(Some(&alice()), map(json!({"email": null})))
                .unwrap()
                .claims
                .get("email")
                .is_none()
        );
    }
}
