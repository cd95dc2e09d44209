//! Node, and the packages that `express/package-lock.json` pins, installed once into the target folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::*;
use crate::support::npm::{kept, npm, packages};
use crate::support::process::Process;

/// What the packages need at least.
const NODE: (u32, u32) = (20, 19);
/// What npm fetches where the machine's own is older, as Debian 12's is.
const NEWER: &str = "node@22.22.0";

/// A program of the folder `express`, running.
pub struct Script(#[expect(dead_code, reason = "killed when dropped")] Process);

/// Where the programs and their list of packages are.
fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps/express")
}

impl Script {
    /// Starts one on a port, with these settings in its environment.
    pub async fn start(file: &str, port: u16, settings: &[(&str, &str)]) -> Script {
        let (node, modules) = installed();
        let mut command = Command::new(node);
        command.arg(source().join(file)).env_clear();
        command
            .env("NODE_PATH", modules)
            .env("PORT", port.to_string());
        for (name, value) in settings {
            command.env(name, value);
        }
        let process = Process::spawn(command);
        let url = format!("http://127.0.0.1:{port}/");
        answers(file, &url, || process.log()).await;
        Script(process)
    }
}

/// Node and the packages' folder.
fn installed() -> &'static (PathBuf, PathBuf) {
    static DONE: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    DONE.get_or_init(|| (node(), packages("express", &source())))
}

/// The machine's Node, or one that npm fetches when that is too old.
fn node() -> PathBuf {
    let said = Command::new("node").arg("--version").output();
    let said = said.unwrap_or_else(|e| {
        panic!("Debian's package nodejs is needed for this test (tests/run installs it): node: {e}")
    });
    let said = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    let mut numbers = said.trim_start_matches('v').split('.').map(str::parse);
    if let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next())
        && (major, minor) >= NODE
    {
        return "node".into();
    }
    let folder = kept(&NEWER.replace('@', "-"), |folder| {
        npm(folder, &["install", "--no-save", NEWER]);
    });
    folder.join("node_modules/node/bin/node")
}
