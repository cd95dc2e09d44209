//! Outlook: what a change of a realm's policy would do to what lives there, told before it is made. It counts as the
//! judge and the walk after the change (`sweep::policy`) would decide, and never more than so many.

use super::{Realm, RealmSettings, SessionPolicy};
use crate::domain::denial::{self, ActiveSession};
use crate::domain::grant::{TokenFamily, held};
use crate::domain::id::{Sid, UserId};
use crate::domain::record::decode;
use crate::domain::session::limit;
use crate::domain::time::{Span, Timestamp};
use crate::domain::walk::Walk;
use crate::domain::{Context, Fault, key};

/// What a change would do. Where it is not [`Outlook::exact`], the numbers are those of what was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Active sessions that were looked at.
    pub looked: u64,
    /// Sessions that are over at once, since their life or idle time is.
    pub over: u64,
    /// Sessions that end at once because their people hold more than the new limit.
    pub surplus: u64,
    /// Sessions that go on, and end earlier than they would have.
    pub earlier: u64,
    /// Sessions whose people are asked for credentials at their next step, and were not before.
    pub asked: u64,
    /// Whether the session that asks is among those that end.
    pub own: bool,
    /// Grants of apps that are over at once, without their sessions.
    pub grants: u64,
    /// Whether everything was looked at.
    pub exact: bool,
}

impl Outlook {
    /// How many sessions end at once.
    pub fn ended(&self) -> u64 {
        self.over + self.surplus
    }
}

/// Sessions and grants that are looked at.
pub const MOST: usize = 10_000;
/// Looked at in one read.
const PIECE: usize = 400;

/// Works out what these settings in place of the realm's would do at this moment. Not what ends when it is disabled.
///
/// # Errors
/// [`Fault`] when the store does not answer.
pub async fn of(
    ctx: &Context,
    before: &Realm,
    settings: &RealmSettings,
    own: Option<Sid>,
) -> Result<Outlook, Fault> {
    let now = ctx.now();
    let mut seen = Outlook {
        exact: true,
        ..Outlook::default()
    };
    let (old, new) = (&before.settings.sessions, &settings.sessions);
    let asks = |span: Span| if span.is_zero() { Span(u64::MAX) } else { span };
    let stricter = asks(new.sign_in_frequency) < asks(old.sign_in_frequency);
    if before.settings.is_kept_by(settings) && !stricter {
        return Ok(seen);
    }
    let after = Realm {
        settings: settings.clone(),
        ..before.clone()
    };
    let mut walk = Walk::keys(ctx, key::sessions_by_users(before.id)).by(PIECE);
    let (mut user, mut held): (Option<UserId>, Vec<Goes>) = (None, Vec::new());
    while let Some(page) = walk.next().await? {
        let sids: Vec<Sid> = page
            .iter()
            .filter_map(|r| key::tail(&r.key))
            .filter_map(|t| Sid::from_bytes(&t))
            .collect();
        // By the policy of now: what is over already is not ended by the change.
        for (_, verdict) in denial::sessions(ctx, before, &sids).await? {
            let Ok(active) = verdict else { continue };
            let session = &active.session;
            seen.looked += 1;
            if user != Some(session.user) {
                seen.person(&after, std::mem::take(&mut held), own);
                user = Some(session.user);
            }
            let limits = session.limits(new, active.last_active);
            if denial::ran_out(&limits, now).is_some() {
                seen.over += 1;
                seen.own |= own == Some(session.sid);
                continue;
            }
            let asked = |policy: &SessionPolicy| policy.wants_credentials(session.auth_time, now);
            held.push(Goes {
                earlier: limits.idle_at < active.limits.idle_at,
                asked: asked(new) && !asked(old),
                active,
            });
        }
        if seen.looked >= MOST as u64 && walk.place().is_some() {
            seen.exact = false;
            break;
        }
    }
    seen.person(&after, held, own);
    grants(ctx, before, &after, now, &mut seen).await?;
    Ok(seen)
}

/// A session that goes on as far as its own dates go.
struct Goes {
    active: ActiveSession,
    earlier: bool,
    asked: bool,
}

impl Outlook {
    /// Counts what one person holds: the surplus beyond the limit ends, the rest goes on.
    fn person(&mut self, after: &Realm, held: Vec<Goes>, own: Option<Sid>) {
        let policy = &after.settings.sessions;
        let most = usize::try_from(policy.limit).unwrap_or(usize::MAX);
        let surplus = match most {
            0 => 0,
            most => held.len().saturating_sub(most),
        };
        let all = held.iter().map(|one| one.active.clone()).collect();
        let mut go = limit::first_to_go(policy.limit_action, all);
        go.truncate(surplus);
        self.own |= own.is_some_and(|own| go.contains(&own));
        self.surplus += surplus as u64;
        for one in held {
            if !go.contains(&one.active.session.sid) {
                self.earlier += u64::from(one.earlier);
                self.asked += u64::from(one.asked);
            }
        }
    }
}

/// Counts the families that are over by the new idle times alone.
async fn grants(
    ctx: &Context,
    before: &Realm,
    after: &Realm,
    now: Timestamp,
    seen: &mut Outlook,
) -> Result<(), Fault> {
    let (old, new) = (&before.settings.tokens, &after.settings.tokens);
    if new.refresh_idle_timeout >= old.refresh_idle_timeout
        && new.offline_idle_timeout >= old.offline_idle_timeout
    {
        return Ok(());
    }
    let mut walk = Walk::records(ctx, key::families(before.id)).by(PIECE);
    let mut looked = 0;
    while let Some(page) = walk.next().await? {
        looked += page.len();
        for record in page {
            let family: TokenFamily = decode(&record.value, "token family")?;
            // The judge is asked for those alone that the new times would end.
            let goes = denial::lies_idle(after, &family, now);
            if goes && held::is_good(ctx, before, &family).await? {
                seen.grants += 1;
            }
        }
        if looked >= MOST && walk.place().is_some() {
            seen.exact = false;
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::realm::verbs;
    use crate::domain::{Actor, sweep, testing};

    #[tokio::test]
    async fn what_is_told_before_is_what_happens() {
        let (ctx, clock) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        let (ann, bob) = (
            testing::user(&ctx, &realm, "ann").await,
            testing::user(&ctx, &realm, "bob").await,
        );
        let mut all = vec![testing::session(&ctx, &realm, ann.id).await];
        clock.advance(Span::mins(10));
        for _ in 0..3 {
            all.push(testing::session(&ctx, &realm, ann.id).await);
            clock.advance(Span::secs(1));
        }
        all.push(testing::session(&ctx, &realm, bob.id).await);
        let mut after = realm.settings.clone();
        assert_eq!(of(&ctx, &realm, &after, None).await.unwrap().looked, 0);
        after.sessions.idle_timeout = Span::mins(5);
        after.sessions.limit = 2;
        after.sessions.sign_in_frequency = Span::mins(1);
        let told = of(&ctx, &realm, &after, Some(all[0])).await.unwrap();
        // Ann's first has been idle too long; of her other three the oldest is one too many; all that go on end earlier.
        assert_eq!((told.looked, told.over, told.surplus), (5, 1, 1));
        assert_eq!((told.earlier, told.asked), (3, 0));
        assert!(told.own && told.exact);
        verbs::update(&ctx, &Actor::system("test"), "demo", after)
            .await
            .unwrap();
        for _ in 0..5 {
            sweep::sweep(&ctx).await.unwrap();
        }
        let realm = crate::domain::realm::find(&ctx, "demo")
            .await
            .unwrap()
            .unwrap();
        let good = denial::sessions(&ctx, &realm, &all).await.unwrap();
        let ended = good.iter().filter(|(_, verdict)| verdict.is_err()).count();
        assert_eq!(ended as u64, told.ended());
    }
}
