//! A realm in JSON: the sections of a realm file, and `id`, `realm`, `displayName` and `enabled` as Keycloak has them. In
//! `PUT` a section is merged: what it does not name stays.

use serde_json::{Map, Value, json};

use super::super::read;
use super::{drop_unchanged, put_over, rename};
use crate::domain::realm::{Realm, RealmSettings};
use crate::http::answer::Problem;

const SECTIONS: &[&str] = &[
    "sessions",
    "tokens",
    "registration",
    "logout",
    "retention",
    "shared_signals",
    "look",
    "account",
];
const PAIRS: &[(&str, &str)] = &[("displayName", "display_name")];

/// A realm, in both spellings.
pub(in crate::http::admin) fn realm(realm: &Realm) -> Value {
    Value::Object(members(realm))
}

/// The same in a list, where pictures would weigh more than everything else.
pub(in crate::http::admin) fn listed(realm: &Realm) -> Value {
    let mut out = members(realm);
    if let Some(Value::Object(look)) = out.get_mut("look") {
        look.remove("logo");
    }
    Value::Object(out)
}

fn members(realm: &Realm) -> Map<String, Value> {
    let mut out = plain(&realm.settings);
    out.insert("id".to_owned(), json!(realm.name));
    out.insert("realm".to_owned(), json!(realm.name));
    out.insert("displayName".to_owned(), json!(realm.settings.display_name));
    out.insert("createdTimestamp".to_owned(), json!(realm.created_at));
    out
}

fn plain(settings: &RealmSettings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// A realm that is to be.
pub(in crate::http::admin) struct New {
    /// Its name.
    pub(in crate::http::admin) name: String,
    /// Its settings.
    pub(in crate::http::admin) settings: RealmSettings,
}

/// What a body makes of nothing.
///
/// # Errors
/// 400 when it does not read.
pub(in crate::http::admin) fn new(mut body: Map<String, Value>) -> Result<New, Problem> {
    let name = body
        .remove("realm")
        .ok_or_else(|| Problem::bad_request("realm must be the new realm's name"))?;
    let name = read::text("realm", name)?;
    // Keycloak's clients send an id along, which is the name or made up; the server gives its own.
    body.remove("id");
    let settings = over(&RealmSettings::default(), body)?;
    Ok(New { name, settings })
}

/// What a body makes of a realm.
///
/// # Errors
/// 400 when it does not read, 422 when it asks for what cannot be.
pub(in crate::http::admin) fn settings(
    before: &Realm,
    mut body: Map<String, Value>,
) -> Result<RealmSettings, Problem> {
    drop_unchanged(&mut body, &members(before));
    for name in ["id", "realm", "createdTimestamp"] {
        if body.remove(name).is_some_and(|value| !value.is_null()) {
            return Err(Problem::invalid(format!(
                "{name} cannot be changed: tokens and apps know the realm by it"
            )));
        }
    }
    over(&before.settings, body)
}

fn over(old: &RealmSettings, mut body: Map<String, Value>) -> Result<RealmSettings, Problem> {
    rename(&mut body, PAIRS)?;
    let base = plain(old);
    let mut after = base.clone();
    put_over(&mut after, body, SECTIONS)?;
    super::settings(&base, after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::RealmId;
    use crate::domain::time::{Span, Timestamp};

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn demo() -> Realm {
        let mut settings = RealmSettings {
            display_name: Some("Demo".to_owned()),
            ..RealmSettings::default()
        };
        settings.sessions.limit = 3;
        Realm {
            id: RealmId(1),
            name: "demo".to_owned(),
            created_at: Timestamp(5),
            settings,
        }
    }

    #[test]
    fn what_is_shown_and_sent_back_changes_nothing() {
        assert_eq!(
            settings(&demo(), members(&demo())).unwrap(),
            demo().settings
        );
    }

    #[test]
    fn a_section_is_merged() {
        let body = json!({"sessions": {"idle_timeout": "5m"}, "displayName": "New"});
        let after = settings(&demo(), map(body)).unwrap();
        assert_eq!(
            (after.sessions.idle_timeout, after.sessions.limit),
            (Span::mins(5), 3)
        );
        assert_eq!(after.display_name.as_deref(), Some("New"));
    }

    #[test]
    fn a_member_at_fault_is_named() {
        for (body, words) in [
            (
                json!({"sessions": {"idle_timout": "5m"}}),
                "did you mean \"idle_timeout\"?",
            ),
            (
                json!({"sessions": {"idle_timeout": "soon"}}),
                "expected a duration",
            ),
            (json!({"realm": "other"}), "realm cannot be changed"),
            (json!({"sessions": 5}), "sessions must be an object"),
        ] {
            let detail = settings(&demo(), map(body)).unwrap_err().detail;
            assert!(detail.contains(words), "{detail}");
        }
        assert!(new(map(json!({"enabled": true}))).is_err());
    }
}
