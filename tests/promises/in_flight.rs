//! P10: a request in flight cannot resurrect a session: whatever was under way while it ended, nothing works afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::browser::parameter;
use crate::support::{App, Browser, Engine, TestServer, Tokens};

/// What the attempts share.
#[derive(Default)]
struct Race {
    /// Set once the sign-out was acknowledged.
    acknowledged: AtomicBool,
    /// Set to end the attempts.
    enough: AtomicBool,
    /// Attempts that succeeded before it, and attempts made after it.
    before: AtomicUsize,
    after: AtomicUsize,
}

impl Race {
    /// Counts one attempt: one begun after the acknowledgement must fail.
    fn count(&self, began_after: bool, succeeded: bool, what: &str) {
        assert!(
            !(began_after && succeeded),
            "{what} worked after the sign-out was acknowledged"
        );
        if succeeded {
            self.before.fetch_add(1, SeqCst);
        }
        if began_after {
            self.after.fetch_add(1, SeqCst);
        }
    }
}

/// Everything that was handed out during the race.
type Loot = Vec<(Arc<App>, String, String)>;

async fn authorize(race: Arc<Race>, app: Arc<App>, browser: Arc<Browser>) -> Loot {
    let mut loot = Vec::new();
    while !race.enough.load(SeqCst) {
        let began_after = race.acknowledged.load(SeqCst);
        let pending = app.begin_with(&["offline_access"], &[("prompt", "none")]);
        let page = browser.get(pending.url.as_str()).await;
        let code = page.location().and_then(|l| parameter(&l, "code"));
        race.count(began_after, code.is_some(), "prompt=none");
        let Some(code) = code else { continue };
        let began_after = race.acknowledged.load(SeqCst);
        let answer = app.try_exchange(&code, pending.verifier()).await;
        race.count(began_after, answer.status == 200, "a code");
        if answer.status == 200 {
            let text = |name: &str| answer.json()[name].as_str().unwrap_or_default().to_owned();
            loot.push((app.clone(), text("access_token"), text("refresh_token")));
        }
    }
    loot
}

async fn refresh(race: Arc<Race>, app: Arc<App>, tokens: Tokens) -> Loot {
    let mut loot = Vec::new();
    let mut current = tokens.refresh;
    while !race.enough.load(SeqCst) {
        let began_after = race.acknowledged.load(SeqCst);
        let answer = app.try_refresh(&current).await;
        race.count(began_after, answer.status == 200, "a refresh");
        if answer.status == 200 {
            let text = |name: &str| answer.json()[name].as_str().unwrap_or_default().to_owned();
            current = text("refresh_token");
            loot.push((app.clone(), text("access_token"), current.clone()));
        }
    }
    loot
}

async fn use_it(race: Arc<Race>, app: Arc<App>, tokens: Tokens) -> Loot {
    while !race.enough.load(SeqCst) {
        let began_after = race.acknowledged.load(SeqCst);
        let answer = app.userinfo(&tokens.access).await;
        race.count(began_after, answer.status == 200, "userinfo");
        let began_after = race.acknowledged.load(SeqCst);
        let answer = app.introspect(&tokens.access).await;
        race.count(
            began_after,
            answer.json()["active"] == true,
            "introspection",
        );
    }
    Vec::new()
}

async fn nothing_comes_back(engine: Engine, by_user: bool) {
    let server = TestServer::start(engine).await;
    let (web, notes) = (
        Arc::new(server.app("web").await),
        Arc::new(server.app("notes").await),
    );
    let browser = Arc::new(Browser::default());
    let race = Arc::<Race>::default();
    let mut attempts = JoinSet::new();
    let first = web
        .sign_in(&browser, "alice", "alice-password", &["profile"], true)
        .await;
    for app in [&web, &notes] {
        for _ in 0..2 {
            let tokens = app.sign_in_silently(&browser, &["profile"]).await;
            attempts.spawn(refresh(race.clone(), app.clone(), tokens));
        }
        attempts.spawn(authorize(race.clone(), app.clone(), browser.clone()));
    }
    attempts.spawn(use_it(race.clone(), web.clone(), first.clone()));
    crate::support::until(
        "the race is on",
        std::time::Duration::from_secs(10),
        || async { race.before.load(SeqCst) > 20 },
    )
    .await;
    let select = if by_user {
        json!({ "users": [first.sub] })
    } else {
        json!({ "sessions": [first.sid] })
    };
    server.ops().sign_out(select).await;
    race.acknowledged.store(true, SeqCst);
    crate::support::until(
        "more attempts",
        std::time::Duration::from_secs(10),
        || async { race.after.load(SeqCst) > 20 },
    )
    .await;
    race.enough.store(true, SeqCst);
    let mut loot = Vec::new();
    while let Some(done) = attempts.join_next().await {
        loot.extend(done.expect("an attempt that was refused as it should"));
    }
    assert!(!loot.is_empty(), "nothing was handed out before");
    assert_eq!(
        web.silent_error(&browser).await.as_deref(),
        Some("login_required")
    );
    for (app, access, refresh) in loot {
        assert_eq!(app.introspect(&access).await.text, r#"{"active":false}"#);
        assert_eq!(app.try_refresh(&refresh).await.error(), "invalid_grant");
    }
    assert_eq!(server.ops().session(&first.sid).await["state"], "ended");
    assert!(
        server
            .ops()
            .sessions("user:alice", "active")
            .await
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_in_flight_brings_a_selected_session_back() {
    nothing_comes_back(Engine::Memory, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_in_flight_brings_a_signed_out_user_back_on_sled() {
    nothing_comes_back(Engine::Sled, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_in_flight_brings_a_signed_out_user_back_on_redb() {
    nothing_comes_back(Engine::Redb, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_in_flight_brings_a_selected_session_back_on_any_node() {
    if Engine::Nodes.is_there() {
        nothing_comes_back(Engine::Nodes, false).await;
    }
}

/// Something that becomes tokens.
enum Use {
    /// A code and its verifier.
    Code(String, String),
    /// A refresh token.
    Refresh(String),
    /// A device code that was allowed.
    Device(String),
}

/// Codes, devices and offline grants are used at the very moment at which their session is signed out, again and again, the
/// sign-out each time at another place of the burst: whoever wrote without looking would bring something back.
async fn bursts(engine: Engine) {
    const OF_EACH: usize = 6;
    let server = TestServer::start(engine).await;
    let (notes, tv) = (
        Arc::new(server.app("notes").await),
        Arc::new(server.app("tv").await),
    );
    let (mut in_time, mut too_late) = (0, 0);
    for round in 0..24 {
        let browser = Browser::default();
        let first = notes
            .sign_in(
                &browser,
                "alice",
                "alice-password",
                &["offline_access"],
                true,
            )
            .await;
        let mut uses = Vec::new();
        for _ in 0..OF_EACH {
            let tokens = notes.sign_in_silently(&browser, &["offline_access"]).await;
            uses.push(Use::Refresh(tokens.refresh));
            let pending = notes.begin_with(&["offline_access"], &[("prompt", "none")]);
            let page = browser.get(pending.url.as_str()).await;
            uses.push(Use::Code(
                notes.code(&pending, &page),
                pending.verifier().to_owned(),
            ));
        }
        let shown = tv.device("openid profile offline_access").await;
        shown.allow(&browser).await;
        uses.insert(OF_EACH, Use::Device(shown.device_code));
        let (ops, sid) = (server.ops(), first.sid.clone());
        let bearer = crate::support::Operator::bearer(&server.url, "demo", &ops.token().await);
        let mut burst = JoinSet::new();
        let mut end = Some(async move {
            bearer.sign_out(json!({ "sessions": [sid] })).await;
            None
        });
        for (place, what) in uses.into_iter().enumerate() {
            if place == round % (2 * OF_EACH)
                && let Some(end) = end.take()
            {
                burst.spawn(end);
            }
            let (notes, tv) = (notes.clone(), tv.clone());
            burst.spawn(async move {
                Some(match what {
                    Use::Code(code, verifier) => {
                        (notes.try_exchange(&code, &verifier).await, notes)
                    }
                    Use::Refresh(token) => (notes.try_refresh(&token).await, notes),
                    Use::Device(code) => (tv.poll(&code).await, tv),
                })
            });
        }
        let mut loot = Vec::new();
        while let Some(done) = burst.join_next().await {
            let Some((answer, app)) = done.expect("an answer") else {
                continue;
            };
            if answer.status == 200 {
                loot.push((app, answer.json()));
            } else {
                let over = if app.client_id == "tv" {
                    "access_denied"
                } else {
                    "invalid_grant"
                };
                assert_eq!(answer.error(), over, "{}", answer.text);
                too_late += 1;
            }
        }
        in_time += loot.len();
        for (app, tokens) in loot {
            let token = |name: &str| tokens[name].as_str().unwrap_or_default();
            let seen = app.userinfo(token("access_token")).await;
            assert_eq!(seen.status, 401, "round {round}");
            let answer = app.try_refresh(token("refresh_token")).await;
            assert_eq!(answer.error(), "invalid_grant", "round {round}");
        }
        assert_eq!(
            notes.silent_error(&browser).await.as_deref(),
            Some("login_required"),
            "round {round}"
        );
        assert_eq!(
            ops.session(&first.sid).await["state"],
            "ended",
            "round {round}"
        );
    }
    assert!(
        in_time > 20 && too_late > 20,
        "no race: {in_time} in time, {too_late} too late"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_used_while_its_session_ends_is_over_with_it() {
    Box::pin(bursts(Engine::Memory)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_used_while_its_session_ends_is_over_with_it_on_sled() {
    Box::pin(bursts(Engine::Sled)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_used_while_its_session_ends_is_over_with_it_on_redb() {
    Box::pin(bursts(Engine::Redb)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_used_while_its_session_ends_is_over_with_it_on_every_node() {
    if Engine::Nodes.is_there() {
        Box::pin(bursts(Engine::Nodes)).await;
    }
}

/// A sign-in that completes while its user is signed out everywhere is either in time or not; never half alive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_during_a_sign_out_is_wholly_alive_or_wholly_over() {
    sign_in_during_a_sign_out(Engine::Memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_during_a_sign_out_elsewhere_is_wholly_alive_or_wholly_over() {
    if Engine::Nodes.is_there() {
        sign_in_during_a_sign_out(Engine::Nodes).await;
    }
}

async fn sign_in_during_a_sign_out(engine: Engine) {
    let server = TestServer::start(engine).await;
    let web = Arc::new(server.app("web").await);
    let alice = server.ops().user_id("alice").await;
    let enough = Arc::new(AtomicBool::new(false));
    let mut people = JoinSet::new();
    for _ in 0..4 {
        let (web, enough) = (web.clone(), enough.clone());
        people.spawn(async move {
            let mut came = Vec::new();
            while !enough.load(SeqCst) {
                let browser = Browser::default();
                let pending = web.begin(&["offline_access"]);
                let page = browser.open(pending.url.as_str()).await;
                let page = browser
                    .log_in(&page, "alice", "alice-password", false)
                    .await;
                let code = page.location().and_then(|l| parameter(&l, "code"));
                let mut refresh = None;
                if let Some(code) = code {
                    let answer = web.try_exchange(&code, pending.verifier()).await;
                    assert!(
                        answer.status == 200 || answer.error() == "invalid_grant",
                        "{}",
                        answer.text
                    );
                    refresh = answer.json()["refresh_token"].as_str().map(str::to_owned);
                }
                came.push((browser, refresh));
            }
            came
        });
    }
    for _ in 0..6 {
        server.ops().sign_out(json!({ "users": [alice] })).await;
    }
    enough.store(true, SeqCst);
    let mut seen = 0;
    while let Some(came) = people.join_next().await {
        for (browser, refresh) in came.expect("a person") {
            let Some(refresh) = refresh else { continue };
            let cookie = web.silent_error(&browser).await.is_none();
            let token = web.try_refresh(&refresh).await.status == 200;
            assert_eq!(cookie, token, "the cookie and the token disagree");
            seen += 1;
        }
    }
    assert!(seen > 0, "nobody got in at all");
}
