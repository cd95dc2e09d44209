//! Shared Signals (SSF 1.0, CAEP 1.0, RISC 1.0): what other parties are told of sessions and accounts, as it happens.
//!
//! Owns the streams, who hears of what, and what waits in each stream until its receiver has it. What happened is told by
//! whoever does it, in the commit that does it ([`event::tell`]): the door for sessions, the verbs of users for accounts.
//! Does not own signing (`token::issue`) nor the way out (`outbox::wire`).

pub mod bounds;
pub mod event;
mod hearing;
pub mod marks;
pub mod push;
pub mod queue;
mod receipts;
mod report;
pub mod settings;
pub mod status;
pub mod streams;
pub mod subjects;
pub mod verbs;

use serde::{Deserialize, Serialize};

pub use event::{Event, EventType, Kind};
pub use marks::Marks;
pub use report::session_claims;
pub(in crate::domain) use report::{
    Deed, channel_of, session_again, session_ended, user_changed, user_gone,
};
pub use streams::Signals;
pub use verbs::SsfError;

use super::id::{ClientId, StreamId};
use super::outbox::Channel;
use super::time::{Span, Timestamp};

/// The scope that lets a receiver read its stream and fetch events.
pub const SCOPE_READ: &str = "ssf.read";
/// The scope that lets a receiver do everything with its stream.
pub const SCOPE_MANAGE: &str = "ssf.manage";

/// How long a receiver waits before it asks for verification again (SSF 1.0 §8.1.1, `min_verification_interval`).
pub const VERIFY_EVERY: Span = Span::secs(30);

/// An event stream as kept: one receiver, which is a client of the realm, and how it wants to hear.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stream {
    /// The `stream_id`.
    pub id: StreamId,
    /// The receiver.
    pub client: ClientId,
    /// Its public id, which is the stream's `aud`.
    pub client_id: String,
    /// How events reach it.
    pub method: Method,
    /// What it asked for, as it asked; everything when absent.
    pub events_requested: Option<Vec<String>>,
    /// Whether events go out.
    pub status: Status,
    /// Why the status is what it is, in words of whoever set it.
    pub reason: Option<String>,
    /// The receiver's own words about the stream.
    pub description: Option<String>,
    /// How long it waits before it asks for verification again.
    pub min_verification_interval: Span,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Stream {
    /// What is delivered: what was asked for as far as it is offered (SSF 1.0 §8.1.1, `events_delivered`).
    pub fn events_delivered(&self) -> Vec<EventType> {
        let delivers = |kind: &EventType| self.delivers(*kind);
        EventType::OFFERED.into_iter().filter(delivers).collect()
    }

    /// Whether events of this type are delivered.
    pub fn delivers(&self, kind: EventType) -> bool {
        match &self.events_requested {
            None => true,
            Some(asked) => asked.iter().any(|uri| uri == kind.uri()),
        }
    }

    /// Whether it carries that sessions are over, at present.
    pub fn tells_of_sign_outs(&self) -> bool {
        self.status == Status::Enabled && self.delivers(EventType::SessionRevoked)
    }

    /// How it stands on a receipt.
    pub fn channel(&self) -> Channel {
        match self.method {
            Method::Push { .. } => Channel::SsfPush,
            Method::Poll => Channel::SsfPoll,
        }
    }

    /// Whether the server sends events to it.
    pub fn is_push(&self) -> bool {
        matches!(self.method, Method::Push { .. })
    }
}

/// How events reach a receiver. No `Debug` shows the header, which is sealed anyhow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// The server sends each one (RFC 8935).
    Push {
        /// Where to.
        endpoint_url: String,
        /// The `Authorization` header that goes with each, sealed.
        authorization: Option<Vec<u8>>,
    },
    /// The receiver fetches them (RFC 8936).
    Poll,
}

impl Method {
    /// The URN of `delivery_methods_supported`.
    pub const PUSH: &str = "urn:ietf:rfc:8935";
    /// The URN of `delivery_methods_supported`.
    pub const POLL: &str = "urn:ietf:rfc:8936";

    /// Its URN.
    pub fn urn(&self) -> &'static str {
        match self {
            Method::Push { .. } => Method::PUSH,
            Method::Poll => Method::POLL,
        }
    }
}

/// Whether events go out (SSF 1.0 §8.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// They go out.
    Enabled,
    /// They are held, the newest ten thousand of them.
    Paused,
    /// They are not kept.
    Disabled,
}

impl Status {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Enabled => "enabled",
            Status::Paused => "paused",
            Status::Disabled => "disabled",
        }
    }

    /// Reads a name of the wire.
    pub fn parse(text: &str) -> Option<Status> {
        [Status::Enabled, Status::Paused, Status::Disabled]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

#[cfg(test)]
mod tests;
