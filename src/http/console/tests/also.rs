//! People found by what administrators know of them: a name, an address.

use axum::http::StatusCode;
use serde_json::json;

use super::{Site, site};
use crate::domain::Actor;
use crate::domain::user::{self, User, UserSettings};

async fn person(site: &Site, username: &str, name: &str, email: &str) -> User {
    let mut settings = UserSettings {
        username: username.to_owned(),
        ..UserSettings::default()
    };
    settings.claims.insert("name".to_owned(), json!(name));
    settings.claims.insert("email".to_owned(), json!(email));
    user::verbs::create(&site.ctx, &site.realm, &Actor::system("test"), settings)
        .await
        .unwrap()
}

#[tokio::test]
async fn whom_a_name_or_an_address_finds_is_offered_beside_the_list() {
    let site = site().await;
    let (mut browser, _) = site.admin().await;
    let karl = person(&site, "keller", "Karl Keller", "karl@x.example").await;
    let anna = person(&site, "a.keller", "Anna Keller", "anna@x.example").await;
    let away = person(&site, "m.keller", "Mia Keller", "mia@x.example").await;
    let spaced = person(&site, "kim p", "Kim Keller", "kim@x.example").await;
    site.session(&site.realm, &karl, "10.0.0.1").await;
    site.session(&site.realm, &anna, "10.0.0.2").await;
    site.session(&site.realm, &anna, "10.0.0.3").await;
    site.session(&site.realm, &spaced, "10.0.0.4").await;
    let found = browser.get("/admin/demo/sessions?q=Keller").await;
    assert_eq!(found.users(), ["keller"]);
    assert!(found.has("<b id=\"also-by\">Also by name:</b>"));
    assert!(found.has(
        "<a href=\"/admin/demo/sessions?q=user%3Aa.keller\">Anna Keller</a> <small>(a.keller), 2 sessions</small>"
    ));
    // Without a session: their page. A name that does not read as a search: theirs too.
    assert!(found.has(&format!(
        "<a href=\"/admin/demo/users/{}\">Mia Keller</a> <small>(m.keller), not signed in</small>",
        away.id
    )));
    assert!(found.has(&format!("/admin/demo/users/{}\">Kim Keller", spaced.id)));
    assert!(!found.has("(keller), "));
    let sentence = "Also by name: Anna Keller (a.keller), 2 sessions; Kim Keller (kim p), 1 session; Mia Keller (m.keller), not signed in";
    assert!(found.has(sentence), "{}", found.body);
    assert_eq!(
        browser
            .get("/admin/demo/sessions?q=user%3Aa.keller")
            .await
            .users(),
        ["a.keller", "a.keller"]
    );
    // Nobody's username begins with it, and it is no error.
    for (typed, by) in [
        ("anna+keller", "By name:"),
        ("anna%40x.example", "By email:"),
    ] {
        let path = format!("/admin/demo/sessions?q={typed}");
        for reply in [browser.get(&path).await, browser.part(&path, "list").await] {
            assert_eq!(reply.status, StatusCode::OK, "{typed}");
            assert!(reply.has("id=\"session-not-found\"") && reply.has(by));
            assert!(reply.has("The list goes by username.") && reply.has("user%3Aa.keller"));
        }
    }
    let spaced = browser.get("/admin/demo/sessions?q=kim+p").await;
    assert!(spaced.has("By name: Kim Keller (kim p), 1 session"));
    let ended = browser.get("/admin/demo/sessions?q=anna&state=ended").await;
    assert!(
        ended.has("q=user%3Aa.keller&#38;state=ended") && ended.has("<small>(a.keller)</small>")
    );
    for path in [
        "q=k",
        "q=user%3Aa.keller",
        "q=keller&ip=10.0.0.0%2F8",
        "q=xy+z",
    ] {
        let reply = browser.get(&format!("/admin/demo/sessions?{path}")).await;
        assert!(!reply.has("id=\"also\""), "{path}");
    }
}

#[tokio::test]
async fn whoever_may_not_see_users_is_offered_only_whom_the_list_shows_anyway() {
    let site = site().await;
    let anna = person(&site, "a.keller", "Anna Keller", "anna@x.example").await;
    person(&site, "m.keller", "Mia Keller", "mia@x.example").await;
    site.session(&site.realm, &anna, "10.0.0.2").await;
    let (mut viewer, _) = site
        .console(&site.realm.clone(), "vera", &["sessions-viewer"])
        .await;
    let found = viewer.get("/admin/demo/sessions?q=keller").await;
    assert!(found.has("Anna Keller</a>") && found.has("user%3Aa.keller"));
    assert!(!found.has("Mia Keller") && !found.has("/admin/demo/users"));
    let found = viewer.get("/admin/demo/sessions?q=anna%40x.example").await;
    assert!(!found.has("Anna Keller"));
    let list = viewer.get("/admin/demo/sessions").await;
    assert!(list.has("<span class=\"name\">Anna Keller</span>") && !list.has("Block sign-in…"));
}

#[tokio::test]
async fn names_lead_to_people_and_the_menu_to_what_can_be_done_to_them() {
    let site = site().await;
    let (mut browser, own) = site.admin().await;
    let anna = person(&site, "a.keller", "Anna Keller", "anna@x.example").await;
    let session = site.session(&site.realm, &anna, "10.0.0.2").await;
    let page = format!("/admin/demo/users/{}", anna.id);
    let list = browser.get("/admin/demo/sessions").await;
    assert!(list.has(&format!(
        "<a class=\"name\" href=\"{page}\">Anna Keller</a>"
    )));
    assert!(list.has(&format!("href=\"{page}/block\"")));
    assert!(!list.has(&format!("/users/{}/block", own.user)));
    let one = browser
        .get(&format!("/admin/demo/sessions/{}", session.sid))
        .await;
    assert!(one.has(&format!("<h1><a href=\"{page}\">Anna Keller</a>")));
    let sid = session.sid.to_string();
    let preview = browser
        .post("/admin/demo/signouts/preview", &[("sid", &sid)])
        .await;
    assert!(preview.has(&format!(
        "<a href=\"{page}\">Anna Keller</a> (1 session) will"
    )));
    let done = browser
        .post(
            "/admin/demo/signouts",
            &[("sid", &sid), ("reason", "policy")],
        )
        .await;
    let receipt = browser.get(done.location()).await;
    assert!(receipt.has(&format!("<b><a href=\"{page}\">Anna Keller</a></b>")));
    let tile = receipt.body.split("Sessions ended").nth(1).unwrap();
    let tile = tile.split("</li>").next().unwrap();
    assert!(tile.contains(", in "), "{tile}");
}
