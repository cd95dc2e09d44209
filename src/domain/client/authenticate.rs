//! How a client proves who it is at the token endpoint and its neighbours (OIDC Core §9, OAuth 2.1 §2.4).
//!
//! Exactly the registered method is accepted: a client that registered a key cannot be impersonated with a secret that
//! was left somewhere, and a secret meant for a header is not taken from a body that a proxy may log.

use std::ops::Deref;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::assertion::{self, AssertionError};
use super::{AuthMethod, Client, find, sealed};
use crate::crypto;
use crate::domain::realm::Realm;
use crate::domain::{Context, Fault};

/// What a request brought.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// Only a `client_id`: a public client.
    None {
        /// The public id.
        client_id: &'a str,
    },
    /// A secret.
    Secret {
        /// The public id.
        client_id: &'a str,
        /// The secret.
        secret: &'a str,
        /// By which way it came: `ClientSecretBasic` or `ClientSecretPost`.
        method: AuthMethod,
    },
    /// A `client_assertion` (RFC 7523 §2.2).
    Assertion {
        /// The public id, when the request has one beside the assertion.
        client_id: Option<&'a str>,
        /// The assertion.
        jwt: &'a str,
    },
}

/// A client that has proved who it is. Only [`authenticate`] makes one.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    /// The client itself, to be kept.
    pub fn shared(&self) -> Arc<Client> {
        Arc::clone(&self.0)
    }
}

impl Deref for AuthenticatedClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

/// Why a client is not believed. For the log; the caller hears the same `invalid_client` whatever it was.
#[derive(Debug, thiserror::Error)]
pub enum ClientAuthError {
    /// There is no such client.
    #[error("there is no such client")]
    Unknown,
    /// It came by another way than the registered one.
    #[error("the client is registered for {registered:?} and came with {presented}")]
    WrongMethod {
        /// What is registered.
        registered: AuthMethod,
        /// What it came with.
        presented: &'static str,
    },
    /// The secret is not its own.
    #[error("the client's secret is wrong")]
    WrongSecret,
    /// The assertion proves nothing.
    #[error("the client's assertion proves nothing")]
    Assertion(#[source] AssertionError),
    /// The client is disabled.
    #[error("the client is disabled")]
    Disabled,
    /// The realm is disabled.
    #[error("the realm is disabled")]
    RealmDisabled,
}

/// Checks what a request brought against what its client registered.
///
/// # Errors
/// [`Fault`] when it could not be decided; a refusal is the inner error.
pub async fn authenticate(
    ctx: &Context,
    realm: &Realm,
    credential: Credential<'_>,
) -> Result<Result<AuthenticatedClient, ClientAuthError>, Fault> {
    let proved = match credential {
        Credential::None { client_id } => public(find(ctx, realm, client_id).await?),
        Credential::Secret {
            client_id,
            secret,
            method,
        } => {
            let found = find(ctx, realm, client_id).await?;
            let kept = match found.as_deref() {
                Some(client) => sealed::secret_hash(ctx, realm.id, client)?,
                None => None,
            };
            by_secret(found, kept, secret, method)
        }
        Credential::Assertion { client_id, jwt } => {
            return by_assertion(ctx, realm, client_id, jwt).await;
        }
    };
    Ok(proved.and_then(|client| {
        allowed(realm, &client)?;
        Ok(AuthenticatedClient(client))
    }))
}

fn public(found: Option<Arc<Client>>) -> Result<Arc<Client>, ClientAuthError> {
    let client = found.ok_or(ClientAuthError::Unknown)?;
    match client.settings.token_endpoint_auth_method {
        AuthMethod::None => Ok(client),
        registered => Err(ClientAuthError::WrongMethod {
            registered,
            presented: "no credentials",
        }),
    }
}

/// The presented secret is hashed and compared whoever it is for, so that the time tells nothing of who exists.
fn by_secret(
    found: Option<Arc<Client>>,
    kept: Option<Zeroizing<Vec<u8>>>,
    secret: &str,
    method: AuthMethod,
) -> Result<Arc<Client>, ClientAuthError> {
    let nobodys = [0; 32];
    let matches = crypto::same(
        &crypto::sha256(secret.as_bytes()),
        kept.as_deref().map_or(&nobodys[..], Vec::as_slice),
    );
    let client = found.ok_or(ClientAuthError::Unknown)?;
    let registered = client.settings.token_endpoint_auth_method;
    let presented = match method {
        AuthMethod::ClientSecretBasic => "a secret in the header",
        AuthMethod::ClientSecretPost => "a secret in the body",
        AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt | AuthMethod::None => {
            "something that is no secret"
        }
    };
    let by_plain_secret = matches!(
        method,
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost
    );
    if registered != method || !by_plain_secret {
        return Err(ClientAuthError::WrongMethod {
            registered,
            presented,
        });
    }
    if kept.is_none() || !matches {
        return Err(ClientAuthError::WrongSecret);
    }
    Ok(client)
}

async fn by_assertion(
    ctx: &Context,
    realm: &Realm,
    client_id: Option<&str>,
    jwt: &str,
) -> Result<Result<AuthenticatedClient, ClientAuthError>, Fault> {
    let Some(claimed) = assertion::claimed_client(jwt) else {
        return Ok(Err(ClientAuthError::Unknown));
    };
    // RFC 7521 §4.2: a client_id beside the assertion must name the same client.
    if client_id.is_some_and(|client_id| client_id != claimed) {
        return Ok(Err(ClientAuthError::Assertion(AssertionError::WrongClient)));
    }
    let Some(client) = find(ctx, realm, &claimed).await? else {
        return Ok(Err(ClientAuthError::Unknown));
    };
    match client.settings.token_endpoint_auth_method {
        AuthMethod::PrivateKeyJwt | AuthMethod::ClientSecretJwt => {}
        registered @ (AuthMethod::ClientSecretBasic
        | AuthMethod::ClientSecretPost
        | AuthMethod::None) => {
            return Ok(Err(ClientAuthError::WrongMethod {
                registered,
                presented: "an assertion",
            }));
        }
    }
    // Before the assertion is used up: what is refused anyway need not be remembered.
    if let Err(refused) = allowed(realm, &client) {
        return Ok(Err(refused));
    }
    let verified = assertion::verify(ctx, realm, &client, jwt).await?;
    Ok(verified
        .map(|()| AuthenticatedClient(client))
        .map_err(ClientAuthError::Assertion))
}

fn allowed(realm: &Realm, client: &Client) -> Result<(), ClientAuthError> {
    if !realm.settings.enabled {
        return Err(ClientAuthError::RealmDisabled);
    }
    if !client.settings.enabled {
        return Err(ClientAuthError::Disabled);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
