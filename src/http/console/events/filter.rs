//! What of the log is asked for: the filter as it stands in the address.

use super::super::address::Address;
use super::super::gate::{Form, Gate};
use super::super::pages::Choice;
use super::super::pages::people::Problem;
use super::words::DEEDS;
use crate::domain::audit::Filter;
use crate::domain::time::{Span, Timestamp};

/// The filter as it was typed.
pub struct Asked {
    /// A deed, or a kind of them.
    pub action: String,
    /// By whom.
    pub actor: String,
    /// About whom or what.
    pub target: String,
    /// Not before this day.
    pub since: String,
    /// Not after this day.
    pub until: String,
    /// Beyond this record.
    pub after: String,
}

impl Asked {
    /// Reads a query.
    pub fn read(query: &str) -> Asked {
        let form = Form::read(query.as_bytes());
        let one = |name: &str| form.one(name).trim().to_owned();
        Asked {
            action: one("action"),
            actor: one("actor"),
            target: one("target"),
            since: one("since"),
            until: one("until"),
            after: one("after"),
        }
    }

    /// What it means, and what of it does not read.
    pub fn filter(&self) -> (Filter, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut day = |name: &str, text: &str| {
            if text.is_empty() {
                return None;
            }
            let at = Timestamp::parse(text);
            if at.is_none() {
                problems.push(Problem {
                    field: name.to_owned(),
                    text: format!("“{text}” is no day; write one such as 2026-11-20."),
                });
            }
            at
        };
        let since = day("since", &self.since);
        let until = day("until", &self.until);
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let filter = Filter {
            actor: text(&self.actor),
            action: text(&self.action),
            target: text(&self.target),
            since,
            // All of that day.
            until: until.map(|at| Timestamp(at.plus(Span::days(1)).0.saturating_sub(1))),
        };
        (filter, problems)
    }

    /// Whether anything is filtered.
    pub fn is_narrow(&self) -> bool {
        let fields = [
            &self.action,
            &self.actor,
            &self.target,
            &self.since,
            &self.until,
        ];
        fields.iter().any(|field| !field.is_empty())
    }

    /// The filter in words, for the log.
    pub fn words(&self) -> String {
        let parts = [
            ("what", &self.action),
            ("by", &self.actor),
            ("about", &self.target),
            ("from", &self.since),
            ("to", &self.until),
        ];
        let given = parts.iter().filter(|(_, value)| !value.is_empty());
        let given: Vec<String> = given
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        match given.is_empty() {
            true => "all events".to_owned(),
            false => given.join(", "),
        }
    }

    /// The first page of the same filter.
    pub fn address(&self, gate: &Gate, path: &str) -> Address {
        gate.at(path)
            .with("action", &self.action)
            .with("actor", &self.actor)
            .with("target", &self.target)
            .with("since", &self.since)
            .with("until", &self.until)
    }
}

/// The kinds of deeds, each before its deeds.
const KINDS: [(&str, &str); 6] = [
    ("user.", "Everything about users"),
    ("client.", "Everything about applications"),
    ("realm.", "Everything about the realm"),
    ("sessions.", "Sign-outs"),
    ("stream.", "Everything about event streams"),
    ("keys.", "Everything about keys"),
];

/// What can be chosen.
pub fn actions(chosen: &str) -> Vec<Choice> {
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        selected: value == chosen,
    };
    let mut choices = vec![choice("", "Anything")];
    choices.extend(KINDS.map(|(value, label)| choice(value, label)));
    choices.extend(DEEDS.iter().map(|(code, _, _, words)| choice(code, words)));
    if !choices.iter().any(|choice| choice.selected) {
        choices.push(choice(chosen, chosen));
    }
    choices
}
