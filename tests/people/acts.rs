//! Every act on a person's page: asked before, done through the door, with a receipt.

use super::{Desk, receipt, told};
use crate::support::Browser;

#[tokio::test]
async fn signed_out_everywhere_is_signed_out_everywhere() {
    let desk = Desk::open().await;
    let alice = desk.somebody("alice", "alice-password").await;
    let bob = desk.somebody("bob", "bob-password").await;
    let page = desk.about("alice", "/sign-out").await;
    assert!(page.body.contains("Sign out of 1 session"), "{page}");
    assert!(page.body.contains("offline grant"), "{page}");
    desk.is_in(&alice).await;
    // Not without a reason.
    let again = desk.confirm(&page, &[]).await;
    assert_eq!(again.status, 422, "{again}");
    assert!(again.html().has("reason-error"), "{again}");
    desk.is_in(&alice).await;
    let answers = [("reason", "lost_device"), ("note", "<b>42</b>")];
    let done = desk.confirm(&again, &answers).await;
    let act = told(&desk, &done).await;
    assert_eq!(
        (&act["reason"], &act["counts"]["sessions"]),
        (&"admin".into(), &1.into())
    );
    assert!(!done.body.contains("<b>42</b>"), "{done}");
    desk.is_out(&alice).await;
    desk.is_in(&bob).await;
    assert_eq!(desk.sessions_of("alice").await, 0);
    // Pressed twice, it is one act.
    let twice = desk.confirm(&again, &answers).await;
    assert_eq!(receipt(&twice), receipt(&done));
}

#[tokio::test]
async fn whoever_signs_themselves_out_everywhere_keeps_the_session_they_are_in() {
    let desk = Desk::open().await;
    let elsewhere = desk.somebody("dana", "dana-password").await;
    let page = desk.about("dana", "/sign-out").await;
    assert!(page.body.contains("Your own session is kept"), "{page}");
    desk.confirm(&page, &[("reason", "policy")]).await;
    desk.is_out(&elsewhere).await;
    assert!(
        !desk.get("/users").await.is_login(),
        "thrown out of the console"
    );
    assert_eq!(desk.sessions_of("dana").await, 1);
    // And they are not offered what would lock them out.
    for act in ["/block", "/disable", "/delete"] {
        let page = desk.about("dana", act).await;
        assert_eq!(page.status, 409, "{act}: {page}");
    }
}

#[tokio::test]
async fn blocked_is_out_until_it_is_lifted() {
    let desk = Desk::open().await;
    let bob = desk.somebody("bob", "bob-password").await;
    let page = desk.about("bob", "/block").await;
    assert!(
        page.body.contains("Block sign-in and end 1 session"),
        "{page}"
    );
    // A moment that does not read is asked for again, with what was typed.
    let odd = [
        ("reason", "policy"),
        ("until", "dated"),
        ("at", "soon"),
        ("note", "kept"),
    ];
    let again = desk.confirm(&page, &odd).await;
    assert_eq!(again.status, 422);
    assert!(
        again.html().has("at-problem") && again.body.contains("kept"),
        "{again}"
    );
    desk.is_in(&bob).await;
    let answers = [("reason", "policy"), ("until", "lifted")];
    let done = desk.confirm(&again, &answers).await;
    assert_eq!(told(&desk, &done).await["reason"], "sign_in_blocked");
    desk.is_out(&bob).await;
    let shown = desk.about("bob", "").await;
    assert!(shown.text("standing").contains("Blocked"), "{shown}");
    assert!(shown.body.contains("Policy"), "why: {shown}");
    let browser = Browser::default();
    let page = browser.open(desk.web.begin(&[]).url.as_str()).await;
    let page = browser.log_in(&page, "bob", "bob-password", false).await;
    assert_eq!(page.status, 403, "{page}");
    let page = desk.about("bob", "/unblock").await;
    let done = desk.confirm(&page, &[]).await;
    assert!(done.text("done").contains("lifted"), "{done}");
    assert!(done.text("standing").contains("Can sign in"), "{done}");
    desk.somebody("bob", "bob-password").await;
}

#[tokio::test]
async fn a_block_with_an_end_is_over_by_itself() {
    let desk = Desk::open().await;
    let page = desk.about("bob", "/block").await;
    let at = desk.server.now().plus(realmkeep::Span::hours(2)).rfc3339();
    let answers = [("reason", "policy"), ("until", "dated"), ("at", &at[..16])];
    desk.confirm(&page, &answers).await;
    let shown = desk.about("bob", "").await;
    assert!(shown.text("standing").contains("Blocked until"), "{shown}");
    desk.server.advance(realmkeep::Span::mins(121)).await;
    desk.somebody("bob", "bob-password").await;
}

#[tokio::test]
async fn disabled_is_out_until_enabled() {
    let desk = Desk::open().await;
    let bob = desk.somebody("bob", "bob-password").await;
    let page = desk.about("bob", "/disable").await;
    let done = desk.confirm(&page, &[]).await;
    assert_eq!(told(&desk, &done).await["reason"], "user_disabled");
    desk.is_out(&bob).await;
    let page = desk.about("bob", "/enable").await;
    let done = desk.confirm(&page, &[]).await;
    assert!(done.text("standing").contains("Can sign in"), "{done}");
    desk.is_out(&bob).await;
    desk.somebody("bob", "bob-password").await;
}

#[tokio::test]
async fn deleted_leaves_no_session_and_needs_the_name_typed() {
    let desk = Desk::open().await;
    let bob = desk.somebody("bob", "bob-password").await;
    let again = desk.somebody("bob", "bob-password").await;
    let page = desk.about("bob", "/delete").await;
    assert!(
        page.body.contains("Delete user and end 2 sessions"),
        "{page}"
    );
    for typed in ["", "Bob", "alice"] {
        let refused = desk.confirm(&page, &[("typed", typed)]).await;
        assert_eq!(refused.status, 422, "{typed:?}: {refused}");
        assert!(refused.html().has("typed-problem"), "{refused}");
    }
    desk.is_in(&bob).await;
    let done = desk.confirm(&page, &[("typed", "bob")]).await;
    let act = told(&desk, &done).await;
    assert_eq!(
        (&act["reason"], &act["counts"]["sessions"]),
        (&"user_deleted".into(), &2.into())
    );
    for one in [&bob, &again] {
        desk.is_out(one).await;
    }
    let ops = desk.server.ops();
    assert_eq!(
        ops.sessions("", "active")
            .await
            .iter()
            .filter(|s| s["username"] == "bob")
            .count(),
        0
    );
    let left = ops
        .get("/users?username=bob&exact=true")
        .await
        .expect(200)
        .json();
    assert_eq!(left, serde_json::json!([]));
}

#[tokio::test]
async fn a_new_password_ends_what_the_old_one_began() {
    let desk = Desk::open().await;
    let bob = desk.somebody("bob", "bob-password").await;
    let page = desk.about("bob", "/credentials").await;
    assert!(
        page.body.contains("Set password and end 1 session"),
        "{page}"
    );
    let empty = desk.dana.submit(&page, page.form("password-form")).await;
    assert_eq!(empty.status, 422, "{empty}");
    assert!(empty.html().has("password-problem"), "{empty}");
    desk.is_in(&bob).await;
    let form = empty.form("password-form").fill("password", "a new one");
    let done = desk.dana.submit(&empty, form).await;
    assert_eq!(told(&desk, &done).await["reason"], "password_changed");
    assert!(!done.body.contains("a new one"));
    desk.is_out(&bob).await;
    let browser = Browser::default();
    let page = browser.open(desk.web.begin(&[]).url.as_str()).await;
    let page = browser.log_in(&page, "bob", "bob-password", false).await;
    assert_eq!(page.text("login-error"), "Invalid username or password.");
    desk.somebody("bob", "a new one").await;
}

#[tokio::test]
async fn an_apps_access_is_removed_and_everything_else_goes_on() {
    let desk = Desk::open().await;
    let bob = desk.somebody("bob", "bob-password").await;
    let page = desk.about("bob", "/apps").await;
    let rows = page.html().all("tr", "data-client-id");
    let ids: Vec<_> = rows
        .iter()
        .filter_map(|r| r.attribute("data-client-id"))
        .collect();
    assert_eq!(ids, ["notes", "web"], "{page}");
    assert!(rows[0].text.contains("offline_access"), "{}", rows[0].text);
    let client = desk.server.ops().client_uuid("notes").await;
    let page = desk.about("bob", &format!("/apps/{client}/remove")).await;
    assert!(page.body.contains("revoke 1 grant"), "{page}");
    let done = desk.confirm(&page, &[]).await;
    assert_eq!(told(&desk, &done).await["reason"], "access_removed");
    let refused = desk.notes.try_refresh(&bob.notes.refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
    let checked = desk.notes.introspect(&bob.notes.access).await.expect(200);
    assert_eq!(checked.text, r#"{"active":false}"#);
    let checked = desk.web.introspect(&bob.web.access).await.expect(200);
    assert_eq!(checked.json()["active"], true);
    assert_eq!(desk.web.silent_error(&bob.browser).await, None);
    let page = desk.about("bob", "/apps").await;
    assert_eq!(page.html().all("tr", "data-client-id").len(), 1, "{page}");
}

#[tokio::test]
async fn somebody_is_made_found_changed_and_signs_in() {
    let desk = Desk::open().await;
    let page = desk.get("/users/new").await;
    // What is wrong stands beside its field, and what was typed stays.
    let form = page
        .form("person-form")
        .fill("username", "bob")
        .fill("name", "Zoé <i>Müller</i>")
        .fill("email", "nowhere");
    let again = desk.dana.submit(&page, form).await;
    assert_eq!(again.status, 422, "{again}");
    assert!(
        again.text("p-email").contains("anna@example.com"),
        "{again}"
    );
    assert!(!again.body.contains("<i>Müller"), "{again}");
    let form = again.form("person-form").fill("email", "zoe@example.com");
    let taken = desk.dana.submit(&again, form).await;
    assert!(taken.text("p-username").contains("Another user"), "{taken}");
    let form = taken
        .form("person-form")
        .fill("username", "zoe")
        .fill("password", "zoe-password")
        .fill("others", r#"{"department": "Sales"}"#);
    let made = desk.dana.submit(&taken, form).await;
    assert!(made.text("done").contains("can sign in"), "{made}");
    for q in ["zo", "MULL", "zoe%40ex"] {
        let found = desk.get(&format!("/users?q={q}")).await;
        let rows = found.html().all("tr", "data-user-id");
        assert_eq!(rows.len(), 1, "{q}: {found}");
        assert_eq!(rows[0].attribute("data-user"), Some("zoe"));
    }
    let none = desk.get("/users?q=nobody-at-all").await;
    assert!(none.html().has("user-not-found"), "{none}");
    desk.somebody("zoe", "zoe-password").await;

    let page = desk.about("zoe", "/edit").await;
    let form = page.form("person-form");
    assert_eq!(form.value("email"), Some("zoe@example.com"));
    assert!(form.value("others").unwrap().contains("Sales"), "{page}");
    let form = form.fill("organisation", "North").fill("username", "zoé");
    let saved = desk.dana.submit(&page, form).await;
    assert!(saved.text("done").contains("saved"), "{saved}");
    let ops = desk.server.ops();
    let found = ops.get("/users?find=north").await.expect(200).json();
    assert_eq!(found, serde_json::json!([]), "not by organisation");
    let found = ops.get("/users?find=muller").await.expect(200).json();
    assert_eq!(found[0]["username"], "zoé");
    assert_eq!(found[0]["attributes"]["organisation"][0], "North");
    assert_eq!(found[0]["attributes"]["department"][0], "Sales");
    assert_eq!(found[0]["enabled"], true);
    // The sessions of whoever was renamed go on.
    let page = desk.about("zoé", "").await;
    assert_eq!(page.html().all("tr", "data-session-id").len(), 1, "{page}");
}

#[tokio::test]
async fn sessions_are_picked_on_a_persons_page_and_the_others_go_on() {
    let desk = Desk::open().await;
    let laptop = desk.somebody("bob", "bob-password").await;
    let phone = desk.somebody("bob", "bob-password").await;
    let page = desk.about("bob", "").await;
    assert_eq!(page.html().all("tr", "data-session-id").len(), 2, "{page}");
    let form = page.html().form_around("invalidate-selected").unwrap();
    let preview = desk
        .dana
        .submit(&page, form.tick("sid", &phone.web.sid))
        .await;
    let form = preview.form("confirm-form").fill("reason", "lost_device");
    let done = desk.dana.submit(&preview, form.press("confirm-yes")).await;
    receipt(&done);
    desk.is_out(&phone).await;
    desk.is_in(&laptop).await;
    let page = desk.about("bob", "").await;
    assert_eq!(page.html().all("tr", "data-session-id").len(), 1);
    assert_eq!(page.html().all("li", "data-ended").len(), 1, "{page}");
}
