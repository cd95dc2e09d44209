//! Wire: the one way out of the process, as the domain sees it. What is sent and what came back, and nothing of sockets;
//! `deliver/outbound` implements it and guards it.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// The way out. There is one implementation that leaves the process, and it refuses addresses that an app must not name.
#[async_trait]
pub trait Wire: Send + Sync {
    /// Sends one request and answers what came back. Never follows a redirect: a 3xx is an answer like any other.
    ///
    /// # Errors
    /// [`WireError`] when nothing came back.
    async fn send(&self, request: Outgoing) -> Result<Answered, WireError>;
    /// Asks whether anybody is at an address, with a HEAD request that says nothing; answers the status.
    ///
    /// # Errors
    /// [`WireError`] when nothing came back.
    async fn reach(&self, url: &str, timeout: Duration) -> Result<u16, WireError>;
}

/// One request, always a POST. Its headers may hold a secret, so it has no `Debug`.
pub struct Outgoing {
    /// Where to, as registered.
    pub url: String,
    /// Headers beside those of the connection; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// What is handed over.
    pub body: Bytes,
    /// How long the whole exchange may take, resolving and connecting included.
    pub timeout: Duration,
    /// The most bytes of the answer's body that are read; the rest is dropped with the connection.
    pub max_answer: usize,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The answer's `content-type`, if it has one.
    pub content_type: Option<String>,
    /// Its `retry-after` in seconds, when it is a number.
    pub retry_after: Option<u64>,
    /// The beginning of its body.
    pub body: Bytes,
    /// How long it took.
    pub took: Duration,
}

/// Why nothing came back. The text is shown to administrators: it holds no secret and no address that was resolved inside
/// a private network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The address is none, or is one that nothing may be sent to. Trying again does not help until a setting changes.
    #[error("{0}")]
    Refused(String),
    /// The name has no address.
    #[error("the name {0:?} does not resolve")]
    Unresolved(String),
    /// No connection, or it broke.
    #[error("{0}")]
    Unreachable(String),
    /// The time was up.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
}
