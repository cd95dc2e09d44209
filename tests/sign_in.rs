//! How a person gets in, and out again: login, consent, single sign-on, freshness, remembering, signing out.

mod fresh;
mod logout;

use realmkeep::Span;

use crate::support::browser::{PHONE, parameter};
use crate::support::{App, Browser, Engine, Page, TestServer, Tokens};

const WRONG: &str = "Invalid username or password.";

async fn start() -> (TestServer, App, Browser) {
    let server = TestServer::start(Engine::Memory).await;
    let web = server.app("web").await;
    (server, web, Browser::default())
}

async fn alice(app: &App, browser: &Browser) -> Tokens {
    app.sign_in(
        browser,
        "alice",
        "alice-password",
        &["profile", "email"],
        false,
    )
    .await
}

#[tokio::test]
async fn a_standard_client_signs_a_person_in_and_reads_who_they_are() {
    let (_server, web, browser) = start().await;
    let page = browser.open(web.begin(&[]).url.as_str()).await;
    assert_eq!(page.text("client-name"), "Web Shop");
    let tokens = alice(&web, &browser).await;
    let about = web.userinfo(&tokens.access).await.expect(200).json();
    assert_eq!(about["sub"], tokens.sub.as_str());
    assert_eq!(
        (&about["name"], &about["email"]),
        (&"Alice Adams".into(), &"alice@example.com".into())
    );
    assert_eq!(about["preferred_username"], "alice");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_the_same() {
    let (_server, web, browser) = start().await;
    let page = browser.open(web.begin(&[]).url.as_str()).await;
    let wrong = browser.log_in(&page, "alice", "no", false).await;
    let unknown = browser.log_in(&page, "nobody", "no", false).await;
    for (page, name) in [(&wrong, "alice"), (&unknown, "nobody")] {
        assert_eq!(page.text("login-error"), WRONG);
        let alert = page.html().by_id("login-error").unwrap();
        assert_eq!(alert.attribute("role"), Some("alert"));
        // The name is kept, the password is not.
        let form = page.form("login-form");
        assert_eq!(form.value("username"), Some(name));
        assert_eq!(form.value("password"), Some(""));
    }
    assert_eq!(wrong.status, unknown.status);
    let page = browser
        .log_in(&wrong, "Alice", "alice-password", false)
        .await;
    assert!(
        page.answered("code").is_some(),
        "a name in other letters: {page}"
    );
}

#[tokio::test]
async fn a_second_app_needs_no_second_login() {
    let (server, web, browser) = start().await;
    let first = alice(&web, &browser).await;
    let second = server
        .app("notes")
        .await
        .sign_in_silently(&browser, &["profile"])
        .await;
    assert_eq!(
        (&first.sid, &first.sub, first.auth_time),
        (&second.sid, &second.sub, second.auth_time)
    );
    let session = server.ops().session(&first.sid).await;
    let clients: Vec<_> = session["clients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["clientId"].clone())
        .collect();
    assert_eq!(clients, ["web", "notes"]);
}

#[tokio::test]
async fn nothing_planted_before_the_login_is_the_session_after_it() {
    let (server, web, browser) = start().await;
    // A stranger's own session, planted in the victim's browser.
    let stranger = Browser::default();
    web.sign_in(&stranger, "bob", "bob-password", &[], false)
        .await;
    for (name, value) in stranger.cookies() {
        browser.plant(&server.url, &name, &value);
    }
    let pending = web.begin_with(&[], &[("prompt", "login")]);
    let page = browser.open(pending.url.as_str()).await;
    let page = browser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    let code = web.code(&pending, &page);
    let tokens = web.exchange(pending, code).await;
    let stranger_now = web.silent_error(&stranger).await;
    if stranger_now.is_none() {
        let theirs = web.sign_in_silently(&stranger, &[]).await;
        assert_ne!(
            (theirs.sub, theirs.sid),
            (tokens.sub, tokens.sid),
            "the stranger is alice now"
        );
    }
}

#[tokio::test]
async fn the_sid_is_no_key_to_the_session() {
    let (server, web, browser) = start().await;
    let tokens = alice(&web, &browser).await;
    let cookies = browser.cookies();
    assert!(
        cookies.iter().any(|(_, value)| value.len() >= 40),
        "a cookie with a secret: {cookies:?}"
    );
    for (name, _) in cookies {
        let thief = Browser::default();
        thief.plant(&server.url, &name, &tokens.sid);
        assert_eq!(
            web.silent_error(&thief).await.as_deref(),
            Some("login_required"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn every_page_keeps_strangers_out() {
    let (server, web, browser) = start().await;
    let login = browser.open(web.begin(&[]).url.as_str()).await;
    let asks = server.app("asks").await;
    alice(&web, &browser).await;
    let consent = browser.open(asks.begin(&["profile"]).url.as_str()).await;
    let logout = browser.open(&server.endpoint("demo", "logout")).await;
    let error = browser
        .open(&server.endpoint("demo", "auth?client_id=nobody"))
        .await;
    for page in [&login, &consent, &logout, &error] {
        let header = |name: &str| {
            page.headers
                .get(name)
                .and_then(|v| v.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let csp = header("content-security-policy");
        assert!(
            csp.contains("frame-ancestors 'none'") && csp.contains("default-src 'none'"),
            "{csp}"
        );
        assert!(
            !csp.contains("unsafe-inline") && !csp.contains("unsafe-eval"),
            "{csp}"
        );
        assert!(
            header("cache-control").contains("no-store"),
            "{:?}",
            page.headers
        );
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(
            !page.body.contains("style=\"") && !page.body.contains(" onclick="),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in_or_out() {
    let (server, web, browser) = start().await;
    let page = browser.open(web.begin(&[]).url.as_str()).await;
    let good = page
        .form("login-form")
        .fill("username", "alice")
        .fill("password", "alice-password");
    let forged = good.clone().fill("csrf", "forged");
    let answer = browser.submit(&page, forged).await;
    assert_eq!(answer.answered("code"), None, "{answer}");
    // The same form, sent by another browser: the token belongs to the first.
    let answer = Browser::default().submit(&page, good).await;
    assert_eq!(answer.answered("code"), None, "{answer}");
    alice(&web, &browser).await;
    let page = browser.open(&server.endpoint("demo", "logout")).await;
    browser
        .submit(
            &page,
            page.form("logout-form")
                .fill("csrf", "forged")
                .press("logout-confirm"),
        )
        .await;
    assert_eq!(
        web.silent_error(&browser).await,
        None,
        "signed out by a forged form"
    );
}

#[tokio::test]
async fn credentials_are_answered_with_a_303() {
    let (_server, web, browser) = start().await;
    let page = browser.open(web.begin(&[]).url.as_str()).await;
    let form = page
        .form("login-form")
        .fill("username", "alice")
        .fill("password", "alice-password");
    let answer = browser
        .post(page.url.join(&form.action).unwrap().as_str(), &form.fields)
        .await;
    assert_eq!(answer.status, 303, "{answer}");
}

#[tokio::test]
async fn whoever_cancels_or_denies_sends_the_app_access_denied() {
    let (server, web, browser) = start().await;
    let page = browser.open(web.begin(&[]).url.as_str()).await;
    let page = browser
        .submit(&page, page.form("login-form").press("login-cancel"))
        .await;
    assert_eq!(page.answered("error").as_deref(), Some("access_denied"));
    assert_eq!(page.answered("iss"), Some(server.issuer("demo")));
    alice(&web, &browser).await;
    let asks = server.app("asks").await;
    let page = browser
        .open(asks.begin(&["profile", "email"]).url.as_str())
        .await;
    let scopes: Vec<_> = page.html().all("li", "data-scope");
    let named = |scope: &str| {
        scopes
            .iter()
            .any(|s| s.attribute("data-scope") == Some(scope))
    };
    assert!(named("profile") && named("email"), "{page}");
    let page = browser
        .submit(&page, page.form("consent-form").press("consent-deny"))
        .await;
    assert_eq!(page.answered("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn an_answer_may_go_by_form_or_fragment() {
    let (server, web, browser) = start().await;
    alice(&web, &browser).await;
    let page = browser
        .open(
            web.begin_with(&[], &[("response_mode", "form_post")])
                .url
                .as_str(),
        )
        .await;
    assert_eq!(page.status, 200, "{page}");
    let fields = ["code", "state", "iss"];
    let values: Vec<_> = page.html().all("input", "name");
    for name in fields {
        let field = values
            .iter()
            .find(|v| v.attribute("name") == Some(name))
            .unwrap_or_else(|| panic!("{name}: {page}"));
        assert!(
            field.attribute("value").is_some_and(|v| !v.is_empty()),
            "{page}"
        );
    }
    let page = browser
        .open(
            web.begin_with(&[], &[("response_mode", "fragment")])
                .url
                .as_str(),
        )
        .await;
    let fragment = page
        .location()
        .and_then(|l| l.fragment().map(str::to_owned))
        .unwrap_or_default();
    let as_query = url::Url::parse(&format!("http://x/?{fragment}")).unwrap();
    assert!(
        parameter(&as_query, "code").is_some()
            && parameter(&as_query, "iss") == Some(server.issuer("demo")),
        "{page}"
    );
}

#[tokio::test]
async fn guesses_are_slowed_and_a_refresh_forgives_none_of_them() {
    let (server, web, browser) = start().await;
    let tokens = alice(&web, &browser).await;
    let guesser = Browser::default();
    let page = guesser.open(web.begin(&[]).url.as_str()).await;
    let mut slowed = None;
    for guess in 0..12 {
        let answer = guesser
            .log_in(&page, "alice", &format!("guess-{guess}"), false)
            .await;
        assert_eq!(answer.answered("code"), None);
        if answer.headers.contains_key("retry-after") {
            slowed = Some(answer);
            break;
        }
    }
    let slowed = slowed.expect("twelve guesses and no wait");
    assert!(slowed.html().has("login-error"), "{slowed}");
    // Neither alice's app at work nor another name's success opens the door again; and nobody else waits.
    web.refresh(&tokens).await;
    web.sign_in(&Browser::default(), "bob", "bob-password", &[], false)
        .await;
    let right = guesser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    assert_eq!(right.answered("code"), None, "the wait is over at once");
    server.clock.advance(Span::mins(2));
    let page = guesser.open(web.begin(&[]).url.as_str()).await;
    let right = guesser
        .log_in(&page, "alice", "alice-password", false)
        .await;
    assert!(
        right.answered("code").is_some(),
        "alice is locked out for good: {right}"
    );
}

#[tokio::test]
async fn what_a_request_brings_is_shown_as_text() {
    let (server, web, browser) = start().await;
    alice(&web, &browser).await;
    let script = "%3Cscript%3Ealert(1)%3C/script%3E%22onload=x";
    for path in [
        format!(
            "logout?state={script}&client_id=web&post_logout_redirect_uri=https://web.example/bye"
        ),
        format!("logout?client_id={script}"),
        format!("logout?id_token_hint={script}&ui_locales={script}"),
        format!("auth?client_id={script}"),
        format!("auth?client_id=web&redirect_uri={script}"),
    ] {
        let page = browser.open(&server.endpoint("demo", &path)).await;
        assert!(page.status < 500, "{path}: {page}");
        assert!(
            !page.body.contains("<script>alert") && !page.body.contains("\"onload"),
            "{path}: {page}"
        );
    }
}
