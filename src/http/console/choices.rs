//! What the filter form of the sessions page offers to choose from.

use super::pages::Choice;
use crate::domain::session::search::MAX_LIMIT;
use crate::domain::time::Span;

/// Start times to choose from: value, label, how long ago, and whether since then rather than before.
pub const STARTED: [(&str, &str, Span, bool); 5] = [
    ("1h", "In the last hour", Span::hours(1), true),
    ("24h", "In the last 24 hours", Span::hours(24), true),
    ("7d", "In the last 7 days", Span::days(7), true),
    ("before-8h", "More than 8 hours ago", Span::hours(8), false),
    (
        "before-24h",
        "More than 24 hours ago",
        Span::hours(24),
        false,
    ),
];

/// Idle times to choose from.
pub const IDLE: [(&str, &str); 5] = [
    ("5m", "Idle over 5 minutes"),
    ("15m", "Idle over 15 minutes"),
    ("1h", "Idle over 1 hour"),
    ("8h", "Idle over 8 hours"),
    ("1d", "Idle over 1 day"),
];

/// Rows a page to choose from; the first is the usual number.
pub const LIMITS: [usize; 4] = [25, 50, 100, MAX_LIMIT];

/// The idle times, with the chosen one.
pub fn idle_choices(chosen: &str) -> Vec<Choice> {
    choices(
        "Any idle time",
        IDLE.iter()
            .map(|(value, label)| ((*value).to_owned(), (*label).to_owned())),
        chosen,
    )
}

/// The start times, with the chosen one.
pub fn started_choices(chosen: &str) -> Vec<Choice> {
    let times = STARTED
        .iter()
        .map(|(value, label, ..)| ((*value).to_owned(), (*label).to_owned()));
    choices("Started any time", times, chosen)
}

/// A list to choose from that begins with "any". What is chosen is in it, whatever it is.
pub fn choices(
    any: &str,
    offered: impl Iterator<Item = (String, String)>,
    chosen: &str,
) -> Vec<Choice> {
    let mut list = vec![Choice {
        value: String::new(),
        label: any.to_owned(),
        selected: chosen.is_empty(),
    }];
    list.extend(offered.map(|(value, label)| Choice {
        selected: value == chosen,
        value,
        label,
    }));
    if !list.iter().any(|choice| choice.selected) {
        list.push(Choice {
            value: chosen.to_owned(),
            label: chosen.to_owned(),
            selected: true,
        });
    }
    list
}
