//! What an administrator answers on the page that asks before an act: why, a note, a message, whether the people are
//! blocked from signing in. Kept as typed, so that nothing is asked twice.

use serde::{Deserialize, Serialize};

use super::gate::{Form, Gate};
use super::pages::{Choice, Problem, REASONS};
use crate::domain::ActorKind;
use crate::domain::access::{MASTER, Right};
use crate::domain::signout::{BlockOrder, Reason, Request, Selection};
use crate::domain::time::{Span, Timestamp};

/// What was answered so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Answers {
    /// The reason's value.
    pub reason: String,
    /// The note for the audit log.
    pub note: String,
    /// The message to the people.
    pub message: String,
    /// Whether the people are blocked from signing in.
    pub block: bool,
    /// For how long: one of [`LENGTHS`].
    pub block_for: String,
    /// Until when, where that is "until".
    pub block_at: String,
    /// The realm's name, typed, where everybody is signed out.
    pub typed: String,
}

/// How long a block lasts: value, label, and how long that is.
const LENGTHS: [(&str, &str, Option<Span>); 7] = [
    ("", "until an administrator lifts it", None),
    ("1h", "for 1 hour", Some(Span::hours(1))),
    ("8h", "for 8 hours", Some(Span::hours(8))),
    ("24h", "for 24 hours", Some(Span::hours(24))),
    ("7d", "for 7 days", Some(Span::days(7))),
    ("30d", "for 30 days", Some(Span::days(30))),
    (AT, "until the time below", None),
];
const AT: &str = "at";

impl Answers {
    /// Reads them from a form.
    pub fn read(form: &Form) -> Answers {
        let one = |name| form.one(name).trim().to_owned();
        Answers {
            reason: one("reason"),
            note: one("note"),
            message: one("message"),
            block: form.one("block") == "1",
            block_for: one("block_for"),
            block_at: one("block_at"),
            typed: one("typed"),
        }
    }

    /// The lengths of a block to choose from.
    pub fn lengths(&self) -> Vec<Choice> {
        let choice = |(value, label, _): &(&str, &str, _)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            selected: *value == self.block_for,
        };
        LENGTHS.iter().map(choice).collect()
    }

    /// What the door is asked for.
    ///
    /// # Errors
    /// What is wrong with which answers.
    pub fn request(
        &self,
        gate: &Gate,
        select: Selection,
        once: &str,
    ) -> Result<Request, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut problem = |field: &str, message: &str| {
            problems.push(Problem {
                field: field.to_owned(),
                message: message.to_owned(),
            });
        };
        let why = REASONS.iter().find(|(value, _)| *value == self.reason);
        if why.is_none() {
            problem("reason", "Choose a reason.");
        }
        let block = match self.block_order(gate) {
            Ok(block) => block,
            Err(message) => {
                problem("block", message);
                None
            }
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(Request {
            why: why.map(|(_, words)| (*words).to_owned()),
            note: some(&self.note),
            message: some(&self.message),
            once: some(once).filter(|once| once.len() <= 100),
            block,
            asked_at: Some(gate.now),
            ..Request::new(select, Reason::Admin, gate.admin.actor(ActorKind::Admin))
        })
    }

    /// Administrators are blocked only by who may change them, as everywhere.
    fn block_order(&self, gate: &Gate) -> Result<Option<BlockOrder>, &'static str> {
        if !self.block {
            return Ok(None);
        }
        if !gate.may(Right::ManageUsers) {
            return Err("Blocking sign-in needs the role users-manager or realm-admin.");
        }
        let known = LENGTHS.iter().find(|(value, ..)| *value == self.block_for);
        let until = match known {
            None => return Err("Choose for how long."),
            Some((AT, ..)) => {
                let text = match self.block_at.len() {
                    // What a browser's own field for a moment sends: no seconds and no zone.
                    16 => format!("{}:00Z", self.block_at),
                    _ => self.block_at.clone(),
                };
                let at = Timestamp::parse(&text).filter(|at| *at > gate.now);
                Some(at.ok_or("Give a time to come, such as 2030-12-31T18:00 (UTC).")?)
            }
            Some((_, _, length)) => length.map(|length| gate.now.plus(length)),
        };
        let administrators = gate.may(match gate.realm.name == MASTER {
            true => Right::ManageServer,
            false => Right::ManageRealm,
        });
        Ok(Some(BlockOrder {
            until,
            administrators,
        }))
    }
}
