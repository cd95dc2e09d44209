//! Outbox: what is still to be told. A delivery is written by the door in the commit that ends the session; nobody else
//! makes one.
//!
//! Two records each: the [`Delivery`] itself, which stands on the receipt for good, and while it is pending an [`Entry`]
//! in the queue of its destination, ordered by when it is due. Whoever holds the destination's [`lease`] works its queue
//! and [`settle`]s what came of each attempt. [`wire`] is the way out as the domain sees it.

pub mod backchannel;
pub mod backoff;
pub mod bell;
pub mod channel;
pub mod delivery;
pub mod lease;
pub mod listing;
pub mod message;
pub mod queue;
pub mod readiness;
pub mod redeliver;
pub mod revocation;
pub mod send;
pub mod settle;
pub mod standing;
pub mod trial;
pub mod webhook;
pub mod wire;

pub use bell::Bell;
pub use channel::Channel;
pub use delivery::{Attempt, Delivery, DeliveryState};
pub use listing::DeliveryId;
pub use queue::{Destination, Entry};
pub use standing::{OPENS_AT, Standing};
