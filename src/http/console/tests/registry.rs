//! Applications, settings, keys and realms over the console's routes.

use axum::http::StatusCode;

use super::{Browser, Reply, Site, site};
use crate::domain::client;
use crate::domain::realm;

/// The fields of the form as a browser would send it, but for the token.
pub(super) fn fields(page: &Reply) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for tag in page.tags(" name=\"") {
        let of = |name| crate::http::rendered::attribute(tag, name);
        let (Some(name), kind) = (of("name"), of("type").unwrap_or_default()) else {
            continue;
        };
        let ticked = tag.split_whitespace().any(|word| word == "checked");
        if name == "csrf" || tag.starts_with("button") || (kind == "checkbox" && !ticked) {
            continue;
        }
        if tag.starts_with("input") {
            let value = of("value").unwrap_or_default().replace("&#34;", "\"");
            out.push((name.to_owned(), value));
        }
    }
    out
}

pub(super) async fn post(browser: &mut Browser, path: &str, fields: &[(String, String)]) -> Reply {
    let pairs: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    browser.post(path, &pairs).await
}

pub(super) fn with(
    mut fields: Vec<(String, String)>,
    name: &str,
    value: &str,
) -> Vec<(String, String)> {
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), value.to_owned()));
    fields
}

/// The tab `sessions` of the settings with one of them typed anew.
async fn typed(browser: &mut Browser, name: &str, value: &str) -> Vec<(String, String)> {
    let page = browser.get("/admin/demo/settings/sessions").await;
    assert_eq!(page.status, StatusCode::OK);
    with(fields(&page), name, value)
}

async fn idle(site: &Site) -> String {
    let realm = realm::find(&site.ctx, "demo").await.unwrap().unwrap();
    realm.settings.sessions.idle_timeout.to_string()
}

#[tokio::test]
async fn settings_are_previewed_saved_and_never_overwrite_unseen() {
    let site = site().await;
    let (mut dana, _) = site.admin().await;
    site.signed_in("anna").await;
    const TAB: &str = "/admin/demo/settings/sessions";
    let wrong = typed(&mut dana, "sessions.idle_timeout", "soon").await;
    let page = post(&mut dana, &format!("{TAB}/preview"), &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.has("expected a duration") && page.has("value=\"soon\""));
    let long = typed(&mut dana, "sessions.idle_timeout", "0s").await;
    let page = post(&mut dana, &format!("{TAB}/preview"), &long).await;
    assert!(page.has("must be between 1s and 3650d"), "{}", page.body);

    // Anna idles for a minute and a half; whoever asks does not.
    site.clock.advance(crate::domain::time::Span::secs(90));
    let stricter = typed(&mut dana, "sessions.idle_timeout", "1m").await;
    let page = post(&mut dana, &format!("{TAB}/preview"), &stricter).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("1 session ends at once"), "{}", page.body);
    assert_eq!(idle(&site).await, "30m", "nothing is saved yet");

    // Somebody else saves first.
    let other = typed(&mut dana, "sessions.idle_timeout", "20m").await;
    let saved = post(&mut dana, TAB, &other).await;
    assert_eq!(saved.location(), "/admin/demo/settings/sessions?done=saved");
    let late = post(&mut dana, TAB, &stricter).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.has("id=\"meanwhile\"") && late.has("20m") && late.has("30m"));
    assert_eq!(idle(&site).await, "20m");
    // What was typed is not lost.
    let again = post(&mut dana, &format!("{TAB}/edit"), &fields(&late)).await;
    assert!(again.has("value=\"1m\""));
    let saved = post(&mut dana, TAB, &fields(&again)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    assert_eq!(idle(&site).await, "1m");
    let realm = realm::find(&site.ctx, "demo").await.unwrap().unwrap();
    assert!(
        realm.settings.sessions.remember_me,
        "switches stay as they were"
    );
}

#[tokio::test]
async fn what_weakens_an_application_is_asked_about_first() {
    let site = site().await;
    let (mut dana, _) = site.admin().await;
    let app = site.app("files", true).await;
    let root = format!("/admin/demo/apps/{}", app.id);
    let page = dana.get(&format!("{root}/settings")).await;
    // Everything with what a text area and a select would send as well.
    let whole = |page: &Reply| {
        let mut all = fields(page);
        for (name, value) in [
            ("redirect_uris", "https://app.example/cb"),
            ("token_endpoint_auth_method", "client_secret_basic"),
            ("consent", "never"),
            ("ssf_subjects", "own"),
            ("global_token_revocation_subject", "iss_sub"),
            ("access_token_revocation_check", "none"),
        ] {
            all.push((name.to_owned(), value.to_owned()));
        }
        all
    };
    let same = post(&mut dana, &format!("{root}/settings"), &whole(&page)).await;
    assert_eq!(
        same.location(),
        format!("{root}?done=same"),
        "{}",
        same.body
    );
    let untold = with(whole(&page), "backchannel_logout_uri", "");
    let asked = post(&mut dana, &format!("{root}/settings"), &untold).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.has("no longer told of sign-outs"), "{}", asked.body);
    let now = client::by_id(&site.ctx, &site.realm, app.id)
        .await
        .unwrap()
        .unwrap();
    assert!(now.settings.backchannel_logout_uri.is_some());
    let sure = with(untold, "sure", "yes");
    let saved = post(&mut dana, &format!("{root}/settings"), &sure).await;
    assert_eq!(saved.location(), format!("{root}?done=saved"));
    let now = client::by_id(&site.ctx, &site.realm, app.id)
        .await
        .unwrap()
        .unwrap();
    assert!(now.settings.backchannel_logout_uri.is_none());
    assert_eq!(now.secret_hash, app.secret_hash, "the secret stays");
    // By a wrong name nothing is deleted.
    let wrong = dana
        .post(&format!("{root}/delete"), &[("typed", "filez")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let gone = dana
        .post(&format!("{root}/delete"), &[("typed", "files")])
        .await;
    assert!(
        gone.location().starts_with("/admin/demo/signouts/"),
        "{}",
        gone.location()
    );
    assert_eq!(dana.get(&root).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_role_reaches_its_own_pages_only() {
    let site = site().await;
    let app = site.app("files", true).await;
    let realm = site.realm.clone();
    let (mut clara, _) = site.console(&realm, "clara", &["clients-manager"]).await;
    for path in [
        "/admin/demo/settings/sessions",
        "/admin/demo/keys",
        "/admin/demo/keys/rotate?alg=ES256",
    ] {
        assert_eq!(
            clara.get(path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let root = format!("/admin/demo/apps/{}", app.id);
    for path in [
        "/admin/demo/apps",
        "/admin/demo/apps/new?kind=spa",
        "/admin/demo/deliveries",
        "/admin/demo/streams",
        &root,
    ] {
        assert_eq!(clara.get(path).await.status, StatusCode::OK, "{path}");
    }
    let path = format!("{root}/sign-out");
    assert_eq!(clara.get(&path).await.status, StatusCode::FORBIDDEN);
    // She cannot make a client that may do more than she may.
    let page = clara.get("/admin/demo/apps/new?kind=service").await;
    let csrf = page.fields("csrf").pop().unwrap();
    let body = [
        ("csrf", csrf.as_str()),
        ("kind", "service"),
        ("client_id", "climber"),
        ("token_endpoint_auth_method", "client_secret_basic"),
        ("consent", "never"),
        ("grant_types", "client_credentials"),
        ("require_pkce", "on"),
        ("ssf_subjects", "own"),
        ("global_token_revocation_subject", "iss_sub"),
        ("access_token_revocation_check", "none"),
        ("service_account_roles", "realm-admin"),
    ];
    let same = [
        ("origin", "http://localhost:8080"),
        ("sec-fetch-site", "same-origin"),
    ];
    let refused = clara.post_raw("/admin/demo/apps/new", &body, &same).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    assert!(
        client::find(&site.ctx, &realm, "climber")
            .await
            .unwrap()
            .is_none()
    );
    let forged = clara
        .post_raw(&format!("{root}/disable"), &[("csrf", "forged")], &same)
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    // Whoever only sees sessions tells no app of one again.
    let again = "/admin/demo/deliveries/01a203d6-a665-7000-9663-ad0614d82e6a/retry";
    let (mut vera, _) = site.console(&realm, "vera", &["sessions-viewer"]).await;
    let refused = vera.post(again, &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    let (mut admin, _) = site.admin().await;
    let unknown = admin.post(again, &[]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND, "{}", unknown.body);
    let now = client::by_id(&site.ctx, &realm, app.id)
        .await
        .unwrap()
        .unwrap();
    assert!(now.settings.enabled);
}

#[tokio::test]
async fn who_runs_the_server_makes_and_closes_realms() {
    let site = site().await;
    let master = crate::domain::testing::realm(&site.ctx, "master").await;
    let (mut root, _) = site.console(&master, "root", &["server-admin"]).await;
    let bad = root.post("/admin/new", &[("name", "Not A Name")]).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.has("lower-case letters") && bad.has("value=\"Not A Name\""));
    let taken = root.post("/admin/new", &[("name", "demo")]).await;
    assert!(taken.has("another realm has this name"));
    let made = root
        .post(
            "/admin/new",
            &[("name", "branch"), ("display_name", "Branch")],
        )
        .await;
    assert_eq!(
        made.location(),
        "/admin/branch/settings/general",
        "{}",
        made.body
    );
    let anna = site.signed_in("anna").await;
    let asked = root.get("/admin/demo/disable").await;
    assert!(asked.has("1 session ends"), "{}", asked.body);
    let wrong = root.post("/admin/demo/disable", &[("typed", "dem")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let off = root.post("/admin/demo/disable", &[("typed", "demo")]).await;
    assert!(off.location().starts_with("/admin/demo/signouts/"));
    assert!(!site.is_good(&anna).await);
    assert_eq!(
        root.post("/admin/demo/enable", &[]).await.location(),
        "/admin"
    );
    let gone = root
        .post("/admin/branch/delete", &[("typed", "branch")])
        .await;
    assert_eq!(gone.location(), "/admin?gone=branch");
    assert!(realm::find(&site.ctx, "branch").await.unwrap().is_none());
    let kept = root.get("/admin/master/delete").await;
    assert_eq!(kept.status, StatusCode::CONFLICT);
    let (mut dana, _) = site.admin().await;
    assert_eq!(
        dana.get("/admin/demo/delete").await.status,
        StatusCode::FORBIDDEN
    );
}
