//! What was done is found again: in the log, on the person's page, in a file, on the command line.

use super::Desk;
use crate::support::process::run_as_ops;

#[tokio::test]
async fn what_was_done_is_found_again_by_whom_to_whom_and_when() {
    let desk = Desk::open().await;
    let page = desk.about("bob", "/block").await;
    let answers = [("reason", "suspicious_activity"), ("until", "lifted")];
    desk.confirm(&page, &answers).await;
    let page = desk.about("bob", "/unblock").await;
    desk.confirm(&page, &[]).await;

    let deeds = async |query: &str| -> Vec<String> {
        let page = desk.get(&format!("/events?{query}")).await;
        assert_eq!(page.status, 200, "{query}: {page}");
        let rows = page.html().all("tr", "data-action");
        rows.iter()
            .filter_map(|row| row.attribute("data-action").map(str::to_owned))
            .collect()
    };
    let of_bob = ["user.unblock", "user.block", "user.create"];
    assert_eq!(deeds("target=bob").await, of_bob);
    let id = desk.server.ops().user_id("bob").await;
    assert_eq!(deeds(&format!("target={id}")).await, of_bob);
    assert_eq!(deeds("target=bob&action=user.block").await, ["user.block"]);
    assert_eq!(
        deeds("actor=Dana+Davis&action=user.").await,
        ["user.unblock", "user.block"]
    );
    assert!(deeds("since=2099-01-01").await.is_empty());
    let wrong = desk.get("/events?since=yesterday").await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text("filter-problem").contains("2026-11-20"),
        "{wrong}"
    );

    // A record leads to what it is about, and says everything that is kept.
    let page = desk.get("/events?target=bob&action=user.block").await;
    assert!(page.body.contains("Blocked a user"), "{page}");
    assert!(
        page.body.contains(&format!("/admin/demo/users/{id}")),
        "{page}"
    );
    let link = page.html().all("a", "aria-label");
    let one = link
        .iter()
        .find(|a| a.attribute("aria-label").unwrap().starts_with("Details"))
        .unwrap();
    let one = desk
        .dana
        .open(&format!(
            "{}{}",
            desk.server.url,
            one.attribute("href").unwrap()
        ))
        .await;
    for expected in ["user.block", "until lifted", "127.0.0.1", "Dana Davis"] {
        assert!(one.body.contains(expected), "{expected}: {one}");
    }
    let page = desk.about("bob", "/activity").await;
    for expected in ["Lifted a block", "Blocked a user", "Created a user"] {
        assert!(page.body.contains(expected), "{expected}: {page}");
    }
    let file = desk.get("/events.csv?target=bob").await;
    assert!(
        file.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    assert_eq!(file.body.lines().count(), 4, "{}", file.body);
    assert!(file.body.starts_with("at,action,"), "{}", file.body);
    assert!(file.body.contains("user.block"), "{}", file.body);

    let ops = desk.server.ops();
    let listed = ops
        .get(&format!("/audit?user={id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(listed["records"].as_array().unwrap().len(), 3);
    ops.get("/audit?user=nobody").await.expect(400);
}

#[tokio::test]
async fn the_log_is_read_page_by_page_and_from_the_command_line() {
    let desk = Desk::open().await;
    let ops = desk.server.ops();
    for n in 0..60 {
        let body = serde_json::json!({ "username": format!("many-{n:02}") });
        ops.post("/users", &body).await.expect(201);
    }
    let (mut seen, mut url) = (0, desk.url("/events?action=user.create"));
    loop {
        let page = desk.dana.open(&url).await;
        seen += page.html().all("tr", "data-action").len();
        let next = page.html().all("a", "rel");
        let Some(next) = next.iter().find(|a| a.attribute("rel") == Some("next")) else {
            break;
        };
        url = format!("{}{}", desk.server.url, next.attribute("href").unwrap());
    }
    assert!(seen >= 66, "{seen} users were made");
    let cli = async |args: &[&str]| run_as_ops(&desk.server.url, args).await;
    let (code, out, err) = cli(&["audit", "--target", "many-07"]).await;
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.contains("user.create") && out.contains("1 event\n"),
        "{out}"
    );
    let (code, out, err) = cli(&["audit", "--action", "user.", "--limit", "5", "--json"]).await;
    assert_eq!(code, Some(0), "{err}");
    let listed: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(listed["records"].as_array().unwrap().len(), 5);
    assert_eq!(listed["more"], true);
    let (code, _, err) = cli(&["audit", "--since", "yesterday"]).await;
    assert_eq!(code, Some(1), "{err}");
}

#[tokio::test]
async fn what_apps_hold_is_listed_and_taken_back_by_the_api_too() {
    let desk = Desk::open().await;
    let bob = desk.somebody("bob", "bob-password").await;
    let ops = desk.server.ops();
    let id = ops.user_id("bob").await;
    let path = format!("/users/{id}/consents");
    let held = ops.get(&path).await.expect(200).json();
    assert_eq!(held[0]["clientId"], "notes", "{held}");
    assert_eq!(held[0]["additionalGrants"][0]["key"], "Offline Token");
    assert_eq!(held[0]["grants"][0]["offline"], true);
    let viewer = desk.server.service("viewer");
    viewer.get(&path).await.expect(403);
    viewer.delete(&format!("{path}/notes")).await.expect(403);
    ops.delete(&format!("{path}/nothing")).await.expect(404);
    let done = ops.delete(&format!("{path}/notes")).await.expect(204);
    assert!(!done.header("realmkeep-signout").is_empty());
    let refused = desk.notes.try_refresh(&bob.notes.refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
    assert_eq!(desk.web.silent_error(&bob.browser).await, None);
    let shown = ops
        .get(&format!("/users/{id}/credentials"))
        .await
        .expect(200)
        .json();
    assert_eq!(shown[0]["type"], "password", "{shown}");
}
