//! Copies a store that goes on working, so that the copy is as one commit left it.
//!
//! Where the engine keeps old views, one is read. Elsewhere the pages of a scan are read one after the other, and the feed names what
//! changed meanwhile: that is read again, and what changed during that, until little is left. For that little commits are held back a
//! moment. What is held back waits for the store alone, never for whoever takes the copy.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::sync::watch;

use super::frame::Encoder;
use super::{Header, Trailer, is_local};
use crate::store::{
    Bytes, Cursor, Dir, FeedError, FeedPos, KeysOrRecords, MAX_PAGE, Page, Range, Record, Store,
    StoreError,
};

/// What is sent at once, about.
const PIECE: usize = 256 * 1024;
/// Changed keys that are kept in memory before they are read again.
const KEPT: usize = 200_000;
/// Changed keys that may wait while the receiver takes nothing.
const MOST: usize = 2_000_000;
/// So few changed keys are read while commits are held back.
const FEW: usize = 500;
/// How often what changed is read again before commits are held back whatever is left.
const ROUNDS: usize = 40;
/// How often a quiet moment is looked for where commits cannot be held back.
const LOOKS: usize = 1000;
/// How often the feed is looked at while the receiver takes its time.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const CHANGES: usize = 10_000;
const AT_ONCE: usize = 500;

/// Why a store was not copied.
#[derive(thiserror::Error, Debug)]
pub enum CopyError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The feed does not reach back far enough, or more changed than memory holds.
    #[error("more changed meanwhile than can be followed; ask again")]
    TooFast,
    /// Nobody takes it any more.
    #[error("nobody takes the copy any more")]
    HungUp,
}

/// Copies `store` to `to` as a stream of frames. `now` is asked for the moment the copy shows. The stream's last frame says how it
/// ended; the answer says it too.
///
/// # Errors
/// [`CopyError`]; whoever reads the stream is told as well, as far as they still listen.
pub async fn copy(
    store: &dyn Store,
    header: &Header,
    now: &(dyn Fn() -> u64 + Send + Sync),
    to: Sender<Bytes>,
) -> Result<Trailer, CopyError> {
    let mut copying = Copying {
        store,
        at: FeedPos::default(),
        wake: store.wake(),
        changed: BTreeSet::new(),
        encoder: Encoder::default(),
        piece: Vec::with_capacity(PIECE + 4096),
        to,
    };
    copying.encoder.header(&mut copying.piece, header);
    let done = copying.run(now).await;
    let encoder = std::mem::take(&mut copying.encoder);
    let done = done.map(|trailer| encoder.trailer(&mut copying.piece, trailer));
    if let Err(error) = &done {
        // In words alone: what is beneath may name files of the server.
        std::mem::take(&mut copying.encoder).failed(&mut copying.piece, &error.to_string());
    }
    let last = Bytes::from(std::mem::take(&mut copying.piece));
    let sent = copying.to.send(last).await;
    let trailer = done?;
    sent.map_err(|_| CopyError::HungUp)?;
    Ok(trailer)
}

struct Copying<'a> {
    store: &'a dyn Store,
    /// How far the feed was read.
    at: FeedPos,
    wake: watch::Receiver<()>,
    /// What changed since it was last read.
    changed: BTreeSet<Bytes>,
    encoder: Encoder,
    piece: Vec<u8>,
    to: Sender<Bytes>,
}

impl Copying<'_> {
    async fn run(&mut self, now: &(dyn Fn() -> u64 + Send + Sync)) -> Result<Trailer, CopyError> {
        self.at = self.store.health().await.pos;
        let taken_at = now();
        if let Some(mut view) = self.store.view().await? {
            let commit = self.at.0;
            let mut after: Option<Cursor> = None;
            loop {
                let page = view.page(after.as_ref(), MAX_PAGE).await?;
                self.records(&page).await?;
                match page.next {
                    Some(next) => after = Some(next),
                    None => return Ok(trailer(taken_at, commit)),
                }
            }
        }
        self.walk().await?;
        for _ in 0..ROUNDS {
            self.listen().await?;
            if self.changed.len() <= FEW {
                break;
            }
            self.read_again().await?;
        }
        let hold = self.store.hold().await?;
        if hold.is_none() {
            return self.in_a_quiet_moment(now).await;
        }
        let taken_at = now();
        self.listen().await?;
        let commit = self.store.health().await.pos.0;
        let keys: Vec<Bytes> = std::mem::take(&mut self.changed).into_iter().collect();
        let mut read = Vec::with_capacity(keys.len());
        for some in keys.chunks(AT_ONCE) {
            read.extend(self.store.get_many(some).await?);
        }
        drop(hold);
        self.later(&keys, read).await?;
        Ok(trailer(taken_at, commit))
    }

    /// Sends every record as a scan finds it.
    async fn walk(&mut self) -> Result<(), CopyError> {
        let all = Range {
            from: Bytes::new(),
            to: Bytes::new(),
        };
        let mut after: Option<Cursor> = None;
        loop {
            let page = self
                .store
                .scan(
                    &all,
                    after.as_ref(),
                    MAX_PAGE,
                    Dir::Forward,
                    KeysOrRecords::Records,
                )
                .await?;
            self.records(&page).await?;
            self.listen().await?;
            match page.next {
                Some(next) => {
                    // What changed beyond this is still to be met, as it will be then.
                    self.changed
                        .split_off(&Bytes::from([&*next.0, &[0]].concat()));
                    after = Some(next);
                }
                None => return Ok(()),
            }
            if self.changed.len() > KEPT {
                self.read_again().await?;
                // The scan goes on where it was: its records are in a run of their own.
                self.encoder.again(&mut self.piece);
            }
        }
    }

    /// Without holding commits back: once nothing changes between two looks at the feed, what was read between them is one moment.
    async fn in_a_quiet_moment(
        &mut self,
        now: &(dyn Fn() -> u64 + Send + Sync),
    ) -> Result<Trailer, CopyError> {
        for _ in 0..LOOKS {
            let taken_at = now();
            self.listen().await?;
            let keys: Vec<Bytes> = self.changed.iter().cloned().collect();
            // One snapshot for all of them; other keys have not changed when the feed names none.
            let read = self.store.get_many(&keys).await?;
            let before = self.changed.len();
            self.listen().await?;
            if self.changed.len() == before {
                self.changed.clear();
                self.later(&keys, read).await?;
                return Ok(trailer(taken_at, self.at.0));
            }
            if self.changed.len() > FEW * 10 {
                self.read_again().await?;
            }
        }
        Err(CopyError::TooFast)
    }

    /// Notes what changed.
    async fn listen(&mut self) -> Result<(), CopyError> {
        loop {
            let changes = match self.store.changes(self.at, CHANGES).await {
                Ok(changes) => changes,
                Err(FeedError::Gap { .. }) => return Err(CopyError::TooFast),
                Err(FeedError::Store(error)) => return Err(error.into()),
            };
            let more = changes.changes.len() >= CHANGES;
            let keys = changes.changes.into_iter().map(|change| change.key);
            self.changed.extend(keys.filter(|key| !is_local(key)));
            self.at = changes.next;
            if self.changed.len() > MOST {
                return Err(CopyError::TooFast);
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Sends what changed so far as it is now.
    async fn read_again(&mut self) -> Result<(), CopyError> {
        let keys: Vec<Bytes> = std::mem::take(&mut self.changed).into_iter().collect();
        self.encoder.again(&mut self.piece);
        for some in keys.chunks(AT_ONCE) {
            let read = self.store.get_many(some).await?;
            self.rows(some, read).await?;
            self.listen().await?;
        }
        Ok(())
    }

    async fn later(&mut self, keys: &[Bytes], read: Vec<Option<Record>>) -> Result<(), CopyError> {
        if !keys.is_empty() {
            self.encoder.again(&mut self.piece);
            self.rows(keys, read).await?;
        }
        Ok(())
    }

    async fn records(&mut self, page: &Page) -> Result<(), CopyError> {
        for record in page.records.iter().filter(|r| !is_local(&r.key)) {
            self.encoder
                .record(&mut self.piece, &record.key, &record.value);
            self.send_if_full().await?;
        }
        Ok(())
    }

    async fn rows(&mut self, keys: &[Bytes], read: Vec<Option<Record>>) -> Result<(), CopyError> {
        for (key, found) in keys.iter().zip(read) {
            match found {
                Some(record) => self.encoder.record(&mut self.piece, key, &record.value),
                None => self.encoder.gone(&mut self.piece, key),
            }
            self.send_if_full().await?;
        }
        Ok(())
    }

    async fn send_if_full(&mut self) -> Result<(), CopyError> {
        if self.piece.len() < PIECE {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::replace(
            &mut self.piece,
            Vec::with_capacity(PIECE + 4096),
        ));
        let to = self.to.clone();
        let room = to.reserve();
        tokio::pin!(room);
        loop {
            // The feed does not keep what changed for ever: it is followed while the receiver takes its time.
            tokio::select! {
                room = &mut room => {
                    room.map_err(|_| CopyError::HungUp)?.send(piece);
                    return Ok(());
                }
                _ = self.wake.changed() => self.listen().await?,
                () = tokio::time::sleep(LOOK_EVERY) => self.listen().await?,
            }
        }
    }
}

fn trailer(taken_at: u64, commit: u64) -> Trailer {
    Trailer {
        taken_at,
        commit,
        records: 0,
        digest: String::new(),
        sha256: String::new(),
    }
}
