//! What goes on by itself: the live list, and the file for a spreadsheet.

use axum::http::{StatusCode, header};
use serde_json::Value;

use super::{Browser, Site, site};
use crate::domain::Actor;
use crate::domain::session::Session;
use crate::domain::signout::{self, Reason, Request, Selection};
use crate::domain::time::Span;
use crate::domain::user::{self, UserSettings};

async fn end(site: &Site, session: &Session) {
    let select = Selection::Sessions(vec![session.sid.to_string()]);
    let request = Request::new(select, Reason::User, Actor::system("test"));
    signout::end(&site.ctx, &site.realm, &request)
        .await
        .unwrap();
}

/// The first message of a stream that is asked for these rows.
async fn first(browser: &mut Browser, query: &str, rows: &[&Session]) -> Value {
    let rows: Vec<String> = rows.iter().map(|session| session.sid.to_string()).collect();
    let path = format!("/admin/demo/sessions/live?{query}&rows={}", rows.join(","));
    let text = browser.first_line(&path).await;
    serde_json::from_str(
        text.strip_prefix("data: ")
            .unwrap_or_else(|| panic!("{text}")),
    )
    .unwrap()
}

#[tokio::test]
async fn the_stream_tells_of_the_rows_that_are_shown_and_counts_the_new() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let (anna, bert) = (site.signed_in("anna").await, site.signed_in("bert").await);
    let opened = format!("opened={}", site.ctx.now().0);
    site.clock.advance(Span::secs(1));
    end(&site, &bert).await;
    site.signed_in("carl").await;
    site.signed_in("carla").await;
    let told = first(&mut browser, &opened, &[&anna, &bert, &own]).await;
    let rows: Vec<&str> = told["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|r| r["sid"].as_str())
        .collect();
    assert_eq!(rows, [anna.sid.to_string(), own.sid.to_string()]);
    assert_eq!(told["ended"][0]["sid"], bert.sid.to_string());
    assert!(
        told["ended"][0]["how"]
            .as_str()
            .unwrap()
            .contains("signing out")
    );
    assert!(
        told["ended"][0]["url"]
            .as_str()
            .unwrap()
            .starts_with("/admin/demo/signouts/")
    );
    assert_eq!(told["new"], 2);
    assert_eq!(told["count"], "4");
    // Of a filter, only what fits it.
    let told = first(&mut browser, &format!("{opened}&q=carla"), &[]).await;
    assert_eq!(told["new"], 1);
}

#[tokio::test]
async fn the_stream_is_for_who_may_see_sessions_and_keeps_nobody_signed_in() {
    let site = site().await;
    let realm = site.realm.clone();
    let (mut clerk, _) = site.console(&realm, "cleo", &["users-manager"]).await;
    let refused = clerk.get("/admin/demo/sessions/live?rows=").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let nobody = site.browser().get("/admin/demo/sessions/live?rows=").await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let (mut browser, own) = site.admin().await;
    for _ in 0..3 {
        site.clock.advance(Span::mins(9));
        browser.first_line("/admin/demo/sessions/live?rows=").await;
    }
    site.clock.advance(Span::mins(9));
    assert!(
        !site.is_good(&own).await,
        "a watched list is nobody's activity"
    );
}

#[tokio::test]
async fn the_file_has_what_the_list_has_and_no_formula() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let mut settings = UserSettings {
        username: "mallory".to_owned(),
        ..UserSettings::default()
    };
    let formula = "=HYPERLINK(\"http://evil.example\",\"click\")";
    settings.claims.insert("name".to_owned(), formula.into());
    let actor = Actor::system("test");
    let user = user::verbs::create(&site.ctx, &site.realm, &actor, settings)
        .await
        .unwrap();
    site.session(&site.realm, &user, "10.0.0.9").await;
    for n in 0..250 {
        site.signed_in(&format!("user{n}")).await;
    }
    let file = browser.get("/admin/demo/sessions.csv").await;
    assert_eq!(file.status, StatusCode::OK);
    let head = |name| file.headers.get(name).unwrap().to_str().unwrap();
    assert!(head(header::CONTENT_TYPE).starts_with("text/csv"));
    assert!(head(header::CONTENT_DISPOSITION).starts_with("attachment; filename=\"sessions-demo-"));
    let lines: Vec<&str> = file.body.split_terminator("\r\n").collect();
    assert_eq!(
        lines.len(),
        1 + 252,
        "a heading and everybody, on whatever page"
    );
    let cells = lines[0].split(',').count();
    assert!(
        lines
            .iter()
            .filter(|line| !line.contains('"'))
            .all(|line| line.split(',').count() == cells)
    );
    assert!(file.has("\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"click\"\")\""));
    let some = browser.get("/admin/demo/sessions.csv?q=user24").await;
    assert_eq!(some.body.split_terminator("\r\n").count(), 1 + 11);
    let wrong = browser.get("/admin/demo/sessions.csv?ip=nonsense").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let audit = crate::domain::audit::newest(&site.ctx, site.realm.id, 2)
        .await
        .unwrap();
    assert_eq!(audit[0].action, "sessions.export");
    assert!(audit[0].detail.as_deref().unwrap().contains("user24"));
}

#[tokio::test]
async fn receipts_are_filtered_by_who_why_and_when() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let (anna, bert) = (site.signed_in("anna").await, site.signed_in("bert").await);
    let by = |name: &str| Actor {
        kind: crate::domain::ActorKind::Admin,
        name: name.to_owned(),
        ..Actor::system("x")
    };
    for (session, reason, actor) in [
        (&anna, Reason::Admin, by("Zoe Zander")),
        (&bert, Reason::User, by("Bert")),
    ] {
        let select = Selection::Sessions(vec![session.sid.to_string()]);
        let request = Request::new(select, reason, actor);
        signout::end(&site.ctx, &site.realm, &request)
            .await
            .unwrap();
        site.clock.advance(Span::mins(16));
        browser.get("/admin/demo/sessions").await;
    }
    let mut count = async |query: &str| {
        let page = browser.get(&format!("/admin/demo/signouts?{query}")).await;
        page.tags("data-sign-out-id").len()
    };
    assert_eq!(count("").await, 2);
    assert_eq!(count("by=zander").await, 1);
    assert_eq!(count("reason=user").await, 1);
    assert_eq!(count("reason=admin&by=bert").await, 0);
    assert_eq!(count("since=1h").await, 2);
    site.clock.advance(Span::mins(14));
    let page = browser.get("/admin/demo/signouts?since=1h&by=zander").await;
    assert_eq!(page.tags("data-sign-out-id").len(), 1);
    site.clock.advance(Span::mins(20));
    let page = browser.get("/admin/demo/signouts?since=1h&by=zander").await;
    assert!(page.has("No sign-out found with these filters"));
}
