//! Which layer wins, what is refused and in which words.

use std::fs;
use std::path::Path;

use clap::{Args as _, FromArgMatches as _};

use super::*;

mod secrets;

fn args(flags: &[&str]) -> ServeArgs {
    let command = ServeArgs::augment_args(clap::Command::new("serve"));
    let matches = command.get_matches_from([&["serve"], flags].concat());
    ServeArgs::from_arg_matches(&matches).unwrap()
}

fn resolve(flags: &[&str], env: &[(&str, &str)]) -> Result<Settings, Vec<Problem>> {
    let env: Vec<_> = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Settings::resolve(args(flags), env.into_iter())
}

fn refusals(flags: &[&str], env: &[(&str, &str)]) -> Vec<String> {
    resolve(flags, env)
        .unwrap_err()
        .iter()
        .map(Problem::to_string)
        .collect()
}

/// A folder with a configuration file, and that file's path.
fn with_file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keep.toml");
    fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn without_anything_the_defaults_serve() {
    let settings = resolve(&[], &[]).unwrap();
    assert_eq!(settings.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(
        settings.management_listen,
        "127.0.0.1:9000".parse().unwrap()
    );
    assert_eq!(settings.public_url, "http://localhost:8080");
    assert_eq!(settings.data, Path::new("./data"));
    assert_eq!(settings.realms, Path::new("./realms"));
    assert_eq!(
        (settings.store.as_str(), settings.log.as_str()),
        ("sled", "info")
    );
    assert!(settings.hash_threads >= 1 && !settings.node.is_empty());
    assert!(settings.tls.is_none() && settings.admin_password.is_none());
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let (_folder, file) = with_file(
        "node = \"from-file\"\nlog = \"warn\"\nhash_threads = 3\ntrusted_proxy = [\"10.0.0.0/8\"]\n",
    );
    let only_file = resolve(&["--config", &file], &[]).unwrap();
    assert_eq!(
        (
            only_file.node.as_str(),
            only_file.log.as_str(),
            only_file.hash_threads
        ),
        ("from-file", "warn", 3)
    );

    let env = [
        ("REALMKEEP_NODE", "from-env"),
        ("REALMKEEP_LOG", "debug"),
        ("REALMKEEP_CONFIG", &file),
    ];
    let over = resolve(
        &["--node", "from-flag", "--trusted-proxy", "192.168.0.0/16"],
        &env,
    )
    .unwrap();
    assert_eq!(
        (over.node.as_str(), over.log.as_str(), over.hash_threads),
        ("from-flag", "debug", 3)
    );
    assert_eq!(over.trusted_proxy, ["192.168.0.0/16".parse().unwrap()]);
    assert_eq!(over.config.as_deref(), Some(Path::new(&file)));
}

#[test]
fn an_empty_variable_is_an_unset_one_and_a_list_is_split_at_commas() {
    let env = [
        ("REALMKEEP_NODE", ""),
        ("REALMKEEP_OUTBOUND_ALLOW", "10.0.0.0/8, 127.0.0.1"),
    ];
    let settings = resolve(&["--node", "n"], &env).unwrap();
    assert_eq!(
        settings.outbound_allow,
        [
            "10.0.0.0/8".parse().unwrap(),
            "127.0.0.1/32".parse().unwrap()
        ]
    );
}

#[test]
fn an_unknown_key_of_the_file_is_refused_with_its_line_and_a_suggestion() {
    let (_folder, file) =
        with_file("# mine\nlissen = \"127.0.0.1:1\"\n\n[colours]\nadmin_password = \"hunter2\"\n");
    assert_eq!(
        refusals(&["--config", &file], &[]),
        [
            format!("{file}:2:1: unknown key `lissen`; did you mean `listen`?"),
            format!("{file}:4:2: unknown key `colours`")
        ]
    );
    let (_folder, file) = with_file("admin_password = \"hunter2\"\n");
    let refused = refusals(&["--config", &file], &[]);
    let expected = "a secret comes from REALMKEEP_ADMIN_PASSWORD or from the file that REALMKEEP_ADMIN_PASSWORD_FILE names";
    assert_eq!(
        refused,
        [format!(
            "{file}:1:1: unknown key `admin_password`; {expected}"
        )]
    );
}

#[test]
fn all_bad_values_of_the_file_are_refused_at_once_each_at_its_place() {
    let (_folder, file) = with_file(
        "listen = \"localhost:8080\"\nnode = 7\nhash_threads = \"many\"\noutbound_allow = [\"10.0.0.0/8\",\n  \"ten\"]\nlog = \"a=b=c\"\n",
    );
    let refused = refusals(&["--config", &file], &[]);
    assert_eq!(
        refused[0],
        format!(
            "{file}:1:10: `listen`: expected an address and a port such as 127.0.0.1:8080, found \"localhost:8080\"; did you mean `127.0.0.1:8080`?"
        )
    );
    assert_eq!(
        refused[1],
        format!("{file}:2:8: `node`: expected text in quotes, found integer")
    );
    assert_eq!(
        refused[2],
        format!(
            "{file}:3:16: `hash_threads`: expected a whole number without quotes, found string"
        )
    );
    assert_eq!(
        refused[3],
        format!(
            "{file}:5:3: `outbound_allow`: expected a network such as 10.0.0.0/8 or an address, found \"ten\""
        )
    );
    assert!(
        refused[4].starts_with(&format!("{file}:6:7: `log`: expected a filter")),
        "{}",
        refused[4]
    );
    assert_eq!(refused.len(), 5);
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_the_line() {
    let (_folder, file) = with_file("listen = \"127.0.0.1:1\"\nnode = \n");
    let refused = refusals(&["--config", &file], &[]);
    assert!(refused[0].starts_with(&format!("{file}:2:")), "{refused:?}");
    assert!(
        refusals(&["--config", "/nowhere/keep.toml"], &[])[0]
            .starts_with("/nowhere/keep.toml: cannot read")
    );
}

#[test]
fn an_unknown_variable_is_refused_but_those_of_other_commands_are_not() {
    let refused = refusals(
        &[],
        &[
            ("REALMKEEP_LISTN", "x"),
            ("PATH", "/bin"),
            ("REALMKEEP_CLIENT_SECRET", "s"),
        ],
    );
    assert_eq!(
        refused,
        ["unknown environment variable REALMKEEP_LISTN; did you mean `REALMKEEP_LISTEN`?"]
    );
    assert!(
        resolve(
            &[],
            &[
                ("REALMKEEP_SERVER", "x"),
                ("REALMKEEP_REALM", "demo"),
                ("REALMKEEP_CLIENT_ID", "c")
            ]
        )
        .is_ok()
    );
}

#[test]
fn a_problem_names_the_flag_or_the_variable_it_came_by() {
    assert!(
        refusals(&["--hash-threads", "0"], &[])[0]
            .starts_with("--hash-threads: expected a number of threads")
    );
    assert!(
        refusals(&[], &[("REALMKEEP_HASH_THREADS", "0")])[0]
            .starts_with("REALMKEEP_HASH_THREADS: expected")
    );
}

#[test]
fn the_public_url_is_an_origin_and_nothing_else() {
    for (text, meant) in [
        ("https://id.example.com/", "https://id.example.com"),
        ("https://id.example.com/keep", "https://id.example.com"),
        ("https://ID.example.com:443", "https://id.example.com"),
        ("https://id.example.com?x", "https://id.example.com"),
        ("id.example.com", "https://id.example.com"),
        ("http://id.example.com", "https://id.example.com"),
    ] {
        let refused = refusals(&["--public-url", text], &[]);
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].starts_with("--public-url: "), "{refused:?}");
        assert!(
            refused[0].ends_with(&format!("did you mean `{meant}`?")),
            "{refused:?}"
        );
    }
    for text in [
        "https://id.example.com",
        "http://localhost:8080",
        "http://127.0.0.1:81",
        "http://[::1]:8080",
    ] {
        assert_eq!(
            resolve(&["--public-url", text], &[]).unwrap().public_url,
            text
        );
    }
    assert!(resolve(&["--public-url", "ftp://localhost"], &[]).is_err());
}

#[test]
fn plain_http_beyond_the_machine_needs_tls_or_a_trusted_proxy() {
    let refused = refusals(&["--listen", "0.0.0.0:8080"], &[]);
    assert!(refused[0].starts_with(
        "--listen: 0.0.0.0:8080 would serve plain http beyond this machine; give --tls-cert"
    ));
    let proxied = [
        "--listen",
        "0.0.0.0:8080",
        "--trusted-proxy",
        "10.0.0.7",
        "--public-url",
        "http://id.example.com",
    ];
    assert!(resolve(&proxied, &[]).is_ok());

    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, "pem").unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let tls = [
        "--listen",
        "0.0.0.0:8443",
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
    ];
    let settings = resolve(&tls, &[]).unwrap();
    assert_eq!(settings.public_url, "https://localhost:8443");
    assert_eq!(settings.tls.unwrap().cert, Path::new(&cert));
    let refused = refusals(
        &[&tls[..], &["--public-url", "http://localhost:8443"]].concat(),
        &[],
    );
    assert_eq!(
        refused,
        [
            "--public-url: is http, but this server speaks TLS; did you mean `https://localhost:8443`?"
        ]
    );
    assert_eq!(
        refusals(&["--tls-key", &key], &[]),
        ["--tls-key: a key needs its certificate: give `tls_cert` too"]
    );
}

#[test]
fn one_slip_gives_one_problem() {
    let open = ["--listen", "0.0.0.0:8080"];
    let proxy = refusals(&[&open[..], &["--trusted-proxy", "ten"]].concat(), &[]);
    assert_eq!(proxy.len(), 1, "{proxy:?}");
    let cert = refusals(
        &[&open[..], &["--tls-cert", "/nowhere/cert.pem"]].concat(),
        &[],
    );
    assert!(
        cert.iter()
            .all(|problem| problem.starts_with("--tls-cert: ")),
        "{cert:?}"
    );
}

#[test]
fn the_public_url_follows_the_port_and_a_port_of_the_systems_choice_needs_one() {
    assert_eq!(
        resolve(&["--listen", "127.0.0.1:18080"], &[])
            .unwrap()
            .public_url,
        "http://localhost:18080"
    );
    assert_eq!(
        refusals(&["--listen", "127.0.0.1:0"], &[]),
        ["--public-url: is needed when `listen` leaves the port to the system"]
    );
    assert_eq!(
        refusals(&["--listen", "127.0.0.1:9000"], &[]),
        ["--management-listen: must differ from `listen`"]
    );
}

#[test]
fn a_folder_of_realms_that_was_named_must_be_there() {
    assert_eq!(
        refusals(&["--realms", "/nowhere"], &[]),
        ["--realms: there is no folder /nowhere"]
    );
}

#[test]
fn a_network_with_bits_beyond_its_mask_is_refused_with_the_network_meant() {
    assert_eq!(
        refusals(&["--outbound-allow", "10.1.2.3/8"], &[]),
        ["--outbound-allow: 10.1.2.3/8 is an address inside a network; did you mean `10.0.0.0/8`?"]
    );
}
