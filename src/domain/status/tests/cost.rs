//! What a full list costs.

use super::*;

/// How long a full list takes to read and to make: `cargo test --lib status::tests::cost -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "measures"]
async fn cost() {
    let folder = tempfile::tempdir().unwrap();
    let (ctx, _) = testing::context();
    let mut ctx = Arc::into_inner(ctx).unwrap();
    ctx.store = crate::store::open(&crate::store::StoreKind::Sled, folder.path()).unwrap();
    let realm = testing::realm(&ctx, "home").await;
    let mut batch = Batch::new();
    batch.put(
        key::status_counter(realm.id),
        record::encode(&512_u64).unwrap(),
    );
    let mut full: Vec<Batch> = vec![batch];
    for idx in 0..LIST {
        if full.last().unwrap().len() > 900 {
            full.push(Batch::new());
        }
        let batch = full.last_mut().unwrap();
        let holder = Holder {
            sid: Sid(ctx.new_id()),
            user: UserId(ctx.new_id()),
            client: None,
            started_at: ctx.now(),
        };
        hold(realm.id, Index { list: 0, idx }, &holder, batch).unwrap();
        let mut random = [0; 1];
        ctx.entropy.fill(&mut random);
        if random[0] & 1 == 1 {
            batch.put(key::status_mark(realm.id, 0, idx), Vec::new());
        }
    }
    for batch in full {
        ctx.commit(batch).await.unwrap();
    }
    let timed = async |what: &str| {
        let began = std::time::Instant::now();
        let served = serve(&ctx, &realm, 0).await.unwrap().unwrap();
        println!(
            "{what}: {:?}, {} bytes",
            began.elapsed(),
            served.token.len()
        );
    };
    timed("keys made, half of 131072 marked, read").await;
    ctx.status.clear();
    timed("read again").await;
    ctx.status.note(&key::status_mark(realm.id, 0, 1));
    ctx.status.note(&key::status_mark(realm.id, 0, 2));
    ctx.status.note(&key::status_mark(realm.id, 0, 3));
    timed("made after another mark").await;
    timed("the same bytes").await;
    let epoch = Epoch {
        at: ctx.now(),
        except: Vec::new(),
        except_client: None,
        offline: true,
        reason: Reason::Admin,
        sign_out: crate::domain::id::SignOutId(ctx.new_id()),
    };
    let mut batch = Batch::new();
    batch.put(key::realm_epoch(realm.id), record::encode(&epoch).unwrap());
    ctx.commit(batch).await.unwrap();
    timed("with a cut through the realm").await;
    let _ = realm::find(&ctx, "home").await;
}
