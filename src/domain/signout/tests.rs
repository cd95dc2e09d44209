//! The door over a store in memory: what each scope ends, what it leaves, and that a large act ends in pieces.

use std::collections::HashSet;
use std::sync::Arc;

use super::*;
use crate::domain::client::Client;
use crate::domain::denial::{self, Denied};
use crate::domain::grant::TokenFamily;
use crate::domain::id::UserId;
use crate::domain::realm::Realm;
use crate::domain::session::{self, Query};
use crate::domain::time::{ManualClock, Span};
use crate::domain::token::rotate::{Presented, RotateError, rotate};
use crate::domain::token::{issue, resources};
use crate::domain::user::User;
use crate::domain::{ActorKind, Context, sweep, testing};

mod causes;

struct House {
    ctx: Arc<Context>,
    clock: Arc<ManualClock>,
    realm: Arc<Realm>,
    client: Arc<Client>,
    ann: User,
    bob: User,
}

async fn house() -> House {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let client = testing::client(&ctx, &realm, "app").await;
    let ann = testing::user(&ctx, &realm, "ann").await;
    let bob = testing::user(&ctx, &realm, "bob").await;
    House {
        ctx,
        clock,
        realm,
        client,
        ann,
        bob,
    }
}

impl House {
    async fn sign_in(&self, user: UserId) -> Sid {
        testing::session(&self.ctx, &self.realm, user).await
    }

    async fn grant(&self, sid: Sid, scope: &str) -> (TokenFamily, String) {
        let family = testing::grant(&self.ctx, &self.realm, &self.client, sid, scope).await;
        let scoped = issue::Scoped {
            scope: scope.to_owned(),
            audience: resources::narrow(&self.client, &[], &[]).unwrap(),
        };
        let minted = issue::for_family(&self.ctx, &self.realm, &self.client, &family, scoped)
            .await
            .unwrap();
        (family, minted.refresh_token.unwrap())
    }

    async fn refresh(&self, token: &str) -> Result<String, RotateError> {
        let presented = Presented {
            token,
            scope: None,
            resources: &[],
            ip: "192.0.2.1",
        };
        let done = rotate(&self.ctx, &self.realm, &self.client, presented)
            .await
            .unwrap();
        done.map(|minted| minted.refresh_token.unwrap())
    }

    async fn good(&self, sid: Sid) -> bool {
        denial::session(&self.ctx, &self.realm, sid)
            .await
            .unwrap()
            .is_ok()
    }

    fn admin(&self, sid: Option<Sid>) -> Actor {
        Actor {
            kind: ActorKind::Admin,
            id: "dana".to_owned(),
            name: "Dana".to_owned(),
            realm: "demo".to_owned(),
            sid,
            ip: None,
        }
    }

    async fn end(
        &self,
        select: Selection,
        reason: Reason,
        own: Option<Sid>,
    ) -> Result<SignOut, EndError> {
        end(
            &self.ctx,
            &self.realm,
            &Request::new(select, reason, self.admin(own)),
        )
        .await
    }
}

#[tokio::test]
async fn an_administrator_ends_one_session_with_its_offline_grants_and_no_other() {
    let house = house().await;
    let (first, second) = (
        house.sign_in(house.ann.id).await,
        house.sign_in(house.ann.id).await,
    );
    let (_, online) = house.grant(first, "openid").await;
    let (_, offline) = house.grant(first, "openid offline_access").await;
    let (_, other) = house.grant(second, "openid offline_access").await;
    let done = house
        .end(
            Selection::Sessions(vec![first.to_string()]),
            Reason::Admin,
            None,
        )
        .await
        .unwrap();
    assert_eq!(
        (done.sessions, done.people, done.families, done.offline),
        (1, 1, 2, 1)
    );
    assert!(!house.good(first).await);
    assert!(house.good(second).await);
    assert!(matches!(
        house.refresh(&online).await,
        Err(RotateError::Denied(_))
    ));
    assert!(matches!(
        house.refresh(&offline).await,
        Err(RotateError::Denied(_))
    ));
    assert!(house.refresh(&other).await.is_ok());
    let receipt = receipt::read(&house.ctx, &house.realm, done.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(receipt.apps.len(), 1);
    assert_eq!(receipt.apps[0].state, receipt::AppState::Retrying);
    assert_eq!(receipt.sessions.len(), 1);
}

#[tokio::test]
async fn a_users_own_sign_out_leaves_offline_grants() {
    let house = house().await;
    let sid = house.sign_in(house.ann.id).await;
    let (_, online) = house.grant(sid, "openid").await;
    let (_, offline) = house.grant(sid, "openid offline_access").await;
    house
        .end(
            Selection::Sessions(vec![sid.to_string()]),
            Reason::User,
            Some(sid),
        )
        .await
        .unwrap();
    assert!(!house.good(sid).await);
    assert!(house.refresh(&online).await.is_err());
    let next = house.refresh(&offline).await.unwrap();
    // And an administrator's act on the user still finds them.
    let done = house
        .end(Selection::Users(vec![house.ann.id]), Reason::Admin, None)
        .await
        .unwrap();
    assert_eq!((done.sessions, done.offline), (0, 1));
    assert!(house.refresh(&next).await.is_err());
}

#[tokio::test]
async fn the_askers_own_session_survives_every_kind_of_selection() {
    let house = house().await;
    let own = house.sign_in(house.ann.id).await;
    let (_, own_token) = house.grant(own, "openid").await;
    let mut token = own_token;
    let query = Query::parse("user:ann").unwrap();
    for select in [
        Selection::Users(vec![house.ann.id, house.bob.id]),
        Selection::Clients(vec![house.client.id]),
        Selection::Filter(Box::new(query)),
        Selection::All,
    ] {
        let other = house.sign_in(house.ann.id).await;
        house.grant(other, "openid").await;
        house.clock.advance(Span::secs(1));
        let words = select.words();
        let done = house.end(select, Reason::Admin, Some(own)).await.unwrap();
        assert_eq!(done.protected, [own], "{words}");
        assert!(house.good(own).await, "{words}");
        assert!(!house.good(other).await, "{words}");
        token = house
            .refresh(&token)
            .await
            .unwrap_or_else(|e| panic!("{words}: {e}"));
        // What starts in the millisecond of a cut is before it.
        house.clock.advance(Span::secs(1));
    }
    let only = house
        .end(
            Selection::Sessions(vec![own.to_string()]),
            Reason::Admin,
            Some(own),
        )
        .await;
    assert!(matches!(only, Err(EndError::OnlyOwn)));
}

#[tokio::test]
async fn an_act_on_many_sessions_ends_all_of_them_and_counts_them() {
    let house = house().await;
    let mut sids = HashSet::new();
    for _ in 0..60 {
        let sid = house.sign_in(house.ann.id).await;
        house.grant(sid, "openid offline_access").await;
        sids.insert(sid);
    }
    let spared = house.sign_in(house.bob.id).await;
    let named = sids.iter().map(ToString::to_string).collect();
    let done = house
        .end(Selection::Sessions(named), Reason::Admin, None)
        .await
        .unwrap();
    assert_eq!(
        (done.state, done.sessions, done.people, done.families),
        (State::Delivering, 60, 1, 60)
    );
    for sid in sids {
        assert!(!house.good(sid).await);
    }
    assert!(house.good(spared).await);
}

#[tokio::test]
async fn a_realm_wide_act_denies_at_once_what_is_written_out_later() {
    let house = house().await;
    let sid = house.sign_in(house.ann.id).await;
    let (_, offline) = house.grant(sid, "openid offline_access").await;
    let done = house
        .end(Selection::All, Reason::Admin, None)
        .await
        .unwrap();
    assert!(matches!(
        denial::session(&house.ctx, &house.realm, sid).await.unwrap().unwrap_err(),
        Denied::Ended(ended) if ended.sign_out == done.id
    ));
    assert!(house.refresh(&offline).await.is_err());
    house.clock.advance(Span::secs(1));
    let later = house.sign_in(house.ann.id).await;
    assert!(house.good(later).await);
}

#[tokio::test]
async fn an_unknown_or_ended_id_is_reported_and_not_a_failure() {
    let house = house().await;
    let (gone, good) = (
        house.sign_in(house.ann.id).await,
        house.sign_in(house.ann.id).await,
    );
    house
        .end(
            Selection::Sessions(vec![gone.to_string()]),
            Reason::Admin,
            None,
        )
        .await
        .unwrap();
    let ids = vec![
        gone.to_string(),
        good.to_string(),
        "nonsense".to_owned(),
        uuid::Uuid::nil().to_string(),
    ];
    let done = house
        .end(Selection::Sessions(ids), Reason::Admin, None)
        .await
        .unwrap();
    assert_eq!(done.already_ended, [gone]);
    assert_eq!(done.not_found.len(), 2);
    assert_eq!(done.sessions, 1);
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_act() {
    let house = house().await;
    let sid = house.sign_in(house.ann.id).await;
    let mut request = Request::new(
        Selection::Sessions(vec![sid.to_string()]),
        Reason::Admin,
        house.admin(None),
    );
    request.once = Some("k1".to_owned());
    let first = end(&house.ctx, &house.realm, &request).await.unwrap();
    let second = end(&house.ctx, &house.realm, &request).await.unwrap();
    assert_eq!(first.id, second.id);
    assert_eq!(
        receipt::list(&house.ctx, &house.realm, None, 10)
            .await
            .unwrap()
            .0
            .len(),
        1
    );
}

#[tokio::test]
async fn how_long_somebody_waited_is_kept_with_the_act_small_or_large() {
    let house = house().await;
    let now = house.ctx.now();
    house.clock.advance(Span::hours(1));
    let asked = |select: Selection, asked_at: Option<Timestamp>| Request {
        asked_at,
        ..Request::new(select, Reason::Admin, house.admin(None))
    };
    // One commit, one by an epoch that is written out at once, and one that is written out before it holds.
    let few = house.sign_in(house.bob.id).await;
    let mut many = Vec::new();
    for _ in 0..30 {
        house.sign_in(house.ann.id).await;
        many.push(house.sign_in(house.bob.id).await.to_string());
    }
    for select in [
        Selection::Sessions(vec![few.to_string()]),
        Selection::Users(vec![house.ann.id]),
        Selection::Sessions(many),
    ] {
        let request = asked(select, Some(now));
        let act = end(&house.ctx, &house.realm, &request).await.unwrap();
        let waited = Span::hours(1)..Span::hours(2);
        assert!(waited.contains(&act.took.unwrap()), "{}", act.selection);
        let kept = receipt::find(&house.ctx, &house.realm, act.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(kept.took, act.took, "{}", act.selection);
        assert_eq!((kept.sessions, kept.state), (act.sessions, act.state));
    }
    // Where nobody waits at a page it is not worth a commit.
    let sid = house.sign_in(house.ann.id).await;
    let request = asked(Selection::Sessions(vec![sid.to_string()]), None);
    let act = end(&house.ctx, &house.realm, &request).await.unwrap();
    assert_eq!(act.took, None);
}
