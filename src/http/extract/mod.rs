//! What requests are read into before an endpoint sees them.

pub mod peer;
pub mod realm;

pub use peer::Peer;
pub use realm::InRealm;
