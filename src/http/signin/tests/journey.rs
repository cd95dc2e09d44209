//! From an app through the login page to its tokens.

use axum::http::{StatusCode, header};

use super::*;
use crate::domain::{browser as kept, key};
use crate::http::signin::headers::POLICY;
use crate::protocol::check_session::session_state;

/// The `session_state` that the browser's own cookie makes, with the salt of the one that was sent.
fn state_of(browser: &Browser<'_>, sent: &str) -> String {
    let salt = crate::crypto::unb64(sent.split_once('.').unwrap().1).unwrap();
    session_state("web", CALLBACK, &browser.jar["rks_demo"], &salt)
}

#[tokio::test]
async fn a_sign_in_goes_from_the_app_through_the_form_to_tokens() {
    let world = World::new().await;
    let mut browser = world.browser();
    let first = browser.get(&auth("web", "")).await;
    assert_eq!(first.status, StatusCode::FOUND);
    let form = browser.follow(first).await;
    assert_eq!(
        (
            form.status,
            form.has("login-form"),
            form.has("login-cancel")
        ),
        (StatusCode::OK, true, true)
    );
    assert!(form.html.contains("id=\"client-name\">The web app<"));
    let answer = browser.fill(&form, "Alice", "alice-password").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let sent = answer.sent();
    assert_eq!(
        (sent["iss"].as_str(), sent["state"].as_str()),
        (ISSUER, "s&t")
    );
    assert_eq!(
        sent["session_state"],
        state_of(&browser, &sent["session_state"])
    );
    let (family, minted) = world.tokens("web", &sent["code"]).await;
    assert_eq!(family.grant.sid.to_string(), browser.sid());
    assert_eq!(
        (family.grant.nonce.as_deref(), family.grant.scope.as_str()),
        (Some("n-1"), "openid profile")
    );
    assert!(minted.id_token.is_some());
    let session = world.session(&browser.sid()).await;
    assert_eq!(
        (
            session.username.as_str(),
            session.ip.as_str(),
            session.amr.len()
        ),
        ("alice", "192.0.2.1", 1)
    );
    // The form is spent: going back and sending it again signs nobody in.
    browser
        .fill(&form, "alice", "alice-password")
        .await
        .assert_error(StatusCode::BAD_REQUEST, "unknown_interaction");
}

#[tokio::test]
async fn a_second_app_needs_no_form_and_leaves_the_browser_state_alone() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    // A cookie that the store would have to look at, and answer with a new one.
    browser
        .jar
        .insert("rk_browser".to_owned(), "AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    let page = browser.get(&auth("wiki", "")).await;
    assert_eq!(page.status, StatusCode::FOUND);
    assert!(world.redeem("wiki", &page.sent()["code"]).await.is_ok());
    assert!(page.headers.get(header::SET_COOKIE).is_none());
}

#[tokio::test]
async fn a_posted_request_is_answered_303_and_one_from_an_apps_page_is_sent_on_to_find_its_cookies()
{
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    let address = auth("web", "");
    let (path, query) = address.split_once('?').unwrap();
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let page = browser.post(path, &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert!(page.sent().contains_key("code"));
    // SameSite=Lax: a cross-site POST comes without cookies, the GET after it with them.
    let mut bare = world.browser();
    bare.headers
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    let page = bare.post(path, &fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let next = page.location().unwrap();
    assert!(
        browser.get(&next).await.sent().contains_key("code"),
        "{next}"
    );
}

#[tokio::test]
async fn nothing_from_before_the_sign_in_is_worth_anything_after_it() {
    let world = World::new().await;
    let mut attacker = world.browser();
    let page = attacker.get(&auth("web", "")).await;
    let form = attacker.follow(page).await;
    let planted = attacker.jar["rk_browser"].clone();
    // The victim's browser carries the attacker's state and signs in.
    let mut victim = attacker.clone();
    let answer = victim.fill(&form, "alice", "alice-password").await;
    assert!(answer.sent().contains_key("code"));
    assert_ne!(victim.jar["rk_browser"], planted);
    let next = victim.get(&auth("web", "&prompt=login")).await;
    let form_after = victim.follow(next).await;
    assert_ne!(form_after.field("csrf"), form.field("csrf"));
    attacker
        .fill(&form, "bob", "bob-password")
        .await
        .assert_error(StatusCode::BAD_REQUEST, "unknown_interaction");
    let page = attacker.get(&auth("web", "&prompt=none")).await;
    assert_eq!(page.sent()["error"], "login_required");
}

#[tokio::test]
async fn signing_in_again_starts_a_new_session_and_ends_the_old_one_through_the_door() {
    let world = World::new().await;
    for name in ["alice", "bob"] {
        let mut browser = world.signed_in("alice").await;
        let (old, cookie) = (browser.sid(), browser.jar["rk_demo"].clone());
        let answer = browser.sign_in(&auth("web", "&prompt=login"), name).await;
        assert!(answer.sent().contains_key("code"), "{name}");
        assert_ne!(browser.sid(), old);
        assert!(world.is_good(&browser.sid()).await && !world.is_good(&old).await);
        let ended = world.session(&old).await.ended.unwrap();
        assert_eq!(ended.reason, Reason::User);
        let act = signout::receipt::find(&world.ctx, &world.realm, ended.sign_out)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (act.actor.kind, act.actor.name.as_str()),
            (ActorKind::User, "alice")
        );
        browser.jar.insert("rk_demo".to_owned(), cookie);
        assert_eq!(
            browser.get(&auth("web", "&prompt=none")).await.sent()["error"],
            "login_required"
        );
    }
}

#[tokio::test]
async fn a_sign_in_that_no_app_asked_for_ends_at_a_page_of_ours() {
    let world = World::new().await;
    let mut browser = world.browser();
    let form = browser.get("/realms/demo/login").await;
    assert!(form.has("login-form") && !form.has("login-cancel"));
    let answer = browser.fill(&form, "alice", "alice-password").await;
    assert_eq!(
        (answer.status, answer.location().as_deref()),
        (StatusCode::SEE_OTHER, Some("/realms/demo/login"))
    );
    let page = browser.follow(answer).await;
    assert!(page.has("signed-in") && page.html.contains("alice"));
}

#[tokio::test]
async fn a_sign_in_for_the_console_goes_on_there_and_nowhere_else() {
    let world = World::new().await;
    let mut browser = world.browser();
    let page = browser
        .get("/realms/demo/login?next=/admin/demo/sessions?q=a")
        .await;
    let form = browser.follow(page).await;
    let answer = browser.fill(&form, "alice", "alice-password").await;
    assert_eq!(
        answer.location().as_deref(),
        Some("/admin/demo/sessions?q=a")
    );
    for next in [
        "https://evil.example",
        "//evil.example",
        "/admin.evil.example",
        "/%5Cevil.example",
        "/admin/../realms/demo",
        "/realms/other/account",
        "admin",
        "/admin%09",
    ] {
        let page = browser
            .get(&format!("/realms/demo/login?next={next}"))
            .await;
        page.assert_error(StatusCode::BAD_REQUEST, "invalid_request");
    }
}

#[tokio::test]
async fn an_answer_by_form_post_is_a_page_with_a_button() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    let page = browser.get(&auth("web", "&response_mode=form_post")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.html.contains(&format!("action=\"{CALLBACK}\"")) && page.has("continue"));
    assert_eq!(
        (page.field("iss").as_str(), page.field("session_state")),
        (ISSUER, state_of(&browser, &page.field("session_state")))
    );
    assert_eq!(page.headers[header::CONTENT_SECURITY_POLICY], POLICY);
    assert!(world.redeem("web", &page.field("code")).await.is_ok());
    let page = browser
        .get(&auth(
            "web",
            "&response_mode=form_post&prompt=none&max_age=0",
        ))
        .await;
    assert_eq!(
        (page.field("error").as_str(), page.field("iss").as_str()),
        ("login_required", ISSUER)
    );
}

#[tokio::test]
async fn every_page_keeps_to_itself() {
    let world = World::new().await;
    let mut browser = world.browser();
    let login = browser.get("/realms/demo/login").await;
    let error = browser.get("/realms/demo/login?interaction=x").await;
    let consent = {
        let answer = browser.sign_in(&auth("ask", ""), "alice").await;
        browser.follow(answer).await
    };
    let logout = browser
        .get("/realms/demo/protocol/openid-connect/logout")
        .await;
    for page in [&login, &error, &consent, &logout] {
        assert_eq!(page.headers[header::CONTENT_SECURITY_POLICY], POLICY);
        assert!(POLICY.contains("frame-ancestors 'none'") && !POLICY.contains("form-action"));
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");
    }
    assert!(login.has("login-form") && consent.has("consent-form") && logout.has("logout-form"));
}

#[tokio::test]
async fn cookies_are_as_narrow_as_they_can_be() {
    for (https, prefix, tail) in [(false, "", ""), (true, "__Host-", "; Secure")] {
        let world = World::with(
            RealmSettings::default(),
            Web {
                https,
                ..Web::default()
            },
        )
        .await;
        let mut browser = world.browser();
        let form = browser.get("/realms/demo/login").await;
        let line = form.set_cookie(&format!("{prefix}rk_browser")).unwrap();
        assert!(
            line.contains("HttpOnly") && line.contains("SameSite=Lax") && line.contains("Path=/"),
            "{line}"
        );
        assert_eq!(line.contains("Secure"), https);
        let answer = browser.fill(&form, "alice", "alice-password").await;
        let line = answer.set_cookie(&format!("{prefix}rk_demo")).unwrap();
        assert!(
            line.ends_with(&format!("; Path=/; HttpOnly; SameSite=Lax{tail}")),
            "{line}"
        );
    }
}

#[tokio::test]
async fn only_a_remembered_session_outlives_the_browser_window() {
    let world = World::new().await;
    let mut browser = world.browser();
    let form = browser.get("/realms/demo/login").await;
    let (csrf, fields) = (
        form.field("csrf"),
        [
            ("username", "alice"),
            ("password", "alice-password"),
            ("remember", "1"),
        ],
    );
    let fields: Vec<_> = fields
        .into_iter()
        .chain([("csrf", csrf.as_str())])
        .collect();
    let line = browser
        .post("/realms/demo/login", &fields)
        .await
        .set_cookie("rk_demo")
        .unwrap();
    assert!(line.ends_with("; Max-Age=2592000"), "{line}");
}

#[tokio::test]
async fn a_forged_host_is_in_no_address() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser
        .headers
        .insert(header::HOST, "evil.example".parse().unwrap());
    browser
        .headers
        .insert("x-forwarded-host", "evil.example".parse().unwrap());
    let first = browser.get(&auth("web", "")).await;
    assert!(first.location().unwrap().starts_with("/realms/demo/login?"));
    let form = browser.follow(first).await;
    let answer = browser.fill(&form, "alice", "alice-password").await;
    assert_eq!(answer.sent()["iss"], ISSUER);
    assert!(!form.html.contains("evil.example"));
}

#[tokio::test]
async fn somebody_an_administrator_signed_out_is_told_and_nobody_else_is() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    let select = Selection::Sessions(vec![browser.sid()]);
    world
        .cut(select, Some("Your laptop was reported <lost>."))
        .await;
    let page = browser.get(&auth("web", "")).await;
    let form = browser.follow(page).await;
    assert!(form.has("login-notice") && form.html.contains("An administrator signed you out at "));
    assert!(
        form.html
            .contains("Your laptop was reported &#60;lost&#62;.")
    );
    let mut stranger = world.browser();
    assert!(!stranger.get("/realms/demo/login").await.has("login-notice"));
    // The sid without its secret is nobody's cookie.
    let sid: Sid = browser.sid().parse().unwrap();
    stranger
        .jar
        .insert("rk_demo".to_owned(), session::cookie::text(sid, &[0; 32]));
    assert!(!stranger.get("/realms/demo/login").await.has("login-notice"));
    // Fresh credentials, and the person is back in a session that began after the cut.
    let answer = browser.fill(&form, "alice", "alice-password").await;
    assert!(world.redeem("web", &answer.sent()["code"]).await.is_ok());
}

#[tokio::test]
async fn a_code_of_a_session_that_was_cut_is_worth_nothing() {
    let world = World::new().await;
    let mut browser = world.signed_in("alice").await;
    let code = browser.get(&auth("web", "")).await.sent()["code"].clone();
    world.cut(Selection::All, None).await;
    assert!(matches!(
        world.redeem("web", &code).await,
        Err(RedeemError::Lapsed(Lapsed::SessionEnded(_)))
    ));
    assert_eq!(
        browser.get(&auth("web", "&prompt=none")).await.sent()["error"],
        "login_required"
    );
}

#[tokio::test]
async fn browser_state_is_kept_under_a_hash_and_without_its_id() {
    let world = World::new().await;
    let mut browser = world.browser();
    browser.get("/realms/demo/login").await;
    let id: tower_sessions::session::Id = browser.jar["rk_browser"].parse().unwrap();
    let at = key::browser(&crate::crypto::sha256(&id.0.to_be_bytes()));
    let stored = world.ctx.store.get(&at).await.unwrap().unwrap();
    let state = kept::load(&world.ctx, &id.0.to_be_bytes())
        .await
        .unwrap()
        .unwrap();
    let text = String::from_utf8(state.data).unwrap();
    assert!(
        text.contains("csrf")
            && !text.contains(&id.0.to_string())
            && !text.contains(&browser.jar["rk_browser"])
    );
    let raw = String::from_utf8_lossy(&stored.value).into_owned();
    assert!(!raw.contains("csrf"), "sealed: {raw}");
}
