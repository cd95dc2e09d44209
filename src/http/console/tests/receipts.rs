//! Receipts: one, all of them, and the file to keep.

use axum::http::{StatusCode, header};

use super::site;
use crate::domain::Actor;
use crate::domain::signout::{self, Reason, Request, Selection};
use crate::domain::time::Span;
use crate::http::rendered::attribute;

#[tokio::test]
async fn the_list_shows_what_people_did_and_expiries_when_asked() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let (anna, bert) = (site.signed_in("anna").await, site.signed_in("bert").await);
    let by = |kind: crate::domain::ActorKind, name: &str| Actor {
        kind,
        name: name.to_owned(),
        ..Actor::system("x")
    };
    for (session, reason, actor) in [
        (
            &anna,
            Reason::Admin,
            by(crate::domain::ActorKind::Admin, "Zoe Zander"),
        ),
        (&bert, Reason::Idle, Actor::system("sweep")),
    ] {
        let select = Selection::Sessions(vec![session.sid.to_string()]);
        signout::end(&site.ctx, &site.realm, &Request::new(select, reason, actor))
            .await
            .unwrap();
    }
    let list = browser.get("/admin/demo/signouts").await;
    assert_eq!(list.tags("data-sign-out-id").len(), 1);
    assert!(list.has("anna") && list.has("Zoe Zander") && !list.has("bert"));
    assert!(list.has("/admin/demo/signouts?expiries=1"));
    let all = browser.get("/admin/demo/signouts?expiries=1").await;
    assert_eq!(all.tags("data-sign-out-id").len(), 2);
    assert!(all.has("bert") && all.has("Unused for too long"));
}

#[tokio::test]
async fn a_long_list_has_pages() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let user = site.user(&site.realm, "crowd", &[]).await;
    for _ in 0..60 {
        let session = site.session(&site.realm, &user, "10.0.0.1").await;
        let select = Selection::Sessions(vec![session.sid.to_string()]);
        let actor = Actor {
            kind: crate::domain::ActorKind::User,
            ..Actor::system("x")
        };
        signout::end(
            &site.ctx,
            &site.realm,
            &Request::new(select, Reason::User, actor),
        )
        .await
        .unwrap();
        site.clock.advance(Span(5));
    }
    let (mut at, mut seen) = (Some("/admin/demo/signouts".to_owned()), Vec::new());
    while let Some(path) = at {
        let page = browser.get(&path).await;
        let ids = page.tags("data-sign-out-id");
        seen.extend(
            ids.iter()
                .map(|tag| attribute(tag, "data-sign-out-id").unwrap().to_owned()),
        );
        at = page.link("next");
    }
    assert_eq!(seen.len(), 60);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 60);
}

#[tokio::test]
async fn a_receipt_renews_itself_is_kept_as_a_file_and_knows_who_came_back() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let anna = site.signed_in("anna").await;
    let select = Selection::Sessions(vec![anna.sid.to_string()]);
    let actor = Actor {
        kind: crate::domain::ActorKind::Admin,
        sid: Some(own.sid),
        ..Actor::system("x")
    };
    let act = signout::end(
        &site.ctx,
        &site.realm,
        &Request::new(select, Reason::Admin, actor),
    )
    .await
    .unwrap();
    site.clock.advance(Span::secs(3));
    let user = crate::domain::user::by_id(&site.ctx, &site.realm, anna.user)
        .await
        .unwrap()
        .unwrap()
        .value;
    site.session(&site.realm, &user, "10.5.5.5").await;
    let path = format!("/admin/demo/signouts/{}", act.id);
    let page = browser.get(&path).await;
    assert!(page.has("anna signed in again") && page.has("10.5.5.5"));
    assert!(page.has("id=\"receipts\"") && page.has("1 session invalidated"));
    let part = browser.part(&path, "receipt").await;
    assert!(part.body.trim_start().starts_with("<div id=\"receipt\"") && !part.has("<html"));
    let file = browser.get(&format!("{path}.json")).await;
    assert!(
        file.headers[header::CONTENT_DISPOSITION]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    let json: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!(
        (&json["id"], &json["counts"]["sessions"]),
        (&act.id.to_string().into(), &1.into())
    );
    assert_eq!(json["sessions"][0]["username"], "anna");
    // The same, signed: three parts, of which the second holds it.
    let file = browser.get(&format!("{path}.jwt")).await;
    assert_eq!(file.headers[header::CONTENT_TYPE], "application/jwt");
    let claims = crate::crypto::unb64(file.body.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((&claims["sub"], &claims["receipt"]), (&json["id"], &json));
    for missing in ["nonsense", "018f0000-0000-7000-8000-000000000000"] {
        let reply = browser
            .get(&format!("/admin/demo/signouts/{missing}"))
            .await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
    }
}
