//! What a user in a realm file may not say, and where secrets may be kept.

use super::*;

#[test]
fn a_secret_may_be_kept_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.toml");
    fs::write(folder.path().join("c.secret"), "from the file\n").unwrap();
    let text = "realm = \"r\"\n[[clients]]\nclient_id = \"c\"\nclient_secret = { file = \"c.secret\" }\ngrant_types = []\n\
                [[users]]\nusername = \"u\"\npassword = { env = \"KNOWN\" }\n";
    let env = |name: &str| (name == "KNOWN").then(|| "from the environment".to_owned());
    let (file, _, problems) = read_text(&path, text, &env);
    assert_eq!(problems, []);
    assert_eq!(
        file.clients[0].client_secret.as_deref(),
        Some("from the file")
    );
    assert_eq!(
        file.users[0].password.as_deref(),
        Some("from the environment")
    );

    one(
        &user("password = { env = \"UNKNOWN\" }\n"),
        "4:12: `password`: the environment variable UNKNOWN is not set",
    );
    let missing = user("password = { file = \"/nowhere/p\" }\n");
    assert!(
        missing[0].starts_with("realms/r.toml:4:12: `password`: cannot read /nowhere/p: "),
        "{missing:?}"
    );
    let expected = "expected text in quotes, { file = \"…\" } or { env = \"…\" }";
    one(
        &user("password = { flie = \"p\" }\n"),
        &format!("4:12: `password`: {expected}; did you mean `file`?"),
    );
    one(
        &user("password = {}\n"),
        &format!("4:12: `password`: {expected}"),
    );
    one(
        &user("password = 20261120\n"),
        &format!("4:12: `password`: {expected}"),
    );
}

#[test]
fn passwords_and_their_hashes_are_looked_at_and_never_repeated() {
    one(
        &user(&format!("password = \"{}\"\n", "x".repeat(1025))),
        "4:12: `password` in [[users]]: expected 1 to 1024 bytes, found 1025",
    );
    one(
        &user("password = \"\"\n"),
        "4:12: `password` in [[users]]: expected 1 to 1024 bytes, found 0",
    );
    for hash in [
        "hunter2",
        "$2b$12$hunter2hunter2",
        "$argon2id$hunter2",
        "$pbkdf2-sha256$hunter2",
    ] {
        let found = user(&format!("password_hash = \"{hash}\"\n"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("realms/r.toml:4:17: `password_hash` in [[users]]: "),
            "{found:?}"
        );
        assert!(!found[0].contains("hunter2"), "{found:?}");
    }
    let hash = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(
        user(&format!("password_hash = \"{hash}\"\n")),
        Vec::<String>::new()
    );
    one(
        &user(&format!("password = \"p\"\npassword_hash = \"{hash}\"\n")),
        "5:17: `password_hash` in [[users]]: is given beside `password`; one of them is enough",
    );
}

#[test]
fn any_role_is_a_role_and_claims_have_their_standard_types() {
    assert_eq!(
        user("roles = [\"realm-admin\", \"editor\"]\n"),
        Vec::<String>::new()
    );
    one(
        &user("roles = [\"editor\", \"\"]\n"),
        "4:20: `roles` in [[users]]: expected the name of a role without white space, found \"\"",
    );
    let found = user(
        "[users.claims]\nemail_verified = \"yes\"\nsub = \"1\"\nbirthdate = 1990-01-02\nEmail = \"u@example.com\"\nsince = 2020-01-01\n",
    );
    assert_eq!(
        found,
        [
            "realms/r.toml:5:1: `claims` in [[users]]: expected true or false for \"email_verified\"",
            "realms/r.toml:6:1: `claims` in [[users]]: \"sub\" is filled by the server and cannot be set",
            "realms/r.toml:7:1: `claims` in [[users]]: expected text in quotes for \"birthdate\"",
            "realms/r.toml:8:1: `claims` in [[users]]: unknown claim \"Email\"; did you mean `email`?",
            "realms/r.toml:9:1: `claims` in [[users]]: expected \"since\" as text in quotes, found a date",
        ]
    );
}

#[test]
fn a_key_that_cannot_be_read_gives_no_misleading_second_problem() {
    // The secret is there, only its kind of keeping is wrong: not "missing".
    assert_eq!(
        problems(
            "realm = \"r\"\n[[clients]]\nclient_id = \"c\"\nclient_secret = 7\ngrant_types = []\n"
        )
        .len(),
        1
    );
    // The addresses are there, only their key is misspelt.
    let text = "realm = \"r\"\n[[clients]]\nclient_id = \"c\"\nclient_secret = \"s\"\nredirect_uri = [\"https://c.example/\"]\n";
    one(
        &problems(text),
        "5:1: unknown key `redirect_uri` in [[clients]]; did you mean `redirect_uris`?",
    );
    // The method cannot be read, so whether a secret is needed cannot be told.
    let text = "realm = \"r\"\n[[clients]]\nclient_id = \"c\"\ntoken_endpoint_auth_method = \"nine\"\ngrant_types = []\n";
    assert_eq!(problems(text).len(), 1);
}

#[test]
fn a_user_may_begin_blocked() {
    for text in ["lifted", "2027-03-01T08:00:00Z", "2027-03-01"] {
        assert_eq!(
            user(&format!("blocked_until = \"{text}\"\n")),
            Vec::<String>::new()
        );
    }
    let refused = user("blocked_until = \"soon\"\n");
    assert!(
        refused.len() == 1
            && refused[0].contains("`blocked_until`")
            && refused[0].contains("until an administrator lifts it"),
        "{refused:?}"
    );
}
