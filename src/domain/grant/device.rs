//! Device codes (RFC 8628): asked for by a device without a browser, answered by a person in theirs, redeemed once by the
//! device.
//!
//! What was allowed hangs on the session in which it was allowed: whatever ends that before the device came to fetch it
//! leaves nothing to fetch, as with an authorization code.

mod user_code;

use serde::{Deserialize, Serialize};

pub use user_code::UserCode;

use super::begin::{self, Given, Lapsed};
use super::{Grant, TokenFamily};
use crate::crypto;
use crate::domain::client::Client;
use crate::domain::id::{ClientId, FamilyId};
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, decode, encode, versioned};
use crate::domain::session::Device;
use crate::domain::signout::Epoch;
use crate::domain::sweep::Due;
use crate::domain::time::{Span, Timestamp};
use crate::domain::token::resources::{self, ResourceError};
use crate::domain::{Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// How long a person has to enter a code, and the device to fetch what came of it.
pub const LIFE: Span = Span::mins(10);
/// How long a device waits from one question to the next (RFC 8628 §3.2), and by how much longer when it did not (§3.5).
pub const INTERVAL: Span = Span::secs(5);
/// A device that waits as it should may still be a moment early here: networks hurry and dawdle.
const EARLY: Span = Span::secs(1);
/// A code is remembered this long after it expired, so that its device hears that, and its letters stand for nothing else.
const REMEMBERED: Span = Span::mins(10);

/// What a device asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ask {
    /// Which client.
    pub client: ClientId,
    /// Its public id.
    pub client_id: String,
    /// Its name then.
    pub client_name: String,
    /// The scope.
    pub scope: String,
    /// The resources (RFC 8707).
    pub resources: Vec<String>,
    /// The S256 challenge (RFC 7636), when the device sent one.
    pub code_challenge: Option<String>,
    /// From which address.
    pub ip: String,
    /// What it says of itself.
    pub device: Device,
}

/// A device code, kept under the SHA-256 of its text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceCode {
    /// What is asked for.
    pub ask: Ask,
    /// What the person enters.
    pub user_code: UserCode,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it is over, answered or not.
    pub expires_at: Timestamp,
    state: State,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum State {
    Waiting,
    Allowed { grant: Box<Grant>, at: Timestamp },
    Refused,
    Used(FamilyId),
}

/// When a device asked last, and how long it has to wait. A record of its own and overwritten, so that a device that asks
/// too often does not keep a person's answer from being written.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Pace {
    at: Timestamp,
    interval: Span,
}

/// What a device is told.
pub struct Asked {
    /// What it shows to nobody: 256 random bits, kept only as a hash.
    pub device_code: String,
    /// What it shows to the person.
    pub user_code: UserCode,
}

/// Begins: makes both codes.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn ask(ctx: &Context, realm: &Realm, ask: Ask) -> Result<Asked, Fault> {
    let device_code = crypto::b64(&ctx.random());
    let hash = crypto::sha256(device_code.as_bytes());
    let asked_at = ctx.now();
    let expires_at = asked_at.plus(LIFE);
    for _ in 0..TRIES {
        let user_code = UserCode::draw(ctx);
        let code = DeviceCode {
            ask: ask.clone(),
            user_code: user_code.clone(),
            asked_at,
            expires_at,
            state: State::Waiting,
        };
        let mut batch = Batch::new();
        batch.create(key::device(realm.id, &hash), encode(&code)?);
        batch.create(key::user_code(realm.id, &user_code.hash()), hash.to_vec());
        Due::Device(hash, user_code.hash()).put(&mut batch, realm.id, expires_at.plus(REMEMBERED));
        match ctx.commit(batch).await {
            Ok(_) => {
                return Ok(Asked {
                    device_code,
                    user_code,
                });
            }
            // Somebody has these letters.
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

/// Why a person cannot answer a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// There is none with these letters.
    #[error("there is no such code")]
    Unknown,
    /// It expired, or somebody answered it.
    #[error("the code is over")]
    Over,
}

/// The device code that a person's code stands for, by its hash: nothing that could be redeemed.
pub type Hash = [u8; 32];

/// Finds what waits for an answer under the letters that a person entered.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn entered(
    ctx: &Context,
    realm: &Realm,
    code: &UserCode,
) -> Result<Result<Hash, AnswerError>, Fault> {
    let at = key::user_code(realm.id, &code.hash());
    let Some(record) = ctx.store.get(&at).await? else {
        return Ok(Err(AnswerError::Unknown));
    };
    let hash = Hash::try_from(&*record.value).map_err(|_| Fault::Record("code of a device"))?;
    Ok(waiting(ctx, realm, &hash).await?.map(|_| hash))
}

/// What waits for an answer.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn waiting(
    ctx: &Context,
    realm: &Realm,
    hash: &Hash,
) -> Result<Result<Versioned<DeviceCode>, AnswerError>, Fault> {
    let stored = ctx.store.get(&key::device(realm.id, hash)).await?;
    let Some(code) = versioned::<DeviceCode>(stored, "device code")? else {
        return Ok(Err(AnswerError::Unknown));
    };
    let waits = matches!(code.value.state, State::Waiting) && ctx.now() < code.value.expires_at;
    Ok(if waits {
        Ok(code)
    } else {
        Err(AnswerError::Over)
    })
}

/// Writes down what a person answered: what they allow, and a moment before anything was read on which that rests, so that a
/// cut made meanwhile is the later one; or nothing. The first answer counts.
///
/// # Errors
/// [`Fault`] when the store fails.
pub async fn answer(
    ctx: &Context,
    realm: &Realm,
    hash: &Hash,
    allowed: Option<(Grant, Timestamp)>,
) -> Result<Result<(), AnswerError>, Fault> {
    let code = match waiting(ctx, realm, hash).await? {
        Ok(code) => code,
        Err(over) => return Ok(Err(over)),
    };
    let state = match allowed {
        Some((grant, at)) => State::Allowed {
            grant: Box::new(grant),
            at,
        },
        None => State::Refused,
    };
    let answered = DeviceCode {
        state,
        ..code.value
    };
    let mut batch = Batch::new();
    batch.replace(
        key::device(realm.id, hash),
        code.version,
        encode(&answered)?,
    );
    match ctx.commit(batch).await {
        Ok(_) => Ok(Ok(())),
        // Nothing but another answer writes what waits.
        Err(CommitError::Conflict { .. }) => Ok(Err(AnswerError::Over)),
        Err(error) => Err(error.into()),
    }
}

/// What a device presents.
pub struct Redeem<'a> {
    /// The device code's text.
    pub device_code: &'a str,
    /// The PKCE verifier; present exactly when there was a challenge.
    pub code_verifier: Option<&'a str>,
    /// The resources the access token shall be for: at most what was allowed.
    pub resources: &'a [String],
}

/// Why a device gets nothing, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedeemError {
    /// No such code, not this client's, or fetched already.
    #[error("the device code is not known; it is redeemed once, by the client it was issued to")]
    Unknown,
    /// The verifier does not fit the challenge, is missing, or there was no challenge.
    #[error("code_verifier does not match the code_challenge of the device authorization request")]
    Verifier,
    /// Another resource than was allowed: `invalid_target`.
    #[error("resource must be one that was granted")]
    Resource,
    /// Nobody answered yet.
    #[error("the user has not answered yet")]
    Pending,
    /// The same, and the device asks too often: it waits five seconds longer from now on.
    #[error("ask less often: the interval is five seconds longer from now on")]
    SlowDown,
    /// The person said no.
    #[error("the user did not allow it")]
    Refused,
    /// Its time is over.
    #[error("the device code has expired")]
    Expired,
    /// What the person allowed is over.
    #[error(transparent)]
    Lapsed(Lapsed),
}

/// Redeems a device code once its person allowed it: marks it used, creates the family and records the client's part in
/// the session, all in one commit.
///
/// # Errors
/// [`Fault`] when it could not decide.
pub async fn redeem(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    redeem: Redeem<'_>,
) -> Result<Result<TokenFamily, RedeemError>, Fault> {
    let hash = crypto::sha256(redeem.device_code.as_bytes());
    for _ in 0..TRIES {
        // Before anything is read: a cut that is made meanwhile is then later than the family, and ends it.
        let now = ctx.now();
        let keys = [
            key::device(realm.id, &hash),
            key::device_pace(realm.id, &hash),
            key::client_epoch(realm.id, client.id),
        ];
        let mut read = ctx.store.get_many(&keys).await?.into_iter();
        let stored = read.next().flatten();
        let pace = read.next().flatten();
        let cut = read.next().flatten();
        let Some(code) = versioned::<DeviceCode>(stored, "device code")? else {
            return Ok(Err(RedeemError::Unknown));
        };
        if let Err(refused) = fits(&code.value, client, &redeem) {
            return Ok(Err(refused));
        }
        let is_over = now >= code.value.expires_at;
        let (grant, at) = match &code.value.state {
            State::Used(_) => return Ok(Err(RedeemError::Unknown)),
            State::Refused => return Ok(Err(RedeemError::Refused)),
            _ if is_over => return Ok(Err(RedeemError::Expired)),
            State::Waiting => {
                let pace = pace.map(|r| decode(&r.value, "pace")).transpose()?;
                return Ok(Err(asked_again(ctx, realm, &hash, pace, now).await?));
            }
            State::Allowed { grant, at } => (grant, *at),
        };
        let cut: Option<Epoch> = cut.map(|r| decode(&r.value, "epoch")).transpose()?;
        let mut batch = Batch::new();
        let given = Given { grant, at, cut };
        let family = match begin::family(ctx, realm, client, &given, now, &mut batch).await? {
            Ok(family) => family,
            Err(lapsed) => return Ok(Err(RedeemError::Lapsed(lapsed))),
        };
        let used = DeviceCode {
            state: State::Used(family.id),
            ..code.value
        };
        batch.replace(key::device(realm.id, &hash), code.version, encode(&used)?);
        match ctx.commit(batch).await {
            Ok(_) => return Ok(Ok(family)),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Fault::Busy)
}

fn fits(code: &DeviceCode, client: &Client, redeem: &Redeem<'_>) -> Result<(), RedeemError> {
    if code.ask.client != client.id {
        return Err(RedeemError::Unknown);
    }
    if !begin::proves(code.ask.code_challenge.as_deref(), redeem.code_verifier) {
        return Err(RedeemError::Verifier);
    }
    resources::narrow(client, &code.ask.resources, redeem.resources)
        .map(|_| ())
        .map_err(|ResourceError| RedeemError::Resource)
}

/// Notes that a device asked and there is no answer yet.
async fn asked_again(
    ctx: &Context,
    realm: &Realm,
    hash: &Hash,
    before: Option<Pace>,
    now: Timestamp,
) -> Result<RedeemError, Fault> {
    let interval = before.map_or(INTERVAL, |pace| pace.interval);
    let too_soon = before.is_some_and(|pace| now.since(pace.at).0 + EARLY.0 < interval.0);
    let (interval, told) = if too_soon {
        (
            Span(interval.0.saturating_add(INTERVAL.0)),
            RedeemError::SlowDown,
        )
    } else {
        (interval, RedeemError::Pending)
    };
    let mut batch = Batch::new();
    let pace = Pace { at: now, interval };
    batch.put(key::device_pace(realm.id, hash), encode(&pace)?);
    ctx.commit(batch).await?;
    Ok(told)
}

#[cfg(test)]
mod tests;
