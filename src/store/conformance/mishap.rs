//! What no commit would do and no disk should.

use std::time::Duration;

use crate::store::sled::Sled;

impl Sled {
    pub(in crate::store) fn fail_from_now_on(&self) {
        self.writer.lock().unwrap().barrier.fails = true;
    }

    pub(in crate::store) fn slow_from_now_on(&self, by: Duration) {
        self.writer.lock().unwrap().barrier.slow = by;
    }

    pub(in crate::store) fn holds(&self, key: &[u8]) -> bool {
        self.db.contains_key(key).unwrap()
    }

    /// Changes a value as no commit would.
    pub(in crate::store) fn damage(&self, key: &[u8]) {
        let mut sealed = self.db.get(key).unwrap().unwrap();
        *sealed.last_mut().unwrap() ^= 1;
        self.db.insert(key, sealed).unwrap();
    }

    /// Takes a record away as no commit would.
    pub(in crate::store) fn lose(&self, key: &[u8]) {
        self.db.remove(key).unwrap();
    }
}
