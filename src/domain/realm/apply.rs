//! Applies a realm file: creates what is missing, changes what differs, deletes nothing. A second run with the same file
//! writes nothing, so that it can be done at every start.

use std::collections::HashSet;

use super::verbs::{self, MASTER, RealmError};
use super::{Realm, RealmSettings, check_name, find};
use crate::crypto::{self, Secret};
use crate::domain::client::verbs::{self as clients, ClientError};
use crate::domain::client::{self, ClientSettings};
use crate::domain::user::verbs::{self as users, UserError};
use crate::domain::user::{self, Blocking, UserSettings};
use crate::domain::{Actor, Context, Fault};

/// What applying a file did.
#[derive(Debug, Default)]
pub struct Applied {
    /// How many realms, clients and users were created.
    pub created: usize,
    /// How many were changed.
    pub updated: usize,
    /// How many were as the file says.
    pub unchanged: usize,
    /// Secrets that were made for clients whose file gives none, by `client_id`: to be told once.
    pub secrets: Vec<(String, Secret)>,
}

/// Why a file was not applied, or not to its end. Applying it again goes on.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// What the file says makes no sense; nothing was written.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    /// The realm was not taken.
    #[error("the realm was not taken: {0}")]
    Realm(#[from] RealmError),
    /// A client was not taken.
    #[error("the client {client_id:?} was not taken: {source}")]
    Client {
        /// Which.
        client_id: String,
        /// Why.
        source: ClientError,
    },
    /// A user was not taken.
    #[error("the user {username:?} was not taken: {source}")]
    User {
        /// Which.
        username: String,
        /// Why.
        source: UserError,
    },
    /// It could not be decided.
    #[error("the file could not be applied")]
    Fault(#[from] Fault),
}

/// Applies a realm with its clients and users. Everything is checked before anything is written.
///
/// A client's secret in the file is the client's secret. A user's password in the file is only their first: once a user
/// has a password, the file's is ignored. Otherwise every start would undo the password that the user chose since and,
/// because a new password ends sessions, sign everybody out.
///
/// # Errors
/// [`ApplyError`].
pub async fn apply(
    ctx: &Context,
    name: &str,
    settings: RealmSettings,
    clients: Vec<ClientSettings>,
    users: Vec<UserSettings>,
) -> Result<Applied, ApplyError> {
    check(name, &settings, &clients, &users)?;
    let actor = Actor::system("realm file");
    let mut applied = Applied::default();
    let realm = match find(ctx, name).await? {
        None => {
            applied.created += 1;
            verbs::create(ctx, &actor, name, settings).await?
        }
        Some(realm) if realm.settings == settings => {
            applied.unchanged += 1;
            realm
        }
        Some(_) => {
            applied.updated += 1;
            verbs::update(ctx, &actor, name, settings).await?.realm
        }
    };
    for settings in clients {
        let client_id = settings.client_id.clone();
        apply_client(ctx, &realm, &actor, settings, &mut applied)
            .await
            .map_err(|source| ApplyError::Client { client_id, source })?;
    }
    for settings in users {
        let username = settings.username.clone();
        apply_user(ctx, &realm, &actor, settings, &mut applied)
            .await
            .map_err(|source| ApplyError::User { username, source })?;
    }
    Ok(applied)
}

/// Makes the realm `master` with the user `admin` when there is nobody in it yet, which is the first start (or one after
/// a first start that did not get that far). The answer is the password when it was generated: to be told once.
///
/// # Errors
/// [`ApplyError`].
pub async fn bootstrap(
    ctx: &Context,
    admin_password: Option<Secret>,
) -> Result<Option<String>, ApplyError> {
    let actor = Actor::system("first start");
    let realm = match find(ctx, MASTER).await? {
        Some(realm) => realm,
        None => match verbs::create(ctx, &actor, MASTER, RealmSettings::default()).await {
            // Another node was faster; it makes the user too.
            Err(RealmError::NameTaken) => return Ok(None),
            created => created?,
        },
    };
    if !user::list(ctx, &realm, "", None, 1).await?.0.is_empty() {
        return Ok(None);
    }
    let (password, generated) = match admin_password {
        Some(given) => (given.expose().to_owned(), None),
        None => {
            let made: Vec<u8> = ctx.random().into_iter().take(GENERATED_BYTES).collect();
            let made = crypto::b64(&made);
            (made.clone(), Some(made))
        }
    };
    let settings = UserSettings {
        username: ADMIN.to_owned(),
        password: Some(password),
        roles: vec![SERVER_ADMIN.to_owned()],
        ..UserSettings::default()
    };
    match users::create(ctx, &realm, &actor, settings).await {
        Ok(_) => Ok(generated),
        Err(UserError::NameTaken) => Ok(None),
        Err(source) => Err(ApplyError::User {
            username: ADMIN.to_owned(),
            source,
        }),
    }
}

fn check(
    name: &str,
    settings: &RealmSettings,
    clients: &[ClientSettings],
    users: &[UserSettings],
) -> Result<(), ApplyError> {
    let mut problems = Vec::new();
    problems.extend(check_name(name).err());
    problems.extend(verbs::problems(settings));
    let mut seen = HashSet::new();
    for settings in clients {
        let name = format!("client {:?}", settings.client_id);
        problems.extend(
            client::check::problems(settings)
                .into_iter()
                .map(|why| format!("{name}: {why}")),
        );
        if !seen.insert(settings.client_id.clone()) {
            problems.push(format!("{name} is there twice"));
        }
    }
    seen.clear();
    for settings in users {
        let name = format!("user {:?}", settings.username);
        problems.extend(
            user::check::problems(settings)
                .into_iter()
                .map(|why| format!("{name}: {why}")),
        );
        if !seen.insert(user::fold(&settings.username)) {
            problems.push(format!("{name} is there twice"));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ApplyError::Invalid(problems))
    }
}

async fn apply_client(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    mut settings: ClientSettings,
    applied: &mut Applied,
) -> Result<(), ClientError> {
    let client_id = settings.client_id.clone();
    let Some(existing) = client::find(ctx, realm, &client_id).await? else {
        let new = clients::create(ctx, realm, actor, settings).await?;
        applied.created += 1;
        applied
            .secrets
            .extend(new.secret.map(|secret| (client_id, secret)));
        return Ok(());
    };
    let given = settings.client_secret.take();
    let webhook = settings.webhook_secret.take();
    if existing.settings == settings
        && given
            .as_ref()
            .is_none_or(|secret| clients::has_secret(ctx, realm, &existing, secret))
        && webhook.as_ref().is_none_or(|secret| {
            client::channels::has_webhook_secret(ctx, realm, &existing, secret)
        })
    {
        applied.unchanged += 1;
        return Ok(());
    }
    settings.client_secret = given;
    settings.webhook_secret = webhook;
    let updated = clients::update(ctx, realm, actor, existing.id, settings).await?;
    applied.updated += 1;
    applied
        .secrets
        .extend(updated.secret.map(|secret| (client_id, secret)));
    Ok(())
}

async fn apply_user(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    mut settings: UserSettings,
    applied: &mut Applied,
) -> Result<(), UserError> {
    let Some(found) = user::find(ctx, realm, &settings.username).await? else {
        users::create(ctx, realm, actor, settings).await?;
        applied.created += 1;
        return Ok(());
    };
    let existing = found.value;
    if user::has_password(ctx, realm, existing.id).await? {
        settings.password = None;
        settings.password_hash = None;
    }
    // Like the password, a block in the file is how the user begins: what administrators did since stands.
    settings.blocking = Blocking::Keep;
    let kept = UserSettings {
        blocking: Blocking::Keep,
        username: existing.username,
        password: None,
        password_hash: None,
        enabled: existing.enabled,
        roles: existing.roles,
        claims: existing.claims,
    };
    if kept == settings {
        applied.unchanged += 1;
        return Ok(());
    }
    users::update(ctx, realm, actor, existing.id, settings).await?;
    applied.updated += 1;
    Ok(())
}

const ADMIN: &str = "admin";
const SERVER_ADMIN: &str = "server-admin";
/// 144 bits: as hard to guess as a key, and 24 characters to type.
const GENERATED_BYTES: usize = 18;

#[cfg(test)]
mod tests;
