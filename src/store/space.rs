//! Room on the disk: what is still taken when it runs short.
//!
//! An engine that once failed to write does not recover, so the refusal comes before the disk is full. Short of room, only essential
//! batches (sign-outs) are taken; shorter still, a reserve that was laid by for them is given up; at the very end nothing is taken.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};

use super::folder;

const FILE: &str = "RESERVE";
const MIB: u64 = 1 << 20;

/// Free and total bytes of a file system.
pub(super) type Probe = Box<dyn Fn() -> io::Result<(u64, u64)> + Send + Sync>;

/// What there is room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Room {
    /// Everything.
    Enough,
    /// Essential batches alone.
    Short,
    /// Nothing.
    Gone,
}

/// From which free bytes on what is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Limits {
    /// Below this only essential batches are taken.
    short: u64,
    /// Below this the reserve is given up, and this is also its size.
    reserve: u64,
    /// Below this nothing is taken.
    gone: u64,
}

impl Limits {
    /// A twentieth of the file system is kept free, within bounds.
    fn of(total: u64) -> Self {
        let short = (total / 20).clamp(32 * MIB, 256 * MIB);
        Self {
            short,
            reserve: short / 8,
            gone: short / 32,
        }
    }
}

/// The watch over the file system of a data folder.
pub(super) struct Space {
    probe: Probe,
    reserve: PathBuf,
    /// The last [`Room`], so that changes are logged once.
    last: AtomicU8,
    /// What tests have the disk look like.
    #[cfg(test)]
    pretended: std::sync::atomic::AtomicU64,
}

impl Space {
    /// Watches the file system of `data`.
    pub(super) fn watch(data: &Path) -> Self {
        let folder = data.to_owned();
        Self::probed(
            data,
            Box::new(move || {
                let found = rustix::fs::statvfs(&folder)?;
                Ok((
                    found.f_bavail.saturating_mul(found.f_frsize),
                    found.f_blocks.saturating_mul(found.f_frsize),
                ))
            }),
        )
    }

    /// Watches what `probe` says.
    pub(super) fn probed(data: &Path, probe: Probe) -> Self {
        Self {
            probe,
            reserve: data.join(FILE),
            last: AtomicU8::new(Room::Enough as u8),
            #[cfg(test)]
            pretended: std::sync::atomic::AtomicU64::new(u64::MAX),
        }
    }

    /// Looks, gives the reserve up or lays it by again, and answers what there is room for and how many bytes are free. A file system
    /// that does not say is taken to have room.
    pub(super) fn look(&self) -> (Room, Option<u64>) {
        let Ok((mut free, total)) = self.ask() else {
            return (Room::Enough, None);
        };
        let limits = Limits::of(total);
        let mut reserved = self.reserve.exists();
        if reserved && free < limits.reserve {
            match fs::remove_file(&self.reserve) {
                Ok(()) => {
                    tracing::warn!("the reserve on the disk is given up for sign-outs");
                    reserved = false;
                    free = self.ask().map_or(free, |(free, _)| free);
                }
                Err(error) => tracing::error!(%error, "the reserve cannot be given up"),
            }
        } else if !reserved && free >= limits.short + limits.reserve {
            match lay_by(&self.reserve, limits.reserve) {
                Ok(()) => {
                    reserved = true;
                    free -= limits.reserve;
                }
                Err(error) => tracing::warn!(%error, "no reserve can be laid by on the disk"),
            }
        }
        // Without the reserve more must be free, so that it can be laid by again.
        let wanted = limits.short + if reserved { 0 } else { limits.reserve };
        let room = if free < limits.gone {
            Room::Gone
        } else if free < wanted {
            Room::Short
        } else {
            Room::Enough
        };
        self.say(room, free);
        (room, Some(free))
    }

    fn ask(&self) -> io::Result<(u64, u64)> {
        #[cfg(test)]
        match self.pretended.load(Ordering::SeqCst) {
            u64::MAX => {}
            free => return Ok((free, 1000 * MIB)),
        }
        (self.probe)()
    }

    #[cfg(test)]
    pub(super) fn pretend(&self, free: u64) {
        self.pretended.store(free, Ordering::SeqCst);
    }

    fn say(&self, room: Room, free: u64) {
        if self.last.swap(room as u8, Ordering::Relaxed) == room as u8 {
            return;
        }
        match words(room, Some(free)) {
            Some(words) => tracing::error!("{words}"),
            None => tracing::info!("there is room on the disk again"),
        }
    }
}

/// What to tell the operator.
pub(super) fn words(room: Room, free: Option<u64>) -> Option<String> {
    let free = free.unwrap_or_default() / MIB;
    match room {
        Room::Enough => None,
        Room::Short => Some(format!(
            "the disk is nearly full ({free} MiB free): sign-outs are taken, everything else is refused until there is room"
        )),
        Room::Gone => Some(format!(
            "the disk is full ({free} MiB free): nothing is taken until there is room; reading goes on"
        )),
    }
}

fn lay_by(path: &Path, bytes: u64) -> io::Result<()> {
    let mut file = folder::private(
        fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true),
    )
    .open(path)?;
    let laid = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes)
        .map_err(io::Error::from)
        .or_else(|_| {
            let zeros = vec![0; MIB as usize];
            (0..bytes / MIB).try_for_each(|_| file.write_all(&zeros))
        });
    if laid.is_err() {
        let _ = fs::remove_file(path);
    }
    laid
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn the_reserve_is_given_up_and_laid_by_again() {
        let dir = tempfile::tempdir().unwrap();
        let free = Arc::new(AtomicU64::new(1000 * MIB));
        let reserve = dir.path().join(FILE);
        let (probed, laid) = (Arc::clone(&free), reserve.clone());
        // What the reserve takes is not free.
        let probe = move || {
            let taken = fs::metadata(&laid).map_or(0, |m| m.len());
            Ok((
                probed.load(Ordering::SeqCst).saturating_sub(taken),
                1000 * MIB,
            ))
        };
        let space = Space::probed(dir.path(), Box::new(probe));
        let at = |mib: u64| {
            free.store(mib * MIB, Ordering::SeqCst);
            space.look().0
        };
        assert_eq!(at(1000), Room::Enough);
        assert_eq!(Limits::of(1000 * MIB).short, 50 * MIB);
        let size = fs::metadata(&reserve).unwrap().len();
        assert_eq!(size, 50 * MIB / 8);
        assert_eq!(at(50), Room::Short);
        assert!(reserve.exists());
        assert_eq!(at(7), Room::Short);
        assert!(!reserve.exists(), "given up");
        assert_eq!(at(1), Room::Gone);
        assert_eq!(at(52), Room::Short, "not before the reserve has room");
        assert_eq!(at(60), Room::Enough);
        assert!(reserve.exists());
    }

    #[test]
    fn a_file_system_that_does_not_say_has_room() {
        let dir = tempfile::tempdir().unwrap();
        let space = Space::probed(dir.path(), Box::new(|| Err(io::Error::other("?"))));
        assert_eq!(space.look(), (Room::Enough, None));
    }
}
