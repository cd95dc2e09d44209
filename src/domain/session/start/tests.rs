//! Starts at once, and what a start puts on record.

use std::sync::Arc;

use futures_util::future::join_all;

use super::*;
use crate::domain::id::UserId;
use crate::domain::realm::{RealmSettings, SessionPolicy, verbs};
use crate::domain::session::limit;
use crate::domain::signout::{BlockOrder, block};
use crate::domain::{Actor, ActorKind, testing};

async fn house(sessions: SessionPolicy) -> (Arc<Context>, Arc<Realm>, UserId) {
    let (ctx, _) = testing::context();
    let settings = RealmSettings {
        sessions,
        ..RealmSettings::default()
    };
    let realm = verbs::create(&ctx, &Actor::system("test"), "demo", settings).await;
    let realm = realm.unwrap();
    let alice = testing::user(&ctx, &realm, "alice").await;
    (ctx, realm, alice.id)
}

async fn begin_at(
    ctx: &Context,
    realm: &Realm,
    id: UserId,
    ip: &str,
) -> Result<Result<Started, Refused>, Fault> {
    let user = user::by_id(ctx, realm, id).await.unwrap().unwrap();
    let how = Start {
        user: &user,
        amr: vec!["pwd".to_owned()],
        remember_me: false,
        ip,
        user_agent: "test",
    };
    start(ctx, realm, how, Terms::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_start_at_once_the_limit_holds_and_all_of_them_get_an_answer() {
    for (limit_action, taken) in [
        (LimitAction::EndOldest, 64),
        (LimitAction::EndLeastRecent, 64),
        (LimitAction::Deny, 3),
        (LimitAction::Ask, 3),
    ] {
        let policy = SessionPolicy {
            limit: 3,
            limit_action,
            ..SessionPolicy::default()
        };
        let (ctx, realm, alice) = house(policy).await;
        let starts = (0..64).map(|_| {
            let (ctx, realm) = (ctx.clone(), realm.clone());
            tokio::spawn(async move { begin_at(&ctx, &realm, alice, "192.0.2.1").await })
        });
        let all = join_all(starts).await;
        let good = all
            .into_iter()
            .filter(|s| s.as_ref().unwrap().as_ref().unwrap().is_ok());
        assert_eq!(good.count(), taken, "{limit_action:?}");
        let held = limit::held(&ctx, &realm, alice).await.unwrap();
        assert_eq!(held.len(), 3, "{limit_action:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guard_in_the_store_holds_without_the_queue() {
    let policy = SessionPolicy {
        limit: 3,
        limit_action: LimitAction::Deny,
        ..SessionPolicy::default()
    };
    let (ctx, realm, alice) = house(policy).await;
    let user = user::by_id(&ctx, &realm, alice).await.unwrap().unwrap();
    let how = || Start {
        user: &user,
        amr: Vec::new(),
        remember_me: false,
        ip: "192.0.2.1",
        user_agent: "test",
    };
    // As on many nodes, each with a queue of its own: attempts that all read before any of them commits.
    let tries = (0..16).map(|_| {
        let how = how();
        let (ctx, realm) = (&ctx, &realm);
        async move { attempt(ctx, realm, &how, Terms::default()).await.unwrap() }
    });
    let outcomes = join_all(tries).await;
    let started = outcomes.iter().filter(|o| matches!(o, Some(Ok(_)))).count();
    let held = limit::held(&ctx, &realm, alice).await.unwrap();
    assert!(
        (1..=3).contains(&started) && held.len() == started,
        "{started}"
    );
}

#[tokio::test]
async fn a_second_address_is_put_on_record_and_nothing_else() {
    let policy = SessionPolicy {
        one_address: OneAddress::Log,
        ..SessionPolicy::default()
    };
    let (ctx, realm, alice) = house(policy).await;
    let begun = async |ip: &str| {
        let started = begin_at(&ctx, &realm, alice, ip).await.unwrap().unwrap();
        started.session.sid
    };
    let records = async || {
        let all = audit::newest(&ctx, realm.id, 100).await.unwrap();
        let about = |r: &&audit::Record| r.action == "session.second_address";
        all.iter().filter(about).count()
    };
    let first = begun("2001:db8::1").await;
    begun("2001:db8::2").await;
    assert_eq!(records().await, 0, "one /64 is one place");
    begun("2001:db8:0:1::1").await;
    assert_eq!(records().await, 1);
    // A use elsewhere is noted once a place, however often it comes.
    for (ip, count) in [
        ("2001:db8::7", 1),
        ("198.51.100.1", 2),
        ("198.51.100.1", 2),
        ("2001:db8::1", 2),
        ("198.51.100.2", 3),
    ] {
        let active = crate::domain::denial::session(&ctx, &realm, first).await;
        let entered = address::enter(&ctx, &realm, active.unwrap().unwrap(), ip).await;
        assert!(entered.unwrap().is_ok());
        assert_eq!(records().await, count, "{ip}");
    }
    assert_eq!(limit::held(&ctx, &realm, alice).await.unwrap().len(), 3);
}

#[tokio::test]
async fn an_act_about_many_blocks_every_one_of_them_but_the_asker_and_who_came_back_is_out_again() {
    let (ctx, realm, alice) = house(SessionPolicy::default()).await;
    let mut people = vec![alice];
    for n in 0..40 {
        let user = testing::user(&ctx, &realm, &format!("user-{n}")).await;
        testing::session(&ctx, &realm, user.id).await;
        people.push(user.id);
    }
    let own = testing::session(&ctx, &realm, alice).await;
    let asker = Actor {
        kind: ActorKind::Admin,
        id: alice.to_string(),
        realm: realm.name.clone(),
        sid: Some(own),
        ..Actor::system("test")
    };
    let request = Request {
        block: Some(BlockOrder {
            until: None,
            administrators: true,
        }),
        ..Request::new(Selection::All, Reason::Admin, asker)
    };
    let act = signout::end(&ctx, &realm, &request).await.unwrap();
    assert_eq!(act.block.unwrap().people, 40);
    for id in &people {
        let user = user::by_id(&ctx, &realm, *id).await.unwrap().unwrap().value;
        assert_eq!(user.blocked(ctx.now()).is_some(), *id != alice);
    }
    assert_eq!(limit::held(&ctx, &realm, alice).await.unwrap().len(), 1);
    // The list is gone; and whoever's session slipped in between the cut and the block is found when it is gone through.
    let late = *people.last().unwrap();
    testing::session(&ctx, &realm, late).await;
    let mut batch = Batch::new();
    batch.put(
        key::sign_out_blocked(realm.id, act.id, 0),
        late.bytes().to_vec(),
    );
    Due::Block(act.id).put(&mut batch, realm.id, act.at);
    ctx.commit(batch).await.unwrap();
    crate::domain::sweep::sweep(&ctx).await.unwrap();
    assert!(limit::held(&ctx, &realm, late).await.unwrap().is_empty());
    let left = ctx
        .store
        .get(&key::sign_out_blocked(realm.id, act.id, 0))
        .await;
    assert!(left.unwrap().is_none());
    block::finish(&ctx, &realm, act.id).await.unwrap();
}

/// What one session with three apps weighs, by space: run it with `--nocapture` to see. Keys and values alone, without what
/// an engine adds to each record.
#[tokio::test]
async fn a_session_with_three_apps_weighs_what_it_did() {
    use crate::store::{Dir, KeysOrRecords, Range};
    use std::collections::BTreeMap;

    async fn weigh(ctx: &Context) -> BTreeMap<u8, (usize, usize)> {
        let mut by_space = BTreeMap::new();
        let mut after = None;
        loop {
            let page = ctx
                .store
                .scan(
                    &Range::prefix([]),
                    after.as_ref(),
                    1000,
                    Dir::Forward,
                    KeysOrRecords::Records,
                )
                .await
                .unwrap();
            for record in page.records {
                let sum: &mut (usize, usize) = by_space.entry(record.key[0]).or_default();
                sum.0 += 1;
                sum.1 += record.key.len() + record.value.len();
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return by_space,
            }
        }
    }

    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "home").await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    let mut apps = Vec::new();
    for name in ["shop", "notes", "mail"] {
        apps.push(testing::client(&ctx, &realm, name).await);
    }
    let before = weigh(&ctx).await;
    for _ in 0..10 {
        let user = crate::domain::user::by_id(&ctx, &realm, alice.id)
            .await
            .unwrap()
            .unwrap();
        let start = Start {
            user: &user,
            amr: vec!["pwd".to_owned()],
            remember_me: false,
            ip: "192.0.2.1",
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        };
        let started = super::start(&ctx, &realm, start, super::Terms::default()).await;
        let sid = started.unwrap().unwrap().session.sid;
        for app in &apps {
            testing::grant(&ctx, &realm, app, sid, "openid profile email").await;
        }
    }
    let fresh = weigh(&ctx).await;
    // Used codes are gone by then, and so is everything else that is there for a moment.
    clock.advance(crate::domain::time::Span::mins(20));
    while crate::domain::sweep::sweep(&ctx).await.unwrap().looked > 0 {}
    let settled = weigh(&ctx).await;
    let mut total = (0, 0);
    for (space, (count, bytes)) in &settled {
        let (was, weighed) = before.get(space).copied().unwrap_or_default();
        let (at_first, heavy) = fresh.get(space).copied().unwrap_or_default();
        let (count, bytes) = (count.saturating_sub(was), bytes.saturating_sub(weighed));
        if count + at_first.saturating_sub(was) > 0 {
            println!(
                "{space:#04x}: {:.1} records, {} bytes a session (at first {:.1}, {})",
                count as f64 / 10.0,
                bytes / 10,
                at_first.saturating_sub(was) as f64 / 10.0,
                heavy.saturating_sub(weighed) / 10
            );
            total.0 += count;
            total.1 += bytes;
        }
    }
    println!(
        "{:.1} records, {} bytes a session",
        total.0 as f64 / 10.0,
        total.1 / 10
    );
    assert!(total.1 / 10 < 4096, "{} bytes a session", total.1 / 10);
}
