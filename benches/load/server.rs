//! The server under load: started, watched through /proc, stopped.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tokio::time::sleep;

use super::wire::{Conn, request};

/// Where the requests go and whose CPU is counted.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    /// `127.0.0.1:8080`.
    pub(super) host: String,
    /// `http://127.0.0.1:8080`.
    pub(super) url: String,
    pub(super) pid: Option<u32>,
}

impl Target {
    /// CPU seconds the process has used, all threads together.
    pub(super) fn cpu(&self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid?)).ok()?;
        // The name stands in parentheses and may hold anything; utime and stime are the 12th and 13th after it.
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        // USER_HZ, which is 100 on every Linux that userspace sees.
        Some(ticks as f64 / 100.0)
    }

    /// Resident memory in MiB.
    pub(super) fn rss(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid?)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(
            line.trim()
                .trim_end_matches(" kB")
                .trim()
                .parse::<f64>()
                .ok()?
                / 1024.0,
        )
    }
}

/// A server of this program's own.
pub(super) struct Server {
    child: Child,
    pub(super) target: Target,
    options: Options,
}

/// How it is started.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) program: PathBuf,
    pub(super) data: PathBuf,
    pub(super) realms: PathBuf,
    pub(super) store: String,
    pub(super) hash_threads: Option<usize>,
}

/// The program to measure, told nothing by the environment.
pub(super) fn program(file: &Path) -> Command {
    let mut command = Command::new(file);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("REALMKEEP_") {
            command.env_remove(name);
        }
    }
    command.env("REALMKEEP_ADMIN_PASSWORD", "load-admin-password");
    command
}

impl Server {
    /// Starts a server and answers once it is ready, with how long that took.
    pub(super) async fn start(options: Options) -> anyhow::Result<(Server, Duration)> {
        let (port, management) = (free_port()?, free_port()?);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let url = format!("http://{address}");
        let mut command = program(&options.program);
        command.args([
            "serve",
            "--log",
            "warn",
            "--node",
            "load-1",
            "--store",
            &options.store,
        ]);
        command.args(["--listen", &address.to_string(), "--public-url", &url]);
        command.args(["--management-listen", &format!("127.0.0.1:{management}")]);
        command
            .arg("--data")
            .arg(&options.data)
            .arg("--realms")
            .arg(&options.realms);
        if let Some(threads) = options.hash_threads {
            command.args(["--hash-threads", &threads.to_string()]);
        }
        let log = fs::File::create(log_of(&options))?;
        let began = Instant::now();
        let child = command
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("cannot start realmkeep")?;
        let target = Target {
            address,
            host: address.to_string(),
            url,
            pid: Some(child.id()),
        };
        let mut server = Server {
            child,
            target,
            options,
        };
        server.ready(Duration::from_secs(120)).await?;
        Ok((server, began.elapsed()))
    }

    async fn ready(&mut self, patience: Duration) -> anyhow::Result<()> {
        let began = Instant::now();
        let question = request("GET", &self.target.host, "/readyz", &[], None);
        loop {
            if let Some(status) = self.child.try_wait()? {
                let said = fs::read_to_string(log_of(&self.options)).unwrap_or_default();
                bail!("realmkeep did not start ({status}): {}", said.trim());
            }
            let mut conn = Conn::new(self.target.address);
            if conn
                .call(&question)
                .await
                .is_ok_and(|answer| answer.status == 200)
            {
                return Ok(());
            }
            ensure!(
                began.elapsed() < patience,
                "realmkeep was not ready within {} s",
                patience.as_secs()
            );
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stops it in order; answers how long that took.
    pub(super) async fn stop(mut self) -> anyhow::Result<(Options, Duration)> {
        let began = Instant::now();
        let told = Command::new("sh")
            .arg("-c")
            .arg(format!("kill -TERM {}", self.child.id()))
            .status()?;
        ensure!(told.success(), "cannot stop realmkeep");
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > Duration::from_secs(60) {
                bail!("realmkeep did not stop within a minute");
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok((self.options.clone(), began.elapsed()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only when something failed: otherwise it has stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where it says what it has to say: beside the data, which must be its own alone.
fn log_of(options: &Options) -> PathBuf {
    options.data.with_extension("log")
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Copies a folder with everything in it.
pub(super) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let there = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &there)?;
        } else {
            fs::copy(entry.path(), there)?;
        }
    }
    Ok(())
}

/// Bytes in a folder, in MiB.
pub(super) fn size(folder: &Path) -> f64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => size(&entry.path()),
            Ok(data) => data.len() as f64 / 1_048_576.0,
            Err(_) => 0.0,
        })
        .sum()
}
