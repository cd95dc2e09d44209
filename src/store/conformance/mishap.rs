//! What no commit would do and no disk should.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use crate::store::Bytes;
use crate::store::embedded::Embedded;

/// What a shelf is made to suffer.
#[derive(Default, Debug)]
pub(in crate::store) struct Mishaps {
    fails: AtomicBool,
    slow_ms: AtomicU64,
    careless: AtomicBool,
}

impl Mishaps {
    /// Plays a disk that is slow or refuses to sync.
    #[expect(
        clippy::disallowed_methods,
        reason = "plays a slow disk, which blocks as well"
    )]
    pub(in crate::store) fn befall(&self) -> io::Result<()> {
        std::thread::sleep(Duration::from_millis(self.slow_ms.load(SeqCst)));
        if self.fails.load(SeqCst) {
            Err(io::Error::other("made to fail"))
        } else {
            Ok(())
        }
    }

    /// Whether what makes groups durable is switched off, to prove that its absence shows.
    pub(in crate::store) fn careless(&self) -> bool {
        self.careless.load(SeqCst)
    }
}

impl Embedded {
    pub(in crate::store) fn fail_from_now_on(&self) {
        self.inner.shelf.mishaps().fails.store(true, SeqCst);
    }

    pub(in crate::store) fn slow_from_now_on(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap();
        self.inner.shelf.mishaps().slow_ms.store(by, SeqCst);
    }

    pub(in crate::store) fn careless_from_now_on(&self) {
        self.inner.shelf.mishaps().careless.store(true, SeqCst);
    }

    /// Has the disk look as if so many of 1000 MiB were free.
    pub(in crate::store) fn pretend_free(&self, bytes: u64) {
        self.inner.space.pretend(bytes);
    }

    pub(in crate::store) fn holds(&self, key: &[u8]) -> bool {
        self.inner.shelf.get(key).unwrap().is_some()
    }

    /// Changes a value as no commit would.
    pub(in crate::store) fn damage(&self, key: &'static [u8]) {
        let mut sealed = self.kept(key);
        *sealed.last_mut().unwrap() ^= 1;
        self.keep(key, Some(sealed));
    }

    /// Takes a record away as no commit would.
    pub(in crate::store) fn lose(&self, key: &'static [u8]) {
        self.keep(key, None);
    }

    /// What is kept under a key, checksum and all.
    pub(in crate::store) fn kept(&self, key: &[u8]) -> Vec<u8> {
        self.inner.shelf.get(key).unwrap().unwrap().to_vec()
    }

    /// Keeps something under a key as no commit would.
    pub(in crate::store) fn keep(&self, key: &'static [u8], sealed: Option<Vec<u8>>) {
        let put = (Bytes::from_static(key), sealed);
        self.inner.shelf.write(vec![put]).unwrap();
    }
}
