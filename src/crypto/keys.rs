//! Signature keys: generate, parse once, publish as a JWK, sign.
//!
//! Invariant: a key has one algorithm, fixed when it is parsed; nothing in a token can choose another (RFC 8725 section
//! 3.1). Private keys stay parsed, for parsing one again costs more than the signature.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse, ThumbprintHash,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::secret::{b64, unb64};

/// A signature algorithm (RFC 7518 section 3.1, RFC 8037). There is no `none` and no HMAC among them, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Alg {
    /// ECDSA over P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits or more.
    #[serde(rename = "RS256")]
    Rs256,
    /// Ed25519.
    EdDSA,
}

impl Alg {
    /// All of them, the one to prefer first.
    pub const ALL: [Alg; 3] = [Alg::Es256, Alg::EdDSA, Alg::Rs256];

    /// The registered name, as in a JOSE header.
    pub fn name(self) -> &'static str {
        match self {
            Alg::Es256 => "ES256",
            Alg::Rs256 => "RS256",
            Alg::EdDSA => "EdDSA",
        }
    }
}

impl fmt::Display for Alg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Alg {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Alg, KeyError> {
        let found = Alg::ALL.into_iter().find(|alg| alg.name() == name);
        found.ok_or_else(|| KeyError::UnknownAlgorithm(name.chars().take(32).collect()))
    }
}

/// Why a key could not be made, read or used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// Not one of [`Alg`]'s names; cut after 32 characters.
    #[error("unknown signature algorithm {0:?}: one of ES256, EdDSA, RS256 is needed")]
    UnknownAlgorithm(String),
    /// Not a PKCS#8 private key of the algorithm.
    #[error("this is not an {0} private key in PKCS#8 form")]
    MalformedPrivateKey(Alg),
    /// A JWK that can verify nothing here; the text says why.
    #[error("unusable JWK: {0}")]
    UnusableJwk(&'static str),
    /// The payload could not be written as JSON.
    #[error("the claims cannot be written as JSON")]
    Claims(#[source] serde_json::Error),
    /// The public half could not be written as a JWK.
    #[error("the public key cannot be written as a JWK")]
    Publish(#[source] jsonwebtoken::errors::Error),
    /// The cryptographic library refused, usually for want of random bytes.
    #[error("the cryptographic library failed")]
    Crypto,
}

/// Makes a new private key: PKCS#8 DER. P-256, RSA with 2048 bits, or Ed25519 in version 1 of the format, which every
/// other tool reads.
pub fn generate(alg: Alg) -> Result<Vec<u8>, KeyError> {
    let random = SystemRandom::new();
    let document = match alg {
        Alg::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .and_then(|pair| pair.to_pkcs8v1())
            .map(|der| der.as_ref().to_vec()),
        Alg::Rs256 => RsaKeyPair::generate(KeySize::Rsa2048)
            .and_then(|pair| pair.as_der())
            .map(|der| der.as_ref().to_vec()),
        Alg::EdDSA => Ed25519KeyPair::generate_pkcs8v1(&random).map(|der| der.as_ref().to_vec()),
    };
    document.map_err(|_| KeyError::Crypto)
}

/// A private key, parsed and ready to sign, with its public half.
pub struct SigningKey {
    pair: Pair,
    kid: String,
    jwk: Jwk,
    verifying: VerifyingKey,
    headers: Vec<(&'static str, String)>,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
    EdDSA(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads a private key from PKCS#8 DER and works out its `kid` and its JWK.
    pub fn parse(alg: Alg, pkcs8: &[u8]) -> Result<SigningKey, KeyError> {
        let malformed = |_| KeyError::MalformedPrivateKey(alg);
        let (pair, public, name) = match alg {
            Alg::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map_err(malformed)?;
                let public = DecodingKey::from_ec_der(pair.public_key().as_ref());
                (Pair::Es256(pair), public, Algorithm::ES256)
            }
            Alg::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(malformed)?;
                let public = DecodingKey::from_rsa_der(pair.public_key().as_ref());
                (Pair::Rs256(pair), public, Algorithm::RS256)
            }
            Alg::EdDSA => {
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(malformed)?;
                let public = DecodingKey::from_ed_der(pair.public_key().as_ref());
                (Pair::EdDSA(pair), public, Algorithm::EdDSA)
            }
        };
        let mut jwk = Jwk::from_decoding_key(&public, Some(name)).map_err(KeyError::Publish)?;
        let kid = thumbprint(&jwk)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let verifying = VerifyingKey::from_jwk(&jwk)?;
        let mut headers = Vec::with_capacity(USUAL_TYPES.len());
        for typ in USUAL_TYPES {
            headers.push((typ, header(alg, &kid, typ)?));
        }
        Ok(SigningKey {
            pair,
            kid,
            jwk,
            verifying,
            headers,
        })
    }

    /// The key's id: its RFC 7638 thumbprint (SHA-256, base64url), so the same key has the same id everywhere.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The one algorithm this key signs with.
    pub fn alg(&self) -> Alg {
        self.verifying.alg
    }

    /// The public half, ready to publish: with `kid`, `alg` and `use` = `sig`.
    pub fn public_jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The public half, ready to verify.
    #[cfg(test)]
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Signs `claims` as a compact JWS (RFC 7515 section 7.1) whose header has `typ`, `alg` and `kid` and nothing else.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        let payload = serde_json::to_vec(claims).map_err(KeyError::Claims)?;
        let kept = self.headers.iter().find(|(usual, _)| *usual == typ);
        let mut token = match kept {
            Some((_, header)) => header.clone(),
            None => header(self.alg(), &self.kid, typ)?,
        };
        token.push('.');
        token.push_str(&b64(&payload));
        let signature = self.sign_bytes(token.as_bytes())?;
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }

    /// The signature over any bytes, in base64url.
    pub(super) fn sign_bytes(&self, message: &[u8]) -> Result<String, KeyError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Es256(pair) => pair
                .sign(&random, message)
                .map(|signature| b64(signature.as_ref())),
            Pair::EdDSA(pair) => pair
                .try_sign(message)
                .map(|signature| b64(signature.as_ref())),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map(|()| b64(&signature))
            }
        }
        .map_err(|_| KeyError::Crypto)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.alg(), self.kid)
    }
}

/// A public key bound to the one algorithm it verifies. Parsed; cheap to keep, not so cheap to make.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    alg: Alg,
    kid: Option<String>,
    public: ParsedPublicKey,
}

impl VerifyingKey {
    /// Reads a public key, our own or one of a client's.
    ///
    /// The algorithm is the JWK's `alg`, or the only one its key type allows here. Refused: another `use` than `sig`,
    /// symmetric keys, RSA below 2048 bits (RFC 7518 section 3.3), coordinates of the wrong length, points off the curve.
    pub fn from_jwk(jwk: &Jwk) -> Result<VerifyingKey, KeyError> {
        let unusable = |why| move |_| KeyError::UnusableJwk(why);
        if !matches!(
            jwk.common.public_key_use,
            None | Some(PublicKeyUse::Signature)
        ) {
            return Err(KeyError::UnusableJwk("its use is not sig"));
        }
        let (alg, published, public) = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                let mut point = vec![UNCOMPRESSED];
                point.extend(coordinate(&key.x)?);
                point.extend(coordinate(&key.y)?);
                let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point)
                    .map_err(unusable("not a point on P-256"))?;
                (Alg::Es256, KeyAlgorithm::ES256, public)
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                let public = ParsedPublicKey::new(&ED25519, coordinate(&key.x)?)
                    .map_err(unusable("not an Ed25519 key"))?;
                (Alg::EdDSA, KeyAlgorithm::EdDSA, public)
            }
            AlgorithmParameters::RSA(key) => {
                let n = number(&key.n)?;
                // The library looks at the size only when it verifies, which is too late to tell the key's owner.
                if !is_strong_modulus(&n) {
                    return Err(KeyError::UnusableJwk("RSA needs 2048 to 8192 bits"));
                }
                let e = number(&key.e)?;
                let public = RsaPublicKeyComponents { n, e }
                    .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
                    .map_err(unusable("not an RSA key"))?;
                (Alg::Rs256, KeyAlgorithm::RS256, public)
            }
            _ => {
                return Err(KeyError::UnusableJwk(
                    "needs kty EC with P-256, OKP with Ed25519, or RSA",
                ));
            }
        };
        if jwk.common.key_algorithm.is_some_and(|alg| alg != published) {
            return Err(KeyError::UnusableJwk(
                "its alg is not ES256, EdDSA or RS256, or not that of its key",
            ));
        }
        Ok(VerifyingKey {
            alg,
            kid: jwk.common.key_id.clone(),
            public,
        })
    }

    /// The one algorithm this key verifies.
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// The key's id, if its owner gave it one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether `signature` is this key's over `message`. Only [`super::jws`] asks.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify_sig(message, signature).is_ok()
    }
}

impl From<&SigningKey> for VerifyingKey {
    fn from(key: &SigningKey) -> VerifyingKey {
        key.verifying.clone()
    }
}

/// The RFC 7638 thumbprint (SHA-256, base64url) of a JWK: the same for the same key, whatever else the JWK says.
pub fn thumbprint(jwk: &Jwk) -> Result<String, KeyError> {
    jwk.thumbprint(ThumbprintHash::SHA256)
        .map_err(KeyError::Publish)
}

fn header(alg: Alg, kid: &str, typ: &str) -> Result<String, KeyError> {
    #[derive(Serialize)]
    struct Header<'a> {
        typ: &'a str,
        alg: Alg,
        kid: &'a str,
    }
    let header = serde_json::to_vec(&Header { typ, alg, kid }).map_err(KeyError::Claims)?;
    Ok(b64(&header))
}

/// A coordinate: exactly 32 bytes (RFC 7518 section 6.2.1.2, RFC 8037 section 2).
fn coordinate(text: &str) -> Result<Vec<u8>, KeyError> {
    unb64(text)
        .filter(|bytes| bytes.len() == 32)
        .ok_or(KeyError::UnusableJwk(
            "a coordinate is not 32 bytes of base64url",
        ))
}

/// An RSA number without leading zeros, which some libraries write although RFC 7518 section 2 says not to.
fn number(text: &str) -> Result<Vec<u8>, KeyError> {
    let bytes = unb64(text).ok_or(KeyError::UnusableJwk("a number is not base64url"))?;
    Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

/// Whether a big-endian number without leading zeros has 2048 to 8192 bits.
fn is_strong_modulus(n: &[u8]) -> bool {
    let spare = n.first().map_or(0, |first| first.leading_zeros() as usize);
    (2048..=8192).contains(&(n.len() * 8 - spare))
}

/// The leading byte of a point written as both coordinates (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;
/// Header types whose text is kept ready; any other is written at each signature.
const USUAL_TYPES: [&str; 4] = ["JWT", "at+jwt", "logout+jwt", "secevent+jwt"];

#[cfg(test)]
mod tests;
