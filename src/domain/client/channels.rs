//! The ways in which an app can be told of a sign-out beside back-channel logout, and what may be said of them: a page in
//! the user's browser, a command to revoke, a webhook.

use url::Url;
use zeroize::Zeroizing;

use super::check::{LONGEST_URI, Problem, cut, secure, web};
use super::sealed::{self, Kept};
use super::{Client, ClientSettings};
use crate::crypto::{self, Secret};
use crate::domain::client::verbs::ClientError;
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault};

/// The scope that lets a client command the realm to end everything of one of its users
/// (draft-parecki-oauth-global-token-revocation-06 §3.2: "e.g. missing scopes").
pub const REVOKE_SCOPE: &str = "gtr";

/// What is wrong with the settings of these channels, as sentences; empty when nothing is.
pub(super) fn problems(settings: &ClientSettings) -> Vec<Problem> {
    let mut problems = Vec::new();
    // Back-Channel Logout 1.0 §2.2: who requires `sid` gets no notice without it.
    if settings.backchannel_logout_user_wide && settings.backchannel_logout_session_required {
        problems.push(("backchannel_logout_user_wide", "backchannel_logout_user_wide sends notices without sid, which backchannel_logout_session_required rules out: set one of them"
                .to_owned()));
    }
    front_channel_problem(settings, &mut problems);
    let secure_web = |uri: &str| web(uri).and_then(|url| secure(&url));
    let addresses = [
        (
            "global_token_revocation_endpoint",
            &settings.global_token_revocation_endpoint,
        ),
        (
            "global_token_revocation_issuer",
            &settings.global_token_revocation_issuer,
        ),
        ("webhook_uri", &settings.webhook_uri),
    ];
    for (name, uri) in addresses {
        if let Some(uri) = uri
            && let Err(why) = secure_web(uri)
        {
            problems.push((name, format!("{name}: {why}, found {:?}", cut(uri))));
        }
    }
    if let Some(audience) = &settings.global_token_revocation_audience {
        if audience.is_empty() || audience.len() > LONGEST_URI || !is_plain(audience) {
            problems.push(("global_token_revocation_audience", format!(
                "global_token_revocation_audience has 1 to {LONGEST_URI} printable ASCII characters and no spaces, found {:?}",
                cut(audience)
            )));
        }
        if settings.global_token_revocation_endpoint.is_none() {
            problems.push(("global_token_revocation_audience", "global_token_revocation_audience has no effect without global_token_revocation_endpoint"
                    .to_owned()));
        }
    }
    if settings.global_token_revocation_issuer.is_some() {
        if settings.jwks.is_none() {
            problems.push(("global_token_revocation_issuer", "global_token_revocation_issuer needs jwks with the keys that its tokens are signed with"
                    .to_owned()));
        }
        if !may_command(settings) {
            problems.push((
                "global_token_revocation_issuer",
                format!("global_token_revocation_issuer needs the word {REVOKE_SCOPE:?} in scope"),
            ));
        }
    }
    if let Some(secret) = &settings.webhook_secret {
        if read_webhook_secret(secret).is_none() {
            problems.push(("webhook_secret", SECRET_EXPECTED.to_owned()));
        }
        if settings.webhook_uri.is_none() {
            problems.push((
                "webhook_secret",
                "webhook_secret has no effect without webhook_uri".to_owned(),
            ));
        }
    }
    problems
}

/// Front-Channel Logout 1.0 §2: "The domain, port, and scheme of this URL MUST be the same as that of a registered
/// Redirection URI value." Plain http is for this machine only: a page by https would not load it.
fn front_channel_problem(settings: &ClientSettings, problems: &mut Vec<Problem>) {
    let Some(uri) = &settings.frontchannel_logout_uri else {
        if settings.frontchannel_logout_session_required {
            problems.push(("frontchannel_logout_session_required", "frontchannel_logout_session_required has no effect without frontchannel_logout_uri"
                    .to_owned()));
        }
        return;
    };
    let url = match web(uri).and_then(|url| secure(&url).map(|()| url)) {
        Ok(url) => url,
        Err(why) => {
            return problems.push((
                "frontchannel_logout_uri",
                format!("frontchannel_logout_uri: {why}, found {:?}", cut(uri)),
            ));
        }
    };
    let is_own = |redirect: &String| {
        Url::parse(redirect).is_ok_and(|redirect| redirect.origin() == url.origin())
    };
    if !settings.redirect_uris.iter().any(is_own) {
        problems.push(("frontchannel_logout_uri", format!(
            "frontchannel_logout_uri: its scheme, host and port must be those of one of redirect_uris \
             (Front-Channel Logout 1.0 section 2), found {:?}",
            cut(uri)
        )));
    }
}

/// Whether a client may command the realm to end everything of one of its users.
pub fn may_command(settings: &ClientSettings) -> bool {
    settings.scope.split(' ').any(|scope| scope == REVOKE_SCOPE)
}

/// What a browser loads to have the app forget a session, when the app has a front channel and may do anything.
pub fn front_channel(client: &Client) -> Option<&str> {
    client
        .settings
        .frontchannel_logout_uri
        .as_deref()
        .filter(|_| client.settings.enabled)
}

/// The key that the client's webhooks are signed with; `None` when it has no webhook.
///
/// # Errors
/// [`Fault::Crypto`] when it does not open.
pub fn webhook_key(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
    client
        .webhook_sealed
        .as_deref()
        .map(|sealed| sealed::open(ctx, realm.id, client.id, Kept::Webhook, sealed))
        .transpose()
}

/// Whether this is the secret of the client's webhook.
pub(in crate::domain) fn has_webhook_secret(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    secret: &str,
) -> bool {
    match (webhook_key(ctx, realm, client), read_webhook_secret(secret)) {
        (Ok(Some(kept)), Some(given)) => crypto::same(&kept, &given),
        _ => false,
    }
}

/// Brings the kept webhook key in line with the settings: none without a webhook; the given one; or the one it has.
pub(super) fn equip(
    ctx: &Context,
    realm: &Realm,
    client: &mut Client,
    given: Option<Secret>,
) -> Result<(), ClientError> {
    if client.settings.webhook_uri.is_none() {
        client.webhook_sealed = None;
        return Ok(());
    }
    let Some(given) = given else {
        return match client.webhook_sealed {
            Some(_) => Ok(()),
            None => Err(ClientError::Invalid(vec![format!(
                "webhook_uri needs webhook_secret: {SECRET_EXPECTED}"
            )])),
        };
    };
    // Sealed anew it would look like a change.
    if has_webhook_secret(ctx, realm, client, given.expose()) {
        return Ok(());
    }
    let Some(key) = read_webhook_secret(given.expose()) else {
        return Err(ClientError::Invalid(vec![SECRET_EXPECTED.to_owned()]));
    };
    let sealed = sealed::seal(ctx, realm.id, client.id, Kept::Webhook, &key)?;
    client.webhook_sealed = Some(sealed);
    Ok(())
}

/// The bytes of a secret as Standard Webhooks writes it: `whsec_` and 24 to 64 bytes in base64.
fn read_webhook_secret(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let key = Zeroizing::new(crypto::unbase64(text.strip_prefix("whsec_")?)?);
    (24..=64).contains(&key.len()).then_some(key)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

/// What is said of a secret that does not read; never the secret.
pub const SECRET_EXPECTED: &str = "webhook_secret is \"whsec_\" followed by 24 to 64 random bytes in base64, such as \
                                   `echo whsec_$(openssl rand -base64 32)` prints";
/// The context under which the key is sealed.
#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> ClientSettings {
        ClientSettings {
            client_id: "web".to_owned(),
            redirect_uris: vec![
                "https://app.example/cb".to_owned(),
                "http://127.0.0.1:9090/cb".to_owned(),
            ],
            ..ClientSettings::default()
        }
    }

    #[test]
    fn a_front_channel_lies_where_the_app_lies() {
        for (uri, words) in [
            ("https://app.example/out?tenant=1", None),
            ("http://127.0.0.1:9090/out", None),
            ("https://other.example/out", Some("must be those of one")),
            ("https://app.example:8443/out", Some("must be those of one")),
            ("http://app.example/out", Some("plain http")),
            ("http://127.0.0.1:9091/out", Some("must be those of one")),
            ("https://app.example/out#x", Some("no fragment")),
            ("javascript:alert(1)", Some("starts with https://")),
        ] {
            let found = problems(&ClientSettings {
                frontchannel_logout_uri: Some(uri.to_owned()),
                ..app()
            });
            match words {
                None => assert!(found.is_empty(), "{uri}: {found:?}"),
                Some(words) => assert!(
                    found.len() == 1 && found[0].1.contains(words),
                    "{uri}: {found:?}"
                ),
            }
        }
    }

    #[test]
    fn a_setting_that_needs_another_says_so() {
        for (settings, words) in [
            (
                ClientSettings {
                    backchannel_logout_session_required: true,
                    backchannel_logout_user_wide: true,
                    ..app()
                },
                "set one of them",
            ),
            (
                ClientSettings {
                    frontchannel_logout_session_required: true,
                    ..app()
                },
                "without frontchannel_logout_uri",
            ),
            (
                ClientSettings {
                    global_token_revocation_issuer: Some("https://idp.example".to_owned()),
                    scope: "openid gtr".to_owned(),
                    ..app()
                },
                "needs jwks",
            ),
            (
                ClientSettings {
                    global_token_revocation_issuer: Some("https://idp.example".to_owned()),
                    jwks: Some(serde_json::json!({"keys": []})),
                    ..app()
                },
                "the word \"gtr\" in scope",
            ),
            (
                ClientSettings {
                    global_token_revocation_audience: Some("https://a.example".to_owned()),
                    ..app()
                },
                "without global_token_revocation_endpoint",
            ),
            (
                ClientSettings {
                    global_token_revocation_endpoint: Some("http://a.example/gtr".to_owned()),
                    ..app()
                },
                "plain http",
            ),
            (
                ClientSettings {
                    webhook_secret: Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()),
                    ..app()
                },
                "without webhook_uri",
            ),
            (
                ClientSettings {
                    webhook_uri: Some("https://a.example/hook".to_owned()),
                    webhook_secret: Some("hush-hush-hush".to_owned()),
                    ..app()
                },
                "openssl rand",
            ),
        ] {
            let found = problems(&settings);
            assert!(found.iter().any(|s| s.1.contains(words)), "{found:?}");
            assert!(!found.iter().any(|s| s.1.contains("hush")), "{found:?}");
        }
    }

    #[test]
    fn a_webhook_secret_has_the_form_of_standard_webhooks() {
        assert_eq!(
            read_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").map(|k| k.len()),
            Some(24)
        );
        for bad in [
            "",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_short",
            "whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            assert!(read_webhook_secret(bad).is_none(), "{bad}");
        }
    }
}
