//! What is known of imports.

use super::{Import, State};
use crate::domain::id::ImportId;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, versioned};
use crate::domain::{Context, Fault, key};
use crate::store::{Dir, KeysOrRecords};

/// An import with the version it was read at.
pub(super) async fn read(
    ctx: &Context,
    realm: &Realm,
    id: ImportId,
) -> Result<Option<Versioned<Import>>, Fault> {
    versioned(ctx.store.get(&key::import(realm.id, id)).await?, "import")
}

/// An import.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn find(ctx: &Context, realm: &Realm, id: ImportId) -> Result<Option<Import>, Fault> {
    Ok(read(ctx, realm, id).await?.map(|read| read.value))
}

/// The newest imports, newest first; at most `limit`, and none that is still coming in.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn list(ctx: &Context, realm: &Realm, limit: usize) -> Result<Vec<Import>, Fault> {
    let found = scan(ctx, realm, limit, Dir::Reverse).await?.into_iter();
    let found = found.map(|read| read.value);
    Ok(found.filter(|i| i.state != State::Receiving).collect())
}

/// The oldest.
pub(super) async fn oldest(ctx: &Context, realm: &Realm) -> Result<Vec<Versioned<Import>>, Fault> {
    scan(ctx, realm, 100, Dir::Forward).await
}

async fn scan(
    ctx: &Context,
    realm: &Realm,
    limit: usize,
    dir: Dir,
) -> Result<Vec<Versioned<Import>>, Fault> {
    let range = key::imports(realm.id);
    let what = KeysOrRecords::Records;
    let page = ctx.store.scan(&range, None, limit, dir, what).await?;
    let read = page.records.into_iter();
    let read = read.map(|record| versioned(Some(record), "import"));
    Ok(read
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}
