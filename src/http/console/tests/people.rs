//! People: an act that takes fresh credentials waits for them, with what was answered; a list stays a page whatever its size.

use axum::http::StatusCode;

use super::{Browser, Site, site};
use crate::domain::client::{self, ClientSettings};
use crate::domain::session::Session;
use crate::domain::time::Span;
use crate::domain::user;
use crate::domain::{Actor, audit};

/// bert, with a session.
async fn bert(site: &Site) -> (Session, String) {
    let session = site.signed_in("bert").await;
    let at = format!("/admin/demo/users/{}", session.user);
    (session, at)
}

/// The same browser at a session that began just now.
async fn anew(site: &Site, browser: &mut Browser, own: &Session) {
    let user = user::by_id(&site.ctx, &site.realm, own.user).await;
    let user = user.unwrap().unwrap().value;
    let session = site.session(&site.realm, &user, "192.0.2.1").await;
    let handle = format!("/test/demo/{}", session.sid);
    assert_eq!(browser.get(&handle).await.status, StatusCode::OK);
}

#[tokio::test]
async fn with_old_credentials_somebody_is_deleted_only_after_new_ones() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let (session, at) = bert(&site).await;
    site.clock.advance(Span::mins(6));
    let page = format!("{at}/delete");
    assert!(
        browser
            .get(&page)
            .await
            .has("asked for your password first")
    );
    let typed = [("typed", "bert")];
    let reply = browser.post(&page, &typed).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let to = reply.location().to_owned();
    assert!(
        to.starts_with("/admin/demo/sign-in?fresh=1&return="),
        "{to}"
    );
    assert!(site.is_good(&session).await);
    // Back with new credentials, on the page that asks, with what was typed.
    anew(&site, &mut browser, &own).await;
    let back = url::Url::parse(&format!("http://x{to}")).unwrap();
    let back = back.query_pairs().find(|(name, _)| name == "return");
    let back = back.unwrap().1.into_owned();
    let asked = browser.get(&back).await;
    assert_eq!(asked.fields("typed"), ["bert"], "{back}");
    assert!(!asked.has("asked for your password first"));
    assert!(site.is_good(&session).await, "asked, not done");
    let reply = browser.post(&page, &typed).await;
    assert!(reply.location().starts_with("/admin/demo/signouts/"));
    assert!(!site.is_good(&session).await);
}

#[tokio::test]
async fn a_sign_out_takes_no_new_credentials() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let (session, at) = bert(&site).await;
    site.clock.advance(Span::mins(6));
    let reply = browser
        .post(&format!("{at}/sign-out"), &[("reason", "policy")])
        .await;
    assert!(reply.location().starts_with("/admin/demo/signouts/"));
    assert!(!site.is_good(&session).await);
    let newest = audit::newest(&site.ctx, site.realm.id, 9).await.unwrap();
    assert!(newest.iter().any(|r| r.action == "sessions.invalidate"));
}

#[tokio::test]
async fn everybody_is_listed_once_page_by_page() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    for n in 0..60 {
        let realm = site.realm.clone();
        site.user(&realm, &format!("many-{n:02}"), &[]).await;
    }
    let (mut seen, mut at) = (Vec::new(), "/admin/demo/users?q=many".to_owned());
    loop {
        let page = browser.get(&at).await;
        let rows = page.tags("data-user-id=");
        assert!(rows.len() <= 25);
        let name =
            |tag: &&str| crate::http::rendered::attribute(tag, "data-user").map(str::to_owned);
        seen.extend(rows.iter().filter_map(name));
        match page.link("next") {
            Some(next) => at = next,
            None => break,
        }
    }
    let expected: Vec<String> = (0..60).map(|n| format!("many-{n:02}")).collect();
    assert_eq!(seen, expected);
    let part = browser.part("/admin/demo/users?q=many-07", "list").await;
    assert!(
        part.body
            .trim_start()
            .starts_with("<div id=\"people-list\""),
        "{}",
        part.body
    );
    assert_eq!(part.tags("data-user-id=").len(), 1);
}

#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_not_overwritten() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let (session, at) = bert(&site).await;
    let ask = browser
        .post(
            &format!("{at}/roles"),
            &[("role", "auditor"), ("others", "")],
        )
        .await;
    assert!(ask.has("Becomes Auditor"));
    let found = user::by_id(&site.ctx, &site.realm, session.user).await;
    assert!(
        found.unwrap().unwrap().value.roles.is_empty(),
        "asked, not done"
    );
    // Disabled meanwhile; the edit of a name does not enable.
    let disabled = browser.post(&format!("{at}/disable"), &[]).await;
    assert!(disabled.location().starts_with("/admin/demo/signouts/"));
    let fields = [("username", "bert"), ("name", "Bert B")];
    let saved = browser.post(&format!("{at}/edit"), &fields).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    let found = user::by_id(&site.ctx, &site.realm, session.user).await;
    let user = found.unwrap().unwrap().value;
    assert!(!user.enabled && user.display_name() == "Bert B");
}

#[tokio::test]
async fn applications_that_administer_stand_beside_the_people_who_do() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let plain = site.app("files", false).await;
    let settings = ClientSettings {
        client_id: "ops".to_owned(),
        client_secret: Some("a secret of more than thirty-two bytes".to_owned()),
        grant_types: vec!["client_credentials".to_owned()],
        service_account_roles: vec!["sessions-operator".to_owned()],
        ..ClientSettings::default()
    };
    let actor = Actor::system("test");
    let ops = client::verbs::create(&site.ctx, &site.realm, &actor, settings).await;
    let page = browser.get("/admin/demo/admins").await;
    let row = page.tags("data-client-id=\"ops\"");
    assert_eq!(row.len(), 1, "{}", page.body);
    assert!(page.has(&format!("/apps/{}", ops.unwrap().client.id)));
    assert!(page.has("Service accounts") && page.has("Sessions operator"));
    assert!(!page.has(&plain.id.to_string()));
}
