//! Counting: apart, bounded, and not lost.

use super::*;
use crate::domain::signout::Reason;
use crate::domain::testing;
use crate::domain::time::{Span, Timestamp};

fn ended(act: u128) -> Ended {
    Ended {
        at: Timestamp(1),
        reason: Reason::Admin,
        sign_out: SignOutId(uuid::Uuid::from_u128(act)),
    }
}

/// There is such an act; what it says does not matter here.
async fn remembered(ctx: &Context, realm: &Realm, act: &Ended) {
    let mut batch = crate::store::Batch::new();
    batch.put(
        crate::domain::key::sign_out(realm.id, act.sign_out),
        Vec::new(),
    );
    ctx.commit(batch).await.unwrap();
}

fn by<'a>(kind: Kind, ip: &'a str) -> Use<'a> {
    Use {
        kind,
        client_id: Some("web"),
        ip,
    }
}

#[tokio::test]
async fn uses_are_counted_apart_by_kind_app_and_address_and_survive_their_process() {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let act = ended(1);
    remembered(&ctx, &realm, &act).await;
    let first = ctx.now();
    refused(&ctx, &realm, &act, by(Kind::Cookie, "192.0.2.1"));
    flush(&ctx).await.unwrap();
    clock.advance(Span::secs(5));
    refused(&ctx, &realm, &act, by(Kind::Cookie, "192.0.2.1"));
    refused(&ctx, &realm, &act, by(Kind::Cookie, "192.0.2.2"));
    refused(&ctx, &realm, &act, by(Kind::RefreshToken, "192.0.2.1"));
    let before = of(&ctx, &realm, act.sign_out).await.unwrap();
    flush(&ctx).await.unwrap();
    let after = of(&ctx, &realm, act.sign_out).await.unwrap();
    assert_eq!(before, after, "written or not, a receipt says the same");
    assert_eq!((after.rows().len(), after.count()), (3, 4));
    let row = &after.rows()[0];
    assert_eq!(row.count, 2);
    // The clock also runs by itself.
    assert!(row.first_at.since(first) < Span::secs(2), "{row:?}");
    assert!(row.last_at >= first.plus(Span::secs(5)), "{row:?}");
    let other = of(&ctx, &realm, ended(2).sign_out).await.unwrap();
    assert!(other.rows().is_empty(), "{other:?}");
    // Nothing new: nothing is written.
    let position = testing::position(&ctx).await;
    flush(&ctx).await.unwrap();
    assert_eq!(testing::position(&ctx).await, position);
}

#[tokio::test]
async fn a_million_replays_are_one_record_of_bounded_size() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let act = ended(1);
    remembered(&ctx, &realm, &act).await;
    for round in 0..4_u32 {
        for n in 0..50_000_u32 {
            let ip = format!("10.{round}.{}.{}", n / 256 % 256, n % 256);
            refused(&ctx, &realm, &act, by(Kind::Cookie, &ip));
        }
        flush(&ctx).await.unwrap();
    }
    let uses = of(&ctx, &realm, act.sign_out).await.unwrap();
    assert_eq!(uses.count(), 200_000);
    assert_eq!(uses.rows().len(), Uses::APART + 1);
    let others = uses.rows().last().unwrap();
    assert_eq!(others.kind, Kind::Others);
    assert_eq!((&others.client_id, &others.ip), (&None, &None));
    let at = crate::domain::key::refused_uses(realm.id, act.sign_out);
    let stored = ctx.store.get(&at).await.unwrap().unwrap();
    assert!(stored.value.len() < 8192, "{}", stored.value.len());
}

#[tokio::test]
async fn memory_is_bounded_whatever_comes() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    for act in 0..30_000 {
        refused(&ctx, &realm, &ended(act), by(Kind::Cookie, "192.0.2.1"));
    }
    let (acts, rows) = {
        let waiting = ctx.proofs.waiting.lock().unwrap();
        (waiting.acts.len(), waiting.rows)
    };
    assert_eq!((acts, rows), (MOST, MOST));
    // An act that is known goes on counting.
    refused(&ctx, &realm, &ended(7), by(Kind::Code, "192.0.2.9"));
    let uses = of(&ctx, &realm, ended(7).sign_out).await.unwrap();
    assert_eq!(uses.count(), 2);
    flush(&ctx).await.unwrap();
    assert_eq!(ctx.proofs.waiting.lock().unwrap().rows, 0);
}

#[tokio::test]
async fn what_a_failing_store_does_not_take_waits() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    refused(&ctx, &realm, &ended(1), by(Kind::Cookie, "192.0.2.1"));
    let taken = ctx.proofs.take(10);
    assert_eq!(taken.len(), 1);
    refused(&ctx, &realm, &ended(1), by(Kind::Cookie, "192.0.2.1"));
    ctx.proofs.give_back(taken);
    let uses = of(&ctx, &realm, ended(1).sign_out).await.unwrap();
    assert_eq!((uses.rows().len(), uses.count()), (1, 2));
}

#[tokio::test]
async fn of_an_act_that_has_been_forgotten_nothing_is_written_down() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    refused(&ctx, &realm, &ended(1), by(Kind::Cookie, "192.0.2.1"));
    let position = testing::position(&ctx).await;
    flush(&ctx).await.unwrap();
    assert_eq!(testing::position(&ctx).await, position);
    assert_eq!(ctx.proofs.waiting.lock().unwrap().rows, 0);
}
