//! A walk over more than one piece, whose place is in the store between them.

use super::*;
use crate::domain::realm::{RealmSettings, SessionPolicy, verbs};
use crate::domain::sweep::sweep;
use crate::domain::testing;
use crate::domain::time::Span;

async fn all_that_is_due(ctx: &Context) {
    while sweep(ctx).await.unwrap().looked > 0 {}
}

#[tokio::test]
async fn a_stricter_policy_reaches_everybody_piece_by_piece() {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let mut people = Vec::new();
    for n in 0..(PIECE + 50) {
        let id = testing::user(&ctx, &realm, &format!("user-{n}")).await.id;
        for _ in 0..2 {
            testing::session(&ctx, &realm, id).await;
        }
        people.push(id);
    }
    let settings = RealmSettings {
        sessions: SessionPolicy {
            limit: 1,
            max_lifetime: Span::mins(20),
            ..SessionPolicy::default()
        },
        ..RealmSettings::default()
    };
    let after = verbs::update(&ctx, &Actor::system("test"), "demo", settings).await;
    let realm = after.unwrap().realm;
    let trimmed = async || {
        let mut count = 0;
        for id in &people {
            let held = limit::held(&ctx, &realm, *id).await.unwrap();
            count += usize::from(held.len() == 1);
        }
        count
    };
    assert_eq!(trimmed().await, 0);
    sweep(&ctx).await.unwrap();
    let first = trimmed().await;
    assert!(first > 0 && first < people.len(), "one piece: {first}");
    all_that_is_due(&ctx).await;
    assert_eq!(trimmed().await, people.len());
    // Their dates are those of the new policy.
    clock.advance(Span::mins(21));
    all_that_is_due(&ctx).await;
    for id in &people {
        let listed = limit::judged(&ctx, &realm, *id).await.unwrap();
        assert!(listed.is_empty(), "ended, and not only denied");
    }
}

#[tokio::test]
async fn one_person_with_more_sessions_than_a_batch_holds_stops_nobody() {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let id = testing::user(&ctx, &realm, "many").await.id;
    for _ in 0..1100 {
        testing::session(&ctx, &realm, id).await;
    }
    let settings = RealmSettings {
        sessions: SessionPolicy {
            idle_timeout: Span::mins(5),
            ..SessionPolicy::default()
        },
        ..RealmSettings::default()
    };
    let after = verbs::update(&ctx, &Actor::system("test"), "demo", settings).await;
    let realm = after.unwrap().realm;
    all_that_is_due(&ctx).await;
    assert_eq!(limit::held(&ctx, &realm, id).await.unwrap().len(), 1100);
    clock.advance(Span::mins(6));
    all_that_is_due(&ctx).await;
    assert!(limit::judged(&ctx, &realm, id).await.unwrap().is_empty());
}
