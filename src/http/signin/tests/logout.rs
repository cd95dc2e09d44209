//! The matrix of the end-session endpoint (RP-Initiated Logout 1.0; checklist H1 to H3), and the older form.

use super::*;
use crate::domain::time::Span;

const PATH: &str = "/realms/demo/protocol/openid-connect/logout";
const BYE: &str = "http%3A%2F%2F127.0.0.1%3A9090%2Fbye%3Fx%3D1";

/// A browser whose user is signed in to "web", with the ID token "web" holds.
async fn with_token<'a>(world: &'a World, name: &str) -> (Browser<'a>, Minted) {
    let mut browser = world.signed_in(name).await;
    let code = browser
        .get(&auth("web", "").replace("profile", "offline_access"))
        .await
        .sent()["code"]
        .clone();
    let minted = world.tokens("web", &code).await.1;
    (browser, minted)
}

async fn confirm(browser: &mut Browser<'_>, page: &Page) -> Page {
    let mut fields = vec![
        ("csrf".to_owned(), page.field("csrf")),
        ("confirm".to_owned(), "1".to_owned()),
    ];
    for name in ["client_id", "post_logout_redirect_uri", "state"] {
        if page.html.contains(&format!("name=\"{name}\"")) {
            fields.push((name.to_owned(), page.field(name)));
        }
    }
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.post(PATH, &fields).await
}

async fn reason(world: &World, sid: &str) -> Option<Reason> {
    world.session(sid).await.ended.map(|ended| ended.reason)
}

#[tokio::test]
async fn a_hint_of_the_browsers_own_session_signs_out_at_once_also_when_it_is_old() {
    let world = World::new().await;
    let (mut browser, minted) = with_token(&world, "alice").await;
    let (sid, hint) = (browser.sid(), minted.id_token.unwrap());
    world.clock.advance(Span::mins(20));
    let page = browser
        .get(&format!(
            "{PATH}?id_token_hint={hint}&post_logout_redirect_uri={BYE}&state=a%26b+c"
        ))
        .await;
    assert_eq!(page.status, StatusCode::FOUND);
    assert_eq!(
        page.location().as_deref(),
        Some("http://127.0.0.1:9090/bye?x=1&state=a%26b%20c")
    );
    assert_eq!(reason(&world, &sid).await, Some(Reason::RpLogout));
    assert!(
        page.set_cookie("rk_demo").unwrap().contains("Max-Age=0")
            && !browser.jar.contains_key("rk_demo")
    );
    // The same link again: nobody is signed in, the way back still holds.
    let page = browser
        .get(&format!(
            "{PATH}?id_token_hint={hint}&post_logout_redirect_uri={BYE}"
        ))
        .await;
    assert_eq!(
        page.location().as_deref(),
        Some("http://127.0.0.1:9090/bye?x=1")
    );
}

#[tokio::test]
async fn a_sign_out_without_a_way_back_ends_at_our_page_which_names_the_apps() {
    let world = World::new().await;
    let (mut browser, minted) = with_token(&world, "alice").await;
    let page = browser
        .get(&format!(
            "{PATH}?id_token_hint={}",
            minted.id_token.unwrap()
        ))
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.html.contains("id=\"logged-out\">You are signed out<")
            && page.html.contains("The web app")
    );
}

#[tokio::test]
async fn whatever_does_not_prove_whose_wish_it_is_asks_first() {
    let world = World::new().await;
    let (mut browser, own) = with_token(&world, "alice").await;
    let own = own.id_token.unwrap();
    let (_, other_session) = with_token(&world, "alice").await;
    let (_, other_user) = with_token(&world, "bob").await;
    let mut twisted = own.clone();
    twisted.replace_range(own.len() - 8..own.len() - 4, "AAAA");
    for query in [
        String::new(),
        "?client_id=web".to_owned(),
        "?state=x".to_owned(),
        format!("?client_id=web&post_logout_redirect_uri={BYE}"),
        format!("?id_token_hint={twisted}"),
        "?id_token_hint=nonsense".to_owned(),
        format!("?id_token_hint={}", other_session.id_token.unwrap()),
        format!("?id_token_hint={}", other_user.id_token.unwrap()),
    ] {
        let page = browser.get(&format!("{PATH}{query}")).await;
        assert_eq!(
            (page.status, page.has("logout-form")),
            (StatusCode::OK, true),
            "{query}"
        );
        assert!(world.is_good(&browser.sid()).await, "{query}");
    }
    let page = browser
        .get(&format!("{PATH}?id_token_hint={own}&client_id=wiki"))
        .await;
    page.assert_error(StatusCode::BAD_REQUEST, "invalid_request");
    let page = browser.get(&format!("{PATH}?state=a&state=b")).await;
    page.assert_error(StatusCode::BAD_REQUEST, "invalid_request");
    assert!(world.is_good(&browser.sid()).await);
}

#[tokio::test]
async fn a_confirmed_sign_out_says_whether_an_app_was_in_it() {
    let world = World::new().await;
    for (query, expected, location) in [
        (String::new(), Reason::User, PATH.to_owned()),
        (
            "?client_id=nobody".to_owned(),
            Reason::User,
            PATH.to_owned(),
        ),
        (
            "?client_id=web".to_owned(),
            Reason::RpLogout,
            PATH.to_owned(),
        ),
        (
            format!("?client_id=web&post_logout_redirect_uri={BYE}&state=z"),
            Reason::RpLogout,
            "http://127.0.0.1:9090/bye?x=1&state=z".to_owned(),
        ),
    ] {
        let (mut browser, _) = with_token(&world, "alice").await;
        let sid = browser.sid();
        let page = browser.get(&format!("{PATH}{query}")).await;
        let page = confirm(&mut browser, &page).await;
        assert_eq!(
            (page.status, page.location()),
            (StatusCode::SEE_OTHER, Some(location)),
            "{query}"
        );
        assert_eq!(reason(&world, &sid).await, Some(expected), "{query}");
        assert!(!browser.jar.contains_key("rk_demo"));
        let page = browser.get(PATH).await;
        assert!(page.has("logged-out"), "{query}");
        // Told once, on the page right after, when there was one.
        assert_eq!(
            page.html.contains("The web app"),
            !query.contains("post_logout"),
            "{query}"
        );
        assert!(!browser.get(PATH).await.html.contains("The web app"));
    }
}

#[tokio::test]
async fn a_confirmation_that_another_site_sent_signs_nobody_out() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    let page = browser.post(PATH, &[("confirm", "1"), ("csrf", "x")]).await;
    page.assert_error(StatusCode::FORBIDDEN, "invalid_form");
    let form = browser.get(PATH).await;
    let mut driven = browser.clone();
    driven
        .headers
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    confirm(&mut driven, &form)
        .await
        .assert_error(StatusCode::FORBIDDEN, "invalid_form");
    assert!(world.is_good(&browser.sid()).await);
}

#[tokio::test]
async fn only_a_registered_address_of_a_known_client_is_returned_to() {
    let world = World::new().await;
    for query in [
        format!("post_logout_redirect_uri={BYE}"),
        "client_id=web&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A9090%2Fbye".to_owned(),
        "client_id=web&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A9090%2Fbye%3Fx%3D1%26y%3D2".to_owned(),
        "client_id=web&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A9091%2Fbye%3Fx%3D1".to_owned(),
        "client_id=web&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F".to_owned(),
        format!("client_id=nobody&post_logout_redirect_uri={BYE}"),
        format!("client_id=web&id_token_hint=nonsense&post_logout_redirect_uri={BYE}"),
    ] {
        // Nobody signed in.
        let page = world.browser().get(&format!("{PATH}?{query}&state=s")).await;
        assert_eq!((page.status, page.has("logged-out")), (StatusCode::OK, true), "{query}");
        // Somebody, who confirms.
        let mut browser = world.signed_in("alice").await;
        let page = browser.get(&format!("{PATH}?{query}&state=s")).await;
        let page = confirm(&mut browser, &page).await;
        assert_eq!(page.location().as_deref(), Some(PATH), "{query}");
    }
    let page = world
        .browser()
        .get(&format!(
            "{PATH}?client_id=web&post_logout_redirect_uri={BYE}"
        ))
        .await;
    assert_eq!(
        page.location().as_deref(),
        Some("http://127.0.0.1:9090/bye?x=1")
    );
}

#[tokio::test]
async fn a_stolen_hint_signs_nobody_out_in_another_browser() {
    let world = World::new().await;
    let (browser, minted) = with_token(&world, "alice").await;
    let page = world
        .browser()
        .get(&format!(
            "{PATH}?id_token_hint={}",
            minted.id_token.unwrap()
        ))
        .await;
    assert!(page.has("logged-out"));
    assert!(world.is_good(&browser.sid()).await);
}

#[tokio::test]
async fn only_the_browsers_own_session_ends() {
    let world = World::new().await;
    let (mut browser, minted) = with_token(&world, "alice").await;
    let (elsewhere, bob) = (world.signed_in("alice").await, world.signed_in("bob").await);
    browser
        .get(&format!(
            "{PATH}?id_token_hint={}",
            minted.id_token.unwrap()
        ))
        .await;
    assert!(world.is_good(&elsewhere.sid()).await && world.is_good(&bob.sid()).await);
}

#[tokio::test]
async fn a_posted_request_is_the_same_and_one_from_an_apps_page_is_sent_on() {
    let world = World::new().await;
    let (mut browser, minted) = with_token(&world, "alice").await;
    let (sid, hint) = (browser.sid(), minted.id_token.unwrap());
    let mut bare = world.browser();
    bare.headers
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    let page = bare.post(PATH, &[("id_token_hint", &hint)]).await;
    let next = page.location().unwrap();
    assert!(next.starts_with(&format!("{PATH}?id_token_hint=")) && world.is_good(&sid).await);
    let page = browser.post(PATH, &[("id_token_hint", &hint)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(reason(&world, &sid).await, Some(Reason::RpLogout));
}

#[tokio::test]
async fn a_client_that_posts_its_refresh_token_ends_the_session() {
    let world = World::new().await;
    let (browser, minted) = with_token(&world, "alice").await;
    let (sid, token) = (browser.sid(), minted.refresh_token.unwrap());
    let secret = |of: &str| format!("{of}-secret-that-is-long-enough-to-keep");
    let mut machine = world.browser();
    for (client_id, secret, refresh, status) in [
        (
            "web",
            "wrong".to_owned(),
            token.as_str(),
            StatusCode::UNAUTHORIZED,
        ),
        (
            "wiki",
            secret("wiki"),
            token.as_str(),
            StatusCode::BAD_REQUEST,
        ),
        ("web", secret("web"), "nonsense", StatusCode::BAD_REQUEST),
    ] {
        let fields = [
            ("client_id", client_id),
            ("client_secret", &*secret),
            ("refresh_token", refresh),
        ];
        let page = machine.post(PATH, &fields).await;
        assert_eq!(page.status, status, "{client_id} {refresh}");
        assert!(world.is_good(&sid).await);
    }
    let fields = [
        ("client_id", "web"),
        ("client_secret", &*secret("web")),
        ("refresh_token", &token),
    ];
    assert_eq!(
        machine.post(PATH, &fields).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(reason(&world, &sid).await, Some(Reason::RpLogout));
    // Again, for who did not hear the answer.
    assert_eq!(
        machine.post(PATH, &fields).await.status,
        StatusCode::NO_CONTENT
    );
    // A token in the address is in every log.
    let page = machine.get(&format!("{PATH}?refresh_token={token}")).await;
    page.assert_error(StatusCode::BAD_REQUEST, "invalid_request");
}
