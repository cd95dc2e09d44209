//! A realm's policy became stricter: everything that lives there is looked at once more. What is over by the new policy
//! gets a date that is due at once, what is over earlier gets the earlier date, and whoever holds more sessions than the
//! new limit loses the surplus. The walk keeps its place in the store: it goes on after a crash, a piece at a time.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Due;
use crate::domain::denial::{ActiveSession, Denied};
use crate::domain::grant::{TokenFamily, code};
use crate::domain::id::{RealmId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::{decode, encode, versioned};
use crate::domain::session::limit;
use crate::domain::signout::{self, EndError, Reason, Request, Selection};
use crate::domain::{Actor, Context, Fault, key};
use crate::store::{Batch, Cursor, Dir, KeysOrRecords};

/// How far a walk is.
#[derive(Default, Serialize, Deserialize)]
struct Place {
    /// Sessions come first, then families.
    at_families: bool,
    /// Behind which key it goes on.
    after: Option<Vec<u8>>,
}

/// Records looked at in one step.
const PIECE: usize = 300;

/// Does one piece of a walk and notes where the next one begins, or that there is none.
///
/// # Errors
/// [`Fault`] when the store fails; the walk goes on from the same place then.
pub(super) async fn step(
    ctx: &Context,
    id: RealmId,
    walk: [u8; 16],
    at: Bytes,
) -> Result<(), Fault> {
    let Some(stored) = ctx.store.get(&at).await? else {
        return Ok(());
    };
    let place = match stored.value.is_empty() {
        true => Place::default(),
        false => decode(&stored.value, "walk")?,
    };
    let mut batch = Batch::new();
    // Read live: the walk belongs to the policy that was just committed.
    let realm = versioned::<Realm>(ctx.store.get(&key::realm(id)).await?, "realm")?;
    let next = match realm.map(|read| read.value) {
        None => None,
        Some(realm) if place.at_families => families(ctx, &realm, place.after, &mut batch).await?,
        Some(realm) => sessions(ctx, &realm, place.after, &mut batch).await?,
    };
    match next {
        None => {
            batch.del(at);
        }
        Some(place) => {
            // Behind what this piece made due: the apps of this piece's people are told before the next piece.
            let later = key::due(ctx.now(), 20, id, &walk);
            if later != at {
                batch.del(at);
            }
            batch.put(later, encode(&place)?);
        }
    }
    ctx.commit(batch).await?;
    Ok(())
}

async fn sessions(
    ctx: &Context,
    realm: &Realm,
    after: Option<Vec<u8>>,
    batch: &mut Batch,
) -> Result<Option<Place>, Fault> {
    let range = key::sessions_by_users(realm.id);
    let after = after.map(|at| Cursor(at.into()));
    let page = ctx
        .store
        .scan(
            &range,
            after.as_ref(),
            PIECE,
            Dir::Forward,
            KeysOrRecords::KeysOnly,
        )
        .await?;
    let mut users: Vec<UserId> = page
        .records
        .iter()
        .filter_map(|r| key::user_of_session(&r.key))
        .collect();
    users.dedup();
    // The last user's sessions may go on behind this page: whole users are looked at, and the page ends with them.
    let mut over = page.next.is_none();
    let (mut last, mut looked) = (None, 0);
    for user in users {
        let held = limit::judged(ctx, realm, user).await?;
        for (sid, verdict) in &held {
            match verdict {
                Ok(active) => Due::Session(*sid).put(batch, realm.id, active.limits.idle_at),
                Err(Denied::Idle | Denied::Expired) => {
                    Due::Session(*sid).put(batch, realm.id, ctx.now());
                }
                Err(_) => {}
            }
            looked += 1;
            if batch.len() > PIECE {
                ctx.commit(std::mem::take(batch)).await?;
            }
        }
        let good: Vec<ActiveSession> = held.into_iter().filter_map(|(_, v)| v.ok()).collect();
        trim(ctx, realm, good).await?;
        last = Some(user);
        if looked > PIECE {
            over = false;
            break;
        }
    }
    Ok(Some(match last {
        Some(user) if !over => Place {
            at_families: false,
            after: Some(key::behind_user(realm.id, user).to_vec()),
        },
        _ => Place {
            at_families: true,
            after: None,
        },
    }))
}

/// Ends what one user holds beyond the realm's limit.
async fn trim(ctx: &Context, realm: &Realm, good: Vec<ActiveSession>) -> Result<(), Fault> {
    let policy = &realm.settings.sessions;
    let most = usize::try_from(policy.limit).unwrap_or(usize::MAX);
    if most == 0 || good.len() <= most {
        return Ok(());
    }
    let surplus = good.len() - most;
    let sids = limit::first_to_go(policy.limit_action, good)
        .into_iter()
        .take(surplus)
        .map(|sid| sid.to_string())
        .collect();
    let request = Request::new(
        Selection::Sessions(sids),
        Reason::SessionLimit,
        Actor::system("session limit"),
    );
    match signout::end(ctx, realm, &request).await {
        Ok(_) | Err(EndError::Nothing | EndError::OnlyOwn) => Ok(()),
        Err(EndError::Fault(fault)) => Err(fault),
    }
}

async fn families(
    ctx: &Context,
    realm: &Realm,
    after: Option<Vec<u8>>,
    batch: &mut Batch,
) -> Result<Option<Place>, Fault> {
    let range = key::families(realm.id);
    let after = after.map(|at| Cursor(at.into()));
    let page = ctx
        .store
        .scan(
            &range,
            after.as_ref(),
            PIECE,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await?;
    for record in page.records {
        let family: TokenFamily = decode(&record.value, "token family")?;
        if family.ended.is_none() {
            Due::Family(family.id).put(batch, realm.id, code::idle_at(realm, &family));
        }
    }
    Ok(page.next.map(|next| Place {
        at_families: true,
        after: Some(next.0.to_vec()),
    }))
}

#[cfg(test)]
mod tests;
