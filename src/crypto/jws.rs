//! The only door to verification of signed tokens (RFC 7515, RFC 7519), with the rules of RFC 8725 built in.
//!
//! Invariants: the algorithm is the key's, never the token's; the kind of token (`typ`) is checked before its claims;
//! any `crit` is refused; keys that a header names or carries (`jku`, `x5u`, `x5c`, `jwk`) are never looked at; the time
//! is the caller's. A token of one [`TokenKind`] does not verify as another.

use aws_lc_rs::hmac;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use thiserror::Error;

use super::keys::{Alg, VerifyingKey};
use super::secret::unb64;

/// What one kind of token must look like. Implement it once per kind, beside the claims.
pub trait TokenKind {
    /// The accepted values of `typ`, without `application/`, which is tolerated in a token (RFC 7515 section 4.1.9);
    /// letter case does not matter.
    const TYP: &'static [&'static str];
    /// Whether a token without `typ` is refused. False only where the standard of the kind leaves `typ` out.
    const TYP_REQUIRED: bool;
    /// What the payload is read into. Give `iss` and `sub` the type `String`, so that arrays are refused; `aud` too
    /// where only a single value is right.
    type Claims: DeserializeOwned;
    /// Claims that must be there and not be null. Name `exp`, `iss` and `aud` unless the kind has none.
    const REQUIRED: &'static [&'static str];
    /// How far the clocks may differ, in seconds: for `exp`, `nbf` and `iat`. 5 for tokens made here.
    const LEEWAY_SECS: u64;
    /// Whether an expired token is refused. False only for hints that are not credentials.
    const CHECK_EXPIRY: bool;
}

/// The part of a token's header that may be believed before its signature is checked: enough to look up a key.
#[derive(Debug)]
pub struct Header {
    /// The algorithm the token claims; [`verify`] compares it with the key's.
    pub alg: Alg,
    /// The key the token claims.
    pub kid: Option<String>,
}

/// Why a token is refused. Safe to log; of the token it carries at most the name of a claim or algorithm.
#[derive(Debug, Error)]
pub enum JwsError {
    /// More than 16 KiB.
    #[error("the token is longer than 16 KiB")]
    TooLong,
    /// Not three base64url parts (an encrypted token has five), or header or payload are not JSON objects.
    #[error("the token is not a compact JWS with a JSON object in it")]
    Malformed,
    /// `none`, HMAC, or an algorithm this program does not have.
    #[error("the token's algorithm is not supported")]
    UnsupportedAlgorithm,
    /// Not among those allowed here, or not the key's own (RFC 8725 section 3.1).
    #[error("the token's algorithm is not allowed with this key")]
    AlgorithmRefused,
    /// The header has `crit`; no extension is understood here (RFC 7515 section 4.1.11).
    #[error("the token has critical extensions")]
    Critical,
    /// `typ` is another kind's, or absent where it is required (RFC 8725 section 3.11).
    #[error("the token is of another type")]
    WrongType,
    /// The signature is not this key's over this token.
    #[error("the token's signature does not match")]
    BadSignature,
    /// An HMAC secret shorter than 32 bytes (RFC 7518 section 3.2).
    #[error("the secret is too short for HS256")]
    WeakSecret,
    /// A required claim is absent or null.
    #[error("the token lacks the claim {0}")]
    MissingClaim(&'static str),
    /// `exp`, `nbf` or `iat` is not a number (RFC 7519 section 2, NumericDate).
    #[error("the token's claim {0} is not a number of seconds")]
    NotADate(&'static str),
    /// `exp` is past.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` lies ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// The claims are not what the kind needs.
    #[error("the token's claims have the wrong form")]
    Claims(#[source] serde_json::Error),
}

/// Reads the header without checking anything but its form, to look up the key by `kid`.
///
/// Refuses tokens over 16 KiB, `crit`, and every algorithm not in [`Alg`].
pub fn header(token: &str) -> Result<Header, JwsError> {
    let raw = raw_header(&split(token)?)?;
    let alg = raw
        .alg
        .parse()
        .map_err(|_| JwsError::UnsupportedAlgorithm)?;
    Ok(Header { alg, kid: raw.kid })
}

/// Reads the payload of a token **anybody may have written**: no signature, no time, no type is checked.
///
/// Only for routing, that is to find out whose key to verify with (`iss`, `client_id`), never for a decision. Whatever
/// is read must be compared with the verified claims afterwards.
pub fn unverified<T: DeserializeOwned>(token: &str) -> Result<T, JwsError> {
    let claims = payload(&split(token)?)?;
    serde_json::from_value(Value::Object(claims)).map_err(JwsError::Claims)
}

/// Verifies a token of kind `K` and answers its claims.
///
/// Its `alg` must be among `allowed` and be the key's own. `now_secs` is the caller's clock in Unix seconds: a token is
/// refused from `exp` + leeway on, and before `nbf` or `iat` - leeway.
pub fn verify<K: TokenKind>(
    token: &str,
    key: &VerifyingKey,
    allowed: &[Alg],
    now_secs: u64,
) -> Result<K::Claims, JwsError> {
    let parts = split(token)?;
    let raw = raw_header(&parts)?;
    let alg: Alg = raw
        .alg
        .parse()
        .map_err(|_| JwsError::UnsupportedAlgorithm)?;
    if alg != key.alg() || !allowed.contains(&alg) {
        return Err(JwsError::AlgorithmRefused);
    }
    check_type::<K>(&raw)?;
    if !key.signed(parts.signed.as_bytes(), &parts.signature()?) {
        return Err(JwsError::BadSignature);
    }
    check_claims::<K>(payload(&parts)?, now_secs)
}

/// Verifies a token of kind `K` signed with a shared secret (HS256), for clients that authenticate by
/// `client_secret_jwt`; the checks are those of [`verify`].
///
/// A function of its own, so that no list of allowed algorithms can ever bring a public key and an HMAC together.
pub fn verify_hs256<K: TokenKind>(
    token: &str,
    secret: &[u8],
    now_secs: u64,
) -> Result<K::Claims, JwsError> {
    if secret.len() < 32 {
        return Err(JwsError::WeakSecret);
    }
    let parts = split(token)?;
    let raw = raw_header(&parts)?;
    if raw.alg != "HS256" {
        return Err(JwsError::AlgorithmRefused);
    }
    check_type::<K>(&raw)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, parts.signed.as_bytes(), &parts.signature()?)
        .map_err(|_| JwsError::BadSignature)?;
    check_claims::<K>(payload(&parts)?, now_secs)
}

struct Parts<'a> {
    /// Header and payload with the point between them: what the signature is over.
    signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl Parts<'_> {
    fn signature(&self) -> Result<Vec<u8>, JwsError> {
        unb64(self.signature).ok_or(JwsError::Malformed)
    }
}

fn split(token: &str) -> Result<Parts<'_>, JwsError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(JwsError::TooLong);
    }
    // A further point would end up in one of the parts, where base64url refuses it.
    let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
    Ok(Parts {
        signed,
        header,
        payload,
        signature,
    })
}

/// The members looked at. All others are ignored, above all those that name or carry a key; a doubled one is refused.
#[derive(Deserialize)]
struct RawHeader {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

/// True for any value, null too: `"crit":null` is no way round the rule.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

fn raw_header(parts: &Parts<'_>) -> Result<RawHeader, JwsError> {
    let bytes = unb64(parts.header).ok_or(JwsError::Malformed)?;
    // serde would also read a struct from an array; a header is an object (RFC 7515 section 4).
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(JwsError::Malformed);
    }
    let raw: RawHeader = serde_json::from_slice(&bytes).map_err(|_| JwsError::Malformed)?;
    if raw.crit {
        return Err(JwsError::Critical);
    }
    Ok(raw)
}

fn payload(parts: &Parts<'_>) -> Result<Map<String, Value>, JwsError> {
    let bytes = unb64(parts.payload).ok_or(JwsError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| JwsError::Malformed)
}

fn check_type<K: TokenKind>(raw: &RawHeader) -> Result<(), JwsError> {
    let Some(typ) = raw.typ.as_deref() else {
        return if K::TYP_REQUIRED {
            Err(JwsError::WrongType)
        } else {
            Ok(())
        };
    };
    let short = match typ.split_at_checked(APPLICATION.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(APPLICATION) => rest,
        _ => typ,
    };
    if K::TYP.iter().any(|known| known.eq_ignore_ascii_case(short)) {
        Ok(())
    } else {
        Err(JwsError::WrongType)
    }
}

/// Checks and answer come from one parse, so that a doubled claim cannot be checked in one spelling and used in another.
fn check_claims<K: TokenKind>(
    claims: Map<String, Value>,
    now_secs: u64,
) -> Result<K::Claims, JwsError> {
    for name in K::REQUIRED {
        if claims.get(*name).is_none_or(Value::is_null) {
            return Err(JwsError::MissingClaim(name));
        }
    }
    // f64 holds whole seconds exactly for the next 285 million years.
    let now = now_secs as f64;
    let leeway = K::LEEWAY_SECS as f64;
    if let Some(exp) = date(&claims, "exp")?
        && K::CHECK_EXPIRY
        && now >= exp + leeway
    {
        return Err(JwsError::Expired);
    }
    for name in ["nbf", "iat"] {
        if date(&claims, name)?.is_some_and(|from| from > now + leeway) {
            return Err(JwsError::NotYetValid);
        }
    }
    serde_json::from_value(Value::Object(claims)).map_err(JwsError::Claims)
}

fn date(claims: &Map<String, Value>, name: &'static str) -> Result<Option<f64>, JwsError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(JwsError::NotADate(name)),
    }
}

const MAX_TOKEN_BYTES: usize = 16 * 1024;
const APPLICATION: &str = "application/";

#[cfg(test)]
mod tests;
