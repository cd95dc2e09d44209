//! Creates, changes and deletes realms. What a disabled or deleted realm ends goes through the door in the same commit.

use std::sync::Arc;

use super::store::read;
use super::{Realm, RealmSettings, check_name};
use crate::domain::audit::{self, Entry};
use crate::domain::change;
use crate::domain::id::RealmId;
use crate::domain::record::{Versioned, encode, encode_json, versioned};
use crate::domain::signout::{Reason, Request, Selection, SignOut};
use crate::domain::sweep::Due;
use crate::domain::time::Span;
use crate::domain::{Actor, Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError};

/// The realm that holds the server's administrators. It can be neither disabled nor deleted.
pub const MASTER: &str = "master";

/// Why a realm was not created, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum RealmError {
    /// What was asked makes no sense; the text says what was expected.
    #[error("{0}")]
    Invalid(String),
    /// Another realm has this name.
    #[error("a realm of this name exists already")]
    NameTaken,
    /// There is no such realm.
    #[error("there is no such realm")]
    NotFound,
    /// It could not be decided.
    #[error("the realm could not be changed")]
    Fault(#[from] Fault),
}

/// A realm after a change.
#[derive(Debug)]
pub struct Updated {
    /// The realm.
    pub realm: Arc<Realm>,
    /// The act of signing out, when the change disabled the realm.
    pub sign_out: Option<SignOut>,
}

/// Creates a realm.
///
/// # Errors
/// [`RealmError`].
pub async fn create(
    ctx: &Context,
    actor: &Actor,
    name: &str,
    settings: RealmSettings,
) -> Result<Arc<Realm>, RealmError> {
    check_name(name).map_err(RealmError::Invalid)?;
    check(name, &settings)?;
    for _ in 0..TRIES {
        if ctx
            .store
            .get(&key::realm_name(name))
            .await
            .map_err(Fault::from)?
            .is_some()
        {
            return Err(RealmError::NameTaken);
        }
        let counter = versioned::<u32>(
            ctx.store
                .get(&key::realm_counter())
                .await
                .map_err(Fault::from)?,
            "counter",
        )?;
        let number = counter.as_ref().map_or(1, |c| c.value.saturating_add(1));
        let realm = Realm {
            id: RealmId(number),
            name: name.to_owned(),
            created_at: ctx.now(),
            settings: settings.clone(),
        };
        let mut batch = Batch::new();
        match counter {
            Some(counter) => batch.replace(key::realm_counter(), counter.version, encode(&number)?),
            None => batch.create(key::realm_counter(), encode(&number)?),
        };
        batch.create(key::realm_name(name), encode(&realm.id)?);
        batch.create(key::realm(realm.id), encode_json(&realm)?);
        record(&mut batch, ctx, &realm, actor, "realm.create", None)?;
        match ctx.commit(batch).await {
            Ok(_) => {
                evict(ctx, &realm);
                return Ok(Arc::new(realm));
            }
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(Fault::from(error).into()),
        }
    }
    Err(Fault::Busy.into())
}

/// Changes a realm's settings; all of them are given. Disabling it ends every session in the same commit.
///
/// # Errors
/// [`RealmError`].
pub async fn update(
    ctx: &Context,
    actor: &Actor,
    name: &str,
    settings: RealmSettings,
) -> Result<Updated, RealmError> {
    revise(ctx, actor, name, |_| Ok(settings.clone())).await
}

/// Changes a realm to what `change` makes of it as it is: read, changed and committed as one. `change` may be asked
/// several times.
///
/// # Errors
/// [`RealmError`], or why `change` refused.
pub async fn revise<E: From<RealmError>>(
    ctx: &Context,
    actor: &Actor,
    name: &str,
    change: impl Fn(&Realm) -> Result<RealmSettings, E>,
) -> Result<Updated, E> {
    for _ in 0..TRIES {
        let found = read(ctx, name)
            .await
            .map_err(RealmError::from)?
            .ok_or(RealmError::NotFound)?;
        let settings = change(&found.value)?;
        if let Some(updated) = write(ctx, actor, found, settings).await? {
            return Ok(updated);
        }
    }
    Err(RealmError::from(Fault::Busy).into())
}

/// Commits a change of a realm; `None` when somebody else was faster.
async fn write(
    ctx: &Context,
    actor: &Actor,
    found: Versioned<Realm>,
    settings: RealmSettings,
) -> Result<Option<Updated>, RealmError> {
    let Versioned {
        value: before,
        version,
    } = found;
    check(&before.name, &settings)?;
    let Some(detail) = change::changed(&before.settings, &settings) else {
        return Ok(Some(Updated {
            realm: Arc::new(before),
            sign_out: None,
        }));
    };
    let after = Realm {
        settings,
        ..before.clone()
    };
    let mut batch = Batch::new();
    batch.replace(key::realm(after.id), version, encode_json(&after)?);
    record(&mut batch, ctx, &after, actor, "realm.update", Some(detail))?;
    if !before.settings.is_kept_by(&after.settings) {
        // In this commit: a shorter lifetime or a lower limit reaches what exists, also past a crash.
        Due::Policy(ctx.new_id().into_bytes()).put(&mut batch, after.id, ctx.now());
    }
    let ends = (before.settings.enabled && !after.settings.enabled).then(|| everybody(actor));
    let done = change::commit(ctx, &before, batch, ends.as_ref()).await?;
    let Ok(sign_out) = done else { return Ok(None) };
    evict(ctx, &after);
    Ok(Some(Updated {
        realm: Arc::new(after),
        sign_out,
    }))
}

/// Deletes a realm: its name becomes free, and every session ends in the same commit. The record stays, disabled, so
/// that what must still be told can be; retention forgets the rest.
///
/// # Errors
/// [`RealmError`].
pub async fn delete(ctx: &Context, actor: &Actor, name: &str) -> Result<SignOut, RealmError> {
    if name == MASTER {
        return Err(RealmError::Invalid(
            "the realm \"master\" cannot be deleted: it holds the administrators".to_owned(),
        ));
    }
    for _ in 0..TRIES {
        let found = read(ctx, name).await?.ok_or(RealmError::NotFound)?;
        let named = ctx
            .store
            .get(&key::realm_name(name))
            .await
            .map_err(Fault::from)?
            .ok_or(RealmError::NotFound)?;
        let before = found.value;
        let mut after = before.clone();
        after.settings.enabled = false;
        let mut batch = Batch::new();
        batch.take(key::realm_name(name), named.version);
        batch.replace(key::realm(after.id), found.version, encode_json(&after)?);
        record(&mut batch, ctx, &after, actor, "realm.delete", None)?;
        let done = change::commit(ctx, &before, batch, Some(&everybody(actor))).await;
        evict(ctx, &after);
        if let Ok(sign_out) = done? {
            return sign_out.ok_or(RealmError::Fault(Fault::Record("act of signing out")));
        }
    }
    Err(Fault::Busy.into())
}

/// What is wrong with these settings, as sentences; empty when nothing is.
pub fn problems(settings: &RealmSettings) -> Vec<String> {
    let (sessions, tokens) = (&settings.sessions, &settings.tokens);
    let mut problems = Vec::new();
    let lifetimes = [
        ("sessions.idle_timeout", sessions.idle_timeout),
        ("sessions.max_lifetime", sessions.max_lifetime),
        (
            "sessions.remember_me_idle_timeout",
            sessions.remember_me_idle_timeout,
        ),
        (
            "sessions.remember_me_max_lifetime",
            sessions.remember_me_max_lifetime,
        ),
        ("tokens.access_token_lifetime", tokens.access_token_lifetime),
        ("tokens.id_token_lifetime", tokens.id_token_lifetime),
        (
            "tokens.authorization_code_lifetime",
            tokens.authorization_code_lifetime,
        ),
        ("tokens.refresh_idle_timeout", tokens.refresh_idle_timeout),
        ("tokens.offline_idle_timeout", tokens.offline_idle_timeout),
    ];
    for (name, span) in lifetimes {
        if span < SHORTEST || span > LONGEST {
            problems.push(format!("{name} must be between 1s and 3650d, found {span}"));
        }
    }
    let ttl = tokens.status_list_ttl;
    if !ttl.is_zero() && !(SHORTEST..=LONGEST_TTL).contains(&ttl) {
        problems.push(format!(
            "tokens.status_list_ttl must be \"off\" or between 1s and 1d, found {ttl}"
        ));
    }
    let lag = settings.logout.longest_lag;
    if !lag.is_zero() && !(SHORTEST..=LONGEST).contains(&lag) {
        problems.push(format!(
            "logout.longest_lag must be \"off\" or between 1s and 3650d, found {lag}"
        ));
    }
    let retention = settings.retention.problems().into_iter();
    problems.extend(retention.map(|(name, why)| format!("retention.{name}: {why}")));
    let look = settings.look.problems().into_iter();
    problems.extend(look.map(|(name, why)| format!("look.{name}: {why}")));
    if tokens.authorization_code_lifetime > LONGEST_CODE {
        problems.push(format!(
            "tokens.authorization_code_lifetime must be at most 10m (RFC 6749 §4.1.2), found {}",
            tokens.authorization_code_lifetime
        ));
    }
    if settings
        .display_name
        .as_ref()
        .is_some_and(|n| n.chars().count() > 200 || n.chars().any(char::is_control))
    {
        problems
            .push("display_name has at most 200 characters and no control characters".to_owned());
    }
    problems
}

fn check(name: &str, settings: &RealmSettings) -> Result<(), RealmError> {
    let mut problems = problems(settings);
    if name == MASTER && !settings.enabled {
        problems.push(
            "the realm \"master\" cannot be disabled: it holds the administrators".to_owned(),
        );
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(RealmError::Invalid(problems.join("; ")))
    }
}

fn everybody(actor: &Actor) -> Request {
    Request::new(Selection::All, Reason::RealmDisabled, actor.clone())
}

fn record(
    batch: &mut Batch,
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    action: &str,
    detail: Option<String>,
) -> Result<(), Fault> {
    let entry = Entry {
        actor,
        action,
        target_kind: "realm",
        target: realm.name.clone(),
        detail,
    };
    audit::record(batch, ctx, realm.id, &entry)
}

/// Whatever came of a commit: one without an answer may have been taken.
fn evict(ctx: &Context, realm: &Realm) {
    ctx.catalog.evict(&key::realm(realm.id));
    ctx.catalog.evict(&key::realm_name(&realm.name));
}

const SHORTEST: Span = Span::secs(1);
const LONGEST: Span = Span::days(3650);
/// "A maximum authorization code lifetime of 10 minutes is RECOMMENDED."
const LONGEST_CODE: Span = Span::mins(10);
const LONGEST_TTL: Span = Span::days(1);

#[cfg(test)]
mod tests;
