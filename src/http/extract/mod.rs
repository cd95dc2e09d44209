//! What requests are read into before an endpoint sees them.

pub mod body;
pub mod client;
pub mod peer;
pub mod realm;

pub use body::Form;
pub use peer::Peer;
pub use realm::InRealm;
