//! The real program on sled, redb and PostgreSQL, killed again and again at any moment: what it acknowledged is there after the restart, and
//! what ended has not come back. And how it stops, and when it refuses to start.

mod stops;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::browser::{client, parameter};
use crate::support::process::{Home, Process, command, finish};
use crate::support::{Answer, App, Browser, Operator, postgres, until};

/// How often it is killed: more with `KILLS=200 tests/run killed_at_any_moment`.
const KILLS: u64 = 24;
/// One kill in so many comes while it starts.
const WHILE_STARTING: u64 = 6;

/// What is known of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The sign-in was acknowledged.
    Alive,
    /// The sign-out was acknowledged.
    Ended,
    /// A sign-out was asked for and never answered.
    Unsure,
}

/// A session that was acknowledged, and what is known of it since.
struct Fact {
    browser: Browser,
    sid: String,
    /// The newest refresh token that was acknowledged.
    refresh: String,
    state: State,
}

/// Numbers that look random and are the same in every run of a seed.
pub struct Dice(pub u64);

impl Dice {
    /// A number below this one.
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Signs somebody in; nothing when the server died before it had acknowledged all of it.
async fn come(app: &App) -> Option<Fact> {
    let browser = Browser::fragile();
    let pending = app.begin(&["profile"]);
    let page = browser.open(pending.url.as_str()).await;
    if !page.is_login() {
        return None;
    }
    let page = browser.log_in(&page, "alice", "alice-password", true).await;
    let code = parameter(&page.location()?, "code")?;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("code_verifier", pending.verifier()),
        ("redirect_uri", &app.redirect),
    ];
    let answer = Answer::maybe(app.request("token", &fields))
        .await?
        .expect(200)
        .json();
    let sid = crate::support::claims(answer["id_token"].as_str()?)["sid"]
        .as_str()?
        .to_owned();
    Some(Fact {
        browser,
        sid,
        refresh: answer["refresh_token"].as_str()?.to_owned(),
        state: State::Alive,
    })
}

/// Refreshes; whether there was an answer. The server keeps an unused successor for whoever asks again, so that a refresh
/// without an answer leaves the token good.
async fn refresh(app: &App, fact: &mut Fact) -> bool {
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", fact.refresh.as_str()),
    ];
    let Some(answer) = Answer::maybe(app.request("token", &fields)).await else {
        return false;
    };
    assert_eq!(
        answer.status, 200,
        "a session that was acknowledged is lost: {}",
        answer.text
    );
    fact.refresh = answer.json()["refresh_token"]
        .as_str()
        .expect("a refresh token")
        .to_owned();
    true
}

/// Signs out some sessions in one act; whether there was an answer.
async fn end(url: &str, token: &str, facts: &mut [&mut Fact]) -> bool {
    let sids: Vec<&str> = facts.iter().map(|f| f.sid.as_str()).collect();
    let request = client()
        .post(format!("{url}/admin/realms/demo/signouts"))
        .bearer_auth(token)
        .json(&json!({ "select": { "sessions": sids }, "reason": "test" }));
    let answer = Answer::maybe(request).await;
    let state = if answer.is_some() {
        State::Ended
    } else {
        State::Unsure
    };
    if let Some(answer) = &answer {
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    for fact in facts {
        fact.state = state;
    }
    answer.is_some()
}

/// One person's doings until the server dies.
async fn live(
    app: Arc<App>,
    url: String,
    token: String,
    mut facts: Vec<Fact>,
    mut dice: Dice,
    acts: Arc<AtomicU64>,
) -> Vec<Fact> {
    loop {
        let chosen = dice.roll(10);
        let alive: Vec<usize> = (0..facts.len())
            .filter(|i| facts[*i].state == State::Alive)
            .collect();
        let answered = match alive.as_slice() {
            [.., _] if chosen < 4 => {
                let at = alive[dice.roll(alive.len() as u64) as usize];
                refresh(&app, &mut facts[at]).await
            }
            [_, _, ..] if chosen < 6 => {
                let most = 1 + dice.roll(3) as usize;
                let mut picked: Vec<&mut Fact> = facts
                    .iter_mut()
                    .filter(|f| f.state == State::Alive)
                    .take(most)
                    .collect();
                end(&url, &token, &mut picked).await
            }
            _ => match come(&app).await {
                Some(fact) => {
                    facts.push(fact);
                    true
                }
                None => false,
            },
        };
        if !answered {
            return facts;
        }
        acts.fetch_add(1, Ordering::SeqCst);
    }
}

/// Whether what is known of a session is still so; settles what was unsure.
async fn check(app: &App, ops: &Operator, fact: &mut Fact) {
    let shown = ops.session(&fact.sid).await;
    let state = shown["state"].as_str().unwrap_or("missing").to_owned();
    if fact.state == State::Unsure {
        fact.state = if state == "ended" {
            State::Ended
        } else {
            State::Alive
        };
    }
    match fact.state {
        State::Alive => {
            assert_eq!(state, "active", "lost: {shown}");
            assert_eq!(
                app.silent_error(&fact.browser).await,
                None,
                "the cookie of {} is lost",
                fact.sid
            );
            assert!(refresh(app, fact).await);
        }
        State::Ended => {
            assert_eq!(state, "ended", "come back: {shown}");
            assert_eq!(
                app.silent_error(&fact.browser).await.as_deref(),
                Some("login_required"),
                "{}",
                fact.sid
            );
            let answer = app.try_refresh(&fact.refresh).await;
            assert_eq!(
                answer.error(),
                "invalid_grant",
                "{} has come back",
                fact.sid
            );
        }
        State::Unsure => unreachable!("settled above"),
    }
}

/// A home whose refresh tokens may be asked for again for as long as the test takes.
fn home(store: &str) -> Home {
    let home = Home::on(store);
    let path = home.path("realms/demo.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        text.replace(
            r#"refresh_reuse_window = "10s""#,
            r#"refresh_reuse_window = "30m""#,
        ),
    )
    .unwrap();
    home
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_loses_nothing_acknowledged_and_brings_nothing_back() {
    killed("sled").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_on_redb_it_loses_nothing_and_brings_nothing_back() {
    killed("redb").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_on_postgres_it_loses_nothing_and_brings_nothing_back() {
    if let Some(cluster) = postgres::shared() {
        killed(&cluster.fresh()).await;
    }
}

async fn killed(store: &str) {
    const PEOPLE: u64 = 4;
    let kills = std::env::var("KILLS").map_or(KILLS, |text| text.parse().expect("a number"));
    let home = home(store);
    let mut process = home.start(&["--log", "error"]).await;
    let app = Arc::new(App::discover(&home.url, "demo", "web").await);
    let ops = Operator::service(&home.url, "demo", "ops", "ops-secret");
    let mut dice = Dice(0x5EED);
    let mut facts: Vec<Fact> = Vec::new();
    let acts = Arc::new(AtomicU64::new(0));
    for kill in 0..kills {
        let token = ops.token().await;
        let mut people = JoinSet::new();
        for person in 0..PEOPLE {
            // Each has the newest sessions of their own; the oldest rest until the end.
            let own: Vec<Fact> = facts.drain(facts.len().saturating_sub(6)..).collect();
            let dice = Dice(kill * PEOPLE + person);
            people.spawn(live(
                app.clone(),
                home.url.clone(),
                token.clone(),
                own,
                dice,
                acts.clone(),
            ));
        }
        // Whatever else this machine is doing, something happens first; then the moment is any.
        let (begin, enough) = (
            Instant::now(),
            acts.load(Ordering::SeqCst) + 4 + dice.roll(16),
        );
        while acts.load(Ordering::SeqCst) < enough && begin.elapsed() < Duration::from_secs(2) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(dice.roll(40))).await;
        process.kill();
        while let Some(done) = people.join_next().await {
            facts.extend(done.expect("answers as they should be"));
        }
        if kill % WHILE_STARTING == 1 {
            let mut starting = Process::spawn(home.serve(&["--log", "error"]));
            tokio::time::sleep(Duration::from_millis(5 + dice.roll(250))).await;
            starting.kill();
        }
        process = home.start(&["--log", "error"]).await;
        let fresh = facts.len().saturating_sub(12);
        join_all(
            facts[fresh..]
                .iter_mut()
                .map(|fact| check(&app, &ops, fact)),
        )
        .await;
    }
    for some in facts.chunks_mut(8) {
        join_all(some.iter_mut().map(|fact| check(&app, &ops, fact))).await;
    }
    let count = |state| facts.iter().filter(|f| f.state == state).count();
    let acts = acts.load(Ordering::SeqCst);
    assert!(
        count(State::Alive) > 5 && count(State::Ended) > 5 && acts > kills,
        "too little happened: {acts} acts"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_sign_out_that_was_cut_off_happened_wholly_or_not_at_all() {
    large_sign_out("sled").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_sign_out_that_was_cut_off_on_redb_happened_wholly_or_not_at_all() {
    large_sign_out("redb").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_sign_out_that_was_cut_off_on_postgres_happened_wholly_or_not_at_all() {
    if let Some(cluster) = postgres::shared() {
        large_sign_out(&cluster.fresh()).await;
    }
}

async fn large_sign_out(store: &str) {
    const MANY: usize = 70;
    let home = home(store);
    let mut process = home.start(&["--log", "error"]).await;
    let app = App::discover(&home.url, "demo", "web").await;
    let ops = Operator::service(&home.url, "demo", "ops", "ops-secret");
    let alice = ops.user_id("alice").await;
    let (mut whole, mut dice) = (0, Dice(7));
    for round in 0..4 {
        let mut facts: Vec<Fact> = Vec::new();
        // The last round is not cut off before the answer.
        let many = if round == 0 { MANY } else { 30 };
        while facts.len() < many {
            facts.extend(
                join_all((0..6).map(|_| come(&app)))
                    .await
                    .into_iter()
                    .flatten(),
            );
        }
        let request = client()
            .post(format!("{}/admin/realms/demo/signouts", home.url))
            .bearer_auth(ops.token().await)
            .json(&json!({ "select": { "users": [alice] } }));
        let act = tokio::spawn(Answer::maybe(request));
        let acknowledged = if round == 3 {
            act.await.unwrap().expect("an answer").expect(201);
            true
        } else {
            tokio::time::sleep(Duration::from_millis(dice.roll(40))).await;
            process.kill();
            act.await.unwrap().is_some_and(|a| a.status == 201)
        };
        process.kill();
        process = home.start(&["--log", "error"]).await;
        let act = ops.get("/signouts").await.expect(200).json();
        let acts = act
            .as_array()
            .or(act["signouts"].as_array())
            .cloned()
            .unwrap_or_default();
        assert!(
            !acknowledged || acts.len() > whole,
            "an acknowledged act is gone"
        );
        let happened = acts.len() > whole;
        if happened {
            whole = acts.len();
            let path = format!("/signouts/{}", acts[0]["id"].as_str().unwrap());
            until(
                "the act is written out",
                Duration::from_secs(20),
                || async { ops.get(&path).await.json()["state"] == "settled" },
            )
            .await;
        }
        let state = if happened { State::Ended } else { State::Alive };
        for fact in &mut facts {
            fact.state = state;
        }
        for some in facts.chunks_mut(8) {
            join_all(some.iter_mut().map(|fact| check(&app, &ops, fact))).await;
        }
        let still = ops.sessions("user:alice", "active").await.len();
        assert_eq!(still > 0, !happened, "half of it");
        if !happened {
            // A clean slate for the next round.
            ops.sign_out(json!({ "users": [alice] })).await;
            whole += 1;
        }
    }
}
