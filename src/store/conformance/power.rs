//! Power cuts: what a process does to its files is recorded, and files are put together as a power cut at some moment may have left
//! them, with what was not yet made durable gone, torn, or there in part. Each such image must open and hold every commit that was
//! acknowledged by then, and none by half. `POWER_IMAGES=100 cargo test --lib store::conformance::power` for the long form.

mod images;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::child::{Orders, wrong};
use super::*;
use images::{Left, Recording};

each_disk!(
    a_power_cut_takes_nothing_that_was_acknowledged,
    without_the_barrier_a_power_cut_takes_what_was_acknowledged,
);

/// Builds what records. There is a C compiler wherever Rust programs are linked.
fn recorder(dir: &Path) -> PathBuf {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/power/record.c");
    let library = dir.join("record.so");
    let built = Command::new("cc")
        .args(["-O1", "-shared", "-fPIC", "-o"])
        .arg(&library)
        .args([source, "-ldl"])
        .status()
        .expect("a C compiler named cc");
    assert!(built.success());
    library
}

/// Lives of a store under load, each ended by a kill, and all they did to their files.
fn recorded(kind: Kind, careless: bool) -> Recording {
    let dir = tempfile::tempdir().unwrap();
    let (library, log, data) = (
        recorder(dir.path()),
        dir.path().join("log"),
        dir.path().join("data"),
    );
    // What was never made durable does not outlive a kill with every engine: one life shows enough then.
    let lives: &[u64] = if careless { &[60] } else { &[60, 40] };
    for commits in lives {
        let orders = Orders {
            kind,
            careless,
            commits: Some(*commits),
        };
        let mut child = orders.spawn(&data, |command| {
            command
                .env("LD_PRELOAD", &library)
                .env("RECORD_BELOW", &data)
                .env("RECORD_TO", &log);
        });
        let rests = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .any(|line| line == "RESTS");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(rests, "the child ended early");
    }
    Recording::read(&std::fs::read(&log).unwrap(), &data)
}

/// What became of the images.
#[derive(Default, Debug)]
struct Verdict {
    images: usize,
    /// Which hold everything that was acknowledged.
    whole: usize,
    /// Which open and lack something, or hold half a commit.
    lossy: usize,
    /// Which do not open; the first reason.
    refused: usize,
    reason: Option<String>,
    acknowledged: usize,
    lost: usize,
}

async fn judge(kind: Kind, recording: &Recording, images: usize, left: Left) -> Verdict {
    let mut verdict = Verdict::default();
    let mut cuts = recording.cuts(images, left);
    let image = tempfile::tempdir().unwrap();
    while let Some(cut) = cuts.next() {
        let data = image.path().join(verdict.images.to_string());
        cut.lay_out(&data);
        verdict.images += 1;
        verdict.acknowledged += cut.acknowledged.len();
        match open(&kind.name.parse().unwrap(), &data) {
            Err(error) => {
                verdict.refused += 1;
                verdict.reason.get_or_insert_with(|| error.to_string());
            }
            Ok(store) => {
                let wrong = wrong(&*store, &cut.acknowledged).await;
                verdict.lost += wrong.lost.len();
                if wrong.lost.is_empty() && wrong.torn.is_empty() {
                    verdict.whole += 1;
                } else {
                    verdict.lossy += 1;
                }
            }
        }
        std::fs::remove_dir_all(&data).unwrap();
    }
    verdict
}

fn images(short: usize) -> usize {
    std::env::var("POWER_IMAGES").map_or(short, |n| n.parse().unwrap())
}

async fn a_power_cut_takes_nothing_that_was_acknowledged(kind: Kind) {
    let recording = recorded(kind, false);
    for left in [Left::Nothing, Left::SomeBlocks, Left::TornPrefix] {
        let began = Instant::now();
        let verdict = judge(kind, &recording, images(8), left).await;
        println!(
            "{} {left:?}: {verdict:?} in {:?}",
            kind.name,
            began.elapsed()
        );
        assert_eq!(
            verdict.whole, verdict.images,
            "{} {left:?}: {verdict:?}",
            kind.name
        );
        assert!(verdict.acknowledged > 0);
    }
}

/// Else the test above would prove nothing.
async fn without_the_barrier_a_power_cut_takes_what_was_acknowledged(kind: Kind) {
    let recording = recorded(kind, true);
    let verdict = judge(kind, &recording, images(8), Left::Nothing).await;
    println!("{} without the barrier: {verdict:?}", kind.name);
    assert!(
        verdict.lossy + verdict.refused > 0 && verdict.lost > 0,
        "{}: {verdict:?}",
        kind.name
    );
}
