//! The overview: who may see it, and the part of it that the script fetches.

use axum::http::StatusCode;

use super::site;

const OVERVIEW: &str = "/admin/demo/overview";

#[tokio::test]
async fn it_is_for_whoever_sees_sessions() {
    let site = site().await;
    let (mut browser, _) = site
        .console(&site.realm.clone(), "vera", &["sessions-viewer"])
        .await;
    let page = browser.get(OVERVIEW).await;
    assert_eq!(page.status, StatusCode::OK);
    for id in ["glance", "chart-sessions", "chart-deliveries"] {
        assert!(page.has(&format!("id=\"{id}\"")), "{id}");
    }
    let part = browser.part(OVERVIEW, "glance").await;
    assert!(part.has("id=\"tile-sessions\"") && !part.has("<main"));
    let week = browser.get("/admin/demo/overview?range=7d").await;
    assert!(week.has("href=\"/admin/demo/overview?range=7d\" aria-current=\"page\""));

    let (mut browser, _) = site
        .console(&site.realm.clone(), "uma", &["users-manager"])
        .await;
    let page = browser.get(OVERVIEW).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}
