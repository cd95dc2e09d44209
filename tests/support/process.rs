//! The real program, started and killed like an operator or an accident would.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::realms;

/// The program that is tested.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_realmkeep");

/// A command of the program with nothing of this process' environment that could change what it does.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("REALMKEEP_") {
            command.env_remove(name);
        }
    }
    command.args(args);
    command
}

/// Runs a command against the server at `url`, as the service account of the realm `demo`.
pub async fn run_as_ops(url: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command(args);
    command
        .env("REALMKEEP_SERVER", url)
        .env("REALMKEEP_REALM", "demo")
        .env("REALMKEEP_CLIENT_ID", "ops")
        .env("REALMKEEP_CLIENT_SECRET", "ops-secret");
    tokio::task::spawn_blocking(move || finish(command))
        .await
        .unwrap()
}

/// Runs a command to its end: exit code, standard output, standard error.
pub fn run(args: &[&str]) -> (Option<i32>, String, String) {
    finish(command(args))
}

/// The same for a command that is set up already. Fails when it takes longer than twenty seconds.
pub fn finish(mut command: Command) -> (Option<i32>, String, String) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = err.read_to_string(&mut text);
        text
    });
    let read_out = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = out.read_to_string(&mut text);
        text
    });
    let status = wait(&mut child, Duration::from_secs(20));
    (
        status.and_then(|s| s.code()),
        read_out.join().unwrap(),
        read.join().unwrap(),
    )
}

/// A port that was free a moment ago, below those that the system hands out for connections: nobody gets it by chance
/// before the program that is started on it.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..1000 {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) + std::process::id() * 97;
        let port = 18_000 + u16::try_from(step % 12_000).expect("a port");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}

/// A folder with realm files and room for data, and the address of the server that will live there.
pub struct Home {
    /// The folder.
    pub folder: TempDir,
    /// Where the server listens.
    pub port: u16,
    /// Its public address.
    pub url: String,
    /// What remembers.
    pub store: String,
}

impl Home {
    /// A new one, on sled.
    pub fn new() -> Home {
        Home::on("sled")
    }

    /// A new one, on some store.
    pub fn on(store: &str) -> Home {
        let port = free_port();
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("http://127.0.0.1:{port}");
        realms::write(&folder.path().join("realms"), &url);
        Home {
            folder,
            port,
            url,
            store: store.to_owned(),
        }
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command that serves it; `more` comes after its own arguments.
    pub fn serve(&self, more: &[&str]) -> Command {
        self.serve_at(self.port, more)
    }

    /// The same on another port: one of several servers at this address.
    pub fn serve_at(&self, port: u16, more: &[&str]) -> Command {
        let listen = format!("127.0.0.1:{port}");
        let (data, realms) = (self.path("data"), self.path("realms"));
        let mut args = vec![
            "serve",
            "--listen",
            &listen,
            "--public-url",
            &self.url,
            "--data",
            data.to_str().unwrap(),
            "--realms",
            realms.to_str().unwrap(),
            "--management-listen",
            "127.0.0.1:0",
            "--store",
            &self.store,
        ];
        args.extend(more);
        let mut command = command(&args);
        command.env(
            "REALMKEEP_ADMIN_PASSWORD",
            "the-first-administrators-password",
        );
        command
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(&self, more: &[&str]) -> Process {
        let mut process = Process::spawn(self.serve(more));
        process.ready(&self.url).await;
        process
    }
}

/// A running program. Killed when dropped.
pub struct Process {
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it and keeps what it says on standard error.
    pub fn spawn(mut command: Command) -> Process {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::new(Mutex::new(String::new()));
        let (err, kept) = (child.stderr.take().unwrap(), log.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        Process { child, log }
    }

    /// Waits until it answers `/readyz`; fails when it ends instead, or takes longer than fifteen seconds.
    pub async fn ready(&mut self, url: &str) {
        let http = super::browser::client();
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the program ended with {status}: {}", self.log());
            }
            let answer = http.get(format!("{url}/readyz")).send().await;
            if answer.is_ok_and(|a| a.status().is_success()) {
                return;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(15),
                "not ready: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it said on standard error so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM; answers how it ended and after how long.
    pub fn terminate(&mut self) -> (Option<ExitStatus>, Duration) {
        let begin = Instant::now();
        let told = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(told.is_ok_and(|s| s.success()), "kill -TERM");
        (
            wait(&mut self.child, Duration::from_secs(10)),
            begin.elapsed(),
        )
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for a child, but not forever.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever waits for a process has nothing else to do"
)]
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return Some(status);
        }
        if begin.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
