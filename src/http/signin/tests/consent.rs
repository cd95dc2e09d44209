//! The consent page, and who may answer it.

use super::*;

async fn asked<'a>(world: &'a World) -> (Browser<'a>, Page) {
    let mut browser = world.browser();
    let answer = browser
        .sign_in(
            &auth("ask", "").replace("profile", "email+offline_access"),
            "alice",
        )
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = browser.follow(answer).await;
    assert!(page.has("consent-form"), "{}", page.html);
    (browser, page)
}

async fn answer(browser: &mut Browser<'_>, page: &Page, decision: &str) -> Page {
    let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("interaction", interaction.as_str()),
        ("decision", decision),
    ];
    browser.post("/realms/demo/consent", &fields).await
}

#[tokio::test]
async fn a_yes_is_asked_once_and_covers_what_was_shown() {
    let world = World::new().await;
    let (mut browser, page) = asked(&world).await;
    for scope in ["openid", "email", "offline_access"] {
        assert!(
            page.html.contains(&format!("<li data-scope=\"{scope}\">")),
            "{scope}"
        );
    }
    assert!(page.html.contains("Know who you are") && page.html.contains("<b>127.0.0.1:9090</b>"));
    let sent = answer(&mut browser, &page, "allow").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert!(
        world
            .redeem("ask", &sent.sent()["code"])
            .await
            .unwrap()
            .offline
    );
    let more = auth("ask", "").replace("profile", "email");
    assert!(browser.get(&more).await.sent().contains_key("code"));
    // A scope that was never shown is asked about.
    let page = browser.get(&auth("ask", "&prompt=none")).await;
    assert_eq!(page.sent()["error"], "consent_required");
    let page = browser.get(&format!("{more}&prompt=consent")).await;
    assert!(browser.follow(page).await.has("consent-form"));
}

#[tokio::test]
async fn a_no_is_access_denied_and_is_not_remembered_as_a_yes() {
    let world = World::new().await;
    let (mut browser, page) = asked(&world).await;
    let sent = answer(&mut browser, &page, "deny").await.sent();
    assert_eq!(
        (
            sent["error"].as_str(),
            sent["iss"].as_str(),
            sent["state"].as_str()
        ),
        ("access_denied", ISSUER, "s&t")
    );
    assert_eq!(
        browser.get(&auth("ask", "&prompt=none")).await.sent()["error"],
        "consent_required"
    );
    answer(&mut browser, &page, "allow")
        .await
        .assert_error(StatusCode::BAD_REQUEST, "unknown_interaction");
}

#[tokio::test]
async fn a_form_whose_session_ended_while_it_was_open_cannot_finish() {
    let world = World::new().await;
    let (mut browser, page) = asked(&world).await;
    world
        .cut(Selection::Sessions(vec![browser.sid()]), None)
        .await;
    let sent = answer(&mut browser, &page, "allow").await;
    let form = browser.follow(sent).await;
    assert!(
        form.has("login-form") && form.has("login-notice"),
        "{}",
        form.html
    );
    // Nothing was allowed either: after a new sign-in the page is shown again.
    let sent = browser.fill(&form, "alice", "alice-password").await;
    assert!(browser.follow(sent).await.has("consent-form"));
}

#[tokio::test]
async fn a_form_that_was_shown_to_one_session_is_not_answered_by_another() {
    let world = World::new().await;
    let (mut browser, page) = asked(&world).await;
    let bob = world.signed_in("bob").await;
    browser
        .jar
        .insert("rk_demo".to_owned(), bob.jar["rk_demo"].clone());
    let again = answer(&mut browser, &page, "allow").await;
    let again = browser.follow(again).await;
    assert!(again.has("consent-form") && again.html.contains("<b>bob</b>"));
    assert!(
        answer(&mut browser, &again, "allow")
            .await
            .sent()
            .contains_key("code")
    );
}

#[tokio::test]
async fn another_sites_yes_counts_for_nothing() {
    let world = World::new().await;
    let (mut browser, page) = asked(&world).await;
    let interaction = page.field("interaction");
    let fields = [
        ("csrf", "x"),
        ("interaction", interaction.as_str()),
        ("decision", "allow"),
    ];
    browser
        .post("/realms/demo/consent", &fields)
        .await
        .assert_error(StatusCode::FORBIDDEN, "invalid_form");
    let mut driven = browser.clone();
    driven
        .headers
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    answer(&mut driven, &page, "allow")
        .await
        .assert_error(StatusCode::FORBIDDEN, "invalid_form");
    answer(&mut browser, &page, "maybe")
        .await
        .assert_error(StatusCode::BAD_REQUEST, "invalid_request");
    // Nor does the page open in another browser.
    let elsewhere = world
        .browser()
        .get(&format!("/realms/demo/consent?interaction={interaction}"))
        .await;
    elsewhere.assert_error(StatusCode::BAD_REQUEST, "unknown_interaction");
}
