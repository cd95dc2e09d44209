//! What `restore` does not do.

use super::*;

async fn refused(home: &Home, args: &[&str], words: &[&str]) {
    let (code, out, err) = cli(home, args).await;
    assert_eq!(code, Some(1), "{args:?}: {out}{err}");
    for words in words {
        assert!(err.contains(words), "{args:?}: {words:?} is not in {err}");
    }
}

/// A backup, and the server that it was taken from stopped.
async fn taken() -> Home {
    let home = Home::new();
    let mut process = home.start(&[]).await;
    backup(&home, "backup").await;
    process.terminate();
    home
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_there_stays_unless_it_is_put_aside() {
    let home = taken().await;
    let file = path(&home, "backup");
    refused(
        &home,
        &["restore", &file],
        &["holds a store already", "--force"],
    )
    .await;
    let (out, _) = restore(&home, "backup", &["--force"]).await;
    let aside = line(&out, "the store that was there before is in");
    assert!(Path::new(&aside).join("realmkeep.id").is_file(), "{out}");
    let _process = home.start(&[]).await;
    // A server is in it now.
    refused(
        &home,
        &["restore", &file, "--force"],
        &["in use by another"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_whole_restores_nothing() {
    let home = taken().await;
    lose(&home);
    let whole = std::fs::read(home.path("backup")).unwrap();
    let bad = home.path("bad");
    let file = path(&home, "bad");
    let middle = whole.len() / 2;
    // A bit of: the mark at its beginning, the header, a length, the midst, the trailer; cut off; something behind it.
    let mut cases: Vec<(Vec<u8>, &str)> = [1, 40, 260, middle, whole.len() - 30]
        .into_iter()
        .map(|at| {
            let mut changed = whole.clone();
            changed[at] ^= 4;
            (changed, "bad")
        })
        .collect();
    cases.push((whole[..middle].to_vec(), "cut off"));
    cases.push((whole[..whole.len() - 1].to_vec(), "cut off"));
    cases.push(([&whole[..], b"more"].concat(), "follows its end"));
    cases.push((b"a text".to_vec(), "no snapshot"));
    for (bytes, words) in cases {
        std::fs::write(&bad, bytes).unwrap();
        refused(&home, &["restore", &file, "--verify"], &[words]).await;
        refused(&home, &["restore", &file], &[words]).await;
        let left: Vec<_> = std::fs::read_dir(home.path("data")).unwrap().collect();
        assert_eq!(left.len(), 1, "only the key is there: {left:?}");
    }
    refused(&home, &["restore", &path(&home, "none")], &["cannot read"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_master_key_is_said_before_anything_happens() {
    let home = taken().await;
    lose(&home);
    let file = path(&home, "backup");
    std::fs::remove_file(home.path("data/master.key")).unwrap();
    refused(&home, &["restore", &file], &["no master key", "master.key"]).await;
    let other = "77".repeat(32);
    let mut wrong = command(&["restore", &file, "--data", &path(&home, "data")]);
    wrong.env("REALMKEEP_MASTER_KEY", &other);
    let (code, _, err) = run(wrong).await;
    assert_eq!(code, Some(1));
    assert!(
        err.contains("sealed with the master key") && !err.contains(&other),
        "{err}"
    );
    assert!(!home.path("data/sled").exists());
    // Restored all the same, nobody is served until the right key is there.
    restore(&home, "backup", &["--any-key"]).await;
    let mut serve = home.serve(&[]);
    serve.env("REALMKEEP_MASTER_KEY", &other);
    let (code, _, err) = run(serve).await;
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("sealed with master key"), "{err}");
    std::fs::copy(home.path("lost/master.key"), home.path("data/master.key")).unwrap();
    let _process = home.start(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_says_why_there_is_none() {
    let home = Home::new();
    refused(
        &home,
        &["backup", &path(&home, "backup")],
        &["no data folder"],
    )
    .await;
    assert!(!home.path("data").exists(), "asking makes nothing");
    let _process = home.start(&[]).await;
    refused(
        &home,
        &["backup", &path(&home, "no-such-folder/backup")],
        &["cannot write"],
    )
    .await;
    let (code, _, err) = cli(&home, &["backup", &path(&home, "x"), "--store", "memory"]).await;
    assert_eq!(code, Some(1), "{err}");
    let (code, _, err) = cli(&home, &["backup", &path(&home, "x"), "--store", "papyrus"]).await;
    assert_eq!(code, Some(2), "{err}");
}
