//! Apps that the browser tells when it signs out (Front-Channel Logout 1.0), and what scripts of apps may see of a session
//! (Session Management 1.0).

use super::*;
use crate::domain::signout::receipt;
use crate::domain::time::Span;
use crate::protocol::check_session::agent_state;

const PATH: &str = "/realms/demo/protocol/openid-connect/logout";
const BYE: &str = "http%3A%2F%2F127.0.0.1%3A9090%2Fbye%3Fx%3D1";
const OUT: &str = "http://127.0.0.1:9090/out?tenant=1";

/// The client gets a front channel, and perhaps no other.
async fn with_front_channel(world: &World, client_id: &str, alone: bool) {
    let client = world.client(client_id).await;
    testing::change_client(&world.ctx, &world.realm, &client, |settings| {
        settings.frontchannel_logout_uri = Some(OUT.to_owned());
        if alone {
            settings.backchannel_logout_uri = None;
        }
    })
    .await;
}

/// A browser that signed in to "web" and "wiki", with the ID token of "web".
async fn in_two_apps(world: &World) -> (Browser<'_>, String) {
    let mut browser = world.signed_in("alice").await;
    let mut hint = String::new();
    for app in ["wiki", "web"] {
        let sent = browser.get(&auth(app, "")).await.sent();
        let minted = world.tokens(app, &sent["code"]).await.1;
        hint = minted.id_token.unwrap();
    }
    (browser, hint)
}

/// The addresses that the page loads.
fn frames(page: &Page) -> Vec<String> {
    tags(&page.html)
        .filter(|tag| tag.starts_with("iframe "))
        .map(|tag| attribute(tag, "src").unwrap().replace("&#38;", "&"))
        .collect()
}

fn policy(page: &Page) -> &str {
    page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
}

#[tokio::test]
async fn the_page_loads_the_apps_addresses_and_then_goes_on_by_itself() {
    let world = World::new().await;
    with_front_channel(&world, "wiki", true).await;
    let (mut browser, hint) = in_two_apps(&world).await;
    let sid = browser.sid();
    let page = browser
        .get(&format!(
            "{PATH}?id_token_hint={hint}&post_logout_redirect_uri={BYE}&state=a%26b"
        ))
        .await;
    assert_eq!(page.status, StatusCode::OK, "a page before the way back");
    assert!(!world.is_good(&sid).await);
    assert_eq!(
        frames(&page),
        [format!(
            "{OUT}&iss=http%3A%2F%2Flocalhost%3A8080%2Frealms%2Fdemo&sid={sid}"
        )]
    );
    assert!(policy(&page).ends_with("; frame-src http://127.0.0.1:9090"));
    assert!(policy(&page).contains("frame-ancestors 'none'"));
    // Without a script too.
    assert!(page.html.contains(
        "<meta http-equiv=\"refresh\" content=\"3;url=http://127.0.0.1:9090/bye?x=1&#38;state=a%26b\">"
    ));
    assert!(
        page.html
            .contains("id=\"onward\" href=\"http://127.0.0.1:9090/bye?x=1&#38;state=a%26b\"")
    );
    assert!(page.html.contains("Best effort") && page.html.contains("The wiki app"));
    assert!(page.set_cookie("rk_demo").unwrap().contains("Max-Age=0"));
    // The receipt says that it was tried, and no more.
    let ended = world.session(&sid).await.ended.unwrap();
    let receipt = receipt::read(&world.ctx, &world.realm, ended.sign_out)
        .await
        .unwrap()
        .unwrap();
    let app = |id: &str| receipt.apps.iter().find(|app| app.client_id == id).unwrap();
    assert!(
        app("wiki")
            .browser_at
            .is_some_and(|at| at >= receipt.sign_out.at)
    );
    assert_ne!(app("wiki").state.as_str(), "acknowledged");
    assert_eq!(app("web").browser_at, None);
}

#[tokio::test]
async fn after_a_form_the_page_has_an_address_of_its_own_and_tells_once() {
    let world = World::new().await;
    with_front_channel(&world, "web", false).await;
    with_front_channel(&world, "wiki", false).await;
    let (mut browser, _) = in_two_apps(&world).await;
    let page = browser.get(PATH).await;
    let (csrf, sid) = (page.field("csrf"), browser.sid());
    let answer = browser
        .post(PATH, &[("csrf", &csrf), ("confirm", "1")])
        .await;
    assert_eq!(
        (answer.status, answer.location().as_deref()),
        (StatusCode::SEE_OTHER, Some(PATH))
    );
    let page = browser.follow(answer).await;
    assert_eq!(frames(&page).len(), 2);
    assert!(frames(&page).iter().all(|frame| frame.ends_with(&sid)));
    // Both apps live at one origin.
    assert!(policy(&page).ends_with("; frame-src http://127.0.0.1:9090"));
    assert!(!page.html.contains("http-equiv=\"refresh\"") && !page.html.contains("<script"));
    let again = browser.get(PATH).await;
    assert!(frames(&again).is_empty() && !policy(&again).contains("frame-src"));
}

#[tokio::test]
async fn nobody_is_told_whose_app_took_no_part_is_off_or_whose_realm_says_no() {
    for case in ["no part", "app off", "realm off"] {
        let mut settings = RealmSettings::default();
        settings.logout.front_channel = case != "realm off";
        let world = World::with(settings, Web::default()).await;
        with_front_channel(&world, if case == "no part" { "ask" } else { "wiki" }, true).await;
        let (mut browser, hint) = in_two_apps(&world).await;
        if case == "app off" {
            let wiki = world.client("wiki").await;
            testing::change_client(&world.ctx, &world.realm, &wiki, |settings| {
                settings.enabled = false;
            })
            .await;
        }
        let page = browser
            .get(&format!(
                "{PATH}?id_token_hint={hint}&post_logout_redirect_uri={BYE}"
            ))
            .await;
        assert_eq!(page.status, StatusCode::FOUND, "{case}");
    }
}

#[tokio::test]
async fn the_state_that_scripts_may_read_follows_the_session() {
    let world = World::new().await;
    let mut browser = world.browser();
    let answer = browser.sign_in(&auth("web", ""), "alice").await;
    let line = answer.set_cookie("rks_demo").unwrap();
    assert!(!line.contains("HttpOnly") && line.contains("Path=/") && line.contains("SameSite=Lax"));
    assert_eq!(browser.jar["rks_demo"], agent_state(&browser.sid()));
    // It opens nothing.
    let mut thief = world.browser();
    thief
        .jar
        .insert("rks_demo".to_owned(), browser.jar["rks_demo"].clone());
    let page = thief.get(&auth("web", "&prompt=none")).await;
    assert_eq!(page.sent()["error"], "login_required");
    assert!(!thief.jar.contains_key("rks_demo"));
    // Lost, it comes back with the next visit.
    browser.jar.remove("rks_demo");
    browser.get(&auth("web", "&prompt=none")).await;
    assert_eq!(browser.jar["rks_demo"], agent_state(&browser.sid()));
    // An administrator ends the session; the browser comes back.
    world
        .cut(Selection::Sessions(vec![browser.sid()]), None)
        .await;
    assert!(browser.jar.contains_key("rks_demo"));
    let mut other = browser.clone();
    let page = browser.get(&auth("web", "&prompt=none")).await;
    assert_eq!(page.sent()["error"], "login_required");
    assert!(!browser.jar.contains_key("rks_demo"));
    // Or a frame on the same site asks.
    let init = "/realms/demo/protocol/openid-connect/login-status-iframe.html/init\
                ?client_id=web&origin=http://127.0.0.1:9090";
    assert_eq!(other.get(init).await.status, StatusCode::NO_CONTENT);
    assert!(!other.jar.contains_key("rks_demo"));
}

#[tokio::test]
async fn by_https_the_state_reaches_frames_of_other_sites() {
    let web = Web {
        https: true,
        ..Web::default()
    };
    let world = World::with(RealmSettings::default(), web).await;
    let mut browser = world.browser();
    let answer = browser.sign_in(&auth("web", ""), "alice").await;
    let line = answer.set_cookie("__Host-rks_demo").unwrap();
    assert!(line.ends_with("; Path=/; SameSite=None; Secure"), "{line}");
    // A frame of another site brings no session cookie: nothing is known then, and nothing changes.
    let kept = browser.jar["__Host-rks_demo"].clone();
    browser.jar.retain(|name, _| name == "__Host-rks_demo");
    let init = "/realms/demo/protocol/openid-connect/login-status-iframe.html/init\
                ?client_id=web&origin=http://127.0.0.1:9090";
    assert_eq!(browser.get(init).await.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.jar["__Host-rks_demo"], kept);
}

#[tokio::test]
async fn where_it_is_switched_off_nothing_is_said() {
    let mut settings = RealmSettings::default();
    settings.logout.check_session = false;
    let world = World::with(settings, Web::default()).await;
    let mut browser = world.browser();
    let answer = browser.sign_in(&auth("web", ""), "alice").await;
    assert!(!answer.sent().contains_key("session_state"));
    assert_eq!(answer.set_cookie("rks_demo"), None);
    world.clock.advance(Span::secs(1));
}
