//! What an administrator should know of somebody at once: who tried their name, and what they did not recognise.

use axum::http::StatusCode;

use super::{Site, site};
use crate::domain::session::Session;
use crate::domain::time::Span;
use crate::domain::user::own;
use crate::domain::{Actor, ActorKind, audit};

async fn newest(site: &Site) -> String {
    let log = audit::newest(&site.ctx, site.realm.id, 1).await.unwrap();
    log[0].action.clone()
}

/// Says that a session is not theirs, as its user.
async fn not_recognised(site: &Site, session: &Session) {
    let actor = Actor {
        kind: ActorKind::User,
        id: session.user.to_string(),
        ..Actor::system("test")
    };
    own::not_recognised(&site.ctx, &site.realm, &actor, session)
        .await
        .unwrap();
}

#[tokio::test]
async fn whoever_is_held_back_for_wrong_passwords_is_seen_and_let_go() {
    let site = site().await;
    site.clock.advance(Span::days(400));
    let (mut browser, _) = site.admin().await;
    let bert = site.signed_in("bert").await;
    let at = format!("/admin/demo/users/{}", bert.user);
    assert!(!browser.get(&at).await.has("id=\"attempts\""));
    let (now, realm) = (site.ctx.now(), site.realm.id);
    let tried = || {
        site.ctx
            .throttle
            .admit(now, realm, "bert", "203.0.113.9", false)
    };
    for _ in 0..6 {
        tried().unwrap();
    }
    let page = browser.get(&at).await;
    assert!(page.has("Held back until") && page.has("after 6 wrong passwords in a row"));
    assert!(
        browser
            .get("/admin/demo/users")
            .await
            .has("Held back until")
    );
    // Nobody without the right has the button, nor what it does.
    let (mut viewer, _) = site
        .console(&site.realm.clone(), "vera", &["sessions-operator"])
        .await;
    let seen = viewer.get(&at).await;
    assert!(seen.has("id=\"attempts\"") && !seen.has("id=\"release\""));
    let refused = viewer.post(&format!("{at}/release"), &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(tried().is_err());
    let done = browser.post(&format!("{at}/release"), &[]).await;
    assert_eq!(done.location(), format!("{at}?done=released"));
    assert_eq!(newest(&site).await, "user.release");
    site.clock.advance(Span(1));
    let page = browser.get(done.location()).await;
    assert!(page.has("Can sign in") && !page.has("id=\"attempts\""));
    let again = site.ctx.now();
    let admitted = site
        .ctx
        .throttle
        .admit(again, realm, "bert", "203.0.113.9", false);
    assert!(admitted.is_ok());
}

#[tokio::test]
async fn what_somebody_did_not_recognise_stands_until_it_is_dismissed() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let bert = site.signed_in("bert").await;
    let at = format!("/admin/demo/users/{}", bert.user);
    assert!(
        !browser
            .get("/admin/demo/overview")
            .await
            .has("id=\"attention\"")
    );
    not_recognised(&site, &bert).await;
    let overview = browser.get("/admin/demo/overview").await;
    assert!(overview.has("1 person does not recognise a session") && overview.has(&at));
    let page = browser.get(&at).await;
    assert!(page.has("does not recognise 1 session") && page.has("id=\"dismiss\""));
    assert!(page.has(&format!("/sessions/{}", bert.sid)));

    // One more between the page and the button: nothing goes unseen.
    let user = crate::domain::user::by_id(&site.ctx, &site.realm, bert.user).await;
    let user = user.unwrap().unwrap().value;
    let other = site.session(&site.realm, &user, "198.51.100.9").await;
    not_recognised(&site, &other).await;
    let seen = page.fields("seen").pop().unwrap();
    let done = browser
        .post(&format!("{at}/dismiss"), &[("seen", &seen)])
        .await;
    let page = browser.get(done.location()).await;
    assert!(page.has("does not recognise 2 sessions") && page.has("Nothing was dismissed"));

    let (mut viewer, _) = site
        .console(&site.realm.clone(), "vera", &["sessions-operator"])
        .await;
    let looked = viewer.get(&at).await;
    assert!(looked.has("id=\"not-recognised\"") && !looked.has("id=\"dismiss\""));
    let refused = viewer
        .post(&format!("{at}/dismiss"), &[("seen", "2")])
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let seen = page.fields("seen").pop().unwrap();
    let done = browser
        .post(&format!("{at}/dismiss"), &[("seen", &seen)])
        .await;
    assert_eq!(done.location(), format!("{at}?done=dismissed"));
    assert_eq!(newest(&site).await, "user.dismiss_alert");
    assert!(!browser.get(&at).await.has("id=\"not-recognised\""));
    assert!(
        !browser
            .get("/admin/demo/overview")
            .await
            .has("id=\"attention\"")
    );
}
