//! Signing in to the console as a client of the realm, and out again.

use std::collections::HashMap;

use axum::http::StatusCode;
use url::Url;

use super::{Browser, Reply, Site, site};
use crate::domain::Actor;
use crate::domain::client::{self, CONSOLE};
use crate::domain::grant::code;
use crate::domain::session::Session;
use crate::domain::signout::receipt;
use crate::domain::user::{self, UserSettings};

/// What the authorization endpoint would read.
async fn begin(browser: &mut Browser, path: &str) -> HashMap<String, String> {
    let reply = browser.get(path).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let url = Url::parse(reply.location()).unwrap();
    assert_eq!(url.path(), "/realms/demo/protocol/openid-connect/auth");
    url.query_pairs().into_owned().collect()
}

/// What the authorization endpoint would answer, once somebody signed in.
async fn code_for(
    site: &Site,
    session: &Session,
    asked: &HashMap<String, String>,
    nonce: &str,
) -> String {
    let client = client::find(&site.ctx, &site.realm, CONSOLE)
        .await
        .unwrap()
        .unwrap();
    let issue = code::Issue {
        grant: site.grant(&client, session, Some(nonce.to_owned())),
        redirect_uri: asked["redirect_uri"].clone(),
        code_challenge: Some(asked["code_challenge"].clone()),
    };
    code::issue(&site.ctx, &site.realm, issue).await.unwrap()
}

fn answer(code: &str, state: &str, iss: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("code", code), ("state", state), ("iss", iss)])
        .finish();
    format!("/admin/demo/callback?{query}")
}

const ISSUER: &str = "http://localhost:8080/realms/demo";
const START: &str = "/admin/demo/sign-in?return=%2Fadmin%2Fdemo%2Fsessions%3Fq%3Dann";

async fn admin_session(site: &Site) -> Session {
    let user = site.user(&site.realm, "amira", &["realm-admin"]).await;
    site.session(&site.realm, &user, "192.0.2.1").await
}

#[tokio::test]
async fn the_whole_way_in_and_out() {
    let site = site().await;
    let session = admin_session(&site).await;
    let mut browser = site.browser();
    let asked = begin(&mut browser, START).await;
    assert_eq!(asked["client_id"], CONSOLE);
    assert_eq!(
        asked["redirect_uri"],
        "http://localhost:8080/admin/demo/callback"
    );
    assert_eq!(
        (
            asked["response_type"].as_str(),
            asked["code_challenge_method"].as_str()
        ),
        ("code", "S256")
    );
    let code = code_for(&site, &session, &asked, &asked["nonce"]).await;
    let back = browser.get(&answer(&code, &asked["state"], ISSUER)).await;
    assert_eq!(
        (back.status, back.location()),
        (StatusCode::SEE_OTHER, "/admin/demo/sessions?q=ann")
    );
    let page = browser.get("/admin/demo/sessions").await;
    assert_eq!(page.users(), ["amira"]);
    assert!(page.has("Realmkeep console"));
    // The console is a part of the server: nobody has to tell it, so it is on no receipt.
    let out = browser.post("/admin/demo/sign-out", &[]).await;
    assert_eq!(out.location(), "/admin/demo/signed-out");
    assert!(
        browser
            .get("/admin/demo/signed-out")
            .await
            .has("id=\"logged-out\"")
    );
    assert!(!site.is_good(&session).await);
    let acts = receipt::list(&site.ctx, &site.realm, None, 9)
        .await
        .unwrap()
        .0;
    assert_eq!(acts.len(), 1);
    assert!(
        receipt::apps(&site.ctx, &site.realm, &acts[0])
            .await
            .unwrap()
            .0
            .is_empty()
    );
    assert_eq!(
        browser.get("/admin/demo/sessions").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn an_answer_that_does_not_fit_signs_nobody_in() {
    let site = site().await;
    let session = admin_session(&site).await;
    let mut stranger = site.browser();
    for wrong in ["state", "iss", "nonce", "code", "browser", "twice"] {
        let mut browser = site.browser();
        let asked = begin(&mut browser, START).await;
        let nonce = if wrong == "nonce" {
            "another"
        } else {
            &asked["nonce"]
        };
        let code = code_for(&site, &session, &asked, nonce).await;
        let code = if wrong == "code" {
            "x".to_owned()
        } else {
            code
        };
        let state = if wrong == "state" {
            "x"
        } else {
            &asked["state"]
        };
        let iss = if wrong == "iss" {
            "http://localhost:8080/realms/other"
        } else {
            ISSUER
        };
        let path = answer(&code, state, iss);
        if wrong == "twice" {
            assert_eq!(browser.get(&path).await.status, StatusCode::SEE_OTHER);
            assert_eq!(browser.get(&path).await.status, StatusCode::BAD_REQUEST);
            continue;
        }
        let sent_by = if wrong == "browser" {
            &mut stranger
        } else {
            &mut browser
        };
        assert_eq!(
            sent_by.get(&path).await.status,
            StatusCode::BAD_REQUEST,
            "{wrong}"
        );
        assert_eq!(
            sent_by.get("/admin/demo/sessions").await.status,
            StatusCode::SEE_OTHER,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_refusal_of_the_realm_is_shown_and_not_obeyed() {
    let site = site().await;
    let mut browser = site.browser();
    let asked = begin(&mut browser, START).await;
    let path = format!(
        "{}&error=access_denied",
        answer("", &asked["state"], ISSUER)
    );
    let reply = browser.get(&path).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(reply.has("cancelled") && reply.has("/admin/demo/sign-in"));
}

#[tokio::test]
async fn nobody_is_sent_elsewhere_after_signing_in() {
    let site = site().await;
    let session = admin_session(&site).await;
    for to in [
        "https%3A%2F%2Fevil.example",
        "%2F%2Fevil.example",
        "%2Fadmin%2F..%2F..%2Fx",
        "%2Frealms%2Fdemo",
    ] {
        let mut browser = site.browser();
        let asked = begin(&mut browser, &format!("/admin/demo/sign-in?return={to}")).await;
        let code = code_for(&site, &session, &asked, &asked["nonce"]).await;
        let back = browser.get(&answer(&code, &asked["state"], ISSUER)).await;
        assert_eq!(back.location(), "/admin/demo/sessions", "{to}");
    }
}

#[tokio::test]
async fn a_sign_in_renews_the_browser_state() {
    let site = site().await;
    let session = admin_session(&site).await;
    let mut browser = site.browser();
    let asked = begin(&mut browser, START).await;
    let mut planted = browser.clone();
    let code = code_for(&site, &session, &asked, &asked["nonce"]).await;
    browser.get(&answer(&code, &asked["state"], ISSUER)).await;
    assert_eq!(
        browser.get("/admin/demo/sessions").await.status,
        StatusCode::OK
    );
    assert_eq!(
        planted.get("/admin/demo/sessions").await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn through_the_realms_own_pages() {
    let site = site().await;
    let settings = UserSettings {
        username: "amira".to_owned(),
        password: Some("amira-password".to_owned()),
        roles: vec!["realm-admin".to_owned()],
        ..UserSettings::default()
    };
    user::verbs::create(&site.ctx, &site.realm, &Actor::system("test"), settings)
        .await
        .unwrap();
    let mut browser = site.browser();
    let login = follow(&mut browser, "/admin/demo/sessions?q=ami").await;
    assert!(login.has("id=\"login-form\"") && login.has("Realmkeep console"));
    let (csrf, interaction) = (
        login.fields("csrf").remove(0),
        login.fields("interaction").remove(0),
    );
    let fields = [
        ("csrf", csrf.as_str()),
        ("interaction", interaction.as_str()),
        ("username", "amira"),
        ("password", "amira-password"),
    ];
    let posted = browser.post_raw("/realms/demo/login", &fields, &[]).await;
    assert_eq!(posted.status, StatusCode::SEE_OTHER, "{}", posted.body);
    let page = follow(
        &mut browser,
        &posted.location().replace("http://localhost:8080", ""),
    )
    .await;
    assert_eq!(page.users(), ["amira"]);
    // Signing out takes the sign-in along: the way back leads past the login page.
    let out = browser.post("/admin/demo/sign-out", &[]).await;
    assert!(
        follow(&mut browser, out.location())
            .await
            .has("id=\"logged-out\"")
    );
    assert!(
        follow(&mut browser, "/admin/demo/sessions")
            .await
            .has("id=\"login-form\"")
    );
}

/// Goes where a browser would end up.
async fn follow(browser: &mut Browser, path: &str) -> Reply {
    let mut reply = browser.get(path).await;
    for _ in 0..10 {
        if !reply.status.is_redirection() {
            return reply;
        }
        let to = reply.location().replace("http://localhost:8080", "");
        reply = browser.get(&to).await;
    }
    panic!("redirected in circles, last to {}", reply.location());
}
