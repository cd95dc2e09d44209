//! Which clients may be registered, and the sentence for each that may not.

use super::*;

const OFFERED: &[AuthMethod] = &[
    AuthMethod::ClientSecretBasic,
    AuthMethod::ClientSecretPost,
    AuthMethod::PrivateKeyJwt,
    AuthMethod::None,
];

fn good() -> ClientMetadata<'static> {
    ClientMetadata {
        client_id: "demo-web",
        client_name: Some("Demo"),
        secret_length: Some(15),
        redirect_uris: vec!["http://127.0.0.1:9090/callback"],
        post_logout_redirect_uris: vec!["http://127.0.0.1:9090/"],
        grant_types: vec!["authorization_code", "refresh_token"],
        response_types: vec!["code"],
        token_endpoint_auth_method: Some("client_secret_basic"),
        scope: Some("openid profile email offline_access"),
        id_token_signed_response_alg: Some("ES256"),
        web_uris: vec![(
            "backchannel_logout_uri",
            "http://127.0.0.1:9090/backchannel-logout",
        )],
        signing_algorithms: &["ES256", "RS256"],
        auth_methods: OFFERED,
        ..ClientMetadata::default()
    }
}

fn public() -> ClientMetadata<'static> {
    ClientMetadata {
        token_endpoint_auth_method: Some("none"),
        secret_length: None,
        ..good()
    }
}

fn texts(metadata: &ClientMetadata<'_>) -> Vec<String> {
    metadata
        .problems()
        .iter()
        .map(MetadataProblem::to_string)
        .collect()
}

#[test]
fn ordinary_clients_may_be_registered() {
    let service = ClientMetadata {
        redirect_uris: vec![],
        grant_types: vec!["client_credentials"],
        scope: None,
        token_endpoint_auth_method: None,
        ..good()
    };
    let keyed = ClientMetadata {
        token_endpoint_auth_method: Some("private_key_jwt"),
        secret_length: None,
        has_keys: true,
        ..good()
    };
    for metadata in [good(), public(), service, keyed] {
        assert_eq!(texts(&metadata), Vec::<String>::new());
    }
}

#[test]
fn a_refusal_names_the_field_and_what_was_expected() {
    let too_many = vec!["https://a.example/cb"; MAX_URIS + 1];
    for (metadata, expected) in [
        (
            ClientMetadata {
                client_id: "my app",
                ..good()
            },
            "client_id: 1 to 255 visible ASCII",
        ),
        (
            ClientMetadata {
                client_id: "https://x.example/app",
                ..good()
            },
            "client_id: a client_id that starts with https://",
        ),
        (
            ClientMetadata {
                client_name: Some("a\nb"),
                ..good()
            },
            "client_name: at most 255",
        ),
        (
            ClientMetadata {
                redirect_uris: vec!["https://a.example/*"],
                ..good()
            },
            "redirect_uris: 'https://a.example/*': wildcards",
        ),
        (
            ClientMetadata {
                redirect_uris: too_many,
                ..good()
            },
            "redirect_uris: at most 100",
        ),
        (
            ClientMetadata {
                redirect_uris: vec![],
                ..good()
            },
            "redirect_uris: the grant authorization_code needs",
        ),
        (
            ClientMetadata {
                post_logout_redirect_uris: vec!["/"],
                ..good()
            },
            "post_logout_redirect_uris: '/': an absolute URI",
        ),
        (
            ClientMetadata {
                web_uris: vec![("jwks_uri", "ftp://a.example/")],
                ..good()
            },
            "jwks_uri: 'ftp://a.example/': this URI scheme",
        ),
        (
            ClientMetadata {
                grant_types: vec!["authorisation_code", "refresh_token"],
                ..good()
            },
            "grant_types: 'authorisation_code' is not offered, only authorization_code, refresh_token, client_credentials; \
             did you mean authorization_code?",
        ),
        (
            ClientMetadata {
                response_types: vec!["id_token"],
                ..good()
            },
            "response_types: 'id_token' is not offered, only code",
        ),
        (
            ClientMetadata {
                token_endpoint_auth_method: Some("client_secret_bsic"),
                ..good()
            },
            "token_endpoint_auth_method: 'client_secret_bsic' is not offered, only client_secret_basic, client_secret_post, \
             private_key_jwt, none; did you mean client_secret_basic?",
        ),
        (
            ClientMetadata {
                token_endpoint_auth_method: Some("client_secret_jwt"),
                ..good()
            },
            "token_endpoint_auth_method: 'client_secret_jwt' is not offered",
        ),
        (
            ClientMetadata {
                secret_length: None,
                ..good()
            },
            "token_endpoint_auth_method: client_secret_basic needs client_secret",
        ),
        (
            ClientMetadata {
                secret_length: Some(0),
                ..good()
            },
            "client_secret: an empty secret",
        ),
        (
            ClientMetadata {
                secret_length: Some(20),
                ..public()
            },
            "token_endpoint_auth_method: none is for public clients",
        ),
        (
            ClientMetadata {
                pkce_exempt: true,
                ..public()
            },
            "require_pkce: a public client",
        ),
        (
            ClientMetadata {
                token_endpoint_auth_method: Some("private_key_jwt"),
                ..good()
            },
            "token_endpoint_auth_method: private_key_jwt needs the client's public keys",
        ),
        (
            ClientMetadata {
                grant_types: vec!["client_credentials"],
                scope: None,
                ..public()
            },
            "grant_types: client_credentials needs a client that authenticates",
        ),
        (
            ClientMetadata {
                scope: Some("a\"b"),
                ..good()
            },
            "scope: scopes are separated",
        ),
        (
            ClientMetadata {
                id_token_signed_response_alg: Some("HS256"),
                ..good()
            },
            "id_token_signed_response_alg: 'HS256' is not offered",
        ),
    ] {
        let found = texts(&metadata);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{found:?}");
    }
}

#[test]
fn redirect_uris_have_an_error_code_of_their_own() {
    let code =
        |metadata: ClientMetadata<'_>| OAuthError::from(&metadata.problems()[0]).code.as_str();
    assert_eq!(
        code(ClientMetadata {
            redirect_uris: vec!["x"],
            ..good()
        }),
        "invalid_redirect_uri"
    );
    assert_eq!(
        code(ClientMetadata {
            client_id: "",
            ..good()
        }),
        "invalid_client_metadata"
    );
}

#[test]
fn a_far_fetched_name_gets_no_suggestion() {
    assert_eq!(suggestion("password", GRANT_TYPES), None);
    assert_eq!(
        suggestion("Refresh_Tokens", GRANT_TYPES),
        Some("refresh_token")
    );
}
