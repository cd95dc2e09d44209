//! Damaged files: flipped bits, zeroed blocks, lost ends, lost files. Each trial must end with every record there, or with a refusal
//! that says what to do. `DAMAGE_TRIALS=30 cargo test --lib store::conformance::damage` for the long form.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::disk::{copy_folder, everything};
use super::*;
use crate::store::stored;

each_disk!(
    damage_to_the_files_is_never_silent,
    a_record_that_went_missing_is_noticed_beside_the_commits,
    an_old_record_in_the_place_of_a_newer_one_is_noticed,
    commits_beside_the_check_do_not_look_like_damage,
    a_lost_end_is_noticed_after_a_kill,
    after_a_crash_of_the_machine_every_record_is_checked_first,
);

/// How the damaged store was left, and so how it is checked.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stop {
    /// In order, and small: checked before serving.
    InOrder,
    /// Killed.
    Killed,
    /// In order, and taken for large: checked beside the commits.
    Large,
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .file_name()
            .is_none_or(|n| n != "RESERVE" && n != "LOCK")
        {
            found.push(path);
        }
    }
    found.sort();
}

/// Damages one file of a copy of `data`; answers what was done.
fn spoil(copy: &Path, kind: &str, dice: &mut impl FnMut(usize) -> usize) -> String {
    let mut all = Vec::new();
    files(copy, &mut all);
    // By size, so that what holds the records is hit most; the zeros at the end of a file are nobody's.
    let sizes: Vec<usize> = all
        .iter()
        .map(|path| {
            let bytes = fs::read(path).unwrap();
            bytes.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1)
        })
        .collect();
    let mut at = dice(sizes.iter().sum());
    let chosen = sizes
        .iter()
        .position(|size| match at.checked_sub(*size) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        })
        .unwrap();
    let path = match kind {
        "deleted" => &all[dice(all.len())],
        _ => &all[chosen],
    };
    let mut bytes = fs::read(path).unwrap();
    match kind {
        "flipped" => bytes[at] ^= 1 << dice(8),
        "zeroed" => bytes[at / 4096 * 4096..]
            .iter_mut()
            .take(4096)
            .for_each(|b| *b = 0),
        "cut" => bytes.truncate(at),
        _ => {}
    }
    let name = path.strip_prefix(copy).unwrap().display();
    let what = format!("{name} {kind} at {at}");
    if kind == "deleted" {
        fs::remove_file(path).unwrap();
    } else {
        fs::write(path, bytes).unwrap();
    }
    what
}

async fn damage_to_the_files_is_never_silent(kind: Kind) {
    let trials = std::env::var("DAMAGE_TRIALS").map_or(6, |n| n.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let store = open(&kind.name.parse().unwrap(), dir.path()).unwrap();
    for i in 0..600u64 {
        let long = if i % 97 == 0 { MAX_VALUE } else { 300 };
        store
            .commit(batch(|x| {
                x.put(number(i), vec![i as u8; long]).put("last", number(i))
            }))
            .await
            .unwrap();
    }
    let all = everything(&*store).await.unwrap();
    drop(store);
    let mut seed = 0x5eed_u64;
    let mut dice = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    let mut ends = std::collections::BTreeMap::<_, u32>::new();
    for stop in [Stop::InOrder, Stop::Killed, Stop::Large] {
        for damage in ["flipped", "zeroed", "cut", "deleted"] {
            for _ in 0..trials {
                let copy = tempfile::tempdir().unwrap();
                copy_folder(dir.path(), copy.path());
                if stop == Stop::Killed {
                    fs::remove_file(copy.path().join("CLEAN")).unwrap();
                }
                let what = spoil(copy.path(), damage, &mut dice);
                let end = outcome(copy.path(), kind, stop, &all).await;
                let end = end.unwrap_or_else(|why| panic!("{stop:?}, {what}: {why}"));
                *ends.entry((damage, end)).or_default() += 1;
            }
        }
    }
    println!("{}: {ends:?}", kind.name);
    assert!(ends.iter().any(|((_, end), _)| *end != "whole"), "{ends:?}");
}

/// What became of a damaged store; an error when the damage was silent, or the words were not clear.
async fn outcome(
    data: &Path,
    kind: Kind,
    stop: Stop,
    all: &[Record],
) -> Result<&'static str, String> {
    let at_once = if stop == Stop::Large { 0 } else { u64::MAX };
    let folder = match Folder::enter(data, kind.name) {
        Ok(folder) => folder,
        Err(error) => return clear(&error.to_string()).map(|()| "refused"),
    };
    let engine = match Embedded::open_checking(folder, kind, at_once) {
        Ok(engine) => engine,
        Err(error) => return clear(&error.to_string()).map(|()| "refused"),
    };
    let health = checked(&engine).await;
    let store = Grouped::new(Arc::new(engine)).unwrap();
    match (everything(&store).await, health.trouble) {
        (Ok(found), None) if found == all => Ok("whole"),
        (Ok(found), None) => Err(format!("{} of {} records", found.len(), all.len())),
        (Ok(_), Some(why)) => Err(format!("read all the same: {why}")),
        (Err(_), Some(why)) => clear(&why).map(|()| "noticed"),
        (Err(error), None) => match store.health().await.trouble {
            Some(_) => Ok("noticed"),
            None => Err(format!("an error and no trouble: {error}")),
        },
    }
}

/// Waits until the check beside the commits is over.
async fn checked(engine: &Embedded) -> Health {
    let begun = Instant::now();
    loop {
        let health = engine.health().await;
        if health.checking.is_none() {
            return health;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{health:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn clear(words: &str) -> Result<(), String> {
    let says = ["restore", "format"].iter().any(|way| words.contains(way));
    if says {
        Ok(())
    } else {
        Err(format!("not clear: {words}"))
    }
}

fn large(data: &Path, kind: Kind) -> Result<Embedded, OpenError> {
    Embedded::open_checking(Folder::enter(data, kind.name)?, kind, 0)
}

/// Refuses reads and commits and the next start, each in words that name the way back.
async fn is_given_up(engine: Embedded, data: &Path, kind: Kind) {
    let health = checked(&engine).await;
    let why = health.trouble.expect("the damage was found");
    assert!(
        !health.writable && why.contains("realmkeep restore"),
        "{why}"
    );
    let store = Grouped::new(Arc::new(engine)).unwrap();
    assert!(matches!(store.get(b"b").await, Err(StoreError::Corrupt(_))));
    let mut write = Batch::essential();
    write.put("c", "x");
    let refused = store.commit(write).await.unwrap_err().to_string();
    assert!(refused.contains("realmkeep restore"), "{refused}");
    drop(store);
    for _ in 0..2 {
        let refused = large(data, kind).err().expect("refused").to_string();
        assert!(refused.contains("realmkeep restore"), "{refused}");
    }
}

async fn a_record_that_went_missing_is_noticed_beside_the_commits(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    let engine = embedded(dir.path(), kind).unwrap();
    let both = batch(|x| x.put("a", "1").put("b", "2"));
    engine.commit_group(&[both]).await.unwrap();
    engine.lose(b"a");
    drop(engine);
    is_given_up(large(dir.path(), kind).unwrap(), dir.path(), kind).await;
}

async fn an_old_record_in_the_place_of_a_newer_one_is_noticed(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    let engine = embedded(dir.path(), kind).unwrap();
    let both = batch(|x| x.put("a", "alive").put("b", "2"));
    engine.commit_group(&[both]).await.unwrap();
    let old = engine.kept(b"a");
    let ended = batch(|x| x.put("a", "ended"));
    engine.commit_group(&[ended]).await.unwrap();
    // Its checksum is right: no single read could tell.
    stored::record(Bytes::from_static(b"a"), old.clone().into()).unwrap();
    engine.keep(b"a", Some(old));
    drop(engine);
    is_given_up(large(dir.path(), kind).unwrap(), dir.path(), kind).await;
}

async fn commits_beside_the_check_do_not_look_like_damage(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    let engine = embedded(dir.path(), kind).unwrap();
    for part in 0..10u64 {
        let many = batch(|x| (0..900).fold(x, |x, i| x.put(number(part * 900 + i), "steady")));
        engine.commit_group(&[many]).await.unwrap();
    }
    drop(engine);
    let engine = Arc::new(large(dir.path(), kind).unwrap());
    let store = Grouped::new(Arc::clone(&engine) as Arc<dyn Engine>).unwrap();
    let mut rounds = 0u64;
    while engine.health().await.checking.is_some() {
        // All over the keys, before and behind where the check is: changed, made and taken away.
        let write = batch(|x| {
            (0..40).fold(x, |x, i| {
                let at = (rounds * 131 + i * 223) % 9000;
                match i % 3 {
                    0 => x.put(number(at), number(rounds)),
                    1 => x.del(number(at)),
                    _ => x.put([&number(at)[..], &b"new"[..]].concat(), number(rounds)),
                }
            })
        });
        // One key twice is no batch.
        let _ = store.commit(write).await;
        rounds += 1;
    }
    let health = engine.health().await;
    assert!(health.writable && health.trouble.is_none(), "{health:?}");
    assert!(rounds > 1, "nothing was written meanwhile");
    drop(store);
    drop(engine);
    // And in the end every record is accounted for.
    fs::remove_file(dir.path().join("CLEAN")).unwrap();
    embedded(dir.path(), kind).unwrap();
}

async fn a_lost_end_is_noticed_after_a_kill(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    let engine = embedded(dir.path(), kind).unwrap();
    let alive = batch(|x| x.put("a", "alive"));
    engine.commit_group(&[alive]).await.unwrap();
    drop(engine);
    let earlier = tempfile::tempdir().unwrap();
    copy_folder(&dir.path().join(kind.name), earlier.path());
    let engine = embedded(dir.path(), kind).unwrap();
    let ended = batch(|x| x.put("a", "ended"));
    engine.commit_group(&[ended]).await.unwrap();
    drop(engine);
    fs::remove_file(dir.path().join("CLEAN")).unwrap();
    fs::remove_dir_all(dir.path().join(kind.name)).unwrap();
    copy_folder(earlier.path(), &dir.path().join(kind.name));
    let refused = embedded(dir.path(), kind)
        .err()
        .expect("refused")
        .to_string();
    assert!(
        refused.contains("commit 2 was acknowledged and it now ends with commit 1"),
        "{refused}"
    );
}

async fn after_a_crash_of_the_machine_every_record_is_checked_first(kind: Kind) {
    let dir = tempfile::tempdir().unwrap();
    let engine = embedded(dir.path(), kind).unwrap();
    let both = batch(|x| x.put("a", "1").put("b", "2"));
    engine.commit_group(&[both]).await.unwrap();
    engine.lose(b"a");
    drop(engine);
    fs::remove_file(dir.path().join("CLEAN")).unwrap();
    // Of no run of the machine that anybody knows.
    fs::remove_file(dir.path().join("MARK")).unwrap();
    let refused = large(dir.path(), kind).err().expect("refused").to_string();
    assert!(
        refused.contains("2 records should be there, 1 were found"),
        "{refused}"
    );
}
