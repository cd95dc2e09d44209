//! Workers that leave the process: the one guarded way out, and what goes through it.
//!
//! | room | holds |
//! |---|---|
//! | [`outbound`] | the one HTTP client of the server: which addresses it may reach, how long, how much it reads |

pub mod outbound;

pub use outbound::{Outbound, OutboundError, Rules};
