//! Everything as one moment left it, for a backup: a transaction that only reads, on a connection of its own.

use async_trait::async_trait;

use super::fault::{unavailable, words};
use super::link::Session;
use super::read::{field, past};
use super::statements::Sql;
use super::{Postgres, row};
use crate::store::{Bytes, Cursor, KeysOrRecords, Page, StoreError, View, page};

/// It has no number, so it holds up no feed; dead rows wait for it, which is what a snapshot is. Whoever copies may pause.
const BEGIN: &str = "
SET statement_timeout = '60s';
SET idle_in_transaction_session_timeout = '10min';
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
";

struct Moment(Session);

impl Postgres {
    pub(super) async fn moment(&self) -> Result<Box<dyn View>, StoreError> {
        let begun = self.dial.session(Some(BEGIN)).await;
        let session = begun.map_err(|error| unavailable(words(&error)))?;
        Ok(Box::new(Moment(session)))
    }
}

#[async_trait]
impl View for Moment {
    async fn page(&mut self, after: Option<&Cursor>, limit: usize) -> Result<Page, StoreError> {
        let from = after.map_or_else(Bytes::new, |Cursor(key)| past(key));
        let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let rows = self
            .0
            .query(Sql::Up, &[&&from[..], &one_more])
            .await
            .map_err(|error| unavailable(words(&error)))?;
        let records = rows.iter().map(|r| {
            row::record(
                Bytes::copy_from_slice(field(r, 0)?),
                field(r, 1)?,
                field(r, 2)?,
            )
        });
        page::fill(records, limit, KeysOrRecords::Records)
    }
}
