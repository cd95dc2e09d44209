//! Finds users. Never cached: whether somebody may sign in is read live.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{User, fold};
use crate::domain::id::UserId;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, decode, encode, versioned};
use crate::domain::time::Timestamp;
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, key};
use crate::store::{Cursor, Dir, KeysOrRecords};

/// A password, under a key of its own: reading a user never brings it along.
#[derive(Clone)]
pub(super) struct Password {
    /// The hash, in PHC form.
    pub(super) hash: String,
    /// When it was set; a rehash leaves this.
    pub(super) set_at: Timestamp,
}

/// A password as kept: the hash is sealed, so that whoever has the disk alone has nothing to try a guess on.
#[derive(Serialize, Deserialize)]
struct Kept {
    sealed: Vec<u8>,
    set_at: Timestamp,
}

/// What the hash is sealed for; the record's key is its name.
const SEALED_FOR: &str = "password-hash";

impl Password {
    /// The record of this user's password.
    ///
    /// # Errors
    /// [`Fault::Crypto`] when it cannot be sealed.
    pub(super) fn sealed(&self, ctx: &Context, realm: &Realm, id: UserId) -> Result<Bytes, Fault> {
        let name = key::credential(realm.id, id);
        let sealed = ctx
            .vault
            .seal_once(SEALED_FOR, &name, self.hash.as_bytes())
            .map_err(|error| Fault::Crypto(error.to_string()))?;
        encode(&Kept {
            sealed,
            set_at: self.set_at,
        })
    }

    fn open(ctx: &Context, at: &[u8], kept: Kept) -> Result<Password, Fault> {
        let hash = ctx
            .vault
            .open_once(SEALED_FOR, at, &kept.sealed)
            .map_err(|error| Fault::Crypto(format!("a password hash: {error}")))?;
        Ok(Password {
            hash: String::from_utf8(hash).map_err(|_| Fault::Record("password"))?,
            set_at: kept.set_at,
        })
    }
}

/// The record of a password sealed by the key that seals now; `None` when it is already.
///
/// # Errors
/// [`Fault`] when it does not open.
pub(in crate::domain) fn reseal(
    ctx: &Context,
    at: &[u8],
    value: &[u8],
) -> Result<Option<Bytes>, Fault> {
    let kept: Kept = decode(value, "password")?;
    let fresh = ctx
        .vault
        .reseal_once(SEALED_FOR, at, &kept.sealed)
        .map_err(|error| Fault::Crypto(format!("a password hash: {error}")))?;
    fresh
        .map(|sealed| encode(&Kept { sealed, ..kept }))
        .transpose()
}

/// Finds a user by the name they sign in with, however they spell its case.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn find(
    ctx: &Context,
    realm: &Realm,
    username: &str,
) -> Result<Option<Versioned<User>>, Fault> {
    match id_of(ctx, realm, &fold(username)).await? {
        Some(id) => by_id(ctx, realm, id).await,
        None => Ok(None),
    }
}

/// Finds a user by id. The version is what a commit that rests on the user guards with.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn by_id(
    ctx: &Context,
    realm: &Realm,
    id: UserId,
) -> Result<Option<Versioned<User>>, Fault> {
    versioned(ctx.store.get(&key::user(realm.id, id)).await?, "user")
}

/// A page of the users whose name starts with `prefix`, in order of their folded names, beyond the folded name `after`;
/// with the one to go on from when there are more.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn list(
    ctx: &Context,
    realm: &Realm,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<User>, Option<String>), Fault> {
    let prefix = fold(prefix);
    if prefix.len() > LONGEST_FOLDED || after.is_some_and(|a| a.len() > LONGEST_FOLDED) {
        return Ok((Vec::new(), None));
    }
    let range = key::usernames(realm.id, &prefix);
    let after = after.map(|folded| Cursor(key::username(realm.id, folded)));
    let page = ctx
        .store
        .scan(
            &range,
            after.as_ref(),
            limit,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await?;
    let mut keys = Vec::with_capacity(page.records.len());
    for named in &page.records {
        keys.push(key::user(realm.id, decode(&named.value, "username")?));
    }
    let mut users = Vec::with_capacity(keys.len());
    for record in ctx.store.get_many(&keys).await? {
        users.extend(versioned::<User>(record, "user")?.map(|found| found.value));
    }
    let head = key::username(realm.id, "").len();
    let next = page
        .next
        .and_then(|cursor| String::from_utf8(cursor.0.get(head..)?.to_vec()).ok());
    Ok((users, next))
}

/// How many users have a name that starts with `prefix`. Takes as long as there are users.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn count(ctx: &Context, realm: &Realm, prefix: &str) -> Result<u64, Fault> {
    let prefix = fold(prefix);
    if prefix.len() > LONGEST_FOLDED {
        return Ok(0);
    }
    let range = key::usernames(realm.id, &prefix);
    let total = Walk::keys(ctx, range).by(1000).count(usize::MAX).await?;
    Ok(total as u64)
}

/// Whose this folded name is.
pub(super) async fn id_of(
    ctx: &Context,
    realm: &Realm,
    folded: &str,
) -> Result<Option<UserId>, Fault> {
    if folded.len() > LONGEST_FOLDED {
        return Ok(None);
    }
    let named = ctx.store.get(&key::username(realm.id, folded)).await?;
    named
        .map(|record| decode(&record.value, "username"))
        .transpose()
}

/// A user with their password from one snapshot: a version that is older than a change of the password never comes
/// with the new password, nor a newer one with the old.
pub(super) async fn with_password(
    ctx: &Context,
    realm: &Realm,
    id: UserId,
) -> Result<(Option<Versioned<User>>, Option<Versioned<Password>>), Fault> {
    let keys = [key::user(realm.id, id), key::credential(realm.id, id)];
    let mut read = ctx.store.get_many(&keys).await?.into_iter();
    let user = versioned(read.next().flatten(), "user")?;
    let [_, at] = &keys;
    let kept = versioned::<Kept>(read.next().flatten(), "password")?;
    let password = kept.map(|kept| {
        Ok::<_, Fault>(Versioned {
            value: Password::open(ctx, at, kept.value)?,
            version: kept.version,
        })
    });
    Ok((user, password.transpose()?))
}

/// When the user's password was set; `None` when they have none.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn password_set_at(
    ctx: &Context,
    realm: &Realm,
    id: UserId,
) -> Result<Option<Timestamp>, Fault> {
    let kept = ctx.store.get(&key::credential(realm.id, id)).await?;
    let kept = kept.map(|record| decode::<Kept>(&record.value, "password"));
    Ok(kept.transpose()?.map(|kept| kept.set_at))
}

/// Whether the user has a password.
pub(in crate::domain) async fn has_password(
    ctx: &Context,
    realm: &Realm,
    id: UserId,
) -> Result<bool, Fault> {
    Ok(ctx
        .store
        .get(&key::credential(realm.id, id))
        .await?
        .is_some())
}

/// The users whose `email` claim this is, however its case is spelled; at most `limit`.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn by_email(
    ctx: &Context,
    realm: &Realm,
    email: &str,
    limit: usize,
) -> Result<Vec<UserId>, Fault> {
    let folded = fold(email);
    if folded.is_empty() || folded.len() > LONGEST_FOLDED || folded.contains('\0') {
        return Ok(Vec::new());
    }
    let range = key::users_by_email(realm.id, &folded);
    let page = ctx
        .store
        .scan(&range, None, limit, Dir::Forward, KeysOrRecords::KeysOnly)
        .await?;
    Ok(page
        .records
        .iter()
        .filter_map(|r| key::tail(&r.key))
        .filter_map(|t| UserId::from_bytes(&t))
        .collect())
}

/// The longest folded name, in bytes: some characters fold to many.
pub(super) const LONGEST_FOLDED: usize = 512;
