//! Bad token requests: the errors of RFC 6749.

use super::*;

#[tokio::test]
async fn the_token_endpoint_answers_in_the_words_of_rfc_6749() {
    let server = TestServer::start(Engine::Memory).await;
    let http = client();
    let url = server.endpoint("demo", "token");
    let form = "application/x-www-form-urlencoded";
    let right = basic("web", "web-secret-with-:%+ &=");
    let post = async |body: &str, kind: &str, auth: &str| {
        let mut request = http
            .post(&url)
            .header("content-type", kind)
            .body(body.to_owned());
        if !auth.is_empty() {
            request = request.header("authorization", auth);
        }
        Answer::of(request).await
    };
    let huge = format!(
        "grant_type=refresh_token&refresh_token={}",
        "x".repeat(3 << 20)
    );
    for (what, body, kind, auth, status, error) in [
        (
            "no grant type",
            "code=x",
            form,
            &right,
            400,
            "invalid_request",
        ),
        (
            "unknown grant",
            "grant_type=magic",
            form,
            &right,
            400,
            "unsupported_grant_type",
        ),
        (
            "password grant",
            "grant_type=password&username=alice&password=alice-password",
            form,
            &right,
            400,
            "unsupported_grant_type",
        ),
        (
            "no code",
            "grant_type=authorization_code",
            form,
            &right,
            400,
            "invalid_request",
        ),
        (
            "unknown code",
            "grant_type=authorization_code&code=x&code_verifier=y",
            form,
            &right,
            400,
            "invalid_grant",
        ),
        (
            "unknown refresh",
            "grant_type=refresh_token&refresh_token=x",
            form,
            &right,
            400,
            "invalid_grant",
        ),
        (
            "repeated",
            "grant_type=refresh_token&grant_type=refresh_token&refresh_token=x",
            form,
            &right,
            400,
            "invalid_request",
        ),
        (
            "not utf-8",
            "grant_type=refresh_token&refresh_token=%ff%fe",
            form,
            &right,
            400,
            "invalid_request",
        ),
        ("empty", "", form, &right, 400, "invalid_request"),
        (
            "json",
            "{\"grant_type\":\"refresh_token\"}",
            "application/json",
            &right,
            400,
            "invalid_request",
        ),
        (
            "no client",
            "grant_type=refresh_token&refresh_token=x",
            form,
            &String::new(),
            401,
            "invalid_client",
        ),
        (
            "unknown client",
            "grant_type=refresh_token&refresh_token=x",
            form,
            &basic("nobody", "x"),
            401,
            "invalid_client",
        ),
        (
            "wrong secret",
            "grant_type=refresh_token&refresh_token=x",
            form,
            &basic("web", "x"),
            401,
            "invalid_client",
        ),
        (
            "no secret",
            "grant_type=refresh_token&refresh_token=x&client_id=web",
            form,
            &String::new(),
            401,
            "invalid_client",
        ),
        (
            "not base64",
            "grant_type=refresh_token&refresh_token=x",
            form,
            &"Basic ~~~".to_owned(),
            401,
            "invalid_client",
        ),
    ] {
        let answer = post(body, kind, auth).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (status, error),
            "{what}: {}",
            answer.text
        );
        assert!(
            answer.header("cache-control").contains("no-store"),
            "{what}: {:?}",
            answer.headers
        );
        if status == 401 {
            assert!(
                answer.header("www-authenticate").starts_with("Basic"),
                "{what}: {:?}",
                answer.headers
            );
        }
    }
    let both = post(
        "grant_type=refresh_token&refresh_token=x&client_id=web&client_secret=y",
        form,
        &right,
    )
    .await;
    assert!(
        ["invalid_request", "invalid_client"].contains(&both.error().as_str()),
        "two methods: {}",
        both.text
    );
    let large = Answer::maybe(
        http.post(&url)
            .header("content-type", form)
            .header("authorization", &right)
            .body(huge),
    )
    .await;
    assert!(
        large.is_none_or(|a| [400, 413].contains(&a.status)),
        "an oversized body is taken"
    );
    let secret_in_url = Answer::of(
        http.post(format!("{url}?client_id=web&client_secret=x"))
            .header("content-type", form)
            .body("grant_type=client_credentials"),
    )
    .await;
    assert!(
        (400..402).contains(&secret_in_url.status),
        "{}",
        secret_in_url.text
    );
}
