//! Preview and act: what is seen is what is done, to whom it was meant, and never to oneself.

use axum::http::StatusCode;

use super::{Browser, Reply, Site, site};
use crate::domain::Actor;
use crate::domain::id::SignOutId;
use crate::domain::session::Session;
use crate::domain::signout::{self, Reason, Receipt, Request, Selection, receipt};
use crate::domain::time::Span;
use crate::http::rendered::attribute;

const PREVIEW: &str = "/admin/demo/signouts/preview";
const ACT: &str = "/admin/demo/signouts";

/// Confirms a preview as a browser would: every hidden field goes along.
async fn confirm(browser: &mut Browser, preview: &Reply, more: &[(&str, &str)]) -> Reply {
    let mut fields = Vec::new();
    for name in ["once", "frozen", "sid"] {
        fields.extend(preview.fields(name).into_iter().map(|value| (name, value)));
    }
    let mut all: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    all.extend_from_slice(more);
    browser.post(ACT, &all).await
}

async fn receipt_of(site: &Site, reply: &Reply) -> Receipt {
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let id: SignOutId = reply
        .location()
        .strip_prefix("/admin/demo/signouts/")
        .unwrap()
        .parse()
        .unwrap();
    receipt::read(&site.ctx, &site.realm, id)
        .await
        .unwrap()
        .unwrap()
}

fn button(preview: &Reply) -> String {
    let at = preview.body.find("id=\"confirm-yes\"").unwrap();
    preview.body[at..]
        .split(['>', '<'])
        .nth(1)
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn what_the_preview_counts_is_what_the_receipt_counts() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let (crm, files) = (site.app("crm", true).await, site.app("files", false).await);
    let (anna, bert, kept) = (
        site.signed_in("anna").await,
        site.signed_in("bert").await,
        site.signed_in("kept").await,
    );
    site.joins(&crm, &anna).await;
    site.joins(&files, &bert).await;
    let (one, two) = (anna.sid.to_string(), bert.sid.to_string());
    let preview = browser.post(PREVIEW, &[("sid", &one), ("sid", &two)]).await;
    assert_eq!(preview.status, StatusCode::OK);
    assert_eq!(button(&preview), "Invalidate 2 sessions");
    assert!(
        preview.has("anna") && preview.has("bert") && preview.has("2 refresh tokens are revoked")
    );
    assert!(
        preview.has("1 app is told")
            && preview.has("An API that never asks may accept one for up to")
            && preview.has("The files keeps working for up to")
    );
    assert!(preview.has("Your own session is not included") && preview.has("id=\"reason\""));
    assert!(site.is_good(&anna).await);
    let answers = [
        ("reason", "lost_device"),
        ("note", "ticket 4812"),
        ("message", "Call the desk."),
    ];
    let done = confirm(&mut browser, &preview, &answers).await;
    let receipt = receipt_of(&site, &done).await;
    let act = &receipt.sign_out;
    assert_eq!((act.sessions, act.people, act.families), (2, 2, 2));
    assert_eq!(
        (act.reason, act.why.as_deref()),
        (Reason::Admin, Some("Lost or stolen device"))
    );
    assert_eq!(
        (act.note.as_deref(), act.message.as_deref()),
        (Some("ticket 4812"), Some("Call the desk."))
    );
    assert_eq!(
        (act.actor.name.as_str(), act.actor.sid),
        ("amira", Some(own.sid))
    );
    assert!(!site.is_good(&anna).await && !site.is_good(&bert).await);
    assert!(site.is_good(&kept).await && site.is_good(&own).await);
    let page = browser.get(done.location()).await;
    assert!(page.has("2 sessions invalidated") && page.has("anna and bert must sign in again."));
    assert_eq!(page.tags("data-client-id=\"files\"").len(), 1);
    assert_eq!(
        attribute(page.tags("data-client-id=\"files\"")[0], "data-status"),
        Some("bounded")
    );
}

#[tokio::test]
async fn a_confirmation_that_is_sent_twice_is_done_once() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let sid = site.signed_in("anna").await.sid.to_string();
    let preview = browser.post(PREVIEW, &[("sid", &sid)]).await;
    let first = confirm(&mut browser, &preview, &[("reason", "policy")]).await;
    let second = confirm(&mut browser, &preview, &[("reason", "policy")]).await;
    assert_eq!(first.location(), second.location());
    assert_eq!(receipt_of(&site, &second).await.sign_out.sessions, 1);
}

#[tokio::test]
async fn your_own_session_survives_a_forged_form() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let anna = site.signed_in("anna").await;
    let (mine, theirs) = (own.sid.to_string(), anna.sid.to_string());
    for path in [PREVIEW, ACT] {
        let alone = browser
            .post(path, &[("sid", &mine), ("reason", "policy")])
            .await;
        assert_eq!(alone.status, StatusCode::CONFLICT, "{path}");
    }
    let preview = browser
        .post(PREVIEW, &[("sid", &mine), ("sid", &theirs)])
        .await;
    assert_eq!(button(&preview), "Invalidate 1 session");
    assert!(preview.has("Your own session is kept"));
    let done = confirm(&mut browser, &preview, &[("reason", "policy")]).await;
    let receipt = receipt_of(&site, &done).await;
    assert_eq!(
        (receipt.sign_out.sessions, &receipt.sign_out.protected),
        (1, &vec![own.sid])
    );
    let page = browser.get(done.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.tags("data-outcome=\"protected\"").len(), 1);
    assert!(site.is_good(&own).await && !site.is_good(&anna).await);
}

#[tokio::test]
async fn what_ended_meanwhile_or_never_was_is_said_and_no_failure() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let (anna, bert) = (site.signed_in("anna").await, site.signed_in("bert").await);
    let (one, two) = (anna.sid.to_string(), bert.sid.to_string());
    let preview = browser
        .post(PREVIEW, &[("sid", &one), ("sid", &two), ("sid", "no-such")])
        .await;
    assert!(preview.has("1 not found"));
    end(&site, &bert).await;
    let done = confirm(&mut browser, &preview, &[("reason", "policy")]).await;
    let act = receipt_of(&site, &done).await.sign_out;
    assert_eq!(
        (act.sessions, act.already_ended.len(), act.not_found.len()),
        (1, 1, 1)
    );
    let page = browser.get(done.location()).await;
    assert_eq!(page.tags("data-outcome=\"already_ended\"").len(), 1);
    assert_eq!(page.tags("data-outcome=\"not_found\"").len(), 1);
    let gone = browser.post(PREVIEW, &[("sid", &one)]).await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    assert!(gone.has("already ended"));
}

#[tokio::test]
async fn a_reason_is_asked_for_and_nothing_typed_is_lost() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let anna = site.signed_in("anna").await;
    let preview = browser
        .post(PREVIEW, &[("sid", &anna.sid.to_string())])
        .await;
    let again = confirm(
        &mut browser,
        &preview,
        &[("reason", ""), ("note", "kept words")],
    )
    .await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.has("Choose a reason.") && again.has("kept words"));
    assert!(site.is_good(&anna).await);
    let nothing = browser.post(PREVIEW, &[]).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.has("Nothing is selected"));
}

#[tokio::test]
async fn select_all_means_what_was_there_when_the_list_was() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let mut there = Vec::new();
    for n in 0..5 {
        there.push(site.signed_in(&format!("user{n}")).await);
    }
    let list = browser.get("/admin/demo/sessions?limit=2").await;
    assert!(list.has("Select all 5"));
    let token = list.fields("all").pop().unwrap();
    site.clock.advance(Span::secs(2));
    let late = site.signed_in("late").await;
    let preview = browser
        .post(
            PREVIEW,
            &[("all", &token), ("sid", &there[0].sid.to_string())],
        )
        .await;
    assert_eq!(button(&preview), "Invalidate 5 sessions");
    let later = site.signed_in("later").await;
    let receipt = receipt_of(
        &site,
        &confirm(&mut browser, &preview, &[("reason", "policy")]).await,
    )
    .await;
    assert_eq!(receipt.sign_out.sessions, 5);
    for session in &there {
        assert!(!site.is_good(session).await);
    }
    assert!(site.is_good(&late).await && site.is_good(&later).await && site.is_good(&own).await);
}

#[tokio::test]
async fn select_all_of_a_search_ends_what_it_finds_and_no_more() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let (anna, anton, bert) = (
        site.signed_in("anna").await,
        site.signed_in("anton").await,
        site.signed_in("bert").await,
    );
    let list = browser.get("/admin/demo/sessions?q=an").await;
    let token = list.fields("all").pop().unwrap();
    let preview = browser.post(PREVIEW, &[("all", &token)]).await;
    assert_eq!(button(&preview), "Invalidate 2 sessions");
    confirm(&mut browser, &preview, &[("reason", "policy")]).await;
    assert!(!site.is_good(&anna).await && !site.is_good(&anton).await && site.is_good(&bert).await);
}

#[tokio::test]
async fn a_large_selection_is_frozen_and_the_receipt_says_what_had_ended_by_itself() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let user = site.user(&site.realm, "crowd", &[]).await;
    let mut there = Vec::new();
    for _ in 0..510 {
        there.push(site.session(&site.realm, &user, "10.0.0.1").await);
    }
    let token = browser
        .get("/admin/demo/sessions?limit=2")
        .await
        .fields("all")
        .pop()
        .unwrap();
    let preview = browser.post(PREVIEW, &[("all", &token)]).await;
    assert_eq!(button(&preview), "Invalidate 510 sessions");
    assert!(preview.fields("sid").is_empty() && preview.fields("frozen").len() == 1);
    end(&site, &there[7]).await;
    site.clock.advance(Span::secs(2));
    let late = site.signed_in("late").await;
    let done = confirm(
        &mut browser,
        &preview,
        &[("reason", "policy"), ("note", "spring clean")],
    )
    .await;
    let act = receipt_of(&site, &done).await.sign_out;
    assert_eq!((act.sessions, act.people), (509, 1));
    assert_eq!(
        act.note.as_deref(),
        Some("spring clean (1 session had ended between preview and confirmation.)")
    );
    assert!(
        site.is_good(&own).await && site.is_good(&late).await && !site.is_good(&there[0]).await
    );
    assert!(browser.get(done.location()).await.has("and 409 more"));
}

#[tokio::test]
async fn a_frozen_selection_is_its_makers_alone_and_not_for_ever() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let (mut other, _) = site
        .console(&site.realm.clone(), "zoe", &["realm-admin"])
        .await;
    let anna = site.signed_in("anna").await;
    let token = browser
        .get("/admin/demo/sessions?q=an")
        .await
        .fields("all")
        .pop()
        .unwrap();
    assert_eq!(
        other.post(PREVIEW, &[("all", &token)]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        browser.post(PREVIEW, &[("all", "AAAA")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    for _ in 0..3 {
        site.clock.advance(Span::mins(25));
        browser.get("/admin/demo/sessions").await;
    }
    assert_eq!(
        browser.post(PREVIEW, &[("all", &token)]).await.status,
        StatusCode::CONFLICT
    );
    assert!(
        receipt::list(&site.ctx, &site.realm, None, 10)
            .await
            .unwrap()
            .0
            .is_empty()
    );
    assert!(anna.ended.is_none());
}

async fn end(site: &Site, session: &Session) {
    let select = Selection::Sessions(vec![session.sid.to_string()]);
    let request = Request::new(select, Reason::User, Actor::system("test"));
    signout::end(&site.ctx, &site.realm, &request)
        .await
        .unwrap();
}
