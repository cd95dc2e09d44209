//! What scripts of other origins may read.

use super::*;

const TOKEN: &str = "/realms/demo/protocol/openid-connect/token";

async fn preflight(bench: &Bench, path: &str, origin: &str) -> Answer {
    let request = Request::options(path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization")
        .body(Body::empty())
        .unwrap();
    bench.send(request).await
}

#[tokio::test]
async fn a_preflight_allows_the_origins_of_the_realms_clients() {
    let bench = bench().await;
    for (origin, allowed) in [
        ("https://spa.example", true),
        ("https://app.example", true),
        ("https://evil.example", false),
        ("http://spa.example", false),
        ("https://spa.example:8443", false),
        ("null", false),
    ] {
        let answer = preflight(&bench, TOKEN, origin).await;
        assert_eq!(answer.status, 204, "{origin}");
        let expected = if allowed { origin } else { "" };
        assert_eq!(
            answer.header("access-control-allow-origin"),
            expected,
            "{origin}"
        );
        assert_eq!(answer.header("vary"), "Origin");
        let credentials = if allowed { "true" } else { "" };
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            credentials
        );
        assert_eq!(
            answer
                .header("access-control-allow-headers")
                .contains("Authorization"),
            allowed
        );
    }
    let public = preflight(
        &bench,
        "/realms/demo/.well-known/openid-configuration",
        "https://evil.example",
    )
    .await;
    assert_eq!(public.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn a_new_client_is_heard_at_once_and_a_disabled_one_no_more() {
    let bench = bench().await;
    let origin = "https://late.example";
    assert_eq!(
        preflight(&bench, TOKEN, origin)
            .await
            .header("access-control-allow-origin"),
        ""
    );
    let settings = ClientSettings {
        client_id: "late".to_owned(),
        redirect_uris: vec!["https://late.example/cb".to_owned()],
        ..clients().remove(0)
    };
    let late = add(&bench.ctx, &bench.realm, settings.clone()).await;
    assert_eq!(
        preflight(&bench, TOKEN, origin)
            .await
            .header("access-control-allow-origin"),
        origin
    );
    let disabled = ClientSettings {
        enabled: false,
        client_secret: None,
        ..settings
    };
    client::verbs::update(
        &bench.ctx,
        &bench.realm,
        &Actor::system("test"),
        late.id,
        disabled,
    )
    .await
    .unwrap();
    assert_eq!(
        preflight(&bench, TOKEN, origin)
            .await
            .header("access-control-allow-origin"),
        ""
    );
}

#[tokio::test]
async fn an_answer_is_readable_at_the_origin_of_the_client_that_asked() {
    let bench = bench().await;
    let ask = async |origin: &str| {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
            ("client_id", "spa"),
        ];
        bench.post("token", &[("origin", origin)], &pairs).await
    };
    assert_eq!(
        ask("https://spa.example")
            .await
            .header("access-control-allow-origin"),
        "https://spa.example"
    );
    assert_eq!(
        ask("https://app.example")
            .await
            .header("access-control-allow-origin"),
        "",
        "another client's"
    );
    assert_eq!(
        ask("https://evil.example")
            .await
            .header("access-control-allow-origin"),
        ""
    );
    let bad_client = bench
        .post(
            "token",
            &[("origin", "https://app.example")],
            &[("client_id", "web")],
        )
        .await;
    assert_eq!(
        (
            bad_client.status.as_u16(),
            bad_client.header("access-control-allow-origin")
        ),
        (401, "https://app.example")
    );
    let path = "/realms/demo/protocol/openid-connect/userinfo";
    let refused = bench.get(path, &[("origin", "https://spa.example")]).await;
    assert_eq!(
        refused.header("access-control-allow-origin"),
        "https://spa.example"
    );
    assert!(
        refused
            .header("access-control-expose-headers")
            .contains("WWW-Authenticate")
    );
    assert!(bench.get(path, &[]).await.headers.get("vary").is_none());
}
