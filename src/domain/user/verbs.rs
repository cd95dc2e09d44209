//! Creates, changes and deletes users. What a disabled user, a deleted one or a new password ends goes through the door
//! in the same commit.
//!
//! Invariant: whatever must stop a sign-in that is under way writes the user's record, for that is what the start of a
//! session guards with. A new password therefore writes it too, though nothing in it changes.

use super::check::password_problem;
use super::deed::{deed, everything_of, record, refuse_own_account};
use super::index::index;
use super::store::{Password, by_id, id_of};
use super::{Block, Blocking, User, UserSettings, fold};
use crate::crypto::Secret;
use crate::domain::change;
use crate::domain::id::UserId;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, encode, encode_json};
use crate::domain::signout::{BlockOrder, Reason, Request, SignOut};
use crate::domain::sweep::Due;
use crate::domain::time::Span;
use crate::domain::{Actor, Context, Fault, TRIES, key, ssf};
use crate::store::{Batch, CommitError};

mod password;

pub(in crate::domain::user) use password::{hash, new_password};

pub use super::block::{Words, block, unblock};
pub use super::check::problems;

/// Why a user was not created, changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// What was asked makes no sense; the text says what was expected.
    #[error("{0}")]
    Invalid(String),
    /// Another user has this name.
    #[error("a user of this name exists already")]
    NameTaken,
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// Too many passwords are being hashed; worth another try in a second or two.
    #[error("too many passwords are being checked; try again in a moment")]
    TooBusy,
    /// It could not be decided.
    #[error("the user could not be changed")]
    Fault(#[from] Fault),
}

/// What a change of a user brought about.
#[derive(Debug)]
pub struct Updated {
    /// The act of signing out, when the change disabled the user or gave them a new password.
    pub sign_out: Option<SignOut>,
}

/// Creates a user.
///
/// # Errors
/// [`UserError`].
pub async fn create(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    mut settings: UserSettings,
) -> Result<User, UserError> {
    check(&settings)?;
    let folded = fold(&settings.username);
    // Asked before the password is hashed, and decided by the commit.
    if id_of(ctx, realm, &folded).await?.is_some() {
        return Err(UserError::NameTaken);
    }
    let password = new_password(ctx, &mut settings).await?;
    let id = UserId(ctx.new_id());
    let (user, batch) = birth(ctx, realm, actor, settings, (id, password, None))?;
    match ctx.commit(batch).await {
        Ok(_) => Ok(user),
        // The record's id is fresh, so the name is what was there.
        Err(CommitError::Conflict { .. }) => Err(UserError::NameTaken),
        Err(error) => Err(Fault::from(error).into()),
    }
}

/// What a new user is and writes: their settings were checked, and the password is in the form that is kept.
///
/// # Errors
/// [`Fault`] when the password cannot be sealed or a record cannot be encoded.
pub(in crate::domain::user) fn birth(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    settings: UserSettings,
    (id, password, detail): (UserId, Option<Password>, Option<String>),
) -> Result<(User, Batch), Fault> {
    let user = User {
        id,
        username: settings.username,
        enabled: settings.enabled,
        roles: settings.roles,
        claims: settings.claims,
        created_at: ctx.now(),
        blocked: match settings.blocking {
            Blocking::Keep | Blocking::Lift => None,
            Blocking::Until(until) => Some(Block::new(actor, ctx.now(), until)),
        },
    };
    let mut batch = Batch::new();
    rows(realm, &user, &mut batch)?;
    if let Some(password) = password {
        let sealed = password.sealed(ctx, realm, user.id)?;
        batch.create(key::credential(realm.id, user.id), sealed);
    }
    record(
        &mut batch,
        ctx,
        realm,
        actor,
        &user,
        ("user.create", detail),
    )?;
    Ok((user, batch))
}

/// Adds what a new user without a password writes: the record, the name and the address.
///
/// # Errors
/// [`Fault::Record`] when it cannot be encoded.
pub fn rows(realm: &Realm, user: &User, batch: &mut Batch) -> Result<(), Fault> {
    batch.create(
        key::username(realm.id, &fold(&user.username)),
        encode(&user.id)?,
    );
    batch.create(key::user(realm.id, user.id), encode_json(user)?);
    index(realm, None, Some(user), batch)
}

/// Changes a user; everything is given, except that an absent password leaves the old one. Disabling the user and a new
/// password end every session in the same commit.
///
/// # Errors
/// [`UserError`].
pub async fn update(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: UserId,
    settings: UserSettings,
) -> Result<Updated, UserError> {
    revise(ctx, realm, actor, id, |_| Ok(settings.clone())).await
}

/// Changes a user to what `change` makes of them as they are: read, changed and committed as one, so that a change of a
/// name never undoes somebody else's disabling. `change` may be asked several times; of its answers the first gives the
/// password.
///
/// # Errors
/// [`UserError`], or why `change` refused.
pub async fn revise<E: From<UserError>>(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: UserId,
    change: impl Fn(&User) -> Result<UserSettings, E>,
) -> Result<Updated, E> {
    revise_along(ctx, realm, actor, id, change, None).await
}

/// The same with something more in the commit; where nothing changes there is none.
///
/// # Errors
/// [`UserError`], or why `change` refused.
pub(in crate::domain::user) async fn revise_along<E: From<UserError>>(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: UserId,
    change: impl Fn(&User) -> Result<UserSettings, E>,
    along: Option<&Batch>,
) -> Result<Updated, E> {
    let read = async || {
        by_id(ctx, realm, id)
            .await
            .map_err(UserError::from)?
            .ok_or(UserError::NotFound)
    };
    // Asked before the password is hashed.
    let mut first = change(&read().await?.value)?;
    check(&first)?;
    if !first.enabled {
        refuse_own_account(realm, actor, id, "disable")?;
    }
    let password = new_password(ctx, &mut first).await?;
    for _ in 0..TRIES {
        let found = read().await?;
        let settings = change(&found.value)?;
        let put = (password.as_ref(), along);
        if let Some(updated) = write(ctx, realm, actor, found, settings, put).await? {
            return Ok(updated);
        }
    }
    Err(UserError::from(Fault::Busy).into())
}

/// Commits a change of a user; `None` when somebody else was faster.
async fn write(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    found: Versioned<User>,
    settings: UserSettings,
    (password, along): (Option<&Password>, Option<&Batch>),
) -> Result<Option<Updated>, UserError> {
    check(&settings)?;
    let Versioned {
        value: before,
        version,
    } = found;
    let id = before.id;
    if !settings.enabled {
        refuse_own_account(realm, actor, id, "disable")?;
    }
    let after = User {
        username: settings.username,
        enabled: settings.enabled,
        roles: settings.roles,
        claims: settings.claims,
        blocked: match settings.blocking {
            Blocking::Keep => before.blocked.clone(),
            Blocking::Lift => None,
            Blocking::Until(until) => {
                refuse_own_account(realm, actor, id, "block")?;
                Some(Block::new(actor, ctx.now(), until))
            }
        },
        ..before.clone()
    };
    let changed = change::changed(&before, &after);
    if changed.is_none() && password.is_none() {
        return Ok(Some(Updated { sign_out: None }));
    }
    let mut batch = along.cloned().unwrap_or_default();
    batch.replace(key::user(realm.id, id), version, encode_json(&after)?);
    let (old, new) = (fold(&before.username), fold(&after.username));
    if old != new {
        if id_of(ctx, realm, &new).await?.is_some() {
            return Err(UserError::NameTaken);
        }
        batch.del(key::username(realm.id, &old));
        batch.create(key::username(realm.id, &new), encode(&id)?);
    }
    index(realm, Some(&before), Some(&after), &mut batch)?;
    if let Some(password) = password {
        batch.put(
            key::credential(realm.id, id),
            password.sealed(ctx, realm, id)?,
        );
    }
    let detail = match (changed, password) {
        (Some(changed), Some(_)) => format!("{changed}, password"),
        (Some(changed), None) => changed,
        (None, _) => "changed: password".to_owned(),
    };
    record(
        &mut batch,
        ctx,
        realm,
        actor,
        &after,
        ("user.update", Some(detail)),
    )?;
    let until = match settings.blocking {
        Blocking::Until(until) => Some(until),
        Blocking::Keep | Blocking::Lift => None,
    };
    let reason = if before.enabled && !after.enabled {
        Some(Reason::UserDisabled)
    } else if until.is_some() {
        Some(Reason::SignInBlocked)
    } else {
        password.map(|_| Reason::PasswordChanged)
    };
    let deed = deed(ctx, actor);
    let pair = (&before, &after);
    ssf::user_changed(ctx, realm, &deed, pair, password.is_some(), &mut batch).await?;
    let ends = reason.map(|reason| Request {
        block: until.map(|until| BlockOrder {
            until,
            administrators: true,
        }),
        ..everything_of(id, reason, &deed)
    });
    let done = change::commit(ctx, realm, batch, ends.as_ref()).await?;
    Ok(done.ok().map(|sign_out| Updated { sign_out }))
}

/// Gives a user a new password; every session but the asker's own ends in the same commit.
///
/// # Errors
/// [`UserError`].
pub async fn set_password(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: UserId,
    password: Secret,
) -> Result<SignOut, UserError> {
    check_password(password.expose())?;
    by_id(ctx, realm, id).await?.ok_or(UserError::NotFound)?;
    let password = hash(ctx, password).await?;
    for _ in 0..TRIES {
        let found = by_id(ctx, realm, id).await?.ok_or(UserError::NotFound)?;
        let mut batch = Batch::new();
        batch.replace(
            key::user(realm.id, id),
            found.version,
            encode_json(&found.value)?,
        );
        batch.put(
            key::credential(realm.id, id),
            password.sealed(ctx, realm, id)?,
        );
        record(
            &mut batch,
            ctx,
            realm,
            actor,
            &found.value,
            ("user.set_password", None),
        )?;
        let (deed, user) = (deed(ctx, actor), &found.value);
        ssf::user_changed(ctx, realm, &deed, (user, user), true, &mut batch).await?;
        let request = everything_of(id, Reason::PasswordChanged, &deed);
        if let Ok(sign_out) = change::commit(ctx, realm, batch, Some(&request)).await? {
            return sign_out.ok_or(UserError::Fault(Fault::Record("act of signing out")));
        }
    }
    Err(Fault::Busy.into())
}

/// Deletes a user with their name and password; every session ends in the same commit.
///
/// # Errors
/// [`UserError`].
pub async fn delete(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: UserId,
) -> Result<SignOut, UserError> {
    refuse_own_account(realm, actor, id, "delete")?;
    for _ in 0..TRIES {
        let found = by_id(ctx, realm, id).await?.ok_or(UserError::NotFound)?;
        let mut batch = Batch::new();
        batch.take(key::user(realm.id, id), found.version);
        batch.del(key::username(realm.id, &fold(&found.value.username)));
        index(realm, Some(&found.value), None, &mut batch)?;
        batch.del(key::credential(realm.id, id));
        batch.del(key::alert(realm.id, id));
        record(
            &mut batch,
            ctx,
            realm,
            actor,
            &found.value,
            ("user.delete", None),
        )?;
        Due::Leftovers(id).put(&mut batch, realm.id, ctx.now().plus(LEFTOVERS_AFTER));
        let deed = deed(ctx, actor);
        ssf::user_gone(ctx, realm, &deed, &found.value, &mut batch).await?;
        let request = everything_of(id, Reason::UserDeleted, &deed);
        if let Ok(sign_out) = change::commit(ctx, realm, batch, Some(&request)).await? {
            return sign_out.ok_or(UserError::Fault(Fault::Record("act of signing out")));
        }
    }
    Err(Fault::Busy.into())
}

/// When what a deleted user left behind goes: the last token of theirs that anybody checks by itself is over by then.
const LEFTOVERS_AFTER: Span = Span::days(1);

fn check(settings: &UserSettings) -> Result<(), UserError> {
    let problems = problems(settings);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(UserError::Invalid(problems.join("; ")))
    }
}

fn check_password(password: &str) -> Result<(), UserError> {
    password_problem(password).map_or(Ok(()), |why| Err(UserError::Invalid(why)))
}

#[cfg(test)]
mod tests;
