//! What creating, changing and deleting a realm promises.

use super::*;
use crate::domain::denial::{self, Denied};
use crate::domain::realm::{by_id, find, list};
use crate::domain::{testing, user};

fn admin() -> Actor {
    Actor::system("test")
}

#[tokio::test]
async fn a_realm_is_found_by_name_and_number_and_its_name_is_taken() {
    let (ctx, _) = testing::context();
    let (a, b) = (
        testing::realm(&ctx, "a").await,
        testing::realm(&ctx, "b").await,
    );
    assert_ne!(a.id, b.id);
    assert_eq!(find(&ctx, "a").await.unwrap().unwrap().id, a.id);
    assert_eq!(by_id(&ctx, b.id).await.unwrap().unwrap().name, "b");
    let again = create(&ctx, &admin(), "a", RealmSettings::default()).await;
    assert!(matches!(again, Err(RealmError::NameTaken)));
    let bad = create(&ctx, &admin(), "A b", RealmSettings::default()).await;
    assert!(matches!(bad, Err(RealmError::Invalid(_))));
}

#[tokio::test]
async fn realms_made_at_once_get_numbers_of_their_own() {
    let (ctx, _) = testing::context();
    let made = ["a", "b", "c", "d", "e"].map(|name| {
        let ctx = Arc::clone(&ctx);
        tokio::spawn(async move {
            create(&ctx, &admin(), name, RealmSettings::default())
                .await
                .unwrap()
                .id
        })
    });
    let mut numbers = std::collections::HashSet::new();
    for task in made {
        numbers.insert(task.await.unwrap());
    }
    assert_eq!(numbers.len(), 5);
}

#[tokio::test]
async fn pages_of_realms_go_on_where_the_last_ended() {
    let (ctx, _) = testing::context();
    for name in ["c", "a", "b"] {
        testing::realm(&ctx, name).await;
    }
    let (first, next) = list(&ctx, None, 2).await.unwrap();
    assert_eq!(
        first.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(),
        ["a", "b"]
    );
    let (last, _) = list(&ctx, next.as_deref(), 2).await.unwrap();
    assert_eq!(
        last.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(),
        ["c"]
    );
}

#[tokio::test]
async fn the_same_settings_write_nothing_and_others_are_seen_at_once() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "a").await;
    let before = testing::position(&ctx).await;
    update(&ctx, &admin(), "a", realm.settings.clone())
        .await
        .unwrap();
    assert_eq!(testing::position(&ctx).await, before);
    let mut settings = realm.settings.clone();
    settings.display_name = Some("Acme".to_owned());
    assert!(
        update(&ctx, &admin(), "a", settings)
            .await
            .unwrap()
            .sign_out
            .is_none()
    );
    assert_eq!(
        find(&ctx, "a").await.unwrap().unwrap().display_name(),
        "Acme"
    );
    let newest = audit::newest(&ctx, realm.id, 10).await.unwrap();
    assert!(
        newest
            .iter()
            .any(|r| r.detail.as_deref() == Some("changed: display_name"))
    );
}

#[tokio::test]
async fn disabling_a_realm_ends_its_sessions_in_the_same_commit() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "a").await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    let sid = testing::session(&ctx, &realm, alice.id).await;
    let off = RealmSettings {
        enabled: false,
        ..realm.settings.clone()
    };
    let act = update(&ctx, &admin(), "a", off)
        .await
        .unwrap()
        .sign_out
        .unwrap();
    assert_eq!((act.reason, act.sessions), (Reason::RealmDisabled, 1));
    // Judged with the realm as it was: it is the session that is over, not only the realm that is closed.
    assert!(matches!(
        denial::session(&ctx, &realm, sid).await.unwrap(),
        Err(Denied::Ended(_))
    ));
}

#[tokio::test]
async fn a_deleted_realm_is_gone_by_name_and_its_name_is_free() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, "a").await;
    let alice = testing::user(&ctx, &realm, "alice").await;
    let sid = testing::session(&ctx, &realm, alice.id).await;
    delete(&ctx, &admin(), "a").await.unwrap();
    assert!(matches!(
        denial::session(&ctx, &realm, sid).await.unwrap(),
        Err(Denied::Ended(_))
    ));
    assert!(
        !by_id(&ctx, realm.id)
            .await
            .unwrap()
            .unwrap()
            .settings
            .enabled
    );
    assert!(find(&ctx, "a").await.unwrap().is_none());
    assert!(matches!(
        delete(&ctx, &admin(), "a").await,
        Err(RealmError::NotFound)
    ));
    let next = testing::realm(&ctx, "a").await;
    assert_ne!(next.id, realm.id);
    assert!(user::find(&ctx, &next, "alice").await.unwrap().is_none());
}

#[tokio::test]
async fn the_administrators_realm_stays_open() {
    let (ctx, _) = testing::context();
    let realm = testing::realm(&ctx, MASTER).await;
    let off = RealmSettings {
        enabled: false,
        ..realm.settings.clone()
    };
    assert!(matches!(
        update(&ctx, &admin(), MASTER, off).await,
        Err(RealmError::Invalid(_))
    ));
    assert!(matches!(
        delete(&ctx, &admin(), MASTER).await,
        Err(RealmError::Invalid(_))
    ));
}

#[test]
fn a_lifetime_of_nothing_is_a_problem_where_off_makes_no_sense() {
    let mut settings = RealmSettings::default();
    assert_eq!(problems(&settings), Vec::<String>::new());
    settings.sessions.sign_in_frequency = Span::ZERO;
    settings.tokens.refresh_reuse_window = Span::ZERO;
    assert_eq!(problems(&settings), Vec::<String>::new());
    settings.sessions.idle_timeout = Span::ZERO;
    settings.tokens.authorization_code_lifetime = Span::hours(1);
    assert_eq!(problems(&settings).len(), 2);
}
