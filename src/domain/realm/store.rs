//! Finds realms; keeps realms and clients as last read, since every request asks for both.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Realm, check_name};
use crate::domain::client::Client;
use crate::domain::id::{ClientId, RealmId};
use crate::domain::record::{Versioned, decode, versioned};
use crate::domain::{Context, Fault, key};
use crate::store::{Cursor, Dir, KeysOrRecords};

/// Realms and clients as last read.
///
/// Invariant: an answer read before a change is never kept after it. Whoever fills reads [`Catalog::generation`] first,
/// then the store; what it hands in is refused when anything was evicted in between. That something does not exist is
/// never kept.
#[derive(Default)]
pub struct Catalog {
    shelves: RwLock<Shelves>,
}

#[derive(Default)]
struct Shelves {
    generation: u64,
    realms: HashMap<RealmId, Arc<Realm>>,
    realm_names: HashMap<String, RealmId>,
    clients: HashMap<(RealmId, ClientId), Arc<Client>>,
    client_names: HashMap<RealmId, HashMap<String, ClientId>>,
    origins: HashMap<RealmId, Arc<HashSet<String>>>,
}

impl Catalog {
    /// Drops what a change of this key of the store could have made stale. Cheap for keys that concern nothing here.
    pub fn evict(&self, key: &[u8]) {
        let Some((&space, rest)) = key.split_first() else {
            return;
        };
        if !matches!(space, REALM | REALM_NAME | CLIENT | CLIENT_NAME) {
            return;
        }
        let mut shelves = self.write();
        shelves.generation += 1;
        if space == REALM_NAME {
            if let Ok(name) = std::str::from_utf8(rest) {
                shelves.realm_names.remove(name);
            }
            return;
        }
        let Some((realm, rest)) = rest.split_first_chunk::<4>() else {
            return;
        };
        let realm = RealmId(u32::from_be_bytes(*realm));
        shelves.origins.remove(&realm);
        match space {
            REALM => {
                if let Some(gone) = shelves.realms.remove(&realm) {
                    shelves.realm_names.remove(&gone.name);
                }
            }
            CLIENT => {
                let gone =
                    ClientId::from_bytes(rest).and_then(|id| shelves.clients.remove(&(realm, id)));
                if let (Some(gone), Some(names)) = (gone, shelves.client_names.get_mut(&realm)) {
                    names.remove(gone.client_id());
                }
            }
            _ => {
                if let (Ok(name), Some(names)) = (
                    std::str::from_utf8(rest),
                    shelves.client_names.get_mut(&realm),
                ) {
                    names.remove(name);
                }
            }
        }
    }

    /// Drops everything: for when the change feed lost its place.
    pub fn clear(&self) {
        let mut shelves = self.write();
        *shelves = Shelves {
            generation: shelves.generation + 1,
            ..Shelves::default()
        };
    }

    /// What to read before reading the store, in order to keep what was read.
    pub(in crate::domain) fn generation(&self) -> u64 {
        self.read().generation
    }

    fn realm(&self, id: RealmId) -> Option<Arc<Realm>> {
        self.read().realms.get(&id).cloned()
    }

    fn realm_named(&self, name: &str) -> Option<Arc<Realm>> {
        let shelves = self.read();
        shelves.realms.get(shelves.realm_names.get(name)?).cloned()
    }

    fn keep_realm(&self, generation: u64, realm: &Arc<Realm>, named: bool) {
        let mut shelves = self.write();
        if shelves.generation != generation {
            return;
        }
        if shelves.realms.len() >= MOST {
            shelves.realms.clear();
            shelves.realm_names.clear();
        }
        shelves.realms.insert(realm.id, Arc::clone(realm));
        // A deleted realm's record stays, without its name: found by id it must not come back by name.
        if named {
            shelves.realm_names.insert(realm.name.clone(), realm.id);
        }
    }

    pub(in crate::domain) fn client(&self, realm: RealmId, id: ClientId) -> Option<Arc<Client>> {
        self.read().clients.get(&(realm, id)).cloned()
    }

    pub(in crate::domain) fn client_named(
        &self,
        realm: RealmId,
        client_id: &str,
    ) -> Option<Arc<Client>> {
        let shelves = self.read();
        let id = *shelves.client_names.get(&realm)?.get(client_id)?;
        shelves.clients.get(&(realm, id)).cloned()
    }

    pub(in crate::domain) fn keep_client(
        &self,
        generation: u64,
        realm: RealmId,
        client: &Arc<Client>,
    ) {
        let mut shelves = self.write();
        if shelves.generation != generation {
            return;
        }
        if shelves.clients.len() >= MOST {
            shelves.clients.clear();
            shelves.client_names.clear();
        }
        shelves
            .clients
            .insert((realm, client.id), Arc::clone(client));
        shelves
            .client_names
            .entry(realm)
            .or_default()
            .insert(client.client_id().to_owned(), client.id);
    }

    pub(in crate::domain) fn origins(&self, realm: RealmId) -> Option<Arc<HashSet<String>>> {
        self.read().origins.get(&realm).cloned()
    }

    pub(in crate::domain) fn keep_origins(
        &self,
        generation: u64,
        realm: RealmId,
        origins: &Arc<HashSet<String>>,
    ) {
        let mut shelves = self.write();
        if shelves.generation != generation {
            return;
        }
        if shelves.origins.len() >= MOST {
            shelves.origins.clear();
        }
        shelves.origins.insert(realm, Arc::clone(origins));
    }

    fn read(&self) -> RwLockReadGuard<'_, Shelves> {
        self.shelves.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shelves> {
        self.shelves.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds a realm by its name.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn find(ctx: &Context, name: &str) -> Result<Option<Arc<Realm>>, Fault> {
    if let Some(kept) = ctx.catalog.realm_named(name) {
        return Ok(Some(kept));
    }
    let generation = ctx.catalog.generation();
    let Some(found) = read(ctx, name).await? else {
        return Ok(None);
    };
    let realm = Arc::new(found.value);
    ctx.catalog.keep_realm(generation, &realm, true);
    Ok(Some(realm))
}

/// Finds a realm by its number. Answers deleted realms too, disabled: what ended in them still has to be told.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn by_id(ctx: &Context, id: RealmId) -> Result<Option<Arc<Realm>>, Fault> {
    if let Some(kept) = ctx.catalog.realm(id) {
        return Ok(Some(kept));
    }
    let generation = ctx.catalog.generation();
    let record = ctx.store.get(&key::realm(id)).await?;
    let Some(found) = versioned::<Realm>(record, "realm")? else {
        return Ok(None);
    };
    let realm = Arc::new(found.value);
    ctx.catalog.keep_realm(generation, &realm, false);
    Ok(Some(realm))
}

/// A page of realms in order of their names, beyond the name `after`; with the name to go on from when there are more.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn list(
    ctx: &Context,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Arc<Realm>>, Option<String>), Fault> {
    let after = after.map(|name| Cursor(key::realm_name(name)));
    let page = ctx
        .store
        .scan(
            &key::realm_names(),
            after.as_ref(),
            limit,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await?;
    let keys = page
        .records
        .iter()
        .map(|r| Ok(key::realm(decode(&r.value, "realm name")?)))
        .collect::<Result<Vec<_>, Fault>>()?;
    let mut realms = Vec::with_capacity(keys.len());
    for record in ctx.store.get_many(&keys).await? {
        realms.extend(versioned::<Realm>(record, "realm")?.map(|found| Arc::new(found.value)));
    }
    let next = page
        .next
        .and_then(|cursor| String::from_utf8(cursor.0.get(1..)?.to_vec()).ok());
    Ok((realms, next))
}

/// Reads a realm by its name, past the catalog, with the version that a guard needs.
pub(super) async fn read(ctx: &Context, name: &str) -> Result<Option<Versioned<Realm>>, Fault> {
    if check_name(name).is_err() {
        return Ok(None);
    }
    let Some(named) = ctx.store.get(&key::realm_name(name)).await? else {
        return Ok(None);
    };
    let id: RealmId = decode(&named.value, "realm name")?;
    versioned(ctx.store.get(&key::realm(id)).await?, "realm")
}

/// The spaces of the store (`key`) whose records are kept here.
const REALM: u8 = 0x02;
const REALM_NAME: u8 = 0x03;
const CLIENT: u8 = 0x10;
const CLIENT_NAME: u8 = 0x11;

/// The most realms and the most clients kept; when full, all go and the busy ones are back in a moment.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::realm::RealmSettings;
    use crate::domain::time::Timestamp;

    fn realm(id: u32, name: &str) -> Arc<Realm> {
        Arc::new(Realm {
            id: RealmId(id),
            name: name.to_owned(),
            created_at: Timestamp(0),
            settings: RealmSettings::default(),
        })
    }

    fn client(id: u128, client_id: &str) -> Arc<Client> {
        let settings = crate::domain::client::ClientSettings {
            client_id: client_id.to_owned(),
            ..Default::default()
        };
        Arc::new(Client {
            id: ClientId(uuid::Uuid::from_u128(id)),
            created_at: Timestamp(0),
            secret_hash: None,
            secret_sealed: None,
            webhook_sealed: None,
            settings,
        })
    }

    #[test]
    fn what_was_read_before_an_eviction_is_not_kept_after_it() {
        let catalog = Catalog::default();
        let generation = catalog.generation();
        catalog.evict(&key::realm(RealmId(9)));
        catalog.keep_realm(generation, &realm(1, "one"), true);
        assert!(catalog.realm(RealmId(1)).is_none());
        catalog.keep_realm(catalog.generation(), &realm(1, "one"), true);
        assert!(catalog.realm_named("one").is_some());
    }

    #[test]
    fn every_key_of_a_record_evicts_it_and_no_other() {
        let (home, other) = (RealmId(1), RealmId(2));
        let (web, api) = (client(1, "web"), client(2, "api"));
        for key in [key::client(home, web.id), key::client_name(home, "web")] {
            let catalog = Catalog::default();
            for id in [home, other] {
                catalog.keep_client(catalog.generation(), id, &web);
                catalog.keep_client(catalog.generation(), id, &api);
            }
            catalog.evict(&key);
            assert!(catalog.client_named(home, "web").is_none(), "{key:?}");
            assert!(catalog.client_named(home, "api").is_some());
            assert!(catalog.client_named(other, "web").is_some());
        }
        for key in [key::realm(home), key::realm_name("one")] {
            let catalog = Catalog::default();
            catalog.keep_realm(catalog.generation(), &realm(1, "one"), true);
            catalog.keep_realm(catalog.generation(), &realm(2, "two"), true);
            catalog.evict(&key);
            assert!(catalog.realm_named("one").is_none(), "{key:?}");
            assert!(catalog.realm_named("two").is_some());
        }
    }

    #[test]
    fn a_key_of_another_space_evicts_nothing() {
        let catalog = Catalog::default();
        catalog.keep_realm(catalog.generation(), &realm(1, "one"), true);
        let before = catalog.generation();
        catalog.evict(&key::realm_epoch(RealmId(1)));
        catalog.evict(b"");
        assert_eq!(catalog.generation(), before);
        assert!(catalog.realm_named("one").is_some());
    }

    #[test]
    fn a_realm_found_by_id_is_not_found_by_name() {
        let catalog = Catalog::default();
        catalog.keep_realm(catalog.generation(), &realm(1, "gone"), false);
        assert!(catalog.realm(RealmId(1)).is_some());
        assert!(catalog.realm_named("gone").is_none());
    }

    #[test]
    fn a_full_catalog_starts_again() {
        let catalog = Catalog::default();
        for number in 0..=u32::try_from(MOST).unwrap() {
            catalog.keep_realm(
                catalog.generation(),
                &realm(number, &format!("r{number}")),
                true,
            );
        }
        assert_eq!(catalog.read().realms.len(), 1);
        assert_eq!(catalog.read().realm_names.len(), 1);
    }
}
