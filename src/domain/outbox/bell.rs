//! Bell: tells the workers of this process which queues a commit has just filled.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

use super::Destination;
use crate::domain::key;
use crate::store::Batch;

/// What rings, and for whom. A hint: workers look for themselves as well, for what other nodes commit.
pub struct Bell {
    /// Rung after a commit that filled a queue.
    pub wake: Notify,
    /// Who this process is among those that share the store.
    pub holder: Uuid,
    rung: Mutex<HashSet<Destination>>,
}

impl Bell {
    /// A bell of a process with this id.
    pub fn new(holder: Uuid) -> Bell {
        Bell {
            wake: Notify::new(),
            holder,
            rung: Mutex::default(),
        }
    }

    /// The queues that a batch fills.
    pub fn heard(batch: &Batch) -> Vec<Destination> {
        let mut heard: Vec<Destination> = Vec::new();
        for at in batch.puts(key::QUEUED) {
            if let Some((destination, _)) = Destination::read(at)
                && !heard.contains(&destination)
            {
                heard.push(destination);
            }
        }
        heard
    }

    /// Rings for these.
    pub fn ring(&self, heard: Vec<Destination>) {
        if heard.is_empty() {
            return;
        }
        self.rung
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(heard);
        self.wake.notify_one();
    }

    /// For whom it rang since the last call.
    pub fn rung(&self) -> Vec<Destination> {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        rung.drain().collect()
    }
}
