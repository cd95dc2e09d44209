//! How far commits have come, kept beside the engine: an engine whose files lost their end looks like an earlier state of itself, whole
//! and well, and only somebody else can tell.
//!
//! The mark is written after each durable group and before its answer, so it never runs ahead of what is durable and never behind what
//! was acknowledged, but for a power cut: it is made durable itself once a second, since no group waits for a second disk write.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::folder;

const FILE: &str = "MARK";
/// Two copies, each in a disk sector of its own, written in turn: one of them is always whole.
const SLOT: u64 = 512;
const LEN: usize = 36;
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// What a mark says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reached {
    /// The last commit that was durable.
    pub(super) seq: u64,
    /// During which run of the machine; zero when that is not known.
    pub(super) boot: [u8; 16],
}

/// The file.
pub(super) struct Mark {
    file: File,
    turns: u64,
    synced: Instant,
    boot: [u8; 16],
}

impl Mark {
    /// Opens the mark in the data folder, and answers what it says, if it says anything.
    pub(super) fn open(data: &Path) -> io::Result<(Self, Option<Reached>)> {
        let mut file = folder::private(OpenOptions::new().create(true).truncate(false).read(true))
            .write(true)
            .open(data.join(FILE))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let found = [0, SLOT as usize]
            .into_iter()
            .filter_map(|at| bytes.get(at..at + LEN).and_then(read))
            .max_by_key(|(turns, _)| *turns);
        if bytes.len() < 2 * SLOT as usize {
            file.write_all_at(&vec![0; 2 * SLOT as usize], 0)?;
            if let Some((turns, reached)) = found {
                file.write_all_at(&text(turns, reached), turns % 2 * SLOT)?;
            }
            file.sync_all()?;
            File::open(data)?.sync_all()?;
        }
        let mark = Self {
            file,
            turns: found.map_or(0, |(turns, _)| turns),
            synced: Instant::now(),
            boot: boot(),
        };
        Ok((mark, found.map(|(_, reached)| reached)))
    }

    /// Whether it was written during this run of the machine: then what the process wrote is what the files hold.
    pub(super) fn is_of_now(&self, reached: &Reached) -> bool {
        self.boot != [0; 16] && self.boot == reached.boot
    }

    /// Says that everything up to commit `seq` is durable.
    pub(super) fn reach(&mut self, seq: u64) -> io::Result<()> {
        self.write(Reached {
            seq,
            boot: self.boot,
        })?;
        if self.synced.elapsed() < SYNC_EVERY {
            return Ok(());
        }
        self.sync()
    }

    /// Makes what was said durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.synced = Instant::now();
        self.file.sync_data()
    }

    /// Has the next start check every record before anything is served.
    pub(super) fn distrust(&mut self, seq: u64) -> io::Result<()> {
        self.boot = [0; 16];
        self.reach(seq)?;
        self.sync()
    }

    fn write(&mut self, reached: Reached) -> io::Result<()> {
        self.turns += 1;
        self.file
            .write_all_at(&text(self.turns, reached), self.turns % 2 * SLOT)
    }
}

fn text(turns: u64, reached: Reached) -> [u8; LEN] {
    let mut text = [0; LEN];
    text[..8].copy_from_slice(&turns.to_be_bytes());
    text[8..16].copy_from_slice(&reached.seq.to_be_bytes());
    text[16..32].copy_from_slice(&reached.boot);
    let sum = crc32fast::hash(&text[..32]).to_be_bytes();
    text[32..].copy_from_slice(&sum);
    text
}

fn read(text: &[u8]) -> Option<(u64, Reached)> {
    let (said, sum) = text.split_last_chunk::<4>()?;
    let (turns, rest) = said.split_first_chunk::<8>()?;
    let (seq, boot) = rest.split_first_chunk::<8>()?;
    let reached = Reached {
        seq: u64::from_be_bytes(*seq),
        boot: boot.try_into().ok()?,
    };
    // Zeros have a sum of their own, which is not zero.
    (crc32fast::hash(said).to_be_bytes() == *sum).then(|| (u64::from_be_bytes(*turns), reached))
}

/// The run of the machine, where the system names it; zeros elsewhere.
fn boot() -> [u8; 16] {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .ok()
        .and_then(|text| uuid::Uuid::parse_str(text.trim()).ok())
        .map_or([0; 16], uuid::Uuid::into_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_whole_copy_counts() {
        let dir = tempfile::tempdir().unwrap();
        let (mut mark, none) = Mark::open(dir.path()).unwrap();
        assert_eq!(none, None);
        for seq in [3, 4, 9] {
            mark.reach(seq).unwrap();
            let (again, said) = Mark::open(dir.path()).unwrap();
            let said = said.unwrap();
            assert_eq!(said.seq, seq);
            assert!(again.is_of_now(&said) || boot() == [0; 16]);
        }
        let path = dir.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[512 + 10] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Mark::open(dir.path()).unwrap().1.unwrap().seq, 4);
        bytes[10] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Mark::open(dir.path()).unwrap().1, None);
    }

    #[test]
    fn a_store_that_is_not_trusted_is_of_no_run_of_the_machine() {
        let dir = tempfile::tempdir().unwrap();
        let (mut mark, _) = Mark::open(dir.path()).unwrap();
        mark.reach(5).unwrap();
        mark.distrust(5).unwrap();
        let (mark, said) = Mark::open(dir.path()).unwrap();
        assert!(!mark.is_of_now(&said.unwrap()));
    }
}
