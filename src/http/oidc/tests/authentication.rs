//! How clients prove themselves, and what a request must look like to be read at all.

use super::*;
use crate::crypto::{Alg, SigningKey, keys::generate};

#[tokio::test]
async fn each_method_is_taken_from_the_client_that_registered_it_and_from_no_other() {
    let bench = bench().await;
    let post = ClientSettings {
        client_id: "poster".to_owned(),
        token_endpoint_auth_method: AuthMethod::ClientSecretPost,
        ..clients().remove(3)
    };
    add(&bench.ctx, &bench.realm, post).await;
    let cc = ("grant_type", "client_credentials");
    let (robot, poster) = (basic("robot", SECRET), basic("poster", SECRET));
    let in_body = |id: &'static str| vec![cc, ("client_id", id), ("client_secret", SECRET)];
    for (name, authorization, pairs, status, error) in [
        ("basic", Some(&robot), vec![cc], 200, "none"),
        (
            "basic, id repeated",
            Some(&robot),
            vec![cc, ("client_id", "robot")],
            200,
            "none",
        ),
        ("post", None, in_body("poster"), 200, "none"),
        (
            "basic where post is registered",
            Some(&poster),
            vec![cc],
            401,
            "invalid_client",
        ),
        (
            "post where basic is registered",
            None,
            in_body("robot"),
            401,
            "invalid_client",
        ),
        (
            "both at once",
            Some(&robot),
            in_body("robot"),
            400,
            "invalid_request",
        ),
        ("nothing", None, vec![cc], 401, "invalid_client"),
        (
            "only an id",
            None,
            vec![cc, ("client_id", "robot")],
            401,
            "invalid_client",
        ),
        (
            "wrong secret",
            Some(&basic("robot", "x")),
            vec![cc],
            401,
            "invalid_client",
        ),
        (
            "unknown",
            Some(&basic("nobody", SECRET)),
            vec![cc],
            401,
            "invalid_client",
        ),
        (
            "another realm's words",
            Some(&"Basic !".to_owned()),
            vec![cc],
            401,
            "invalid_client",
        ),
    ] {
        let headers: Vec<_> = authorization
            .iter()
            .map(|value| ("authorization", value.as_str()))
            .collect();
        let answer = bench.post("token", &headers, &pairs).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (status, error),
            "{name}: {}",
            answer.text
        );
        assert_eq!(answer.header("cache-control"), "no-store", "{name}");
        assert_eq!(
            answer.header("www-authenticate").starts_with("Basic "),
            status == 401,
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_unknown_client_and_a_wrong_secret_are_answered_alike() {
    let bench = bench().await;
    let ask = async |id, secret| {
        let header = basic(id, secret);
        bench
            .post(
                "token",
                &[("authorization", &header)],
                &[("grant_type", "client_credentials")],
            )
            .await
            .text
    };
    assert_eq!(ask("nobody", "x").await, ask("robot", "x").await);
}

#[tokio::test]
async fn a_request_that_is_no_form_or_has_a_secret_in_its_address_is_refused() {
    let bench = bench().await;
    let path = "/realms/demo/protocol/openid-connect/token";
    let robot = basic("robot", SECRET);
    let body = form(&[("grant_type", "client_credentials")]);
    for (uri, media_type, body) in [
        (
            path.to_owned(),
            "application/json",
            r#"{"grant_type":"client_credentials"}"#.to_owned(),
        ),
        (path.to_owned(), "text/plain", body.clone()),
        (
            format!("{path}?client_secret=x"),
            "application/x-www-form-urlencoded",
            body.clone(),
        ),
        (
            path.to_owned(),
            "application/x-www-form-urlencoded",
            format!("{body}&{body}"),
        ),
        (
            path.to_owned(),
            "application/x-www-form-urlencoded",
            format!("{body}&x={}", "y".repeat(70_000)),
        ),
    ] {
        let request = Request::post(&uri)
            .header("authorization", &robot)
            .header("content-type", media_type)
            .body(body.into())
            .unwrap();
        let answer = bench.send(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (400, "invalid_request"),
            "{uri} {media_type}"
        );
    }
    let get = bench.get(path, &[]).await;
    assert_eq!(
        (get.status.as_u16(), get.header("allow")),
        (405, "POST,OPTIONS")
    );
}

#[tokio::test]
async fn grants_are_for_those_registered_for_them_and_unknown_ones_for_nobody() {
    let bench = bench().await;
    let sid = bench.sign_in().await;
    let code = bench.code(sid, "openid").await;
    for (client, pairs, error) in [
        (
            "web",
            vec![
                ("grant_type", "password"),
                ("username", "alice"),
                ("password", "x"),
            ],
            "unsupported_grant_type",
        ),
        ("web", vec![], "invalid_request"),
        (
            "web",
            vec![("grant_type", "authorization_code")],
            "invalid_request",
        ),
        (
            "web",
            vec![("grant_type", "refresh_token")],
            "invalid_request",
        ),
        (
            "web",
            vec![("grant_type", "client_credentials")],
            "unauthorized_client",
        ),
        ("robot", exchange(&code).to_vec(), "unauthorized_client"),
        (
            "robot",
            vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
            "unauthorized_client",
        ),
    ] {
        let answer = bench.as_client(client, "token", &pairs).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (400, error),
            "{pairs:?}"
        );
    }
    assert_eq!(
        bench.exchange(&code).await.status,
        200,
        "the refusals spent the code"
    );
}

#[tokio::test]
async fn an_assertion_is_for_this_issuer_alone_and_is_used_once() {
    let bench = bench().await;
    let key = SigningKey::parse(Alg::Es256, &generate(Alg::Es256).unwrap()).unwrap();
    let jwks = serde_json::json!({ "keys": [serde_json::to_value(key.public_jwk()).unwrap()] });
    let settings = ClientSettings {
        client_id: "signer".to_owned(),
        client_secret: None,
        token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
        jwks: Some(jwks),
        ..clients().remove(3)
    };
    add(&bench.ctx, &bench.realm, settings).await;
    let issuer = "http://localhost:8080/realms/demo";
    let assertion = |jti: &str, aud: Value| {
        let exp = bench.ctx.now().secs() + 60;
        let claims = serde_json::json!({ "iss": "signer", "sub": "signer", "aud": aud, "exp": exp, "jti": jti });
        key.sign("JWT", &claims).unwrap()
    };
    let ask = async |jwt: String| {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", kind),
            ("client_assertion", jwt.as_str()),
        ];
        bench.post("token", &[], &pairs).await.status.as_u16()
    };
    let good = assertion("1", issuer.into());
    assert_eq!(ask(good.clone()).await, 200);
    assert_eq!(ask(good).await, 401, "used twice");
    assert_eq!(
        ask(assertion(
            "2",
            format!("{issuer}/protocol/openid-connect/token").into()
        ))
        .await,
        401
    );
    assert_eq!(
        ask(assertion(
            "3",
            serde_json::json!([issuer, "https://other.example"])
        ))
        .await,
        401
    );
}
