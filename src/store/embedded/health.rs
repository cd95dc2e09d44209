//! How the engine is, in words for an operator.

use std::sync::atomic::Ordering;

use super::Inner;
use crate::store::Health;
use crate::store::space::{Room, words};

impl Inner {
    pub(super) fn health(&self) -> Health {
        let mut remarks = Vec::new();
        let checking = self.progress.now();
        if let Some((done, total)) = checking {
            remarks.push(format!(
                "every record is being checked: {done} of {total} so far"
            ));
        }
        let (room, free) = self.space.look();
        remarks.extend(words(room, free));
        let disk = self.shelf.disk();
        remarks.extend(self.large(disk.unwrap_or_default()));
        let ended = self.broken.get().or_else(|| self.stopped.get());
        Health {
            engine: self.kind.name,
            writable: ended.is_none(),
            trouble: ended.or_else(|| self.damaged.get()).cloned(),
            disk,
            free,
            checking,
            no_room: room != Room::Enough,
            remarks,
            queued: 0,
            pos: self.feed.head(),
        }
    }

    /// Whether the store nears the size it is meant for.
    fn large(&self, disk: u64) -> Option<String> {
        let meant = self.kind.meant_for?;
        let records = self.records.load(Ordering::Relaxed);
        let near = |now: u64, most: u64| now > most - most / 5;
        if !near(disk, meant.bytes) && !near(records, meant.records) {
            return None;
        }
        let words = format!(
            "{} holds {} MB in {records} records and is meant for up to {} MB in {} (about 2 000 000 live sessions): move to --store redb or to PostgreSQL, with `realmkeep export` and `realmkeep import`",
            self.kind.name,
            disk / 1_000_000,
            meant.bytes / 1_000_000,
            meant.records
        );
        if !self.large.swap(true, Ordering::Relaxed) {
            tracing::warn!("{words}");
        }
        Some(words)
    }
}
