//! Master keys that a command of the operator's prints: the way to a key management service, to age or to sops.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use zeroize::Zeroizing;

use super::key_file::parse_all;
use super::{MasterKey, VaultError};

/// How long the command may take.
const LIMIT: Duration = Duration::from_secs(30);
/// More than any number of keys needs.
const MOST: u64 = 16 * 1024;

/// Runs `sh -c command` and reads the keys from its standard output, which is shown to nobody. Its standard error goes
/// where ours goes: it is what says why no key came.
pub(super) fn run(command: &str) -> Result<Vec<MasterKey>, VaultError> {
    run_within(command, LIMIT)
}

fn run_within(command: &str, limit: Duration) -> Result<Vec<MasterKey>, VaultError> {
    let failed = |why: String| VaultError::Command(why);
    // A group of its own, so that what the shell starts can be ended with it.
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // A thread reads and waits: a command that does not end must not hold up the start for ever.
    let (sender, done) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = Zeroizing::new(String::new());
        let read = child
            .stdout
            .take()
            .map_or(Ok(0), |out| out.take(MOST).read_to_string(&mut text));
        let _ = sender.send((read.map(|_| text), child.wait()));
    });
    let Ok((text, status)) = done.recv_timeout(limit) else {
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        return Err(failed(format!("did not end within {} s", limit.as_secs())));
    };
    let status = status.map_err(|error| failed(format!("cannot be waited for: {error}")))?;
    if !status.success() {
        return Err(failed(format!("failed ({status})")));
    }
    let text = text.map_err(|_| failed("printed something that is no text".to_owned()))?;
    parse_all(&text).ok_or_else(|| {
        failed(
            "printed no key: expected 32 bytes in a line, as base64 or as 64 hexadecimal digits"
                .to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(command: &str, limit: Duration) -> String {
        match run_within(command, limit) {
            Ok(_) => panic!("a key"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_the_command_prints_is_the_key() {
        let key = "fb".repeat(32);
        let keys = run(&format!("echo {key}")).unwrap();
        assert_eq!(*keys[0], [0xfb; 32]);
        let keys = run(&format!("printf '%s\\n' {key} {}", "01".repeat(32))).unwrap();
        assert_eq!((keys.len(), *keys[1]), (2, [1; 32]));
    }

    #[test]
    fn a_command_that_gives_no_key_says_why_and_repeats_nothing() {
        let long = Duration::from_secs(20);
        assert!(said("exit 3", long).contains("failed (exit status: 3)"));
        let printed = said("echo half-a-secret", long);
        assert!(printed.contains("printed no key"), "{printed}");
        assert!(!printed.contains("half-a-secret"), "{printed}");
        assert!(said("true", long).contains("printed no key"));
        assert!(said("printf '\\377'", long).contains("no text"));
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let said = said("sleep 60", Duration::from_millis(50));
        assert!(said.contains("did not end"), "{said}");
    }
}
