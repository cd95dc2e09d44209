//! A file with people, read: JSON in the shape of the admin API or of Keycloak's export, or a table of text. What does not
//! read is said with its place; everything that reads is still to be checked.

mod table;

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer as _, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

use super::super::shapes::user as shape;
use super::keycloak::{self, PassedOver};
use crate::domain::id::UserId;
use crate::domain::user::import::check::Problems;
use crate::domain::user::import::{IfExists, MOST_PEOPLE, Row, Unit};
use table::table;

/// What a file says.
#[derive(Debug, Default)]
pub(in crate::http) struct Incoming {
    /// The people.
    pub rows: Vec<Row>,
    /// What did not read.
    pub problems: Problems,
    /// What becomes of people who are there already, if it says.
    pub if_exists: Option<IfExists>,
    /// What a place in it is called.
    pub unit: Unit,
    /// What it has and this server does not take.
    pub passed_over: PassedOver,
}

impl Incoming {
    /// What was passed over, in words.
    pub fn passed_over(&self) -> Vec<String> {
        let words = |(what, people): (&String, &u64)| match people {
            0 => what.clone(),
            1 => format!("{what} (1 person)"),
            n => format!("{what} ({n} people)"),
        };
        self.passed_over
            .iter()
            .take(MOST_NAMED)
            .map(words)
            .collect()
    }

    fn add(&mut self, at: u64, mut body: Map<String, Value>) {
        match keycloak::ours(&mut body, &mut self.passed_over) {
            Ok(true) => {}
            Ok(false) => return,
            Err((field, why)) => return self.problems.add(at, field, why),
        }
        let id = match body.remove("id") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => match text.parse::<UserId>() {
                Ok(id) => Some(id),
                Err(_) => return self.problems.add(at, "id", "expected a UUID, or none"),
            },
            Some(_) => {
                return self
                    .problems
                    .add(at, "id", "expected a UUID as text, or none");
            }
        };
        let (says_enabled, says_roles) = (body.contains_key("enabled"), body.contains_key("roles"));
        match shape::settings(None, body) {
            Ok(settings) => self.rows.push(Row {
                at,
                id,
                settings,
                says_enabled,
                says_roles,
            }),
            Err(problem) => {
                let first = problem.detail.split([' ', '.']).next().unwrap_or_default();
                let field = FIELDS.iter().find(|field| **field == first);
                self.problems.add(at, field.unwrap_or(&""), problem.detail);
            }
        }
    }
}

/// Members of a person that problems begin with.
const FIELDS: [&str; 12] = [
    "username",
    "email",
    "emailVerified",
    "firstName",
    "lastName",
    "enabled",
    "roles",
    "claims",
    "attributes",
    "password",
    "password_hash",
    "credentials",
];
/// Parts of a file that are named when they are passed over.
const MOST_NAMED: usize = 20;

/// Reads a file; what it is, it says itself.
pub(in crate::http) fn file(bytes: &[u8]) -> Incoming {
    let text = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start();
    match text.first() {
        Some(b'{' | b'[') => people(text),
        _ => table(bytes),
    }
}

/// Reads JSON: a list of people, or an object with one as `users`.
pub(in crate::http) fn people(bytes: &[u8]) -> Incoming {
    let mut incoming = Incoming {
        unit: Unit::Entry,
        ..Incoming::default()
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = reader.deserialize_any(Whole(&mut incoming));
    if let Err(error) = read.and_then(|()| reader.end()) {
        incoming
            .problems
            .add(0, "", format!("the file does not read as JSON: {error}"));
    }
    incoming
}

struct Whole<'a>(&'a mut Incoming);

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of people, or an object with one as \"users\"")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        People(self.0).visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut has_users = false;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "users" => {
                    map.next_value_seed(People(&mut *self.0))?;
                    has_users = true;
                }
                "ifExists" | "ifResourceExists" => {
                    let text: String = map.next_value()?;
                    let word = IfExists::parse(&text);
                    let word =
                        word.ok_or_else(|| A::Error::custom(format!("{name}: {EXPECTED}")))?;
                    self.0.if_exists = Some(word);
                }
                _ => {
                    if map.next_value_seed(Weigh)? && self.0.passed_over.len() < 10 * MOST_NAMED {
                        self.0.passed_over.insert(name, 0);
                    }
                }
            }
        }
        if has_users {
            Ok(())
        } else {
            Err(A::Error::custom("expected a list of people as \"users\""))
        }
    }
}

/// What [`IfExists::parse`] reads, in words.
pub(in crate::http) const EXPECTED: &str = "expected skip, update (overwrite) or fail";

struct People<'a>(&'a mut Incoming);

impl<'de> DeserializeSeed<'de> for People<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for People<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of people")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut at = 0;
        while let Some(person) = list.next_element::<Map<String, Value>>()? {
            at += 1;
            // Whatever is beyond the limit is refused as a whole; it need not be held as well.
            if self.0.rows.len() <= MOST_PEOPLE {
                self.0.add(at, person);
            }
        }
        Ok(())
    }
}

/// Whether something is in a list or object that is passed over; the settings of a realm are nothing to be said.
struct Weigh;

impl<'de> DeserializeSeed<'de> for Weigh {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Weigh {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        let mut some = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            some = true;
        }
        Ok(some)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut some = false;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            some = true;
        }
        Ok(some)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
