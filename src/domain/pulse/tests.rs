//! The rules of the pulse.

use super::*;
use crate::domain::testing;
use crate::domain::time::ManualClock;
use crate::domain::{Context, key};
use crate::store::{Dir, KeysOrRecords, Range};

async fn records(ctx: &Context, range: Range) -> usize {
    let (dir, what) = (Dir::Forward, KeysOrRecords::KeysOnly);
    let page = ctx.store.scan(&range, None, 1000, dir, what).await;
    page.unwrap().records.len()
}

async fn total(ctx: &Context, realm: &crate::domain::realm::Realm, window: Window) -> Counts {
    let mut sum = Counts::default();
    for bucket in series(ctx, realm, window).await.unwrap() {
        sum.add(&bucket.counts);
    }
    sum
}

fn note(ctx: &Context, realm: RealmId) {
    let now = ctx.now();
    ctx.pulse.signed_in(realm, now);
    ctx.pulse.failed(realm, now, Failure::Credentials);
    ctx.pulse.ended(realm, now, Reason::Admin, 3);
    ctx.pulse.told(realm, now, Told::Confirmed(Span(40)), 2);
}

fn set(clock: &ManualClock) {
    clock.advance(Span::days(400));
}

#[tokio::test]
async fn what_was_counted_is_seen_at_once_and_only_once_it_is_written() {
    let (ctx, clock) = testing::context();
    set(&clock);
    let realm = testing::realm(&ctx, "demo").await;
    for _ in 0..2 {
        note(&ctx, realm.id);
        let seen = total(&ctx, &realm, Window::Day).await;
        flush(&ctx).await.unwrap();
        assert_eq!(total(&ctx, &realm, Window::Day).await, seen);
    }
    let seen = total(&ctx, &realm, Window::Week).await;
    assert_eq!(
        (seen.sign_ins, seen.failed(), seen.sessions_ended()),
        (2, 2, 6)
    );
    assert_eq!(seen.confirmed.count(), 4);
    // One record for the slot, however often it was written.
    let all = || key::pulses(realm.id, Timestamp(0), Timestamp(u64::MAX));
    assert_eq!(records(&ctx, all()).await, 1);
    clock.advance(SLOT);
    note(&ctx, realm.id);
    flush(&ctx).await.unwrap();
    assert_eq!(records(&ctx, all()).await, 2);
}

#[tokio::test]
async fn it_is_written_down_once_a_minute_by_the_clock() {
    let (ctx, clock) = testing::context();
    set(&clock);
    let realm = testing::realm(&ctx, "demo").await;
    assert!(flush_due(&ctx).await.unwrap());
    note(&ctx, realm.id);
    clock.advance(Span::secs(59));
    assert!(!flush_due(&ctx).await.unwrap());
    clock.advance(Span::secs(1));
    assert!(flush_due(&ctx).await.unwrap());
    assert!(ctx.pulse.take(1).is_empty());
}

#[tokio::test]
async fn nodes_add_up_and_realms_stay_apart() {
    let (ctx, clock) = testing::context();
    set(&clock);
    let other = testing::node(
        &ctx,
        "other",
        std::sync::Arc::new(testing::Script::default()),
    );
    let realm = testing::realm(&ctx, "demo").await;
    let quiet = testing::realm(&ctx, "quiet").await;
    for node in [&*ctx, &other] {
        note(node, realm.id);
        flush(node).await.unwrap();
    }
    assert_eq!(total(&ctx, &realm, Window::Day).await.sign_ins, 2);
    assert_eq!(total(&other, &realm, Window::Day).await.sign_ins, 2);
    assert!(total(&ctx, &quiet, Window::Month).await.is_nothing());
}

#[tokio::test]
async fn old_slots_become_hours_and_are_forgotten_in_the_end() {
    let (ctx, clock) = testing::context();
    set(&clock);
    let realm = testing::realm(&ctx, "demo").await;
    for _ in 0..12 {
        note(&ctx, realm.id);
        flush(&ctx).await.unwrap();
        clock.advance(SLOT);
    }
    let before = total(&ctx, &realm, Window::Week).await;
    assert_eq!(before.sign_ins, 12);
    clock.advance(FINE.max(Span::hours(50)));
    while tidy(&ctx, &realm).await.unwrap() {}
    let all = || key::pulses(realm.id, Timestamp(0), Timestamp(u64::MAX));
    let hours = || key::pulse_hours(realm.id, Timestamp(0), Timestamp(u64::MAX));
    assert_eq!(records(&ctx, all()).await, 0);
    assert!((1..=2).contains(&records(&ctx, hours()).await));
    assert_eq!(total(&ctx, &realm, Window::Week).await, before);
    // What comes late is added to the hour that is there.
    note(&ctx, realm.id);
    clock.advance(KEPT);
    while tidy(&ctx, &realm).await.unwrap() {}
    assert_eq!(records(&ctx, hours()).await, 0);
}

#[tokio::test]
async fn a_store_that_takes_nothing_loses_nothing_that_fits() {
    let (ctx, clock) = testing::context();
    set(&clock);
    let realm = testing::realm(&ctx, "demo").await;
    note(&ctx, realm.id);
    let taken = ctx.pulse.take(10);
    assert_eq!(taken.len(), 1);
    note(&ctx, realm.id);
    ctx.pulse.give_back(taken);
    assert_eq!(total(&ctx, &realm, Window::Day).await.sign_ins, 2);
}

#[tokio::test]
async fn a_census_counts_people_once() {
    let (ctx, clock) = testing::context();
    set(&clock);
    let realm = testing::realm(&ctx, "demo").await;
    for (name, sessions) in [("alice", 3), ("bob", 1)] {
        let user = testing::user(&ctx, &realm, name).await;
        for _ in 0..sessions {
            testing::session(&ctx, &realm, user.id).await;
        }
    }
    census::round(&ctx).await.unwrap();
    let held = recent(&ctx, &realm).await.unwrap().unwrap();
    assert_eq!((held.sessions, held.people, held.waiting), (4, 2, 0));
    let exactly = census::sizes(&ctx, &realm).await.unwrap();
    assert_eq!(
        exactly,
        (census::Size::Exactly(4), census::Size::Exactly(2))
    );
    // A session that starts and ends is counted by the door and the start themselves.
    let seen = total(&ctx, &realm, Window::Day).await;
    assert_eq!(seen.sign_ins, 4);
}

#[test]
fn percentiles_are_as_exact_as_the_buckets() {
    let mut counts = Counts::default();
    assert_eq!(counts.confirmed.percentile(50), None);
    for took in [5, 20, 40, 80, 90, 99, 99, 99, 99, 4000] {
        counts.tell(Told::Confirmed(Span(took)), 1);
    }
    let half = counts.confirmed.percentile(50).unwrap().0;
    assert!((50..=100).contains(&half), "{half}");
    let most = counts.confirmed.percentile(95).unwrap().0;
    assert!((2500..=5000).contains(&most), "{most}");
    // Longer than any bucket.
    counts.tell(Told::Confirmed(Span::days(3)), 1000);
    assert_eq!(counts.confirmed.percentile(50), Some(Span::days(1)));
}

#[test]
fn the_window_ends_with_this_moment() {
    for window in Window::ALL {
        assert_eq!(Window::parse(window.as_str()), Some(window));
        assert!(window.step().0 % SLOT.0 == 0);
    }
    assert_eq!(Window::parse("1y"), None);
}
