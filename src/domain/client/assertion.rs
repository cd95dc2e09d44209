//! Client assertions (RFC 7523, OIDC Core §9): a client proves itself with a JWT signed with its key or its secret.
//!
//! The audience is the issuer identifier, as one value. A token endpoint address or a list would let whoever runs
//! another server that this client uses present the assertion here (audience injection).

use serde::Deserialize;

use super::sealed::{self, Kept};
use super::{AuthMethod, Client};
use crate::crypto::{self, Alg, JwsError, TokenKind, VerifyingKey, jws};
use crate::domain::realm::Realm;
use crate::domain::sweep::Due;
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, CommitError};

/// Why an assertion proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum AssertionError {
    /// The token is not what it should be.
    #[error("the assertion is refused")]
    Token(#[source] JwsError),
    /// `iss` or `sub` is not the client.
    #[error("iss and sub of the assertion must be the client_id")]
    WrongClient,
    /// `aud` is anything but the issuer identifier as a single value.
    #[error("aud of the assertion must be the issuer identifier and nothing else")]
    WrongAudience,
    /// `exp` is more than five minutes ahead.
    #[error("exp of the assertion is more than five minutes ahead")]
    TooLong,
    /// `jti` is empty.
    #[error("jti of the assertion is empty")]
    NoId,
    /// None of the client's registered keys signed it.
    #[error("no key of the client's signed the assertion")]
    NoKey,
    /// It was presented before.
    #[error("the assertion was used before")]
    Replayed,
}

/// Whom an assertion says it is about. Anybody may have written it: good for finding the client, for nothing else.
pub(super) fn claimed_client(jwt: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        sub: String,
    }
    jws::unverified::<Claimed>(jwt)
        .ok()
        .map(|claimed| claimed.sub)
}

/// Checks an assertion of this client and uses it up.
pub(super) async fn verify(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    jwt: &str,
) -> Result<Result<(), AssertionError>, Fault> {
    let now = ctx.now();
    let verified = match client.settings.token_endpoint_auth_method {
        AuthMethod::PrivateKeyJwt => by_key::<Assertion>(client, jwt, now),
        AuthMethod::ClientSecretJwt => by_secret(ctx, realm, client, jwt, now)?,
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost | AuthMethod::None => {
            Err(AssertionError::NoKey)
        }
    };
    let checked = verified.and_then(|claims| {
        check(
            &claims,
            client.client_id(),
            &realm.issuer(&ctx.public_url),
            now,
        )?;
        Ok(claims)
    });
    match checked {
        Ok(claims) => use_up(ctx, realm, client, &claims.jti, expiry(&claims)).await,
        Err(refused) => Ok(Err(refused)),
    }
}

/// The keys of a JWK Set that can verify something here; the others are left alone (RFC 7517 §5).
pub(super) fn verifying_keys(jwks: &serde_json::Value) -> Vec<VerifyingKey> {
    let keys = jwks.get("keys").and_then(serde_json::Value::as_array);
    keys.into_iter()
        .flatten()
        .filter_map(|key| serde_json::from_value(key.clone()).ok())
        .filter_map(|jwk| VerifyingKey::from_jwk(&jwk).ok())
        .collect()
}

struct Assertion;

impl TokenKind for Assertion {
    const TYP: &'static [&'static str] = &["JWT", "client-authentication+jwt"];
    const TYP_REQUIRED: bool = false;
    type Claims = Claims;
    const REQUIRED: &'static [&'static str] = &["iss", "sub", "aud", "exp", "jti"];
    const LEEWAY_SECS: u64 = LEEWAY_SECS;
    const CHECK_EXPIRY: bool = true;
}

/// What such a token says.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Audience,
    pub(super) exp: f64,
    pub(super) jti: String,
}

/// `aud`, in either of its forms (RFC 7519 §4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// The audience, when there is exactly one.
    pub(super) fn only(&self) -> Option<&str> {
        match self {
            Audience::One(one) => Some(one),
            Audience::Many(many) => match many.as_slice() {
                [one] => Some(one),
                _ => None,
            },
        }
    }
}

/// What a token says that one of the client's registered keys signed.
pub(super) fn by_key<K: TokenKind>(
    client: &Client,
    jwt: &str,
    now: Timestamp,
) -> Result<K::Claims, AssertionError> {
    let header = jws::header(jwt).map_err(AssertionError::Token)?;
    let keys = client
        .settings
        .jwks
        .as_ref()
        .map(verifying_keys)
        .unwrap_or_default();
    let mut last = AssertionError::NoKey;
    for key in keys.iter().filter(|key| key.alg() == header.alg) {
        // A key or a token without an id may belong to any of the other's.
        if let (Some(wanted), Some(kid)) = (&header.kid, key.kid())
            && wanted != kid
        {
            continue;
        }
        match jws::verify::<K>(jwt, key, &Alg::ALL, now.secs()) {
            Ok(claims) => return Ok(claims),
            Err(JwsError::BadSignature) => {}
            Err(error) => last = AssertionError::Token(error),
        }
    }
    Err(last)
}

fn by_secret(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    jwt: &str,
    now: Timestamp,
) -> Result<Result<Claims, AssertionError>, Fault> {
    let Some(sealed) = &client.secret_sealed else {
        return Ok(Err(AssertionError::NoKey));
    };
    let secret = sealed::open(ctx, realm.id, client.id, Kept::Secret, sealed)?;
    Ok(jws::verify_hs256::<Assertion>(jwt, &secret, now.secs()).map_err(AssertionError::Token))
}

fn check(
    claims: &Claims,
    client_id: &str,
    issuer: &str,
    now: Timestamp,
) -> Result<(), AssertionError> {
    if claims.iss != client_id || claims.sub != client_id {
        return Err(AssertionError::WrongClient);
    }
    if claims.aud.only() != Some(issuer) {
        return Err(AssertionError::WrongAudience);
    }
    if expiry(claims).since(now) > LONGEST {
        return Err(AssertionError::TooLong);
    }
    if claims.jti.is_empty() {
        return Err(AssertionError::NoId);
    }
    Ok(())
}

/// Writes down that the assertion was used, until some time after it could not be used anyway.
pub(super) async fn use_up(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    jti: &str,
    expiry: Timestamp,
) -> Result<Result<(), AssertionError>, Fault> {
    let hash = crypto::sha256(jti.as_bytes());
    let forget_at = expiry.plus(Span::secs(2 * LEEWAY_SECS));
    let mut batch = Batch::new();
    batch.create(
        key::assertion(realm.id, client.id, &hash),
        forget_at.0.to_be_bytes().to_vec(),
    );
    let mut named = [0; 48];
    for (to, from) in named.iter_mut().zip(client.id.bytes().iter().chain(&hash)) {
        *to = *from;
    }
    Due::Assertion(named).put(&mut batch, realm.id, forget_at);
    match ctx.commit(batch).await {
        Ok(_) => Ok(Ok(())),
        Err(CommitError::Conflict { .. }) => Ok(Err(AssertionError::Replayed)),
        Err(error) => Err(error.into()),
    }
}

/// When it is over.
pub(super) fn expiry(claims: &Claims) -> Timestamp {
    // A float's cast saturates: what is negative becomes the epoch, what is too large the end of time.
    Timestamp((claims.exp * 1000.0) as u64)
}

/// How far the client's clock may be off.
pub(super) const LEEWAY_SECS: u64 = 60;
/// `exp` at most five minutes ahead (FAPI 2.0 §5.3.2.1 in spirit), and a little for clocks that differ.
const LONGEST: Span = Span::secs(5 * 60 + 10);
