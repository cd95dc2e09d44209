//! Secrets that do not print themselves, and the small functions every secret needs.

use std::fmt;

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A secret text: wiped from memory when dropped, never shown by `Debug`, neither `Display` nor `Serialize`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller keeps no copy.
    pub fn new(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }

    /// The text itself. The name is long enough to be noticed in review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::new)
    }
}

/// SHA-256 of `bytes`: the stored form of every secret that carries 128 bits of chance or more.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    to_array(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// base64url without padding (RFC 7515 section 2).
pub fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url without padding. Strict, so that one value has one spelling: padding, the other alphabet, white
/// space and set trailing bits are refused.
pub fn unb64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// base64 with padding (RFC 4648 section 4), for the few formats that want that alphabet.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads base64 with padding; as strict as [`unb64`].
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// HMAC-SHA256 under a key that somebody else knows too (RFC 2104). For keys of our own, see [`super::Vault::mac`].
pub fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    to_array(hmac::sign(&key, text).as_ref())
}

/// Copies a 32-byte digest out of a slice whose length the type does not tell.
pub(super) fn to_array(bytes: &[u8]) -> [u8; 32] {
    let mut array = [0; 32];
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_answers_the_published_vector() {
        assert_eq!(
            b64(&sha256(b"abc")),
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"
        );
    }

    #[test]
    fn equal_bytes_are_the_same_and_others_are_not() {
        assert!(same(b"one", b"one"));
        assert!(!same(b"one", b"two"));
        assert!(!same(b"one", b"one more"));
    }

    #[test]
    fn base64url_has_one_spelling_only() {
        assert_eq!(unb64(&b64(&[0xfb, 0xff])), Some(vec![0xfb, 0xff]));
        for twisted in ["-_8=", "+/8", "-_9", " -_8", "-_8\n", "-"] {
            assert_eq!(unb64(twisted), None, "{twisted:?}");
        }
    }

    #[test]
    fn a_secret_shows_itself_to_nobody_who_does_not_ask() {
        let secret: Secret = serde_json::from_str("\"hunter2\"").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(secret.expose(), "hunter2");
    }
}
