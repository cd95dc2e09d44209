//! Backup and restore, and moving between engines, as an operator does it: the real program, its commands and its files.

mod doctor;
mod moves;
mod refused;
mod upgrade;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::process::{Home, command, finish};
use crate::support::{Answer, App, Browser, Operator, Receiver, Tokens, realms, until};

/// Somebody's sessions, as the test knows them.
struct Person {
    browser: Browser,
    tokens: Tokens,
}

async fn come(app: &App) -> Person {
    let browser = Browser::default();
    let tokens = app
        .sign_in(&browser, "alice", "alice-password", &["profile"], true)
        .await;
    Person { browser, tokens }
}

/// Runs a command in the test's folder: exit code, standard output, standard error.
async fn cli(home: &Home, args: &[&str]) -> (Option<i32>, String, String) {
    let (data, store) = (path(home, "data"), home.store.to_string());
    let mut all = [args, &["--data", &data]].concat();
    if !args.contains(&"--store") {
        all.extend(["--store", &store]);
    }
    run(command(&all)).await
}

async fn run(command: Command) -> (Option<i32>, String, String) {
    tokio::task::spawn_blocking(move || finish(command))
        .await
        .unwrap()
}

fn path(home: &Home, name: &str) -> String {
    home.path(name).to_str().unwrap().to_owned()
}

/// A line of what a command printed.
fn line(out: &str, name: &str) -> String {
    out.lines()
        .find_map(|line| line.trim().strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name:?} in {out}"))
        .trim()
        .to_owned()
}

async fn backup(home: &Home, name: &str) -> String {
    let (code, out, err) = cli(home, &["backup", &path(home, name)]).await;
    assert_eq!(code, Some(0), "{err}");
    out
}

/// Puts the data folder away, as a disk that died would, and makes an empty one with the key.
fn lose(home: &Home) {
    std::fs::rename(home.path("data"), home.path("lost")).unwrap();
    std::fs::create_dir(home.path("data")).unwrap();
    std::fs::copy(home.path("lost/master.key"), home.path("data/master.key")).unwrap();
}

async fn restore(home: &Home, name: &str, more: &[&str]) -> (String, String) {
    let file = path(home, name);
    let (code, out, err) = cli(home, &[&["restore", &file], more].concat()).await;
    assert_eq!(code, Some(0), "{out}{err}");
    (out, err)
}

fn ops(home: &Home) -> Operator {
    Operator::service(&home.url, "demo", "ops", "ops-secret")
}

async fn state(ops: &Operator, person: &Person) -> Value {
    ops.session(&person.tokens.sid).await
}

/// What a person who stays away meanwhile holds, and what one who signs out does, while a backup is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_has_whole_acts_and_forgets_no_sign_out() {
    let home = Home::new();
    let mut process = home.start(&[]).await;
    let app = Arc::new(App::discover(&home.url, "demo", "web").await);
    let stays = come(&app).await;
    let over = Arc::new(AtomicBool::new(false));
    let acts = Arc::new(AtomicU64::new(0));
    // People come and are signed out, all the time; what was acknowledged is kept in order.
    let comings: Vec<_> = (0..4)
        .map(|_| {
            let (app, over, acts, ops) = (app.clone(), over.clone(), acts.clone(), ops(&home));
            tokio::spawn(async move {
                let mut done = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    let person = come(&app).await;
                    let made = ops
                        .sign_out(json!({ "sessions": [person.tokens.sid] }))
                        .await;
                    let number = acts.fetch_add(1, Ordering::SeqCst);
                    done.push((number, person, made["id"].as_str().unwrap().to_owned()));
                }
                done
            })
        })
        .collect();
    until("acts", Duration::from_secs(60), async || {
        acts.load(Ordering::SeqCst) >= 8
    })
    .await;
    let before = acts.load(Ordering::SeqCst);
    let out = backup(&home, "backup").await;
    let after = acts.load(Ordering::SeqCst);
    over.store(true, Ordering::SeqCst);
    let mut done = Vec::new();
    for coming in comings {
        done.extend(coming.await.unwrap());
    }
    assert!(line(&out, "records").parse::<u64>().unwrap() > 100, "{out}");
    process.terminate();

    lose(&home);
    let (_, err) = restore(&home, "backup", &["--keep-sessions"]).await;
    assert!(err.contains("lives again"), "{err}");
    let process = home.start(&[]).await;
    let ops = ops(&home);
    assert_eq!(state(&ops, &stays).await["state"], "active");
    app.refresh(&stays.tokens).await;
    let (mut there, mut whole) = (0, 0);
    for (number, person, act) in &done {
        let shown = state(&ops, person).await;
        let receipt = ops.get(&format!("/signouts/{act}")).await;
        if *number < before {
            assert_eq!(
                shown["state"], "ended",
                "acknowledged before the backup: {shown}"
            );
        }
        // The act, its receipt and the end of the session were one commit: all of it or nothing.
        match shown["state"].as_str() {
            Some("ended") => {
                let receipt = receipt.expect(200).json();
                assert_eq!(receipt["counts"]["sessions"], 1, "{receipt}");
                assert_eq!(shown["signOutId"], act.as_str());
                assert_eq!(
                    app.silent_error(&person.browser).await.as_deref(),
                    Some("login_required")
                );
                whole += 1;
            }
            _ => assert_eq!(receipt.status, 404, "{}", receipt.text),
        }
        there += usize::from(shown["state"].is_string());
    }
    assert!(whole >= before as usize && there <= done.len());
    assert!(after >= before);
    drop(process);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_brings_back_people_and_receipts_and_no_session_that_ended_since() {
    restored_without_sessions(Home::on("sled")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_does_the_same_on_redb() {
    restored_without_sessions(Home::on("redb")).await;
}

/// Here the database stays, and is emptied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_does_the_same_on_postgres() {
    if let Some(cluster) = crate::support::postgres::shared() {
        restored_without_sessions(Home::on(cluster.fresh().leak())).await;
    }
}

async fn restored_without_sessions(home: Home) {
    let receiver = Receiver::start().await;
    let text = realms::with_apps(&[("shop", &receiver.at("/shop"))]).replace("{url}", &home.url);
    std::fs::write(home.path("realms/demo.toml"), text).unwrap();
    let mut process = home.start(&[]).await;
    let (web, shop) = (
        App::discover(&home.url, "demo", "web").await,
        App::discover(&home.url, "demo", "shop").await,
    );
    let operator = ops(&home);
    let (early, late, never) = (come(&web).await, come(&web).await, come(&web).await);
    let of_shop = come(&shop).await;
    let made = operator
        .sign_out(json!({ "sessions": [early.tokens.sid] }))
        .await;
    let created = operator
        .post("/users", &json!({ "username": "carol", "enabled": true }))
        .await
        .expect(201);
    drop(created);
    backup(&home, "backup").await;
    // After the backup: this must not be undone by restoring it.
    operator
        .sign_out(json!({ "sessions": [late.tokens.sid] }))
        .await;
    process.terminate();

    let out = if home.store.starts_with("postgres") {
        let (code, _, err) = cli(&home, &["restore", &path(&home, "backup")]).await;
        assert_eq!(code, Some(1), "{err}");
        assert!(err.contains("the database holds a store already"), "{err}");
        restore(&home, "backup", &["--force"]).await.0
    } else {
        lose(&home);
        restore(&home, "backup", &[]).await.0
    };
    assert!(out.contains("ends every session"), "{out}");
    let before = receiver.told("/shop").len();
    let mut process = home.start(&[]).await;
    for person in [&early, &late, &never] {
        assert_eq!(state(&operator, person).await["state"], "ended");
        assert_eq!(
            web.silent_error(&person.browser).await.as_deref(),
            Some("login_required")
        );
        let refused = web.try_refresh(&person.tokens.refresh).await.expect(400);
        assert_eq!(refused.error(), "invalid_grant");
        let told = web.introspect(&person.tokens.access).await;
        assert_eq!(told.json(), json!({ "active": false }));
    }
    assert_eq!(state(&operator, &never).await["endReason"], "restored");
    let receipts = operator.receipts("restored").await;
    assert_eq!(receipts.len(), 1, "{receipts:?}");
    let old = format!("/signouts/{}", made["id"].as_str().unwrap());
    assert_eq!(
        operator.get(&old).await.expect(200).json()["reason"],
        "admin"
    );
    operator.user_id("carol").await;
    // The app of a session that the restore ended is told.
    receiver
        .wait("/shop", before + 1, Duration::from_secs(30))
        .await;
    let told = receiver.told("/shop");
    assert!(
        told.iter().any(|t| t.logout_token()["sid"].is_string()),
        "{told:?}"
    );
    assert_eq!(state(&operator, &of_shop).await["state"], "ended");
    // People sign in again, and stay signed in over the next start.
    let again = come(&web).await;
    process.terminate();
    let _process = home.start(&[]).await;
    assert_eq!(state(&operator, &again).await["state"], "active");
    assert_eq!(operator.receipts("restored").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_asked_of_a_server_far_away_by_who_may_do_everything() {
    let home = Home::new();
    let _process = home.start(&[]).await;
    let file = path(&home, "far");
    let ask = |id: &str, secret: &str| {
        let mut command = command(&["backup", &file, "--server", &home.url, "--client-id", id]);
        command.env("REALMKEEP_CLIENT_SECRET", secret);
        run(command)
    };
    let (code, _, err) = ask("nobody", "wrong").await;
    assert_eq!(code, Some(1), "{err}");
    let (code, out, err) = ask("root", "root-secret").await;
    assert_eq!(code, Some(0), "{err}");
    let (code, checked, err) = cli(&home, &["restore", &file, "--verify"]).await;
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(line(&checked, "digest"), line(&out, "digest"));
    assert_eq!(line(&checked, "key"), "the one at hand");
    // Whoever administers a realm gets no other's secrets.
    for (operator, expected) in [
        (ops(&home), 403),
        (ops(&home).at("master"), 404),
        (
            Operator::service(&home.url, "master", "root", "root-secret").at("demo"),
            404,
        ),
    ] {
        let answer: Answer = operator.get("/backup").await;
        assert_eq!(answer.status, expected, "{}", answer.text);
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_the_owner_can_read_the_file_or_ask_at_the_socket() {
    let home = Home::new();
    let mut process = home.start(&[]).await;
    assert_eq!(mode(&home.path("data/server.sock")), 0o600);
    backup(&home, "backup").await;
    assert_eq!(mode(&home.path("backup")), 0o600);
    let names: Vec<_> = std::fs::read_dir(home.folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.starts_with("backup"))
        .collect();
    assert_eq!(names, ["backup"], "drafts are left");
    // The key is not in it.
    let key = std::fs::read_to_string(home.path("data/master.key")).unwrap();
    let file = std::fs::read(home.path("backup")).unwrap();
    let key = key.trim().as_bytes();
    assert!(!file.windows(key.len()).any(|w| w == key));
    process.kill();
    // What a killed server leaves does not stand in the way: the store is read from the folder.
    assert!(home.path("data/server.sock").exists());
    backup(&home, "backup").await;
}
