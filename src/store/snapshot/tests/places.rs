//! Into an empty store, and into the place of an old one; also when it is broken off.

use super::*;

async fn many(dir: &TempDir) -> (PathBuf, Trailer) {
    let store = memory();
    for chunk in 0..40 {
        let mut batch = Batch::new();
        for number in 0..900 {
            batch.put(format!("{chunk:02}{number:03}"), vec![b'x'; 20]);
        }
        store.commit(batch).await.unwrap();
    }
    let file = dir.path().join("backup");
    let trailer = snapshot(&*store, &file, &|| 0, false).await.unwrap();
    (file, trailer)
}

#[tokio::test]
async fn a_restore_that_was_broken_off_goes_on_and_is_refused_until_then() {
    let dir = tempfile::tempdir().unwrap();
    let (file, trailer) = many(&dir).await;
    let store = Odd {
        commits: Some(AtomicU64::new(14)),
        ..Odd::over(memory())
    };
    let broken = fill::fill(&store, &file, &trailer, &[], |_| {}).await;
    assert!(matches!(broken, Err(FillError::Commit(_))), "{broken:?}");
    let store = store.inner;
    let there = records(&*store).await.len();
    assert!(there > 5000 && there < 36_000, "{there}");
    assert!(fill::unfinished(&*store).await.unwrap());
    // Another file does not go on where this one ended.
    let other = Trailer {
        sha256: "other".to_owned(),
        ..trailer.clone()
    };
    let refused = fill::fill(&*store, &file, &other, &[], |_| {}).await;
    assert!(matches!(refused, Err(FillError::Another)));
    let counted = Arc::new(Odd::over(store.clone()));
    let note = (Bytes::from_static(b"\x01.note"), Bytes::from_static(b"n"));
    fill::fill(&*counted, &file, &trailer, &[note], |_| {})
        .await
        .unwrap();
    assert!(!fill::unfinished(&*store).await.unwrap());
    assert!(store.get(b"\x01.note").await.unwrap().is_some());
    let made = counted.made.load(Ordering::SeqCst);
    assert!(made < 36, "it went on, with {made} commits");
    assert_eq!(
        fill::tally(&*store, |_| {}).await.unwrap().digest(),
        trailer.digest
    );
    let refused = fill::fill(&*store, &file, &trailer, &[], |_| {}).await;
    assert!(matches!(refused, Err(FillError::NotEmpty)));
    fill::clear(&*store, |_| {}).await.unwrap();
    fill::fill(&*store, &file, &trailer, &[], |_| {})
        .await
        .unwrap();
}

/// A folder with an old store, and inside it a new one that is to take its place.
async fn about_to_swap() -> (TempDir, Place) {
    let dir = tempfile::tempdir().unwrap();
    let old = open(&StoreKind::Sled, dir.path()).unwrap();
    put(&*old, &[("which", "old")]).await;
    drop(old);
    fs::write(dir.path().join("master.key"), "key").unwrap();
    let place = Place::enter(dir.path()).unwrap();
    assert!(place.is_taken());
    let new = open(&StoreKind::Sled, place.inner()).unwrap();
    put(&*new, &[("which", "new")]).await;
    drop(new);
    (dir, place)
}

async fn which(dir: &Path) -> Bytes {
    let store = open(&StoreKind::Sled, dir).unwrap();
    store.get(b"which").await.unwrap().unwrap().value
}

#[tokio::test]
async fn a_new_store_takes_the_place_of_an_old_one_that_is_kept() {
    let (dir, place) = about_to_swap().await;
    let aside = place.swap("replaced").unwrap().unwrap();
    drop(place);
    assert_eq!(which(dir.path()).await, "new");
    assert_eq!(which(&aside).await, "old");
    assert!(dir.path().join("master.key").exists());
    assert!(!dir.path().join("restoring").exists());
}

#[tokio::test]
async fn a_swap_that_was_broken_off_anywhere_is_refused_and_can_be_finished() {
    // Every state a kill can leave: so many of the moves are done.
    for done in 0..9 {
        let (dir, place) = about_to_swap().await;
        let (data, inner) = (dir.path(), place.inner().to_owned());
        let names = ["CLEAN", "MARK", "realmkeep.id", "sled"];
        let list = serde_json::json!({ "aside": "first", "names": names });
        fs::write(inner.join("WHOLE"), list.to_string()).unwrap();
        fs::create_dir(data.join("first")).unwrap();
        let aside = ["realmkeep.id", "CLEAN", "MARK", "sled"]
            .map(|n| (data.join(n), data.join("first").join(n)));
        let into = ["CLEAN", "MARK", "sled", "realmkeep.id"].map(|n| (inner.join(n), data.join(n)));
        for (from, to) in aside.iter().chain(&into).take(done) {
            fs::rename(from, to).unwrap();
        }
        drop(place);
        let refused = open(&StoreKind::Sled, data).err().expect("a refusal");
        assert!(
            matches!(refused, OpenError::Folder(_)) && refused.to_string().contains("not finished"),
            "{done}: {refused}"
        );
        let place = Place::enter(data).unwrap();
        assert!(place.is_whole());
        place.swap("second").unwrap();
        drop(place);
        assert_eq!(which(data).await, "new", "{done}");
        assert_eq!(which(&data.join("first")).await, "old", "{done}");
        assert!(!data.join("second").exists());
    }
}
