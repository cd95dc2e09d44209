//! Registers, changes and deletes clients. What a disabled or deleted client ends goes through the door in the same
//! commit.

use std::sync::Arc;

use super::channels;
use super::check::{problems, uses_secret};
use super::sealed::{self, Kept};
use super::store::read;
use super::{AuthMethod, Client, ClientSettings, too_long};
use crate::crypto::{self, Secret};
use crate::domain::audit::{self, Entry};
use crate::domain::change;
use crate::domain::id::ClientId;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, encode, encode_json};
use crate::domain::signout::{Reason, Request, Selection, SignOut};
use crate::domain::{Actor, Context, Fault, TRIES, key, ssf};
use crate::store::{Batch, CommitError};

/// Why a client was not registered, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// What was asked makes no sense; the sentences say what was expected.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    /// Another client has this `client_id`.
    #[error("a client with this client_id exists already")]
    NameTaken,
    /// There is no such client.
    #[error("there is no such client")]
    NotFound,
    /// It could not be decided.
    #[error("the client could not be changed")]
    Fault(#[from] Fault),
}

/// A client that was just registered.
#[derive(Debug)]
pub struct NewClient {
    /// The client.
    pub client: Arc<Client>,
    /// The secret that was made for it: told once, kept as a hash only.
    pub secret: Option<Secret>,
}

/// A client after a change.
#[derive(Debug)]
pub struct Updated {
    /// The client.
    pub client: Arc<Client>,
    /// A secret that had to be made because the client's new method needs one.
    pub secret: Option<Secret>,
    /// The act of signing out, when the change disabled the client.
    pub sign_out: Option<SignOut>,
}

/// Registers a client. A confidential client without a secret gets a generated one.
///
/// # Errors
/// [`ClientError`].
pub async fn create(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    mut settings: ClientSettings,
) -> Result<NewClient, ClientError> {
    check(&settings)?;
    in_time(realm, &settings)?;
    let given = settings.client_secret.take().map(Secret::new);
    let webhook = settings.webhook_secret.take().map(Secret::new);
    let mut client = Client {
        id: ClientId(ctx.new_id()),
        created_at: ctx.now(),
        secret_hash: None,
        secret_sealed: None,
        webhook_sealed: None,
        settings,
    };
    let secret = equip(ctx, realm, &mut client, given)?;
    channels::equip(ctx, realm, &mut client, webhook)?;
    let name = key::client_name(realm.id, client.client_id());
    let mut batch = Batch::new();
    batch.create(name.clone(), encode(&client.id)?);
    batch.create(key::client(realm.id, client.id), encode_json(&client)?);
    record(
        &mut batch,
        ctx,
        realm,
        actor,
        &client,
        ("client.create", None),
    )?;
    match ctx.commit(batch).await {
        Ok(_) => {
            evict(ctx, realm, &client);
            Ok(NewClient {
                client: Arc::new(client),
                secret,
            })
        }
        // The record's id is fresh, so the name is what was there.
        Err(CommitError::Conflict { .. }) => Err(ClientError::NameTaken),
        Err(error) => Err(Fault::from(error).into()),
    }
}

/// Changes a client's settings; all of them are given, except that an absent secret leaves the old one. Disabling it
/// ends what it was granted in the same commit.
///
/// # Errors
/// [`ClientError`]; the `client_id` cannot be changed, since tokens and apps know the client by it.
pub async fn update(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: ClientId,
    settings: ClientSettings,
) -> Result<Updated, ClientError> {
    revise(ctx, realm, actor, id, |_| Ok(settings.clone())).await
}

/// Changes a client to what `change` makes of it as it is: read, changed and committed as one. `change` may be asked
/// several times.
///
/// # Errors
/// [`ClientError`], or why `change` refused.
pub async fn revise<E: From<ClientError>>(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: ClientId,
    change: impl Fn(&Client) -> Result<ClientSettings, E>,
) -> Result<Updated, E> {
    for _ in 0..TRIES {
        let found = read(ctx, realm, id)
            .await
            .map_err(ClientError::from)?
            .ok_or(ClientError::NotFound)?;
        let settings = change(&found.value)?;
        if let Some(updated) = write(ctx, realm, actor, found, settings).await? {
            return Ok(updated);
        }
    }
    Err(ClientError::from(Fault::Busy).into())
}

/// Commits a change of a client; `None` when somebody else was faster.
async fn write(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    found: Versioned<Client>,
    mut settings: ClientSettings,
) -> Result<Option<Updated>, ClientError> {
    check(&settings)?;
    let given = settings.client_secret.take().map(Secret::new);
    let webhook = settings.webhook_secret.take().map(Secret::new);
    let Versioned {
        value: before,
        version,
    } = found;
    if settings.client_id != before.settings.client_id {
        return Err(ClientError::Invalid(vec![format!(
            "client_id cannot be changed from {:?}; register another client",
            before.settings.client_id
        )]));
    }
    let mut after = Client {
        settings,
        ..before.clone()
    };
    let given = given.filter(|secret| !has_secret(ctx, realm, &before, secret.expose()));
    let secret = equip(ctx, realm, &mut after, given)?;
    channels::equip(ctx, realm, &mut after, webhook)?;
    let Some(detail) = change::changed(&before, &after) else {
        return Ok(Some(Updated {
            client: Arc::new(before),
            secret: None,
            sign_out: None,
        }));
    };
    // What was there before the realm's limit stays as it is until somebody changes it.
    if !ssf::streams::tell(ctx, realm, after.id).await? {
        in_time(realm, &after.settings)?;
    }
    // Of the record only the settings are for people's eyes; a new secret shows as that.
    let detail = change::changed(&before.settings, &after.settings).unwrap_or(detail);
    let mut batch = Batch::new();
    batch.replace(
        key::client(realm.id, after.id),
        version,
        encode_json(&after)?,
    );
    record(
        &mut batch,
        ctx,
        realm,
        actor,
        &after,
        ("client.update", Some(detail)),
    )?;
    let ends =
        (before.settings.enabled && !after.settings.enabled).then(|| grants_of(after.id, actor));
    let done = change::commit(ctx, realm, batch, ends.as_ref()).await?;
    let Ok(sign_out) = done else { return Ok(None) };
    evict(ctx, realm, &after);
    Ok(Some(Updated {
        client: Arc::new(after),
        secret,
        sign_out,
    }))
}

/// Gives a client a new secret; the old one is refused from now on.
///
/// # Errors
/// [`ClientError`]; `Invalid` when the client's method uses no secret.
pub async fn rotate_secret(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: ClientId,
) -> Result<Secret, ClientError> {
    for _ in 0..TRIES {
        let found = read(ctx, realm, id).await?.ok_or(ClientError::NotFound)?;
        let mut client = found.value;
        if !uses_secret(client.settings.token_endpoint_auth_method) {
            return Err(ClientError::Invalid(vec![
                "this client's method uses no secret".to_owned(),
            ]));
        }
        client.secret_hash = None;
        client.secret_sealed = None;
        let secret = equip(ctx, realm, &mut client, None)?;
        let mut batch = Batch::new();
        batch.replace(
            key::client(realm.id, id),
            found.version,
            encode_json(&client)?,
        );
        record(
            &mut batch,
            ctx,
            realm,
            actor,
            &client,
            ("client.rotate_secret", None),
        )?;
        let done = change::commit(ctx, realm, batch, None).await;
        evict(ctx, realm, &client);
        if done?.is_ok() {
            return secret.ok_or(ClientError::Fault(Fault::Record("client secret")));
        }
    }
    Err(Fault::Busy.into())
}

/// Deletes a client; what it was granted ends in the same commit.
///
/// # Errors
/// [`ClientError`].
pub async fn delete(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: ClientId,
) -> Result<SignOut, ClientError> {
    for _ in 0..TRIES {
        let found = read(ctx, realm, id).await?.ok_or(ClientError::NotFound)?;
        let client = found.value;
        let mut batch = Batch::new();
        batch.take(key::client(realm.id, id), found.version);
        batch.del(key::client_name(realm.id, client.client_id()));
        ssf::verbs::remove_of_client(ctx, realm, id, &mut batch).await?;
        record(
            &mut batch,
            ctx,
            realm,
            actor,
            &client,
            ("client.delete", None),
        )?;
        let done = change::commit(ctx, realm, batch, Some(&grants_of(id, actor))).await;
        evict(ctx, realm, &client);
        if let Ok(sign_out) = done? {
            return sign_out.ok_or(ClientError::Fault(Fault::Record("act of signing out")));
        }
    }
    Err(Fault::Busy.into())
}

/// Whether this is the client's secret, kept in every form that its method needs.
pub(in crate::domain) fn has_secret(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    secret: &str,
) -> bool {
    let kept = sealed::secret_hash(ctx, realm.id, client).ok().flatten();
    kept.is_some_and(|hash| crypto::same(&hash, &crypto::sha256(secret.as_bytes())))
        && (client.settings.token_endpoint_auth_method != AuthMethod::ClientSecretJwt
            || client.secret_sealed.is_some())
}

/// Brings the kept secret into the forms that the client's method needs: none for a method without secrets; the given
/// one; the one it has; or a new one, which is then the answer.
fn equip(
    ctx: &Context,
    realm: &Realm,
    client: &mut Client,
    given: Option<Secret>,
) -> Result<Option<Secret>, Fault> {
    let method = client.settings.token_endpoint_auth_method;
    if !uses_secret(method) {
        client.secret_hash = None;
        client.secret_sealed = None;
        return Ok(None);
    }
    let sealed = method == AuthMethod::ClientSecretJwt;
    if !sealed {
        client.secret_sealed = None;
    }
    if given.is_none()
        && client.secret_hash.is_some()
        && (!sealed || client.secret_sealed.is_some())
    {
        return Ok(None);
    }
    let made = given.is_none();
    let secret = given.unwrap_or_else(|| Secret::new(crypto::b64(&ctx.random())));
    let bytes = secret.expose().as_bytes();
    let hash = crypto::sha256(bytes);
    client.secret_hash = Some(sealed::seal(ctx, realm.id, client.id, Kept::Hash, &hash)?);
    if sealed {
        let sealed = sealed::seal(ctx, realm.id, client.id, Kept::Secret, bytes)?;
        client.secret_sealed = Some(sealed);
    }
    Ok(made.then_some(secret))
}

fn check(settings: &ClientSettings) -> Result<(), ClientError> {
    let problems = problems(settings);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ClientError::Invalid(problems))
    }
}

/// Refuses a client that would lag behind a sign-out longer than its realm allows.
fn in_time(realm: &Realm, settings: &ClientSettings) -> Result<(), ClientError> {
    match too_long(realm, settings) {
        None => Ok(()),
        Some(why) => Err(ClientError::Invalid(vec![why])),
    }
}

fn grants_of(id: ClientId, actor: &Actor) -> Request {
    Request::new(
        Selection::Clients(vec![id]),
        Reason::ClientDisabled,
        actor.clone(),
    )
}

fn record(
    batch: &mut Batch,
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    client: &Client,
    (action, detail): (&str, Option<String>),
) -> Result<(), Fault> {
    let target = client.client_id().to_owned();
    audit::record(
        batch,
        ctx,
        realm.id,
        &Entry {
            actor,
            action,
            target_kind: "client",
            target,
            detail,
        },
    )
}

/// Whatever came of a commit: one without an answer may have been taken.
fn evict(ctx: &Context, realm: &Realm, client: &Client) {
    ctx.catalog.evict(&key::client(realm.id, client.id));
    ctx.catalog
        .evict(&key::client_name(realm.id, client.client_id()));
}

#[cfg(test)]
mod tests;
