//! Workers that leave the process: the one guarded way out, and what goes through it.
//!
//! | room | holds |
//! |---|---|
//! | [`outbound`] | the one HTTP client of the server: which addresses it may reach, how long, how much it reads |
//! | [`mod@dispatch`] | which destination's queue is worked when, by one task each |
//! | [`push`] | security events to the receivers of push streams |
//! | [`destination`] | the work at one destination: lease, fill, send, settle |

pub mod destination;
pub mod dispatch;
pub mod outbound;
pub mod push;
#[cfg(test)]
mod tests;

pub use dispatch::dispatch;
pub use outbound::{Outbound, OutboundError, Rules};
