//! Reading back: newest first, by page, by filter, and never more than was asked for.

use super::*;
use crate::domain::testing;
use crate::domain::time::Span;

/// One record a second: `deed.N` by `ada` and `rest.N` by `bob` in turn, on thing `N mod 3`.
async fn written(count: u32) -> (std::sync::Arc<Context>, RealmId, Timestamp) {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await.id;
    let began = ctx.now().plus(Span::secs(1));
    for n in 0..count {
        clock.advance(Span::secs(1));
        let (name, kind) = [("ada", "deed"), ("bob", "rest")][n as usize % 2];
        let mut actor = Actor::system(name);
        (actor.id, actor.name) = (format!("id-{name}"), name.to_owned());
        let entry = Entry {
            actor: &actor,
            action: &format!("{kind}.{n}"),
            target_kind: "thing",
            target: (n % 3).to_string(),
            detail: None,
        };
        let mut batch = Batch::new();
        record(&mut batch, &ctx, realm, &entry).unwrap();
        ctx.commit(batch).await.unwrap();
    }
    (ctx, realm, began)
}

async fn all(ctx: &Context, realm: RealmId, filter: &Filter, limit: usize) -> Vec<String> {
    let (mut after, mut actions) = (None, Vec::new());
    loop {
        let (page, next) = list(ctx, realm, filter, after, limit).await.unwrap();
        assert!(page.len() <= limit);
        actions.extend(page.into_iter().map(|(_, record)| record.action));
        if next.is_none() {
            return actions;
        }
        after = next;
    }
}

#[tokio::test]
async fn pages_of_any_size_show_everything_once_newest_first() {
    let (ctx, realm, began) = written(10).await;
    let ours = Filter {
        since: Some(began),
        ..Filter::default()
    };
    let expected: Vec<String> = (0..10)
        .rev()
        .map(|n| format!("{}.{n}", ["deed", "rest"][n % 2]))
        .collect();
    for limit in [1, 3, 5, 10, 11] {
        assert_eq!(all(&ctx, realm, &ours, limit).await, expected, "{limit}");
    }
    // The last record on a full page is known to be the last.
    let (page, next) = list(&ctx, realm, &ours, None, 10).await.unwrap();
    assert_eq!((page.len(), next), (10, None));
}

#[tokio::test]
async fn a_filter_shows_what_fits_it_and_nothing_else() {
    let (ctx, realm, began) = written(10).await;
    let ours = || Filter {
        since: Some(began),
        ..Filter::default()
    };
    let text = |text: &str| Some(text.to_owned());
    for actor in ["ada", "id-ada"] {
        let filter = Filter {
            actor: text(actor),
            ..ours()
        };
        let found = all(&ctx, realm, &filter, 2).await;
        assert_eq!(found, ["deed.8", "deed.6", "deed.4", "deed.2", "deed.0"]);
    }
    let kind = Filter {
        action: text("rest."),
        ..ours()
    };
    assert_eq!(all(&ctx, realm, &kind, 9).await.len(), 5);
    let exactly = Filter {
        action: text("rest.1"),
        ..ours()
    };
    assert_eq!(all(&ctx, realm, &exactly, 9).await, ["rest.1"]);
    let target = Filter {
        target: text("0"),
        ..ours()
    };
    let found = all(&ctx, realm, &target, 1).await;
    assert_eq!(found, ["rest.9", "deed.6", "rest.3", "deed.0"]);
    let (records, _) = list(&ctx, realm, &ours(), None, 20).await.unwrap();
    let at = |action: &str| {
        let mut records = records.iter().map(|(_, record)| record);
        records.find(|r| r.action == action).map(|r| r.at)
    };
    let between = Filter {
        since: at("deed.2"),
        until: at("deed.4"),
        ..Filter::default()
    };
    let found = all(&ctx, realm, &between, 9).await;
    assert_eq!(found, ["deed.4", "rest.3", "deed.2"], "both ends included");
    let nobody = Filter {
        actor: text("eve"),
        ..ours()
    };
    assert!(all(&ctx, realm, &nobody, 3).await.is_empty());
}

#[tokio::test]
async fn what_is_about_a_user_is_found_with_them_and_forgotten_with_the_record() {
    use crate::domain::user::verbs;

    let (ctx, clock) = testing::context();
    let demo = testing::realm(&ctx, "demo").await;
    let (anna, bob) = (
        testing::user(&ctx, &demo, "anna (a)").await,
        testing::user(&ctx, &demo, "bob").await,
    );
    clock.advance(Span::secs(1));
    let system = Actor::system("test");
    verbs::block(&ctx, &demo, &system, anna.id, verbs::Words::default())
        .await
        .unwrap();
    clock.advance(Span::secs(1));
    verbs::unblock(&ctx, &demo, &system, anna.id).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = of_user(&ctx, demo.id, anna.id, (None, after), 1)
            .await
            .unwrap();
        for (place, record) in &page {
            assert_eq!(record.about(), Some(anna.id));
            assert_eq!(record.target_name(), "anna (a)");
            let found = find(&ctx, demo.id, place).await.unwrap().unwrap();
            assert_eq!(found.action, record.action);
        }
        seen.extend(page.into_iter().map(|(_, record)| record.action));
        match next {
            Some(_) => after = next,
            None => break,
        }
    }
    assert_eq!(seen, ["user.unblock", "user.block", "user.create"]);
    for wanted in [
        "bob".to_owned(),
        bob.id.to_string(),
        format!("bob ({})", bob.id),
    ] {
        let filter = Filter {
            target: Some(wanted),
            ..Filter::default()
        };
        assert_eq!(all(&ctx, demo.id, &filter, 9).await, ["user.create"]);
    }
    clock.advance(Span::days(4000));
    let mut walk = crate::domain::sweep::retention::Walk::default();
    for _ in 0..9 {
        crate::domain::sweep::retention::step(&ctx, &mut walk)
            .await
            .unwrap();
    }
    for range in [
        key::audits_of_user(demo.id, anna.id, None),
        key::audits_of_user(demo.id, bob.id, None),
    ] {
        assert_eq!(Walk::keys(&ctx, range).count(9).await.unwrap(), 0);
    }
}
