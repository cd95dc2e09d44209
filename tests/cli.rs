//! The operator's commands: `check`, and `sessions` and `signouts` against a running server.

use serde_json::Value;

use crate::support::process::{command, finish, run, run_as_ops};
use crate::support::{App, Browser, Engine, TestServer};

/// Runs a command against a server, as the service account of the realm.
async fn cli(server: &TestServer, args: &[&str]) -> (Option<i32>, String, String) {
    run_as_ops(&server.url, args).await
}

async fn start() -> (TestServer, App) {
    let server = TestServer::start(Engine::Memory).await;
    let web = server.app("web").await;
    (server, web)
}

#[tokio::test]
async fn sessions_are_listed_for_people_and_for_programs() {
    let (server, web) = start().await;
    let tokens = web
        .sign_in(&Browser::default(), "alice", "alice-password", &[], false)
        .await;
    let (code, out, err) = cli(&server, &["sessions", "list"]).await;
    assert_eq!(code, Some(0), "{err}");
    for expected in [
        "USERNAME",
        "alice",
        "127.0.0.1",
        "Chrome",
        "web",
        &tokens.sid,
        "1 active session",
    ] {
        assert!(out.contains(expected), "{expected:?} is not in\n{out}");
    }
    let (code, out, err) = cli(
        &server,
        &["sessions", "list", "--json", "--query", "user:alice"],
    )
    .await;
    assert_eq!(code, Some(0), "{err}");
    let listed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(listed["sessions"][0]["id"], tokens.sid.as_str());
    let (code, out, _) = cli(&server, &["sessions", "list", "--query", "user:nobody"]).await;
    assert_eq!((code, out.as_str()), (Some(0), "No active sessions.\n"));
}

#[tokio::test]
async fn sessions_are_ended_by_every_way_of_selecting() {
    let (server, web) = start().await;
    for way in [
        &["--user", "alice"][..],
        &["--query", "user:alice"],
        &["--client", "web"],
        &["SID"],
        &["--all"],
    ] {
        let browser = Browser::default();
        let tokens = web
            .sign_in(&browser, "alice", "alice-password", &[], false)
            .await;
        let way: Vec<&str> = way
            .iter()
            .map(|w| if *w == "SID" { tokens.sid.as_str() } else { w })
            .collect();
        let dry = [&["sessions", "invalidate", "--dry-run"][..], &way].concat();
        let (code, out, err) = cli(&server, &dry).await;
        assert_eq!(code, Some(0), "{way:?}: {err}");
        assert!(
            out.starts_with("This would end 1 session of 1 person"),
            "{way:?}: {out}"
        );
        let (code, _, err) = cli(&server, &[&["sessions", "invalidate"][..], &way].concat()).await;
        assert_eq!(
            code,
            Some(2),
            "{way:?}: it acts without being told yes: {err}"
        );
        assert_eq!(web.silent_error(&browser).await, None, "{way:?}: not yet");
        let act = [
            &["sessions", "invalidate", "--yes", "--reason", "lost device"][..],
            &way,
        ]
        .concat();
        let (code, out, err) = cli(&server, &act).await;
        assert_eq!(code, Some(0), "{way:?}: {err}\n{out}");
        assert!(
            out.contains("1 session of 1 person") && out.contains("lost device"),
            "{way:?}: {out}"
        );
        assert_eq!(
            web.silent_error(&browser).await.as_deref(),
            Some("login_required"),
            "{way:?}"
        );
        let id = out
            .lines()
            .find_map(|l| l.strip_prefix("Sign-out"))
            .expect("the id of the act")
            .trim()
            .to_owned();
        let (code, shown, err) = cli(&server, &["signouts", "show", &id]).await;
        assert_eq!(code, Some(0), "{way:?}: {err}");
        assert!(
            shown.contains(&id) && shown.contains("web") && shown.contains("bounded"),
            "{way:?}: {shown}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_on_stderr_with_its_exit_code() {
    let (server, _web) = start().await;
    for (args, expected, words) in [
        (
            &["sessions", "invalidate", "--user", "nobody", "--yes"][..],
            1,
            "no user",
        ),
        (
            &["signouts", "show", "0190a000-0000-7000-8000-000000000000"],
            1,
            "",
        ),
        (&["sessions", "invalidate", "--yes"], 2, "required"),
        (&["sessions", "list", "--query", "colour:red"], 1, "user:"),
        (&["sessions", "lst"], 2, "list"),
    ] {
        let (code, out, err) = cli(&server, args).await;
        assert_eq!(code, Some(expected), "{args:?}: {out}{err}");
        assert!(
            err.contains(words) && !err.is_empty() && out.is_empty(),
            "{args:?}: {out}{err}"
        );
    }
    let mut wrong = command(&[
        "sessions",
        "list",
        "--server",
        &server.url,
        "--client-id",
        "ops",
    ]);
    wrong.env("REALMKEEP_CLIENT_SECRET", "wrong-secret-of-ops");
    let (code, _, err) = tokio::task::spawn_blocking(move || finish(wrong))
        .await
        .unwrap();
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("invalid_client") && !err.contains("wrong-secret-of-ops"),
        "{err}"
    );
}

#[test]
fn a_server_that_is_not_there_is_said_to_be_so() {
    let port = crate::support::process::free_port();
    let server = format!("http://127.0.0.1:{port}");
    let (code, _, err) = run(&[
        "sessions",
        "list",
        "--server",
        &server,
        "--client-id",
        "ops",
        "--client-secret",
        "the-secret",
    ]);
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains(&server) && !err.contains("the-secret"),
        "{err}"
    );
}

#[test]
fn check_says_what_is_sound_and_where_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    crate::support::realms::write(folder.path(), "http://127.0.0.1:8080");
    let path = folder.path().to_str().unwrap();
    let (code, out, err) = run(&["check", "--realms", path]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(
        out.starts_with("configuration is sound: 3 realms, "),
        "{out}"
    );
    std::fs::write(
        folder.path().join("bad.toml"),
        "realm = \"bad\"\n[sessions]\nidle_timout = \"30m\"\nmax_lifetime = \"soon\"\n",
    )
    .unwrap();
    let (code, out, _) = run(&["check", "--realms", path]);
    assert_eq!(code, Some(2), "{out}");
    assert!(
        out.contains("bad.toml:3:1") && out.contains("idle_timeout"),
        "{out}"
    );
    assert!(
        out.contains("bad.toml:4") && out.contains("soon") && out.contains("2 problems"),
        "{out}"
    );
}

#[test]
fn help_and_version_are_there() {
    let (code, out, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for word in [
        "serve",
        "demo",
        "check",
        "sessions",
        "signouts",
        "--public-url",
        "REALMKEEP_",
    ] {
        assert!(out.contains(word), "{word:?} is not in\n{out}");
    }
    let (code, out, _) = run(&["--version"]);
    assert_eq!(
        (code, out.trim()),
        (Some(0), concat!("realmkeep ", env!("CARGO_PKG_VERSION")))
    );
}
