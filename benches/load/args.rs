//! What the program is told.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use super::scenario::Scenario;

/// Drives the server in a closed loop and prints rate, latency, errors, CPU and memory.
#[derive(Parser, Debug)]
#[command(bin_name = "cargo bench --bench load --")]
pub(super) struct Args {
    /// Which scenarios; all of them when none is named
    pub(super) scenarios: Vec<String>,
    /// Say which scenarios there are
    #[arg(long)]
    pub(super) list: bool,
    /// How long each scenario is measured, after a second of warm-up
    #[arg(long, default_value_t = 5.0)]
    pub(super) seconds: f64,
    /// Keep-alive connections, each with one request at a time
    #[arg(long, default_value_t = 16)]
    pub(super) connections: usize,
    /// Sessions in the realm: the scenarios about sessions run once at each size, the others at the first
    #[arg(long, value_delimiter = ',', default_value = "1000")]
    pub(super) sessions: Vec<u32>,
    /// Apps that each session takes part in, at most 3
    #[arg(long, default_value_t = 1)]
    pub(super) apps: u32,
    /// What remembers: sled, redb or memory (which cannot be filled)
    #[arg(long, default_value = "sled")]
    pub(super) store: String,
    /// Another build of the server to measure; the one built beside this program otherwise
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_realmkeep"))]
    pub(super) program: PathBuf,
    /// A server that runs already, with the realm files of --realm-files; its CPU is read when --pid is given too
    #[arg(long, value_name = "URL")]
    pub(super) server: Option<String>,
    /// The process of --server
    #[arg(long)]
    pub(super) pid: Option<u32>,
    /// Write the realm files here and stop
    #[arg(long, value_name = "FOLDER")]
    pub(super) realm_files: Option<PathBuf>,
    /// Keep filled data folders here and copy them the next time
    #[arg(long, value_name = "FOLDER")]
    pub(super) fills: Option<PathBuf>,
    /// Write the figures as JSON, too
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Threads of the server that hash passwords; its own choice when absent
    #[arg(long)]
    pub(super) hash_threads: Option<usize>,
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    /// How long a scenario is measured.
    pub(super) fn span(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.1, 3600.0))
    }

    /// The scenarios to run, in the order they run in whatever the order they were named in: those that end sessions come
    /// last.
    pub(super) fn wanted(&self) -> anyhow::Result<Vec<Scenario>> {
        for name in &self.scenarios {
            let known = Scenario::ALL.iter().any(|s| s.name() == name);
            anyhow::ensure!(
                known,
                "there is no scenario {name:?}; --list says which there are"
            );
        }
        let wanted = |s: &Scenario| {
            self.scenarios.is_empty() || self.scenarios.iter().any(|n| n == s.name())
        };
        Ok(Scenario::ALL.into_iter().filter(wanted).collect())
    }
}
