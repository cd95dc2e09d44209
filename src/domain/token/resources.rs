//! Resource indicators (RFC 8707): which audiences a client may ask for, and what an access token's `aud` then says.

use crate::domain::Context;
use crate::domain::client::Client;

/// A resource was asked for that the client may not reach: `invalid_target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("resource must be one that the client is registered for")]
pub struct ResourceError;

/// The audience of the admin API.
pub fn admin_audience(ctx: &Context) -> String {
    format!("{}/admin", ctx.public_url)
}

/// Checks the resources of an authorization request against the client's registration.
///
/// # Errors
/// [`ResourceError`] for any that it is not registered for.
pub fn check(client: &Client, asked: &[String]) -> Result<(), ResourceError> {
    if asked.iter().all(|r| client.settings.resources.contains(r)) {
        Ok(())
    } else {
        Err(ResourceError)
    }
}

/// The audience of an access token: the resources asked for now, or all that were granted, and the client's own id when
/// there are none.
///
/// # Errors
/// [`ResourceError`] for any that was not granted.
pub fn narrow(
    client: &Client,
    granted: &[String],
    asked: &[String],
) -> Result<Vec<String>, ResourceError> {
    let chosen = if asked.is_empty() { granted } else { asked };
    // A code without resources may still be exchanged for one that the client is registered for.
    let allowed = if granted.is_empty() {
        client.settings.resources.as_slice()
    } else {
        granted
    };
    if !chosen.iter().all(|r| allowed.contains(r)) {
        return Err(ResourceError);
    }
    if chosen.is_empty() {
        Ok(vec![client.client_id().to_owned()])
    } else {
        Ok(chosen.to_vec())
    }
}

/// The audience of a client acting for itself: what it asked for, or the admin API when its account has roles, or its
/// own id.
///
/// # Errors
/// [`ResourceError`] for any that it is not registered for.
pub fn for_client(
    ctx: &Context,
    client: &Client,
    asked: &[String],
) -> Result<Vec<String>, ResourceError> {
    let admin = admin_audience(ctx);
    let has_roles = !client.settings.service_account_roles.is_empty();
    if !asked
        .iter()
        .all(|r| client.settings.resources.contains(r) || (has_roles && *r == admin))
    {
        return Err(ResourceError);
    }
    match (asked.is_empty(), has_roles) {
        (false, _) => Ok(asked.to_vec()),
        (true, true) => Ok(vec![admin]),
        (true, false) => Ok(vec![client.client_id().to_owned()]),
    }
}
