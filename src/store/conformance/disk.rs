//! What only an engine on disk can get wrong: restarts, damage, a disk that fails.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::task::JoinSet;

use super::*;

each_disk!(
    a_reopened_store_has_every_acknowledged_record_and_goes_on_counting,
    what_is_acknowledged_is_in_the_files_by_then,
    large_values_survive_a_restart,
    a_second_opener_is_refused_until_the_first_is_done,
    a_store_that_is_gone_is_not_begun_anew,
    an_older_state_of_the_same_store_is_refused,
    after_a_failed_sync_nothing_new_is_shown_and_nothing_more_is_taken,
    what_is_not_yet_durable_is_not_shown,
    a_damaged_value_is_reported_and_never_served,
    a_record_that_went_missing_is_noticed_after_an_unclean_stop,
);

fn reopen(data: &Path, kind: Kind) -> Result<Arc<dyn Store>, OpenError> {
    open(&kind.name.parse().unwrap(), data)
}

fn refusal(data: &Path, kind: Kind) -> String {
    reopen(data, kind)
        .err()
        .expect("must be refused")
        .to_string()
}

pub(super) async fn everything(store: &dyn Store) -> Result<Vec<Record>, StoreError> {
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let page = store
            .scan(
                &Range::prefix(""),
                after.as_ref(),
                1000,
                Dir::Forward,
                KeysOrRecords::Records,
            )
            .await?;
        records.extend(page.records);
        after = page.next;
        if after.is_none() {
            return Ok(records);
        }
    }
}

async fn a_reopened_store_has_every_acknowledged_record_and_goes_on_counting(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    let mut last = FeedPos(0);
    let mut all = Vec::new();
    for life in 0..4u64 {
        let store = reopen(dir.path(), kind).unwrap();
        assert_eq!(everything(&*store).await.unwrap(), all, "life {life}");
        assert!(
            matches!(store.changes(FeedPos(0), 1).await, Err(FeedError::Gap { resume }) if resume == last)
                || life == 0
        );
        let mut writers = JoinSet::new();
        for writer in 0..16u64 {
            let store = Arc::clone(&store);
            writers.spawn(async move {
                for i in 0..20 {
                    let key = number(life << 32 | writer << 16 | i);
                    store
                        .commit(batch(|x| {
                            x.create(key.clone(), vec![7; 900]).put("shared", key)
                        }))
                        .await
                        .unwrap();
                }
            });
        }
        writers.join_all().await;
        all = everything(&*store).await.unwrap();
        assert_eq!(all.len() as u64, 1 + (life + 1) * 320);
        let pos = store.health().await.pos;
        assert_eq!(pos.0, last.0 + 320);
        last = pos;
    }
}

async fn what_is_acknowledged_is_in_the_files_by_then(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(dir.path(), kind).unwrap();
    for i in 0..12 {
        store
            .commit(batch(|x| x.put(number(i), "x")))
            .await
            .unwrap();
        let image = tempfile::tempdir().unwrap();
        copy_folder(dir.path(), image.path());
        let found = everything(&*reopen(image.path(), kind).unwrap())
            .await
            .unwrap();
        assert_eq!(found.len() as u64, i + 1, "a kill after commit {i}");
    }
}

async fn large_values_survive_a_restart(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(dir.path(), kind).unwrap();
    for i in 0..60u8 {
        store
            .commit(batch(|x| x.put(vec![i], vec![i; MAX_VALUE])))
            .await
            .unwrap();
    }
    let blobs = dir.path().join("sled/blobs");
    assert!(
        kind.name != "sled" || fs::read_dir(blobs).unwrap().count() > 0,
        "with sled this is about pages that go to files of their own"
    );
    drop(store);
    let all = everything(&*reopen(dir.path(), kind).unwrap())
        .await
        .unwrap();
    assert_eq!(all.len(), 60);
    assert!(all.iter().all(|r| r.value == vec![r.key[0]; MAX_VALUE]));
}

async fn a_second_opener_is_refused_until_the_first_is_done(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    let first = reopen(dir.path(), kind).unwrap();
    assert!(refusal(dir.path(), kind).contains("in use by another realmkeep process"));
    first.commit(batch(|x| x.put("a", "1"))).await.unwrap();
    drop(first);
    assert!(
        reopen(dir.path(), kind)
            .unwrap()
            .get(b"a")
            .await
            .unwrap()
            .is_some()
    );
}

async fn a_store_that_is_gone_is_not_begun_anew(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    reopen(dir.path(), kind)
        .unwrap()
        .commit(batch(|x| x.put("a", "1")))
        .await
        .unwrap();
    let own = dir.path().join(kind.name);
    fs::remove_file(own.join(kind.file)).unwrap();
    assert!(
        refusal(dir.path(), kind)
            .contains("its store is missing; restore a backup with `realmkeep restore`")
    );
    fs::File::create(own.join(kind.file)).unwrap();
    let refused = refusal(dir.path(), kind);
    assert!(
        refused.contains("its store is empty") || refused.contains("is damaged"),
        "{refused}"
    );
    fs::remove_dir_all(&own).unwrap();
    assert!(refusal(dir.path(), kind).contains("its store is missing"));
}

async fn an_older_state_of_the_same_store_is_refused(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    reopen(dir.path(), kind)
        .unwrap()
        .commit(batch(|x| x.put("a", "1")))
        .await
        .unwrap();
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&dir.path().join(kind.name), &copy.path().join(kind.name));
    reopen(dir.path(), kind)
        .unwrap()
        .commit(batch(|x| x.del("a")))
        .await
        .unwrap();
    fs::remove_dir_all(dir.path().join(kind.name)).unwrap();
    copy_folder(&copy.path().join(kind.name), &dir.path().join(kind.name));
    assert!(refusal(dir.path(), kind).contains("closed after commit 2 and now ends with commit 1"));
    assert!(
        refusal(dir.path(), kind).contains("is damaged"),
        "also at the second try"
    );
}

/// Copies a data folder, but for the reserve, which holds nothing.
pub(super) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)
        } else if entry.file_name() != "RESERVE" {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn after_a_failed_sync_nothing_new_is_shown_and_nothing_more_is_taken(kind: Kind) {
    let (b, engine) = Bench::embedded(kind);
    b.put("a", "durable").await;
    b.put("gone", "durable").await;
    let a = b.version("a").await;
    engine.fail_from_now_on();
    let outcome = b
        .commit(|x| x.replace("a", a, "lost").create("new", "lost").del("gone"))
        .await;
    assert!(matches!(outcome, Err(CommitError::Unknown(_))));
    assert_eq!(
        (
            b.value("a").await,
            b.value("new").await,
            b.value("gone").await
        ),
        (Some("durable".into()), None, Some("durable".into()))
    );
    let page = b
        .store
        .scan(
            &Range::prefix(""),
            None,
            10,
            Dir::Reverse,
            KeysOrRecords::Records,
        )
        .await
        .unwrap();
    assert_eq!(
        page.records
            .iter()
            .map(|r| (&r.key[..], &r.value[..]))
            .collect::<Vec<_>>(),
        [(&b"gone"[..], &b"durable"[..]), (b"a", b"durable")]
    );
    assert!(matches!(
        b.commit(|x| x.put("b", "x")).await,
        Err(CommitError::Corrupt(_))
    ));
    let health = b.store.health().await;
    assert!(!health.writable && health.trouble.unwrap().contains("made to fail"));
    assert_eq!(health.pos, FeedPos(2));
}

async fn what_is_not_yet_durable_is_not_shown(kind: Kind) {
    let (b, engine) = Bench::embedded(kind);
    b.put("a", "old").await;
    engine.slow_from_now_on(Duration::from_millis(400));
    let store = Arc::clone(&b.store);
    let committing = tokio::spawn(async move {
        store
            .commit(batch(|x| x.put("a", "new").put("b", "new")))
            .await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(
        kind.name != "sled" || engine.holds(b"b"),
        "sled has it already"
    );
    assert_eq!(
        (b.value("a").await, b.value("b").await),
        (Some("old".into()), None)
    );
    let page = b
        .store
        .scan(
            &Range::prefix(""),
            None,
            10,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await
        .unwrap();
    assert_eq!(page.records.len(), 1);
    assert!(
        !committing.is_finished(),
        "acknowledged before it was durable"
    );
    committing.await.unwrap().unwrap();
    assert_eq!(
        (b.value("a").await, b.value("b").await),
        (Some("new".into()), Some("new".into()))
    );
}

async fn a_damaged_value_is_reported_and_never_served(kind: Kind) {
    let (b, engine) = Bench::embedded(kind);
    b.put("a", "value").await;
    b.put("b", "value").await;
    engine.damage(b"a");
    assert!(matches!(
        b.store.get(b"a").await,
        Err(StoreError::Corrupt(_))
    ));
    assert!(matches!(
        b.store.get_many(&["b".into(), "a".into()]).await,
        Err(StoreError::Corrupt(_))
    ));
    for what in [KeysOrRecords::Records, KeysOrRecords::KeysOnly] {
        assert!(matches!(
            b.store
                .scan(&Range::prefix(""), None, 10, Dir::Forward, what)
                .await,
            Err(StoreError::Corrupt(_))
        ));
    }
    assert!(matches!(
        b.commit(|x| x.put("a", "again")).await,
        Err(CommitError::Corrupt(_))
    ));
    assert_eq!(b.value("b").await, Some("value".into()));
    b.put("b", "others go on").await;
    assert!(b.store.health().await.trouble.is_some());
}

async fn a_record_that_went_missing_is_noticed_after_an_unclean_stop(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    let engine = embedded(dir.path(), kind).unwrap();
    engine
        .commit_group(&[batch(|x| x.put("a", "1").put("b", "2"))])
        .await
        .unwrap();
    engine.lose(b"a");
    drop(engine);
    fs::remove_file(dir.path().join("CLEAN")).unwrap();
    assert!(refusal(dir.path(), kind).contains("2 records should be there, 1 were found"));
}

#[tokio::test]
async fn what_a_kill_left_of_a_snapshot_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let store = reopen(dir.path(), crate::store::sled::KIND).unwrap();
    store
        .commit(batch(|x| x.create("kept", "value")))
        .await
        .unwrap();
    drop(store);
    // The newest by name, and cut off in the middle.
    let left = dir.path().join("sled/snap.7FFFFFFFFFFFFFFF.generating");
    fs::write(&left, [7; 40]).unwrap();
    let store = reopen(dir.path(), crate::store::sled::KIND).unwrap();
    assert!(store.get(b"kept").await.unwrap().is_some());
    assert!(!left.exists());
}
