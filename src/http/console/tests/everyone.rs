//! Signing out everybody, and credentials that are asked for again before many sessions end.

use axum::http::StatusCode;

use super::{Browser, Reply, Site, site};
use crate::domain::id::SignOutId;
use crate::domain::session::Session;
use crate::domain::signout::{SignOut, receipt};
use crate::domain::time::Span;

const EVERYONE: &str = "/admin/demo/signouts/everyone";

async fn act(site: &Site, reply: &Reply) -> SignOut {
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let id: SignOutId = reply
        .location()
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    receipt::find(&site.ctx, &site.realm, id)
        .await
        .unwrap()
        .unwrap()
}

/// Lets credentials grow old without letting the session run out.
async fn later(site: &Site, browser: &mut Browser) {
    site.clock.advance(Span::mins(6));
    browser.get("/admin/demo/sessions").await;
}

/// What the realm's own pages would bring about: a session with fresh credentials behind the same browser.
pub(super) async fn signs_in_again(site: &Site, browser: &mut Browser, own: &Session) -> Session {
    let user = crate::domain::user::by_id(&site.ctx, &site.realm, own.user);
    let user = user.await.unwrap().unwrap().value;
    let fresh = site.session(&site.realm, &user, "192.0.2.1").await;
    browser.get(&format!("/test/demo/{}", fresh.sid)).await;
    fresh
}

#[tokio::test]
async fn everybody_but_oneself_once_the_realm_is_typed() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let (anna, bert) = (site.signed_in("anna").await, site.signed_in("bert").await);
    let menu = browser.get("/admin/demo/sessions").await;
    assert!(menu.has("id=\"sign-out-everyone\""));
    let page = browser.get(EVERYONE).await;
    assert!(page.has("Sign out everyone in demo?") && page.has("2 sessions end"));
    assert!(page.has("Sign out 2 people</button>") && page.has("Firefox 145 on Linux"));
    for typed in ["", "Demo", "demo2", "other"] {
        let wrong = [
            ("typed", typed),
            ("reason", "policy"),
            ("note", "kept words"),
        ];
        let again = browser.post(EVERYONE, &wrong).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
        assert!(again.has("Type demo to confirm") && again.has("kept words"));
    }
    let no_reason = browser.post(EVERYONE, &[("typed", "demo")]).await;
    assert!(no_reason.has("Choose a reason."));
    assert!(site.is_good(&anna).await);
    let done = browser
        .post(EVERYONE, &[("typed", "demo"), ("reason", "policy")])
        .await;
    let act = act(&site, &done).await;
    assert_eq!((act.sessions, act.people), (2, 2));
    assert!(!site.is_good(&anna).await && !site.is_good(&bert).await && site.is_good(&own).await);
    let nobody = browser.get(EVERYONE).await;
    assert!(nobody.has("Nobody else is signed in"));
}

#[tokio::test]
async fn whoever_may_not_end_sessions_is_offered_nothing() {
    let site = site().await;
    let realm = site.realm.clone();
    let (mut viewer, _) = site.console(&realm, "vera", &["sessions-viewer"]).await;
    assert!(
        !viewer
            .get("/admin/demo/sessions")
            .await
            .has("sign-out-everyone")
    );
    assert_eq!(viewer.get(EVERYONE).await.status, StatusCode::FORBIDDEN);
    let fields = [("typed", "demo"), ("reason", "policy")];
    assert_eq!(
        viewer.post(EVERYONE, &fields).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn old_credentials_are_asked_for_again_and_nothing_typed_is_lost() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    later(&site, &mut browser).await;
    let anna = site.signed_in("anna").await;
    assert!(
        browser
            .get(EVERYONE)
            .await
            .has("You are asked for your password first.")
    );
    let fields = [
        ("typed", "demo"),
        ("reason", "policy"),
        ("note", "fire drill"),
    ];
    let asked = browser.post(EVERYONE, &fields).await;
    let to = asked.location().to_owned();
    assert!(
        to.starts_with("/admin/demo/sign-in?fresh=1&return="),
        "{to}"
    );
    assert!(site.is_good(&anna).await);
    // The sign-in asks for credentials whatever the session says.
    let away = browser.get(&to).await;
    assert!(
        away.location().contains("prompt=login") && away.location().contains("login_hint=amira")
    );
    let back: String = url::form_urlencoded::parse(to.split_once('?').unwrap().1.as_bytes())
        .find(|(name, _)| name == "return")
        .map(|(_, value)| value.into_owned())
        .unwrap();
    // Without a sign-in, going back changes nothing.
    let fields = [("typed", "demo"), ("reason", "policy")];
    assert!(browser.get(&back).await.has("fire drill"));
    assert!(
        browser
            .post(EVERYONE, &fields)
            .await
            .location()
            .contains("sign-in")
    );
    let fresh = signs_in_again(&site, &mut browser, &own).await;
    let asked_before = browser.post(EVERYONE, &fields).await;
    let act = act(&site, &asked_before).await;
    assert!(act.protected.contains(&fresh.sid) || site.is_good(&fresh).await);
    assert!(site.is_good(&fresh).await && !site.is_good(&anna).await);
}

#[tokio::test]
async fn more_than_a_hundred_sessions_ask_for_credentials_and_return_to_the_preview() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    later(&site, &mut browser).await;
    let user = site.user(&site.realm, "crowd", &[]).await;
    let mut sids = Vec::new();
    for _ in 0..101 {
        let session = site.session(&site.realm, &user, "10.0.0.1").await;
        sids.push(session.sid.to_string());
    }
    let few: Vec<(&str, &str)> = sids[..100]
        .iter()
        .map(|sid| ("sid", sid.as_str()))
        .collect();
    let preview = browser.post("/admin/demo/signouts/preview", &few).await;
    assert!(!preview.has("asked for your password"));
    let mut many: Vec<(&str, &str)> = sids.iter().map(|sid| ("sid", sid.as_str())).collect();
    let preview = browser.post("/admin/demo/signouts/preview", &many).await;
    assert!(preview.has("asked for your password") && preview.has("Invalidate 101 sessions?"));
    many.extend([
        ("reason", "policy"),
        ("note", "kept words"),
        ("block", "1"),
        ("block_for", "8h"),
    ]);
    let asked = browser.post("/admin/demo/signouts", &many).await;
    assert!(asked.location().starts_with("/admin/demo/sign-in?fresh=1"));
    let back = asked.location().split_once("return=").unwrap().1;
    let back: String = url::form_urlencoded::parse(format!("x={back}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap();
    signs_in_again(&site, &mut browser, &own).await;
    let preview = browser.get(&back).await;
    assert!(preview.has("Invalidate 101 sessions?") && preview.has("kept words"));
    assert!(preview.tags("id=\"block\"")[0].contains(" checked"));
    assert!(preview.has("value=\"8h\" selected") && !preview.has("asked for your password"));
    let done = browser.post("/admin/demo/signouts", &many).await;
    let act = act(&site, &done).await;
    assert_eq!(act.sessions, 101);
    assert_eq!(act.block.unwrap().people, 1);
    // Another person at the same browser finds nothing that waits.
    let realm = site.realm.clone();
    let (mut other, _) = site.console(&realm, "zoe", &["realm-admin"]).await;
    assert_eq!(other.get(&back).await.location(), "/admin/demo/sessions");
}

#[tokio::test]
async fn a_block_has_an_end_that_is_to_come_and_needs_its_own_role() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let anna = site.signed_in("anna").await;
    let sid = anna.sid.to_string();
    let post = |at: &'static str| {
        [
            ("sid", sid.clone()),
            ("reason", "policy".to_owned()),
            ("block", "1".to_owned()),
            ("block_for", "at".to_owned()),
            ("block_at", at.to_owned()),
        ]
    };
    for wrong in ["", "yesterday", "2001-01-01T00:00"] {
        let fields = post(wrong);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let again = browser.post("/admin/demo/signouts", &fields).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(again.has("Give a time to come"));
    }
    let realm = site.realm.clone();
    let (mut operator, _) = site.console(&realm, "olga", &["sessions-operator"]).await;
    let preview = operator
        .post("/admin/demo/signouts/preview", &[("sid", &sid)])
        .await;
    assert!(preview.has("Invalidate 1 session?") && !preview.has("id=\"block\""));
    let fields = post("2099-01-01T00:00");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let refused = operator.post("/admin/demo/signouts", &fields).await;
    assert!(refused.has("Blocking sign-in needs the role"));
    assert!(site.is_good(&anna).await);
    let done = browser.post("/admin/demo/signouts", &fields).await;
    assert!(act(&site, &done).await.block.unwrap().until.is_some());
}
