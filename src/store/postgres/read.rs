//! Reads: one statement, one snapshot, one round trip each. A read that lost its connection is asked again on another.

use std::collections::HashMap;
use std::ops::Bound;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::fault::{Verdict, judge, unavailable, words};
use super::statements::Sql;
use super::{Postgres, row};
use crate::store::{Bytes, Cursor, Dir, KeysOrRecords, Page, Range, Record, StoreError, page};

/// How long a read may wait for a connection and for its answer, together.
const PATIENCE: Duration = Duration::from_secs(4);

impl Postgres {
    /// Asks on the least busy connection.
    pub(super) async fn ask(
        &self,
        sql: Sql,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let Some(link) = self.readers.take() else {
                return Err(unavailable("no connections"));
            };
            let session = link.session(until).await.map_err(unavailable)?;
            match timeout_at(until, session.query(sql, params)).await {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(error)) => match judge(&error) {
                    Verdict::Refused => return Err(unavailable(words(&error))),
                    Verdict::Again if Instant::now() < until => {}
                    Verdict::Doubtful | Verdict::Elsewhere if Instant::now() < until => {
                        link.give_up(&session);
                    }
                    _ => return Err(unavailable(words(&error))),
                },
                Err(_) => {
                    link.give_up(&session);
                    return Err(unavailable("the database did not answer in time"));
                }
            }
        }
    }

    pub(super) async fn one(&self, key: &[u8]) -> Result<Option<Record>, StoreError> {
        let rows = self.ask(Sql::Get, &[&key]).await?;
        rows.first()
            .map(|r| row::record(Bytes::copy_from_slice(key), field(r, 0)?, field(r, 1)?))
            .transpose()
    }

    pub(super) async fn many(&self, keys: &[Bytes]) -> Result<Vec<Option<Record>>, StoreError> {
        if let [key] = keys {
            return Ok(vec![self.one(key).await?]);
        }
        let asked: Vec<&[u8]> = keys.iter().map(|k| &**k).collect();
        let rows = self.ask(Sql::GetMany, &[&asked]).await?;
        let mut found: HashMap<&[u8], &Row> = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(field(row, 0)?, row);
        }
        let record = |key: &Bytes| {
            let Some(r) = found.get(&**key) else {
                return Ok(None);
            };
            row::record(key.clone(), field(r, 1)?, field(r, 2)?).map(Some)
        };
        keys.iter().map(record).collect()
    }

    pub(super) async fn page(
        &self,
        r: &Range,
        after: Option<&Cursor>,
        limit: usize,
        dir: Dir,
        what: KeysOrRecords,
    ) -> Result<Page, StoreError> {
        let Some((from, to)) = page::bounds(r, after, dir) else {
            return Ok(Page {
                records: Vec::new(),
                next: None,
            });
        };
        let from = match from {
            Bound::Included(key) => key,
            Bound::Excluded(key) => past(&key),
            Bound::Unbounded => Bytes::new(),
        };
        let to = match to {
            Bound::Excluded(key) | Bound::Included(key) => Some(key),
            Bound::Unbounded => None,
        };
        let keys_only = what == KeysOrRecords::KeysOnly;
        let sql = match (dir, to.is_some(), keys_only) {
            (Dir::Forward, false, false) => Sql::Up,
            (Dir::Forward, true, false) => Sql::UpTo,
            (Dir::Reverse, false, false) => Sql::Down,
            (Dir::Reverse, true, false) => Sql::DownFrom,
            (Dir::Forward, false, true) => Sql::UpKeys,
            (Dir::Forward, true, true) => Sql::UpToKeys,
            (Dir::Reverse, false, true) => Sql::DownKeys,
            (Dir::Reverse, true, true) => Sql::DownFromKeys,
        };
        // One more than asked for says whether there is a next page.
        let limit_and_one = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let (from, to) = (&from[..], to.as_deref());
        let rows = match &to {
            Some(to) => self.ask(sql, &[&from, &limit_and_one, to]).await?,
            None => self.ask(sql, &[&from, &limit_and_one]).await?,
        };
        let records = rows.iter().map(|r| {
            let key = Bytes::copy_from_slice(field(r, 0)?);
            if keys_only {
                return Ok(Record {
                    key,
                    value: Bytes::new(),
                    version: row::version(field(r, 1)?)?,
                });
            }
            row::record(key, field(r, 1)?, field(r, 2)?)
        });
        page::fill(records, limit, what)
    }
}

/// The first key beyond `key`: nothing lies between it and the same key with a zero byte after it.
pub(super) fn past(key: &[u8]) -> Bytes {
    [key, &[0]].concat().into()
}

/// A column; a database that answers another type than the statement has is no database of ours.
pub(super) fn field<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    at: usize,
) -> Result<T, StoreError> {
    row.try_get(at)
        .map_err(|error| StoreError::Corrupt(words(&error)))
}
