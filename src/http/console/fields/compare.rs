//! What differs between two versions of the same settings, for people to read.

use serde_json::{Map, Value};

use super::{Kind, Sheet, Spec, all, at, put};
use crate::http::console::pages::{Change, Meanwhile};

/// What differs between two versions of the same settings.
pub fn changes(sheets: &[Sheet], before: &Value, after: &Value) -> Vec<Change> {
    let differs = |spec: &&Spec| at(before, spec.path) != at(after, spec.path);
    let picture = |spec: &Spec, value: &Value| match (spec.kind, at(value, spec.path)) {
        (Kind::Picture, Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    let change = |spec: &Spec| match spec.kind {
        Kind::Secret => Change {
            label: spec.label.to_owned(),
            before: "kept".to_owned(),
            after: "replaced".to_owned(),
            ..Change::default()
        },
        _ => Change {
            label: spec.label.to_owned(),
            before: spec.said(at(before, spec.path)),
            after: spec.said(at(after, spec.path)),
            picture_before: picture(spec, before),
            picture_after: picture(spec, after),
        },
    };
    all(sheets).filter(differs).map(change).collect()
}

/// Each setting that differs, alone over what there was: to find out which of them does not read.
pub fn alone(sheets: &[Sheet], before: &Value, after: &Value) -> Vec<(&'static str, Value)> {
    let differs = |spec: &&Spec| at(before, spec.path) != at(after, spec.path);
    let one = |spec: &Spec| {
        let mut settings = before.clone();
        put(&mut settings, spec.path, at(after, spec.path).clone());
        (spec.path, settings)
    };
    all(sheets).filter(differs).map(one).collect()
}

/// What of these settings differs from what was seen, with what was typed beside it.
pub fn meanwhile(sheets: &[Sheet], seen: &Value, now: &Value, typed: &Value) -> Vec<Meanwhile> {
    let shown = |spec: &&Spec| !matches!(spec.kind, Kind::Secret | Kind::Said);
    let differs = |spec: &&Spec| at(seen, spec.path) != at(now, spec.path);
    let row = |spec: &Spec| Meanwhile {
        label: spec.label.to_owned(),
        was: spec.said(at(seen, spec.path)),
        now: spec.said(at(now, spec.path)),
        typed: spec.said(at(typed, spec.path)),
    };
    all(sheets).filter(shown).filter(differs).map(row).collect()
}

/// The part of settings that a form is about, as text to be sent along: what its reader saw.
pub fn seen(sheets: &[Sheet], settings: &Value) -> String {
    let mut part = Map::new();
    for spec in all(sheets).filter(|spec| !matches!(spec.kind, Kind::Secret | Kind::Said)) {
        let (section, name) = spec.path.split_once('.').unwrap_or(("", spec.path));
        let value = at(settings, spec.path).clone();
        match section {
            "" => {
                part.insert(name.to_owned(), value);
            }
            section => {
                let of = part
                    .entry(section)
                    .or_insert_with(|| Value::Object(Map::new()));
                put(of, name, value);
            }
        }
    }
    Value::Object(part).to_string()
}
