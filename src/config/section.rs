//! Reads a table of a TOML file into a domain type, and collects every problem with its place.
//!
//! The domain types are the schema: their keys are asked from serde, and every key is tried by itself, so that one bad
//! value hides no other and there is no second list of keys to forget.

use std::borrow::Cow;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::{self, DeserializeOwned, Visitor};
use serde::forward_to_deserialize_any;
use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Place, Problem, did_you_mean, nearest};
use super::rules::Finding;

/// Looks up an environment variable, for `{ env = "…" }`.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The reading of one file.
pub(super) struct Reading<'a> {
    file: &'a Path,
    text: &'a str,
    env: Env<'a>,
    /// What is wrong so far.
    pub(super) problems: Vec<Problem>,
}

/// A table and what could be read of it.
pub(super) struct Section<'t, 'i, T> {
    /// What was read; keys that could not be read hold their defaults.
    pub(super) value: T,
    table: &'t DeTable<'i>,
    title: &'t str,
    header: Range<usize>,
    broken: Vec<&'static str>,
}

impl<'a> Reading<'a> {
    /// Begins with a file's text.
    pub(super) fn new(file: &'a Path, text: &'a str, env: Env<'a>) -> Reading<'a> {
        Reading {
            file,
            text,
            env,
            problems: Vec::new(),
        }
    }

    /// Notes a problem at an offset of the file.
    pub(super) fn refuse(
        &mut self,
        at: usize,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        let place = self.place(at);
        self.problems
            .push(Problem::at(self.file, place, message).suggest(suggestion));
    }

    /// A file that this one names: beside it, so that a folder can be moved as a whole.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(name)
    }

    /// Where an offset of the file is.
    pub(super) fn place(&self, at: usize) -> Place {
        Place::of(self.text, at)
    }

    /// Reads a table. `title` is how messages call it, `header` where it begins, `secrets` the keys whose value may be
    /// `{ file = "…" }` or `{ env = "…" }` and is never repeated.
    pub(super) fn section<'t, 'i, T: DeserializeOwned + Default>(
        &mut self,
        table: &'t DeTable<'i>,
        title: &'t str,
        header: Range<usize>,
        secrets: &[&str],
    ) -> Section<'t, 'i, T> {
        let known = keys_of::<T>();
        let mut broken = Vec::new();
        let mut good = DeTable::new();
        for (key, value) in table {
            let Some(name) = known.iter().find(|known| **known == key.get_ref().as_ref()) else {
                self.unknown_key(key, title, known);
                // The key that was meant is misspelt, not missing.
                broken.extend(nearest(key.get_ref(), known.iter().copied()));
                continue;
            };
            let value = if secrets.contains(name) {
                self.secret(name, value)
            } else {
                Some(value.clone())
            };
            let Some(value) = value else {
                broken.push(*name);
                continue;
            };
            let mut alone = DeTable::new();
            alone.insert(key.clone(), value.clone());
            match read::<T>(alone) {
                Ok(_) => drop(good.insert(key.clone(), value)),
                Err(error) => {
                    broken.push(*name);
                    self.mismatch(name, &value, &error);
                }
            }
        }
        Section {
            value: read(good).unwrap_or_default(),
            table,
            title,
            header,
            broken,
        }
    }

    /// A key that nothing reads.
    pub(super) fn unknown_key(&mut self, key: &Spanned<Cow<'_, str>>, title: &str, known: &[&str]) {
        let name = key.get_ref();
        let suggestion = did_you_mean(name, known.iter().copied());
        self.refuse(
            key.span().start,
            format!("unknown key `{name}` in {title}"),
            suggestion,
        );
    }

    /// Notes what the rules found, where it was written; findings about keys that could not be read are left out.
    /// `refused` is what the domain would say to the same settings: it speaks when nothing else does, so that what is
    /// called sound here is never refused there.
    pub(super) fn findings<T>(
        &mut self,
        section: &Section<'_, '_, T>,
        findings: Vec<Finding>,
        refused: Vec<String>,
    ) {
        if findings.is_empty() && section.broken.is_empty() {
            self.sentences(section.table, section.header.start, section.title, refused);
        }
        for finding in findings {
            let Some(key) = finding.keys.first() else {
                continue;
            };
            if finding.keys.iter().any(|key| section.broken.contains(key)) {
                continue;
            }
            let title = section.title;
            let (at, message) = match section.table.get(*key) {
                Some(value) => (
                    offset(value, &finding),
                    format!("`{key}` in {title}: {}", finding.message),
                ),
                None => (
                    section.header.start,
                    format!("`{key}` is missing in {title}: {}", finding.message),
                ),
            };
            self.refuse(at, message, finding.suggestion);
        }
    }

    /// Notes sentences of the domain, each at the first key that it names.
    pub(super) fn sentences(
        &mut self,
        table: &DeTable<'_>,
        header: usize,
        title: &str,
        sentences: Vec<String>,
    ) {
        for sentence in sentences {
            let words = sentence.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let at = named(table, words).unwrap_or(header);
            self.refuse(at, format!("{title}: {sentence}"), None);
        }
    }

    fn mismatch(&mut self, key: &str, value: &Spanned<DeValue<'_>>, error: &toml::de::Error) {
        let at = error
            .span()
            .filter(|span| !span.is_empty())
            .unwrap_or_else(|| value.span())
            .start;
        let message = error.message();
        let Some((found, expected)) = message.split_once(", expected ") else {
            return self.refuse(at, format!("`{key}`: {message}"), None);
        };
        let found = found
            .trim_start_matches("invalid type: ")
            .trim_start_matches("invalid value: ");
        let options: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        if let Some(word) = found.strip_prefix("unknown variant ") {
            let suggestion = did_you_mean(word.trim_matches('`'), options.iter().copied());
            let expected = options.join(", ");
            return self.refuse(
                at,
                format!("`{key}`: expected one of {expected}, found {word}"),
                suggestion,
            );
        }
        let expected = match expected {
            "a boolean" => "true or false",
            "a sequence" => "a list in brackets",
            "u32" => "a whole number, 0 or more",
            "a string" => "text in quotes",
            "a map" => "a table",
            other => other,
        };
        // A number without a unit is how durations go wrong most often.
        let duration =
            matches!(value.get_ref(), DeValue::Integer(_)) && expected == "text in quotes";
        let suggestion =
            duration.then(|| "a duration is written with its unit, such as \"30m\"".to_owned());
        self.refuse(
            at,
            format!("`{key}`: expected {expected}, found {found}"),
            suggestion,
        );
    }

    /// The text of a secret, wherever it is kept.
    fn secret<'i>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'i>>,
    ) -> Option<Spanned<DeValue<'i>>> {
        let span = value.span();
        let source = match value.get_ref() {
            DeValue::String(_) => return Some(value.clone()),
            DeValue::Table(source) if source.len() == 1 => source.iter().next(),
            _ => None,
        };
        let expected = "expected text in quotes, { file = \"…\" } or { env = \"…\" }";
        let Some((kind, named)) = source else {
            self.refuse(span.start, format!("`{key}`: {expected}"), None);
            return None;
        };
        let (kind, named) = (kind.get_ref().as_ref(), named.get_ref().as_str());
        let found = match (kind, named) {
            ("file", Some(path)) => {
                let path = self.beside(path);
                let text = fs::read_to_string(&path)
                    .map_err(|error| format!("cannot read {}: {error}", path.display()));
                text.map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
            }
            ("env", Some(name)) => (self.env)(name)
                .ok_or_else(|| format!("the environment variable {name} is not set")),
            _ => Err(expected.to_owned()),
        };
        match found {
            Ok(text) => Some(Spanned::new(span, DeValue::String(Cow::Owned(text)))),
            Err(message) => {
                self.refuse(
                    span.start,
                    format!("`{key}`: {message}"),
                    did_you_mean(kind, ["file", "env"]).filter(|_| !matches!(kind, "file" | "env")),
                );
                None
            }
        }
    }
}

/// Where in a value a finding is.
fn offset(value: &Spanned<DeValue<'_>>, finding: &Finding) -> usize {
    let element = match (value.get_ref(), finding.index, &finding.inner) {
        (DeValue::Array(list), Some(index), _) => {
            list.get(index).map(|element| element.span().start)
        }
        (DeValue::Table(table), _, Some(inner)) => table
            .get_key_value(inner.as_str())
            .map(|(key, _)| key.span().start),
        _ => None,
    };
    element.unwrap_or(value.span().start)
}

/// Where the first key is that the words name, inside tables too: "sessions.limit is …".
fn named<'w>(table: &DeTable<'_>, mut words: impl Iterator<Item = &'w str>) -> Option<usize> {
    let value = words.by_ref().find_map(|word| table.get(word))?;
    let inner = value
        .get_ref()
        .as_table()
        .and_then(|inner| words.find_map(|word| inner.get(word)));
    Some(inner.unwrap_or(value).span().start)
}

fn read<T: DeserializeOwned>(table: DeTable<'_>) -> Result<T, toml::de::Error> {
    T::deserialize(toml::de::Deserializer::from(Spanned::new(0..0, table)))
}

/// The keys of a struct, as serde knows them.
pub(super) fn keys_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut keys: &'static [&'static str] = &[];
    // It always answers Err: the names are all that is wanted of it.
    drop(T::deserialize(Keys(&mut keys)));
    keys
}

/// A deserializer that only listens to which keys a struct asks for.
struct Keys<'a>(&'a mut &'static [&'static str]);

impl<'de> de::Deserializer<'de> for Keys<'_> {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("only the keys are wanted"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
