//! Both spellings of a client, to and fro.

use super::*;
use crate::domain::id::ClientId;
use crate::domain::time::Timestamp;

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn web() -> Client {
    let settings = ClientSettings {
        client_id: "web".to_owned(),
        redirect_uris: vec!["https://app.example/cb".to_owned()],
        jwks: Some(json!({"keys": []})),
        backchannel_logout_uri: Some("https://app.example/out".to_owned()),
        ..ClientSettings::default()
    };
    let id = ClientId(uuid::Uuid::from_u128(3));
    Client {
        id,
        created_at: Timestamp(5),
        secret_hash: Some(vec![1; 32]),
        secret_sealed: None,
        webhook_sealed: None,
        settings,
    }
}

#[test]
fn what_is_shown_and_sent_back_changes_nothing_and_holds_no_secret() {
    let shown = members(&web());
    assert!(!shown.contains_key("secret") && !shown.contains_key("client_secret"));
    assert_eq!(settings(Some(&web()), shown).unwrap(), web().settings);
}

#[test]
fn keycloaks_spelling_and_ours_make_the_same_client() {
    let theirs = json!({
        "clientId": "api", "secret": "a-secret", "publicClient": false, "serviceAccountsEnabled": true,
        "standardFlowEnabled": false, "consentRequired": true, "protocol": "openid-connect", "webOrigins": [],
        "attributes": {"backchannel.logout.url": "https://a.example/out", "backchannel.logout.session.required": "true",
            "post.logout.redirect.uris": "https://a.example/##https://a.example/bye"},
    });
    let ours = json!({
        "client_id": "api", "client_secret": "a-secret", "grant_types": ["refresh_token", "client_credentials"],
        "consent": "once", "backchannel_logout_uri": "https://a.example/out",
        "backchannel_logout_session_required": true,
        "post_logout_redirect_uris": ["https://a.example/", "https://a.example/bye"],
    });
    assert_eq!(
        settings(None, map(theirs)).unwrap(),
        settings(None, map(ours)).unwrap()
    );
}

#[test]
fn one_changed_spelling_of_two_is_the_change() {
    let mut body = members(&web());
    body.insert("redirectUris".to_owned(), json!(["https://new.example/cb"]));
    body.insert("publicClient".to_owned(), json!(true));
    let after = settings(Some(&web()), body).unwrap();
    assert_eq!(after.redirect_uris, ["https://new.example/cb"]);
    assert_eq!(after.token_endpoint_auth_method, AuthMethod::None);
}

#[test]
fn a_member_at_fault_is_named() {
    for (body, words) in [
        (
            json!({"redirect_urls": []}),
            "did you mean \"redirect_uris\"?",
        ),
        (json!({"enabled": "yes"}), "enabled: "),
        (
            json!({"directAccessGrantsEnabled": true}),
            "directAccessGrantsEnabled is not available",
        ),
        (json!({"consent": "sometimes"}), "consent: "),
        (json!({"clientId": "a", "client_id": "b"}), "disagree"),
        (
            json!({"attributes": {"saml.signature": "true"}}),
            "attributes.saml.signature",
        ),
    ] {
        let detail = settings(Some(&web()), map(body)).unwrap_err().detail;
        assert!(detail.contains(words), "{detail}");
    }
}

#[test]
fn keycloaks_front_channel_is_an_address_and_a_switch() {
    let uri = "https://app.example/out";
    let attributes =
        json!({"frontchannel.logout.url": uri, "frontchannel.logout.session.required": "true"});
    let body = json!({"clientId": "a", "frontchannelLogout": true, "attributes": attributes});
    let made = settings(None, map(body)).unwrap();
    assert_eq!(made.frontchannel_logout_uri.as_deref(), Some(uri));
    assert!(made.frontchannel_logout_session_required);
    // Its console says so of every new client, whether it has an address or not.
    let bare = settings(
        None,
        map(json!({"clientId": "a", "frontchannelLogout": true})),
    )
    .unwrap();
    assert_eq!(bare.frontchannel_logout_uri, None);
    let on = Client {
        settings: made,
        ..web()
    };
    let shown = members(&on);
    assert_eq!(shown["frontchannelLogout"], true);
    assert_eq!(shown["attributes"]["frontchannel.logout.url"], uri);
    assert_eq!(settings(Some(&on), shown.clone()).unwrap(), on.settings);
    let mut off = shown;
    off.insert("frontchannelLogout".to_owned(), json!(false));
    off.insert(
        "frontchannel_logout_session_required".to_owned(),
        json!(false),
    );
    let off = settings(Some(&on), off).unwrap();
    assert_eq!(off.frontchannel_logout_uri, None);
}

#[test]
fn a_webhooks_secret_comes_in_and_never_goes_out() {
    let body = json!({"client_id": "a", "webhook_uri": "https://a.example/hook", "webhook_secret": "whsec_x"});
    let made = settings(None, map(body)).unwrap();
    assert_eq!(made.webhook_secret.as_deref(), Some("whsec_x"));
    assert!(!members(&web()).contains_key("webhook_secret"));
}
