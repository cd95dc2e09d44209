//! Newtypes for the ids of the house, so that a user's id can never stand where a session's is wanted.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Timestamp;

/// A realm's number: short, because it heads every key of the store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RealmId(pub u32);

/// Makes ids whose order is the order they were made in, also within a millisecond: the twelve bits after the time count
/// (RFC 9562 §6.2, method 1).
#[derive(Debug, Default)]
pub struct Ids {
    /// Milliseconds, then twelve bits of count.
    last: AtomicU64,
}

impl Ids {
    /// The next id at this moment.
    pub fn next(&self, now: Timestamp, mut random: [u8; 10]) -> Uuid {
        let least = now.0 << 12;
        let step = |last: u64| Some(least.max(last + 1));
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
            .unwrap_or(least);
        let this = least.max(last + 1);
        let [high, low, ..] = &mut random;
        [*high, *low] = (u16::try_from(this & 0xfff).unwrap_or_default()).to_be_bytes();
        uuid::Builder::from_unix_timestamp_millis(this >> 12, &random).into_uuid()
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The sixteen bytes that stand in a key of the store.
            pub fn bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id! {
    /// A person; rendered, it is the `sub` claim of everything issued about them.
    UserId
}
id! {
    /// The record of a client; its public `client_id` is a separate, chosen text.
    ClientId
}
id! {
    /// The public id of a session: the `sid` claim. Time-ordered; the cookie's secret is separate.
    Sid
}
impl Sid {
    /// Before every sid that is made from this moment on.
    pub fn first_of(at: Timestamp) -> Sid {
        Sid(uuid::Builder::from_unix_timestamp_millis(at.0, &[0; 10]).into_uuid())
    }

    /// Whether it was made at this moment or later, as far as the id itself tells (RFC 9562 §5.7): never `false` for a
    /// session that started since.
    pub fn is_since(&self, at: Timestamp) -> bool {
        let [a, b, c, d, e, f, ..] = *self.bytes();
        u64::from_be_bytes([0, 0, a, b, c, d, e, f]) >= at.0
    }
}
id! {
    /// One refresh-token lineage.
    FamilyId
}
id! {
    /// One act of ending sessions.
    SignOutId
}
id! {
    /// One import of people.
    ImportId
}
id! {
    /// One event stream of Shared Signals: the `stream_id` (SSF 1.0 §8.1.1).
    StreamId
}

macro_rules! read_from_keys {
    ($($name:ident),*) => {
        $(impl $name {
            /// Reads an id back from the bytes of a key; `None` when there are not exactly sixteen.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }
        })*
    };
}

read_from_keys!(
    ClientId, UserId, Sid, FamilyId, SignOutId, ImportId, StreamId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_they_were_made_in() {
        let ids = Ids::default();
        let made: Vec<Uuid> = (0..10_000)
            .map(|n| ids.next(Timestamp(1_000_000 + n / 6000), [7; 10]))
            .collect();
        assert!(made.is_sorted());
        assert_eq!(
            made.iter().collect::<std::collections::HashSet<_>>().len(),
            made.len()
        );
        assert_eq!(made.first().map(Uuid::get_version_num), Some(7));
    }

    #[test]
    fn a_sid_tells_whether_it_was_made_since() {
        let sid = Sid(Ids::default().next(Timestamp(1_763_000_000_123), [7; 10]));
        assert!(sid.is_since(Timestamp(1_763_000_000_122)));
        assert!(sid.is_since(Timestamp(1_763_000_000_123)));
        assert!(!sid.is_since(Timestamp(1_763_000_000_124)));
    }
}
