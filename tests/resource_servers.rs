//! The APIs of `docs/examples`, run as their authors would: a token is taken, the session ends, and the API that never
//! asks about a token denies it once its status list is too old to be kept. In every language that is on the machine.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::support::{Browser, Engine, TestServer, realms, until};

#[path = "../docs/examples/rust/check.rs"]
#[expect(
    clippy::disallowed_methods,
    clippy::field_reassign_with_default,
    reason = "an example stands by itself and does what the crates of the field do"
)]
mod check;

/// Long enough for a compiler that has never run.
const PATIENCE: Duration = Duration::from_secs(240);
/// Far more than the status list may be kept.
const SOON: Duration = Duration::from_secs(30);

/// An API that says of each token whether it takes it.
enum Api {
    Rust(Box<check::Checker>),
    Process(Box<Running>),
}

/// A program that answers every line with a line. Killed when dropped.
struct Running {
    _child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Api {
    /// Starts a program of `docs/examples`; nothing when what it needs is not on this machine.
    async fn start(
        needs: &[&[&str]],
        program: &[&str],
        issuer: &str,
        audience: &str,
    ) -> Option<Api> {
        let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/examples");
        for probe in needs {
            let [name, args @ ..] = probe else { continue };
            let found = Command::new(name)
                .args(args)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .await;
            if !found.is_ok_and(|status| status.success()) {
                let words =
                    format!("{probe:?} does not run here; tests/run installs what is missing");
                assert!(std::env::var_os("REALMKEEP_TEST_ALL").is_none(), "{words}");
                eprintln!("not tested: {words}");
                return None;
            }
        }
        let [name, args @ ..] = program else {
            return None;
        };
        let mut child = Command::new(name)
            .args(args)
            .args([issuer, audience])
            .current_dir(examples)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        Some(Api::Process(Box::new(Running {
            to: child.stdin.take().expect("its input"),
            from: BufReader::new(child.stdout.take().expect("its output")).lines(),
            _child: child,
        })))
    }

    /// What it says of a token: `accepted SUB` or `denied WHY`.
    async fn says(&mut self, token: &str) -> String {
        match self {
            Api::Rust(checker) => match checker.check(token).await {
                Ok(claims) => format!("accepted {}", claims["sub"].as_str().unwrap_or_default()),
                Err(why) => format!("denied {why}"),
            },
            Api::Process(running) => {
                let Running { to, from, .. } = &mut **running;
                to.write_all(format!("{token}\n").as_bytes()).await.unwrap();
                to.flush().await.unwrap();
                let line = tokio::time::timeout(PATIENCE, from.next_line()).await;
                let line = line.expect("an answer in time").unwrap();
                line.expect("the program goes on")
            }
        }
    }

    async fn denies(&mut self, token: &str) -> bool {
        self.says(token).await.starts_with("denied ")
    }
}

/// A realm whose status list is kept for a second only.
async fn start() -> TestServer {
    let text = realms::DEMO.replace("[tokens]\n", "[tokens]\nstatus_list_ttl = \"1s\"\n");
    TestServer::with_realm(Engine::Memory, Some(("demo", &text))).await
}

async fn journey(mut server: TestServer, mut api: Api) {
    let (web, notes) = (server.app("web").await, server.app("notes").await);
    let (hers, his) = (Browser::default(), Browser::default());
    let alice = web
        .sign_in(&hers, "alice", "alice-password", &["profile"], true)
        .await;
    let bob = web
        .sign_in(&his, "bob", "bob-password", &["offline_access"], true)
        .await;
    let elsewhere = notes.sign_in_silently(&hers, &["profile"]).await;

    let accepted = |sub: &str| format!("accepted {sub}");
    assert_eq!(api.says(&alice.access).await, accepted(&alice.sub));
    assert_eq!(api.says(&bob.access).await, accepted(&bob.sub));

    let (signed, signature) = alice.access.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    for (what, token) in [
        ("no token", "nonsense"),
        ("three empty parts", ".."),
        (
            "another signature",
            &format!("{signed}.{first}{}", &signature[1..]),
        ),
        ("no signature", &format!("{signed}.")),
        ("an ID token", &alice.id_token),
        ("a refresh token", &alice.refresh),
        ("a token for another API", &elsewhere.access),
    ] {
        let said = api.says(token).await;
        assert!(said.starts_with("denied "), "{what}: {said}");
    }

    server
        .ops()
        .sign_out(json!({ "sessions": [alice.sid] }))
        .await;
    let api = tokio::sync::Mutex::new(api);
    until("the API denies what ended", SOON, async || {
        api.lock().await.denies(&alice.access).await
    })
    .await;
    assert_eq!(api.lock().await.says(&bob.access).await, accepted(&bob.sub));

    // An administrator's sign-out reaches the offline grant of bob too.
    server
        .ops()
        .sign_out(json!({ "sessions": [bob.sid] }))
        .await;
    until("the API denies the offline grant", SOON, async || {
        api.lock().await.denies(&bob.access).await
    })
    .await;

    let again = web
        .sign_in(&hers, "alice", "alice-password", &[], false)
        .await;
    assert_eq!(
        api.lock().await.says(&again.access).await,
        accepted(&again.sub)
    );
    server.stop().await;
    until("without a list nothing is taken", SOON, async || {
        api.lock().await.denies(&again.access).await
    })
    .await;
}

async fn in_language(needs: &[&[&str]], program: &[&str]) {
    let server = start().await;
    if let Some(api) = Api::start(needs, program, &server.issuer("demo"), "web").await {
        journey(server, api).await;
    }
}

#[tokio::test]
async fn in_rust() {
    let server = start().await;
    let checker = check::Checker::new(&server.issuer("demo"), "web").expect("a checker");
    journey(server, Api::Rust(Box::new(checker))).await;
}

#[tokio::test]
async fn in_javascript() {
    in_language(&[&["node", "--version"]], &["node", "javascript/check.mjs"]).await;
}

#[tokio::test]
async fn in_python() {
    // Debian's own interpreter, for which Debian has the packages.
    let python = "/usr/bin/python3";
    in_language(
        &[&[python, "-c", "import cryptography, jwt"]],
        &[python, "python/check.py"],
    )
    .await;
}

#[tokio::test]
async fn in_go() {
    in_language(&[&["go", "version"]], &["go", "run", "go/check.go"]).await;
}

#[tokio::test]
async fn in_java() {
    in_language(&[&["javac", "--version"]], &["java", "java/Check.java"]).await;
}
