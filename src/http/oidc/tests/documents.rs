//! Discovery and the key set: what they say, where, and that they say it cheaply.

use super::*;
use crate::crypto::Alg;
use crate::domain::keys::rotate::rotate;
use crate::domain::realm::{self, RealmSettings};

const DISCOVERY: [&str; 3] = [
    "/realms/demo/.well-known/openid-configuration",
    "/.well-known/openid-configuration/realms/demo",
    "/.well-known/oauth-authorization-server/realms/demo",
];
const CERTS: &str = "/realms/demo/protocol/openid-connect/certs";

#[tokio::test]
async fn one_document_at_three_addresses_whatever_the_host_header_says() {
    let bench = bench().await;
    let plain = bench.get(DISCOVERY[0], &[]).await;
    assert_eq!(plain.status, 200);
    assert_eq!(plain.json["issuer"], "http://localhost:8080/realms/demo");
    assert_eq!(
        plain.json["token_endpoint"],
        "http://localhost:8080/realms/demo/protocol/openid-connect/token"
    );
    assert_eq!(plain.header("access-control-allow-origin"), "*");
    assert!(plain.header("cache-control").contains("max-age"));
    let forged = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
    ];
    for path in DISCOVERY {
        assert_eq!(bench.get(path, &forged).await.text, plain.text, "{path}");
    }
    assert_eq!(
        bench
            .get("/realms/nowhere/.well-known/openid-configuration", &[])
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn it_names_what_is_on_and_nothing_else() {
    let bench = bench().await;
    let json = bench.get(DISCOVERY[0], &[]).await.json;
    let list = |name: &str| {
        json[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect()
    };
    let grants: Vec<String> = list("grant_types_supported");
    assert_eq!(
        grants,
        [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code"
        ]
    );
    assert_eq!(
        json["device_authorization_endpoint"],
        "http://localhost:8080/realms/demo/protocol/openid-connect/auth/device"
    );
    let methods: Vec<String> = list("token_endpoint_auth_methods_supported");
    assert_eq!(
        methods,
        [
            "client_secret_basic",
            "client_secret_post",
            "client_secret_jwt",
            "private_key_jwt",
            "none"
        ]
    );
    let callers: Vec<String> = list("introspection_endpoint_auth_methods_supported");
    assert!(!callers.contains(&"none".to_owned()));
    let challenge: Vec<String> = list("code_challenge_methods_supported");
    assert_eq!(challenge, ["S256"]);
    assert_eq!(json["backchannel_logout_supported"], true);
    assert_eq!(json["backchannel_logout_session_supported"], true);
    for absent in [
        "registration_endpoint",
        "pushed_authorization_request_endpoint",
    ] {
        assert!(
            json.get(absent).is_none_or(|value| value == false),
            "{absent}"
        );
    }
}

#[tokio::test]
async fn what_a_realm_switches_off_is_not_named() {
    let bench = bench().await;
    let all = bench.get(DISCOVERY[0], &[]).await.json;
    for (switch, gone) in [
        (
            "front_channel",
            &[
                "frontchannel_logout_session_supported",
                "frontchannel_logout_supported",
            ][..],
        ),
        ("check_session", &["check_session_iframe"]),
        (
            "global_token_revocation",
            &[
                "global_token_revocation_endpoint",
                "global_token_revocation_endpoint_auth_methods_supported",
            ],
        ),
    ] {
        let mut settings = RealmSettings::default();
        match switch {
            "front_channel" => settings.logout.front_channel = false,
            "check_session" => settings.logout.check_session = false,
            _ => settings.logout.global_token_revocation = false,
        }
        realm::verbs::update(&bench.ctx, &Actor::system("test"), "demo", settings)
            .await
            .unwrap();
        let now = bench.get(DISCOVERY[0], &[]).await.json;
        let (all, now) = (all.as_object().unwrap(), now.as_object().unwrap());
        let mut missing: Vec<&str> = all
            .keys()
            .filter(|name| !now.contains_key(*name))
            .map(String::as_str)
            .collect();
        missing.sort_unstable();
        assert_eq!(missing, gone, "{switch}");
        assert!(now.iter().all(|(name, value)| all[name] == *value));
    }
}

#[tokio::test]
async fn the_algorithms_follow_the_realm_and_its_keys() {
    let bench = bench().await;
    let algorithms = async || {
        bench.get(DISCOVERY[0], &[]).await.json["id_token_signing_alg_values_supported"].clone()
    };
    assert_eq!(algorithms().await, serde_json::json!(["ES256", "RS256"]));
    let mut settings = RealmSettings::default();
    settings.tokens.signing_algorithm = Alg::EdDSA;
    realm::verbs::update(&bench.ctx, &Actor::system("test"), "demo", settings)
        .await
        .unwrap();
    assert_eq!(
        algorithms().await,
        serde_json::json!(["EdDSA", "RS256", "ES256"])
    );
    let token = bench
        .as_client("robot", "token", &[("grant_type", "client_credentials")])
        .await
        .token("access_token");
    assert!(
        bench.is_active("robot", &token).await,
        "signed with a key made just now"
    );
    let keys = bench.get(CERTS, &[]).await.json;
    assert!(
        keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .any(|key| key["alg"] == "EdDSA"),
        "{keys}"
    );
}

#[tokio::test]
async fn a_caller_who_has_it_already_is_told_so_until_it_changes() {
    let bench = bench().await;
    for path in [DISCOVERY[0], CERTS] {
        let first = bench.get(path, &[]).await;
        let etag = first.header("etag").to_owned();
        for known in [
            etag.clone(),
            format!("W/{etag}"),
            format!("\"x\", {etag}"),
            "*".to_owned(),
        ] {
            let again = bench.get(path, &[("if-none-match", &known)]).await;
            assert_eq!(
                (again.status.as_u16(), again.text.as_str()),
                (304, ""),
                "{path} {known}"
            );
            assert_eq!(again.header("etag"), etag);
        }
        assert_eq!(
            bench.get(path, &[("if-none-match", "\"x\"")]).await.text,
            first.text
        );
    }
    let before = bench.get(CERTS, &[]).await;
    let signs = rotate(
        &bench.ctx,
        &bench.realm,
        &crate::domain::Actor::system("test"),
        Alg::Es256,
    )
    .await
    .unwrap();
    assert!(
        before.text.contains(&signs),
        "the next key was published before it signs"
    );
    let after = bench
        .get(CERTS, &[("if-none-match", before.header("etag"))])
        .await;
    assert_eq!(after.status, 200);
    assert_ne!(after.header("etag"), before.header("etag"));
}

#[tokio::test]
async fn only_public_halves_are_published_and_they_verify_what_is_signed() {
    let bench = bench().await;
    let keys = bench.get(CERTS, &[]).await.json;
    let keys = keys["keys"].as_array().unwrap();
    assert!(
        keys.len() >= 4,
        "an active and a next key of each algorithm"
    );
    for key in keys {
        assert!(
            ["d", "p", "q", "dp", "dq", "qi", "k"]
                .iter()
                .all(|private| key.get(private).is_none())
        );
        assert_eq!(key["use"], "sig");
    }
    let token = bench
        .as_client("robot", "token", &[("grant_type", "client_credentials")])
        .await
        .token("access_token");
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(
        (header["typ"].as_str(), header["alg"].as_str()),
        (Some("at+jwt"), Some("ES256"))
    );
    assert!(keys.iter().any(|key| key["kid"] == header["kid"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_requests_of_a_realm_do_not_each_make_keys() {
    let bench = Arc::new(bench().await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let bench = bench.clone();
        tasks.spawn(async move {
            bench.get(CERTS, &[]).await.json["keys"]
                .as_array()
                .unwrap()
                .len()
        });
    }
    assert_eq!(tasks.join_all().await, [4; 8]);
}
