//! What an act ends, as lines to read before it is done: the same words wherever somebody is asked.

use super::atoms::{Link, counted};
use super::confirm::{Gap, Told};

/// How an effect is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something ends.
    Cut,
    /// Something goes on for a while.
    Gap,
    /// Something is kept.
    Safe,
    /// Something else.
    Plain,
}

impl Tone {
    /// Its class.
    pub(in crate::http::console::pages) fn class(self) -> &'static str {
        match self {
            Tone::Cut => "cut",
            Tone::Gap => "gap",
            Tone::Safe => "safe",
            Tone::Plain => "",
        }
    }
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub struct Effect {
    /// How it is shown.
    pub tone: Tone,
    /// Its icon.
    pub icon: &'static str,
    /// What: "3 sessions end".
    pub what: String,
    /// What that means; may be empty.
    pub more: String,
    /// Names with a word each: apps and how they are told.
    pub chips: Vec<(String, String)>,
    /// Where there is more to read.
    pub link: Option<Link>,
}

impl Effect {
    /// An effect without names.
    pub fn new(
        tone: Tone,
        icon: &'static str,
        what: impl Into<String>,
        more: impl Into<String>,
    ) -> Effect {
        Effect {
            tone,
            icon,
            what: what.into(),
            more: more.into(),
            chips: Vec::new(),
            link: None,
        }
    }
}

/// That sessions end; `what` is their number in words.
pub fn sessions_end(n: u64, what: &str) -> Effect {
    if n == 0 {
        return Effect::new(
            Tone::Plain,
            "log-out",
            "No session is active",
            "One that starts while you read this ends as well.",
        );
    }
    let (verb, them) = if n == 1 {
        ("ends", "it")
    } else {
        ("end", "them")
    };
    Effect::new(
        Tone::Cut,
        "log-out",
        format!("{what} {verb}"),
        format!("On every server, at once. Refreshing the page does not bring {them} back."),
    )
}

/// That refresh tokens are revoked; `what` says so. `lag` is how long an API that never asks may still take a token.
pub fn tokens_end(what: String, offline: u64, lag: Option<&str>) -> Effect {
    let mut more = "Token checks answer “inactive” from this moment.".to_owned();
    match offline {
        0 => {}
        1 => more.push_str(" 1 of them is an offline grant."),
        n => more.push_str(&format!(" {n} of them are offline grants.")),
    }
    if let Some(lag) = lag {
        more.push_str(&format!(
            " An API that never asks may accept one for up to {lag}."
        ));
    }
    Effect::new(Tone::Cut, "ban", what, more)
}

/// That apps are told; `messages` may say how many messages that is.
pub fn apps_told(told: &[Told], messages: Option<&str>) -> Option<Effect> {
    if told.is_empty() {
        return None;
    }
    let what = format!("{} told", counted(told.len() as u64, "app is", "apps are"));
    let more = "Each answer is recorded. Silent apps are retried for 24 hours.";
    let more = match messages {
        Some(text) => format!("{text} {more}"),
        None => more.to_owned(),
    };
    let mut effect = Effect::new(Tone::Cut, "send", what, more);
    effect.chips = told
        .iter()
        .map(|app| (app.name.clone(), app.channel.clone()))
        .collect();
    Some(effect)
}

/// The apps that cannot be told, each with how long it goes on; many in one line. `base` is the console's address.
pub fn gaps(gaps: &[Gap], base: &str) -> Vec<Effect> {
    if gaps.len() > ONE_BY_ONE {
        let names: Vec<&str> = gaps.iter().map(|gap| gap.name.as_str()).collect();
        let lasting = gaps.iter().filter(|gap| !gap.lasts.is_empty()).count();
        let more = format!(
            "{}. {} of them until a token runs out.",
            names.join(", "),
            super::grouped(lasting as u64)
        );
        let what = format!("{} apps cannot be told", gaps.len());
        return vec![Effect::new(Tone::Gap, "hourglass", what, more)];
    }
    let one = |gap: &Gap| {
        let what = match gap.lasts.as_str() {
            "" => format!("{} cannot be told", gap.name),
            lasts => format!("{} keeps working for up to {lasts}", gap.name),
        };
        Effect {
            link: Some(Link {
                label: "See applications".to_owned(),
                url: format!("{base}/apps"),
            }),
            ..Effect::new(Tone::Gap, "hourglass", what, gap.why.clone())
        }
    };
    gaps.iter().map(one).collect()
}

/// Apps that are named one by one.
const ONE_BY_ONE: usize = 6;
