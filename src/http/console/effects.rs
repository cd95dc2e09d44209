//! What an act would do, as lines to read: from the door's own dry run.

use super::gate::Gate;
use super::pages::counted;
use super::pages::people::{Effect, Tone};
use super::preview::apps;
use crate::domain::signout::Plan;

/// The effects of a plan about one person.
pub fn of_plan(gate: &Gate, plan: &Plan) -> Vec<Effect> {
    let mut effects = Vec::new();
    let sessions = counted(plan.sessions, "session", "sessions");
    effects.push(match plan.sessions {
        0 => Effect::new(
            Tone::Plain,
            "log-out",
            "No session is active",
            "One that starts while you read this ends as well.",
        ),
        n => Effect::new(
            Tone::Cut,
            "log-out",
            format!("{sessions} {}", if n == 1 { "ends" } else { "end" }),
            "On every server, at once. Refreshing a page does not bring it back.",
        ),
    });
    let (told, gaps, lag) = apps(gate, plan);
    if plan.families > 0 {
        let mut more = "Token checks answer “inactive” from this moment.".to_owned();
        match plan.offline {
            0 => {}
            1 => more.push_str(" 1 of them is an offline grant, which outlives sessions."),
            n => more.push_str(&format!(
                " {n} of them are offline grants, which outlive sessions."
            )),
        }
        if let Some(lag) = lag {
            more.push_str(&format!(
                " An API that never asks may accept a token for up to {lag}."
            ));
        }
        let what = match plan.families {
            1 => "1 grant of an application is revoked".to_owned(),
            n => format!(
                "{} of applications are revoked",
                counted(n, "grant", "grants")
            ),
        };
        effects.push(Effect::new(Tone::Cut, "ban", what, more));
    }
    if !told.is_empty() {
        let n = told.len() as u64;
        let mut effect = Effect::new(
            Tone::Cut,
            "send",
            format!("{} told", counted(n, "application is", "applications are")),
            "Each answer is recorded. Silent ones are tried again for 24 hours.",
        );
        effect.chips = told
            .into_iter()
            .map(|app| (app.name, app.channel))
            .collect();
        effects.push(effect);
    }
    for gap in gaps {
        let what = match gap.lasts.as_str() {
            "" => format!("{} cannot be told", gap.name),
            lasts => format!("{} keeps working for up to {lasts}", gap.name),
        };
        effects.push(Effect::new(Tone::Gap, "hourglass", what, gap.why));
    }
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
