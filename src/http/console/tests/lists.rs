//! The sessions page: search, filters, pages of it, and what it says when there is nothing.

use axum::http::StatusCode;

use super::site;
use crate::domain::Actor;
use crate::domain::signout::{self, Reason, Request, Selection};
use crate::domain::time::Span;
use crate::domain::user::{self, UserSettings};
use crate::http::rendered::{NASTY, attribute};

#[tokio::test]
async fn everybody_is_listed_and_your_own_row_stands_first_and_locked() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let bert = site.signed_in("bert").await;
    site.joins(&*site.app("crm", true).await, &bert).await;
    let other = site
        .session(
            &site.realm,
            &site.user(&site.realm, "carl", &[]).await,
            "10.1.2.3",
        )
        .await;
    let reply = browser.get("/admin/demo/sessions?details=1").await;
    assert_eq!(reply.users(), ["amira", "carl", "bert"]);
    let locked: Vec<_> = reply
        .tags("name=\"sid\"")
        .into_iter()
        .filter(|tag| tag.contains(" disabled"))
        .collect();
    assert_eq!(locked.len(), 1);
    assert_eq!(
        attribute(locked[0], "value"),
        Some(own.sid.to_string().as_str())
    );
    assert_eq!(reply.tags("data-current=\"true\"").len(), 1);
    assert!(
        reply.has("The crm")
            && reply.has("10.1.2.3")
            && reply.has("Firefox 145")
            && reply.has("password")
    );
    let found = browser.get("/admin/demo/sessions?q=car").await;
    assert_eq!(found.users(), ["carl"]);
    assert!(found.has("<mark>car</mark>l"));
    assert_eq!(
        browser
            .get("/admin/demo/sessions?ip=10.0.0.0%2F8")
            .await
            .users(),
        ["carl"]
    );
    assert_eq!(
        browser.get("/admin/demo/sessions?client=crm").await.users(),
        ["bert"]
    );
    assert_eq!(
        browser
            .get("/admin/demo/sessions?q=ip%3A10.1.2.3+user%3Acarl")
            .await
            .users(),
        ["carl"]
    );
    assert_eq!(
        browser
            .get("/admin/demo/sessions?started=before-8h")
            .await
            .users()
            .len(),
        0
    );
    let part = browser.part("/admin/demo/sessions?q=car", "list").await;
    assert!(part.body.starts_with("<div id=\"list\"") && !part.has("<html"));
    assert_eq!(part.users(), ["carl"]);
    assert!(site.is_good(&other).await);
}

#[tokio::test]
async fn another_session_of_yours_is_a_row_like_any_other() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let user = user::by_id(&site.ctx, &site.realm, own.user)
        .await
        .unwrap()
        .unwrap()
        .value;
    let second = site.session(&site.realm, &user, "10.9.9.9").await;
    let reply = browser.get("/admin/demo/sessions").await;
    assert_eq!(reply.users(), ["amira", "amira"]);
    assert!(reply.has("You, other device"));
    let box_of_second = reply.tags(&format!("name=\"sid\" value=\"{}\"", second.sid));
    assert!(box_of_second.len() == 1 && !box_of_second[0].contains("disabled"));
}

#[tokio::test]
async fn a_filter_that_does_not_read_is_a_422_with_the_field() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    for (query, field) in [
        ("ip=10.20.4", "ip"),
        ("q=colour%3Ared", "q"),
        ("idle=soon", "idle"),
        ("after=xx", "after"),
    ] {
        let whole = browser.get(&format!("/admin/demo/sessions?{query}")).await;
        assert_eq!(whole.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let part = browser
            .part(&format!("/admin/demo/sessions?{query}"), "list")
            .await;
        assert_eq!(part.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            attribute(part.tags("data-problem=").pop().unwrap(), "data-field"),
            Some(field)
        );
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_double_and_lead_back() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    for n in 0..7 {
        site.signed_in(&format!("user{n}")).await;
        site.clock.advance(Span::secs(1));
    }
    let mut seen = Vec::new();
    let mut trail = vec!["/admin/demo/sessions?limit=3".to_owned()];
    loop {
        let reply = browser.get(trail.last().unwrap()).await;
        seen.push(
            reply
                .users()
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        );
        match reply.link("next") {
            Some(next) => trail.push(next),
            None => break,
        }
    }
    let mut all: Vec<String> = seen.iter().flatten().cloned().collect();
    assert_eq!(all[0], "amira");
    all.sort();
    let count = all.len();
    all.dedup();
    assert_eq!((all.len(), count), (8, 8));
    assert!(seen.len() >= 3);
    // Back again by "Previous", the same pages in turn.
    let mut at = trail.last().unwrap().clone();
    for expected in seen.iter().rev().skip(1) {
        at = browser.get(&at).await.link("prev").unwrap();
        assert_eq!(browser.get(&at).await.users(), *expected);
    }
    assert_eq!(browser.get(&at).await.link("prev"), None);
}

#[tokio::test]
async fn the_idle_and_the_ended_have_lists_of_their_own() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let bert = site.signed_in("bert").await;
    site.clock.advance(Span::mins(16));
    site.signed_in("carl").await;
    assert_eq!(
        browser.get("/admin/demo/sessions?state=idle").await.users(),
        ["bert"]
    );
    let select = Selection::Sessions(vec![bert.sid.to_string()]);
    let request = Request::new(select, Reason::User, Actor::system("test"));
    let act = signout::end(&site.ctx, &site.realm, &request)
        .await
        .unwrap();
    let ended = browser.get("/admin/demo/sessions?state=ended").await;
    assert_eq!(ended.users(), ["bert"]);
    assert!(ended.has("by signing out") && ended.has(&format!("/admin/demo/signouts/{}", act.id)));
    assert!(!ended.has("invalidate-selected"));
    let page = browser
        .get(&format!("/admin/demo/sessions/{}", bert.sid))
        .await;
    assert!(page.has("by signing out") && !page.has("invalidate-selected"));
}

#[tokio::test]
async fn nothing_found_says_what_is_known() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let bert = site.signed_in("bert").await;
    let select = Selection::Sessions(vec![bert.sid.to_string()]);
    let request = Request::new(select, Reason::User, Actor::system("test"));
    signout::end(&site.ctx, &site.realm, &request)
        .await
        .unwrap();
    let known = browser.get("/admin/demo/sessions?q=ber").await;
    assert!(
        known.has("id=\"session-not-found\"")
            && known.has("<b>bert</b> exists but is not signed in")
    );
    assert!(known.has("The last session ended today at") || known.has("The last session ended on"));
    assert!(known.has("by signing out") && known.has("q=user%3Abert"));
    let unknown = browser.get("/admin/demo/sessions?q=xyz").await;
    assert!(unknown.has("No session and no user match it"));
    let narrow = browser
        .get("/admin/demo/sessions?q=amira&ip=10.0.0.0%2F8")
        .await;
    assert!(narrow.has("No session found with these filters"));
    assert!(narrow.has("IP 10.0.0.0/8") && narrow.has("/admin/demo/sessions?q=amira\""));
    let mut empty = site
        .console(
            &*crate::domain::testing::realm(&site.ctx, "master").await,
            "root",
            &["server-admin"],
        )
        .await
        .0;
    crate::domain::testing::realm(&site.ctx, "fresh").await;
    assert!(
        empty
            .get("/admin/fresh/sessions")
            .await
            .has("No one is signed in")
    );
    assert!(
        empty
            .get("/admin/fresh/sessions?state=ended")
            .await
            .has("No session has ended lately")
    );
}

#[tokio::test]
async fn what_people_call_themselves_and_type_stays_text() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let mut settings = UserSettings {
        username: "mallory".to_owned(),
        ..UserSettings::default()
    };
    settings.claims.insert("name".to_owned(), NASTY.into());
    settings
        .claims
        .insert("organisation".to_owned(), NASTY.into());
    let user = user::verbs::create(&site.ctx, &site.realm, &Actor::system("test"), settings)
        .await
        .unwrap();
    let session = site.session(&site.realm, &user, "10.0.0.9").await;
    let typed = "q=%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for path in [
        "/admin/demo/sessions?details=1".to_owned(),
        format!("/admin/demo/sessions/{}", session.sid),
        format!("/admin/demo/sessions?{typed}"),
        "/admin/demo/sessions?ip=x&client=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E".to_owned(),
    ] {
        let reply = browser.get(&path).await;
        assert!(!reply.has("<script>alert") && !reply.has("<img"), "{path}");
        let own = reply.body.matches("<script src=\"/assets/").count();
        assert_eq!(reply.body.matches("<script").count(), own, "{path}");
    }
    let preview = browser
        .post(
            "/admin/demo/signouts/preview",
            &[("sid", &session.sid.to_string())],
        )
        .await;
    assert!(preview.has("&#60;script&#62;") && !preview.has("<script>alert"));
}

#[tokio::test]
async fn the_tabs_count_what_an_index_counts_and_an_app_leads_to_its_sessions() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let crm = site.app("crm", true).await;
    let bert = site.signed_in("bert").await;
    site.joins(&crm, &bert).await;
    let carl = site.signed_in("carl").await;
    let select = Selection::Sessions(vec![carl.sid.to_string()]);
    let request = Request::new(select, Reason::User, Actor::system("test"));
    signout::end(&site.ctx, &site.realm, &request)
        .await
        .unwrap();
    let page = browser.get("/admin/demo/sessions").await;
    assert!(page.has("Active <span class=\"n\">2</span>"));
    assert!(page.has("Recently ended <span class=\"n\">1</span>"));
    assert!(page.has("Idle over 15 min</a>"), "{}", page.body);
    let app = browser.get(&format!("/admin/demo/apps/{}", crm.id)).await;
    assert!(
        app.has("/admin/demo/sessions?client=crm\">Sessions <span class=\"n\">1</span>"),
        "{}",
        app.body
    );
    let theirs = browser.get("/admin/demo/sessions?client=crm").await;
    assert_eq!(theirs.users(), ["bert"]);
    assert!(theirs.has("<option value=\"crm\" selected>"));
}

#[tokio::test]
async fn the_switch_for_details_holds_until_it_is_switched_back() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let on = |reply: &super::Reply| reply.has("<tr class=\"detail\"");
    assert!(!on(&browser.get("/admin/demo/sessions").await));
    let reply = browser
        .get("/admin/demo/sessions?details=0&details=1")
        .await;
    assert!(on(&reply));
    let cookie = reply.headers[axum::http::header::SET_COOKIE].to_str();
    assert!(
        cookie
            .unwrap()
            .starts_with("rk_details=1; Path=/admin; HttpOnly")
    );
    assert!(on(&browser.get("/admin/demo/sessions").await));
    assert!(on(&browser.part("/admin/demo/sessions?q=am", "list").await));
    // The address goes before it; what is said again is not said to the browser again.
    let reply = browser.get("/admin/demo/sessions?details=0").await;
    assert!(!on(&reply) && !on(&browser.get("/admin/demo/sessions").await));
    let again = browser.get("/admin/demo/sessions?details=0").await;
    assert!(!again.headers.contains_key(axum::http::header::SET_COOKIE));
}
