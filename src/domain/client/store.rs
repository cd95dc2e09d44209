//! Finds clients.

use std::sync::Arc;

use super::Client;
use crate::domain::id::ClientId;
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, decode, versioned};
use crate::domain::{Context, Fault, key};
use crate::store::{Cursor, Dir, KeysOrRecords};

/// Finds a client by its public `client_id`.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn find(
    ctx: &Context,
    realm: &Realm,
    client_id: &str,
) -> Result<Option<Arc<Client>>, Fault> {
    if let Some(kept) = ctx.catalog.client_named(realm.id, client_id) {
        return Ok(Some(kept));
    }
    // Longer than any that can be registered: no key for the store to see.
    if client_id.len() > LONGEST_ID {
        return Ok(None);
    }
    let generation = ctx.catalog.generation();
    let Some(named) = ctx
        .store
        .get(&key::client_name(realm.id, client_id))
        .await?
    else {
        return Ok(None);
    };
    let id: ClientId = decode(&named.value, "client name")?;
    keep(ctx, realm, generation, read(ctx, realm, id).await?)
}

/// Finds a client by its record's id.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn by_id(
    ctx: &Context,
    realm: &Realm,
    id: ClientId,
) -> Result<Option<Arc<Client>>, Fault> {
    if let Some(kept) = ctx.catalog.client(realm.id, id) {
        return Ok(Some(kept));
    }
    let generation = ctx.catalog.generation();
    keep(ctx, realm, generation, read(ctx, realm, id).await?)
}

/// A page of the clients whose `client_id` starts with `prefix`, in order, beyond the `client_id` `after`; with the one
/// to go on from when there are more.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn list(
    ctx: &Context,
    realm: &Realm,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Arc<Client>>, Option<String>), Fault> {
    if prefix.len() > LONGEST_ID || after.is_some_and(|a| a.len() > LONGEST_ID) {
        return Ok((Vec::new(), None));
    }
    let range = key::client_names(realm.id, prefix);
    let after = after.map(|client_id| Cursor(key::client_name(realm.id, client_id)));
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
        keys.push(key::client(realm.id, decode(&named.value, "client name")?));
    }
    let mut clients = Vec::with_capacity(keys.len());
    for record in ctx.store.get_many(&keys).await? {
        clients.extend(versioned::<Client>(record, "client")?.map(|found| Arc::new(found.value)));
    }
    let head = key::client_name(realm.id, "").len();
    let next = page
        .next
        .and_then(|cursor| String::from_utf8(cursor.0.get(head..)?.to_vec()).ok());
    Ok((clients, next))
}

/// Reads a client past the catalog, with the version that a guard needs.
pub(super) async fn read(
    ctx: &Context,
    realm: &Realm,
    id: ClientId,
) -> Result<Option<Versioned<Client>>, Fault> {
    versioned(ctx.store.get(&key::client(realm.id, id)).await?, "client")
}

fn keep(
    ctx: &Context,
    realm: &Realm,
    generation: u64,
    found: Option<Versioned<Client>>,
) -> Result<Option<Arc<Client>>, Fault> {
    let Some(found) = found else { return Ok(None) };
    let client = Arc::new(found.value);
    ctx.catalog.keep_client(generation, realm.id, &client);
    Ok(Some(client))
}

/// The longest `client_id`, in bytes.
pub(super) const LONGEST_ID: usize = 255;
