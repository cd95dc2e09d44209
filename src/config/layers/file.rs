//! The configuration file as a layer: its keys, their kinds, and where each value stands.

use std::fs;
use std::path::Path;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::{KEYS, Kind, Layers, Origin, Raw, SECRETS, variable};
use crate::config::problem::{Place, Problem, did_you_mean};

impl Layers {
    /// Reads the file's values; `problems` gets what is wrong, from its top to its end.
    pub(super) fn read_file(&mut self, file: &Path, problems: &mut Vec<Problem>) {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                problems.push(Problem::of_file(
                    file,
                    format!("cannot read the configuration file: {error}"),
                ));
                return;
            }
        };
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in &errors {
            let place = Place::of(&text, error.span().map_or(0, |span| span.start));
            problems.push(Problem::at(file, place, error.message()));
        }
        // What was recovered around a syntax error would only be complained about twice.
        if !errors.is_empty() {
            return;
        }
        let mut found = Vec::new();
        for (key, value) in table.get_ref() {
            let place = Place::of(&text, key.span().start);
            let name = key.get_ref().as_ref();
            let Some(known) = KEYS.iter().find(|known| known.name == name) else {
                found.push(unknown_key(file, place, name));
                continue;
            };
            match texts(value, known.kind) {
                Ok(parts) => {
                    let raws = parts.into_iter().map(|(text_part, offset)| Raw {
                        text: text_part,
                        origin: Origin::File(file.to_owned(), Place::of(&text, offset)),
                    });
                    self.values.insert(known.name, raws.collect());
                }
                Err((message, offset)) => {
                    found.push(Problem::at(
                        file,
                        Place::of(&text, offset),
                        format!("`{name}`: {message}"),
                    ));
                }
            }
        }
        found.sort_by_key(|problem| (problem.line, problem.column));
        problems.append(&mut found);
    }
}

fn unknown_key(file: &Path, place: Place, name: &str) -> Problem {
    let problem = Problem::at(file, place, format!("unknown key `{name}`"));
    match SECRETS
        .iter()
        .find(|secret| **secret == name || format!("{secret}_file") == name)
    {
        Some(secret) => {
            let variable = variable(secret);
            problem.suggest(Some(format!(
                "a secret comes from {variable} or from the file that {variable}_FILE names"
            )))
        }
        None => problem.suggest(did_you_mean(name, KEYS.iter().map(|key| key.name))),
    }
}

/// The texts of a value and where they begin, or what was expected and where.
fn texts(
    value: &Spanned<DeValue<'_>>,
    kind: Kind,
) -> Result<Vec<(String, usize)>, (String, usize)> {
    let at = value.span().start;
    let found = value.get_ref().type_str();
    match (kind, value.get_ref()) {
        (Kind::Text | Kind::Source, DeValue::String(text)) => Ok(vec![(text.to_string(), at)]),
        (Kind::Source, DeValue::Table(table)) => source(table)
            .map(|text| vec![(text, at)])
            .map_err(|message| (message, at)),
        (Kind::Number, DeValue::Integer(number)) => Ok(vec![(number.to_string(), at)]),
        (Kind::List, DeValue::Array(parts)) => {
            let part = |part: &Spanned<DeValue<'_>>| match part.get_ref() {
                DeValue::String(text) => Ok((text.to_string(), part.span().start)),
                other => {
                    let message = format!(
                        "expected a list of text, found a list with a {}",
                        other.type_str()
                    );
                    Err((message, part.span().start))
                }
            };
            parts.iter().map(part).collect()
        }
        (Kind::Text, _) => Err((format!("expected text in quotes, found {found}"), at)),
        (Kind::Source, _) => Err((
            format!(
                "expected text in quotes, {{ file = \"…\" }} or {{ env = \"…\" }}, found {found}"
            ),
            at,
        )),
        (Kind::Number, _) => Err((
            format!("expected a whole number without quotes, found {found}"),
            at,
        )),
        (Kind::List, _) => Err((
            format!("expected a list such as [\"10.0.0.0/8\"], found {found}"),
            at,
        )),
    }
}

/// A text that lies elsewhere, since it holds a secret: in a file or in a variable. What it is, is in no message.
fn source(table: &DeTable<'_>) -> Result<String, String> {
    let mut parts = table.iter();
    let (Some((name, value)), None) = (parts.next(), parts.next()) else {
        return Err("expected { file = \"…\" } or { env = \"…\" }".to_owned());
    };
    let (name, value) = (name.get_ref().as_ref(), value.get_ref().as_str());
    match (name, value) {
        ("file", Some(path)) => fs::read_to_string(path)
            .map(|text| text.trim().to_owned())
            .map_err(|error| format!("cannot read {path}: {error}")),
        ("env", Some(variable)) => std::env::var(variable)
            .map(|text| text.trim().to_owned())
            .map_err(|_| format!("there is no variable {variable}")),
        _ => Err("expected { file = \"…\" } or { env = \"…\" }".to_owned()),
    }
}
