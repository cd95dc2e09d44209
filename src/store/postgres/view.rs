//! Everything as it was at one moment: a transaction of its own, on a connection of its own, that reads and writes nothing.

use async_trait::async_trait;
use tokio::task::AbortHandle;
use tokio_postgres::{Client, Statement};

use super::fault::{unavailable, words};
use super::link::Dial;
use super::read::field;
use super::row;
use super::statements::Sql;
use crate::store::{Bytes, Cursor, KeysOrRecords, Page, Record, StoreError, View, page};

/// The view is taken by the first statement after this. Whoever copies may take their time between two pages.
const BEGIN: &str = "
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL statement_timeout = '60s';
";

/// A transaction that sees the moment it began.
pub(super) struct OldView {
    client: Client,
    driver: AbortHandle,
    up: Statement,
}

impl OldView {
    pub(super) async fn open(dial: &Dial) -> Result<Self, StoreError> {
        let sql = |error: tokio_postgres::Error| unavailable(words(&error));
        let (client, driver) = dial.connect().await.map_err(sql)?;
        let up = async {
            client.batch_execute(BEGIN).await?;
            // A moment is chosen by reading, not by beginning.
            client.batch_execute("SELECT 1 FROM kv LIMIT 1").await?;
            client.prepare(Sql::Up.text()).await
        };
        match up.await {
            Ok(up) => Ok(Self { client, driver, up }),
            Err(error) => {
                driver.abort();
                Err(sql(error))
            }
        }
    }
}

impl Drop for OldView {
    fn drop(&mut self) {
        // The server ends the transaction with the connection.
        self.driver.abort();
    }
}

#[async_trait]
impl View for OldView {
    async fn page(&mut self, after: Option<&Cursor>, limit: usize) -> Result<Page, StoreError> {
        let from = match after {
            Some(Cursor(key)) => Bytes::from([&key[..], &[0]].concat()),
            None => Bytes::new(),
        };
        let limit_and_one = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let rows = self
            .client
            .query(&self.up, &[&&from[..], &limit_and_one])
            .await
            .map_err(|error| unavailable(words(&error)))?;
        let records = rows.iter().map(|r| -> Result<Record, StoreError> {
            let key = Bytes::copy_from_slice(field(r, 0)?);
            row::record(key, field(r, 1)?, field(r, 2)?)
        });
        page::fill(records, limit, KeysOrRecords::Records)
    }
}
