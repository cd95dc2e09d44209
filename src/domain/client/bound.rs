//! Bound: how long whoever takes an app's access tokens without asking can lag behind a sign-out, and whether the realm
//! puts up with that.

use super::{CONSOLE, Client, ClientSettings, RevocationCheck};
use crate::domain::outbox::Channel;
use crate::domain::realm::{AccessTokenFormat, Realm};
use crate::domain::signout::Reason;
use crate::domain::status;
use crate::domain::time::Span;

/// The longest that an API which takes this app's access tokens can lag behind the sign-out of a person; `None` where
/// every use is asked about: opaque tokens, an API that introspects, the console, an app that gets nothing for people.
pub fn bound(realm: &Realm, settings: &ClientSettings) -> Option<Span> {
    let for_people = settings
        .grant_types
        .iter()
        .any(|grant| grant == "authorization_code");
    if !for_people || settings.client_id == CONSOLE {
        return None;
    }
    let tokens = &realm.settings.tokens;
    let format = settings
        .access_token_format
        .unwrap_or(tokens.access_token_format);
    if format == AccessTokenFormat::Opaque {
        return None;
    }
    let (lifetime, ttl) = (tokens.access_token_lifetime, tokens.status_list_ttl);
    match settings.access_token_revocation_check {
        RevocationCheck::Introspection => None,
        RevocationCheck::StatusList if !ttl.is_zero() => {
            Some(lifetime.min(Span(ttl.0.saturating_add(status::LEEWAY.0))))
        }
        RevocationCheck::None | RevocationCheck::StatusList => Some(lifetime),
    }
}

/// Why the bound is what it is, in a sentence.
pub fn why(realm: &Realm, client: &Client) -> String {
    let settings = &client.settings;
    let listed = settings.access_token_revocation_check == RevocationCheck::StatusList;
    match bound(realm, settings) {
        None if settings.client_id == CONSOLE => {
            "It is a part of the server and asks at every request.".to_owned()
        }
        None if !settings
            .grant_types
            .iter()
            .any(|grant| grant == "authorization_code") =>
        {
            "It gets no tokens for people.".to_owned()
        }
        None => "Whoever takes its access tokens has to ask the server each time.".to_owned(),
        Some(span) if listed => format!(
            "An API that checks the status list takes its access tokens for up to {span} after a sign-out."
        ),
        Some(span) => format!(
            "An API that never asks takes its access tokens for up to {span} after a sign-out."
        ),
    }
}

/// Whether the app is told when an administrator ends one of its sessions.
pub fn is_told(settings: &ClientSettings) -> bool {
    !Channel::of(settings, Reason::Admin, false).is_empty()
}

/// What is wrong when an app that cannot be told lags longer than the realm allows (`[logout] longest_lag`): the bound, the
/// limit and what would help.
pub fn too_long(realm: &Realm, settings: &ClientSettings) -> Option<String> {
    let limit = realm.settings.logout.longest_lag;
    let bound = bound(realm, settings)?;
    if limit.is_zero() || bound <= limit || is_told(settings) || !settings.enabled {
        return None;
    }
    Some(format!(
        "an API that takes this client's access tokens may lag {bound} behind a sign-out, the realm allows {limit} \
         ([logout] longest_lag), and the client cannot be told: give it a backchannel_logout_uri or a webhook_uri, or \
         access_token_format = \"opaque\", or let [tokens] access_token_lifetime be at most {limit}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing;

    #[tokio::test]
    async fn the_bound_follows_format_and_check_and_lifetime() {
        let (ctx, _) = testing::context();
        let mut realm = (*testing::realm(&ctx, "demo").await).clone();
        let app = |change: fn(&mut ClientSettings)| {
            let mut settings = ClientSettings {
                client_id: "web".to_owned(),
                ..ClientSettings::default()
            };
            change(&mut settings);
            settings
        };
        let plain = app(|_| {});
        assert_eq!(bound(&realm, &plain), Some(Span::mins(5)));
        let opaque = app(|s| s.access_token_format = Some(AccessTokenFormat::Opaque));
        assert_eq!(bound(&realm, &opaque), None);
        let asks = app(|s| s.access_token_revocation_check = RevocationCheck::Introspection);
        assert_eq!(bound(&realm, &asks), None);
        let own = app(|s| s.grant_types = vec!["client_credentials".to_owned()]);
        assert_eq!(bound(&realm, &own), None);
        let lists = app(|s| s.access_token_revocation_check = RevocationCheck::StatusList);
        let ttl = realm.settings.tokens.status_list_ttl;
        assert_eq!(bound(&realm, &lists), Some(Span(ttl.0 + status::LEEWAY.0)));
        realm.settings.tokens.status_list_ttl = Span::ZERO;
        assert_eq!(bound(&realm, &lists), Some(Span::mins(5)));

        assert_eq!(too_long(&realm, &plain), None, "off");
        realm.settings.logout.longest_lag = Span::mins(1);
        let why = too_long(&realm, &plain).unwrap();
        for part in ["5m", "1m", "longest_lag", "backchannel_logout_uri"] {
            assert!(why.contains(part), "{part} in {why}");
        }
        assert_eq!(too_long(&realm, &opaque), None);
        let told = app(|s| s.backchannel_logout_uri = Some("https://a.example/out".to_owned()));
        assert_eq!(too_long(&realm, &told), None);
        let off = app(|s| s.enabled = false);
        assert_eq!(too_long(&realm, &off), None);
        realm.settings.logout.longest_lag = Span::mins(5);
        assert_eq!(too_long(&realm, &plain), None);
    }
}
