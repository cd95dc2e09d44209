//! Reads stored password hashes (PHC strings) and says which of them can be verified at what price.

use std::num::NonZeroU32;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Params, Version};
use aws_lc_rs::pbkdf2;
use thiserror::Error;

/// Why a password hash cannot be taken over.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum HashFormatError {
    /// Not a PHC string with parameters, salt and hash.
    #[error("not a password hash in PHC form, such as $argon2id$v=19$m=19456,t=2,p=1$salt$hash")]
    Malformed,
    /// A scheme this program does not verify.
    #[error(
        "{0} password hashes are not supported; argon2, bcrypt, scrypt, pbkdf2-sha256 and pbkdf2-sha512 are"
    )]
    Unsupported(&'static str),
    /// Parameters so high that one sign-in would be an attack.
    #[error("the cost of this password hash is above the limit: {0}")]
    TooCostly(&'static str),
}

/// A stored hash, taken apart.
pub(super) struct Stored {
    pub(super) scheme: Scheme,
    pub(super) salt: Salt,
    pub(super) output: Output,
}

/// How a stored hash was made.
pub(super) enum Scheme {
    Argon2(Algorithm, Version, Params),
    Pbkdf2(pbkdf2::Algorithm, NonZeroU32),
    Scrypt(scrypt::Params),
}

/// Whether this is a bcrypt hash (`$2b$12$…`), which is no PHC string, and one that may be verified.
///
/// # Errors
/// As [`read`].
pub(super) fn is_bcrypt(stored: &str) -> Result<bool, HashFormatError> {
    if !["$2a$", "$2b$", "$2x$", "$2y$"]
        .iter()
        .any(|p| stored.starts_with(p))
    {
        return Ok(false);
    }
    let parts: bcrypt::HashParts = stored.parse().map_err(|_| HashFormatError::Malformed)?;
    if parts.get_cost() > MAX_BCRYPT_COST {
        return Err(HashFormatError::TooCostly(
            "the cost of bcrypt is at most 15",
        ));
    }
    Ok(true)
}

/// Takes a stored hash apart, refusing what cannot or should not be computed.
pub(super) fn read(phc: &str) -> Result<Stored, HashFormatError> {
    refuse_foreign(phc)?;
    let hash = PasswordHash::new(phc).map_err(|_| HashFormatError::Malformed)?;
    let scheme = match hash.algorithm.as_str() {
        "argon2id" | "argon2i" | "argon2d" => argon2_scheme(&hash)?,
        "pbkdf2-sha256" => Scheme::Pbkdf2(pbkdf2::PBKDF2_HMAC_SHA256, iterations(&hash)?),
        "pbkdf2-sha512" => Scheme::Pbkdf2(pbkdf2::PBKDF2_HMAC_SHA512, iterations(&hash)?),
        "scrypt" => scrypt_scheme(&hash)?,
        _ => return Err(HashFormatError::Unsupported("these")),
    };
    match (hash.salt, hash.hash) {
        (Some(salt), Some(output)) => Ok(Stored {
            scheme,
            salt,
            output,
        }),
        _ => Err(HashFormatError::Malformed),
    }
}

/// crypt(3) strings begin like PHC ones but are none; a name helps whoever imports them.
fn refuse_foreign(phc: &str) -> Result<(), HashFormatError> {
    const FOREIGN: [(&str, &str); 3] = [
        ("$7$", "scrypt in crypt(3) form"),
        ("$y$", "yescrypt"),
        ("$6$", "SHA-512 crypt"),
    ];
    match FOREIGN.iter().find(|(prefix, _)| phc.starts_with(prefix)) {
        Some((_, name)) => Err(HashFormatError::Unsupported(name)),
        None => Ok(()),
    }
}

fn argon2_scheme(hash: &PasswordHash) -> Result<Scheme, HashFormatError> {
    let malformed = HashFormatError::Malformed;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| malformed)?;
    // Without a version it is 0x10, the one before versions were written (RFC 9106 came later).
    let version = match hash.version {
        None => Version::V0x10,
        Some(number) => Version::try_from(number).map_err(|_| malformed)?,
    };
    let params = Params::try_from(hash).map_err(|_| malformed)?;
    limit(&params)?;
    Ok(Scheme::Argon2(algorithm, version, params))
}

fn scrypt_scheme(hash: &PasswordHash) -> Result<Scheme, HashFormatError> {
    let number = |name: &str| hash.params.get_decimal(name);
    let (Some(log_n), Some(r), Some(p)) = (number("ln"), number("r"), number("p")) else {
        return Err(HashFormatError::Malformed);
    };
    if log_n > 18 || r > 32 || p > 16 {
        return Err(HashFormatError::TooCostly("ln is at most 18, r 32, p 16"));
    }
    let log_n = u8::try_from(log_n).map_err(|_| HashFormatError::Malformed)?;
    scrypt::Params::new(log_n, r, p)
        .map(Scheme::Scrypt)
        .map_err(|_| HashFormatError::Malformed)
}

/// Refuses argon2 parameters that would make one sign-in an attack.
pub(super) fn limit(params: &Params) -> Result<(), HashFormatError> {
    if params.m_cost() > MAX_MEMORY_KIB {
        Err(HashFormatError::TooCostly("m is at most 262144 (256 MiB)"))
    } else if params.t_cost() > MAX_PASSES {
        Err(HashFormatError::TooCostly("t is at most 16"))
    } else if params.p_cost() > MAX_LANES {
        Err(HashFormatError::TooCostly("p is at most 16"))
    } else {
        Ok(())
    }
}

fn iterations(hash: &PasswordHash) -> Result<NonZeroU32, HashFormatError> {
    let count = hash.params.get_decimal("i").and_then(NonZeroU32::new);
    match count {
        None => Err(HashFormatError::Malformed),
        Some(count) if count.get() > MAX_ITERATIONS => {
            Err(HashFormatError::TooCostly("i is at most 4000000"))
        }
        Some(count) => Ok(count),
    }
}

/// The most a stored hash may ask for. The costliest argon2 within them takes some seconds, on a thread of its own.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;
const MAX_ITERATIONS: u32 = 4_000_000;
const MAX_BCRYPT_COST: u32 = 15;
