//! That the layout test can fail: bad sources are planted and must be found.

use super::*;

#[test]
fn a_bad_source_is_reported_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let plant = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    plant(
        "domain/user/mod.rs",
        "//! Fine.\nuse crate::store::Batch;\nuse crate::{\n    crypto,\n    http::state,\n};\n",
    );
    plant(
        "domain/user/verbs.rs",
        "//! Up by dots.\nuse super::super::super::config::Settings;\nuse axum::Json;\n",
    );
    plant(
        "domain/late.rs",
        "//! In a test, anything goes.\n#[cfg(test)]\nmod tests {\n    use crate::http::x;\n}\n",
    );
    plant(
        "http/x.rs",
        "//! Reaches down too far.\nfn f() { crate::store::open(); session.end(x); key.sign(y); }\n",
    );
    plant(
        "http/answer.rs",
        "//! The comment counts.\nuse crate::domain::Fault; // crate::cli is only a comment's\n",
    );
    plant(
        "store/other.rs",
        "use crate::domain::Fault;\nfn f() { sled::open(); SystemTime::now(); println!(); }\n",
    );
    plant(
        "protocol/long.rs",
        &format!("//! Long.\n{}", "\n".repeat(LONGEST)),
    );
    let mut by_file: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for problem in problems(folder.path()) {
        let (place, why) = problem.split_once(": ").unwrap();
        by_file
            .entry(place.to_owned())
            .or_default()
            .push(why.to_owned());
    }
    let expected: [(&str, &[&str]); 8] = [
        ("domain/user/mod.rs:5", &["domain may not name http"]),
        ("domain/user/verbs.rs:2", &["domain may not name config"]),
        ("domain/user/verbs.rs:3", &["axum lives in http"]),
        (
            "http/x.rs:2",
            &[
                "http may not name store",
                "a session ends in domain/signout alone",
                "tokens are made in domain/token/issue.rs alone",
            ],
        ),
        ("protocol/long.rs:401", &["more than 400 lines"]),
        (
            "store/other.rs:1",
            &[
                "the first line is a `//!` that says what the file is for",
                "store may not name domain",
            ],
        ),
        (
            "store/other.rs:2",
            &[
                "the wall clock is read by the Clock alone",
                "only the command line talks to standard output",
                "sled is named in store/sled alone",
            ],
        ),
        // A comment at the end of a line is not worth a parser: what it names counts.
        ("http/answer.rs:2", &["http may not name cli"]),
    ];
    let expected: BTreeMap<String, Vec<String>> = expected
        .iter()
        .map(|(p, w)| ((*p).to_owned(), w.iter().map(|w| (*w).to_owned()).collect()))
        .collect();
    assert_eq!(by_file, expected);
}
