//! The master keys, as the store knows them: which one seals, which ones still open something, and how far it is until
//! they do not.
//!
//! [`admit`] compares the keys that a process was given with those that the store was sealed with: a wrong key is refused
//! before anything depends on it, and a new one begins a change of the master key. [`reseal`] carries that change out, a
//! piece at a time, while everything goes on. The keys themselves are never in the store.

pub mod reseal;

use serde::{Deserialize, Serialize};

use super::audit::{self, Entry};
use super::record::{encode_json, versioned};
use super::time::Timestamp;
use super::{Actor, Context, Fault, TRIES, key, realm};
use crate::crypto::KeyId;
use crate::store::{Batch, CommitError, Store};

/// What the store knows of its master keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Masters {
    /// The one that seals.
    pub current: KeyId,
    /// It and those before it that may still open something.
    pub keys: Vec<Master>,
    /// How far the walk is that seals everything anew; `None` when there is nothing to seal anew.
    pub walk: Option<reseal::Walk>,
    /// When the last whole walk was over.
    pub walked_at: Option<Timestamp>,
}

/// A master key, as far as it is no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Master {
    /// Its name.
    pub id: KeyId,
    /// What tells it from any other key: a value derived from it.
    pub proof: [u8; 32],
    /// Since when it is known.
    pub since: Timestamp,
    /// When another one took its place.
    pub retired_at: Option<Timestamp>,
    /// What still needs it, as the last whole walk found; `None` until there was one.
    pub left: Option<Left>,
}

/// What still needs a retired master key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Sealed values: while there are any, the key is needed.
    pub sealed: u64,
    /// Refresh tokens that were made with it and not exchanged since: without the key their people sign in again.
    pub refresh_tokens: u64,
    /// When the last of these is over by itself.
    pub until: Timestamp,
}

impl Master {
    /// Whether something in the store opens with this key alone.
    pub fn is_needed(&self) -> bool {
        self.retired_at.is_none() || self.left.is_none_or(|left| left.sealed > 0)
    }
}

/// Why a process with these keys must not go on.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// The key that seals was not given.
    #[error(
        "this store is sealed with master key {current}, and the key given is {given}. Give that key again; if {given} is \
         to take its place, give both: the new one first, the old one behind it or in REALMKEEP_MASTER_KEY_PREVIOUS \
         (`realmkeep key rotate-master` does that to a key file)"
    )]
    Wrong {
        /// The key that seals.
        current: KeyId,
        /// The one that was given first.
        given: KeyId,
    },
    /// A key that is still needed was taken away.
    #[error(
        "master key {missing} was taken away too early: values are still sealed with it. Give it back behind the current \
         one, or in REALMKEEP_MASTER_KEY_PREVIOUS, until `realmkeep key status` says that nothing needs it"
    )]
    Needed {
        /// The key.
        missing: KeyId,
    },
    /// It could not be decided.
    #[error("the master key could not be compared with the store")]
    Fault(#[from] Fault),
}

/// What a store knows of its master keys; `None` in a new store.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn masters(store: &dyn Store) -> Result<Option<Masters>, Fault> {
    let read = versioned::<Masters>(store.get(&key::masters()).await?, "master keys")?;
    Ok(read.map(|read| read.value))
}

/// Compares the keys that this process was given, the one that is to seal first, with those of the store. A first key that
/// the store does not know takes over from the one that seals, if that one is given too. Answers which key seals from now
/// on; the caller has its vault do so.
///
/// # Errors
/// [`AdmitError`]; nothing is changed then.
pub async fn admit(ctx: &Context, given: &[(KeyId, [u8; 32])]) -> Result<KeyId, AdmitError> {
    for _ in 0..TRIES {
        let at = key::masters();
        let read = versioned::<Masters>(
            ctx.store.get(&at).await.map_err(Fault::from)?,
            "master keys",
        )?;
        let Some(first) = given.first() else {
            return Err(Fault::Record("master keys").into());
        };
        let mut batch = Batch::new();
        let (masters, action) = match read {
            None => {
                let masters = Masters::new(first, ctx.now());
                batch.create(at, encode_json(&masters)?);
                (masters, None)
            }
            Some(read) => {
                let mut masters = read.value;
                let Some(action) = masters.meet(given, ctx.now())? else {
                    return Ok(masters.current);
                };
                batch.replace(at, read.version, encode_json(&masters)?);
                (masters, Some(action))
            }
        };
        if let Some(action) = &action {
            note(ctx, action, &mut batch).await?;
        }
        match ctx.commit(batch).await {
            Ok(_) => {
                if let Some(action) = action {
                    tracing::info!(current = %masters.current, "{}", action.words());
                }
                return Ok(masters.current);
            }
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(Fault::from(error).into()),
        }
    }
    Err(Fault::Busy.into())
}

/// What meeting the given keys changes.
enum Action {
    Rotated { from: KeyId, to: KeyId },
    Dropped { gone: Vec<(KeyId, u64)> },
}

impl Action {
    fn words(&self) -> String {
        match self {
            Action::Rotated { from, to } => {
                format!("master key {to} takes over from {from}; what {from} sealed is sealed anew")
            }
            Action::Dropped { gone } => {
                let each = gone.iter().map(|(id, tokens)| match tokens {
                    0 => format!("master key {id} is gone"),
                    n => format!("master key {id} is gone, and with it {n} refresh tokens"),
                });
                each.collect::<Vec<_>>().join("; ")
            }
        }
    }
}

impl Masters {
    fn new(first: &(KeyId, [u8; 32]), now: Timestamp) -> Masters {
        Masters {
            current: first.0,
            keys: vec![Master::new(first, now)],
            walk: None,
            walked_at: None,
        }
    }

    /// Takes note of the given keys; `None` when nothing changes.
    fn meet(
        &mut self,
        given: &[(KeyId, [u8; 32])],
        now: Timestamp,
    ) -> Result<Option<Action>, AdmitError> {
        let has = |master: &Master| given.contains(&(master.id, master.proof));
        let Some(first) = given.first() else {
            return Err(Fault::Record("master keys").into());
        };
        for master in &self.keys {
            if has(master) || !master.is_needed() {
                continue;
            }
            return Err(if master.id == self.current {
                AdmitError::Wrong {
                    current: self.current,
                    given: first.0,
                }
            } else {
                AdmitError::Needed { missing: master.id }
            });
        }
        let gone: Vec<&Master> = self.keys.iter().filter(|m| !has(m)).collect();
        let gone: Vec<(KeyId, u64)> = gone
            .iter()
            .map(|m| (m.id, m.left.map_or(0, |left| left.refresh_tokens)))
            .collect();
        self.keys.retain(|m| has(m));
        // A key that was retired does not come back by standing first: a node that still has the old order is no reason.
        if self.keys.iter().any(|m| m.id == first.0) {
            return Ok((!gone.is_empty()).then_some(Action::Dropped { gone }));
        }
        let from = self.current;
        for master in &mut self.keys {
            // What this walk has not seen yet may be sealed with any of them.
            master.left = None;
            if master.id == from {
                master.retired_at = Some(now);
            }
        }
        self.keys.push(Master::new(first, now));
        self.current = first.0;
        self.walk = Some(reseal::Walk::default());
        Ok(Some(Action::Rotated { from, to: first.0 }))
    }
}

impl Master {
    fn new((id, proof): &(KeyId, [u8; 32]), now: Timestamp) -> Master {
        Master {
            id: *id,
            proof: *proof,
            since: now,
            retired_at: None,
            left: None,
        }
    }
}

/// Writes it down in the server's own realm, once there is one.
async fn note(ctx: &Context, action: &Action, batch: &mut Batch) -> Result<(), Fault> {
    let Some(master) = realm::find(ctx, realm::verbs::MASTER).await? else {
        return Ok(());
    };
    let actor = Actor::system("master key");
    let (verb, target) = match action {
        Action::Rotated { to, .. } => ("master-key.rotate", to.to_string()),
        Action::Dropped { gone } => {
            let ids: Vec<String> = gone.iter().map(|(id, _)| id.to_string()).collect();
            ("master-key.drop", ids.join(" "))
        }
    };
    let entry = Entry {
        actor: &actor,
        action: verb,
        target_kind: "master-key",
        target,
        detail: Some(action.words()),
    };
    audit::record(batch, ctx, master.id, &entry)
}

#[cfg(test)]
mod tests;
