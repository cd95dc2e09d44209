//! What the log says: every request, and no secret.

use super::*;

/// What the log may never hold, whoever sent it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_has_every_request_and_no_secret() {
    let home = Home::new();
    let mut process = home.start(&["--log", "realmkeep=trace,info"]).await;
    let app = App::discover(&home.url, "demo", "web").await;
    let browser = Browser::default();
    let pending = app.begin(&["offline_access"]);
    let page = browser.open(pending.url.as_str()).await;
    let page = browser
        .log_in(&page, "alice", "a-wrong-password-of-alice", false)
        .await;
    let page = browser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    let code = app.code(&pending, &page);
    let verifier = pending.verifier().to_owned();
    let tokens = app.exchange(pending, code.clone()).await;
    let renewed = app.refresh(&tokens).await;
    app.introspect(&renewed.access).await.expect(200);
    app.userinfo(&renewed.access).await.expect(200);
    app.try_exchange(&code, &verifier).await.expect(400);
    app.try_refresh("a-made-up-refresh-token").await.expect(400);
    let wrong = Answer::of(
        client()
            .post(format!("{}/protocol/openid-connect/token", app.issuer))
            .header("authorization", basic("web", "a-wrong-client-secret"))
            .form(&[("grant_type", "client_credentials")]),
    )
    .await;
    assert_eq!(wrong.status, 401);
    let logout = format!(
        "{}/protocol/openid-connect/logout?id_token_hint={}",
        app.issuer, tokens.id_token
    );
    browser.open(&logout).await;
    let ops = crate::support::Operator::service(&home.url, "demo", "ops", "ops-secret");
    let bearer = ops.token().await;
    let path = format!("/users/{}/reset-password", ops.user_id("bob").await);
    ops.put(&path, &serde_json::json!({ "type": "password", "value": "bobs-next-password", "temporary": false })).await;
    ops.get("/sessions?q=secret-search-term").await;
    let error = browser
        .open(&format!(
            "{}/protocol/openid-connect/auth?client_id=nobody&state=a-state-that-tells",
            app.issuer
        ))
        .await;
    let id = error.text("error-id");
    let request_id = wrong.header("x-request-id");
    process.terminate();
    let log = process.log();
    assert!(
        log.contains(&request_id) && !request_id.is_empty(),
        "no line has the id {request_id} of an answer:\n{log}"
    );
    assert!(
        log.contains(&id),
        "no line has the id {id} of an error page:\n{log}"
    );
    assert!(
        log.contains("/protocol/openid-connect/token"),
        "no line names the route:\n{log}"
    );
    let part = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let mut secrets = vec![
        "alice-password".to_owned(),
        "a-wrong-password-of-alice".to_owned(),
        "web-secret-with".to_owned(),
        "a-wrong-client-secret".to_owned(),
        "ops-secret".to_owned(),
        "bobs-next-password".to_owned(),
        "the-first-administrators-password".to_owned(),
        "a-made-up-refresh-token".to_owned(),
        "a-state-that-tells".to_owned(),
        basic("web", "web-secret-with-:%+ &="),
        code,
        verifier,
        tokens.refresh.clone(),
        renewed.refresh.clone(),
        part(&tokens.access),
        part(&renewed.access),
        part(&tokens.id_token),
        part(&bearer),
    ];
    secrets.extend(
        browser
            .cookies()
            .into_iter()
            .map(|(_, value)| value)
            .filter(|v| v.len() > 8),
    );
    for secret in secrets {
        let at = log.lines().find(|line| line.contains(&secret));
        assert_eq!(at, None, "a secret is in the log: {secret}");
    }
    assert_eq!(claims(&tokens.access)["iss"], app.issuer.as_str());
}
