//! Every kind of problem, with the line it is in and the words it is told in; and that the files we ship are sound.

mod clients;
mod look;
mod users;

use super::*;
use crate::crypto::Alg;
use crate::domain::client::AuthMethod;
use crate::domain::time::Span;

fn read(text: &str) -> (RealmFile, Vec<String>) {
    let env = |name: &str| (name == "KNOWN").then(|| "from the environment".to_owned());
    let (file, _, mut problems) = read_text(Path::new("realms/r.toml"), text, &env);
    problems.sort_by_key(|problem| (problem.line, problem.column));
    (file, problems.iter().map(Problem::to_string).collect())
}

fn problems(text: &str) -> Vec<String> {
    read(text).1
}

/// A client that is sound, but for `more`, which begins in line 6.
fn client(more: &str) -> Vec<String> {
    problems(&format!(
        "realm = \"r\"\n[[clients]]\nclient_id = \"c\"\nclient_secret = \"s\"\nredirect_uris = [\"https://c.example/\"]\n{more}"
    ))
}

/// A user that is sound, but for `more`, which begins in line 4.
fn user(more: &str) -> Vec<String> {
    problems(&format!(
        "realm = \"r\"\n[[users]]\nusername = \"u\"\n{more}"
    ))
}

fn one(problems: &[String], expected: &str) {
    assert_eq!(problems, [format!("realms/r.toml:{expected}")]);
}

#[test]
fn the_demonstration_realm_is_sound_and_holds_what_the_demonstration_needs() {
    let files = load_with(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/realms")),
        &|_| None,
    )
    .unwrap();
    let demo = files.iter().find(|file| file.realm == "demo").unwrap();
    let ids: Vec<_> = demo
        .clients
        .iter()
        .map(|client| client.client_id.as_str())
        .collect();
    assert_eq!(ids, ["demo-web", "demo-notes", "demo-tv", "demo-cli"]);
    let names: Vec<_> = demo
        .users
        .iter()
        .map(|user| user.username.as_str())
        .collect();
    assert_eq!(names, ["alice", "bob", "carol", "dana"]);
    assert_eq!(demo.users[0].password.as_deref(), Some("alice-password"));
    assert_eq!(demo.users[3].roles, ["realm-admin"]);
    assert_eq!(
        demo.clients[0].client_secret.as_deref(),
        Some("demo-web-secret")
    );
    assert_eq!(
        demo.clients[0].backchannel_logout_uri.as_deref(),
        Some("http://127.0.0.1:9090/backchannel-logout")
    );
    assert_eq!(demo.clients[1].backchannel_logout_uri, None);
    assert_eq!(demo.clients[3].service_account_roles, ["realm-admin"]);
    // What the file spells out are the defaults, so that leaving a line out changes nothing.
    let spelled = RealmSettings {
        display_name: Some("Demo".to_owned()),
        ..RealmSettings::default()
    };
    assert_eq!(demo.settings, spelled);
}

#[test]
fn what_is_written_is_what_is_read() {
    let (file, problems) = read(
        "realm = \"r\"\n[sessions]\nidle_timeout = \"1s\"\nsign_in_frequency = \"off\"\n[tokens]\nsigning_algorithm = \"RS256\"\n\
         [[clients]]\nclient_id = \"c\"\ntoken_endpoint_auth_method = \"none\"\nredirect_uris = [\"com.example.c:/cb\"]\n\
         id_token_signed_response_alg = \"EdDSA\"\n[[users]]\nusername = \"u\"\nclaims = { department = \"x\", level = 3 }\n",
    );
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(
        (
            file.settings.sessions.idle_timeout,
            file.settings.tokens.signing_algorithm
        ),
        (Span::secs(1), Alg::Rs256)
    );
    assert_eq!(file.clients[0].token_endpoint_auth_method, AuthMethod::None);
    assert_eq!(
        file.clients[0].id_token_signed_response_alg,
        Some(Alg::EdDSA)
    );
    assert_eq!(
        file.users[0].claims.get("level"),
        Some(&serde_json::json!(3))
    );
}

#[test]
fn unknown_keys_are_refused_wherever_they_are() {
    one(
        &problems("realm = \"r\"\ndisplayName = \"R\"\n"),
        "2:1: unknown key `displayName` in the realm; did you mean `display_name`?",
    );
    one(
        &problems("realm = \"r\"\n[[client]]\nx = 1\n"),
        "2:3: unknown key `client` in the realm; did you mean `clients`?",
    );
    one(
        &problems("realm = \"r\"\n[sessions]\nidle_timout = \"5m\"\n"),
        "3:1: unknown key `idle_timout` in [sessions]; did you mean `idle_timeout`?",
    );
    one(
        &problems("realm = \"r\"\n[tokens]\nx = 1\n"),
        "3:1: unknown key `x` in [tokens]",
    );
    one(
        &client("redirect_uri = \"x\"\n"),
        "6:1: unknown key `redirect_uri` in [[clients]]; did you mean `redirect_uris`?",
    );
    one(
        &user("  pasword = \"x\"\n"),
        "4:3: unknown key `pasword` in [[users]]; did you mean `password`?",
    );
}

#[test]
fn every_problem_of_a_file_is_told_at_once() {
    let found = problems(
        "realm = \"R!\"\nenabeld = true\n[sessions]\nlimit = -1\nidle_timeout = \"5 parsecs\"\n[[clients]]\nclient_id = \"c\"\n\
         client_secret = \"s\"\nredirect_uris = [\"https://a.example/\", \"/b\"]\ngrant_types = [\"authorization_code\", \"magic\"]\n",
    );
    let lines: Vec<_> = found
        .iter()
        .map(|problem| problem.split(':').nth(1).unwrap())
        .collect();
    assert_eq!(lines, ["1", "2", "4", "5", "9", "10"], "{found:#?}");
}

#[test]
fn values_of_the_wrong_type_or_none_of_the_choices_are_refused() {
    one(
        &problems("realm = \"r\"\nenabled = \"yes\"\n"),
        "2:11: `enabled`: expected true or false, found string \"yes\"",
    );
    one(
        &problems("realm = \"r\"\n[sessions]\nidle_timeout = 30\n"),
        "3:16: `idle_timeout`: expected text in quotes, found integer `30`; a duration is written with its unit, such as \"30m\"",
    );
    one(
        &problems("realm = \"r\"\n[sessions]\nlimit = -1\n"),
        "3:9: `limit`: expected a whole number, 0 or more, found integer `-1`",
    );
    one(
        &problems("realm = \"r\"\n[sessions]\nlimit_action = \"endoldest\"\n"),
        "3:16: `limit_action`: expected one of deny, end-oldest, end-least-recent, ask, found `endoldest`; did you mean `end-oldest`?",
    );
    one(
        &client("token_endpoint_auth_method = \"client_secret_basics\"\n"),
        "6:30: `token_endpoint_auth_method`: expected one of client_secret_basic, client_secret_post, client_secret_jwt, \
         private_key_jwt, none, found `client_secret_basics`; did you mean `client_secret_basic`?",
    );
    one(
        &client("id_token_signed_response_alg = \"es256\"\n"),
        "6:32: `id_token_signed_response_alg`: expected one of ES256, RS256, EdDSA, found `es256`; did you mean `ES256`?",
    );
    one(
        &client("post_logout_redirect_uris = \"https://c.example/\"\n"),
        "6:29: `post_logout_redirect_uris`: expected a list in brackets, found string \"https://c.example/\"",
    );
    one(
        &client("resources = [\n\"https://a.example/\",\n7]\n"),
        "8:1: `resources`: expected text in quotes, found integer `7`",
    );
    one(
        &problems("realm = 7\n"),
        "1:9: `realm`: expected text in quotes, found integer",
    );
    one(
        &problems("realm = \"r\"\nsessions = 7\n"),
        "2:12: expected a table [sessions], found integer",
    );
    one(
        &problems("realm = \"r\"\n[clients]\nclient_id = \"c\"\n"),
        "2:1: expected [[clients]], found table; write the header in double brackets",
    );
    one(
        &problems("realm = \"r\"\nusers = [7]\n"),
        "2:10: expected a table in [[users]], found integer",
    );
}

#[test]
fn bad_durations_are_refused_with_what_was_expected() {
    one(
        &problems("realm = \"r\"\n[tokens]\naccess_token_lifetime = \"5 parsecs\"\n"),
        "3:25: `access_token_lifetime`: expected a duration such as \"30s\", \"5m\", \"10h\", \"30d\" or \"1h 30m\", found \"5 parsecs\"",
    );
    one(
        &problems("realm = \"r\"\n[sessions]\nmax_lifetime = \"off\"\n"),
        "3:16: `max_lifetime` in [sessions]: expected a duration of at least 1s, found off",
    );
    one(
        &problems("realm = \"r\"\n[tokens]\naccess_token_lifetime = \"10ms\"\n"),
        "3:25: `access_token_lifetime` in [tokens]: expected a duration of at least 1s, found 10ms",
    );
    one(
        &problems("realm = \"r\"\n[tokens]\nstatus_list_ttl = \"500ms\"\n"),
        "3:19: `status_list_ttl` in [tokens]: expected a duration of at least 1s, found 500ms",
    );
    one(
        &problems("realm = \"r\"\n[sessions]\n[tokens]\nstatus_list_ttl = \"2d\"\n"),
        "4:19: the realm: tokens.status_list_ttl must be \"off\" or between 1s and 1d, found 2d",
    );
    assert_eq!(
        problems("realm = \"r\"\n[tokens]\nstatus_list_ttl = \"off\"\n"),
        Vec::<String>::new()
    );
}

#[test]
fn a_realm_needs_a_name_that_can_stand_in_an_address() {
    one(
        &problems("enabled = true\n"),
        "1:1: `realm` is missing: the name of the realm, such as realm = \"demo\"",
    );
    assert!(
        problems("\nrealm = \"Demo Realm\"\n")[0]
            .starts_with("realms/r.toml:2:9: `realm`: a realm's name has 1 to 40")
    );
    assert!(problems("realm = \"login\"\n")[0].contains("is reserved for the console"));
}

#[test]
fn what_the_domain_would_refuse_is_never_called_sound() {
    let long = "x".repeat(201);
    one(
        &problems("realm = \"r\"\n[sessions]\n[tokens]\nauthorization_code_lifetime = \"11m\"\n"),
        "4:31: the realm: tokens.authorization_code_lifetime must be at most 10m (RFC 6749 §4.1.2), found 11m",
    );
    one(
        &client(&format!("client_name = \"{long}\"\n")),
        "6:15: [[clients]]: client_name has at most 200 characters and no control characters",
    );
    one(
        &user(&format!("roles = [\"{long}\"]\n")),
        "2:1: [[users]]: a role has 1 to 100 characters and no control characters",
    );
    one(
        &problems("realm = \"master\"\nenabled = false\n"),
        "2:11: the realm: enabled cannot be false: this realm holds the administrators",
    );
}

#[test]
fn text_that_is_no_toml_is_refused_with_its_line() {
    let found = problems("realm = \"r\"\n[[clients]]\nclient_id = c\n");
    assert!(found[0].starts_with("realms/r.toml:3:"), "{found:?}");
    let twice = problems("realm = \"r\"\nrealm = \"s\"\n");
    assert!(twice[0].starts_with("realms/r.toml:2:"), "{twice:?}");
}

#[test]
fn a_realm_is_described_by_one_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("b.toml", "# again\nrealm = \"r\"\n"),
        ("a.toml", "realm = \"r\"\n"),
        (".a.toml.toml", "x"),
        ("c.txt", "x"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let found = load_with(folder.path(), &|_| None).unwrap_err();
    let (a, b) = (folder.path().join("a.toml"), folder.path().join("b.toml"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].to_string(),
        format!(
            "{}:2:9: realm `r` is already described by {}",
            b.display(),
            a.display()
        )
    );
    assert_eq!(load_with(Path::new("/nowhere"), &|_| None), Ok(Vec::new()));
}

#[test]
fn files_are_read_in_the_order_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b", "c", "a"] {
        fs::write(
            folder.path().join(format!("{name}.toml")),
            format!("realm = \"{name}\"\n"),
        )
        .unwrap();
    }
    let files = load_with(folder.path(), &|_| None).unwrap();
    assert_eq!(
        files
            .iter()
            .map(|file| file.realm.as_str())
            .collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
}
