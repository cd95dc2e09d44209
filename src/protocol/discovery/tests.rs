//! Which members the document has, feature by feature.

use super::*;

const ISSUER: &str = "https://id.example/realms/demo";

fn document(features: Features) -> Map<String, Value> {
    let discovery = Discovery {
        issuer: ISSUER,
        id_token_algorithms: &["ES256", "RS256"],
        auth_methods: &[AuthMethod::ClientSecretBasic, AuthMethod::PrivateKeyJwt],
        public_clients: true,
        assertion_algorithms: &["ES256"],
        scopes: &["openid"],
        claims: &["sub"],
        acr_values: &[],
        ui_locales: &["en"],
        features,
    };
    match discovery.to_json() {
        Value::Object(map) => map,
        _ => panic!("an object was expected"),
    }
}

#[test]
fn every_url_starts_with_the_issuer() {
    let all = Features {
        backchannel_logout: true,
        frontchannel_logout: true,
        check_session: true,
        global_token_revocation: true,
        registration: true,
        device: true,
        pushed_requests: true,
        status_lists: true,
    };
    let doc = document(all);
    assert_eq!(doc["issuer"], ISSUER);
    for (name, value) in &doc {
        if name.ends_with("_endpoint") || name.ends_with("_uri") || name.ends_with("_iframe") {
            assert!(
                value
                    .as_str()
                    .unwrap()
                    .starts_with("https://id.example/realms/demo/"),
                "{name}"
            );
        }
    }
    assert_eq!(
        doc["jwks_uri"],
        "https://id.example/realms/demo/protocol/openid-connect/certs"
    );
}

#[test]
fn each_feature_adds_its_members_and_nothing_else() {
    let off = Features::default();
    let before = document(off);
    for (features, members) in [
        (
            Features {
                backchannel_logout: true,
                ..off
            },
            &[
                "backchannel_logout_session_supported",
                "backchannel_logout_supported",
            ][..],
        ),
        (
            Features {
                frontchannel_logout: true,
                ..off
            },
            &[
                "frontchannel_logout_session_supported",
                "frontchannel_logout_supported",
            ],
        ),
        (
            Features {
                check_session: true,
                ..off
            },
            &["check_session_iframe"],
        ),
        (
            Features {
                global_token_revocation: true,
                ..off
            },
            &[
                "global_token_revocation_endpoint",
                "global_token_revocation_endpoint_auth_methods_supported",
            ],
        ),
        (
            Features {
                registration: true,
                ..off
            },
            &["registration_endpoint"],
        ),
        (
            Features {
                device: true,
                ..off
            },
            &["device_authorization_endpoint"],
        ),
        (
            Features {
                pushed_requests: true,
                ..off
            },
            &["pushed_authorization_request_endpoint"],
        ),
    ] {
        let after = document(features);
        let mut added: Vec<_> = after
            .keys()
            .filter(|k| !before.contains_key(*k))
            .map(String::as_str)
            .collect();
        added.sort_unstable();
        assert_eq!(added, members);
        assert!(before.keys().all(|k| after.contains_key(k)));
    }
}

#[test]
fn what_is_not_offered_is_not_advertised() {
    let doc = document(Features::default());
    assert_eq!(doc["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(doc["response_types_supported"], json!(["code"]));
    assert_eq!(
        doc["grant_types_supported"],
        json!(["authorization_code", "refresh_token", "client_credentials"])
    );
    assert_eq!(doc["request_uri_parameter_supported"], json!(false));
    assert_eq!(
        doc["authorization_response_iss_parameter_supported"],
        json!(true)
    );
    assert_eq!(
        doc["introspection_endpoint_auth_methods_supported"],
        json!(["client_secret_basic", "private_key_jwt"])
    );
    assert_eq!(
        doc["token_endpoint_auth_methods_supported"],
        json!(["client_secret_basic", "private_key_jwt", "none"])
    );
    for absent in [
        "service_documentation",
        "acr_values_supported",
        "dpop_signing_alg_values_supported",
    ] {
        assert!(!doc.contains_key(absent), "{absent}");
    }
}

#[test]
fn assertion_algorithms_are_named_only_with_an_assertion_method() {
    let mut discovery = Discovery {
        issuer: ISSUER,
        id_token_algorithms: &["ES256"],
        auth_methods: &[AuthMethod::ClientSecretBasic],
        public_clients: false,
        assertion_algorithms: &["ES256"],
        scopes: &[],
        claims: &[],
        acr_values: &["gold"],
        ui_locales: &[],
        features: Features::default(),
    };
    let name = "token_endpoint_auth_signing_alg_values_supported";
    assert!(discovery.to_json().get(name).is_none());
    assert_eq!(discovery.to_json()["acr_values_supported"], json!(["gold"]));
    discovery.auth_methods = &[AuthMethod::PrivateKeyJwt];
    assert_eq!(discovery.to_json()[name], json!(["ES256"]));
}
