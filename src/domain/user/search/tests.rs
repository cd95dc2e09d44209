//! Search: everybody once, by whatever is remembered of them, in pages of any size; and what is kept in step.

use serde_json::json;

use super::*;
use crate::domain::testing;
use crate::domain::user::{UserSettings, verbs};
use crate::domain::{Actor, upgrade};
use crate::store::{Batch, KeysOrRecords};

async fn person(ctx: &Context, realm: &Realm, username: &str, name: &str, email: &str) -> User {
    let mut settings = UserSettings {
        username: username.to_owned(),
        ..UserSettings::default()
    };
    settings.claims.insert("name".to_owned(), json!(name));
    settings.claims.insert("email".to_owned(), json!(email));
    verbs::create(ctx, realm, &Actor::system("test"), settings)
        .await
        .unwrap()
}

async fn all(ctx: &Context, realm: &Realm, text: &str, limit: usize) -> Vec<String> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = search(ctx, realm, text, after.as_deref(), limit)
            .await
            .unwrap();
        assert!(page.users.len() <= limit);
        names.extend(page.users.into_iter().map(|user| user.username));
        match page.next {
            Some(next) => after = Some(next),
            None => return names,
        }
    }
}

#[tokio::test]
async fn somebody_is_found_by_whatever_is_remembered_and_once() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let other = testing::realm(&ctx, "other").await;
    person(&ctx, &realm, "keller", "Anna Keller", "keller@x.example").await;
    person(&ctx, &realm, "tom", "Kelly Kellerman", "kel.tom@x.example").await;
    person(&ctx, &realm, "zoe", "Zoé Müller", "kelvin@x.example").await;
    person(&ctx, &realm, "bob", "Bob Skelton", "bob@x.example").await;
    person(&ctx, &other, "kelly", "Kelly Else", "kelly@y.example").await;
    for limit in [1, 2, 3, 100] {
        assert_eq!(
            all(&ctx, &realm, "KEL", limit).await,
            ["keller", "tom", "zoe"],
            "{limit}"
        );
        assert_eq!(
            all(&ctx, &realm, "", limit).await,
            ["bob", "keller", "tom", "zoe"]
        );
    }
    assert_eq!(all(&ctx, &realm, "muller", 9).await, ["zoe"]);
    assert_eq!(all(&ctx, &realm, "MÜLL zoe", 9).await, ["zoe"]);
    assert_eq!(all(&ctx, &realm, "ann muller", 9).await, [""; 0]);
    assert_eq!(all(&ctx, &realm, "bob@", 9).await, ["bob"]);
    assert_eq!(all(&ctx, &realm, "\0", 9).await, [""; 0]);
}

#[tokio::test]
async fn beyond_usernames_are_those_whom_only_a_name_or_an_address_finds() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let found = async |text: &str, limit: usize| -> Vec<String> {
        let users = beyond_username(&ctx, &realm, text, true, limit)
            .await
            .unwrap();
        users.into_iter().map(|user| user.username).collect()
    };
    person(&ctx, &realm, "keller", "Karl Keller", "karl@x.example").await;
    person(&ctx, &realm, "a.keller", "Anna Keller", "anna@x.example").await;
    person(&ctx, &realm, "t.rey", "Tomás Rey", "keller.t@x.example").await;
    assert_eq!(found("KELL", 9).await, ["a.keller", "t.rey"]);
    assert_eq!(found("kell", 1).await, ["a.keller"]);
    let by_name = beyond_username(&ctx, &realm, "kell", false, 9).await;
    assert_eq!(by_name.unwrap().len(), 1);
    assert_eq!(found("keller anna", 9).await, ["a.keller"]);
    assert_eq!(found("tomas", 9).await, ["t.rey"]);
    assert_eq!(found("anna@x.example", 9).await, ["a.keller"]);
    person(&ctx, &realm, "kim p", "Kim Park", "").await;
    assert_eq!(found("kim p", 9).await, ["kim p"]);
    for nobody in ["", "a.kel", "\0", "xyz"] {
        assert_eq!(found(nobody, 9).await, [""; 0], "{nobody:?}");
    }
    // It costs what it looks at: behind very many others somebody may be missed.
    for n in 0..GLANCED_AT {
        person(&ctx, &realm, &format!("kim{n:02}"), "Kim Lee", "").await;
    }
    person(&ctx, &realm, "late", "Kimberley Late", "").await;
    assert_eq!(found("kim", 9).await, [""; 0]);
    assert_eq!(found("kimb", 9).await, ["late"]);
}

#[tokio::test]
async fn what_changes_is_found_as_it_is_now() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let system = Actor::system("test");
    let anna = person(&ctx, &realm, "anna", "Anna Keller", "a@x.example").await;
    let change = |user: &User| -> Result<UserSettings, verbs::UserError> {
        let mut claims = user.claims.clone();
        claims.insert("name".to_owned(), json!("Anna Braun"));
        Ok(UserSettings {
            username: "braun".to_owned(),
            roles: vec!["auditor".to_owned()],
            claims,
            ..UserSettings::default()
        })
    };
    verbs::revise(&ctx, &realm, &system, anna.id, change)
        .await
        .unwrap();
    assert_eq!(all(&ctx, &realm, "keller", 9).await, [""; 0]);
    assert_eq!(all(&ctx, &realm, "brau", 9).await, ["braun"]);
    let (admins, next) = administrators(&ctx, &realm, None, 9).await.unwrap();
    assert_eq!((admins.len(), next), (1, None));
    verbs::delete(&ctx, &realm, &system, anna.id).await.unwrap();
    for range in [
        key::administrators(realm.id),
        key::users_by_word(realm.id, ""),
    ] {
        let left = Walk::keys(&ctx, range).count(9).await.unwrap();
        assert_eq!(left, 0);
    }
}

#[tokio::test]
async fn administrators_are_those_of_the_realm_by_name() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    for (name, role) in [
        ("cleo", "auditor"),
        ("abe", "realm-admin"),
        ("bea", "server-admin"),
        ("dan", "staff"),
    ] {
        let settings = UserSettings {
            username: name.to_owned(),
            roles: vec![role.to_owned()],
            ..UserSettings::default()
        };
        verbs::create(&ctx, &realm, &Actor::system("test"), settings)
            .await
            .unwrap();
    }
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = administrators(&ctx, &realm, after.as_deref(), 1)
            .await
            .unwrap();
        names.extend(page.into_iter().map(|user| user.username));
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    // The role of the whole server counts in the realm master alone.
    assert_eq!(names, ["abe", "cleo"]);
}

#[tokio::test]
async fn a_store_from_before_the_index_gets_it() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    for n in 0..450 {
        person(&ctx, &realm, &format!("u{n}"), "Anna Keller", "a@x.example").await;
    }
    let range = key::users_by_word(realm.id, "");
    let mut walk = Walk::keys(&ctx, range.clone());
    while let Some(rows) = walk.next().await.unwrap() {
        let mut batch = Batch::new();
        for row in rows {
            batch.del(row.key);
        }
        ctx.commit(batch).await.unwrap();
    }
    assert!(all(&ctx, &realm, "keller", 9).await.is_empty());
    let mut old = Batch::new();
    old.put(upgrade::KEY, upgrade::record(1, &upgrade::PLAN).unwrap());
    ctx.store.commit(old).await.unwrap();
    while upgrade::piece(&ctx, &upgrade::PLAN).await.unwrap() != upgrade::Progress::Done {}
    assert_eq!(all(&ctx, &realm, "keller", 100).await.len(), 450);
    let page = ctx
        .store
        .scan(
            &range,
            None,
            9,
            crate::store::Dir::Forward,
            KeysOrRecords::KeysOnly,
        )
        .await
        .unwrap();
    assert_eq!(page.records.len(), 9);
}
