//! What a change of the settings is said to do, and what it then does.

use super::*;
use realmkeep::Span;

#[tokio::test]
async fn the_preview_names_as_many_sessions_as_then_end() {
    let desk = Desk::open().await;
    let web = desk.server.app("web").await;
    let mut early = Vec::new();
    for who in ["alice", "bob"] {
        let browser = Browser::default();
        let password = format!("{who}-password");
        early.push(
            web.sign_in(&browser, who, &password, &["profile"], false)
                .await,
        );
    }
    desk.server.advance(Span::mins(20)).await;
    // Who asks is busy; the other two are not.
    desk.get("/sessions").await;
    let late = Browser::default();
    let late = web
        .sign_in(&late, "bob", "bob-password", &["profile"], false)
        .await;

    let page = desk.get("/settings/sessions").await;
    let form = page.form("form").fill("sessions.idle_timeout", "10m");
    let page = desk.submit(&page, form).await;
    assert!(
        page.text("effects").contains("2 sessions end at once"),
        "{page}"
    );
    for tokens in &early {
        assert_eq!(web.introspect(&tokens.access).await.status, 200);
    }
    let ops = desk.server.ops();
    assert_eq!(ops.sessions("", "active").await.len(), 4);
    let form = page.form("confirm-form").press("confirm-yes");
    let page = desk.submit(&page, form).await;
    assert!(page.body.contains("The settings are saved"), "{page}");
    desk.server.sweep().await;
    let active = ops.sessions("", "active").await;
    let left: Vec<_> = active.iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(left.len(), 2, "two of four: {active:?}");
    assert!(left.contains(&late.sid.as_str()));
    for tokens in &early {
        assert_eq!(
            web.try_refresh(&tokens.refresh).await.error(),
            "invalid_grant"
        );
    }
    assert_eq!(web.introspect(&late.access).await.json()["active"], true);
}

#[tokio::test]
async fn who_manages_clients_sees_no_settings_and_a_viewer_no_secrets() {
    let desk = Desk::open().await;
    let root = desk.server.ops();
    let made = serde_json::json!({
        "username": "clara", "password": "clara-password", "roles": ["clients-manager"],
    });
    root.post("/users", &made).await.expect(201);
    let clara = Browser::new(LAPTOP);
    let at = |path: &str| format!("{}/admin/demo{path}", desk.server.url);
    let page = clara.open(&at("/apps")).await;
    let page = clara.log_in(&page, "clara", "clara-password", false).await;
    assert!(page.html().has("new-app"), "{page}");
    assert!(!page.body.contains("/admin/demo/settings"), "{page}");
    for path in ["/settings/sessions", "/keys"] {
        assert_eq!(clara.open(&at(path)).await.status, 403, "{path}");
    }
    let alice = Browser::new(LAPTOP);
    let page = alice.open(&at("/apps")).await;
    let page = alice.log_in(&page, "alice", "alice-password", false).await;
    assert!(!page.html().has("new-app"), "{page}");
    assert_eq!(alice.open(&at("/apps/new?kind=web")).await.status, 403);
}
