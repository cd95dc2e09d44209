//! Who gets in, who does not, and what they are told.

use axum::http::{StatusCode, header};

use super::site;
use crate::domain::signout::{self, Reason, Request, Selection};
use crate::domain::time::Span;
use crate::domain::user::{self, UserSettings};
use crate::domain::{Actor, testing};

#[tokio::test]
async fn nobody_is_led_to_sign_in_and_a_fragment_is_refused() {
    let site = site().await;
    let mut browser = site.browser();
    let reply = browser.get("/admin/demo/sessions?q=ann").await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert_eq!(
        reply.location(),
        "/admin/demo/sign-in?return=%2Fadmin%2Fdemo%2Fsessions%3Fq%3Dann"
    );
    assert_eq!(
        browser.part("/admin/demo/sessions", "list").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        browser.get("/admin").await.location(),
        "/admin/master/sign-in?return=%2Fadmin"
    );
    assert_eq!(
        browser.get("/admin/nowhere/sessions").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        browser.get("/admin/demo").await.location(),
        "/admin/demo/sign-in?return=%2Fadmin%2Fdemo"
    );
}

#[tokio::test]
async fn a_page_is_kept_by_nobody_and_runs_nothing_of_others() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let reply = browser.get("/admin/demo/sessions").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.headers[header::CACHE_CONTROL], "no-store");
    assert!(
        reply.headers[header::VARY]
            .to_str()
            .unwrap()
            .contains("X-Fragment")
    );
    let policy = reply.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(policy.starts_with("default-src 'none';") && policy.contains("form-action 'self'"));
    assert!(!policy.contains("unsafe"));
}

#[tokio::test]
async fn an_ended_console_session_is_out_on_the_very_next_request() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let other = site.signed_in("bert").await;
    let csrf = browser.csrf().await;
    let select = Selection::Sessions(vec![own.sid.to_string()]);
    let request = Request::new(select, Reason::Admin, Actor::system("test"));
    signout::end(&site.ctx, &site.realm, &request)
        .await
        .unwrap();
    let reply = browser.get("/admin/demo/sessions").await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert!(reply.location().starts_with("/admin/demo/sign-in?return="));
    assert_eq!(
        browser.part("/admin/demo/sessions", "list").await.status,
        StatusCode::UNAUTHORIZED
    );
    let sid = other.sid.to_string();
    let fields = [
        ("csrf", csrf.as_str()),
        ("sid", sid.as_str()),
        ("reason", "policy"),
    ];
    let reply = browser.post_raw("/admin/demo/signouts", &fields, &[]).await;
    assert_eq!(
        reply.location(),
        "/admin/demo/sign-in?return=%2Fadmin%2Fdemo%2Fsessions"
    );
    assert!(site.is_good(&other).await);
}

#[tokio::test]
async fn an_idle_console_session_is_out_and_a_receipt_that_renews_itself_keeps_none_alive() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    site.clock.advance(Span::mins(20));
    assert_eq!(
        browser.get("/admin/demo/sessions").await.status,
        StatusCode::OK
    );
    site.clock.advance(Span::mins(20));
    // Twenty minutes after a page: still good, and this does not count as use.
    let reply = browser
        .part(&format!("/admin/demo/signouts/{}", own.sid), "receipt")
        .await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    site.clock.advance(Span::mins(20));
    assert_eq!(
        browser.get("/admin/demo/sessions").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_role_taken_away_is_gone_with_the_next_request() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    assert_eq!(
        browser.get("/admin/demo/sessions").await.status,
        StatusCode::OK
    );
    let settings = UserSettings {
        username: "amira".to_owned(),
        ..UserSettings::default()
    };
    user::verbs::update(
        &site.ctx,
        &site.realm,
        &Actor::system("test"),
        own.user,
        settings,
    )
    .await
    .unwrap();
    let reply = browser.get("/admin/demo/sessions").await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(reply.has("sessions-viewer") && !reply.has("id=\"sessions\""));
}

#[tokio::test]
async fn a_handle_of_another_realm_opens_nothing_here() {
    let site = site().await;
    let other = testing::realm(&site.ctx, "other").await;
    let session = site.signed_in("bert").await;
    let (mut browser, _) = site
        .console(&other, "olga", &["realm-admin", "server-admin"])
        .await;
    assert_eq!(
        browser.get("/admin/other/sessions").await.status,
        StatusCode::OK
    );
    let reply = browser.get("/admin/demo/sessions").await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(!reply.has("bert") && reply.has("/admin/demo/sign-in?return="));
    assert_eq!(
        browser.get("/admin").await.location(),
        "/admin/other/sessions"
    );
    assert_eq!(
        browser.get("/admin/nowhere/sessions").await.status,
        StatusCode::NOT_FOUND
    );
    let csrf = browser
        .get("/admin/other/sessions")
        .await
        .fields("csrf")
        .pop()
        .unwrap();
    let sid = session.sid.to_string();
    let fields = [
        ("csrf", csrf.as_str()),
        ("sid", sid.as_str()),
        ("reason", "policy"),
    ];
    assert_eq!(
        browser
            .post_raw("/admin/demo/signouts", &fields, &[])
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    // Nor by way of one's own realm: the session is not one of it.
    let reply = browser
        .post_raw("/admin/other/signouts", &fields, &[])
        .await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert!(site.is_good(&session).await);
}

#[tokio::test]
async fn an_administrator_of_the_server_sees_every_realm() {
    let site = site().await;
    let master = testing::realm(&site.ctx, "master").await;
    site.signed_in("bert").await;
    let (mut browser, _) = site.console(&master, "root", &["server-admin"]).await;
    let list = browser.get("/admin").await;
    assert!(list.has("data-realm=\"demo\"") && list.has("data-realm=\"master\""));
    let reply = browser.get("/admin/demo/sessions").await;
    assert_eq!(reply.status, StatusCode::OK);
    // Their own session is of another realm and therefore not in this list.
    assert_eq!(reply.users(), ["bert"]);
}

#[tokio::test]
async fn a_viewer_sees_and_cannot_end() {
    let site = site().await;
    let session = site.signed_in("bert").await;
    let (mut browser, _) = site
        .console(&site.realm.clone(), "vera", &["sessions-viewer"])
        .await;
    let reply = browser.get("/admin/demo/sessions?limit=2").await;
    assert_eq!(reply.users().len(), 2);
    assert!(!reply.has("invalidate-selected") && !reply.has("select-all"));
    assert!(reply.tags("row-check").is_empty());
    let sid = session.sid.to_string();
    let page = browser.get(&format!("/admin/demo/sessions/{sid}")).await;
    assert!(page.has("bert") && !page.has("invalidate-selected"));
    let csrf = reply.fields("csrf").pop().unwrap();
    let fields = [
        ("csrf", csrf.as_str()),
        ("sid", sid.as_str()),
        ("reason", "policy"),
    ];
    for path in ["/admin/demo/signouts/preview", "/admin/demo/signouts"] {
        let refused = browser.post_raw(path, &fields, &[]).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert!(refused.has("sessions-operator"));
    }
    assert!(site.is_good(&session).await);
}

#[tokio::test]
async fn a_form_that_no_page_of_ours_posted_changes_nothing() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let (mut stranger, _) = site
        .console(&site.realm.clone(), "zoe", &["realm-admin"])
        .await;
    let session = site.signed_in("bert").await;
    let sid = session.sid.to_string();
    let (csrf, theirs) = (browser.csrf().await, stranger.csrf().await);
    let own_origin: &[(&str, &str)] = &[("origin", "http://localhost:8080")];
    for (token, headers) in [
        ("", own_origin),
        (theirs.as_str(), own_origin),
        (csrf.as_str(), &[("origin", "http://evil.example")]),
        (
            csrf.as_str(),
            &[
                ("origin", "http://localhost:8080"),
                ("sec-fetch-site", "cross-site"),
            ],
        ),
    ] {
        let fields = [("csrf", token), ("sid", sid.as_str()), ("reason", "policy")];
        for path in [
            "/admin/demo/signouts/preview",
            "/admin/demo/signouts",
            "/admin/demo/sign-out",
        ] {
            assert_eq!(
                browser.post_raw(path, &fields, headers).await.status,
                StatusCode::FORBIDDEN,
                "{path}"
            );
        }
    }
    assert!(site.is_good(&session).await && site.is_good(&own).await);
}
