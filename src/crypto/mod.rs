//! Secrets, keys, signed tokens and passwords: the one place that talks to a cryptographic library.
//!
//! Owns: comparing, hashing, sealing, signing, verifying. Does not own: what a token or a secret is *for*; it names no
//! noun of the domain, reads no clock and opens no database.
//!
//! | room | holds |
//! |---|---|
//! | [`secret`] | [`Secret`], SHA-256, constant-time comparison, base64url |
//! | [`vault`] | the master key: sealing at rest, keyed MACs |
//! | [`keys`] | signature keys: generate, parse, publish as a JWK, sign |
//! | [`jws`] | the only door to verification of signed tokens |
//! | [`password`] | argon2id on its own bounded threads |

pub mod jws;
pub mod keys;
pub mod password;
mod phc;
pub mod secret;
pub mod vault;

pub use jws::{JwsError, TokenKind};
pub use keys::{Alg, SigningKey, VerifyingKey};
pub use password::{
    MAX_PASSWORD_BYTES, PasswordCost, PasswordError, Passwords, Verdict, check_hash,
};
pub use secret::{Secret, b64, base64, hmac_sha256, same, sha256, unb64, unbase64};
pub use vault::{KeyId, KeySource, Vault, VaultError};

/// Names aws-lc-rs as the provider of jsonwebtoken and of rustls for this process.
///
/// Call it first thing in `main` and in test support: reqwest and axum-server are built without a provider of their own
/// and panic without one. Calling it again changes nothing.
pub fn install() {
    // Both answer Err when a provider is already there, which is the state asked for.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    #[test]
    fn providers_can_be_installed_again_and_again() {
        super::install();
        super::install();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
}
