//! The bytes of a list. What is over is kept in memory as bits and grows with every mark that is written; to answer a
//! request is then to compress and to sign. A list is read from the store when it is first asked for, when a new cut
//! stands, and now and then, so that forgotten indices go.
//!
//! Invariant: a mark that was acknowledged before a request began is in its answer. An entry of the shelf takes marks
//! from the moment it exists, before its first scan begins: a mark is then either noted or found.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::cut::{self, Cut};
use super::{Holder, Index, LIST, PATH, take, uri};
use crate::crypto;
use crate::domain::id::{RealmId, SignOutId};
use crate::domain::realm::Realm;
use crate::domain::record::decode;
use crate::domain::time::{Span, Timestamp};
use crate::domain::token::issue::{self, StatusListClaims};
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, key};
use crate::store::{Dir, KeysOrRecords};

/// How long the same bytes may be answered again; a shorter `ttl` makes it shorter.
const REUSED: Span = Span::secs(1);
/// After this a list is read anew.
const REREAD: Span = Span::mins(10);
/// How long after its `ttl` a list may still be relied upon by whoever cannot get a newer one: `exp` (§13.7).
const GRACE: Span = Span::mins(1);
/// The most lists kept; when full, all go and the busy ones are back in a moment.
const MOST: usize = 1000;

/// A list, ready to send.
#[derive(Clone, Debug)]
pub struct Served {
    /// The signed token.
    pub token: Bytes,
    /// Its entity tag.
    pub etag: String,
    /// How long it may be kept, in seconds.
    pub ttl: u64,
}

/// The lists of all realms that were asked for.
#[derive(Default)]
pub(super) struct Shelf {
    kept: Mutex<HashMap<(RealmId, u32), Arc<Kept>>>,
}

struct Kept {
    since: Timestamp,
    /// Held while the store is read, so that many askers read it once.
    reading: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

struct State {
    bits: Vec<u8>,
    /// Counts changes of the bits.
    version: u64,
    read: bool,
    /// Whether nobody held an index when it was read.
    empty: bool,
    /// The acts whose cut is in the bits.
    cuts: HashSet<SignOutId>,
    made: Option<Made>,
}

struct Made {
    at: Timestamp,
    version: u64,
    served: Served,
}

impl Kept {
    fn new(since: Timestamp) -> Kept {
        Kept {
            since,
            reading: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                bits: vec![0; LIST as usize / 8],
                version: 0,
                read: false,
                empty: true,
                cuts: HashSet::new(),
                made: None,
            }),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Least significant bit first (§4.1).
    fn set(&mut self, idx: u32) {
        if let Some(byte) = self.bits.get_mut(idx as usize / 8) {
            let after = *byte | 1 << (idx % 8);
            self.version += u64::from(after != *byte);
            *byte = after;
        }
    }
}

impl Shelf {
    /// The entry of a list; a new one when there is none or it is to be read anew.
    fn entry(&self, realm: RealmId, list: u32, now: Timestamp) -> Arc<Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        let entry = kept
            .entry((realm, list))
            .or_insert_with(|| Arc::new(Kept::new(now)));
        if now.since(entry.since) > REREAD {
            *entry = Arc::new(Kept::new(now));
        }
        Arc::clone(entry)
    }

    pub(super) fn mark(&self, realm: RealmId, index: Index) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = kept.get(&(realm, index.list)).map(Arc::clone);
        drop(kept);
        if let Some(entry) = entry {
            entry.state().set(index.idx);
        }
    }

    pub(super) fn clear(&self) {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// A list as it is now; `None` when there is no such list: not yet, no more, or the realm has none.
///
/// # Errors
/// [`Fault`] when the store does not answer or a key cannot sign.
pub async fn serve(ctx: &Context, realm: &Realm, list: u32) -> Result<Option<Served>, Fault> {
    let ttl = realm.settings.tokens.status_list_ttl;
    let Some(newest) = take::newest(ctx, realm.id).await? else {
        return Ok(None);
    };
    if ttl.is_zero() || list > newest {
        return Ok(None);
    }
    let standing = cut::standing(ctx, realm).await?;
    let now = ctx.now();
    let entry = ctx.status.shelf.entry(realm.id, list, now);
    let current = |state: &State| state.read && standing.iter().all(|id| state.cuts.contains(id));
    if !current(&entry.state()) {
        let _alone = entry.reading.lock().await;
        if !current(&entry.state()) {
            read(ctx, realm, list, &standing, &entry).await?;
        }
    }
    let (bits, version) = {
        let state = entry.state();
        if let Some(made) = &state.made
            && made.version == state.version
            && made.served.ttl == ttl.whole_secs()
            && now.since(made.at) < REUSED.min(ttl)
            && now >= made.at
        {
            return Ok(Some(made.served.clone()));
        }
        (state.bits.clone(), state.version)
    };
    // A full list whose every index is forgotten is gone; the newest one still hands out.
    if list < newest && entry.state().empty && !held(ctx, realm.id, list).await? {
        return Ok(None);
    }
    let served = make(ctx, realm, list, &bits, now).await?;
    let mut state = entry.state();
    if state.version == version {
        state.made = Some(Made {
            at: now,
            version,
            served: served.clone(),
        });
    }
    Ok(Some(served))
}

/// The addresses of a realm's lists (§9.3).
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn lists(ctx: &Context, realm: &Realm) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    let Some(newest) = take::newest(ctx, realm.id).await? else {
        return Ok(found);
    };
    if realm.settings.tokens.status_list_ttl.is_zero() {
        return Ok(found);
    }
    let mut from = 0;
    while let Some(list) = first(ctx, realm.id, from).await?.filter(|l| *l < newest) {
        found.push(uri(realm, &ctx.public_url, list));
        from = list + 1;
    }
    found.push(uri(realm, &ctx.public_url, newest));
    Ok(found)
}

/// The first list from this one on in which somebody holds an index.
async fn first(ctx: &Context, realm: RealmId, from: u32) -> Result<Option<u32>, Fault> {
    let range = key::status_holders_from(realm, from);
    let page = ctx
        .store
        .scan(&range, None, 1, Dir::Forward, KeysOrRecords::KeysOnly)
        .await?;
    let found = page.records.first();
    Ok(found
        .and_then(|record| key::status_index(&record.key))
        .map(|(list, _)| list))
}

async fn held(ctx: &Context, realm: RealmId, list: u32) -> Result<bool, Fault> {
    Ok(first(ctx, realm, list).await? == Some(list))
}

/// Adds to the bits of an entry what the store knows.
async fn read(
    ctx: &Context,
    realm: &Realm,
    list: u32,
    standing: &[SignOutId],
    entry: &Kept,
) -> Result<(), Fault> {
    let known = entry.state().cuts.clone();
    let mut cuts: Vec<Cut> = Vec::new();
    for id in standing.iter().filter(|id| !known.contains(id)) {
        cuts.extend(cut::read(ctx, realm, *id).await?);
    }
    let mut over: Vec<u32> = Vec::new();
    let mut empty = true;
    if cuts.is_empty() {
        empty = !held(ctx, realm.id, list).await?;
    } else {
        let range = key::status_holders(realm.id, list);
        let records = Walk::records(ctx, range).by(1000);
        walk(records, |key, value| {
            empty = false;
            let holder: Holder = decode(value, "holder of a status index")?;
            if cuts.iter().any(|cut| cut.ends(&holder)) {
                over.extend(key::status_index(key).map(|(_, idx)| idx));
            }
            Ok(())
        })
        .await?;
    }
    // After the cuts: of an act that was written out meanwhile, everything is marked by now.
    let range = key::status_marks(realm.id, list);
    walk(Walk::keys(ctx, range).by(1000), |key, _| {
        over.extend(key::status_index(key).map(|(_, idx)| idx));
        Ok(())
    })
    .await?;
    let mut state = entry.state();
    for idx in over {
        state.set(idx);
    }
    state.cuts.extend(standing);
    state.empty = empty;
    state.read = true;
    Ok(())
}

async fn walk(
    mut walk: Walk<'_>,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), Fault>,
) -> Result<(), Fault> {
    while let Some(page) = walk.next().await? {
        for record in &page {
            visit(&record.key, &record.value)?;
        }
    }
    Ok(())
}

async fn make(
    ctx: &Context,
    realm: &Realm,
    list: u32,
    bits: &[u8],
    now: Timestamp,
) -> Result<Served, Fault> {
    let ttl = realm.settings.tokens.status_list_ttl;
    let issuer = realm.issuer(&ctx.public_url);
    let claims = StatusListClaims {
        sub: uri(realm, &ctx.public_url, list),
        iat: now.secs(),
        exp: now.plus(ttl).plus(GRACE).secs(),
        ttl: ttl.whole_secs(),
        status_list: issue::StatusList {
            bits: 1,
            lst: crypto::b64(&compressed(bits)?),
            aggregation_uri: format!("{issuer}{PATH}"),
        },
        iss: issuer,
    };
    let token = issue::status_list(ctx, realm, &claims).await?;
    // Weak: it may be compressed once more on its way.
    let etag = format!("W/\"{}\"", crypto::b64(&crypto::sha256(token.as_bytes())));
    Ok(Served {
        token: Bytes::from(token),
        etag,
        ttl: claims.ttl,
    })
}

/// DEFLATE in the ZLIB format (§4.1).
fn compressed(bits: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(bits)
        .and_then(|()| encoder.finish())
        .map_err(|_| Fault::Record("status list being written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_and_bytes_are_those_of_the_example_in_the_draft() {
        let kept = Kept::new(Timestamp(0));
        let mut state = kept.state();
        for idx in [0, 3, 4, 5, 7, 8, 9, 13, 15] {
            state.set(idx);
        }
        state.set(LIST);
        assert_eq!(state.bits[..3], [0xB9, 0xA3, 0]);
        assert_eq!(state.version, 9);
        let bytes = compressed(&state.bits[..2]).unwrap();
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "78dadbb918000217015d");
    }
}
