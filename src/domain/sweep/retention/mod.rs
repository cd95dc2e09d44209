//! Retention: what is over is forgotten when the realm's policy says so, oldest first and a few at a time. What was done
//! is its own progress: whoever starts anew finds the next piece at the same end.
//!
//! Denial does not hang on anything forgotten here: whoever presents something of a session, a family or a code that has
//! no record is unknown, and is refused.

mod acts;
mod people;
mod sessions;

use std::collections::HashMap;
use std::time::Instant;

pub(super) use people::leftovers;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::id::RealmId;
use crate::domain::realm::{self, Realm};
use crate::domain::record::{decode, encode, versioned};
use crate::domain::time::{Span, Timestamp};
use crate::domain::user::import::keep as import;
use crate::domain::{Context, Fault, audit, key, pulse};
use crate::store::{Batch, CommitError, Cursor, Dir, KeysOrRecords, Range, Record};

/// Records looked at in one step.
const PIECE: usize = 200;
/// How often what had to stay is looked at again.
const AGAIN: Span = Span::days(1);
/// How long a node has the work to itself unless it goes on.
const LEASE: Span = Span::mins(2);

/// Where a walk is in each realm: behind what has to stay longer than its age says. Kept in memory only.
#[derive(Default)]
pub struct Walk {
    places: HashMap<RealmId, Places>,
    /// Behind which realm it goes on.
    after: Option<String>,
}

#[derive(Default)]
struct Places {
    since: Timestamp,
    sessions: Option<Cursor>,
    acts: Option<Cursor>,
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Ended sessions.
    pub sessions: u64,
    /// Acts of signing out.
    pub sign_outs: u64,
    /// Rows of such acts: sessions, deliveries, tallies.
    pub rows: u64,
    /// Audit records.
    pub audit: u64,
}

impl Forgotten {
    /// Whether there was nothing to forget.
    pub fn is_nothing(&self) -> bool {
        *self == Forgotten::default()
    }

    fn add(&mut self, more: Forgotten) {
        self.sessions += more.sessions;
        self.sign_outs += more.sign_outs;
        self.rows += more.rows;
        self.audit += more.audit;
    }

    fn show(&self) {
        for (kind, count) in [
            ("sessions", self.sessions),
            ("signouts", self.sign_outs),
            ("signout_rows", self.rows),
            ("audit", self.audit),
        ] {
            if count > 0 {
                metrics::counter!("realmkeep_forgotten_total", "kind" => kind).increment(count);
            }
        }
    }
}

/// What a step was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another node forgets.
    Elsewhere,
    /// A piece was looked at, and there is more.
    More(Forgotten),
    /// Every realm was looked at to its end.
    Round(Forgotten),
}

/// Looks at one piece of one realm. Whoever calls pauses between steps.
///
/// # Errors
/// [`Fault`] when the store fails; the next step goes on from the same place.
pub async fn step(ctx: &Context, walk: &mut Walk) -> Result<Step, Fault> {
    if !lead(ctx).await? {
        return Ok(Step::Elsewhere);
    }
    // What was begun is ended first: acts that are no longer shown, whose rows are still there.
    let mut forgotten = acts::finish(ctx).await?;
    if !forgotten.is_nothing() {
        forgotten.show();
        return Ok(Step::More(forgotten));
    }
    let (page, next) = realm::list(ctx, walk.after.as_deref(), 1).await?;
    let Some(realm) = page.into_iter().next() else {
        walk.after = None;
        return Ok(Step::Round(forgotten));
    };
    let places = walk.places.entry(realm.id).or_default();
    let now = ctx.now();
    if now.since(places.since) >= AGAIN {
        *places = Places {
            since: now,
            ..Places::default()
        };
    }
    let began = Instant::now();
    let (of_sessions, more_sessions) = sessions::piece(ctx, &realm, &mut places.sessions).await?;
    let (of_acts, more_acts) = acts::piece(ctx, &realm, &mut places.acts).await?;
    let (of_log, more_audit) = of_audit(ctx, &realm).await?;
    let more_pulse = pulse::tidy(ctx, &realm).await?;
    import::tidy(ctx, &realm).await?;
    for part in [of_sessions, of_acts, of_log] {
        forgotten.add(part);
    }
    forgotten.show();
    if !forgotten.is_nothing() {
        tracing::debug!(realm = realm.name, ?forgotten, took = ?began.elapsed(), "forgotten by policy");
    }
    // The rows of an act that is gone go next.
    if more_sessions || more_acts || more_audit || more_pulse || forgotten.sign_outs > 0 {
        return Ok(Step::More(forgotten));
    }
    let over = next.is_none();
    walk.after = next;
    Ok(if over {
        Step::Round(forgotten)
    } else {
        Step::More(forgotten)
    })
}

/// What a policy of `keep` lets go at this moment; `None` when it keeps everything.
fn limit(ctx: &Context, keep: Span) -> Option<Timestamp> {
    (!keep.is_zero()).then(|| ctx.now().minus(keep))
}

/// A page of what is oldest: its records, and whether there is more behind it.
async fn oldest(
    ctx: &Context,
    range: &Range,
    after: Option<&Cursor>,
    (dir, what): (Dir, KeysOrRecords),
) -> Result<(Vec<Record>, bool), Fault> {
    let page = ctx.store.scan(range, after, PIECE, dir, what).await?;
    Ok((page.records, page.next.is_some()))
}

/// Forgets old audit records.
async fn of_audit(ctx: &Context, realm: &Realm) -> Result<(Forgotten, bool), Fault> {
    let mut forgotten = Forgotten::default();
    let Some(limit) = limit(ctx, realm.settings.retention.audit) else {
        return Ok((forgotten, false));
    };
    let how = (Dir::Reverse, KeysOrRecords::Records);
    let (records, more) = oldest(ctx, &key::audits(realm.id, None, None), None, how).await?;
    let old = |record: &&Record| key::counted_down(&record.key).is_some_and(|at| at <= limit);
    let old: Vec<&Record> = records.iter().take_while(old).collect();
    let mut batch = Batch::essential();
    for record in &old {
        batch.del(record.key.clone());
        let about = decode::<audit::Record>(&record.value, "audit record").map(|r| r.about());
        if let (Ok(Some(user)), Some(place)) = (about, key::audit_place(&record.key)) {
            batch.del(key::audit_of_user_at(realm.id, user, &place));
        }
    }
    let more = more && old.len() == records.len();
    forgotten.audit = old.len() as u64;
    if !batch.is_empty() {
        ctx.commit(batch).await?;
    }
    Ok((forgotten, more))
}

/// Which node forgets.
#[derive(Serialize, Deserialize)]
struct Lead {
    holder: Uuid,
    until: Timestamp,
}

/// Whether this node is the one that forgets, for now.
async fn lead(ctx: &Context) -> Result<bool, Fault> {
    let at = key::retention_lead();
    let now = ctx.now();
    let found = versioned::<Lead>(ctx.store.get(&at).await?, "lead of retention")?;
    let mut batch = Batch::essential();
    let mine = encode(&Lead {
        holder: ctx.bell.holder,
        until: now.plus(LEASE),
    })?;
    match found {
        Some(found) if found.value.holder == ctx.bell.holder => {
            // Renewed at half its time: most steps write nothing for it.
            if found.value.until.since(now) > Span(LEASE.0 / 2) {
                return Ok(true);
            }
            batch.replace(at, found.version, mine);
        }
        Some(found) if found.value.until > now => return Ok(false),
        Some(found) => {
            batch.replace(at, found.version, mine);
        }
        None => {
            batch.create(at, mine);
        }
    }
    match ctx.commit(batch).await {
        Ok(_) => Ok(true),
        Err(CommitError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
