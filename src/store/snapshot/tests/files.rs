//! A file is whole or refused.

use super::*;

/// A file with a few records, some of the store's own among them.
async fn sample(dir: &TempDir) -> PathBuf {
    let store = memory();
    put(
        &*store,
        &[
            ("\u{1}.local", "stays"),
            ("\u{1}realms", "7"),
            ("a", ""),
            ("b", "two"),
            ("c", "three"),
        ],
    )
    .await;
    let file = dir.path().join("backup");
    snapshot(&*store, &file, &|| 42, false).await.unwrap();
    file
}

#[tokio::test]
async fn what_comes_back_is_what_was_there_but_for_what_is_the_stores_own() {
    let dir = tempfile::tempdir().unwrap();
    let file = sample(&dir).await;
    let checked = read::check(&file, |_| {}).unwrap();
    assert_eq!(checked.header, header());
    assert_eq!((checked.trailer.taken_at, checked.trailer.records), (42, 4));
    assert_eq!(checked.bytes, fs::metadata(&file).unwrap().len());
    let store = restored(&file).await;
    let keys: Vec<Bytes> = records(&*store).await.into_keys().collect();
    assert_eq!(keys, ["\u{1}realms", "a", "b", "c"]);
    let again = dir.path().join("again");
    let trailer = snapshot(&*store, &again, &|| 43, false).await.unwrap();
    assert_eq!(trailer.digest, checked.trailer.digest);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_byte_that_changed_or_is_missing_or_too_many_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = sample(&dir).await;
    let whole = fs::read(&file).unwrap();
    let bad = dir.path().join("bad");
    let refused = |bytes: &[u8], what: String| {
        fs::write(&bad, bytes).unwrap();
        assert!(read::check(&bad, |_| {}).is_err(), "{what}");
    };
    for at in 0..whole.len() {
        for bit in [0x01, 0x80] {
            let mut changed = whole.clone();
            changed[at] ^= bit;
            refused(&changed, format!("byte {at}"));
        }
        refused(&whole[..at], format!("cut off after {at}"));
    }
    refused(&[&whole[..], b"!"].concat(), "more at its end".to_owned());
}

#[tokio::test]
async fn records_taken_out_or_turned_round_are_refused_although_each_is_sound() {
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("bad");
    let write = |pairs: &[(&str, &str)], trailer: &Trailer| {
        let (mut encoder, mut bytes) = (frame::Encoder::default(), Vec::new());
        encoder.header(&mut bytes, &header());
        for (key, value) in pairs {
            encoder.record(&mut bytes, key.as_bytes(), value.as_bytes());
        }
        encoder.trailer(&mut bytes, trailer.clone());
        fs::write(&bad, bytes).unwrap();
        read::check(&bad, |_| {}).map_err(|e| e.to_string())
    };
    let mut tally = Tally::default();
    tally.add(b"a", b"1");
    tally.add(b"b", b"2");
    let trailer = Trailer {
        taken_at: 0,
        commit: 0,
        records: 2,
        digest: tally.digest(),
        sha256: String::new(),
    };
    write(&[("a", "1"), ("b", "2")], &trailer).unwrap();
    let refused = write(&[("b", "2"), ("a", "1")], &trailer).unwrap_err();
    assert!(refused.contains("order"), "{refused}");
    let refused = write(&[("a", "1")], &trailer).unwrap_err();
    assert!(refused.contains("trailer says"), "{refused}");
}

#[test]
fn a_later_format_is_refused_and_says_who_wrote_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("backup");
    let (mut encoder, mut bytes) = (frame::Encoder::default(), Vec::new());
    let later = Header {
        format: FORMAT + 1,
        written_by: "9.9".to_owned(),
        ..header()
    };
    encoder.header(&mut bytes, &later);
    fs::write(&file, bytes).unwrap();
    let refused = read::check(&file, |_| {}).unwrap_err().to_string();
    assert!(refused.contains("use realmkeep 9.9 or newer"), "{refused}");
}
