//! A selection that goes along from page to page, in the form alone.

use axum::http::StatusCode;

use super::everyone::signs_in_again;
use super::{Browser, Reply, Site, site};
use crate::domain::denial;
use crate::domain::id::SignOutId;
use crate::domain::session::Session;
use crate::domain::session::touch::touch;
use crate::domain::signout::receipt;
use crate::domain::time::Span;
use crate::http::rendered::attribute;

async fn crowd(site: &Site, how_many: usize) -> Vec<String> {
    let mut sids = Vec::new();
    for n in 0..how_many {
        sids.push(site.signed_in(&format!("user{n}")).await.sid.to_string());
        site.clock.advance(Span::secs(1));
    }
    sids
}

fn ticked(page: &Reply) -> Vec<String> {
    let boxes = page.tags("class=\"row-check\"");
    let on = boxes.iter().filter(|tag| tag.contains(" checked"));
    on.filter_map(|tag| attribute(tag, "value"))
        .map(str::to_owned)
        .collect()
}

fn kept(page: &Reply) -> Vec<String> {
    let tags = page.tags("class=\"kept\"");
    tags.iter()
        .filter_map(|tag| attribute(tag, "value"))
        .map(str::to_owned)
        .collect()
}

async fn turn(browser: &mut Browser, page: &Reply, id: &str, ticks: &[&String]) -> Reply {
    let to = page.tags(&format!("id=\"{id}\""));
    let to = attribute(to[0], "formaction")
        .unwrap()
        .replace("&#38;", "&");
    let on = kept(page);
    let all: Vec<(&str, &str)> = on
        .iter()
        .chain(ticks.iter().copied())
        .map(|sid| ("sid", sid.as_str()))
        .collect();
    browser.post(&to, &all).await
}

#[tokio::test]
async fn a_selection_survives_the_pages_and_is_what_is_ended() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let sids = crowd(&site, 7).await;
    // The newest first: 6 5, then 4 3, then 2 1.
    let first = browser.get("/admin/demo/sessions?limit=2").await;
    let second = turn(&mut browser, &first, "carry-next", &[&sids[6]]).await;
    assert_eq!(second.status, StatusCode::OK);
    assert_eq!(
        (kept(&second), ticked(&second)),
        (vec![sids[6].clone()], vec![])
    );
    assert!(second.has("1 selected on other pages"));
    let mine = own.sid.to_string();
    let third = turn(&mut browser, &second, "carry-next", &[&sids[4], &mine]).await;
    assert_eq!(
        kept(&third).len(),
        2,
        "one's own session is never among them"
    );
    // Back: what was ticked there is ticked there.
    let back = turn(&mut browser, &third, "carry-prev", &[&sids[2]]).await;
    assert_eq!(ticked(&back), [sids[4].clone()]);
    assert!(back.has("3 selected (2 on other pages)"));
    // Unticked is unticked.
    let third = turn(&mut browser, &back, "carry-next", &[]).await;
    assert_eq!(ticked(&third), [sids[2].clone()]);
    let mut all = kept(&third);
    all.extend(ticked(&third));
    let fields: Vec<(&str, &str)> = all.iter().map(|sid| ("sid", sid.as_str())).collect();
    let preview = browser.post("/admin/demo/signouts/preview", &fields).await;
    assert!(preview.has("Invalidate 2 sessions?"));
    let fields: Vec<(&str, &str)> = fields.into_iter().chain([("reason", "policy")]).collect();
    let done = browser.post("/admin/demo/signouts", &fields).await;
    let id: SignOutId = done.location().rsplit('/').next().unwrap().parse().unwrap();
    let read = receipt::read(&site.ctx, &site.realm, id)
        .await
        .unwrap()
        .unwrap();
    let mut ended: Vec<_> = read.sessions.iter().map(|s| s.sid.to_string()).collect();
    ended.sort();
    assert_eq!(ended, [sids[2].clone(), sids[6].clone()]);
}

#[tokio::test]
async fn what_ended_meanwhile_falls_out_and_that_is_said() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let sids = crowd(&site, 5).await;
    let first = browser.get("/admin/demo/sessions?limit=2").await;
    let one = [("sid", sids[4].as_str()), ("reason", "policy")];
    browser.post("/admin/demo/signouts", &one).await;
    let second = turn(&mut browser, &first, "carry-next", &[&sids[4], &sids[3]]).await;
    assert_eq!(kept(&second), [sids[3].clone()]);
    assert!(second.has("1 session of the selection ended meanwhile"));
}

#[tokio::test]
async fn a_page_of_the_selection_is_refused_to_a_forger() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let sids = crowd(&site, 1).await;
    let forged = [("csrf", "x"), ("sid", sids[0].as_str())];
    let reply = browser.post_raw("/admin/demo/sessions", &forged, &[]).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_button_of_a_row_means_that_row_alone() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let anna = site.signed_in("anna").await;
    let user = crate::domain::user::by_id(&site.ctx, &site.realm, anna.user);
    let user = user.await.unwrap().unwrap().value;
    let second = site.session(&site.realm, &user, "10.9.9.9").await;
    let bert = site.signed_in("bert").await;
    let (first, bert) = (anna.sid.to_string(), bert.sid.to_string());
    let only = [("sid", bert.as_str()), ("only", first.as_str())];
    let preview = browser.post("/admin/demo/signouts/preview", &only).await;
    assert!(preview.has("Invalidate 1 session?") && preview.has("anna"));
    assert_eq!(preview.fields("sid"), [first]);
    let all = user.id.to_string();
    let all = [("sid", bert.as_str()), ("of", all.as_str())];
    let preview = browser.post("/admin/demo/signouts/preview", &all).await;
    assert!(preview.has("Invalidate 2 sessions?") && preview.fields("sid").is_empty());
    let of = preview.fields("of").pop().unwrap();
    let fields = [("of", of.as_str()), ("reason", "policy")];
    browser.post("/admin/demo/signouts", &fields).await;
    assert!(!site.is_good(&anna).await && !site.is_good(&second).await);
    // Of oneself, all but the current one.
    let me = own.user.to_string();
    let mine = crate::domain::user::by_id(&site.ctx, &site.realm, own.user);
    let mine = mine.await.unwrap().unwrap().value;
    let other = site.session(&site.realm, &mine, "10.9.9.9").await;
    let fields = [("of", me.as_str()), ("reason", "policy")];
    browser.post("/admin/demo/signouts", &fields).await;
    assert!(site.is_good(&own).await && !site.is_good(&other).await);
}

#[tokio::test]
async fn headings_sort_and_every_order_pages() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    for name in ["carl", "anna", "bert"] {
        site.signed_in(name).await;
        site.clock.advance(Span::secs(1));
    }
    for (sort, expected) in [
        ("name", ["anna", "bert", "carl"]),
        ("-name", ["carl", "bert", "anna"]),
        ("oldest", ["carl", "anna", "bert"]),
        ("newest", ["bert", "anna", "carl"]),
    ] {
        let mut at = format!("/admin/demo/sessions?sort={sort}&limit=2");
        let mut seen = Vec::new();
        loop {
            let page = browser.get(&at).await;
            seen.extend(page.users().into_iter().map(str::to_owned));
            match page.link("next") {
                Some(next) => at = next,
                None => break,
            }
        }
        assert_eq!(
            seen[0], "amira",
            "one's own stands first, whatever the order"
        );
        assert_eq!(seen[1..], expected, "{sort}");
    }
    let page = browser.get("/admin/demo/sessions?sort=name").await;
    assert_eq!(page.tags("aria-sort=\"ascending\"").len(), 1);
    assert!(page.has("sort=-name"));
    // A search by the start of a name has one order.
    let page = browser.get("/admin/demo/sessions?q=an").await;
    assert!(!page.has("sort=oldest") && page.has("sort=-name"));
}

/// The number that a preview names.
fn counted(preview: &Reply) -> u64 {
    let at = preview.body.find("id=\"confirm-yes\"").unwrap();
    let words = preview.body[at..].split(['>', '<']).nth(1).unwrap();
    let digits: String = words.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

async fn select_all(browser: &mut Browser, list: &str) -> String {
    browser.get(list).await.fields("all").pop().unwrap()
}

#[tokio::test]
async fn a_frozen_search_does_not_grow() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let crm = site.app("crm", true).await;
    let (idle, later) = (site.signed_in("idle").await, site.signed_in("later").await);
    site.joins(&crm, &idle).await;
    site.clock.advance(Span::mins(5));
    use_it(&site, &later).await;
    site.clock.advance(Span::mins(12));
    browser.get("/admin/demo/sessions").await;
    let by_idle = select_all(&mut browser, "/admin/demo/sessions?idle=15m").await;
    let by_app = select_all(&mut browser, "/admin/demo/sessions?client=crm").await;
    // Since the lists were made another one fell idle, and then it joined the app.
    site.clock.advance(Span::mins(4));
    let idle_now = browser.get("/admin/demo/sessions?idle=15m").await;
    assert_eq!(idle_now.users(), ["later", "idle"]);
    for token in [by_idle, by_app] {
        let preview = browser
            .post("/admin/demo/signouts/preview", &[("all", &token)])
            .await;
        assert_eq!(counted(&preview), 1);
        assert_eq!(preview.fields("sid"), [idle.sid.to_string()]);
        site.joins(&crm, &later).await;
    }
    let now = select_all(&mut browser, "/admin/demo/sessions?client=crm").await;
    let preview = browser
        .post("/admin/demo/signouts/preview", &[("all", &now)])
        .await;
    assert_eq!(counted(&preview), 2, "a list made now has both");
}

#[tokio::test]
async fn what_would_be_more_than_was_confirmed_is_not_done() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let mut idle = Vec::new();
    for name in ["ann", "bea", "cay"] {
        idle.push(site.signed_in(name).await);
    }
    site.clock.advance(Span::mins(20));
    let user = site.user(&site.realm, "crowd", &[]).await;
    let one = site.session(&site.realm, &user, "10.0.0.1").await;
    for _ in 0..500 {
        site.session(&site.realm, &user, "10.0.0.1").await;
    }
    // Credentials are fresh; what is confirmed is a search that looks at the last use.
    let fresh = signs_in_again(&site, &mut browser, &own).await;
    let token = select_all(&mut browser, "/admin/demo/sessions?q=idle%3C10m").await;
    let preview = browser
        .post("/admin/demo/signouts/preview", &[("all", &token)])
        .await;
    let confirmed = counted(&preview);
    let frozen = preview.fields("frozen").pop().unwrap();
    for session in &idle {
        use_it(&site, session).await;
    }
    let fields = [("frozen", frozen.as_str()), ("reason", "policy")];
    let refused = browser.post("/admin/demo/signouts", &fields).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.has("The selection has changed")
            && refused.has(&format!("{} sessions", confirmed + 3))
    );
    assert!(site.is_good(&one).await && site.is_good(&idle[0]).await && site.is_good(&fresh).await);
    // Nor is a search that nobody has seen the number of.
    let unseen = [("all", token.as_str()), ("reason", "policy")];
    let asked = browser.post("/admin/demo/signouts", &unseen).await;
    assert!(asked.has("id=\"confirm-yes\"") && site.is_good(&one).await);
}

async fn use_it(site: &Site, session: &Session) {
    let active = denial::session(&site.ctx, &site.realm, session.sid)
        .await
        .unwrap()
        .unwrap();
    touch(&site.ctx, &site.realm, &active, "198.51.100.7")
        .await
        .unwrap();
}
