//! An older version at what a later one wrote.

use super::*;

/// What the store says of a layout that only a later version knows.
const LATER: &[u8] = b"\x02{\"layout\":9,\"written_by\":\"9.9\",\"step\":null}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_a_later_version_took_over_is_left_alone_and_says_by_whom() {
    let Some(cluster) = crate::support::postgres::shared() else {
        return;
    };
    let schema = cluster.schema();
    let store = cluster.url(&schema);
    let home = Home::on(store.leak());
    let process = home.start(&[]).await;
    // Another node, of a later version, began to change records.
    let key = b"\x01.layout";
    let crc = crc32fast::hash(&[&key[..], LATER].concat());
    let value = [&crc.to_be_bytes()[..], LATER].concat();
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let changed = cluster.sql(&format!(
        "UPDATE {schema}.kv SET v = '\\x{}', ver = ver + 1000000 WHERE k = '\\x{}' RETURNING 1",
        hex(&value),
        hex(key)
    ));
    assert_eq!(changed, "1", "the store says its layout");
    until(
        "the older server stops",
        Duration::from_secs(30),
        async || {
            process.log().contains("this server stops")
                && crate::support::browser::client()
                    .get(format!("{}/healthz", home.url))
                    .send()
                    .await
                    .is_err()
        },
    )
    .await;
    let words = [
        "layout 9",
        "knows layouts up to 2",
        "run realmkeep 9.9 or newer",
    ];
    for words in words {
        assert!(process.log().contains(words), "{}", process.log());
    }
    drop(process);
    let (code, _, err) = run(home.serve(&[])).await;
    assert_eq!(code, Some(1), "{err}");
    for words in words {
        assert!(err.contains(words), "{err}");
    }
}

/// A backup with another layout in its header, sound otherwise.
fn of_layout(whole: &[u8], layout: u32) -> Vec<u8> {
    const MAGIC: usize = 8;
    const HEAD: usize = 7;
    let framed = |tag: u8, value: &[u8]| {
        let length = u32::try_from(value.len()).unwrap().to_be_bytes();
        let mut frame = [&[tag, 0, 0], &length[..], value].concat();
        frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
        frame
    };
    let json = |at: usize| -> (Value, usize) {
        let length = whole[at + 3..at + HEAD].try_into().unwrap();
        let length = u32::from_be_bytes(length) as usize;
        let value = &whole[at + HEAD..at + HEAD + length];
        (serde_json::from_slice(value).unwrap(), HEAD + length + 4)
    };
    let (mut header, header_len) = json(MAGIC);
    header["layout"] = layout.into();
    let mut at = MAGIC + header_len;
    while whole[at] != b'E' {
        let key = u16::from_be_bytes(whole[at + 1..at + 3].try_into().unwrap()) as usize;
        let value = u32::from_be_bytes(whole[at + 3..at + HEAD].try_into().unwrap()) as usize;
        at += HEAD + key + value + 4;
    }
    let (mut trailer, _) = json(at);
    let mut changed = whole[..MAGIC].to_vec();
    changed.extend(framed(b'H', header.to_string().as_bytes()));
    changed.extend_from_slice(&whole[MAGIC + header_len..at]);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &changed);
    let digest: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    trailer["sha256"] = digest.into();
    changed.extend(framed(b'E', trailer.to_string().as_bytes()));
    changed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_later_version_is_refused_before_anything_happens() {
    let home = Home::new();
    let mut process = home.start(&[]).await;
    backup(&home, "backup").await;
    process.terminate();
    lose(&home);
    let whole = std::fs::read(home.path("backup")).unwrap();
    for (layout, expected) in [(9, 1), (1, 0)] {
        std::fs::write(home.path("changed"), of_layout(&whole, layout)).unwrap();
        let (code, _, err) = cli(&home, &["restore", &path(&home, "changed")]).await;
        assert_eq!(code, Some(expected), "{err}");
        if layout == 9 {
            assert!(
                err.contains("layout 9") && err.contains("or newer"),
                "{err}"
            );
            assert!(!home.path("data/restoring").exists());
        }
    }
}
