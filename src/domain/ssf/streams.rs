//! The streams of each realm in memory, dropped when the feed of changes says so, and the bells that ring when something
//! waits in one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::Notify;

use super::Stream;
use crate::domain::id::{ClientId, RealmId, StreamId};
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, decode, versioned};
use crate::domain::{Context, Fault, key};
use crate::store::{Dir, KeysOrRecords};

/// A stream, and whether its receiver named any subject.
pub struct Known {
    /// The stream.
    pub stream: Arc<Stream>,
    /// Whether there is a subject to look at.
    pub subjects: bool,
}

/// The streams of the realms in use.
///
/// Invariant: as that of `realm::Catalog`: what was read before a change is never kept after it.
#[derive(Default)]
pub struct Signals {
    shelves: RwLock<Shelves>,
    bells: Mutex<HashMap<StreamId, Arc<Notify>>>,
    closed: AtomicBool,
    /// Rung when something was put into any stream: for whoever sends.
    pub outgoing: Notify,
}

#[derive(Default)]
struct Shelves {
    generation: u64,
    realms: HashMap<RealmId, Arc<Vec<Known>>>,
}

/// The most streams of one realm: all of them may have to fit into the commit that ends a session.
pub const MOST: usize = 100;

/// The most realms kept; when full, all go and the busy ones are back in a moment.
const MOST_REALMS: usize = 10_000;

impl Signals {
    /// Drops what a change of this key could have made stale, and rings for what was put into a stream.
    pub fn changed(&self, key: &[u8]) {
        match key.first() {
            Some(0x65..=0x67) => {
                if let Some(realm) = key.get(1..5).and_then(|b| b.try_into().ok()) {
                    self.evict(RealmId(u32::from_be_bytes(realm)));
                }
            }
            Some(0x68) => {
                self.outgoing.notify_one();
                if let Some((_, id)) = key::stream_of(key) {
                    self.ring(id);
                }
            }
            _ => {}
        }
    }

    /// Drops everything: after a gap in the feed of changes.
    pub fn clear(&self) {
        let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
        shelves.generation += 1;
        shelves.realms.clear();
        drop(shelves);
        self.outgoing.notify_one();
    }

    /// Lets everybody who waits for an event go: the server stops.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        for bell in self.lock().values() {
            bell.notify_waiters();
        }
    }

    /// Whether the server stops.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// What rings when something is put into this stream.
    pub(super) fn bell(&self, id: StreamId) -> Arc<Notify> {
        let mut bells = self.lock();
        // Nobody waits any more for those that only the map holds.
        if bells.len() >= 1024 {
            bells.retain(|_, bell| Arc::strong_count(bell) > 1);
        }
        bells.entry(id).or_default().clone()
    }

    pub(super) fn evict(&self, realm: RealmId) {
        let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
        shelves.generation += 1;
        shelves.realms.remove(&realm);
    }

    fn ring(&self, id: StreamId) {
        if let Some(bell) = self.lock().get(&id) {
            bell.notify_waiters();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<StreamId, Arc<Notify>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, realm: RealmId) -> (u64, Option<Arc<Vec<Known>>>) {
        let shelves = self.shelves.read().unwrap_or_else(PoisonError::into_inner);
        (shelves.generation, shelves.realms.get(&realm).cloned())
    }

    fn keep(&self, generation: u64, realm: RealmId, streams: &Arc<Vec<Known>>) {
        let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
        if shelves.generation != generation {
            return;
        }
        if shelves.realms.len() >= MOST_REALMS {
            shelves.realms.clear();
        }
        shelves.realms.insert(realm, Arc::clone(streams));
    }
}

/// The streams that hear of what happens in a realm: none when it shares no signals.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn of(ctx: &Context, realm: &Realm) -> Result<Arc<Vec<Known>>, Fault> {
    if !realm.settings.shared_signals.enabled {
        return Ok(Arc::default());
    }
    all(ctx, realm.id).await
}

/// The streams of a realm, whether it shares signals at present or not.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn all(ctx: &Context, realm: RealmId) -> Result<Arc<Vec<Known>>, Fault> {
    let (generation, known) = ctx.signals.known(realm);
    if let Some(known) = known {
        return Ok(known);
    }
    let page = ctx
        .store
        .scan(
            &key::streams(realm),
            None,
            MOST * 2,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await?;
    let mut streams = Vec::with_capacity(page.records.len());
    for record in page.records {
        let stream: Stream = decode(&record.value, "stream")?;
        let range = key::stream_subjects(realm, stream.id);
        let first = ctx
            .store
            .scan(&range, None, 1, Dir::Forward, KeysOrRecords::KeysOnly)
            .await?;
        streams.push(Known {
            stream: Arc::new(stream),
            subjects: !first.records.is_empty(),
        });
    }
    let streams = Arc::new(streams);
    ctx.signals.keep(generation, realm, &streams);
    Ok(streams)
}

/// Whether a client hears by an event stream that a session is over.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn tell(ctx: &Context, realm: &Realm, client: ClientId) -> Result<bool, Fault> {
    let known = of(ctx, realm).await?;
    let mut own = known.iter().filter(|known| known.stream.client == client);
    Ok(own.any(|known| known.stream.tells_of_sign_outs()))
}

/// One stream as the cache knows it.
///
/// # Errors
/// [`Fault`] when the store does not answer or a record does not read.
pub async fn find(
    ctx: &Context,
    realm: RealmId,
    id: StreamId,
) -> Result<Option<Arc<Stream>>, Fault> {
    let all = all(ctx, realm).await?;
    let found = all.iter().find(|known| known.stream.id == id);
    Ok(found.map(|known| known.stream.clone()))
}

/// Reads a stream past the cache, with the version that a guard needs.
pub(super) async fn read(
    ctx: &Context,
    realm: RealmId,
    id: StreamId,
) -> Result<Option<Versioned<Stream>>, Fault> {
    versioned(ctx.store.get(&key::stream(realm, id)).await?, "stream")
}
