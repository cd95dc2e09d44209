//! The way over several pages without a script: a selection that goes along, numbers that hold while people keep
//! signing in, everybody at once, and the file for a spreadsheet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::Desk;
use crate::support::html::Form;
use crate::support::{Browser, Page};

/// The form of the list with another button of it pressed: one that posts elsewhere.
fn turned(page: &Page, button: &str) -> Form {
    let mut form = page.html().form_around("invalidate-selected").unwrap();
    let to = page
        .html()
        .by_id(button)
        .unwrap_or_else(|| panic!("#{button}: {page}"));
    form.action = to.attribute("formaction").unwrap().replace("&#38;", "&");
    form
}

fn rows(page: &Page) -> Vec<String> {
    let rows = page.html().all("tr", "data-session-id");
    rows.iter()
        .filter(|row| row.attribute("data-current") == Some("false"))
        .filter_map(|row| row.attribute("data-session-id").map(str::to_owned))
        .collect()
}

/// The number before a word on a page.
fn number(page: &Page, before: &str) -> u64 {
    let at = page
        .body
        .find(before)
        .unwrap_or_else(|| panic!("{before}: {page}"));
    let digits: String = page.body[..at]
        .chars()
        .rev()
        .take_while(|c| c.is_ascii_digit() || *c == ',')
        .collect();
    digits
        .chars()
        .rev()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn what_is_ticked_on_three_pages_ends_together_and_nothing_else() {
    let desk = Desk::open().await;
    let mut people = Vec::new();
    for who in ["alice", "bob", "alice", "bob", "alice"] {
        people.push(desk.somebody(who).await);
    }
    let mut page = desk.get("/sessions?limit=2").await;
    let mut ticked = Vec::new();
    for turn in 0..3 {
        let sid = rows(&page).remove(0);
        let form = if turn < 2 {
            turned(&page, "carry-next")
        } else {
            page.html().form_around("invalidate-selected").unwrap()
        };
        ticked.push(sid.clone());
        page = desk.dana.submit(&page, form.tick("sid", &sid)).await;
        assert_eq!(page.status, 200, "{page}");
    }
    assert!(page.body.contains("Invalidate 3 sessions?"), "{page}");
    let form = page
        .form("confirm-form")
        .fill("reason", "policy")
        .press("confirm-yes");
    let receipt = desk.dana.submit(&page, form).await;
    assert!(receipt.body.contains("3 sessions invalidated"), "{receipt}");
    for (browser, tokens) in &people {
        let out = desk.web.silent_error(browser).await.is_some();
        assert_eq!(out, ticked.contains(&tokens.sid), "{}", tokens.sid);
    }
}

#[tokio::test]
async fn the_preview_counts_what_ends_while_people_keep_signing_in() {
    let desk = Arc::new(Desk::open().await);
    for _ in 0..3 {
        desk.somebody("alice").await;
        desk.somebody("bob").await;
    }
    let (stop, begun) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let crowd = {
        let (desk, stop, begun) = (desk.clone(), stop.clone(), begun.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                desk.somebody("bob").await;
                begun.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    // More keep coming before the list, before the preview and before the confirmation.
    let more = async |n: u64| {
        let until = begun.load(Ordering::SeqCst) + n;
        while begun.load(Ordering::SeqCst) < until {
            tokio::task::yield_now().await;
        }
    };
    more(1).await;
    let list = desk.get("/sessions?limit=2").await;
    more(2).await;
    let form = list
        .html()
        .form_around("select-all")
        .unwrap()
        .press("select-all");
    let preview = desk.dana.submit(&list, form).await;
    let counted = number(&preview, " sessions?");
    more(2).await;
    let form = preview
        .form("confirm-form")
        .fill("reason", "policy")
        .press("confirm-yes");
    let receipt = desk.dana.submit(&preview, form).await;
    stop.store(true, Ordering::SeqCst);
    crowd.await.unwrap();
    assert!(counted >= 7, "{preview}");
    assert_eq!(
        number(&receipt, " sessions invalidated"),
        counted,
        "{receipt}"
    );
    // Those who came after the list are still there, and so is the administrator.
    let left = desk.get("/sessions").await;
    assert!(rows(&left).len() as u64 >= 4, "{left}");
    assert!(left.html().has("session-search"), "{left}");
}

#[tokio::test]
async fn everybody_is_signed_out_by_typing_the_realms_name_and_the_password() {
    let desk = Desk::open().await;
    let (browser, alice) = desk.somebody("alice").await;
    desk.server.advance(realmkeep::Span::mins(6)).await;
    let page = desk.get("/signouts/everyone").await;
    assert!(page.body.contains("Sign out everyone in demo?"), "{page}");
    let form = page
        .form("confirm-form")
        .fill("reason", "policy")
        .fill("typed", "dem")
        .press("confirm-yes");
    let wrong = desk.dana.submit(&page, form).await;
    assert!(wrong.body.contains("Type demo to confirm"), "{wrong}");
    let form = wrong
        .form("confirm-form")
        .fill("typed", "demo")
        .press("confirm-yes");
    let asked = desk.dana.submit(&wrong, form).await;
    assert!(asked.is_login(), "the password is asked for again: {asked}");
    assert_eq!(desk.web.silent_error(&browser).await, None);
    let again = desk
        .dana
        .log_in(&asked, "dana", "dana-password", false)
        .await;
    let form = again.form("confirm-form");
    assert_eq!(
        (form.value("reason"), form.value("typed")),
        (Some("policy"), Some("demo")),
        "{again}"
    );
    let receipt = desk.dana.submit(&again, form.press("confirm-yes")).await;
    assert!(receipt.html().has("receipts"), "{receipt}");
    desk.is_over(&browser, &alice).await;
    assert!(desk.get("/sessions").await.html().has("session-search"));
}

#[tokio::test]
async fn the_file_is_for_who_may_see_sessions() {
    let desk = Desk::open().await;
    desk.somebody("alice").await;
    let file = desk.get("/sessions.csv?q=ali").await;
    assert_eq!(file.status, 200);
    let lines: Vec<&str> = file.body.split_terminator("\r\n").collect();
    assert!(
        lines.len() == 2
            && lines[0].starts_with("session,username,")
            && lines[1].contains("Alice Adams"),
        "{file}"
    );
    let bob = Browser::default();
    let address = format!("{}/admin/demo/sessions.csv", desk.server.url);
    let page = bob.open(&address).await;
    let refused = bob.log_in(&page, "bob", "bob-password", false).await;
    assert!(!refused.body.contains("session,username,"), "{refused}");
}
