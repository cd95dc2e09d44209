//! Applications: whether each would learn of a sign-out, and the button that tries it.

use axum::http::StatusCode;

use super::site;
use crate::domain::audit;
use crate::domain::time::Span;

const APPS: &str = "/admin/demo/apps";

#[tokio::test]
async fn an_app_is_tried_from_the_list_and_its_answer_stands_there() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let told = site.app("files", true).await;
    site.app("legacy", false).await;
    let page = browser.get(APPS).await;
    assert_eq!(page.status, StatusCode::OK);
    let row = |page: &super::Reply, id: &str| {
        let id = format!("data-client-id=\"{id}\"");
        page.tags(&id)
            .first()
            .map_or_else(String::new, |tag| (*tag).to_owned())
    };
    assert!(row(&page, "files").contains("data-state=\"untried\""));
    assert!(row(&page, "legacy").contains("data-state=\"not_told\""));
    assert!(!page.has("realmkeep-console"), "{}", page.body);
    assert!(page.has("id=\"test-files\"") && !page.has("id=\"test-legacy\""));

    let path = format!("{APPS}/{}/test", told.id);
    let posted = browser.post(&path, &[]).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER);
    assert_eq!(posted.location(), "/admin/demo/apps?tried=files#app-files");
    // Not twice at once.
    let again = browser.post(&path, &[]).await;
    assert!(again.location().contains("problem=too-soon"));
    let page = browser.get("/admin/demo/apps?tried=files").await;
    assert!(row(&page, "files").contains("data-state=\"failing\""));
    assert!(page.has("Test: nobody is there") && page.has("role=\"status\""));
    let page = browser.get(again.location()).await;
    assert!(page.has("It was tried just now"));
    // Nor by a form of somebody else's.
    site.clock.advance(Span::secs(3));
    let forged = browser.post_raw(&path, &[("csrf", "forged")], &[]).await;
    assert_ne!(forged.status, StatusCode::SEE_OTHER);
    let newest = audit::newest(&site.ctx, site.realm.id, 50).await.unwrap();
    let tests = newest.iter().filter(|r| r.action == "client.test_sign_out");
    assert_eq!(tests.count(), 1);
}

#[tokio::test]
async fn who_may_only_look_has_no_button() {
    let site = site().await;
    let told = site.app("files", true).await;
    let (mut browser, _) = site
        .console(&site.realm.clone(), "vera", &["sessions-viewer"])
        .await;
    let page = browser.get(APPS).await;
    assert!(page.has("data-client-id=\"files\"") && !page.has("test-files"));
    let path = format!("{APPS}/{}/test", told.id);
    assert_eq!(browser.post(&path, &[]).await.status, StatusCode::FORBIDDEN);
}
