//! Signing keys of a realm: generated on first use, sealed at rest, published before use, kept until their last token
//! has expired.

mod ring;
pub mod rotate;

use serde::{Deserialize, Serialize};

pub(in crate::domain) use ring::reseal;
pub use ring::{KeyRing, RealmKeys, list, naming, of, readable, signer, stored};

use crate::crypto::Alg;
use crate::domain::time::Timestamp;

/// A signing key as kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredKey {
    /// Its id in JWKS and token headers: the RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs with.
    pub alg: Alg,
    /// PKCS#8, sealed under the master key with the realm and kid as context.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where it is in its life.
    pub state: KeyState,
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// Published, not used yet: verifiers learn it before they need it.
    Next,
    /// Signs.
    Active,
    /// Signs no more; published until the last token it signed has expired.
    Retired {
        /// When it may be forgotten.
        until: Timestamp,
    },
}
