//! Secrets, and where the master key comes from.

use super::*;
use crate::crypto::vault::Origin;

#[test]
fn secrets_come_from_variables_or_their_files_and_are_never_shown() {
    let (_folder, file) = with_file("from the file\n");
    let env = [
        ("REALMKEEP_ADMIN_PASSWORD_FILE", file.as_str()),
        ("REALMKEEP_MASTER_KEY", "k3y"),
    ];
    let settings = resolve(&[], &env).unwrap();
    assert_eq!(
        settings.admin_password.as_ref().map(Secret::expose),
        Some("from the file")
    );
    assert!(matches!(&settings.master_key.origin, Origin::Text(key) if key.expose() == "k3y"));
    assert!(settings.master_key.previous.is_none());
    assert!(!format!("{:?}", settings.master_key).contains("k3y"));
    assert!(!format!("{settings:?}").contains("k3y"));

    let both = refusals(
        &[],
        &[
            ("REALMKEEP_MASTER_KEY", "k3y"),
            ("REALMKEEP_MASTER_KEY_FILE", &file),
        ],
    );
    assert_eq!(
        both,
        [
            "the master key is given twice: give one of REALMKEEP_MASTER_KEY, --master-key-file and --master-key-command"
        ]
    );
    let (file_flag, command) = (
        ["--master-key-file", &file],
        ["--master-key-command", "true"],
    );
    assert_eq!(refusals(&[file_flag, command].concat(), &[]).len(), 1);
    let by_file = resolve(&file_flag, &[]).unwrap().master_key;
    assert!(matches!(by_file.origin, Origin::File(path) if path.as_os_str() == file.as_str()));
    let env = [("REALMKEEP_MASTER_KEY_PREVIOUS", "0ld")];
    let by_command = resolve(&command, &env).unwrap().master_key;
    assert!(matches!(&by_command.origin, Origin::Command(text) if text == "true"));
    assert_eq!(
        by_command.previous.as_ref().map(Secret::expose),
        Some("0ld")
    );
    assert!(matches!(
        resolve(&[], &[]).unwrap().master_key.origin,
        Origin::Folder(_)
    ));
    let missing = refusals(&[], &[("REALMKEEP_MASTER_KEY_FILE", "/nowhere/key")]);
    assert!(
        missing[0].starts_with("REALMKEEP_MASTER_KEY_FILE: cannot read /nowhere/key"),
        "{missing:?}"
    );
    let long = "x".repeat(1025);
    assert_eq!(
        refusals(&[], &[("REALMKEEP_ADMIN_PASSWORD", &long)]),
        ["REALMKEEP_ADMIN_PASSWORD: expected 1 to 1024 bytes"]
    );
}

#[test]
fn the_store_s_url_may_lie_in_a_file_or_a_variable() {
    let (folder, _) = with_file("");
    let url = folder.path().join("url");
    fs::write(&url, "postgresql://u:hush@h/db\n").unwrap();
    let url = url.to_str().unwrap();
    let from_env = resolve(&[], &[("REALMKEEP_STORE_FILE", url)]).unwrap();
    assert_eq!(from_env.store, "postgresql://u:hush@h/db");
    let (_other, file) = with_file(&format!("store = {{ file = {url:?} }}\n"));
    assert_eq!(
        resolve(&["--config", &file], &[]).unwrap().store,
        from_env.store
    );
    let flag = resolve(&["--config", &file, "--store", "redb"], &[]).unwrap();
    assert_eq!(flag.store, "redb");
    for bad in [
        "{ file = \"/nowhere\" }",
        "{ env = \"NO_SUCH_VARIABLE\" }",
        "{ url = \"hush\" }",
        "7",
    ] {
        let (_bad, file) = with_file(&format!("store = {bad}\n"));
        let refused = refusals(&["--config", &file], &[]).concat();
        assert!(
            refused.contains("`store`") && !refused.contains("hush"),
            "{refused}"
        );
    }
}
