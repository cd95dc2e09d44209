//! What an act would do to one person, as lines to read: from the door's own dry run.

use super::gate::Gate;
use super::pages::counted;
use super::pages::effects::{Effect, Tone, apps_told, gaps, sessions_end, tokens_end};
use super::preview::apps;
use crate::domain::signout::Plan;

/// The effects of a plan about one person.
pub fn of_plan(gate: &Gate, plan: &Plan) -> Vec<Effect> {
    let sessions = counted(plan.sessions, "session", "sessions");
    let mut effects = vec![sessions_end(plan.sessions, &sessions)];
    let (told, silent, lag) = apps(gate, plan);
    if plan.families > 0 {
        let what = match plan.families {
            1 => "1 grant of an app is revoked".to_owned(),
            n => format!("{} of apps are revoked", counted(n, "grant", "grants")),
        };
        effects.push(tokens_end(what, plan.offline, lag.as_deref()));
    }
    effects.extend(apps_told(&told, None));
    effects.extend(gaps(&silent, &gate.base()));
    if !plan.protected.is_empty() {
        effects.push(Effect::new(
            Tone::Safe,
            "lock",
            "Your own session is kept",
            "To end the session you are using now, use “Sign out”.",
        ));
    }
    effects
}
