//! Alert: that somebody does not recognise a session in their name. It stands for the administrators until one of them has
//! looked at it and dismisses it; what was done is in the audit log all the same.

use serde::{Deserialize, Serialize};

use super::by_id;
use super::deed::record;
use super::verbs::UserError;
use crate::domain::id::{Sid, SignOutId, UserId};
use crate::domain::realm::Realm;
use crate::domain::record::{Versioned, encode_json, versioned};
use crate::domain::time::Timestamp;
use crate::domain::{Actor, Context, Fault, TRIES, key};
use crate::store::{Batch, CommitError, Dir, KeysOrRecords};

/// What somebody did not recognise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// How many sessions.
    pub count: u32,
    /// The newest of them, newest first.
    pub newest: Vec<Stranger>,
}

/// A session that its user did not recognise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stranger {
    /// When they said so.
    pub at: Timestamp,
    /// The session, which ended with it.
    pub sid: Sid,
    /// "Firefox on Linux".
    pub device: String,
    /// From which address.
    pub ip: String,
    /// The act that ended it.
    pub act: SignOutId,
}

/// The most sessions kept of one alert; more are counted.
const KEPT: usize = 5;

/// Adds a session to what a user did not recognise, in the batch that ends it.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub(super) async fn add(
    ctx: &Context,
    realm: &Realm,
    user: UserId,
    stranger: Stranger,
    batch: &mut Batch,
) -> Result<(), Fault> {
    let at = key::alert(realm.id, user);
    let found = read(ctx, realm, user).await?;
    let mut alert = found.as_ref().map(|f| f.value.clone()).unwrap_or_default();
    alert.count = alert.count.saturating_add(1);
    alert.newest.insert(0, stranger);
    alert.newest.truncate(KEPT);
    let value = encode_json(&alert)?;
    match found {
        Some(found) => batch.replace(at, found.version, value),
        None => batch.create(at, value),
    };
    Ok(())
}

async fn read(
    ctx: &Context,
    realm: &Realm,
    user: UserId,
) -> Result<Option<Versioned<Alert>>, Fault> {
    versioned(ctx.store.get(&key::alert(realm.id, user)).await?, "alert")
}

/// What a user did not recognise and nobody dismissed.
///
/// # Errors
/// [`Fault`] when the store does not answer or the record does not read.
pub async fn of(ctx: &Context, realm: &Realm, user: UserId) -> Result<Option<Alert>, Fault> {
    Ok(read(ctx, realm, user).await?.map(|found| found.value))
}

/// Who does not recognise a session, at most `limit` of them.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn list(ctx: &Context, realm: &Realm, limit: usize) -> Result<Vec<UserId>, Fault> {
    let range = key::alerts(realm.id);
    let (dir, what) = (Dir::Forward, KeysOrRecords::KeysOnly);
    let page = ctx.store.scan(&range, None, limit, dir, what).await?;
    let ids = page.records.iter().filter_map(|row| key::tail(&row.key));
    Ok(ids.filter_map(|tail| UserId::from_bytes(&tail)).collect())
}

/// Dismisses what a user did not recognise: an administrator has looked at it, and it was `seen` sessions then. Answers
/// whether it is dismissed; not when more came meanwhile, which nobody has looked at.
///
/// # Errors
/// [`UserError`].
pub async fn dismiss(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: UserId,
    seen: u32,
) -> Result<bool, UserError> {
    for _ in 0..TRIES {
        let user = by_id(ctx, realm, id).await?.ok_or(UserError::NotFound)?;
        let Some(found) = read(ctx, realm, id).await? else {
            return Ok(false);
        };
        if found.value.count != seen {
            return Ok(false);
        }
        let mut batch = Batch::new();
        batch.take(key::alert(realm.id, id), found.version);
        let detail = found.value.newest.iter().map(|one| one.sid.to_string());
        let detail = format!("session {}", detail.collect::<Vec<_>>().join(", "));
        let said = ("user.dismiss_alert", Some(detail));
        record(&mut batch, ctx, realm, actor, &user.value, said)?;
        match ctx.commit(batch).await {
            Ok(_) => return Ok(true),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(Fault::from(error).into()),
        }
    }
    Err(Fault::Busy.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::user::{own, verbs};
    use crate::domain::{ActorKind, audit, session, testing};

    #[tokio::test]
    async fn what_is_not_recognised_stands_until_it_is_dismissed_or_the_user_is_gone() {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        let ann = testing::user(&ctx, &realm, "ann").await;
        let actor = Actor {
            kind: ActorKind::User,
            id: ann.id.to_string(),
            ..Actor::system("test")
        };
        let strange = async || {
            let sid = testing::session(&ctx, &realm, ann.id).await;
            let found = session::find(&ctx, &realm, sid).await.unwrap().unwrap();
            own::not_recognised(&ctx, &realm, &actor, &found.value)
                .await
                .unwrap();
            sid
        };
        let _ = strange().await;
        let newest = strange().await;
        let alert = of(&ctx, &realm, ann.id).await.unwrap().unwrap();
        assert_eq!((alert.count, alert.newest[0].sid), (2, newest));
        assert_eq!(list(&ctx, &realm, 9).await.unwrap(), [ann.id]);
        let dismissed = async |seen| dismiss(&ctx, &realm, &actor, ann.id, seen).await.unwrap();
        assert!(!dismissed(1).await, "one of them was not seen");
        assert!(dismissed(2).await);
        assert!(!dismissed(2).await);
        assert!(list(&ctx, &realm, 9).await.unwrap().is_empty());
        let log = audit::newest(&ctx, realm.id, 1).await.unwrap();
        assert_eq!(log[0].action, "user.dismiss_alert");

        for _ in 0..=KEPT {
            strange().await;
        }
        let alert = of(&ctx, &realm, ann.id).await.unwrap().unwrap();
        assert_eq!((alert.count as usize, alert.newest.len()), (KEPT + 1, KEPT));
        let other = Actor::system("test");
        verbs::delete(&ctx, &realm, &other, ann.id).await.unwrap();
        assert!(list(&ctx, &realm, 9).await.unwrap().is_empty());
    }
}
