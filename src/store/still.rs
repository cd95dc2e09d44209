//! How a copy of everything is as one commit left it: an old view that the engine keeps, or a moment without commits.

use std::any::Any;

use async_trait::async_trait;

use super::{Cursor, Page, StoreError};

/// Everything as one commit left it.
#[async_trait]
pub trait View: Send {
    /// Up to `limit` records beyond `after`, smallest key first. Unlike those of a scan, all pages are one snapshot.
    async fn page(&mut self, after: Option<&Cursor>, limit: usize) -> Result<Page, StoreError>;
}

/// Keeps commits waiting until it is dropped.
pub struct Hold {
    _until: Box<dyn Any + Send>,
}

impl Hold {
    /// Holds until `until` is dropped.
    pub(super) fn new(until: impl Any + Send) -> Self {
        Self {
            _until: Box::new(until),
        }
    }
}
