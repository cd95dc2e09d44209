//! What a group of batches does to the records: the one place that knows what guards mean, for every engine that has one writer.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use super::batch::{Guard, Write};
use super::{
    Batch, Bytes, Change, CommitError, Committed, FeedPos, Outcome, Record, StoreError, Version,
};

/// One key a group touches: as it was before the group and as the group leaves it.
pub(super) struct Touched {
    pub(super) before: Option<Record>,
    pub(super) after: Option<Record>,
    written: bool,
}

/// What to do for a group and what to answer once it is durable.
pub(super) struct Plan {
    /// One for each batch, in order.
    pub(super) outcomes: Vec<Outcome>,
    /// The keys that change.
    pub(super) writes: BTreeMap<Bytes, Touched>,
    /// The feed's part, in commit order.
    pub(super) changes: Vec<Change>,
    /// The commit sequence after the group.
    pub(super) seq: u64,
}

/// Decides every batch of `group` in order, each seeing what those before it wrote. `seq` is the last commit so far; `load` reads a
/// record as it was before the group.
pub(super) fn decide(
    group: &[Batch],
    mut seq: u64,
    mut load: impl FnMut(&Bytes) -> Result<Option<Record>, StoreError>,
) -> Plan {
    let mut touched = BTreeMap::new();
    let mut changes = Vec::new();
    let mut outcomes = Vec::with_capacity(group.len());
    for batch in group {
        let outcome = guards_hold(batch, &mut touched, &mut load).and_then(|()| {
            let next = seq
                .checked_add(1)
                .and_then(NonZeroU64::new)
                .ok_or_else(|| CommitError::Corrupt("the commit sequence is used up".into()))?;
            seq = next.get();
            let (version, pos) = (Version(next), FeedPos(seq));
            apply(batch, version, &mut touched, |key| {
                changes.push(Change { pos, key })
            });
            Ok(Committed { version, pos })
        });
        outcomes.push(outcome);
    }
    touched.retain(|_, t| t.written);
    Plan {
        outcomes,
        writes: touched,
        changes,
        seq,
    }
}

fn guards_hold(
    batch: &Batch,
    touched: &mut BTreeMap<Bytes, Touched>,
    load: &mut impl FnMut(&Bytes) -> Result<Option<Record>, StoreError>,
) -> Result<(), CommitError> {
    for op in batch.ops() {
        if !touched.contains_key(&op.key) {
            // Keys without a guard are read as well: readers are shown the old record until the new one is durable.
            let before = load(&op.key).map_err(|error| match error {
                StoreError::Unavailable(cause) => CommitError::Unavailable(cause),
                StoreError::Corrupt(what) => CommitError::Corrupt(what),
            })?;
            touched.insert(
                op.key.clone(),
                Touched {
                    after: before.clone(),
                    before,
                    written: false,
                },
            );
        }
        let now = touched
            .get(&op.key)
            .and_then(|t| t.after.as_ref())
            .map(|r| r.version);
        let holds = match op.guard {
            Guard::Nothing => true,
            Guard::Absent => now.is_none(),
            Guard::At(version) => now == Some(version),
        };
        if !holds {
            return Err(CommitError::Conflict {
                key: Some(op.key.clone()),
            });
        }
    }
    Ok(())
}

fn apply(
    batch: &Batch,
    version: Version,
    touched: &mut BTreeMap<Bytes, Touched>,
    mut changed: impl FnMut(Bytes),
) {
    for op in batch.ops() {
        let after = match &op.write {
            Write::Nothing => continue,
            Write::Value(value) => Some(Record {
                key: op.key.clone(),
                value: value.clone(),
                version,
            }),
            Write::Delete => None,
        };
        if let Some(t) = touched.get_mut(&op.key) {
            // Deleting what is not there changes nothing.
            if after.is_some() || t.after.is_some() {
                t.after = after;
                t.written = true;
                changed(op.key.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_record_fails_its_batch_and_no_other() {
        let mut bad = Batch::new();
        bad.put("bad", "x");
        let mut good = Batch::new();
        good.put("good", "x");
        let plan = decide(&[bad, good], 7, |k| {
            if k == "bad" {
                Err(StoreError::Corrupt("bad".into()))
            } else {
                Ok(None)
            }
        });
        assert!(matches!(plan.outcomes[0], Err(CommitError::Corrupt(_))));
        assert_eq!(plan.outcomes[1].as_ref().unwrap().pos, FeedPos(8));
        assert_eq!(plan.writes.keys().collect::<Vec<_>>(), ["good"]);
    }

    #[test]
    fn the_last_commit_number_is_never_passed() {
        let mut batch = Batch::new();
        batch.put("k", "v");
        let plan = decide(&[batch], u64::MAX, |_| Ok(None));
        assert!(matches!(plan.outcomes[0], Err(CommitError::Corrupt(_))));
        assert!(plan.writes.is_empty());
    }
}
