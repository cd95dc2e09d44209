//! What is forgotten, what is not yet, and that whoever comes with something of what was forgotten is refused.

use std::sync::Arc;

use super::*;
use crate::domain::denial::{self, Denied};
use crate::domain::grant::consent;
use crate::domain::outbox::wire::Wire;
use crate::domain::session;
use crate::domain::signout::{self, Reason, Request, Selection, receipt};
use crate::domain::testing::{self, Script};
use crate::domain::time::ManualClock;
use crate::domain::{Actor, sweep, user};

/// Everything that is due, and then whatever policy lets go.
async fn forget(ctx: &Context) -> Forgotten {
    while sweep::sweep(ctx).await.unwrap().looked > 0 {}
    let (mut walk, mut all) = (Walk::default(), Forgotten::default());
    loop {
        match step(ctx, &mut walk).await.unwrap() {
            Step::More(some) => all.add(some),
            Step::Round(some) => {
                all.add(some);
                return all;
            }
            Step::Elsewhere => panic!("somebody else forgets"),
        }
    }
}

async fn end(ctx: &Context, realm: &Realm, select: Selection, reason: Reason) -> signout::SignOut {
    let request = Request::new(select, reason, Actor::system("test"));
    signout::end(ctx, realm, &request).await.unwrap()
}

/// The realm as it is now: the catalog is not told of a change behind its back.
async fn change(ctx: &Context, realm: &Realm, set: impl Fn(&mut RetentionPolicy)) -> Arc<Realm> {
    let mut settings = realm.settings.clone();
    set(&mut settings.retention);
    let actor = Actor::system("test");
    realm::verbs::update(ctx, &actor, &realm.name, settings)
        .await
        .unwrap();
    realm::by_id(ctx, realm.id).await.unwrap().unwrap()
}

use crate::domain::realm::RetentionPolicy;

async fn count(ctx: &Context, space: u8) -> usize {
    let page = ctx
        .store
        .scan(
            &key::space(space),
            None,
            1000,
            Dir::Forward,
            KeysOrRecords::KeysOnly,
        )
        .await
        .unwrap();
    page.records.len()
}

async fn world() -> (Arc<Context>, Arc<ManualClock>, Arc<Realm>) {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "home").await;
    (ctx, clock, realm)
}

#[tokio::test]
async fn an_ended_session_is_forgotten_in_its_time_and_refused_ever_after() {
    let (ctx, clock, realm) = world().await;
    let app = testing::client(&ctx, &realm, "app").await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    let sid = testing::session(&ctx, &realm, alice.id).await;
    let family = testing::grant(&ctx, &realm, &app, sid, "openid").await;
    let offline = testing::grant(&ctx, &realm, &app, sid, "openid offline_access").await;
    let act = end(
        &ctx,
        &realm,
        Selection::Sessions(vec![sid.to_string()]),
        Reason::Admin,
    )
    .await;

    clock.advance(Span::days(29));
    assert_eq!(forget(&ctx).await.sessions, 0);
    let verdict = denial::session(&ctx, &realm, sid).await.unwrap();
    assert!(matches!(verdict, Err(Denied::Ended(by)) if by.sign_out == act.id));

    clock.advance(Span::days(2));
    assert_eq!(forget(&ctx).await.sessions, 1);
    assert!(session::find(&ctx, &realm, sid).await.unwrap().is_none());
    let verdict = denial::session(&ctx, &realm, sid).await.unwrap();
    assert!(matches!(verdict, Err(Denied::Unknown)));
    for family in [&family, &offline] {
        let verdict = denial::family(&ctx, &realm, &app, family.id).await.unwrap();
        assert!(matches!(verdict, Err(Denied::Unknown)), "{verdict:?}");
    }
    for space in [
        0x30, 0x31, 0x32, 0x34, 0x35, 0x37, 0x38, 0x39, 0x50, 0x52, 0x53, 0x54, 0x58,
    ] {
        assert_eq!(count(&ctx, space).await, 0, "{space:#x}");
    }
    // The act and its rows are another matter.
    assert!(receipt::read(&ctx, &realm, act.id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_session_is_remembered_while_a_grant_of_it_lives() {
    let (ctx, clock, realm) = world().await;
    let app = testing::client(&ctx, &realm, "app").await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    let kept = testing::session(&ctx, &realm, alice.id).await;
    let family = testing::grant(&ctx, &realm, &app, kept, "openid offline_access").await;
    end(
        &ctx,
        &realm,
        Selection::Sessions(vec![kept.to_string()]),
        Reason::RpLogout,
    )
    .await;
    clock.advance(Span::secs(5));
    let other = testing::session(&ctx, &realm, alice.id).await;
    end(
        &ctx,
        &realm,
        Selection::Sessions(vec![other.to_string()]),
        Reason::RpLogout,
    )
    .await;
    let realm = change(&ctx, &realm, |r| r.ended_sessions = Span::days(10)).await;
    clock.advance(Span::days(20));
    // Behind the one that stays the next one goes.
    assert_eq!(forget(&ctx).await.sessions, 1);
    assert!(session::find(&ctx, &realm, kept).await.unwrap().is_some());
    assert!(
        denial::family(&ctx, &realm, &app, family.id)
            .await
            .unwrap()
            .is_ok()
    );
    clock.advance(Span::days(11));
    forget(&ctx).await;
    assert!(session::find(&ctx, &realm, kept).await.unwrap().is_none());
    assert_eq!((count(&ctx, 0x38).await, count(&ctx, 0x39).await), (0, 0));
}

#[tokio::test]
async fn a_receipt_is_forgotten_whole_and_not_before_it_is_settled_and_the_audit_record_outlives_it()
 {
    let script = Arc::new(Script::default());
    let wire: Arc<dyn Wire> = script.clone();
    let (ctx, clock) = testing::context_with(wire);
    let realm = testing::realm(&ctx, "home").await;
    let app = testing::client(&ctx, &realm, "app").await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    let sid = testing::session(&ctx, &realm, alice.id).await;
    testing::grant(&ctx, &realm, &app, sid, "openid").await;
    let act = end(
        &ctx,
        &realm,
        Selection::Sessions(vec![sid.to_string()]),
        Reason::Admin,
    )
    .await;
    clock.advance(Span::days(181));
    // Nobody told the app, and nobody gave up: whatever its age.
    assert_eq!(forget(&ctx).await.sign_outs, 0);
    assert!(receipt::find(&ctx, &realm, act.id).await.unwrap().is_some());

    settle(&ctx).await;
    let before = crate::domain::audit::newest(&ctx, realm.id, 100)
        .await
        .unwrap()
        .len();
    let forgotten = forget(&ctx).await;
    assert_eq!(forgotten.sign_outs, 1);
    assert!(receipt::read(&ctx, &realm, act.id).await.unwrap().is_none());
    for space in 0x82..=0x8E {
        if space != key::STATUS && space != 0x8A {
            assert_eq!(count(&ctx, space).await, 0, "{space:#x}");
        }
    }
    assert_eq!(count(&ctx, 0x93).await, 0);
    let records = crate::domain::audit::newest(&ctx, realm.id, 100)
        .await
        .unwrap();
    assert_eq!(records.len(), before);
    assert!(
        records.iter().any(|r| r.target == act.id.to_string()),
        "{records:?}"
    );

    clock.advance(Span::days(220));
    assert!(forget(&ctx).await.audit > 0);
    assert_eq!(count(&ctx, 0x70).await, 0);
}

/// Lets the queue of every app run dry: the day in which they are told is over.
async fn settle(ctx: &Context) {
    for record in ctx
        .store
        .scan(
            &key::space(0x84),
            None,
            100,
            Dir::Forward,
            KeysOrRecords::Records,
        )
        .await
        .unwrap()
        .records
    {
        let mut delivery: crate::domain::outbox::Delivery =
            crate::domain::record::decode(&record.value, "delivery").unwrap();
        delivery.state = crate::domain::outbox::DeliveryState::GaveUp;
        let mut batch = Batch::new();
        batch.replace(record.key, record.version, encode(&delivery).unwrap());
        ctx.commit(batch).await.unwrap();
    }
}

#[tokio::test]
async fn a_crash_between_the_act_and_its_rows_leaves_no_rows() {
    let (ctx, clock, realm) = world().await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    for _ in 0..3 {
        let sid = testing::session(&ctx, &realm, alice.id).await;
        end(
            &ctx,
            &realm,
            Selection::Sessions(vec![sid.to_string()]),
            Reason::Admin,
        )
        .await;
    }
    clock.advance(Span::days(181));
    let mut walk = Walk::default();
    loop {
        let Step::More(some) = step(&ctx, &mut walk).await.unwrap() else {
            panic!("nothing was forgotten");
        };
        if some.sign_outs > 0 {
            break;
        }
    }
    assert!(count(&ctx, 0x93).await > 0);
    // Started anew.
    forget(&ctx).await;
    for space in [0x82, 0x83, 0x84, 0x93] {
        assert_eq!(count(&ctx, space).await, 0, "{space:#x}");
    }
}

#[tokio::test]
async fn off_keeps_everything() {
    let (ctx, clock, realm) = world().await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    let sid = testing::session(&ctx, &realm, alice.id).await;
    end(
        &ctx,
        &realm,
        Selection::Sessions(vec![sid.to_string()]),
        Reason::Admin,
    )
    .await;
    change(&ctx, &realm, |r| {
        (r.ended_sessions, r.signouts, r.audit) = (Span::ZERO, Span::ZERO, Span::ZERO);
    })
    .await;
    clock.advance(Span::days(3000));
    assert!(forget(&ctx).await.is_nothing());
}

#[tokio::test]
async fn one_node_forgets_at_a_time_and_another_takes_over_when_it_is_gone() {
    let (ctx, clock, _) = world().await;
    let other = testing::node(&ctx, "other", Arc::new(Script::default()));
    let walk = &mut Walk::default();
    assert_ne!(step(&ctx, walk).await.unwrap(), Step::Elsewhere);
    assert_eq!(step(&other, walk).await.unwrap(), Step::Elsewhere);
    clock.advance(Span::mins(3));
    assert_ne!(step(&other, walk).await.unwrap(), Step::Elsewhere);
    assert_eq!(step(&ctx, walk).await.unwrap(), Step::Elsewhere);
}

#[tokio::test]
async fn a_deleted_user_leaves_nothing_but_what_policy_keeps() {
    let (ctx, clock, realm) = world().await;
    let app = testing::client(&ctx, &realm, "app").await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    testing::session(&ctx, &realm, alice.id).await;
    consent::allow(&ctx, &realm, &app, alice.id, "openid")
        .await
        .unwrap();
    user::verbs::delete(&ctx, &realm, &Actor::system("test"), alice.id)
        .await
        .unwrap();
    assert!(count(&ctx, 0x5C).await == 1 && count(&ctx, 0x26).await == 1);
    clock.advance(Span::days(2));
    forget(&ctx).await;
    for space in [0x20, 0x21, 0x23, 0x25, 0x26, 0x27, 0x5C] {
        assert_eq!(count(&ctx, space).await, 0, "{space:#x}");
    }
}

#[tokio::test]
async fn an_idempotency_key_stands_for_its_act_for_a_day() {
    let (ctx, clock, realm) = world().await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let sid = testing::session(&ctx, &realm, alice.id).await;
        let mut request = Request::new(
            Selection::Sessions(vec![sid.to_string()]),
            Reason::Admin,
            Actor::system("test"),
        );
        request.once = Some("the same".to_owned());
        ids.push(signout::end(&ctx, &realm, &request).await.unwrap().id);
        assert_eq!(
            signout::end(&ctx, &realm, &request).await.unwrap().id,
            ids[ids.len() - 1]
        );
        clock.advance(Span::hours(25));
        forget(&ctx).await;
        assert_eq!(count(&ctx, 0x87).await, 0);
    }
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_policy_that_forgets_too_soon_is_refused_with_what_was_expected() {
    let of = |ended, signouts, audit| RetentionPolicy {
        ended_sessions: ended,
        signouts,
        audit,
    };
    let (day, week) = (Span::days(2), Span::days(7));
    assert!(RetentionPolicy::default().problems().is_empty());
    assert!(of(Span::secs(1), day, day).problems().is_empty());
    assert!(of(Span::ZERO, day, Span::ZERO).problems().is_empty());
    for (bad, name, words) in [
        (of(week, Span::days(1), week), "signouts", "from 2d"),
        (of(week, week, day), "audit", "no less than signouts (7d)"),
        (
            of(week, Span::ZERO, week),
            "audit",
            "no less than signouts (off)",
        ),
        (of(Span::days(4000), week, week), "ended_sessions", "3650d"),
    ] {
        let problems = bad.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].0 == name && problems[0].1.contains(words),
            "{problems:?}"
        );
    }
}
