//! The feed of an engine that has one writer: the last changes, in memory. A restart begins it anew, and old positions get a gap.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};

use tokio::sync::watch;

use super::{Change, Changes, FeedError, FeedPos};

/// How many changes are kept.
const KEPT: usize = 64 * 1024;

pub(super) struct Feed {
    ring: RwLock<Ring>,
    wake: watch::Sender<()>,
}

struct Ring {
    /// Everything after this position is kept.
    floor: FeedPos,
    /// The newest position.
    head: FeedPos,
    changes: VecDeque<Change>,
    kept: usize,
}

impl Feed {
    /// A feed that goes on after `head` and knows nothing of what came before.
    pub(super) fn beginning_at(head: u64) -> Self {
        Self::keeping(head, KEPT)
    }

    fn keeping(head: u64, kept: usize) -> Self {
        let head = FeedPos(head);
        Self {
            ring: RwLock::new(Ring {
                floor: head,
                head,
                changes: VecDeque::new(),
                kept,
            }),
            wake: watch::Sender::new(()),
        }
    }

    /// Adds what one group changed. Called once the group is durable and can be read.
    pub(super) fn publish(&self, changes: Vec<Change>, head: u64) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.head = FeedPos(head);
        ring.changes.extend(changes);
        // A commit goes as a whole: half of one would look like all of it.
        while ring.changes.len() > ring.kept
            || ring.changes.front().is_some_and(|c| c.pos == ring.floor)
        {
            if let Some(gone) = ring.changes.pop_front() {
                ring.floor = gone.pos;
            }
        }
        drop(ring);
        self.wake.send_replace(());
    }

    pub(super) fn head(&self) -> FeedPos {
        self.ring
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .head
    }

    pub(super) fn after(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        // A position from the future is of another store, or of this one before a backup was restored.
        if pos < ring.floor || pos > ring.head {
            return Err(FeedError::Gap { resume: ring.head });
        }
        let start = ring.changes.partition_point(|c| c.pos <= pos);
        let mut changes = Vec::new();
        for change in ring.changes.range(start..) {
            if changes.len() >= limit.max(1)
                && changes
                    .last()
                    .is_some_and(|last: &Change| last.pos != change.pos)
            {
                let next = changes.last().map_or(pos, |last| last.pos);
                return Ok(Changes {
                    changes,
                    next,
                    late: false,
                });
            }
            changes.push(change.clone());
        }
        Ok(Changes {
            changes,
            next: ring.head,
            late: false,
        })
    }

    pub(super) fn wake(&self) -> watch::Receiver<()> {
        self.wake.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(feed: &Feed, pos: u64, keys: &[&'static str]) {
        feed.publish(
            keys.iter()
                .map(|k| Change {
                    pos: FeedPos(pos),
                    key: (*k).into(),
                })
                .collect(),
            pos,
        );
    }

    #[test]
    fn what_was_trimmed_is_a_gap_and_never_half_a_commit() {
        let feed = Feed::keeping(10, 3);
        commit(&feed, 11, &["a", "b"]);
        commit(&feed, 12, &["c", "d"]);
        assert!(matches!(
            feed.after(FeedPos(10), 9),
            Err(FeedError::Gap {
                resume: FeedPos(12)
            })
        ));
        let rest = feed.after(FeedPos(11), 9).unwrap();
        assert_eq!(
            rest.changes.iter().map(|c| &c.key[..]).collect::<Vec<_>>(),
            [b"c", b"d"]
        );
        assert_eq!(rest.next, FeedPos(12));
    }

    #[test]
    fn a_position_from_the_future_is_a_gap() {
        let feed = Feed::keeping(10, 3);
        assert!(matches!(
            feed.after(FeedPos(11), 9),
            Err(FeedError::Gap {
                resume: FeedPos(10)
            })
        ));
        assert_eq!(feed.after(FeedPos(10), 9).unwrap().changes, []);
    }

    #[test]
    fn a_limit_stops_between_commits() {
        let feed = Feed::keeping(0, 100);
        commit(&feed, 1, &["a", "b"]);
        commit(&feed, 2, &["c"]);
        let first = feed.after(FeedPos(0), 1).unwrap();
        assert_eq!((first.changes.len(), first.next), (2, FeedPos(1)));
        let second = feed.after(first.next, 1).unwrap();
        assert_eq!((second.changes.len(), second.next), (1, FeedPos(2)));
    }
}
