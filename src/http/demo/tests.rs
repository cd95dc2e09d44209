//! The demo applications against a tiny provider, through a browser of a few lines.

mod provider;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{DemoApp, apps, serve};
use crate::domain::time::{Clock as _, SystemClock};
use provider::{Fake, Mood};

struct Browser {
    http: reqwest::Client,
    cookies: HashMap<String, String>,
}

struct Page {
    status: u16,
    url: String,
    text: String,
}

impl Page {
    fn has(&self, id: &str) -> bool {
        self.text.contains(&format!("id=\"{id}\""))
    }
}

impl Browser {
    fn new() -> Browser {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        Browser {
            http: http.build().unwrap(),
            cookies: HashMap::new(),
        }
    }

    async fn open(&mut self, url: &str) -> Page {
        self.follow(Method::GET, url).await
    }

    async fn follow(&mut self, method: Method, url: &str) -> Page {
        let (mut method, mut url) = (method, url::Url::parse(url).unwrap());
        for _ in 0..8 {
            let answer = self.step(method, &url).await;
            let Some(next) = answer.headers().get("location") else {
                return Page {
                    status: answer.status().as_u16(),
                    url: url.to_string(),
                    text: answer.text().await.unwrap(),
                };
            };
            url = url.join(next.to_str().unwrap()).unwrap();
            method = Method::GET;
        }
        panic!("too many redirects")
    }

    async fn step(&mut self, method: Method, url: &url::Url) -> reqwest::Response {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self
            .http
            .request(method, url.clone())
            .header("cookie", cookies.join("; "));
        let answer = request.send().await.unwrap();
        for line in answer.headers().get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(
                line.contains("HttpOnly") && line.contains("SameSite=Lax"),
                "{line}"
            );
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// Starts Demo Web for the provider at `public_url`; answers its address.
async fn demo_web(public_url: &str) -> String {
    crate::crypto::install();
    let listener = listener().await;
    let [web, _] = apps(public_url);
    let app = DemoApp {
        listen: listener.local_addr().unwrap(),
        ..web
    };
    let base = format!("http://{}", app.listen);
    tokio::spawn(serve(app, listener, std::future::pending::<()>()));
    base
}

async fn signed_in() -> (Arc<Fake>, String, Browser) {
    crate::crypto::install();
    let fake = Fake::start(listener().await);
    let base = demo_web(fake.issuer.trim_end_matches("/realms/demo")).await;
    let mut browser = Browser::new();
    assert!(browser.open(&base).await.has("sign-in"));
    let page = browser.open(&format!("{base}/login")).await;
    assert_eq!(page.url, format!("{base}/"), "{}", page.text);
    assert!(page.has("who"), "{}", page.text);
    (fake, base, browser)
}

async fn tell(base: &str, token: &str) -> (u16, String) {
    let url = format!("{base}/backchannel-logout");
    let answer = Browser::new()
        .http
        .post(url)
        .form(&[("logout_token", token)])
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn logout_claims(fake: &Fake, sid: &str) -> Value {
    let now = SystemClock.now().secs();
    json!({
        "iss": fake.issuer, "aud": "demo-web", "iat": now, "exp": now + 120, "jti": "j1", "sub": "u1", "sid": sid,
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    })
}

#[tokio::test]
async fn a_person_signs_in_and_is_signed_out_when_the_provider_refuses() {
    let (fake, base, mut browser) = signed_in().await;
    let page = browser.open(&base).await;
    for text in [
        "Alice &#60;Adams&#62;",
        "alice@example.com",
        ">alice<",
        ">u1<",
        ">s1<",
        " UTC",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(page.has("call-api") && page.has("sign-out"));

    fake.feel(Mood::Refusing);
    for _ in 0..2 {
        let page = browser.open(&base).await;
        assert_eq!(page.status, 200);
        assert!(page.has("signed-out") && !page.has("who") && !page.has("sign-out"));
        assert!(page.text.contains("You have been signed out"));
        assert!(page.text.contains("Session not active"), "{}", page.text);
    }

    fake.feel(Mood::Kind);
    let page = browser.open(&format!("{base}/login")).await;
    assert!(page.has("who") && !page.has("signed-out"));
}

#[tokio::test]
async fn an_expired_access_token_is_renewed_without_a_word() {
    let (fake, base, mut browser) = signed_in().await;
    fake.feel(Mood::Forgetful);
    assert!(browser.open(&base).await.has("who"));
    assert_eq!(fake.refreshes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_protected_resource_answers_until_the_session_ends() {
    let (fake, base, mut browser) = signed_in().await;
    let url = format!("{base}/call");
    let page = browser.follow(Method::POST, &url).await;
    assert!(
        page.has("who") && page.text.contains("data-status=\"200\""),
        "{}",
        page.text
    );
    assert!(page.text.contains("alice"));

    fake.feel(Mood::Refusing);
    let page = browser.follow(Method::POST, &url).await;
    assert!(
        page.has("signed-out") && page.text.contains("data-status=\"401\""),
        "{}",
        page.text
    );
    assert!(page.text.contains("Session not active"));
}

#[tokio::test]
async fn the_protected_resource_refuses_strangers() {
    let (_fake, base, _) = signed_in().await;
    let http = Browser::new().http;
    let url = format!("{base}/api/time");
    let bare = http.get(&url).send().await.unwrap();
    assert_eq!(
        (
            bare.status().as_u16(),
            bare.headers()["www-authenticate"].to_str().unwrap()
        ),
        (401, "Bearer")
    );
    let wrong = http.get(&url).bearer_auth("made-up").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    assert!(
        wrong.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("invalid_token")
    );
    let good = http.get(&url).bearer_auth("access-1").send().await.unwrap();
    assert_eq!(good.status(), 200);
    assert!(good.json::<Value>().await.unwrap()["time"].is_string());
}

#[tokio::test]
async fn a_notice_of_the_provider_ends_the_session_it_names_and_no_other() {
    let (fake, base, mut browser) = signed_in().await;
    let sign = |sid: &str, typ: &str| fake.key.sign(typ, &logout_claims(&fake, sid)).unwrap();

    assert_eq!(tell(&base, &sign("s1", "JWT")).await.0, 400);
    assert_eq!(tell(&base, "rubbish").await.0, 400);
    assert_eq!(tell(&base, &sign("another", "logout+jwt")).await.0, 200);
    assert!(browser.open(&base).await.has("who"));

    assert_eq!(
        tell(&base, &sign("s1", "logout+jwt")).await,
        (200, String::new())
    );
    assert!(browser.open(&base).await.has("signed-out"));
    assert_eq!(tell(&base, &sign("s1", "logout+jwt")).await.0, 200);
}

#[tokio::test]
async fn a_provider_in_trouble_signs_nobody_out() {
    let (fake, base, mut browser) = signed_in().await;
    fake.feel(Mood::Broken);
    let page = browser.open(&base).await;
    assert!(
        page.status == 503 && page.has("trouble") && !page.has("signed-out") && !page.has("who")
    );
    fake.feel(Mood::Kind);
    assert!(browser.open(&base).await.has("who"));
}

#[tokio::test]
async fn signing_out_here_signs_out_at_the_provider_and_comes_back() {
    let (_fake, base, mut browser) = signed_in().await;
    let page = browser.open(&format!("{base}/logout")).await;
    assert!(
        page.url.starts_with(&format!("{base}/?state=")),
        "{}",
        page.url
    );
    assert!(
        page.has("goodbye") && page.has("sign-in") && !page.has("who") && !page.has("signed-out")
    );
    assert!(
        !browser
            .open(&format!("{base}/?state=made-up"))
            .await
            .has("goodbye")
    );
}

#[tokio::test]
async fn an_answer_meant_for_another_browser_or_of_another_issuer_is_refused() {
    let (fake, base, _) = signed_in().await;
    let (mut one, mut other) = (Browser::new(), Browser::new());
    let login = url::Url::parse(&format!("{base}/login")).unwrap();
    let to = one.step(Method::GET, &login).await.headers()["location"]
        .to_str()
        .unwrap()
        .to_owned();
    let back = one.step(Method::GET, &to.parse().unwrap()).await.headers()["location"]
        .to_str()
        .unwrap()
        .to_owned();
    other.step(Method::GET, &login).await;
    assert_eq!(other.open(&back).await.status, 400);
    // A state is good once, so the attempt of the other browser used it up.
    assert_eq!(one.open(&back).await.status, 400);

    fake.feel(Mood::Impersonated);
    let page = one.open(login.as_str()).await;
    assert!(page.status == 400 && page.has("problem"), "{}", page.text);
}

#[tokio::test]
async fn the_provider_may_start_later() {
    let place = listener().await;
    let address = place.local_addr().unwrap();
    drop(place);
    let base = demo_web(&format!("http://{address}")).await;
    let mut browser = Browser::new();
    assert!(browser.open(&base).await.has("sign-in"));
    assert_eq!(browser.open(&format!("{base}/login")).await.status, 503);
    Fake::start(TcpListener::bind(address).await.unwrap());
    assert!(browser.open(&format!("{base}/login")).await.has("who"));
}

#[tokio::test]
async fn pages_run_no_script_and_assets_are_served() {
    let base = demo_web("http://127.0.0.1:9").await;
    let http = Browser::new().http;
    let page = http.get(&base).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'")
            && !policy.contains("unsafe")
            && !policy.contains("script-src")
    );
    assert_eq!(page.headers()["cache-control"], "no-store");
    assert!(!page.text().await.unwrap().contains("<script"));
    for (path, kind) in [
        ("/app.css", "text/css; charset=utf-8"),
        ("/app.svg", "image/svg+xml"),
    ] {
        let asset = http.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(asset.headers()["content-type"], kind);
    }
}

#[tokio::test]
async fn serving_ends_when_told() {
    crate::crypto::install();
    let [_, notes] = apps("http://localhost:8080/");
    assert!(
        notes.offline
            && notes.issuer == "http://localhost:8080/realms/demo"
            && notes.listen.port() == 9091
    );
    serve(notes, listener().await, async {}).await.unwrap();
}
