//! What a change of an application's settings ends, or makes weaker: said before it is saved.

use crate::domain::client::{AuthMethod, Client, ClientSettings, SsfSubjects, bound, is_told};
use crate::domain::realm::Realm;
use crate::http::console::pages::Effect;
use crate::http::console::words;

/// What these settings in place of the client's end or make weaker; empty when nothing does.
pub fn than(realm: &Realm, client: &Client, after: &ClientSettings) -> Vec<Effect> {
    let before = &client.settings;
    let mut found = Vec::new();
    proof(before, after, &mut found);
    ways(before, after, &mut found);
    told(realm, before, after, &mut found);
    reach(before, after, &mut found);
    found
}

fn cut(title: impl Into<String>, text: impl Into<String>) -> Effect {
    Effect::new("cut", "ban", title, text)
}

fn gap(title: impl Into<String>, text: impl Into<String>) -> Effect {
    Effect::new("gap", "triangle-alert", title, text)
}

fn gone(before: &[String], after: &[String]) -> Vec<String> {
    let left = before.iter().filter(|one| !after.contains(one));
    left.cloned().collect()
}

fn proof(before: &ClientSettings, after: &ClientSettings, found: &mut Vec<Effect>) {
    let (old, new) = (
        before.token_endpoint_auth_method,
        after.token_endpoint_auth_method,
    );
    let secret = |method: AuthMethod| {
        matches!(
            method,
            AuthMethod::ClientSecretBasic
                | AuthMethod::ClientSecretPost
                | AuthMethod::ClientSecretJwt
        )
    };
    if old != new {
        found.push(match new {
            AuthMethod::None => gap(
                "It proves nothing any more",
                "Whoever knows its client_id can speak in its name at the token endpoint; only PKCE and the addresses protect its sign-in.",
            ),
            _ => cut(
                "The app has to prove itself in the new way at once",
                "Until it is set up for it, its requests for tokens are refused; people who are signed in to it stay so until it asks.",
            ),
        });
    }
    if secret(old) && !secret(new) {
        found.push(cut("Its secret is forgotten", "The new way needs none."));
    }
    if after.client_secret.is_some() {
        found.push(cut(
            "The secret is replaced",
            "The old one is refused at once: the app has to get the new one.",
        ));
    }
    if before.require_pkce && !after.require_pkce {
        found.push(gap(
            "PKCE is not required any more",
            "A code that is caught on its way back can then be used by whoever has the secret too.",
        ));
    }
}

fn ways(before: &ClientSettings, after: &ClientSettings, found: &mut Vec<Effect>) {
    for grant in gone(&before.grant_types, &after.grant_types) {
        found.push(match grant.as_str() {
            "refresh_token" => cut(
                "Its refresh tokens are refused",
                "People are signed out of it when their access token runs out.",
            ),
            "authorization_code" => cut("Nobody can sign in to it any more", ""),
            _ => cut("It gets no tokens of its own any more", ""),
        });
    }
    let addresses = gone(&before.redirect_uris, &after.redirect_uris);
    if !addresses.is_empty() {
        found.push(cut(
            "Sign-ins that come back to these addresses are refused",
            addresses.join(", "),
        ));
    }
    let addresses = gone(
        &before.post_logout_redirect_uris,
        &after.post_logout_redirect_uris,
    );
    if !addresses.is_empty() {
        found.push(cut(
            "After a sign-out nobody is sent to these addresses",
            addresses.join(", "),
        ));
    }
    let words = |scope: &str| {
        scope
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let scopes = gone(&words(&before.scope), &words(&after.scope));
    if !scopes.is_empty() {
        found.push(cut(
            "It may no longer ask for these scopes",
            scopes.join(", "),
        ));
    }
    let resources = gone(&before.resources, &after.resources);
    if !resources.is_empty() {
        found.push(cut(
            "It gets no new tokens for these APIs",
            resources.join(", "),
        ));
    }
}

fn told(realm: &Realm, before: &ClientSettings, after: &ClientSettings, found: &mut Vec<Effect>) {
    if is_told(before) && !is_told(after) {
        found.push(gap(
            "The app is no longer told of sign-outs",
            "A session of its own goes on until it asks, or a token it holds runs out.",
        ));
    } else {
        let removed = |old: &Option<String>, new: &Option<String>| old.is_some() && new.is_none();
        if removed(
            &before.backchannel_logout_uri,
            &after.backchannel_logout_uri,
        ) {
            found.push(gap(
                "Nothing is sent to its back-channel address any more",
                "",
            ));
        }
        if removed(&before.webhook_uri, &after.webhook_uri) {
            found.push(gap("Nothing is sent to its webhook any more", ""));
        }
        let fewer = before
            .backchannel_logout_initiators
            .iter()
            .filter(|who| !after.backchannel_logout_initiators.contains(who))
            .count();
        if fewer > 0 {
            found.push(gap(
                "It is told of fewer sign-outs",
                "Of those that somebody else brings about it hears nothing on its back-channel address.",
            ));
        }
    }
    if before.global_token_revocation_endpoint.is_some()
        && after.global_token_revocation_endpoint.is_none()
    {
        found.push(gap(
            "It gets no command any more when everything of a person ends",
            "",
        ));
    }
    if before.frontchannel_logout_uri.is_some() && after.frontchannel_logout_uri.is_none() {
        found.push(gap(
            "Browsers do not load its front-channel address any more",
            "",
        ));
    }
    let (old, new) = (bound(realm, before), bound(realm, after));
    if new > old
        && let Some(span) = new
    {
        found.push(gap(
            format!(
                "An API may take its tokens for up to {} after a sign-out",
                words::span(span)
            ),
            match old {
                Some(old) => format!("So far it is {} at most.", words::span(old)),
                None => "So far every use of a token is asked about.".to_owned(),
            },
        ));
    }
}

fn reach(before: &ClientSettings, after: &ClientSettings, found: &mut Vec<Effect>) {
    let roles = gone(&after.service_account_roles, &before.service_account_roles);
    if !roles.is_empty() {
        found.push(gap(
            "Its own account may do more",
            format!("It gets: {}", roles.join(", ")),
        ));
    }
    if before.ssf_subjects != after.ssf_subjects && after.ssf_subjects == SsfSubjects::All {
        found.push(gap(
            "It hears of everybody in the realm",
            "Also of people who never used it.",
        ));
    }
    let (old, new) = (
        &before.global_token_revocation_issuer,
        &after.global_token_revocation_issuer,
    );
    if old != new && new.is_some() {
        found.push(gap(
            "It may command the realm to end everything of a person",
            "By tokens signed with the keys given here.",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing;

    #[tokio::test]
    async fn what_is_stricter_or_only_another_name_is_not_asked_about() {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        let client = testing::client(&ctx, &realm, "app").await;
        let named = ClientSettings {
            client_name: Some("Another".to_owned()),
            backchannel_logout_uri: Some("https://app.example/out".to_owned()),
            ..client.settings.clone()
        };
        assert!(than(&realm, &client, &named).is_empty());
        let told = Client {
            settings: named.clone(),
            ..(*client).clone()
        };
        let weaker = ClientSettings {
            backchannel_logout_uri: None,
            redirect_uris: Vec::new(),
            token_endpoint_auth_method: AuthMethod::None,
            service_account_roles: vec!["auditor".to_owned()],
            ..named
        };
        let said: Vec<String> = than(&realm, &told, &weaker)
            .into_iter()
            .map(|e| e.title)
            .collect();
        for part in [
            "proves nothing",
            "secret is forgotten",
            "addresses are refused",
            "no longer told",
            "may do more",
        ] {
            assert!(
                said.iter().any(|title| title.contains(part)),
                "{part} in {said:?}"
            );
        }
    }
}
