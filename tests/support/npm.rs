//! Packages of npm's registry, as a committed `package-lock.json` pins them, installed once into the target folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The `node_modules` of the folder with `package.json` and its lock; `name` names it below the target folder.
pub fn packages(name: &str, source: &Path) -> PathBuf {
    let lock = std::fs::read(source.join("package-lock.json")).expect("package-lock.json");
    let made = kept(
        &format!("{name}-{:08x}", crc32fast::hash(&lock)),
        |folder| {
            for file in ["package.json", "package-lock.json"] {
                std::fs::copy(source.join(file), folder.join(file)).expect("a copy");
            }
            npm(folder, &["ci", "--ignore-scripts"]);
        },
    );
    made.join("node_modules")
}

/// A folder that is made once and kept below the target folder. Two that make it at once do not meet: each makes its own,
/// and the first that is done gives its to both.
pub fn kept(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = root.join(name);
    if !folder.exists() {
        let making = tempfile::tempdir_in(root).expect("a folder");
        make(making.path());
        let made = making.keep();
        if std::fs::rename(&made, &folder).is_err() {
            let _ = std::fs::remove_dir_all(made);
        }
    }
    folder
}

/// Runs npm in a folder; fails with what it said.
pub fn npm(folder: &Path, args: &[&str]) {
    let done = Command::new("npm")
        .args(args)
        .args([
            "--no-audit",
            "--no-fund",
            "--no-progress",
            "--loglevel=error",
        ])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| {
            panic!("Debian's package npm is needed for this test (tests/run installs it): npm: {e}")
        });
    assert!(
        done.status.success(),
        "npm's registry is needed for this test, and `npm {}` failed: {}",
        args.join(" "),
        String::from_utf8_lossy(&done.stderr)
    );
}
