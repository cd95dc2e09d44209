//! How many sessions one user holds, and which of them go first.

use tokio::sync::{Mutex, MutexGuard};

use crate::domain::denial::{self, ActiveSession, Verdict};
use crate::domain::id::{Sid, UserId};
use crate::domain::realm::{LimitAction, Realm};
use crate::domain::{Context, Fault, key, signout};

/// The queue in front of a start that counts. It spares the people of one process from outrunning each other; what
/// makes the count right is the guard in the store, on every node.
pub struct Turns([Mutex<()>; QUEUES]);

const QUEUES: usize = 64;

impl Default for Turns {
    fn default() -> Turns {
        Turns(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Turns {
    /// Waits for this user's turn.
    pub(super) async fn of(&self, user: UserId) -> Option<MutexGuard<'_, ()>> {
        let last = user.bytes().last().copied().map_or(0, usize::from);
        match self.0.get(last % QUEUES) {
            Some(queue) => Some(queue.lock().await),
            None => None,
        }
    }
}

/// Everything that the index lists as a user's active sessions, judged.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn judged(
    ctx: &Context,
    realm: &Realm,
    user: UserId,
) -> Result<Vec<(Sid, Verdict<ActiveSession>)>, Fault> {
    let sids = signout::select::walk(ctx, &key::sessions_by_user(realm.id, user)).await?;
    let mut all = Vec::with_capacity(sids.len());
    for chunk in sids.chunks(AT_ONCE) {
        let verdicts = denial::sessions(ctx, realm, chunk).await?;
        all.extend(
            chunk
                .iter()
                .copied()
                .zip(verdicts.into_iter().map(|(_, v)| v)),
        );
    }
    Ok(all)
}

/// The sessions a user holds, oldest first.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn held(ctx: &Context, realm: &Realm, user: UserId) -> Result<Vec<ActiveSession>, Fault> {
    let all = judged(ctx, realm, user).await?;
    let mut good: Vec<ActiveSession> = all.into_iter().filter_map(|(_, v)| v.ok()).collect();
    good.sort_by_key(|active| (active.session.started_at, active.session.sid));
    Ok(good)
}

/// In which order sessions give way. Where nobody is asked, the oldest start goes first.
pub fn first_to_go(action: LimitAction, mut held: Vec<ActiveSession>) -> Vec<Sid> {
    match action {
        LimitAction::EndLeastRecent => {
            held.sort_by_key(|active| (active.last_active, active.session.sid))
        }
        LimitAction::EndOldest | LimitAction::Deny | LimitAction::Ask => {
            held.sort_by_key(|active| (active.session.started_at, active.session.sid))
        }
    }
    held.iter().map(|active| active.session.sid).collect()
}

/// Sessions judged in one read.
const AT_ONCE: usize = 400;
