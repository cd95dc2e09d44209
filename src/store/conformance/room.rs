//! A disk that runs full.

use super::*;
use crate::store::shelf::Size;

each_disk!(
    short_of_room_sign_outs_are_taken_and_it_recovers_by_itself,
    near_the_size_it_is_meant_for_it_says_so,
);

const MIB: u64 = 1 << 20;

async fn short_of_room_sign_outs_are_taken_and_it_recovers_by_itself(kind: Kind) {
    let (b, engine) = Bench::embedded(kind);
    b.put("a", "1").await;
    let essential = |value: &'static str| {
        let mut batch = Batch::essential();
        batch.put("out", value);
        b.store.commit(batch)
    };
    engine.pretend_free(40 * MIB);
    let refused = b.commit(|x| x.put("in", "1")).await.unwrap_err();
    assert!(matches!(refused, CommitError::NoRoom(_)), "{refused:?}");
    assert!(refused.to_string().contains("40 MiB free"), "{refused}");
    essential("1").await.unwrap();
    assert_eq!(b.value("out").await, Some("1".into()));
    assert_eq!(
        (b.value("a").await, b.value("in").await),
        (Some("1".into()), None)
    );
    let health = b.store.health().await;
    assert!(health.writable && health.trouble.is_none());
    assert!(
        health.remarks[0].contains("sign-outs are taken"),
        "{health:?}"
    );
    // In one group with others each gets an answer of its own.
    let [mut out, mut inn] = [Batch::essential(), Batch::new()];
    out.put("out", "2");
    inn.put("in", "2");
    let outcomes = engine.commit_group(&[inn.clone(), out, inn]).await.unwrap();
    assert_eq!(
        outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [false, true, false]
    );
    engine.pretend_free(MIB);
    assert!(matches!(essential("3").await, Err(CommitError::NoRoom(_))));
    assert_eq!(b.value("out").await, Some("2".into()), "reading goes on");
    engine.pretend_free(900 * MIB);
    b.put("in", "3").await;
    essential("4").await.unwrap();
    assert_eq!(b.store.health().await.remarks, [""; 0]);
}

async fn near_the_size_it_is_meant_for_it_says_so(kind: Kind) {
    let kind = Kind {
        meant_for: Some(Size {
            bytes: u64::MAX,
            records: 10,
        }),
        ..kind
    };
    let (b, _engine) = Bench::embedded(kind);
    for (records, said) in [(8, false), (9, true)] {
        b.commit(|x| (0..records).fold(x, |x, i| x.put(number(i), "x")))
            .await
            .unwrap();
        let remarks = b.store.health().await.remarks;
        assert_eq!(
            remarks.iter().any(|r| r.contains("is meant for up to")),
            said,
            "{remarks:?}"
        );
    }
}
