//! A password on its way into the store: from text or from a hash of elsewhere.

use super::super::UserSettings;
use super::super::store::Password;
use super::UserError;
use crate::crypto::{PasswordError, Secret};
use crate::domain::{Context, Fault};

/// Takes the password out of the settings and brings it into the form that is kept.
pub(in crate::domain::user) async fn new_password(
    ctx: &Context,
    settings: &mut UserSettings,
) -> Result<Option<Password>, UserError> {
    match (settings.password.take(), settings.password_hash.take()) {
        (Some(password), _) => hash(ctx, Secret::new(password)).await.map(Some),
        (None, Some(hash)) => Ok(Some(Password {
            hash,
            set_at: ctx.now(),
        })),
        (None, None) => Ok(None),
    }
}

/// Brings a password into the form that is kept.
///
/// # Errors
/// [`UserError`] when it is too long or too many are being hashed.
pub(in crate::domain::user) async fn hash(
    ctx: &Context,
    password: Secret,
) -> Result<Password, UserError> {
    match ctx.passwords.hash(password).await {
        Ok(hash) => Ok(Password {
            hash,
            set_at: ctx.now(),
        }),
        Err(PasswordError::Busy) => Err(UserError::TooBusy),
        Err(error @ PasswordError::TooLong) => Err(UserError::Invalid(error.to_string())),
        Err(error @ PasswordError::Internal) => Err(Fault::Crypto(error.to_string()).into()),
    }
}
