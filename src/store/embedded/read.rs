//! Reading: what is durable, from one snapshot, each record with its checksum compared.

use std::ops::Bound;
use std::sync::{PoisonError, RwLockReadGuard};

use super::{Inner, Olds};
use crate::store::batch::SEQUENCE_KEY;
use crate::store::fault::Fault;
use crate::store::{Bytes, Cursor, Dir, KeysOrRecords, Page, Range, Record, StoreError};
use crate::store::{page, stored};

impl Inner {
    /// Holding this keeps groups from being applied and from being shown: what is read meanwhile is one snapshot.
    pub(super) fn snapshot(&self) -> Result<RwLockReadGuard<'_, Olds>, StoreError> {
        match self.broken.get() {
            Some(why) => Err(StoreError::Corrupt(why.clone())),
            None => Ok(self
                .under_way
                .read()
                .unwrap_or_else(PoisonError::into_inner)),
        }
    }

    pub(super) fn find(&self, snapshot: &Olds, key: &[u8]) -> Result<Option<Record>, StoreError> {
        match snapshot.get(key) {
            Some(old) => Ok(old.clone()),
            None => self.load(key),
        }
    }

    /// What the shelf holds, durable or not.
    pub(super) fn load(&self, key: &[u8]) -> Result<Option<Record>, StoreError> {
        if key == SEQUENCE_KEY {
            return Ok(None);
        }
        let found = self
            .shelf
            .get(key)
            .map_err(|fault| self.unreadable(fault))?;
        found
            .map(|sealed| self.sound(stored::record(Bytes::copy_from_slice(key), sealed)))
            .transpose()
    }

    pub(super) fn page(
        &self,
        r: &Range,
        after: Option<&Cursor>,
        limit: usize,
        dir: Dir,
        what: KeysOrRecords,
    ) -> Result<Page, StoreError> {
        let snapshot = self.snapshot()?;
        let Some(bounds) = page::bounds(r, after, dir) else {
            return Ok(Page {
                records: Vec::new(),
                next: None,
            });
        };
        let olds = snapshot.range::<[u8], _>((as_slice(&bounds.0), as_slice(&bounds.1)));
        let on_disk = self
            .shelf
            .walk(bounds, dir)
            .map_err(|fault| self.unreadable(fault))?
            .filter(|kept| !matches!(kept, Ok((key, _)) if key == SEQUENCE_KEY))
            .map(|kept| match kept {
                Ok((key, sealed)) => self.sound(stored::record(key, sealed)),
                Err(fault) => Err(self.unreadable(fault)),
            });
        match dir {
            Dir::Forward => page::fill(page::overlay(on_disk, olds, dir), limit, what),
            Dir::Reverse => page::fill(page::overlay(on_disk, olds.rev(), dir), limit, what),
        }
    }

    fn unreadable(&self, fault: Fault) -> StoreError {
        match fault {
            Fault::Io(error) => StoreError::Unavailable(error.into()),
            Fault::Engine(what) => self.note(StoreError::Corrupt(what)),
        }
    }

    fn sound<T>(&self, read: Result<T, StoreError>) -> Result<T, StoreError> {
        read.map_err(|error| self.note(error))
    }

    fn note(&self, error: StoreError) -> StoreError {
        self.damaged.get_or_init(|| {
            tracing::error!(%error, "damage in the store; restore a backup with `realmkeep restore`");
            error.to_string()
        });
        error
    }
}

fn as_slice(bound: &Bound<Bytes>) -> Bound<&[u8]> {
    bound.as_ref().map(|key| &**key)
}
