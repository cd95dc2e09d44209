//! What goes wrong between here and the database, in words without a secret.

use std::error::Error as _;

use tokio_postgres::error::{Severity, SqlState};

use crate::store::{BoxError, StoreError};

/// Why a PostgreSQL store does not open. The message is for the operator and says what to do.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum OpenFault {
    /// The database did not answer, or said no.
    #[error("{0}")]
    Database(String),
    /// Its version is too old.
    #[error("the server is PostgreSQL {0}; realmkeep needs version 15 or later")]
    OldServer(String),
    /// There is nowhere to put the tables.
    #[error(
        "there is no schema to put the tables in: none of the role's search_path exists; CREATE SCHEMA one, or name it with ?options=-csearch_path%3DNAME"
    )]
    NoSchema,
    /// The role may not make them.
    #[error(
        "the role may not create tables in the schema {0:?}; GRANT CREATE ON SCHEMA to it, or give it a database of its own"
    )]
    NotAllowed(String),
    /// A newer version has been here.
    #[error(
        "its tables have version {0}, made by a newer realmkeep; run that version or a newer one"
    )]
    NewerSchema(i64),
    /// A file of certificates does not read.
    #[error("{0}")]
    Certificates(String),
}

/// An error of the database in words: its own message, never its detail (which may quote a record) and never the URL.
pub(super) fn words(error: &tokio_postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return format!("the database says: {} ({})", db.message(), db.code().code());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// What an error says of the statement it answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Not applied; others were in the way, so it is worth another try at once.
    Again,
    /// Not applied.
    Refused,
    /// Not applied, and this connection will take no writes: look for the primary anew.
    Elsewhere,
    /// Nobody knows: the connection was lost with the statement under way.
    Doubtful,
}

/// Judges the error of a statement that was sent.
pub(super) fn judge(error: &tokio_postgres::Error) -> Verdict {
    let Some(db) = error.as_db_error() else {
        return Verdict::Doubtful;
    };
    // Anything graver than an error ends the connection, at any moment of the commit.
    if !matches!(db.parsed_severity(), Some(Severity::Error)) {
        return Verdict::Doubtful;
    }
    let code = db.code();
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        Verdict::Again
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION
        || *code == SqlState::UNDEFINED_TABLE
        || *code == SqlState::UNDEFINED_FUNCTION
    {
        Verdict::Elsewhere
    } else if code.code().starts_with("40")
        || code.code().starts_with("57P")
        || code.code().starts_with("08")
    {
        // 40003 says in so many words that the outcome is not known.
        Verdict::Doubtful
    } else {
        Verdict::Refused
    }
}

/// A read that failed.
pub(super) fn unavailable(why: impl Into<BoxError>) -> StoreError {
    StoreError::Unavailable(why.into())
}
