//! The feed: one row a call, told below the oldest transaction under way.

use std::sync::atomic::Ordering;

use super::Postgres;
use super::read::field;
use super::statements::Sql;
use crate::store::{Bytes, Change, Changes, FeedError, FeedPos};

impl Postgres {
    pub(super) async fn told(&self, pos: FeedPos, limit: usize) -> Result<Changes, FeedError> {
        // A number from another engine, beyond what a row can have: surely from the future.
        let after = i64::try_from(pos.0).unwrap_or(i64::MAX);
        let rows = i64::try_from(limit.max(1)).unwrap_or(i64::MAX);
        let rows = self.ask(Sql::Changes, &[&after, &rows]).await?;
        let Some(first) = rows.first() else {
            return Err(FeedError::Store(super::fault::unavailable(
                "the feed answered nothing",
            )));
        };
        let (low, high): (i64, i64) = (field(first, 0)?, field(first, 1)?);
        let floor: Option<i64> = field(first, 2)?;
        let resume = FeedPos(u64::try_from(low.saturating_sub(1)).unwrap_or_default());
        // After the connection was lost this may be another server, with another past.
        let lost = self.lost.swap(false, Ordering::AcqRel);
        if lost || after < floor.unwrap_or(0) || after >= high {
            return Err(FeedError::Gap { resume });
        }
        let mut told = Changes {
            changes: Vec::new(),
            next: pos,
            late: field(first, 3)?,
        };
        let mut whole = rows.len() < limit.max(1);
        for row in &rows {
            let Some(xid) = field::<Option<i64>>(row, 4)? else {
                break;
            };
            if told.changes.len() >= limit.max(1) {
                whole = false;
                break;
            }
            let pos = FeedPos(u64::try_from(xid).unwrap_or_default());
            let keys: Vec<&[u8]> = field(row, 5)?;
            told.changes.extend(keys.into_iter().map(|key| Change {
                pos,
                key: Bytes::copy_from_slice(key),
            }));
            told.next = pos;
        }
        if whole {
            // What comes below the horizon has been told: most commits have nothing to tell and are not looked at again.
            told.next = told.next.max(resume);
        }
        Ok(told)
    }
}
