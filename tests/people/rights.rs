//! Nobody sees more or does more than their role allows, whatever they send.

use super::Desk;
use crate::support::html::Form;
use crate::support::{Browser, Page};

/// A form of one administrator's page with another's token: what somebody sends who writes requests by hand.
async fn sends(desk: &Desk, who: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let page = who.open(&desk.url("")).await;
    let form = page.html().form_around("sign-out");
    let mut form: Form = form.expect("a page of the console");
    form.action = format!("/admin/demo{path}");
    let form = fields
        .iter()
        .fold(form, |form, (name, value)| form.fill(name, value));
    who.submit(&page, form).await
}

#[tokio::test]
async fn each_role_sees_its_own_pages_and_no_others() {
    let desk = Desk::open().await;
    let bob = desk.server.ops().user_id("bob").await;
    let of_bob = format!("/users/{bob}");
    for (who, sees, not) in [
        (
            "alice",
            vec!["/sessions"],
            vec![
                "/users",
                &of_bob,
                "/admins",
                "/events",
                "/events.csv",
                "/users/new",
            ],
        ),
        (
            "mia",
            vec!["/users", &of_bob, "/users/new"],
            vec!["/sessions", "/admins", "/events", "/events.csv"],
        ),
        (
            "otto",
            vec!["/users", &of_bob, "/sessions"],
            vec!["/users/new", "/admins", "/events"],
        ),
        (
            "audra",
            vec!["/events", "/events.csv", "/sessions"],
            vec!["/users", &of_bob, "/admins"],
        ),
        (
            "dana",
            vec!["/users", "/admins", "/events", "/sessions"],
            vec![],
        ),
    ] {
        let browser = Desk::seat(&desk.server, who).await;
        for path in sees {
            let page = browser.open(&desk.url(path)).await;
            assert_eq!(page.status, 200, "{who} {path}: {page}");
        }
        for path in not {
            let page = browser.open(&desk.url(path)).await;
            assert_eq!(page.status, 403, "{who} {path}: {page}");
            assert!(page.html().has("error-description"), "{page}");
            assert!(!page.body.contains("Bob Brown"), "{who} {path}: {page}");
        }
    }
    // Whoever may not see sessions sees none on a user's page either.
    let mia = Desk::seat(&desk.server, "mia").await;
    desk.somebody("bob", "bob-password").await;
    let page = mia.open(&desk.url(&of_bob)).await;
    assert!(
        !page.html().has("sessions") && !page.body.contains("127.0.0.1"),
        "{page}"
    );
    assert!(
        !page.html().has("sign-out-everywhere") && page.html().has("block"),
        "{page}"
    );
    let otto = Desk::seat(&desk.server, "otto").await;
    let page = otto.open(&desk.url(&of_bob)).await;
    assert!(
        page.html().has("sign-out-everywhere") && !page.html().has("block"),
        "{page}"
    );
}

#[tokio::test]
async fn whoever_may_only_look_changes_nothing() {
    let desk = Desk::open().await;
    let bob = desk.somebody("bob", "bob-password").await;
    let id = desk.server.ops().user_id("bob").await;
    let all = [
        ("sign-out", vec![("reason", "other")]),
        ("block", vec![("reason", "other"), ("until", "lifted")]),
        ("disable", vec![]),
        ("delete", vec![("typed", "bob")]),
        ("credentials", vec![("password", "stolen")]),
        ("roles", vec![("role", "realm-admin"), ("confirmed", "1")]),
        ("edit", vec![("username", "robert")]),
    ];
    for who in ["alice", "otto", "audra"] {
        let browser = Desk::seat(&desk.server, who).await;
        for (act, fields) in &all {
            if who == "otto" && *act == "sign-out" {
                continue;
            }
            let page = sends(&desk, &browser, &format!("/users/{id}/{act}"), fields).await;
            assert_eq!(page.status, 403, "{who} {act}: {page}");
        }
        let page = sends(&desk, &browser, "/users/new", &[("username", "eve")]).await;
        assert_eq!(page.status, 403, "{who}: {page}");
    }
    desk.is_in(&bob).await;
    let shown = desk.about("bob", "").await;
    assert!(shown.text("standing").contains("Can sign in"), "{shown}");
}

#[tokio::test]
async fn a_users_manager_makes_nobody_an_administrator_and_touches_none() {
    let desk = Desk::open().await;
    let ops = desk.server.ops();
    let mia = Desk::seat(&desk.server, "mia").await;
    let (own, bob, dana) = (
        ops.user_id("mia").await,
        ops.user_id("bob").await,
        ops.user_id("dana").await,
    );
    let role = [("role", "realm-admin"), ("confirmed", "1")];
    let others = [("others", "realm-admin"), ("confirmed", "1")];
    for id in [&own, &bob] {
        for fields in [&role[..], &others[..]] {
            sends(&desk, &mia, &format!("/users/{id}/roles"), fields).await;
            let user = ops.get(&format!("/users/{id}")).await.json();
            let roles = user["roles"].as_array().unwrap();
            assert!(!roles.iter().any(|role| role == "realm-admin"), "{user}");
        }
    }
    for (act, fields) in [
        ("credentials", vec![("password", "stolen")]),
        ("block", vec![("reason", "other"), ("until", "lifted")]),
        ("disable", vec![]),
        ("delete", vec![("typed", "dana")]),
        ("edit", vec![("username", "dana2")]),
        ("roles", vec![("confirmed", "1")]),
    ] {
        let path = format!("/users/{dana}/{act}");
        let page = sends(&desk, &mia, &path, &fields).await;
        assert_eq!(page.status, 403, "{act}: {page}");
        if act != "credentials" && act != "roles" {
            let page = mia.open(&desk.url(&path)).await;
            assert_eq!(page.status, 403, "{act}: {page}");
        }
    }
    let page = mia.open(&desk.url(&format!("/users/{dana}"))).await;
    assert!(!page.html().has("block"), "{page}");
    assert!(
        !desk.get("/users").await.is_login(),
        "dana is still at her desk"
    );
    // What she may, she may.
    let page = mia.open(&desk.url(&format!("/users/{bob}/block"))).await;
    let form = page.form("confirm-form").fill("reason", "policy");
    let done = mia.submit(&page, form.press("confirm-yes")).await;
    assert!(done.text("standing").contains("Blocked"), "{done}");
}

#[tokio::test]
async fn a_form_of_somewhere_else_does_nothing() {
    let desk = Desk::open().await;
    let bob = desk.somebody("bob", "bob-password").await;
    for act in ["sign-out", "block", "disable", "delete"] {
        let page = desk.about("bob", &format!("/{act}")).await;
        let form = page
            .form("confirm-form")
            .fill("csrf", "forged")
            .fill("reason", "other")
            .fill("typed", "bob");
        let refused = desk.dana.submit(&page, form).await;
        assert_eq!(refused.status, 403, "{act}: {refused}");
    }
    desk.is_in(&bob).await;
}

#[tokio::test]
async fn an_administrator_is_made_and_unmade_and_sees_what_it_costs() {
    let desk = Desk::open().await;
    let page = desk.get("/admins?find=bro").await;
    assert!(
        page.html().has("found") && page.body.contains("Bob Brown"),
        "{page}"
    );
    let users: Vec<String> = page
        .html()
        .all("tr", "data-user-id")
        .iter()
        .filter_map(|row| row.attribute("data-user").map(str::to_owned))
        .collect();
    assert_eq!(users, ["alice", "audra", "dana", "mia", "otto"], "{page}");
    let page = desk.about("bob", "/roles").await;
    let form = page
        .form("roles-form")
        .press("role-auditor")
        .fill("others", "payroll\nstaff");
    let ask = desk.dana.submit(&page, form).await;
    assert!(ask.body.contains("Becomes Auditor"), "{ask}");
    let done = desk.confirm(&ask, &[]).await;
    assert!(done.text("done").contains("roles"), "{done}");
    let ops = desk.server.ops();
    let id = ops.user_id("bob").await;
    let user = ops.get(&format!("/users/{id}")).await.json();
    assert_eq!(
        user["roles"],
        serde_json::json!(["auditor", "payroll", "staff"])
    );
    let listed = ops.get("/administrators").await.expect(200).json();
    assert_eq!(listed.as_array().unwrap().len(), 6);
    // The last one is told what it means to go.
    let page = desk.about("dana", "/roles").await;
    let mut form = page.form("roles-form");
    form.fields.retain(|(name, _)| name != "role");
    let ask = desk.dana.submit(&page, form).await;
    for expected in [
        "You lose the console at once",
        "Nobody else is realm administrator here",
    ] {
        assert!(ask.body.contains(expected), "{expected}: {ask}");
    }
    assert!(!desk.get("/users").await.is_login());
    assert_eq!(desk.get("/admins").await.status, 200, "asked, not done");
}
