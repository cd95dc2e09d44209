//! Fields: a table of settings (what each is called, what it means, what it takes) becomes a form, and what was typed
//! becomes settings again. What does not read stays as it was typed, with what was expected beside it.

mod compare;
mod picture;

use std::collections::BTreeMap;

pub use compare::{alone, changes, meanwhile, seen};
use serde_json::Value;

use super::gate::Form;
use super::pages::{Choice, Field, FieldGroup, Shape, Wrong};
use crate::domain::time::Span;

/// Settings under one word.
pub struct Sheet {
    /// "Addresses".
    pub title: &'static str,
    /// What they have in common; may be empty.
    pub about: &'static str,
    /// The settings.
    pub specs: &'static [Spec],
}

/// One setting.
pub struct Spec {
    /// Where it stands: `sessions.idle_timeout`. Also what its field is called.
    pub path: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What it means, in a sentence.
    pub hint: &'static str,
    /// What it takes.
    pub kind: Kind,
}

/// Values to choose from, with what people read.
pub type Choices = &'static [(&'static str, &'static str)];

/// What a setting takes.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A text.
    Text,
    /// A text, or nothing.
    Maybe,
    /// Texts, one a line.
    Words,
    /// On or off.
    Flag,
    /// A duration; where the setting allows it, "off".
    Length,
    /// A number.
    Number,
    /// One of these.
    One(Choices),
    /// One of these, or nothing, which is what the first text says.
    MaybeOne(&'static str, Choices),
    /// Any of these.
    Some(Choices),
    /// A text that is only ever taken in.
    Secret,
    /// A picture chosen as a file, or nothing.
    Picture,
    /// JSON, or nothing.
    Json,
    /// Only said.
    Said,
}

/// A row of a table of settings.
pub const fn spec(path: &'static str, label: &'static str, kind: Kind, hint: &'static str) -> Spec {
    Spec {
        path,
        label,
        hint,
        kind,
    }
}

/// A form as it stands: what is typed, and what is wrong with it.
#[derive(Default)]
pub struct Draft {
    typed: BTreeMap<&'static str, Vec<String>>,
    wrong: BTreeMap<&'static str, Vec<String>>,
    general: Vec<String>,
}

fn all(sheets: &[Sheet]) -> impl Iterator<Item = &Spec> {
    sheets.iter().flat_map(|sheet| sheet.specs)
}

fn at<'a>(settings: &'a Value, path: &str) -> &'a Value {
    let pointer = format!("/{}", path.replace('.', "/"));
    settings.pointer(&pointer).unwrap_or(&Value::Null)
}

fn put(settings: &mut Value, path: &str, value: Value) {
    let (section, name) = path.split_once('.').unwrap_or(("", path));
    let object = match section {
        "" => settings.as_object_mut(),
        section => settings.get_mut(section).and_then(Value::as_object_mut),
    };
    if let Some(object) = object {
        object.insert(name.to_owned(), value);
    }
}

impl Draft {
    /// Settings as they are.
    pub fn of(settings: &Value, sheets: &[Sheet]) -> Draft {
        let typed = all(sheets).map(|spec| (spec.path, spec.shown(at(settings, spec.path))));
        Draft {
            typed: typed.collect(),
            ..Draft::default()
        }
    }

    /// What was typed.
    pub fn posted(form: &Form, sheets: &[Sheet]) -> Draft {
        let mut draft = Draft::default();
        for spec in all(sheets).filter(|spec| !matches!(spec.kind, Kind::Said)) {
            let typed = match spec.kind {
                Kind::Picture => draft.chosen(form, spec.path),
                _ => form.all(spec.path),
            };
            draft.typed.insert(spec.path, typed);
        }
        draft
    }

    /// The settings with what was typed in them. What does not read stays as it was and is noted.
    pub fn over(&mut self, mut settings: Value, sheets: &[Sheet]) -> Value {
        for spec in all(sheets) {
            let Some(typed) = self.typed.get(spec.path) else {
                continue;
            };
            match spec.read(typed) {
                Ok(Some(value)) => put(&mut settings, spec.path, value),
                Ok(None) => {}
                Err(problem) => self.wrong.entry(spec.path).or_default().push(problem),
            }
        }
        settings
    }

    /// Notes a problem with a setting, by its path or its name; one that no field here is about stands above them all.
    pub fn blame(&mut self, sheets: &[Sheet], name: &str, text: String) {
        let is_it = |spec: &&Spec| {
            !name.is_empty() && (spec.path == name || spec.path.ends_with(&format!(".{name}")))
        };
        match all(sheets).find(is_it) {
            Some(spec) => self.wrong.entry(spec.path).or_default().push(text),
            None => self.general.push(text),
        }
    }

    /// The same for a sentence that begins with the setting, or holds it as a word.
    pub fn blame_named(&mut self, sheets: &[Sheet], text: String) {
        let holds = |spec: &&Spec| {
            let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
            words.any(|word| word.trim_end_matches('.') == spec.path)
        };
        let starts = |spec: &&Spec| text.starts_with(spec.path);
        let found = all(sheets)
            .filter(starts)
            .max_by_key(|spec| spec.path.len())
            .or_else(|| all(sheets).find(holds));
        match found.map(|spec| spec.path) {
            Some(path) => self.wrong.entry(path).or_default().push(text),
            None => self.general.push(text),
        }
    }

    /// Whether anything is wrong.
    pub fn is_wrong(&self) -> bool {
        !self.wrong.is_empty() || !self.general.is_empty()
    }

    /// Everything that is wrong, in the order of the page.
    pub fn problems(&self, sheets: &[Sheet]) -> Vec<Wrong> {
        let general = self.general.iter().map(|text| Wrong {
            id: String::new(),
            text: text.clone(),
        });
        let of = |spec: &Spec| {
            let texts = self.wrong.get(spec.path).cloned().unwrap_or_default();
            let (id, label, path) = (id(spec.path), spec.label, spec.path);
            texts.into_iter().map(move |text| Wrong {
                id: id.clone(),
                text: match text.starts_with(path) {
                    true => text,
                    false => format!("{label}: {text}"),
                },
            })
        };
        general.chain(all(sheets).flat_map(of)).collect()
    }

    /// The fields.
    pub fn groups(&self, sheets: &[Sheet]) -> Vec<FieldGroup> {
        let group = |sheet: &Sheet| FieldGroup {
            title: sheet.title.to_owned(),
            about: sheet.about.to_owned(),
            fields: sheet.specs.iter().map(|spec| self.field(spec)).collect(),
        };
        sheets.iter().map(group).collect()
    }

    /// What was typed, to be sent along unseen.
    pub fn hidden(&self) -> Vec<(String, String)> {
        let pairs = |(path, values): (&&'static str, &Vec<String>)| {
            let path = (*path).to_owned();
            let each = values
                .iter()
                .map(move |value| (path.clone(), value.clone()));
            each.collect::<Vec<_>>()
        };
        self.typed.iter().flat_map(pairs).collect()
    }

    fn field(&self, spec: &Spec) -> Field {
        let typed = self.typed.get(spec.path).cloned().unwrap_or_default();
        let first = typed.first().cloned().unwrap_or_default();
        let choice = |(value, label): &(&str, &str)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            selected: typed.iter().any(|chosen| chosen == value),
        };
        let mut field = Field {
            name: spec.path.to_owned(),
            id: id(spec.path),
            label: spec.label.to_owned(),
            hint: spec.hint.to_owned(),
            value: first.clone(),
            problem: self
                .wrong
                .get(spec.path)
                .map(|all| all.join(" "))
                .unwrap_or_default(),
            ..Field::default()
        };
        field.shape = match spec.kind {
            Kind::Text | Kind::Maybe => Shape::Line,
            Kind::Length | Kind::Number => Shape::Short,
            Kind::Secret => Shape::Secret,
            Kind::Picture => {
                field.value = picture::shown(first);
                Shape::Picture
            }
            Kind::Said => Shape::Said,
            Kind::Words | Kind::Json => {
                field.value = typed.join("\n");
                Shape::Lines
            }
            Kind::Flag => {
                field.on = first == "on";
                Shape::Switch
            }
            Kind::One(choices) => {
                field.choices = choices.iter().map(choice).collect();
                Shape::One
            }
            Kind::MaybeOne(nothing, choices) => {
                field.choices = vec![Choice {
                    label: nothing.to_owned(),
                    selected: first.is_empty(),
                    ..Choice::default()
                }];
                field.choices.extend(choices.iter().map(choice));
                Shape::One
            }
            Kind::Some(choices) => {
                field.choices = choices.iter().map(choice).collect();
                Shape::Some
            }
        };
        field
    }
}

fn id(path: &str) -> String {
    path.replace(['.', '_'], "-")
}

impl Spec {
    /// A value as it stands in the field.
    fn shown(&self, value: &Value) -> Vec<String> {
        match (self.kind, value) {
            (Kind::Secret, _) | (_, Value::Null) => Vec::new(),
            (Kind::Flag, value) => match value.as_bool() {
                Some(true) => vec!["on".to_owned()],
                _ => Vec::new(),
            },
            (Kind::Json, value) => vec![serde_json::to_string_pretty(value).unwrap_or_default()],
            (_, Value::Array(list)) => list
                .iter()
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect(),
            (_, Value::String(text)) => vec![text.clone()],
            (_, other) => vec![other.to_string()],
        }
    }

    /// What was typed as a value; `None` when nothing is said with it.
    fn read(&self, typed: &[String]) -> Result<Option<Value>, String> {
        let first = typed.first().map_or("", |text| text.trim());
        let one_of = |choices: Choices, value: &str| {
            let known = choices.iter().any(|(name, _)| *name == value);
            let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>();
            match known {
                true => Ok(Value::from(value)),
                false => Err(format!("expected one of {}", names().join(", "))),
            }
        };
        Ok(Some(match self.kind {
            Kind::Said => return Ok(None),
            Kind::Secret if first.is_empty() => return Ok(None),
            Kind::Text | Kind::Secret => first.into(),
            Kind::Maybe | Kind::MaybeOne(..) | Kind::Json | Kind::Picture if first.is_empty() => {
                Value::Null
            }
            Kind::Maybe | Kind::Picture => first.into(),
            Kind::Words => {
                let words = typed.iter().flat_map(|line| line.split_whitespace());
                words.map(Value::from).collect()
            }
            Kind::Flag => Value::Bool(first == "on"),
            Kind::Length => match first.parse::<Span>() {
                Ok(span) => span.to_string().into(),
                Err(error) => return Err(error.to_string()),
            },
            Kind::Number => match first.parse::<u32>() {
                Ok(number) => number.into(),
                Err(_) => {
                    let found: String = first.chars().take(40).collect();
                    return Err(format!(
                        "expected a whole number such as 0 or 5, found {found:?}"
                    ));
                }
            },
            Kind::One(choices) | Kind::MaybeOne(_, choices) => one_of(choices, first)?,
            Kind::Some(choices) => {
                let values = typed.iter().map(|value| one_of(choices, value));
                Value::Array(values.collect::<Result<_, _>>()?)
            }
            Kind::Json => match serde_json::from_str(&typed.join("\n")) {
                Ok(value) => value,
                Err(error) => return Err(format!("expected JSON: {error}")),
            },
        }))
    }

    /// A value as people read it.
    fn said(&self, value: &Value) -> String {
        let shown = self.shown(value);
        let label = |choices: Choices, value: &String| {
            let found = choices.iter().find(|(name, _)| name == value);
            found.map_or_else(|| value.clone(), |(_, label)| (*label).to_owned())
        };
        match self.kind {
            Kind::Flag if shown.is_empty() => "off".to_owned(),
            Kind::MaybeOne(nothing, _) if shown.is_empty() => nothing.to_owned(),
            Kind::One(choices) | Kind::MaybeOne(_, choices) => {
                shown.iter().map(|value| label(choices, value)).collect()
            }
            Kind::Json if !shown.is_empty() => "a set of keys".to_owned(),
            Kind::Picture if !shown.is_empty() => picture::said(&shown),
            _ if shown.is_empty() => "nothing".to_owned(),
            _ => {
                let text = shown.join(", ");
                let start: String = text.chars().take(LONGEST).collect();
                if start.len() < text.len() {
                    format!("{start}…")
                } else {
                    text
                }
            }
        }
    }
}

/// Characters of a value that are said of it.
const LONGEST: usize = 300;

/// The paths of a table, for the test that none is missing.
#[cfg(test)]
pub fn paths(sheets: &[Sheet]) -> Vec<&'static str> {
    sheets
        .iter()
        .flat_map(|s| s.specs)
        .map(|spec| spec.path)
        .collect()
}

#[cfg(test)]
mod tests;
