//! What records look like in JSON, and how bodies become settings.
//!
//! Where Keycloak has a name of its own for something, both are written and both are read: `client_id` and `clientId`,
//! the claim `given_name` and `firstName`. A script that reads an object, changes one member and writes it all back sends
//! the other spelling along unchanged; therefore a member that says what the object already says is no change, whichever
//! spelling it has. Two spellings that both change it, and differently, are refused.

pub(super) mod client;
pub(super) mod readiness;
pub(super) mod realm;
pub(super) mod session;
pub(super) mod signout;
pub(super) mod stream;
pub(super) mod user;

use serde_json::{Map, Value, json};

use super::read;
use crate::domain::Actor;
use crate::http::answer::Problem;

/// Who did something.
pub(super) fn actor(actor: &Actor) -> Value {
    json!({
        "kind": actor.kind, "id": actor.id, "name": actor.name, "realm": actor.realm, "ipAddress": actor.ip,
    })
}

/// Drops the members that say what the object says already.
fn drop_unchanged(body: &mut Map<String, Value>, shown: &Map<String, Value>) {
    body.retain(|name, value| shown.get(name.as_str()) != Some(&*value));
}

/// Gives members their own names: of each pair the first is Keycloak's, the second ours.
///
/// # Errors
/// 400 when both are there and disagree.
fn rename(body: &mut Map<String, Value>, pairs: &[(&str, &str)]) -> Result<(), Problem> {
    for (theirs, ours) in pairs {
        let Some(value) = body.remove(*theirs) else {
            continue;
        };
        match body.get(*ours) {
            Some(other) if *other != value => {
                return Err(Problem::bad_request(format!(
                    "{theirs} and {ours} are the same and disagree; give one of them"
                )));
            }
            _ => body.insert((*ours).to_owned(), value),
        };
    }
    Ok(())
}

/// Lets members of Keycloak's pass that this server has not, as long as they ask for nothing.
///
/// # Errors
/// 400 when one of them asks for something.
fn drop_idle(body: &mut Map<String, Value>, idle: &[&str]) -> Result<(), Problem> {
    for name in idle {
        let asks = match body.remove(*name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(on)) => on,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(members)) => !members.is_empty(),
        };
        if asks {
            return Err(Problem::invalid(format!(
                "{name} is not available in this version; leave it out or empty"
            )));
        }
    }
    Ok(())
}

/// Puts what a body says over settings as they are. Members named in `sections` are objects of their own and are merged;
/// everything else is replaced.
///
/// # Errors
/// 400 for a member that is not known.
fn put_over(
    settings: &mut Map<String, Value>,
    body: Map<String, Value>,
    sections: &[&str],
) -> Result<(), Problem> {
    for (name, value) in body {
        let known: Vec<&str> = settings.keys().map(String::as_str).collect();
        if !known.contains(&name.as_str()) {
            return Err(read::unknown("member", &name, &known));
        }
        if sections.contains(&name.as_str()) {
            let inner = read::object(&name, value)?;
            if let Some(section) = settings.get_mut(&name).and_then(Value::as_object_mut) {
                put_over(section, inner, &[])?;
            }
        } else {
            settings.insert(name, value);
        }
    }
    Ok(())
}

/// Reads settings; when they do not read, says which of the members that were given is at fault.
///
/// # Errors
/// 400.
fn settings<T: serde::de::DeserializeOwned>(
    before: &Map<String, Value>,
    after: Map<String, Value>,
) -> Result<T, Problem> {
    let error = match serde_json::from_value(Value::Object(after.clone())) {
        Ok(settings) => return Ok(settings),
        Err(error) => error,
    };
    let alone = |name: &String, value: &Value| {
        let mut one = before.clone();
        one.insert(name.clone(), value.clone());
        serde_json::from_value::<T>(Value::Object(one)).err()
    };
    for (name, value) in after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(*value))
    {
        if let Some(error) = alone(name, value) {
            return Err(Problem::bad_request(format!("{name}: {error}")));
        }
    }
    Err(Problem::bad_request(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_spelling_that_is_sent_back_unchanged_does_not_stand_against_the_other() {
        let shown = map(
            json!({"client_id": "web", "clientId": "web", "client_name": "Web", "name": "Web"}),
        );
        let mut body = map(
            json!({"client_id": "web", "clientId": "web", "client_name": "Web", "name": "Shop"}),
        );
        drop_unchanged(&mut body, &shown);
        rename(
            &mut body,
            &[("clientId", "client_id"), ("name", "client_name")],
        )
        .unwrap();
        assert_eq!(Value::Object(body), json!({"client_name": "Shop"}));
    }

    #[test]
    fn two_spellings_that_disagree_are_refused() {
        let mut body = map(json!({"client_name": "A", "name": "B"}));
        assert!(
            rename(&mut body, &[("name", "client_name")])
                .unwrap_err()
                .detail
                .contains("disagree")
        );
    }

    #[test]
    fn what_keycloak_sends_and_we_have_not_passes_only_while_it_asks_for_nothing() {
        let mut body = map(json!({"groups": [], "totp": false, "notBefore": 0}));
        drop_idle(&mut body, &["groups", "totp", "notBefore"]).unwrap();
        assert!(body.is_empty());
        let mut body = map(json!({"groups": ["/staff"]}));
        assert!(drop_idle(&mut body, &["groups"]).is_err());
    }
}
