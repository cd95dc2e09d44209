//! The parsed keys of each realm in memory, read anew when they change.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use tokio::sync::Mutex;

use super::rotate::ensure;
use super::{KeyState, StoredKey};
use crate::crypto::{self, Alg, SigningKey, VerifyingKey};
use crate::domain::id::RealmId;
use crate::domain::realm::Realm;
use crate::domain::record::{decode, encode};
use crate::domain::time::{Span, Timestamp};
use crate::domain::token::verify::Verified;
use crate::domain::{Context, Fault, key};
use crate::store::{Dir, KeysOrRecords};

/// The keys of all realms in use.
#[derive(Default)]
pub struct KeyRing {
    realms: RwLock<HashMap<RealmId, Arc<RealmKeys>>>,
    /// How often something was forgotten: what was read before a change is not kept after it.
    forgotten: AtomicU64,
    /// Held while a realm's keys are read or made, so that the first requests of a realm do not each make their own.
    loading: [Mutex<()>; 16],
    /// When each realm's keys were last looked at for one that nobody here knew.
    looked: std::sync::Mutex<HashMap<RealmId, Timestamp>>,
    /// Access tokens whose signature was verified.
    pub verified: Verified,
}

/// The most realms whose last look is remembered.
const MOST_LOOKED: usize = 10_000;

impl KeyRing {
    /// Forgets a realm's keys, so that the next use reads them.
    pub fn evict(&self, realm: RealmId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.realms
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&realm);
        self.verified.clear();
    }

    /// Forgets everything: after a gap in the change feed.
    pub fn clear(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.realms
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.verified.clear();
    }

    fn known(&self, realm: RealmId) -> Option<Arc<RealmKeys>> {
        self.realms
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&realm)
            .cloned()
    }

    /// Whether it is time to look for a key that is not among the known ones.
    fn may_look(&self, realm: RealmId, now: Timestamp) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked
            .get(&realm)
            .is_some_and(|at| now.since(*at) < Span::secs(1))
        {
            return false;
        }
        if looked.len() >= MOST_LOOKED {
            looked.clear();
        }
        looked.insert(realm, now);
        true
    }

    fn lane(&self, realm: RealmId) -> &Mutex<()> {
        let [first, ..] = &self.loading;
        self.loading
            .get(realm.0 as usize % self.loading.len())
            .unwrap_or(first)
    }
}

/// The keys of one realm.
pub struct RealmKeys {
    active: HashMap<Alg, Arc<SigningKey>>,
    verifying: HashMap<String, VerifyingKey>,
    /// The JWK set document (RFC 7517 §5), ready to send.
    pub jwks: Bytes,
    /// Its entity tag.
    pub etag: String,
    /// The algorithms that have a key.
    pub algs: Vec<Alg>,
}

impl RealmKeys {
    /// The key that verifies what carries this kid.
    pub fn verifying(&self, kid: &str) -> Option<&VerifyingKey> {
        self.verifying.get(kid)
    }
}

/// The keys of a realm, made on first use for the realm's own algorithm and for RS256, which many applications need.
///
/// # Errors
/// [`Fault`] when they cannot be read, opened or made.
pub async fn of(ctx: &Context, realm: &Realm) -> Result<Arc<RealmKeys>, Fault> {
    if let Some(keys) = ctx.keys.known(realm.id) {
        return Ok(keys);
    }
    let _alone = ctx.keys.lane(realm.id).lock().await;
    if let Some(keys) = ctx.keys.known(realm.id) {
        return Ok(keys);
    }
    let forgotten = ctx.keys.forgotten.load(Ordering::SeqCst);
    let mut stored = load(ctx, realm.id).await?;
    for alg in [realm.settings.tokens.signing_algorithm, Alg::Rs256] {
        if !has_active(&stored, alg) {
            ensure(ctx, realm.id, alg).await?;
            stored = load(ctx, realm.id).await?;
        }
    }
    let keys = Arc::new(parse(ctx, realm.id, stored)?);
    let mut realms = ctx
        .keys
        .realms
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    if ctx.keys.forgotten.load(Ordering::SeqCst) == forgotten {
        realms.insert(realm.id, keys.clone());
    }
    drop(realms);
    Ok(keys)
}

/// The keys of a realm with the one that is called `kid`, when there is such a key: another node may have made it a
/// moment ago. Names that nobody made cost one look a second.
///
/// # Errors
/// As [`of`].
pub async fn naming(ctx: &Context, realm: &Realm, kid: &str) -> Result<Arc<RealmKeys>, Fault> {
    let keys = of(ctx, realm).await?;
    if keys.verifying(kid).is_some() || !ctx.keys.may_look(realm.id, ctx.now()) {
        return Ok(keys);
    }
    ctx.keys.evict(realm.id);
    of(ctx, realm).await
}

/// The key that signs with `alg` in this realm, made on first use.
///
/// # Errors
/// [`Fault`] when it cannot be read, opened or made.
pub async fn signer(ctx: &Context, realm: &Realm, alg: Alg) -> Result<Arc<SigningKey>, Fault> {
    if let Some(key) = of(ctx, realm).await?.active.get(&alg) {
        return Ok(key.clone());
    }
    let alone = ctx.keys.lane(realm.id).lock().await;
    ensure(ctx, realm.id, alg).await?;
    drop(alone);
    ctx.keys.evict(realm.id);
    of(ctx, realm)
        .await?
        .active
        .get(&alg)
        .cloned()
        .ok_or(Fault::Record("signing key"))
}

/// A realm's keys as kept, oldest first; made on first use.
///
/// # Errors
/// [`Fault`] when they cannot be read or made.
pub async fn list(ctx: &Context, realm: &Realm) -> Result<Vec<StoredKey>, Fault> {
    of(ctx, realm).await?;
    load(ctx, realm.id).await
}

/// The same, without making any.
///
/// # Errors
/// [`Fault`] when they cannot be read.
pub async fn stored(ctx: &Context, realm: &Realm) -> Result<Vec<StoredKey>, Fault> {
    load(ctx, realm.id).await
}

/// Whether the master key at hand opens a key.
///
/// # Errors
/// [`Fault::Crypto`] when it does not, naming the key.
pub fn readable(ctx: &Context, realm: &Realm, key: &StoredKey) -> Result<(), Fault> {
    opened(ctx, realm.id, key).map(|_| ())
}

fn opened(ctx: &Context, realm: RealmId, key: &StoredKey) -> Result<SigningKey, Fault> {
    let pkcs8 = ctx
        .vault
        .open(&seal_context(realm, &key.kid), &key.sealed)
        .map_err(|e| Fault::Crypto(format!("signing key {} cannot be opened: {e}", key.kid)))?;
    SigningKey::parse(key.alg, &pkcs8).map_err(|e| Fault::Crypto(e.to_string()))
}

fn has_active(stored: &[StoredKey], alg: Alg) -> bool {
    stored
        .iter()
        .any(|k| k.alg == alg && k.state == KeyState::Active)
}

/// Reads a realm's keys, oldest first.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub(super) async fn load(ctx: &Context, realm: RealmId) -> Result<Vec<StoredKey>, Fault> {
    let page = ctx
        .store
        .scan(
            &key::signing_keys(realm),
            None,
            1000,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await?;
    let mut keys = page
        .records
        .iter()
        .map(|r| decode(&r.value, "signing key"))
        .collect::<Result<Vec<StoredKey>, _>>()?;
    keys.sort_by(|a, b| (a.created_at, &a.kid).cmp(&(b.created_at, &b.kid)));
    Ok(keys)
}

/// What a sealed key is bound to.
pub(super) fn seal_context(realm: RealmId, kid: &str) -> String {
    format!("signing-key:{}:{kid}", realm.0)
}

/// A key's record sealed by the master key that seals now; `None` when it is already.
///
/// # Errors
/// [`Fault`] when it does not open.
pub(in crate::domain) fn reseal(
    ctx: &Context,
    realm: RealmId,
    value: &[u8],
) -> Result<Option<Bytes>, Fault> {
    let mut stored: StoredKey = decode(value, "signing key")?;
    let context = seal_context(realm, &stored.kid);
    let fresh = ctx
        .vault
        .reseal(&context, &stored.sealed)
        .map_err(|e| Fault::Crypto(format!("signing key {}: {e}", stored.kid)))?;
    fresh
        .map(|sealed| {
            stored.sealed = sealed;
            encode(&stored)
        })
        .transpose()
}

fn parse(ctx: &Context, realm: RealmId, stored: Vec<StoredKey>) -> Result<RealmKeys, Fault> {
    let mut active = HashMap::new();
    let mut verifying = HashMap::new();
    let mut jwks = Vec::new();
    let mut algs = Vec::new();
    for stored in stored {
        let key = opened(ctx, realm, &stored)?;
        let public =
            VerifyingKey::from_jwk(key.public_jwk()).map_err(|e| Fault::Crypto(e.to_string()))?;
        jwks.push(serde_json::to_value(key.public_jwk()).map_err(|_| Fault::Record("public key"))?);
        verifying.insert(stored.kid, public);
        if !algs.contains(&stored.alg) {
            algs.push(stored.alg);
        }
        if stored.state == KeyState::Active {
            active.entry(stored.alg).or_insert_with(|| Arc::new(key));
        }
    }
    let jwks = serde_json::to_vec(&serde_json::json!({ "keys": jwks }))
        .map_err(|_| Fault::Record("key set"))?;
    let etag = format!("\"{}\"", crypto::b64(&crypto::sha256(&jwks)));
    Ok(RealmKeys {
        active,
        verifying,
        jwks: Bytes::from(jwks),
        etag,
        algs,
    })
}
