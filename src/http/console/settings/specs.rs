//! Every setting of a realm: what it is called and what it means, by the tab it is on.

use crate::http::console::fields::{Choices, Kind, Sheet, spec};

const AT_LIMIT: Choices = &[
    ("deny", "The new sign-in is refused"),
    ("end-oldest", "The session that started first ends"),
    ("end-least-recent", "The session that was used least recently ends"),
    ("ask", "The person chooses which to end"),
];
const ADDRESS: Choices = &[
    ("off", "Nothing happens"),
    ("log", "It is written to the events"),
    ("deny", "It is refused, and the session ends"),
];
const ALGS: Choices = &[("ES256", "ES256"), ("RS256", "RS256"), ("EdDSA", "EdDSA")];
const FORMATS: Choices = &[
    ("jwt", "A signed JWT, which an API can check by itself"),
    ("opaque", "A text that an API has to ask about"),
];
const LANGUAGES: Choices = &[
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ja", "日本語"),
    ("ar", "العربية"),
];

const GENERAL: &[Sheet] = &[
    Sheet { title: "Name", about: "", specs: &[
        spec("display_name", "Display name", Kind::Maybe, "What people read on the sign-in page; the realm’s own name when empty."),
    ]},
    Sheet { title: "Look", about: "Of the sign-in pages and of people’s own pages.", specs: &[
        spec("look.accent", "Accent colour", Kind::Maybe, "Of buttons and links, as #rrggbb; the usual blue when empty. White text has to be legible on it, or it is refused."),
        spec("look.logo", "Logo", Kind::Maybe, "A picture beside the realm’s name, as data:image/png;base64,… of at most 32 KiB (PNG, JPEG, WebP or AVIF); its first letter on a tile when empty."),
        spec("look.language", "Language", Kind::MaybeOne("English", LANGUAGES), "For people whose browser asks for none of the languages there are."),
        spec("look.support_url", "Help", Kind::Maybe, "Where help is found, linked from the sign-in page."),
        spec("look.privacy_url", "Privacy", Kind::Maybe, "What is done with personal data, linked from every page."),
        spec("look.terms_url", "Terms of use", Kind::Maybe, "Linked from every page."),
    ]},
    Sheet { title: "People’s own pages", about: "", specs: &[
        spec("account.enabled", "Have them", Kind::Flag, "Where people see where they are signed in, end it, and look after their account."),
        spec("account.edit_profile", "Change name and language", Kind::Flag, "Switched off, an administrator does it."),
        spec("account.edit_email", "Change the e-mail address", Kind::Flag, "A new address counts as not verified."),
        spec("account.change_password", "Change the password", Kind::Flag, "Switch it off where passwords come from somewhere else."),
    ]},
];
const SESSIONS: &[Sheet] = &[
    Sheet { title: "How long sessions live", about: "A shorter time reaches sessions that exist, at once.", specs: &[
        spec("sessions.idle_timeout", "Idle timeout", Kind::Length, "A session that nobody uses for this long is over, for example 30m."),
        spec("sessions.max_lifetime", "Longest life", Kind::Length, "A session is over this long after its sign-in, used or not, for example 10h."),
    ]},
    Sheet { title: "Keep me signed in", about: "", specs: &[
        spec("sessions.remember_me", "Offer “Keep me signed in”", Kind::Flag, "Switched off, remembered sessions live by the times above from then on."),
        spec("sessions.remember_me_idle_timeout", "Idle timeout of a remembered session", Kind::Length, "Instead of the idle timeout above, for example 7d."),
        spec("sessions.remember_me_max_lifetime", "Longest life of a remembered session", Kind::Length, "Instead of the longest life above, for example 30d."),
    ]},
];
const TOKENS: &[Sheet] = &[
    Sheet { title: "How long tokens live", about: "", specs: &[
        spec("tokens.access_token_lifetime", "Access tokens", Kind::Length, "Also the longest that an API which never asks can lag behind a sign-out, so keep it short: 5m is usual."),
        spec("tokens.id_token_lifetime", "ID tokens", Kind::Length, "What an app is told about the person at sign-in; it is read at once, so minutes are plenty."),
        spec("tokens.authorization_code_lifetime", "Authorization codes", Kind::Length, "Between the sign-in page and the app’s request for tokens: at most 10m, and 60s is plenty."),
        spec("tokens.refresh_idle_timeout", "Refresh tokens, idle", Kind::Length, "Of a session: unused for this long it is over. It never outlives the session."),
        spec("tokens.offline_idle_timeout", "Offline grants, idle", Kind::Length, "Of offline_access: it outlives the session and is over when unused for this long."),
        spec("tokens.refresh_reuse_window", "Repeated refresh", Kind::Length, "An app whose answer was lost may repeat its request for this long; later, a refresh token that comes twice ends its whole line."),
    ]},
    Sheet { title: "What they look like", about: "", specs: &[
        spec("tokens.signing_algorithm", "Signed with", Kind::One(ALGS), "Unless an application registered another algorithm. ES256 is small and fast; RS256 is for old libraries."),
        spec("tokens.access_token_format", "Access tokens", Kind::One(FORMATS), "Unless an application has a choice of its own. An API that has to ask never lags behind a sign-out."),
        spec("tokens.status_list_ttl", "Status lists kept for", Kind::Length, "How long an API may keep a list of what is over before it fetches a new one; “off” for no lists."),
    ]},
];
const APPS: &[Sheet] = &[
    Sheet { title: "How applications learn of a sign-out", about: "Back-channel sign-out and webhooks are always on; an application’s own settings say which it has.", specs: &[
        spec("logout.longest_lag", "The longest lag allowed", Kind::Length, "An application that cannot be told, and whose tokens an API would take for longer than this after a sign-out, is refused; “off” for any time."),
        spec("logout.front_channel", "Front channel", Kind::Flag, "The page after a sign-out loads the addresses that applications gave for it. Best effort, beside the back channel."),
        spec("logout.check_session", "Session checks by scripts", Kind::Flag, "A script of an application may ask whether the browser’s session changed (Session Management 1.0)."),
        spec("logout.global_token_revocation", "Take commands to end everything of a person", Kind::Flag, "From applications with the scope gtr: a company’s own identity provider, a security system."),
        spec("shared_signals.enabled", "Shared signals", Kind::Flag, "Receivers with event streams hear of ended sessions and changed accounts as they happen."),
    ]},
];
const NETWORKS: &[Sheet] = &[
    Sheet { title: "Sign-in", about: "", specs: &[
        spec("sessions.sign_in_frequency", "Ask for credentials again after", Kind::Length, "Whatever the session says, in every application; “off” for as long as the session lives."),
    ]},
    Sheet { title: "Sessions of one person", about: "", specs: &[
        spec("sessions.limit", "Sessions at a time", Kind::Number, "How many one person may hold; 0 for any number. A lower limit ends the surplus at once."),
        spec("sessions.limit_action", "At the limit", Kind::One(AT_LIMIT), "What happens at a sign-in when a person holds as many as they may."),
    ]},
    Sheet { title: "Networks", about: "", specs: &[
        spec("sessions.one_address", "The same person from a second address", Kind::One(ADDRESS), "“Refused” suits desks that stay where they are: whoever moves between networks has to sign in again each time."),
    ]},
];
const RETENTION: &[Sheet] = &[
    Sheet { title: "How long what is over is remembered", about: "“off” is for good. What is still good never hangs on this.", specs: &[
        spec("retention.ended_sessions", "Ended sessions and grants", Kind::Length, "Since their end; shown under “Recently ended” until then."),
        spec("retention.signouts", "Sign-outs with their receipts", Kind::Length, "What was told to whom, and what was refused since: at least 2d, and never before all is settled."),
        spec("retention.audit", "Events", Kind::Length, "Who did what to whom: no shorter than sign-outs."),
    ]},
];

/// One tab of the settings.
pub struct Tab {
    /// In the address.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What is on it.
    pub sheets: &'static [Sheet],
}

/// All tabs.
pub const TABS: [Tab; 6] = [
    Tab { name: "general", label: "General & look", sheets: GENERAL },
    Tab { name: "sessions", label: "Sessions", sheets: SESSIONS },
    Tab { name: "tokens", label: "Tokens", sheets: TOKENS },
    Tab { name: "apps", label: "Sign-out & apps", sheets: APPS },
    Tab { name: "networks", label: "Sign-in & networks", sheets: NETWORKS },
    Tab { name: "retention", label: "Retention", sheets: RETENTION },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::realm::RealmSettings;
    use crate::http::console::fields::paths;

    #[test]
    fn every_setting_of_a_realm_has_a_field() {
        let settings = serde_json::to_value(RealmSettings::default()).unwrap();
        let mut names = Vec::new();
        for (name, value) in settings.as_object().unwrap() {
            match value.as_object() {
                // Nothing follows from it yet: clients cannot register themselves.
                Some(_) if name == "registration" => {}
                Some(section) => names.extend(section.keys().map(|key| format!("{name}.{key}"))),
                // It has a button of its own, since it ends every session.
                None if name == "enabled" => {}
                None => names.push(name.clone()),
            }
        }
        names.sort();
        let mut known: Vec<&str> = TABS.iter().flat_map(|tab| paths(tab.sheets)).collect();
        known.sort_unstable();
        assert_eq!(known, names);
    }
}
