//! The matrix of what is registered and what is presented, and every way an assertion can be wrong.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::*;
use crate::crypto::keys::generate;
use crate::crypto::{Alg, SigningKey, b64};
use crate::domain::client::{ClientSettings, verbs};
use crate::domain::realm::RealmSettings;
use crate::domain::time::{ManualClock, Span};
use crate::domain::{Actor, key, testing};

const SECRET: &str = "a secret of more than thirty-two bytes: %+ é";

struct House {
    ctx: Arc<Context>,
    clock: Arc<ManualClock>,
    realm: Arc<Realm>,
    key: SigningKey,
}

impl House {
    async fn new() -> House {
        let (ctx, clock) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        let key = SigningKey::parse(Alg::Es256, &generate(Alg::Es256).unwrap()).unwrap();
        for method in METHODS {
            let uses_secret = crate::domain::client::check::uses_secret(method);
            let jwks = json!({"keys": [{"kty": "unknown"}, key.public_jwk()]});
            let settings = ClientSettings {
                client_id: name(method),
                client_secret: uses_secret.then(|| SECRET.to_owned()),
                token_endpoint_auth_method: method,
                jwks: (method == AuthMethod::PrivateKeyJwt).then_some(jwks),
                ..ClientSettings::default()
            };
            verbs::create(&ctx, &realm, &Actor::system("test"), settings)
                .await
                .unwrap();
        }
        House {
            ctx,
            clock,
            realm,
            key,
        }
    }

    async fn authenticate(
        &self,
        credential: Credential<'_>,
    ) -> Result<AuthenticatedClient, ClientAuthError> {
        authenticate(&self.ctx, &self.realm, credential)
            .await
            .unwrap()
    }

    async fn assert(&self, jwt: &str) -> Result<AuthenticatedClient, ClientAuthError> {
        self.authenticate(Credential::Assertion {
            client_id: None,
            jwt,
        })
        .await
    }

    fn claims(&self, client_id: &str, jti: &str) -> Value {
        let now = self.ctx.now().secs();
        let issuer = "http://localhost:8080/realms/demo";
        json!({"iss": client_id, "sub": client_id, "aud": issuer, "jti": jti, "iat": now, "exp": now + 60})
    }

    fn with_key(&self, claims: &Value) -> String {
        self.key.sign("JWT", claims).unwrap()
    }
}

const METHODS: [AuthMethod; 5] = [
    AuthMethod::ClientSecretBasic,
    AuthMethod::ClientSecretPost,
    AuthMethod::ClientSecretJwt,
    AuthMethod::PrivateKeyJwt,
    AuthMethod::None,
];

fn name(method: AuthMethod) -> String {
    format!("{method:?}")
}

fn with_secret(claims: &Value, secret: &str) -> String {
    let signed = format!(
        "{}.{}",
        b64(json!({"alg": "HS256"}).to_string().as_bytes()),
        b64(claims.to_string().as_bytes())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!(
        "{signed}.{}",
        b64(hmac::sign(&key, signed.as_bytes()).as_ref())
    )
}

#[tokio::test]
async fn exactly_the_registered_method_is_accepted() {
    let house = House::new().await;
    for registered in METHODS {
        let id = name(registered);
        for (number, presented) in METHODS.into_iter().enumerate() {
            let claims = house.claims(&id, &format!("{id} {number}"));
            let jwt = match presented {
                AuthMethod::PrivateKeyJwt => house.with_key(&claims),
                _ => with_secret(&claims, SECRET),
            };
            let credential = match presented {
                AuthMethod::None => Credential::None { client_id: &id },
                AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => {
                    Credential::Secret {
                        client_id: &id,
                        secret: SECRET,
                        method: presented,
                    }
                }
                AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt => Credential::Assertion {
                    client_id: Some(&id),
                    jwt: &jwt,
                },
            };
            let answer = house.authenticate(credential).await;
            assert_eq!(
                answer.is_ok(),
                registered == presented,
                "{registered:?} {presented:?}: {answer:?}"
            );
            if let Ok(client) = answer {
                assert_eq!(client.client_id(), id);
            }
        }
    }
}

#[tokio::test]
async fn a_secret_is_compared_whole_and_no_client_has_the_empty_one() {
    let house = House::new().await;
    let id = name(AuthMethod::ClientSecretBasic);
    for (client_id, secret) in [
        (id.as_str(), "wrong"),
        (&id, ""),
        (&id, &SECRET[1..]),
        ("nobody", SECRET),
    ] {
        let credential = Credential::Secret {
            client_id,
            secret,
            method: AuthMethod::ClientSecretBasic,
        };
        let refused = house.authenticate(credential).await.unwrap_err();
        assert!(
            matches!(
                refused,
                ClientAuthError::WrongSecret | ClientAuthError::Unknown
            ),
            "{client_id} {secret:?}"
        );
    }
}

#[tokio::test]
async fn a_disabled_client_and_a_disabled_realm_are_refused_with_the_right_secret() {
    let house = House::new().await;
    let (ctx, realm, actor) = (&house.ctx, &house.realm, Actor::system("test"));
    let id = name(AuthMethod::ClientSecretBasic);
    let credential = Credential::Secret {
        client_id: &id,
        secret: SECRET,
        method: AuthMethod::ClientSecretBasic,
    };
    let client = house.authenticate(credential).await.unwrap();
    let off = ClientSettings {
        enabled: false,
        ..client.settings.clone()
    };
    verbs::update(ctx, realm, &actor, client.id, off)
        .await
        .unwrap();
    assert!(matches!(
        house.authenticate(credential).await,
        Err(ClientAuthError::Disabled)
    ));
    verbs::update(ctx, realm, &actor, client.id, client.settings.clone())
        .await
        .unwrap();
    assert!(house.authenticate(credential).await.is_ok());
    let closed = RealmSettings {
        enabled: false,
        ..realm.settings.clone()
    };
    let closed = crate::domain::realm::verbs::update(ctx, &actor, "demo", closed)
        .await
        .unwrap()
        .realm;
    let refused = authenticate(ctx, &closed, credential).await.unwrap();
    assert!(matches!(refused, Err(ClientAuthError::RealmDisabled)));
}

#[tokio::test]
async fn an_assertion_is_good_once() {
    let house = House::new().await;
    for method in [AuthMethod::PrivateKeyJwt, AuthMethod::ClientSecretJwt] {
        let claims = house.claims(&name(method), "once");
        let sign = |claims: &Value| match method {
            AuthMethod::PrivateKeyJwt => house.with_key(claims),
            _ => with_secret(claims, SECRET),
        };
        assert!(house.assert(&sign(&claims)).await.is_ok());
        let again = house.assert(&sign(&claims)).await.unwrap_err();
        assert!(
            matches!(again, ClientAuthError::Assertion(AssertionError::Replayed)),
            "{again:?}"
        );
        let mut other = claims.clone();
        other["jti"] = json!("twice");
        assert!(house.assert(&sign(&other)).await.is_ok());
    }
}

#[tokio::test]
async fn a_used_assertion_is_remembered_until_after_it_expired() {
    let house = House::new().await;
    let jwt = house.with_key(&house.claims(&name(AuthMethod::PrivateKeyJwt), "once"));
    assert!(house.assert(&jwt).await.is_ok());
    let (dir, what) = (
        crate::store::Dir::Forward,
        crate::store::KeysOrRecords::KeysOnly,
    );
    let dues = house
        .ctx
        .store
        .scan(&key::dues(), None, 10, dir, what)
        .await
        .unwrap()
        .records;
    let due = dues.iter().find(|row| row.key.get(9) == Some(&5)).unwrap();
    let due = u64::from_be_bytes(due.key.get(1..9).unwrap().try_into().unwrap());
    house.clock.advance(Span(due - house.ctx.now().0));
    let refused = house.assert(&jwt).await.unwrap_err();
    let expired =
        ClientAuthError::Assertion(AssertionError::Token(crate::crypto::JwsError::Expired));
    assert_eq!(format!("{refused:?}"), format!("{expired:?}"));
}

#[tokio::test]
async fn every_wrong_assertion_is_refused() {
    let house = House::new().await;
    let id = name(AuthMethod::PrivateKeyJwt);
    let now = house.ctx.now().secs();
    let issuer = "http://localhost:8080/realms/demo";
    let changes = [
        ("iss", json!("somebody")),
        ("iss", Value::Null),
        ("sub", json!("nobody")),
        ("sub", json!(name(AuthMethod::ClientSecretJwt))),
        ("aud", json!("http://localhost:8080/realms/demo/")),
        (
            "aud",
            json!("http://localhost:8080/realms/demo/protocol/openid-connect/token"),
        ),
        ("aud", json!([issuer, "https://elsewhere.example"])),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("exp", Value::Null),
        ("exp", json!(now - 61)),
        ("exp", json!(now + 600)),
        ("exp", json!("tomorrow")),
        ("iat", json!(now + 120)),
        ("nbf", json!(now + 120)),
        ("jti", Value::Null),
        ("jti", json!("")),
    ];
    for (number, (claim, value)) in changes.into_iter().enumerate() {
        let mut claims = house.claims(&id, &format!("wrong {number}"));
        claims[claim] = value.clone();
        let answer = house.assert(&house.with_key(&claims)).await;
        assert!(answer.is_err(), "{claim} {value}");
    }
    let mut list_of_one = house.claims(&id, "list of one");
    list_of_one["aud"] = json!([issuer]);
    assert!(house.assert(&house.with_key(&list_of_one)).await.is_ok());
}

#[tokio::test]
async fn an_assertion_needs_a_registered_key_and_its_own_type() {
    let house = House::new().await;
    let id = name(AuthMethod::PrivateKeyJwt);
    let other = SigningKey::parse(Alg::Es256, &generate(Alg::Es256).unwrap()).unwrap();
    let good = house.claims(&id, "key");
    for jwt in [
        other.sign("JWT", &good).unwrap(),
        house.key.sign("at+jwt", &good).unwrap(),
        with_secret(
            &good,
            &house.key.public_jwk().common.key_id.clone().unwrap(),
        ),
        "not a token".to_owned(),
        String::new(),
    ] {
        assert!(house.assert(&jwt).await.is_err(), "{jwt}");
    }
    let jwt = house.key.sign("client-authentication+jwt", &good).unwrap();
    let foreign = Credential::Assertion {
        client_id: Some("somebody"),
        jwt: &jwt,
    };
    assert!(house.authenticate(foreign).await.is_err());
    assert!(house.assert(&jwt).await.is_ok());
}
