//! Steps from layout to layout: bounded, resumable, by one node, and never under an older program.

use super::*;
use crate::domain::testing::{Script, context, node};

/// A layout in which the records of a space begin with a `2`.
static SECOND: Plan = Plan {
    layout: 2,
    steps: &[Step {
        to: 2,
        about: "a test",
        range: || Range::prefix(b"\xf0"),
        change: |record, batch| {
            if record.value.first() != Some(&b'2') {
                let value = [b"2", &*record.value].concat();
                batch.replace(record.key.clone(), record.version, value);
            }
            Ok(())
        },
    }],
};

static FIRST: Plan = Plan {
    layout: 1,
    steps: &[],
};

async fn put(ctx: &Context, key: &[u8], value: &'static str) {
    let mut batch = Batch::new();
    batch.put(Bytes::copy_from_slice(key), value);
    ctx.store.commit(batch).await.unwrap();
}

async fn all(ctx: &Context) -> Vec<Bytes> {
    let range = Range::prefix(b"\xf0");
    let page = ctx
        .store
        .scan(&range, None, 1000, Dir::Forward, KeysOrRecords::Records)
        .await
        .unwrap();
    page.records.into_iter().map(|r| r.value).collect()
}

async fn filled() -> Arc<Context> {
    let (ctx, _) = context();
    for number in 0..500_u16 {
        let key = [&[0xf0][..], &number.to_be_bytes()].concat();
        put(&ctx, &key, "old").await;
    }
    enter(&ctx, &FIRST).await.unwrap();
    ctx
}

#[tokio::test]
async fn a_new_store_has_the_newest_layout_and_an_old_one_the_first() {
    let (ctx, _) = context();
    enter(&ctx, &SECOND).await.unwrap();
    assert_eq!(layout(&ctx).await.unwrap(), 2);
    let ctx = filled().await;
    assert_eq!(layout(&ctx).await.unwrap(), 1);
    enter(&ctx, &SECOND).await.unwrap();
    assert_eq!(layout(&ctx).await.unwrap(), 1);
}

#[tokio::test]
async fn a_step_is_taken_in_bounded_pieces_that_go_on_after_a_kill() {
    let ctx = filled().await;
    let mut pieces = 0;
    while piece(&ctx, &SECOND).await.unwrap() != Progress::Done {
        // Everything about the step is in the store: the next piece may as well be another process'.
        pieces += 1;
        let done = all(&ctx)
            .await
            .iter()
            .filter(|v| v.starts_with(b"2"))
            .count();
        assert!(done <= pieces * PIECE, "{done} records in {pieces} pieces");
    }
    assert_eq!(pieces, 8, "one to announce it, seven of records");
    assert!(all(&ctx).await.iter().all(|v| **v == *b"2old"), "each once");
    assert_eq!(layout(&ctx).await.unwrap(), 2);
}

#[tokio::test]
async fn an_older_program_is_refused_before_the_first_record_changes() {
    let ctx = filled().await;
    assert_eq!(piece(&ctx, &SECOND).await.unwrap(), Progress::More);
    assert!(all(&ctx).await.iter().all(|v| **v == *b"old"));
    let refused = enter(&ctx, &FIRST).await.unwrap_err().to_string();
    assert!(
        refused.contains("layout 2") && refused.contains("up to 1: run realmkeep"),
        "{refused}"
    );
}

#[tokio::test]
async fn one_node_does_it_and_another_goes_on_when_that_one_is_gone() {
    let (ctx, clock) = context();
    put(&ctx, b"\xf0one", "old").await;
    enter(&ctx, &FIRST).await.unwrap();
    let other = node(&ctx, "another", Arc::new(Script::default()));
    piece(&ctx, &SECOND).await.unwrap();
    assert_eq!(piece(&other, &SECOND).await.unwrap(), Progress::Elsewhere);
    clock.advance(LEASE);
    while piece(&other, &SECOND).await.unwrap() != Progress::Done {}
    assert!(all(&ctx).await.iter().all(|v| **v == *b"2old"));
}

#[tokio::test]
async fn a_record_that_changes_meanwhile_keeps_its_change() {
    let ctx = filled().await;
    piece(&ctx, &SECOND).await.unwrap();
    let (standing, at) = read(&ctx, &SECOND).await.unwrap().unwrap();
    let first = [0xf0, 0, 0];
    let read = ctx.store.get(&first).await.unwrap().unwrap();
    put(&ctx, &first, "2newer").await;
    let mut batch = Batch::new();
    batch.replace(Bytes::copy_from_slice(&first), read.version, "2old");
    // What a piece does that read before the change: it is refused as a whole, and read again.
    commit(&ctx, &at, &standing, batch).await.unwrap();
    while piece(&ctx, &SECOND).await.unwrap() != Progress::Done {}
    assert_eq!(&*all(&ctx).await[0], b"2newer");
}
