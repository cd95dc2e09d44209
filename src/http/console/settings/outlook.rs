//! What a change of the realm's settings does to what is running, in plain words.

use crate::domain::realm::outlook::{self, Outlook};
use crate::domain::realm::{
    AccessTokenFormat, LimitAction, OneAddress, RealmSettings,
};
use crate::domain::time::Span;
use crate::domain::{Fault, client};
use crate::http::console::gate::Gate;
use crate::http::console::pages::{Effect, counted};
use crate::http::console::words;

/// What these settings in place of the realm's would do.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn effects(gate: &Gate, after: &RealmSettings) -> Result<Vec<Effect>, Fault> {
    let own = (gate.admin.home.id == gate.realm.id).then(|| gate.admin.sid());
    let seen = outlook::of(&gate.ctx, &gate.realm, after, own).await?;
    let mut found = Vec::new();
    sessions(&seen, &mut found);
    rules(&gate.realm.settings, after, &seen, &mut found);
    tokens(&gate.realm.settings, after, &mut found);
    channels(&gate.realm.settings, after, &mut found);
    lag(gate, after, &mut found).await?;
    forgotten(&gate.realm.settings, after, &mut found);
    if !found.iter().any(|effect| effect.tone == "cut") {
        found.insert(0, Effect::new("safe", "shield-check", "No session ends", "Everybody stays signed in."));
    }
    Ok(found)
}

fn sessions(seen: &Outlook, found: &mut Vec<Effect>) {
    let at_least = if seen.exact { "" } else { "At least " };
    let partly = match seen.exact {
        true => String::new(),
        false => format!(" Only {} were looked at.", counted(seen.looked, "session", "sessions")),
    };
    let ended = seen.ended();
    if ended > 0 {
        let what = counted(ended, "session ends", "sessions end");
        let why = match (seen.over, seen.surplus) {
            (_, 0) => "By the new times they are over.".to_owned(),
            (0, _) => "Their people hold more than the new limit.".to_owned(),
            (over, surplus) => format!(
                "{} over by the new times, {} more than the new limit.",
                counted(over, "is", "are"),
                counted(surplus, "is", "are")
            ),
        };
        let text = format!("{why} Their apps are told, and there is a receipt for each.{partly}");
        found.push(Effect::new("cut", "log-out", format!("{at_least}{what} at once"), text));
    }
    if seen.own {
        found.push(Effect::new("gap", "triangle-alert", "Your own session is among them", "You will have to sign in again."));
    }
    if seen.earlier > 0 {
        let what = counted(seen.earlier, "session will end", "sessions will end");
        let text = format!("They go on, and time out sooner than they would have.{partly}");
        found.push(Effect::new("", "hourglass", format!("{at_least}{what} earlier"), text));
    }
    if seen.asked > 0 {
        let what = counted(seen.asked, "session is", "sessions are");
        let text = "At the next step in any app: the last sign-in is longer ago than the new time.";
        found.push(Effect::new("", "key-round", format!("{at_least}{what} asked for credentials"), text));
    }
    if seen.grants > 0 {
        let what = counted(seen.grants, "grant of an app is", "grants of apps are");
        let text = "Unused for longer than the new time: its refresh token is refused from now on.";
        found.push(Effect::new("cut", "ban", format!("{at_least}{what} over at once"), text));
    }
}

fn rules(before: &RealmSettings, after: &RealmSettings, seen: &Outlook, found: &mut Vec<Effect>) {
    let (old, new) = (&before.sessions, &after.sessions);
    if old.remember_me && !new.remember_me {
        found.push(Effect::new("", "clock", "Remembered sessions live by the ordinary times from now on", "The sign-in page offers “Keep me signed in” no more."));
    }
    if old.one_address != new.one_address {
        match new.one_address {
            OneAddress::Deny => found.push(Effect::new("gap", "network", "A session that is used from another address than it started at ends",
                "How many that will be cannot be told beforehand: it shows when they are next used.")),
            OneAddress::Log => found.push(Effect::new("", "network", "A second address of the same session is written to the events", "")),
            OneAddress::Off => {}
        }
    }
    let lower = new.limit > 0 && (old.limit == 0 || new.limit < old.limit);
    if lower && seen.surplus == 0 && seen.exact {
        found.push(Effect::new("safe", "users", "Nobody holds more sessions than the new limit", ""));
    }
    if new.limit > 0 && new.limit_action == LimitAction::Deny && old.limit_action != LimitAction::Deny {
        found.push(Effect::new("gap", "lock", "Whoever holds as many sessions as allowed cannot sign in anywhere else", "Not even to end one of them; an administrator has to."));
    }
}

fn tokens(before: &RealmSettings, after: &RealmSettings, found: &mut Vec<Effect>) {
    let (old, new) = (&before.tokens, &after.tokens);
    if new.access_token_lifetime < old.access_token_lifetime {
        let text = format!("Apps renew them without asking anybody. An API that never asks may still take one for up to {}.", words::span(old.access_token_lifetime));
        found.push(Effect::new("", "clock", format!("Access tokens older than {} are refused where somebody asks", words::span(new.access_token_lifetime)), text));
    }
    if new.access_token_lifetime > old.access_token_lifetime {
        found.push(Effect::new("gap", "hourglass", format!("An API that never asks may lag up to {} behind a sign-out", words::span(new.access_token_lifetime)),
            format!("So far it is {} at most.", words::span(old.access_token_lifetime))));
    }
    if old.signing_algorithm != new.signing_algorithm {
        found.push(Effect::new("gap", "key-round", format!("New tokens are signed with {}", new.signing_algorithm.name()),
            "Applications that know the old algorithm alone refuse them. Tokens that exist stay good."));
    }
    if old.access_token_format != new.access_token_format {
        found.push(match new.access_token_format {
            AccessTokenFormat::Opaque => Effect::new("gap", "eye", "APIs that check tokens by themselves refuse the new ones", "They have to ask the introspection endpoint."),
            AccessTokenFormat::Jwt => Effect::new("gap", "hourglass", "APIs may check tokens by themselves, and then lag behind a sign-out", ""),
        });
    }
    if !old.status_list_ttl.is_zero() && new.status_list_ttl.is_zero() {
        found.push(Effect::new("gap", "hourglass", "There are no status lists any more", "An API that checked them learns of a sign-out when the token expires."));
    }
}

fn channels(before: &RealmSettings, after: &RealmSettings, found: &mut Vec<Effect>) {
    let (old, new) = (&before.logout, &after.logout);
    let off = [
        (old.front_channel && !new.front_channel, "Browsers no longer load the front-channel addresses of apps at sign-out", "Back-channel sign-out goes on."),
        (old.check_session && !new.check_session, "Scripts of apps can no longer ask whether the session changed", ""),
        (old.global_token_revocation && !new.global_token_revocation, "Commands to end everything of a person are refused", ""),
        (before.shared_signals.enabled && !after.shared_signals.enabled, "Event streams carry nothing any more", "Receivers are not told of what happens until it is on again."),
    ];
    for (is_off, title, text) in off {
        if is_off {
            found.push(Effect::new("gap", "triangle-alert", title, text));
        }
    }
}

/// Applications that lag longer than the realm will allow: they stay as they are, and readiness lists them.
async fn lag(gate: &Gate, after: &RealmSettings, found: &mut Vec<Effect>) -> Result<(), Fault> {
    let limit = after.logout.longest_lag;
    if limit.is_zero() || (limit == gate.realm.settings.logout.longest_lag && after.tokens == gate.realm.settings.tokens) {
        return Ok(());
    }
    let mut realm = (*gate.realm).clone();
    realm.settings = after.clone();
    let (clients, more) = client::list(&gate.ctx, &gate.realm, "", None, LOOKED_AT).await?;
    let slow: Vec<_> = clients.iter().filter(|c| client::too_long(&realm, &c.settings).is_some()).collect();
    if !slow.is_empty() {
        let at_least = if more.is_some() { "At least " } else { "" };
        let what = counted(slow.len() as u64, "application lags", "applications lag");
        let mut effect = Effect::new("gap", "hourglass", format!("{at_least}{what} longer than that"),
            "They go on as they are; their next change is refused until they can be told. The list of applications shows them.");
        effect.chips = slow.iter().take(12).map(|c| (c.name().to_owned(), String::new())).collect();
        found.push(effect);
    }
    Ok(())
}

fn forgotten(before: &RealmSettings, after: &RealmSettings, found: &mut Vec<Effect>) {
    let for_good = |span: Span| if span.is_zero() { Span(u64::MAX) } else { span };
    let (old, new) = (&before.retention, &after.retention);
    let all = [
        (old.ended_sessions, new.ended_sessions, "Ended sessions and grants"),
        (old.signouts, new.signouts, "Sign-outs with their receipts"),
        (old.audit, new.audit, "Events"),
    ];
    for (old, new, what) in all {
        if for_good(new) < for_good(old) {
            found.push(Effect::new("gap", "trash-2", format!("{what} older than {} are forgotten", words::span(new)), "Within the hour, and for good."));
        }
    }
}

const LOOKED_AT: usize = 500;
