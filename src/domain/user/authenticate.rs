//! Checks a username with a password. Every answer but "too busy" costs one hash, so that its time does not tell who
//! exists (checklist N4).

use super::store::{Password, id_of, with_password};
use super::{User, fold};
use crate::crypto::{PasswordError, Secret, Verdict};
use crate::domain::id::UserId;
use crate::domain::realm::Realm;
use crate::domain::record::Versioned;
use crate::domain::time::Timestamp;
use crate::domain::{Context, Fault, key};
use crate::store::{Batch, CommitError};

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// No such user, no password, or not this one: nobody is told which.
    #[error("the username or the password is wrong")]
    WrongCredentials,
    /// The user is disabled. Told only to who knows the password.
    #[error("the user is disabled")]
    Disabled,
    /// Sign-in is blocked until a moment, or until it is lifted. Told only to who knows the password.
    #[error("the user is blocked from signing in")]
    Blocked(Option<Timestamp>),
    /// Too many passwords are being checked; worth another try in a second or two.
    #[error("too many passwords are being checked")]
    TooBusy,
}

/// Checks a password. The answer's version is older than any change of user or password that came during the check, so
/// whoever guards with it does not start a session with a password that is no longer the user's.
///
/// # Errors
/// [`Fault`] when it could not be decided; a refusal is the inner error.
pub async fn authenticate(
    ctx: &Context,
    realm: &Realm,
    username: &str,
    password: Secret,
) -> Result<Result<Versioned<User>, AuthenticateError>, Fault> {
    // Nobody stands for a missing user: the reads and the hash happen all the same.
    let id = id_of(ctx, realm, &fold(username))
        .await?
        .unwrap_or(UserId(uuid::Uuid::nil()));
    let (user, kept) = with_password(ctx, realm, id).await?;
    let stored = user
        .as_ref()
        .and(kept.as_ref())
        .map(|kept| kept.value.hash.clone());
    let rehash = match ctx.passwords.verify(password.clone(), stored).await {
        Ok(Verdict::Right { rehash }) => rehash,
        Ok(Verdict::Wrong) | Err(PasswordError::TooLong) => {
            return Ok(Err(AuthenticateError::WrongCredentials));
        }
        Err(PasswordError::Busy) => return Ok(Err(AuthenticateError::TooBusy)),
        Err(error @ PasswordError::Internal) => return Err(Fault::Crypto(error.to_string())),
    };
    let (Some(user), Some(kept)) = (user, kept) else {
        return Ok(Err(AuthenticateError::WrongCredentials));
    };
    if !user.value.enabled {
        return Ok(Err(AuthenticateError::Disabled));
    }
    if let Some(block) = user.value.blocked(ctx.now()) {
        return Ok(Err(AuthenticateError::Blocked(block.until)));
    }
    if rehash {
        upgrade(ctx, realm, id, kept, password).await;
    }
    Ok(Ok(user))
}

/// Keeps the same password under today's cost. Not through the door, for nothing ends; and never in the way of the
/// sign-in: when it fails, the next one tries again.
async fn upgrade(
    ctx: &Context,
    realm: &Realm,
    id: UserId,
    kept: Versioned<Password>,
    password: Secret,
) {
    let Ok(hash) = ctx.passwords.hash(password).await else {
        return;
    };
    let set_at = kept.value.set_at;
    let Ok(value) = (Password { hash, set_at }).sealed(ctx, realm, id) else {
        return;
    };
    let mut batch = Batch::new();
    batch.replace(key::credential(realm.id, id), kept.version, value);
    match ctx.commit(batch).await {
        // A conflict means that there is a newer password, which must stay.
        Ok(_) | Err(CommitError::Conflict { .. }) => {}
        Err(error) => tracing::warn!(%error, user = %id, "a password hash could not be upgraded"),
    }
}

#[cfg(test)]
mod tests;
