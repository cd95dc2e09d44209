//! What the provider says of itself: discovery, issuers, keys, algorithms.

use super::*;

#[tokio::test]
async fn discovery_is_the_same_by_every_address_and_matches_every_issuer() {
    let (server, web, _, tokens) = start().await;
    let issuer = server.issuer("demo");
    let get = async |path: &str| Answer::of(web.wire.0.get(format!("{}{path}", server.url))).await;
    let first = get("/realms/demo/.well-known/openid-configuration")
        .await
        .expect(200);
    for path in [
        "/.well-known/openid-configuration/realms/demo",
        "/.well-known/oauth-authorization-server/realms/demo",
    ] {
        assert_eq!(get(path).await.expect(200).json(), first.json(), "{path}");
    }
    let said = first.json();
    assert_eq!(said["issuer"], issuer.as_str());
    assert_eq!(
        said["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
    assert_eq!(said["authorization_response_iss_parameter_supported"], true);
    let grants = said["grant_types_supported"].as_array().unwrap();
    assert!(
        !grants.iter().any(|g| g == "password" || g == "implicit"),
        "{grants:?}"
    );
    for (name, value) in said.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            assert!(
                value
                    .as_str()
                    .is_some_and(|v| v.starts_with(&format!("{issuer}/"))),
                "{name}: {value}"
            );
        }
    }
    for token in [&tokens.access, &tokens.id_token] {
        assert_eq!(claims(token)["iss"], issuer.as_str());
    }
    let jwks = Answer::of(web.wire.0.get(said["jwks_uri"].as_str().unwrap()))
        .await
        .expect(200)
        .json();
    let keys = jwks["keys"].as_array().unwrap();
    assert!(
        !keys.is_empty() && keys.iter().all(|k| k["d"].is_null() && k["k"].is_null()),
        "{jwks}"
    );
}

#[tokio::test]
async fn an_app_may_have_rs256() {
    let text = crate::support::realms::DEMO.replace(
        "client_name = \"Notes\"",
        "client_name = \"Notes\"\nid_token_signed_response_alg = \"RS256\"",
    );
    let server = TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await;
    let (notes, browser) = (server.app("notes").await, Browser::default());
    let pending = notes.begin(&[]);
    let page = browser.open(pending.url.as_str()).await;
    let page = browser.log_in(&page, "bob", "bob-password", false).await;
    let code = notes.code(&pending, &page);
    let answer = notes
        .try_exchange(&code, pending.verifier())
        .await
        .expect(200)
        .json();
    let id_token = answer["id_token"].as_str().unwrap();
    let header = claims(&format!("x.{}.x", id_token.split('.').next().unwrap()));
    assert_eq!(header["alg"], "RS256");
    let jwks = Answer::of(notes.wire.0.get(server.endpoint("demo", "certs")))
        .await
        .json();
    let key = jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|k| k["kid"] == header["kid"])
        .expect("its key");
    let key = jsonwebtoken::DecodingKey::from_rsa_components(
        key["n"].as_str().unwrap(),
        key["e"].as_str().unwrap(),
    )
    .unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    rules.set_audience(&["notes"]);
    #[expect(
        clippy::disallowed_methods,
        reason = "the test looks at the token as a stranger would"
    )]
    let good = jsonwebtoken::decode::<Value>(id_token, &key, &rules);
    assert!(good.is_ok(), "{good:?}");
}
