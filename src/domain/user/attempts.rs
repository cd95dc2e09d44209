//! Attempts: who tried to sign in as somebody with a wrong password, as far as it is on record; and whether sign-in waits.

use super::deed::record;
use super::throttle::Held;
use super::verbs::UserError;
use super::{User, by_id, find};
use crate::domain::audit;
use crate::domain::id::UserId;
use crate::domain::realm::Realm;
use crate::domain::time::{Span, Timestamp};
use crate::domain::{Actor, Context, Fault};
use crate::store::Batch;

/// What is known of the wrong passwords given for somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// That sign-in waits, at this node.
    pub held: Option<Held>,
    /// How many there were within a day and since it was cleared, at least: of a long row only a few are recorded.
    pub failed: u32,
    /// When the last one that is recorded was.
    pub last: Option<Timestamp>,
    /// From which address.
    pub ip: Option<String>,
}

/// How far back is looked.
const LOOKED_BACK: Span = Span::days(1);
/// Records read at once.
const PIECE: usize = 30;
/// The most records read.
const MOST: usize = 300;
const FAILED: &str = "sign_in.failed";
const RELEASED: &str = "user.release";

/// The wrong passwords given for somebody within a day.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn of(ctx: &Context, realm: &Realm, user: &User) -> Result<Attempts, Fault> {
    let now = ctx.now();
    let since = Timestamp(now.0.saturating_sub(LOOKED_BACK.0));
    let mut rows = Vec::new();
    let (mut after, mut read) = (None, 0);
    'pages: while read < MOST {
        let (found, next) = audit::of_user(ctx, realm.id, user.id, (None, after), PIECE).await?;
        read += PIECE;
        for (_, record) in found {
            if record.at < since || record.action == RELEASED {
                break 'pages;
            }
            if record.action == FAILED {
                rows.push(record);
            }
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    let mut failed = 0u32;
    let mut before = 0;
    for record in rows.iter().rev() {
        let row = record.detail.as_deref().map_or(1, in_a_row);
        // A row that goes on counts what came since its last line; another one counts from its start.
        failed = failed.saturating_add(if row > before { row - before } else { 1 });
        before = row;
    }
    let last = rows.first();
    Ok(Attempts {
        held: ctx.throttle.held(now, realm.id, &user.username),
        failed,
        last: last.map(|record| record.at),
        ip: last.and_then(|record| record.actor.ip.clone()),
    })
}

fn said(tries: u32) -> String {
    format!("{tries} in a row")
}

fn in_a_row(detail: &str) -> u32 {
    let number = detail.split(' ').next().unwrap_or_default();
    number.parse().unwrap_or(1)
}

/// Puts on record that somebody tried to sign in as a user with a wrong password, `tries` times in a row so far. Of a name
/// that nobody has, nothing.
///
/// # Errors
/// [`Fault`] when it cannot be written.
pub async fn failed(
    ctx: &Context,
    realm: &Realm,
    username: &str,
    ip: String,
    tries: u32,
) -> Result<(), Fault> {
    let Some(found) = find(ctx, realm, username).await? else {
        return Ok(());
    };
    let actor = Actor {
        ip: Some(ip),
        ..Actor::system("sign-in")
    };
    let mut batch = Batch::new();
    let said = (FAILED, Some(said(tries)));
    record(&mut batch, ctx, realm, &actor, &found.value, said)?;
    ctx.commit(batch).await?;
    Ok(())
}

/// Lets somebody try again at once at this node, and forgets the wrong passwords so far.
///
/// # Errors
/// [`UserError::NotFound`], or [`Fault`] when it cannot be put on record: nothing is lifted then.
pub async fn release(
    ctx: &Context,
    realm: &Realm,
    actor: &Actor,
    id: UserId,
) -> Result<(), UserError> {
    let found = by_id(ctx, realm, id).await?.ok_or(UserError::NotFound)?;
    let user = found.value;
    let mut batch = Batch::new();
    record(&mut batch, ctx, realm, actor, &user, (RELEASED, None))?;
    ctx.commit(batch).await.map_err(Fault::from)?;
    ctx.throttle.lift(ctx.now(), realm.id, &user.username);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing;

    #[tokio::test]
    async fn wrong_passwords_of_a_day_are_counted_until_they_are_cleared() {
        let (ctx, clock) = testing::context();
        clock.advance(Span::days(400));
        let realm = testing::realm(&ctx, "demo").await;
        let ann = testing::user(&ctx, &realm, "ann").await;
        let bob = testing::user(&ctx, &realm, "bob").await;
        let fail = async |ip: &str, tries| {
            clock.advance(Span::secs(1));
            let ip = ip.to_owned();
            failed(&ctx, &realm, "Ann", ip, tries).await.unwrap();
        };
        fail("192.0.2.9", 1).await;
        clock.advance(Span::days(2));
        // Five in a row, then one more by itself.
        fail("192.0.2.1", 1).await;
        fail("192.0.2.1", 5).await;
        fail("192.0.2.2", 1).await;
        let seen = of(&ctx, &realm, &ann).await.unwrap();
        assert_eq!((seen.failed, seen.held), (6, None));
        assert_eq!(seen.ip.as_deref(), Some("192.0.2.2"));
        assert!(ctx.now().since(seen.last.unwrap()) < Span::secs(1));
        assert_eq!(of(&ctx, &realm, &bob).await.unwrap(), Attempts::default());

        for _ in 0..6 {
            let now = ctx.now();
            let _ = ctx.throttle.admit(now, realm.id, "ann", "192.0.2.1", false);
        }
        assert_eq!(of(&ctx, &realm, &ann).await.unwrap().held.unwrap().tries, 6);
        clock.advance(Span(1));
        let actor = Actor::system("test");
        release(&ctx, &realm, &actor, ann.id).await.unwrap();
        assert_eq!(of(&ctx, &realm, &ann).await.unwrap(), Attempts::default());
        failed(&ctx, &realm, "nobody", String::new(), 1)
            .await
            .unwrap();
    }
}
