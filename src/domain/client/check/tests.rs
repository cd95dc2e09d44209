//! Every rule of a client's metadata with what it lets through and what it refuses.

use super::*;

fn web_client() -> ClientSettings {
    ClientSettings {
        client_id: "web".to_owned(),
        ..Default::default()
    }
}

fn native_client() -> ClientSettings {
    ClientSettings {
        token_endpoint_auth_method: AuthMethod::None,
        ..web_client()
    }
}

#[test]
fn the_defaults_with_an_id_are_fine() {
    assert_eq!(problems(&web_client()), Vec::<String>::new());
    assert_eq!(problems(&native_client()), Vec::<String>::new());
}

#[test]
fn redirect_addresses_are_exact_and_safe() {
    let table = [
        ("https://app.example.com/cb", true, true),
        ("https://app.example.com/cb?tenant=1", true, true),
        ("http://127.0.0.1:9090/callback", true, true),
        ("http://[::1]/callback", true, true),
        ("http://localhost:3000/", true, true),
        ("com.example.app:/callback", false, true),
        ("com.example.app://callback", false, true),
        ("myapp://callback", false, false),
        ("http://app.example.com/cb", false, false),
        ("http://localhost.example.com/cb", false, false),
        ("https://app.example.com/cb#here", false, false),
        ("https://app.example.com/cb#", false, false),
        ("https://*.example.com/cb", false, false),
        ("https://app.example.com/*", false, false),
        ("https://user@app.example.com/", false, false),
        ("https://user:pw@app.example.com/", false, false),
        ("https:/app.example.com/", false, false),
        ("https:app.example.com/", false, false),
        ("https://app.example.com\\@evil.example/", false, false),
        (" https://app.example.com/", false, false),
        ("https://app.example.com/a b", false, false),
        ("https://bücher.example/", false, false),
        ("/callback", false, false),
        ("", false, false),
        ("javascript:alert(1)", false, false),
        ("data:text/html,x", false, false),
    ];
    for (uri, confidential, public) in table {
        let uris = vec![uri.to_owned()];
        let web = ClientSettings {
            redirect_uris: uris.clone(),
            ..web_client()
        };
        let native = ClientSettings {
            post_logout_redirect_uris: uris,
            ..native_client()
        };
        assert_eq!(
            problems(&web).is_empty(),
            confidential,
            "confidential {uri:?}: {:?}",
            problems(&web)
        );
        assert_eq!(
            problems(&native).is_empty(),
            public,
            "public {uri:?}: {:?}",
            problems(&native)
        );
    }
}

/// One bad setting, one sentence that names it.
#[test]
fn every_bad_setting_has_its_sentence() {
    let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    let some = |text: &str| Some(text.to_owned());
    let table = [
        (
            ClientSettings {
                client_id: "a b".to_owned(),
                ..web_client()
            },
            "client_id",
        ),
        (
            ClientSettings {
                client_id: "x".repeat(256),
                ..web_client()
            },
            "client_id",
        ),
        (
            ClientSettings {
                client_id: "HTTPS://a.example/c".to_owned(),
                ..web_client()
            },
            "client_id",
        ),
        (
            ClientSettings {
                grant_types: words(&["password"]),
                ..web_client()
            },
            "grant_types",
        ),
        (
            ClientSettings {
                grant_types: words(&["client_credentials"]),
                ..native_client()
            },
            "client_credentials",
        ),
        (
            ClientSettings {
                response_types: words(&["token"]),
                ..web_client()
            },
            "response_types",
        ),
        (
            ClientSettings {
                require_pkce: false,
                ..native_client()
            },
            "PKCE",
        ),
        (
            ClientSettings {
                client_secret: some("secret"),
                ..native_client()
            },
            "client_secret",
        ),
        (
            ClientSettings {
                client_secret: some(""),
                ..web_client()
            },
            "client_secret",
        ),
        (
            ClientSettings {
                scope: "openid \"all\"".to_owned(),
                ..web_client()
            },
            "scope",
        ),
        (
            ClientSettings {
                resources: words(&["account"]),
                ..web_client()
            },
            "resources",
        ),
        (
            ClientSettings {
                backchannel_logout_uri: some("ftp://a.example/"),
                ..web_client()
            },
            "backchannel",
        ),
        (
            ClientSettings {
                backchannel_logout_uri: some("http://a.example/"),
                ..native_client()
            },
            "backchannel",
        ),
        (
            ClientSettings {
                jwks: Some(serde_json::json!([])),
                ..web_client()
            },
            "jwks",
        ),
        (
            ClientSettings {
                client_name: Some("x".repeat(201)),
                ..web_client()
            },
            "client_name",
        ),
        (
            ClientSettings {
                token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
                ..web_client()
            },
            "private_key_jwt",
        ),
        (
            ClientSettings {
                token_endpoint_auth_method: AuthMethod::ClientSecretJwt,
                client_secret: some("too short"),
                ..web_client()
            },
            "32 bytes",
        ),
    ];
    for (settings, word) in table {
        let found = problems(&settings);
        assert!(
            matches!(found.as_slice(), [one] if one.contains(word)),
            "{word}: {found:?}"
        );
    }
}

#[test]
fn a_confidential_client_may_do_without_pkce_and_be_told_over_http() {
    let settings = ClientSettings {
        require_pkce: false,
        backchannel_logout_uri: Some("http://app.internal:8080/logout".to_owned()),
        ..web_client()
    };
    assert_eq!(problems(&settings), Vec::<String>::new());
}

#[test]
fn a_private_key_among_the_public_ones_is_refused() {
    let key = serde_json::json!({"kty": "oct", "k": "c2VjcmV0"});
    let settings = ClientSettings {
        jwks: Some(serde_json::json!({"keys": [key]})),
        ..web_client()
    };
    assert!(
        problems(&settings)
            .iter()
            .any(|p| p.contains("public keys only"))
    );
}
