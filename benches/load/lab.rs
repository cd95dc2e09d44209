//! A server with a realm and sessions in it, ready to be measured.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::args::Args;
use super::browser::{Browser, SignedIn};
use super::drive::{Measured, Pace, Worker, drive};
use super::oauth::{self, Tokens, bearer};
use super::realm::{self, ADMIN, PASSWORD, REALM};
use super::report::Row;
use super::server::{self, Options, Server, Target};
use super::wire::Conn;

/// A server and what is known of it.
pub(super) struct Lab {
    pub(super) target: Target,
    pub(super) connections: usize,
    pub(super) span: Duration,
    /// Sessions that were filled in.
    pub(super) sessions: u32,
    /// What filling them in said.
    pub(super) filled: Option<String>,
    /// An administrator's access token.
    pub(super) token: String,
    server: Option<Server>,
    /// Goes when the lab does.
    _folder: Option<TempDir>,
}

/// People with a password; more connections than these share them.
const USERS: usize = 64;

impl Lab {
    /// Starts a server with `size` sessions, or goes to the one that runs already.
    pub(super) async fn open(args: &Args, size: u32) -> anyhow::Result<Lab> {
        let (server, target, filled, folder) = match &args.server {
            Some(url) => (None, running(url, args.pid)?, None, None),
            None => {
                let (server, filled, folder) = own(args, size).await?;
                let target = server.target.clone();
                (Some(server), target, filled, Some(folder))
            }
        };
        let mut conn = Conn::new(target.address);
        // The scenario that needs it will say so when there is none.
        let token = oauth::own_token(&mut conn, &target.host, REALM, ADMIN)
            .await
            .unwrap_or_default();
        Ok(Lab {
            token,
            target,
            connections: args.connections.max(1),
            span: args.span(),
            sessions: if args.store == "memory" || args.server.is_some() {
                0
            } else {
                size
            },
            filled,
            server,
            _folder: folder,
        })
    }

    /// Stops the server, if it is this program's own.
    pub(super) async fn close(mut self) -> anyhow::Result<()> {
        if let Some(server) = self.server.take() {
            server.stop().await?;
        }
        Ok(())
    }

    /// Stops the server in order and starts it again, with nothing to apply; answers how long each took.
    pub(super) async fn restart(&mut self) -> anyhow::Result<(Duration, Duration)> {
        let server = self
            .server
            .take()
            .context("not this program's own server")?;
        let (mut options, stopped) = server.stop().await?;
        options.realms = options.data.join("no-realms");
        fs::create_dir_all(&options.realms)?;
        let (server, ready) = Server::start(options).await?;
        self.target = server.target.clone();
        self.server = Some(server);
        self.renew().await?;
        Ok((stopped, ready))
    }

    /// Gets a new token for the administrator.
    pub(super) async fn renew(&mut self) -> anyhow::Result<()> {
        let mut conn = Conn::new(self.target.address);
        self.token = oauth::own_token(&mut conn, &self.target.host, REALM, ADMIN).await?;
        Ok(())
    }

    /// Whether the server can be stopped and started.
    pub(super) fn is_own(&self) -> bool {
        self.server.is_some()
    }

    /// Drives workers at full speed.
    pub(super) async fn drive<W: Worker + 'static>(&self, workers: Vec<W>) -> Measured {
        drive(&self.target, Pace::full(self.span), workers).await
    }

    /// A row of the table.
    pub(super) fn row(&self, scenario: &str, measured: Measured) -> Row {
        Row {
            scenario: scenario.to_owned(),
            sessions: self.sessions,
            measured,
            remarks: Vec::new(),
        }
    }

    /// A browser for a connection.
    pub(super) fn browser(&self, number: usize) -> Browser {
        Browser::new(&self.target, REALM, number)
    }

    /// Signs in one person for each connection; answers the browsers and their tokens.
    pub(super) async fn signed_in(&self, count: usize) -> anyhow::Result<Vec<(Browser, Tokens)>> {
        let mut all = Vec::new();
        for number in 0..count {
            let mut browser = self.browser(number);
            let (username, password) = credentials(number);
            match browser
                .sign_in(&username, &password)
                .await
                .context("signing in")?
            {
                SignedIn::Code(code, verifier) => {
                    let tokens = browser
                        .exchange(&code, &verifier)
                        .await
                        .context("the first code")?;
                    all.push((browser, tokens));
                }
                SignedIn::Busy => bail!("the server is busy before anything began"),
            }
        }
        Ok(all)
    }

    /// Signs in one person; answers their browser.
    pub(super) async fn signed_in_at(&self, number: usize) -> anyhow::Result<Browser> {
        let mut browser = self.browser(number);
        let (username, password) = credentials(number);
        match browser.sign_in(&username, &password).await? {
            SignedIn::Code(code, verifier) => {
                browser.exchange(&code, &verifier).await?;
                Ok(browser)
            }
            SignedIn::Busy => bail!("the server is busy"),
        }
    }

    /// Asks the admin API for something that has no answer.
    pub(super) async fn admin_quiet(
        &self,
        method: &str,
        path: &str,
        json: &str,
    ) -> anyhow::Result<()> {
        let path = format!("/admin/realms/{REALM}{path}");
        let question = bearer(method, &self.target.host, &path, &self.token, Some(json));
        let mut conn = Conn::new(self.target.address);
        let answer = conn.call(&question).await?;
        ensure!(
            matches!(answer.status, 200 | 204),
            "{method} {path}: {}",
            answer.start()
        );
        Ok(())
    }

    /// Asks the admin API.
    pub(super) async fn admin(
        &self,
        method: &str,
        path: &str,
        json: Option<&str>,
        status: u16,
    ) -> anyhow::Result<Value> {
        let path = format!("/admin/realms/{REALM}{path}");
        let question = bearer(method, &self.target.host, &path, &self.token, json);
        let mut conn = Conn::new(self.target.address);
        let answer = conn.call(&question).await?;
        answer
            .expect(status)
            .with_context(|| format!("{method} {path}"))?;
        answer.json()
    }

    /// The ids of this many active sessions whose user was filled in.
    pub(super) async fn session_ids(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let mut ids = Vec::with_capacity(count);
        let mut cursor = String::new();
        while ids.len() < count {
            let page = self
                .admin("GET", &format!("/sessions?limit=200{cursor}"), None, 200)
                .await?;
            let rows = page
                .get("sessions")
                .and_then(Value::as_array)
                .context("no sessions")?;
            let filled = rows
                .iter()
                .filter(|row| !text(row, "username").starts_with("load-user-"));
            ids.extend(filled.map(|row| text(row, "id").to_owned()));
            match page.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={}", oauth::encode(next)),
                None => break,
            }
        }
        ids.truncate(count);
        Ok(ids)
    }
}

/// A member of an object, as text.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Who signs in on a connection.
pub(super) fn credentials(number: usize) -> (String, String) {
    let number = number % USERS;
    (realm::username(number), format!("{PASSWORD}-{number}"))
}

/// Writes the realm files that a server needs which is not this program's own.
pub(super) fn realm_files(folder: &Path) -> anyhow::Result<()> {
    realm::write(folder, USERS)
}

fn running(url: &str, pid: Option<u32>) -> anyhow::Result<Target> {
    let url = url.trim_end_matches('/').to_owned();
    let host = url
        .strip_prefix("http://")
        .context("--server wants http://address:port")?
        .to_owned();
    let address = host
        .replace("localhost", "127.0.0.1")
        .parse()
        .context("--server wants http://address:port")?;
    Ok(Target {
        address,
        host,
        url,
        pid,
    })
}

async fn own(args: &Args, size: u32) -> anyhow::Result<(Server, Option<String>, TempDir)> {
    // On the disk that the build is on: a folder in memory would make durability free.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let options = Options {
        program: args.program.clone(),
        data: folder.path().join("data"),
        realms: folder.path().join("realms"),
        store: args.store.clone(),
        hash_threads: args.hash_threads,
    };
    realm_files(&options.realms)?;
    if args.store == "memory" || size == 0 {
        return Ok((Server::start(options).await?.0, None, folder));
    }
    let kept = args
        .fills
        .as_ref()
        .map(|fills| fills.join(format!("{}-{size}-{}", args.store, args.apps)));
    if let Some(kept) = kept.as_ref().filter(|kept| kept.join("filled").exists()) {
        server::copy(kept, &options.data)?;
        let said = fs::read_to_string(kept.join("filled"))?;
        return Ok((Server::start(options).await?.0, Some(said), folder));
    }
    // The first start makes the realm; it can be filled while nobody serves it.
    let (server, _) = Server::start(options).await?;
    let (options, _) = server.stop().await?;
    let said = fill(&options, size, args.apps)?;
    if let Some(kept) = &kept {
        server::copy(&options.data, kept)?;
        fs::write(kept.join("filled"), &said)?;
    }
    Ok((Server::start(options).await?.0, Some(said), folder))
}

fn fill(options: &Options, size: u32, apps: u32) -> anyhow::Result<String> {
    let before = server::size(&options.data);
    let mut command = server::program(&options.program);
    command.env("REALMKEEP_STORE", &options.store);
    command.args(["fill", "--realm", REALM, "--hours", "8", "--apps"]);
    command.arg(apps.to_string());
    command.args([
        "--sessions",
        &size.to_string(),
        "--users",
        &(size / 5).max(1).to_string(),
    ]);
    let done = command
        .arg("--data")
        .arg(&options.data)
        .output()
        .context("cannot run realmkeep fill")?;
    ensure!(
        done.status.success(),
        "realmkeep fill: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    let said = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    let grown = (server::size(&options.data) - before) * 1024.0;
    Ok(format!(
        "{said}, {:.2} KiB a session on disk",
        grown / f64::from(size)
    ))
}
