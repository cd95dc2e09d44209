//! The preview of a sign-out: who, what happens, what does not, and the button that does it.

use askama::Template;

use super::atoms::{Choice, counted, grouped};
use super::effects::{self, Effect, Tone};
use super::sessions::Problem;
use super::shell::Shell;

/// The reasons an administrator can give: value and label.
pub const REASONS: [(&str, &str); 5] = [
    ("lost_device", "Lost or stolen device"),
    ("left_organisation", "Left the organisation"),
    ("suspicious_activity", "Suspicious activity"),
    ("policy", "Policy"),
    ("other", "Other"),
];

/// The list of reasons with one of them chosen; none, if `selected` names none.
pub fn reasons(selected: &str) -> Vec<Choice> {
    REASONS
        .iter()
        .map(|&(value, label)| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            selected: value == selected,
        })
        .collect()
}

/// The preview as a page. Posts `csrf`, the selection (`sid` many times, `frozen` or `of`) and the answers to `action`.
#[derive(Debug, Template)]
#[template(path = "console/templates/confirm.html")]
pub struct ConfirmPage {
    /// The frame.
    pub shell: Shell,
    /// Where it is sent.
    pub action: String,
    /// Set when everybody of the realm is signed out.
    pub everyone: Option<Everyone>,
    /// The selected sessions, when they are named one by one.
    pub sids: Vec<String>,
    /// The selection as a signed token, when it is a filter or large.
    pub frozen: Option<String>,
    /// The user, when everything of one ends.
    pub of: Option<String>,
    /// Names this preview: confirming it twice is done once.
    pub once: String,
    /// How many sessions end.
    pub sessions: u64,
    /// Whether all of them were counted; otherwise there are more.
    pub counted: bool,
    /// How many people they belong to.
    pub people: u64,
    /// Whether all of the selection was looked into; otherwise people, tokens and apps are those of its first part.
    pub exact: bool,
    /// The first few of them, by number of sessions.
    pub who: Vec<Selected>,
    /// How many refresh-token families are revoked.
    pub refresh_tokens: u64,
    /// How many of them are offline grants.
    pub offline: u64,
    /// The apps that will be told.
    pub told: Vec<Told>,
    /// How many messages that is and how long it takes, for many sessions.
    pub messages: Option<String>,
    /// The apps that cannot be told, or that may lag.
    pub gaps: Vec<Gap>,
    /// How long an API that never asks may still accept a token of an app that is told: "4 min 12 s".
    pub lag: Option<String>,
    /// Whether the administrator's own current session was in the selection: it is left out, and that is said.
    pub own_selected: bool,
    /// How many of the selected have already ended.
    pub already_ended: u64,
    /// How many of the selected are not known.
    pub not_found: u64,
    /// How many people can be blocked from signing in; `None` for who may not block.
    pub may_block: Option<u64>,
    /// Whether that was ticked.
    pub block: bool,
    /// For how long, to choose from.
    pub block_for: Vec<Choice>,
    /// The moment typed for it.
    pub block_at: String,
    /// The reasons to choose from; see [`reasons`].
    pub reasons: Vec<Choice>,
    /// The note typed before.
    pub note: String,
    /// The message to the people, typed before.
    pub message: String,
    /// What is wrong with which answers.
    pub problems: Vec<Problem>,
    /// The same as a command line; empty where it would be too long.
    pub command: String,
    /// Whether credentials are asked for before it is done.
    pub credentials: bool,
    /// Back to the list, with its filters.
    pub cancel_url: String,
}

/// What is asked in addition where everybody is signed out.
#[derive(Debug, Clone)]
pub struct Everyone {
    /// The realm's name, to be typed.
    pub realm: String,
    /// What was typed before.
    pub typed: String,
    /// What becomes of the administrator's own sessions.
    pub own: String,
}

/// One person of the selection.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The name.
    pub name: String,
    /// Their page, for who may see it.
    pub url: Option<String>,
    /// How many of their sessions end.
    pub sessions: u64,
}

/// An app that will be told.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// In a word: "back-channel", "signal".
    pub channel: String,
}

/// An app that goes on for a while.
#[derive(Debug, Clone)]
pub struct Gap {
    /// Its name.
    pub name: String,
    /// For how long at most: "4 min 12 s"; empty when it holds no token that is still good.
    pub lasts: String,
    /// Why: "It takes no sign-out messages, so it notices when its access token runs out."
    pub why: String,
}

impl ConfirmPage {
    fn what(&self) -> String {
        let more = if self.counted { "" } else { "+" };
        let noun = if self.sessions == 1 {
            "session"
        } else {
            "sessions"
        };
        format!("{}{more} {noun}", grouped(self.sessions))
    }

    fn title(&self) -> String {
        match &self.everyone {
            Some(everyone) => format!("Sign out everyone in {}?", everyone.realm),
            None => format!("Invalidate {}?", self.what()),
        }
    }

    fn button(&self) -> String {
        match &self.everyone {
            Some(_) if self.exact => {
                format!("Sign out {}", counted(self.people, "person", "people"))
            }
            Some(everyone) => format!("Sign out everyone in {}", everyone.realm),
            None => format!("Invalidate {}", self.what()),
        }
    }

    fn to_block(&self) -> String {
        match self.may_block {
            Some(1) if self.exact => "this person".to_owned(),
            Some(n) if self.exact => format!("these {} people", grouped(n)),
            _ => "these people".to_owned(),
        }
    }

    /// What is wrong with an answer.
    fn wrong(&self, field: &str) -> Option<&str> {
        let problem = self.problems.iter().find(|p| p.field == field)?;
        Some(&problem.message)
    }

    /// What happens.
    fn effects(&self) -> Vec<Effect> {
        let mut effects = vec![effects::sessions_end(self.sessions, &self.what())];
        effects.push(match self.refresh_tokens {
            0 if self.sessions == 1 => {
                Effect::new(Tone::Plain, "ban", "No refresh token hangs on it", "")
            }
            0 => Effect::new(Tone::Plain, "ban", "No refresh token hangs on them", ""),
            _ => effects::tokens_end(self.tokens(), self.offline, self.lag.as_deref()),
        });
        match effects::apps_told(&self.told, self.messages.as_deref()) {
            Some(told) => effects.push(told),
            None if self.gaps.is_empty() => {
                effects.push(Effect::new(
                    Tone::Plain,
                    "send",
                    "No app needs to be told",
                    "",
                ));
            }
            None => {}
        }
        effects.extend(effects::gaps(&self.gaps, &self.shell.base));
        if !self.exact {
            let more = "People, tokens and apps are those of the first 2,000 sessions. Everything selected ends all the same.";
            let what = "Not all of it was looked into";
            effects.push(Effect::new(Tone::Plain, "circle-dashed", what, more));
        }
        effects.push(self.own());
        if self.already_ended > 0 || self.not_found > 0 {
            let mut more = Vec::new();
            if self.already_ended > 0 {
                more.push(format!("{} already ended.", self.already_ended));
            }
            if self.not_found > 0 {
                more.push(format!("{} not found.", self.not_found));
            }
            effects.push(Effect::new(
                Tone::Plain,
                "circle-dashed",
                "Left out",
                more.join(" "),
            ));
        }
        effects
    }

    /// What becomes of the session that looks at this page.
    fn own(&self) -> Effect {
        let (what, more) = match &self.everyone {
            Some(everyone) => ("Your own session is kept", everyone.own.as_str()),
            None if self.own_selected => (
                "Your own session is kept",
                "It was in the selection and is left out.",
            ),
            None => ("Your own session is not included", ""),
        };
        Effect::new(Tone::Safe, "lock", what, more)
    }

    /// The first of them: what stands before the name, who it is, and what stands behind.
    fn named(&self) -> Vec<(&'static str, &Selected, String)> {
        let shown = self.who.len().min(3);
        let piece = |(i, one): (usize, _)| {
            let one: &Selected = one;
            let before = match i {
                0 => "",
                _ if i + 1 == shown && self.others() == 0 => " and ",
                _ => ", ",
            };
            let count = match i {
                0 => counted(one.sessions, "session", "sessions"),
                _ => grouped(one.sessions),
            };
            (before, one, format!(" ({count})"))
        };
        self.who.iter().take(3).enumerate().map(piece).collect()
    }

    /// How many are not named.
    fn others(&self) -> u64 {
        let named = u64::try_from(self.who.len().min(3)).unwrap_or(u64::MAX);
        self.people.saturating_sub(named)
    }

    /// What follows the names, or stands instead of them.
    fn must(&self) -> String {
        let others = match (self.who.is_empty(), self.others()) {
            (true, _) => format!(
                "{}{}",
                self.at_least(),
                counted(self.people, "person", "people")
            ),
            (false, 0) => String::new(),
            (false, n) => format!(" and {}", counted(n, "other person", "other people")),
        };
        format!("{others} will have to sign in again in every app.")
    }

    fn tokens(&self) -> String {
        format!(
            "{}{} revoked",
            self.at_least(),
            counted(
                self.refresh_tokens,
                "refresh token is",
                "refresh tokens are"
            )
        )
    }

    fn at_least(&self) -> &'static str {
        if self.exact { "" } else { "At least " }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_reason_at_most_is_chosen() {
        assert_eq!(reasons("policy").iter().filter(|r| r.selected).count(), 1);
        assert_eq!(reasons("nonsense").iter().filter(|r| r.selected).count(), 0);
    }
}
