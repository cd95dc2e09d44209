//! Commands to end everything of a user: who may give them, whom they name, what comes of them.

use serde_json::json;

use super::*;
use crate::crypto::Alg;
use crate::crypto::SigningKey;
use crate::crypto::keys::generate;
use crate::domain::realm::RealmSettings;
use crate::domain::time::Span;
use crate::domain::{audit, realm};

const ENDPOINT: &str = "http://localhost:8080/realms/demo/global-token-revocation";
const PATH: &str = "/realms/demo/global-token-revocation";
const OKTA: &str = "https://acme.okta.example";

struct Scene {
    bench: Bench,
    key: SigningKey,
}

/// The bench with `siem`, which has the scope, and `0oaokta`, which signs its own commands.
async fn scene() -> Scene {
    let bench = bench().await;
    let key = SigningKey::parse(Alg::Rs256, &generate(Alg::Rs256).unwrap()).unwrap();
    let siem = ClientSettings {
        client_id: "siem".to_owned(),
        scope: "gtr read".to_owned(),
        ..clients().remove(3)
    };
    let okta = ClientSettings {
        client_id: "0oaokta".to_owned(),
        client_secret: None,
        token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
        jwks: Some(json!({"keys": [key.public_jwk()]})),
        global_token_revocation_issuer: Some(OKTA.to_owned()),
        ..siem.clone()
    };
    add(&bench.ctx, &bench.realm, siem).await;
    add(&bench.ctx, &bench.realm, okta).await;
    Scene { bench, key }
}

impl Scene {
    async fn command(&self, bearer: Option<&str>, body: &Value) -> Answer {
        let mut request = Request::post(PATH).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = Body::from(body.to_string());
        self.bench.send(request.body(body).unwrap()).await
    }

    async fn token(&self, client: &str, scope: &str) -> String {
        let pairs = [("grant_type", "client_credentials"), ("scope", scope)];
        let answer = self.bench.as_client(client, "token", &pairs).await;
        answer.token("access_token")
    }

    /// What Okta says.
    fn claims(&self, jti: &str) -> Value {
        let now = self.bench.ctx.now().secs();
        json!({"iss": OKTA, "sub": "0oaokta", "aud": ENDPOINT, "jti": jti, "iat": now, "nbf": now - 300, "exp": now + 300})
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        self.key.sign(typ, claims).unwrap()
    }

    async fn alive(&self, sid: Sid) -> bool {
        denial::session(&self.bench.ctx, &self.bench.realm, sid)
            .await
            .unwrap()
            .is_ok()
    }
}

const TYP: &str = "global-token-revocation+jwt";

fn email(address: &str) -> Value {
    json!({"sub_id": {"format": "email", "email": address}})
}

#[tokio::test]
async fn a_client_with_the_scope_ends_everything_and_the_act_names_it() {
    let scene = scene().await;
    let bench = &scene.bench;
    let (one, two) = (bench.sign_in().await, bench.sign_in().await);
    let offline = bench.tokens(one, "openid offline_access").await;
    let token = scene.token("siem", "gtr").await;
    let answer = scene
        .command(Some(&token), &email("Alice@Example.com"))
        .await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    for sid in [one, two] {
        assert!(!scene.alive(sid).await);
    }
    let refreshed = bench.refresh(&offline.token("refresh_token")).await;
    assert_eq!(refreshed.error(), "invalid_grant", "offline grants go too");
    let act = answer.header("realmkeep-signout").parse().unwrap();
    let act = signout::receipt::find(&bench.ctx, &bench.realm, act)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(act.reason, Reason::GlobalRevocation);
    assert_eq!(
        (act.actor.kind, act.actor.id.as_str(), act.sessions),
        (ActorKind::Client, "siem", 2)
    );
    let entries = audit::newest(&bench.ctx, bench.realm.id, 50).await.unwrap();
    assert!(
        entries
            .iter()
            .any(|entry| entry.action == "sessions.invalidate" && entry.actor.id == "siem"),
        "no audit record names the caller"
    );
    // Nobody is signed in any more; that is no failure.
    let again = scene
        .command(Some(&token), &email("alice@example.com"))
        .await;
    assert_eq!(again.status, 204);
}

#[tokio::test]
async fn a_user_is_named_in_three_ways_and_nobody_else_is_touched() {
    let scene = scene().await;
    let bench = &scene.bench;
    let bob = testing::user(&bench.ctx, &bench.realm, "bob@example.com").await;
    let token = scene.token("siem", "gtr").await;
    let issuer = bench.realm.issuer(&bench.ctx.public_url);
    let id = bench.user.id;
    for subject in [
        json!({"format": "iss_sub", "iss": issuer, "sub": id}),
        json!({"format": "opaque", "id": id}),
        json!({"format": "email", "email": " alice@EXAMPLE.com"}),
    ] {
        let (hers, his) = (
            bench.sign_in().await,
            testing::session(&bench.ctx, &bench.realm, bob.id).await,
        );
        let answer = scene
            .command(Some(&token), &json!({ "sub_id": subject }))
            .await;
        assert_eq!(answer.status, 204, "{subject}: {}", answer.text);
        assert!(!scene.alive(hers).await, "{subject}");
        assert!(scene.alive(his).await, "{subject}");
    }
    // Whose name is the address.
    let his = testing::session(&bench.ctx, &bench.realm, bob.id).await;
    assert_eq!(
        scene
            .command(Some(&token), &email("bob@example.com"))
            .await
            .status,
        204
    );
    assert!(!scene.alive(his).await);
}

#[tokio::test]
async fn an_address_is_the_users_own_of_this_moment() {
    let scene = scene().await;
    let bench = &scene.bench;
    let token = scene.token("siem", "gtr").await;
    let actor = Actor::system("test");
    let moved = UserSettings {
        username: "alice".to_owned(),
        claims: serde_json::from_str(r#"{"email":"adams@example.com"}"#).unwrap(),
        ..UserSettings::default()
    };
    verbs::update(&bench.ctx, &bench.realm, &actor, bench.user.id, moved)
        .await
        .unwrap();
    for (address, status) in [("alice@example.com", 404), ("adams@example.com", 204)] {
        let answer = scene.command(Some(&token), &email(address)).await;
        assert_eq!(answer.status, status, "{address}");
    }
    verbs::delete(&bench.ctx, &bench.realm, &actor, bench.user.id)
        .await
        .unwrap();
    let answer = scene
        .command(Some(&token), &email("adams@example.com"))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (404, "user_not_found")
    );
}

#[tokio::test]
async fn who_may_not_learns_nothing_of_who_exists() {
    let scene = scene().await;
    let bench = &scene.bench;
    let sid = bench.sign_in().await;
    let web = bench.client("web").await;
    testing::change_client(&bench.ctx, &bench.realm, &web, |settings| {
        settings.scope.push_str(" gtr");
    })
    .await;
    // The scope alone is not enough: whoever can be talked into signing in to some app would hold such a token.
    let persons = bench.tokens(sid, "openid gtr").await;
    assert_eq!(persons.json["scope"], "openid gtr");
    let persons = persons.token("access_token");
    let without = scene.token("siem", "read").await;
    let others = scene.token("robot", "read").await;
    let mut answers = Vec::new();
    for address in ["alice@example.com", "nobody@example.com"] {
        let body = email(address);
        for (token, status, error) in [
            (None, 401, "none"),
            (Some("nonsense"), 401, "invalid_token"),
            (Some(persons.as_str()), 403, "insufficient_scope"),
            (Some(without.as_str()), 403, "insufficient_scope"),
            (Some(others.as_str()), 403, "insufficient_scope"),
        ] {
            let answer = scene.command(token, &body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error()),
                (status, error),
                "{token:?}"
            );
            assert!(answer.header("www-authenticate").starts_with("Bearer "));
            assert_eq!(answer.header("realmkeep-signout"), "");
            answers.push((address, answer.text));
        }
    }
    let (known, unknown) = answers.split_at(5);
    assert!(known.iter().zip(unknown).all(|(a, b)| a.1 == b.1));
    assert!(scene.alive(sid).await);
}

#[tokio::test]
async fn what_cannot_be_done_says_why() {
    let scene = scene().await;
    let token = scene.token("siem", "gtr").await;
    let other = json!({"format": "iss_sub", "iss": OKTA, "sub": "00u1"});
    for (body, status, error) in [
        (json!({}), 400, "invalid_request"),
        (
            json!({"sub_id": {"format": "account", "uri": "acct:a@b"}}),
            400,
            "invalid_request",
        ),
        (email("nobody@example.com"), 404, "user_not_found"),
        (
            json!({"sub_id": {"format": "opaque", "id": "not-an-id"}}),
            404,
            "user_not_found",
        ),
        (json!({ "sub_id": other }), 422, "unable_to_revoke"),
    ] {
        let answer = scene.command(Some(&token), &body).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (status, error));
        assert!(answer.json["error_description"].as_str().unwrap().len() > 10);
    }
}

#[tokio::test]
async fn a_token_as_okta_signs_it_is_taken_once() {
    let scene = scene().await;
    let sid = scene.bench.sign_in().await;
    let mut claims = scene.claims("j-1");
    let jwt = scene.sign(TYP, &claims);
    let body = email("alice@example.com");
    assert_eq!(scene.command(Some(&jwt), &body).await.status, 204);
    assert!(!scene.alive(sid).await);
    let again = scene.command(Some(&jwt), &body).await;
    assert_eq!(
        (again.status.as_u16(), again.error()),
        (401, "invalid_token")
    );
    // The issuer as the audience, in a list of one.
    claims["jti"] = json!("j-2");
    claims["aud"] = json!(["http://localhost:8080/realms/demo"]);
    let jwt = scene.sign(TYP, &claims);
    assert_eq!(scene.command(Some(&jwt), &body).await.status, 204);
}

#[tokio::test]
async fn a_token_that_is_anything_else_is_refused() {
    let scene = scene().await;
    let sid = scene.bench.sign_in().await;
    let now = scene.bench.ctx.now().secs();
    let stranger = SigningKey::parse(Alg::Rs256, &generate(Alg::Rs256).unwrap()).unwrap();
    let with = |name: &str, value: Value| {
        let mut claims = scene.claims("j");
        claims[name] = value;
        scene.sign(TYP, &claims)
    };
    let without = |name: &str| {
        let mut claims = scene.claims("j");
        claims.as_object_mut().unwrap().remove(name);
        scene.sign(TYP, &claims)
    };
    let tokens = [
        (
            "a stranger's key",
            stranger.sign(TYP, &scene.claims("j")).unwrap(),
        ),
        ("another type", scene.sign("JWT", &scene.claims("j"))),
        (
            "an assertion's type",
            scene.sign("client-authentication+jwt", &scene.claims("j")),
        ),
        ("another issuer", with("iss", json!("https://evil.example"))),
        ("another client", with("sub", json!("siem"))),
        (
            "a client that commands by scope alone",
            with("sub", json!("robot")),
        ),
        (
            "another audience",
            with("aud", json!("https://other.example")),
        ),
        (
            "two audiences",
            with("aud", json!([ENDPOINT, "https://other.example"])),
        ),
        ("over", with("exp", json!(now - 120))),
        ("good for an hour", with("exp", json!(now + 3600))),
        ("not yet", with("nbf", json!(now + 600))),
        ("an empty id", with("jti", json!(""))),
        ("no id", without("jti")),
        ("no end", without("exp")),
        ("no audience", without("aud")),
    ];
    for (what, token) in tokens {
        let answer = scene
            .command(Some(&token), &email("alice@example.com"))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (401, "invalid_token"),
            "{what}"
        );
    }
    assert!(scene.alive(sid).await);
}

#[tokio::test]
async fn a_client_that_lost_the_scope_or_was_disabled_commands_no_more() {
    let scene = scene().await;
    let bench = &scene.bench;
    let token = scene.token("siem", "gtr").await;
    let siem = bench.client("siem").await;
    testing::change_client(&bench.ctx, &bench.realm, &siem, |settings| {
        settings.scope = "read".to_owned();
    })
    .await;
    let body = email("alice@example.com");
    assert_eq!(scene.command(Some(&token), &body).await.status, 403);
    let okta = bench.client("0oaokta").await;
    testing::change_client(&bench.ctx, &bench.realm, &okta, |settings| {
        settings.enabled = false;
    })
    .await;
    let jwt = scene.sign(TYP, &scene.claims("j"));
    assert_eq!(scene.command(Some(&jwt), &body).await.status, 401);
}

#[tokio::test]
async fn an_access_token_is_over_when_it_is_over() {
    let scene = scene().await;
    let token = scene.token("siem", "gtr").await;
    scene.bench.clock.advance(Span::mins(6));
    let answer = scene
        .command(Some(&token), &email("alice@example.com"))
        .await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn where_it_is_switched_off_there_is_nothing() {
    let scene = scene().await;
    let token = scene.token("siem", "gtr").await;
    let mut settings = RealmSettings::default();
    settings.logout.global_token_revocation = false;
    realm::verbs::update(&scene.bench.ctx, &Actor::system("test"), "demo", settings)
        .await
        .unwrap();
    let answer = scene
        .command(Some(&token), &email("alice@example.com"))
        .await;
    assert_eq!(answer.status, 404);
}
