//! Every page in every language, and how a language is chosen.

use super::*;
use crate::http::{rendered, words};

/// What must hold of a page in any language.
fn check(page: &Page, tag: &str, dir: &str, what: &str) {
    let html = &page.html;
    rendered::judge(what, html);
    assert!(
        html.contains(&format!("<html lang=\"{tag}\" dir=\"{dir}\"")),
        "{tag} {what}: {}",
        &html[..200]
    );
    assert!(
        !html.contains(['{', '}']),
        "{tag} {what}: a place was not filled"
    );
    assert!(!html.contains("≈"), "{tag} {what}");
    assert_eq!(html.matches("<h1").count(), 1, "{tag} {what}");
}

#[tokio::test]
async fn every_page_is_drawn_in_every_language() {
    let world = World::new().await;
    for words in words::ALL {
        let (mut here, there, _bob) = people(&world).await;
        let tag = HeaderValue::from_static(words.tag);
        here.headers.insert(header::ACCEPT_LANGUAGE, tag.clone());
        let one = format!("/sessions/{}/sign-out", there.sid());
        let not_mine = format!("/sessions/{}/not-mine", there.sid());
        for at in [
            "/sessions",
            &one,
            &not_mine,
            "/sign-out-others",
            "/apps",
            "/security",
            "/profile",
            "/activity",
        ] {
            check(&open(&mut here, at).await, words.tag, words.dir, at);
        }
        let form = open(&mut here, &not_mine).await;
        let done = send(&mut here, &not_mine, &form, &[]).await;
        check(&here.follow(done).await, words.tag, words.dir, "done");
        check(
            &here.get(&format!("{ROOT}{one}")).await,
            words.tag,
            words.dir,
            "not found",
        );

        let mut new = world.browser();
        new.headers.insert(header::ACCEPT_LANGUAGE, tag);
        let page = new.get(&auth("ask", "")).await;
        let form = new.follow(page).await;
        check(&form, words.tag, words.dir, "login");
        let wrong = new.fill(&form, "alice", "wrong").await;
        check(&wrong, words.tag, words.dir, "login error");
        assert!(
            wrong.html.contains(words.login.wrong)
                && wrong.html.contains(&(words.frame.error)(words.login.title))
        );
        let next = new.fill(&wrong, "alice", "alice-password").await;
        check(&new.follow(next).await, words.tag, words.dir, "consent");
        let logout = "/realms/demo/protocol/openid-connect/logout";
        let ask = new.get(logout).await;
        check(&ask, words.tag, words.dir, "logout");
        let csrf = ask.field("csrf");
        let done = new.post(logout, &[("csrf", &csrf), ("confirm", "1")]).await;
        check(&new.follow(done).await, words.tag, words.dir, "signed out");
        check(
            &new.get("/realms/demo/login?interaction=x").await,
            words.tag,
            words.dir,
            "error",
        );
    }
}

#[tokio::test]
async fn the_app_then_the_switch_then_the_browser_decides() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser
        .headers
        .insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("es"));
    let page = browser.get(&auth("web", "&ui_locales=zh+de-CH")).await;
    let page = browser.follow(page).await;
    assert!(page.html.contains("<html lang=\"de\"") && page.html.contains("Anmelden"));
    // The switch is a form; what it chooses takes the place of what the app asked for, here and afterwards.
    let next = format!(
        "/realms/demo/login?interaction={}",
        page.field("interaction")
    );
    assert_eq!(page.field("next"), next);
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("next", &*next), ("ui_locales", "ar")])
        .finish();
    let chosen = browser.get(&format!("/realms/demo/language?{query}")).await;
    assert!(
        chosen
            .set_cookie("rkl")
            .unwrap()
            .starts_with("rkl=ar; Path=/; HttpOnly; SameSite=Lax")
    );
    let page = browser.follow(chosen).await;
    assert!(page.html.contains("<html lang=\"ar\" dir=\"rtl\"") && page.has("login-form"));
    let wrong = browser.fill(&page, "alice", "wrong").await;
    assert!(wrong.html.contains("<html lang=\"ar\" dir=\"rtl\""));
    assert!(
        browser
            .fill(&wrong, "alice", "alice-password")
            .await
            .sent()
            .contains_key("code")
    );
    let page = open(&mut browser, "/sessions").await;
    assert!(page.html.contains("<html lang=\"ar\" dir=\"rtl\""));
}

#[tokio::test]
async fn the_switch_leads_nowhere_else() {
    let world = World::new().await;
    let mut browser = world.browser();
    for next in [
        "https://evil.example/",
        "//evil.example/realms/demo/",
        "/realms/other/login",
        "/realms/demo/../x",
        "/admin",
        "",
    ] {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("next", next), ("ui_locales", "de")])
            .finish();
        let page = browser.get(&format!("/realms/demo/language?{query}")).await;
        page.assert_error(StatusCode::BAD_REQUEST, "invalid_request");
    }
}

#[tokio::test]
async fn a_realm_has_a_language_for_whoever_asks_for_none() {
    let mut settings = RealmSettings::default();
    settings.look.language = Some("ja".to_owned());
    let world = World::with(settings, Web::default()).await;
    let page = world.browser().get("/realms/demo/login").await;
    assert!(page.html.contains("<html lang=\"ja\" dir=\"ltr\""));
}
