//! What surrounds a server: its folder, its disk, its public address, its clock.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use reqwest::header::DATE;

use crate::domain::doctor::{Finding, Level};
use crate::domain::time::{Clock as _, SystemClock, Timestamp};

/// Less free than this, in bytes, is a problem; less than ten times as much a warning.
const LITTLE: u64 = 256 << 20;
/// Clocks that differ by more than this many seconds make tokens fail: other servers allow about a minute.
const SKEW: u64 = 30;
const PATIENCE: Duration = Duration::from_secs(5);

/// Who may enter the data folder, and how much room there is.
pub(super) fn folder(data: &Path) -> Vec<Finding> {
    let Ok(metadata) = fs::metadata(data) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let open = metadata.permissions().mode() & 0o077;
    if open == 0 {
        findings.push(Finding::good(
            "folder",
            format!("{} is its owner's alone", data.display()),
        ));
    } else {
        findings.push(Finding::of(
            "folder",
            Level::Warning,
            format!(
                "{} can be entered by other accounts (mode {:o})",
                data.display(),
                metadata.permissions().mode() & 0o777
            ),
            "password hashes, and the master key if it lies there, can be read by them",
            &format!("chmod 700 {}", data.display()),
        ));
    }
    let key = data.join("master.key");
    if fs::metadata(&key).is_ok_and(|m| m.permissions().mode() & 0o077 != 0) {
        findings.push(Finding::of(
            "folder",
            Level::Problem,
            format!("{} can be read by other accounts", key.display()),
            "it opens every secret in the store and in its backups",
            &format!(
                "chmod 600 {}; if others were on this machine, change the key",
                key.display()
            ),
        ));
    }
    findings.extend(space(data));
    findings
}

fn space(data: &Path) -> Option<Finding> {
    let disk = rustix::fs::statvfs(data).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let mib = free >> 20;
    let level = match free {
        _ if free < LITTLE => Level::Problem,
        _ if free < LITTLE * 10 => Level::Warning,
        _ => return Some(Finding::good("space", format!("{mib} MiB are free"))),
    };
    Some(Finding::of(
        "space",
        level,
        format!("{mib} MiB are free on the disk of {}", data.display()),
        "a full disk refuses sign-ins first and everything else after that",
        "make room, or move the data folder to a larger disk (backup, restore)",
    ))
}

/// Whether the public address answers, and what time it is there.
pub(super) async fn clock(public_url: &str) -> Vec<Finding> {
    let unreachable = |why: String| {
        vec![Finding::of(
            "address",
            Level::Warning,
            format!("{public_url} does not answer from this machine: {why}"),
            "if apps see the same, nobody can sign in; inside some networks a public address is not reachable from within",
            "see to name service, proxy and certificate; then try it from where the apps are",
        )]
    };
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build();
    let client = match client {
        Ok(client) => client,
        Err(error) => return unreachable(error.to_string()),
    };
    let answer = match client.get(format!("{public_url}/healthz")).send().await {
        Ok(answer) => answer,
        Err(error) => {
            return unreachable(crate::cli::backup::chain(&error.without_url()));
        }
    };
    let mut findings = vec![Finding::good("address", format!("{public_url} answers"))];
    let date = answer.headers().get(DATE).and_then(|d| d.to_str().ok());
    let there = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    if let Some(there) = there.and_then(|t| u64::try_from(t.timestamp().as_second()).ok()) {
        findings.push(skew(SystemClock.now(), there));
    }
    findings
}

fn skew(here: Timestamp, there: u64) -> Finding {
    let apart = here.secs().abs_diff(there);
    if apart <= SKEW {
        return Finding::good("clock", format!("within {apart} s of {}", here.rfc3339()));
    }
    Finding::of(
        "clock",
        Level::Problem,
        format!("this machine's clock and that of the public address are {apart} s apart"),
        "tokens look expired, or not yet valid, to whoever has the other time",
        "run a time service (chrony, systemd-timesyncd) on every machine",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_may_differ_a_little() {
        let here = Timestamp(1_000_000_000);
        assert_eq!(skew(here, 1_000_030).level, Level::Good);
        assert_eq!(skew(here, 999_900).level, Level::Problem);
        assert!(skew(here, 1_000_100).found.contains("100 s apart"));
    }

    #[test]
    fn a_folder_that_others_may_enter_is_told_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(dir.path().join("master.key"), "x").unwrap();
        fs::set_permissions(
            dir.path().join("master.key"),
            fs::Permissions::from_mode(0o644),
        )
        .unwrap();
        let found = folder(dir.path());
        assert!(found[0].todo.contains("chmod 700"), "{found:?}");
        assert!(found[1].todo.contains("chmod 600"), "{found:?}");
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(folder(dir.path())[0].level, Level::Good);
    }
}
