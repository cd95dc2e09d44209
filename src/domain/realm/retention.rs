//! How long what is over is remembered.

use serde::{Deserialize, Serialize};

use crate::domain::time::Span;

/// How long what is over is remembered; zero is for good. What is still good never hangs on it: what has been forgotten is
/// unknown, and refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionPolicy {
    /// Ended sessions and grants, since their end. A session is remembered while a grant of it lives.
    pub ended_sessions: Span,
    /// Sign-outs with their receipts: what was told to whom, every attempt, what was refused since. Never before an act is
    /// settled.
    pub signouts: Span,
    /// Audit records; no shorter than sign-outs, so that it is always known that there was one.
    pub audit: Span,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        RetentionPolicy {
            ended_sessions: Span::days(30),
            signouts: Span::days(180),
            audit: Span::days(400),
        }
    }
}

impl RetentionPolicy {
    /// What is wrong with it: the setting, and what was expected.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let longest = Span::days(3650);
        for (name, span, least) in [
            ("ended_sessions", self.ended_sessions, Span::secs(1)),
            ("signouts", self.signouts, Span::days(2)),
            ("audit", self.audit, Span::days(2)),
        ] {
            if !span.is_zero() && !(least..=longest).contains(&span) {
                problems.push((
                    name,
                    format!("expected \"off\" (for good) or a duration from {least} to {longest}, found {span}"),
                ));
            }
        }
        let shorter = match (self.audit.is_zero(), self.signouts.is_zero()) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => self.audit < self.signouts,
        };
        if shorter {
            problems.push((
                "audit",
                format!(
                    "expected no less than signouts ({}), found {}: that there was a sign-out is remembered longer than what it did",
                    self.signouts, self.audit
                ),
            ));
        }
        problems
    }
}
