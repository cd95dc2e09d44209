//! A walk over a range of keys, a page at a time: however much there is, a page of it is held.

use super::{Context, Fault};
use crate::store::{Batch, Cursor, Dir, KeysOrRecords, MAX_PAGE, Range, Record, Store, StoreError};

/// How many records a page has unless it is said otherwise.
const USUAL: usize = 500;

/// Where a walk stands. Several pages are not one snapshot: see [`Store::scan`].
pub struct Walk<'a> {
    store: &'a dyn Store,
    range: Range,
    after: Option<Cursor>,
    page: usize,
    dir: Dir,
    what: KeysOrRecords,
    over: bool,
}

impl<'a> Walk<'a> {
    /// Over the records of a range, smallest key first.
    pub fn records(ctx: &'a Context, range: Range) -> Walk<'a> {
        Walk {
            store: &*ctx.store,
            range,
            after: None,
            page: USUAL,
            dir: Dir::Forward,
            what: KeysOrRecords::Records,
            over: false,
        }
    }

    /// Over its keys; the values are left empty.
    pub fn keys(ctx: &'a Context, range: Range) -> Walk<'a> {
        Walk {
            what: KeysOrRecords::KeysOnly,
            ..Walk::records(ctx, range)
        }
    }

    /// The other way round, when it is [`Dir::Reverse`]: largest key first.
    #[must_use]
    pub fn toward(mut self, dir: Dir) -> Walk<'a> {
        self.dir = dir;
        self
    }

    /// Beyond this key.
    #[must_use]
    pub fn after(mut self, after: Option<Cursor>) -> Walk<'a> {
        self.after = after;
        self
    }

    /// This many at a time; at least one, at most [`MAX_PAGE`].
    #[must_use]
    pub fn by(mut self, page: usize) -> Walk<'a> {
        self.page = page.clamp(1, MAX_PAGE);
        self
    }

    /// The next page, which may be empty; `None` once the range is over.
    ///
    /// # Errors
    /// [`StoreError`]; asked again, it goes on where it was.
    pub async fn next(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        if self.over {
            return Ok(None);
        }
        let (after, page) = (self.after.as_ref(), self.page);
        let page = self
            .store
            .scan(&self.range, after, page, self.dir, self.what)
            .await?;
        self.over = page.next.is_none();
        self.after = page.next.or(self.after.take());
        Ok(Some(page.records))
    }

    /// How many there are from here on; it stops after the page that brings it to `most`.
    ///
    /// # Errors
    /// [`StoreError`] when the store does not answer.
    pub async fn count(&mut self, most: usize) -> Result<usize, StoreError> {
        let mut counted = 0;
        while let Some(page) = self.next().await? {
            counted += page.len();
            if counted >= most {
                break;
            }
        }
        Ok(counted)
    }

    /// Where another walk would go on; `None` once the range is over.
    pub fn place(&self) -> Option<&Cursor> {
        self.after.as_ref().filter(|_| !self.over)
    }
}

/// Removes everything in a range, a page at a time.
///
/// # Errors
/// [`Fault`] when the store fails; asked again, it goes on.
pub async fn clear(ctx: &Context, range: &Range) -> Result<(), Fault> {
    loop {
        let (dir, what) = (Dir::Forward, KeysOrRecords::KeysOnly);
        let page = ctx.store.scan(range, None, USUAL, dir, what).await?;
        if page.records.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::essential();
        for record in page.records {
            batch.del(record.key);
        }
        ctx.commit(batch).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing;
    use crate::store::Batch;

    #[tokio::test]
    async fn pages_of_any_size_show_each_record_once_in_either_direction() {
        let (ctx, _) = testing::context();
        let mut batch = Batch::new();
        for n in 0..10u8 {
            batch.put(vec![0xf0, n], vec![n]);
        }
        ctx.commit(batch).await.unwrap();
        let range = || Range::prefix([0xf0]);
        for (dir, expected) in [
            (Dir::Forward, (0..10).collect::<Vec<u8>>()),
            (Dir::Reverse, (0..10).rev().collect()),
        ] {
            for size in [1, 3, 5, 10, 11] {
                let mut walk = Walk::records(&ctx, range()).toward(dir).by(size);
                let mut seen = Vec::new();
                while let Some(page) = walk.next().await.unwrap() {
                    assert!(page.len() <= size);
                    seen.extend(page.iter().map(|record| record.value[0]));
                }
                assert_eq!((&seen, walk.place()), (&expected, None), "{size}");
            }
        }
        let all = Walk::keys(&ctx, range()).by(3).count(usize::MAX).await;
        assert_eq!(all.unwrap(), 10);
    }
}
