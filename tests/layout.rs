//! Reads the sources and refuses what would blur the rooms: an import that points up, an engine or a web framework
//! outside its room, a second door, a second mint, a file too long to read.

mod planted;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, and which of the others each may name. What is missing here is refused: arrows point down only.
const MAY_NAME: [(&str, &[&str]); 8] = [
    ("store", &[]),
    ("crypto", &[]),
    ("observe", &[]),
    ("domain", &["store", "crypto"]),
    ("protocol", &["domain", "crypto"]),
    ("deliver", &["domain", "crypto", "protocol"]),
    ("http", &["domain", "crypto", "protocol"]),
    // Checked types and their rules are the domain's; secrets are crypto's.
    ("config", &["domain", "crypto"]),
];

/// Crates (or what stands for them) and the only places that may name them.
const ONLY_IN: [(&str, &[&str], &str); 9] = [
    ("axum::", &["http/"], "axum lives in http"),
    ("axum_extra::", &["http/"], "axum lives in http"),
    ("axum_server::", &["http/"], "axum lives in http"),
    ("tower_http::", &["http/"], "axum lives in http"),
    ("tower_sessions::", &["http/"], "axum lives in http"),
    (
        "reqwest::",
        &["http/demo", "deliver/", "cli/"],
        "requests leave by deliver, the demo applications and the command line",
    ),
    (
        "jsonwebtoken::",
        &["crypto/", "http/demo"],
        "signatures are made and checked in crypto",
    ),
    (
        "SystemTime::now",
        &["domain/time.rs"],
        "the wall clock is read by the Clock alone",
    ),
    (
        "println!",
        &["cli/"],
        "only the command line talks to standard output",
    ),
];

/// Calls that belong behind one door: text, the only places, what is refused.
const ONE_DOOR: [(&str, &[&str], &str); 3] = [
    (
        "session.end(",
        &["domain/signout/"],
        "a session ends in domain/signout alone",
    ),
    (
        ".ended = Some(",
        &["domain/signout/", "domain/session/mod.rs"],
        "what ended is written in domain/signout alone",
    ),
    (
        ".sign(",
        &["domain/token/issue.rs", "crypto/", "deliver/"],
        "tokens are made in domain/token/issue.rs alone",
    ),
];

/// Where a text of [`ONE_DOOR`] means something else: the demo applications keep sessions of their own.
const OTHER_MEANING: [&str; 2] = ["http/demo/", "http/console/pages/"];

/// Lines of a file.
const LONGEST: usize = 400;

struct Source {
    /// Below the folder of sources, with `/`.
    name: String,
    text: String,
}

/// Every source below a folder.
fn sources(folder: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let mut entries: Vec<PathBuf> = fs::read_dir(&next)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/");
                found.push(Source {
                    name,
                    text: fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

impl Source {
    fn room(&self) -> &str {
        let end = self.name.find('/').unwrap_or(self.name.len());
        self.name[..end].trim_end_matches(".rs")
    }

    /// Whether all of it is compiled for tests only: such files may name what they like.
    fn is_test(&self) -> bool {
        self.name.ends_with("/tests.rs")
            || self.name.contains("/tests/")
            || ["domain/testing.rs", "http/rendered.rs"].contains(&self.name.as_str())
            || self.name.starts_with("store/conformance/")
    }

    /// Its lines without comments and without the tests at its end, numbered from one.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().collect::<Vec<_>>();
        let tests = lines.windows(2).position(|w| {
            w[0] == "#[cfg(test)]" && w[1].starts_with("mod ") && w[1].ends_with('{')
        });
        let end = if self.is_test() {
            0
        } else {
            tests.unwrap_or(lines.len())
        };
        lines
            .into_iter()
            .take(end)
            .enumerate()
            .map(|(i, l)| (i + 1, l))
            .filter(|(_, l)| !l.trim_start().starts_with("//"))
    }

    /// Every room that is named, with the line: `crate::store::…`, `use crate::{store::…, …}`, `super::super::store`.
    fn named_rooms(&self) -> Vec<(usize, String)> {
        let depth = self.name.matches('/').count() + usize::from(!self.name.ends_with("mod.rs"));
        let up = format!("{}::", vec!["super"; depth].join("::"));
        let mut named = Vec::new();
        let mut group = false;
        for (number, line) in self.lines() {
            for root in ["crate::", &up] {
                for (at, _) in line.match_indices(root) {
                    let before = line[..at].chars().next_back();
                    if before.is_some_and(|c| c.is_alphanumeric() || "_:$".contains(c)) {
                        continue;
                    }
                    let rest = &line[at + root.len()..];
                    group |= rest.starts_with('{');
                    named.extend(
                        rest.split(['{', ',', '}'])
                            .take(if group { 99 } else { 1 })
                            .map(|r| (number, word(r))),
                    );
                }
            }
            if group && !line.contains("crate::{") {
                named.extend(line.split(',').map(|r| (number, word(r))));
            }
            group &= !line.contains(';');
        }
        named.retain(|(_, room)| {
            MAY_NAME.iter().any(|(r, _)| r == room) || ["cli", "serve"].contains(&room.as_str())
        });
        named
    }
}

fn word(text: &str) -> String {
    text.trim()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// Everything that is wrong, as `file:line: why`.
fn problems(folder: &Path) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources(folder) {
        let name = &source.name;
        if !source.text.starts_with("//!") {
            problems.push(format!(
                "{name}:1: the first line is a `//!` that says what the file is for"
            ));
        }
        let length = source.text.lines().count();
        if length > LONGEST {
            problems.push(format!("{name}:{length}: more than {LONGEST} lines"));
        }
        problems.extend(imports(&source));
        problems.extend(texts(&source));
    }
    problems
}

fn imports(source: &Source) -> Vec<String> {
    let room = source.room();
    let Some((_, allowed)) = MAY_NAME.iter().find(|(r, _)| *r == room) else {
        return Vec::new();
    };
    let refused =
        |(_, other): &(usize, String)| other != room && !allowed.contains(&other.as_str());
    source
        .named_rooms()
        .into_iter()
        .filter(refused)
        .map(|(line, other)| format!("{}:{line}: {room} may not name {other}", source.name))
        .collect()
}

fn texts(source: &Source) -> Vec<String> {
    let mut problems = Vec::new();
    let inside = |places: &[&str]| places.iter().any(|place| source.name.starts_with(place));
    for (number, line) in source.lines() {
        let mut refuse = |why: &str| problems.push(format!("{}:{number}: {why}", source.name));
        for (text, places, why) in ONLY_IN {
            if contains_word(line, text) && !inside(places) {
                refuse(why);
            }
        }
        for (text, places, why) in ONE_DOOR {
            if line.contains(text) && !inside(places) && !inside(&OTHER_MEANING) {
                refuse(why);
            }
        }
        for (engine, why) in [
            ("sled", "sled is named in store/sled alone"),
            ("redb", "redb is named in store/redb alone"),
        ] {
            let module = ["super", "store"].map(|room| format!("{room}::{engine}::"));
            let ours = module.iter().any(|path| line.contains(path))
                || source.name.starts_with(&format!("store/{engine}"))
                || line.contains(&format!("{engine}::KIND"));
            if contains_word(line, &format!("{engine}::")) && !ours {
                refuse(why);
            }
        }
    }
    problems
}

/// Whether a text stands in a line and is not the end of a longer word.
fn contains_word(line: &str, text: &str) -> bool {
    line.match_indices(text).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn the_sources_keep_to_their_rooms() {
    let found = problems(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(
        found.is_empty(),
        "{} to mend:\n{}",
        found.len(),
        found.join("\n")
    );
}
