//! What creating, changing and deleting a user promises.

use std::sync::Arc;

use super::*;
use crate::domain::denial::{self, Denied};
use crate::domain::testing;
use crate::domain::user::{AuthenticateError, authenticate, find, list};
use crate::domain::{ActorKind, audit};

struct House {
    ctx: Arc<Context>,
    realm: Arc<Realm>,
}

impl House {
    async fn new() -> House {
        let (ctx, _) = testing::context();
        let realm = testing::realm(&ctx, "demo").await;
        House { ctx, realm }
    }

    async fn create(&self, settings: UserSettings) -> Result<User, UserError> {
        create(&self.ctx, &self.realm, &admin(), settings).await
    }

    async fn alice(&self) -> User {
        self.create(with_password("alice", "first")).await.unwrap()
    }

    async fn update(&self, id: UserId, settings: UserSettings) -> Result<Updated, UserError> {
        update(&self.ctx, &self.realm, &admin(), id, settings).await
    }

    async fn sign_in(&self, username: &str, password: &str) -> Result<User, AuthenticateError> {
        let password = Secret::new(password.to_owned());
        let answer = authenticate(&self.ctx, &self.realm, username, password)
            .await
            .unwrap();
        answer.map(|found| found.value)
    }

    async fn stored_hash(&self, id: UserId) -> Option<String> {
        let read = crate::domain::user::store::with_password(&self.ctx, &self.realm, id)
            .await
            .unwrap();
        read.1.map(|kept| kept.value.hash)
    }

    async fn is_ended(&self, sid: crate::domain::id::Sid) -> bool {
        matches!(
            denial::session(&self.ctx, &self.realm, sid).await.unwrap(),
            Err(Denied::Ended(_))
        )
    }
}

fn admin() -> Actor {
    Actor::system("test")
}

fn named(username: &str) -> UserSettings {
    UserSettings {
        username: username.to_owned(),
        ..UserSettings::default()
    }
}

fn with_password(username: &str, password: &str) -> UserSettings {
    UserSettings {
        password: Some(password.to_owned()),
        ..named(username)
    }
}

#[tokio::test]
async fn a_name_is_unique_however_it_is_spelt() {
    let house = House::new().await;
    let alice = house.alice().await;
    for spelling in ["alice", "ALICE", "Ａlice"] {
        assert!(
            matches!(
                house.create(named(spelling)).await,
                Err(UserError::NameTaken)
            ),
            "{spelling}"
        );
        let found = find(&house.ctx, &house.realm, spelling)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.value.id, alice.id);
    }
    let twins = ["Bob", "bob", "BOB", "bOb"].map(|name| {
        let (ctx, realm) = (Arc::clone(&house.ctx), Arc::clone(&house.realm));
        tokio::spawn(async move { create(&ctx, &realm, &admin(), named(name)).await.is_ok() })
    });
    let mut made = 0;
    for twin in twins {
        made += usize::from(twin.await.unwrap());
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn bad_settings_are_refused_with_a_sentence() {
    let house = House::new().await;
    let claims =
        |name: &str| serde_json::Map::from_iter([(name.to_owned(), serde_json::json!("x"))]);
    for (settings, word) in [
        (named(""), "username"),
        (named(" alice"), "username"),
        (named(&"\u{fdfa}".repeat(100)), "folded"),
        (with_password("alice", ""), "password"),
        (with_password("alice", &"x".repeat(1025)), "password"),
        (
            UserSettings {
                password_hash: Some("$2b$10$x".to_owned()),
                ..named("alice")
            },
            "PHC",
        ),
        (
            UserSettings {
                password_hash: Some("x".to_owned()),
                ..with_password("alice", "y")
            },
            "exclude",
        ),
        (
            UserSettings {
                roles: vec![String::new()],
                ..named("alice")
            },
            "role",
        ),
        (
            UserSettings {
                claims: claims("sub"),
                ..named("alice")
            },
            "sub",
        ),
    ] {
        let refused = house.create(settings).await.unwrap_err();
        assert!(
            matches!(&refused, UserError::Invalid(why) if why.contains(word)),
            "{word}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn pages_of_users_are_in_order_of_folded_names() {
    let house = House::new().await;
    for name in ["Zoe", "anna", "Anton", "bob"] {
        house.create(named(name)).await.unwrap();
    }
    let names = |users: &[User]| users.iter().map(|u| u.username.clone()).collect::<Vec<_>>();
    let (all, _) = list(&house.ctx, &house.realm, "", None, 10).await.unwrap();
    assert_eq!(names(&all), ["anna", "Anton", "bob", "Zoe"]);
    let (first, next) = list(&house.ctx, &house.realm, "AN", None, 1).await.unwrap();
    assert_eq!(names(&first), ["anna"]);
    let (last, next) = list(&house.ctx, &house.realm, "AN", next.as_deref(), 1)
        .await
        .unwrap();
    assert_eq!((names(&last), next), (vec!["Anton".to_owned()], None));
}

#[tokio::test]
async fn an_update_moves_the_name_and_says_what_changed() {
    let house = House::new().await;
    let alice = house.alice().await;
    house.create(named("bob")).await.unwrap();
    assert!(matches!(
        house.update(alice.id, named("BOB")).await,
        Err(UserError::NameTaken)
    ));
    let sid = testing::session(&house.ctx, &house.realm, alice.id).await;
    let renamed = house.update(alice.id, named("carol")).await.unwrap();
    assert!(renamed.sign_out.is_none() && !house.is_ended(sid).await);
    assert!(house.sign_in("alice", "first").await.is_err());
    assert_eq!(house.sign_in("carol", "first").await.unwrap().id, alice.id);
    house.create(named("alice")).await.unwrap();
    house.update(alice.id, named("Carol")).await.unwrap();
    let newest = audit::newest(&house.ctx, house.realm.id, 10).await.unwrap();
    assert!(
        newest
            .iter()
            .any(|r| r.detail.as_deref() == Some("changed: username"))
    );
    let before = testing::position(&house.ctx).await;
    house.update(alice.id, named("Carol")).await.unwrap();
    assert_eq!(
        testing::position(&house.ctx).await,
        before,
        "the same again writes nothing"
    );
}

#[tokio::test]
async fn disabling_a_user_ends_their_sessions_and_nobody_elses() {
    let house = House::new().await;
    let (alice, bob) = (
        house.alice().await,
        house.create(named("bob")).await.unwrap(),
    );
    let hers = testing::session(&house.ctx, &house.realm, alice.id).await;
    let his = testing::session(&house.ctx, &house.realm, bob.id).await;
    let act = house
        .update(
            alice.id,
            UserSettings {
                enabled: false,
                ..named("alice")
            },
        )
        .await
        .unwrap()
        .sign_out;
    assert_eq!(act.unwrap().reason, Reason::UserDisabled);
    assert!(house.is_ended(hers).await && !house.is_ended(his).await);
}

#[tokio::test]
async fn a_new_password_ends_every_session_but_the_askers_own() {
    let house = House::new().await;
    let alice = house.alice().await;
    let (here, elsewhere) = (
        testing::session(&house.ctx, &house.realm, alice.id).await,
        testing::session(&house.ctx, &house.realm, alice.id).await,
    );
    let herself = Actor {
        kind: ActorKind::User,
        id: alice.id.to_string(),
        realm: "demo".to_owned(),
        sid: Some(here),
        ..admin()
    };
    let second = Secret::new("second".to_owned());
    let act = set_password(&house.ctx, &house.realm, &herself, alice.id, second)
        .await
        .unwrap();
    assert_eq!(act.reason, Reason::PasswordChanged);
    assert!(house.is_ended(elsewhere).await && !house.is_ended(here).await);
    assert!(house.sign_in("alice", "first").await.is_err());
    assert!(house.sign_in("alice", "second").await.is_ok());

    let third = house
        .update(alice.id, with_password("alice", "third"))
        .await
        .unwrap();
    assert_eq!(third.sign_out.unwrap().reason, Reason::PasswordChanged);
    assert!(house.is_ended(here).await && house.sign_in("alice", "third").await.is_ok());
}

#[tokio::test]
async fn a_deleted_user_leaves_no_session_no_name_and_no_password() {
    let house = House::new().await;
    let alice = house.alice().await;
    let sid = testing::session(&house.ctx, &house.realm, alice.id).await;
    let act = delete(&house.ctx, &house.realm, &admin(), alice.id)
        .await
        .unwrap();
    assert_eq!(act.reason, Reason::UserDeleted);
    assert!(house.is_ended(sid).await);
    assert_eq!(
        house.sign_in("alice", "first").await.err(),
        Some(AuthenticateError::WrongCredentials)
    );
    assert!(house.stored_hash(alice.id).await.is_none());
    let again = delete(&house.ctx, &house.realm, &admin(), alice.id).await;
    assert!(matches!(again, Err(UserError::NotFound)));
    assert_ne!(house.alice().await.id, alice.id);
}

#[tokio::test]
async fn an_administrator_does_not_lock_themselves_out() {
    let house = House::new().await;
    let (ctx, realm) = (&house.ctx, &house.realm);
    let alice = house.alice().await;
    let herself = Actor {
        kind: ActorKind::Admin,
        id: alice.id.to_string(),
        realm: "demo".to_owned(),
        ..admin()
    };
    assert!(matches!(
        delete(ctx, realm, &herself, alice.id).await,
        Err(UserError::Invalid(_))
    ));
    let off = UserSettings {
        enabled: false,
        ..named("alice")
    };
    assert!(matches!(
        update(ctx, realm, &herself, alice.id, off).await,
        Err(UserError::Invalid(_))
    ));
    let namesake = Actor {
        realm: "other".to_owned(),
        ..herself
    };
    assert!(delete(ctx, realm, &namesake, alice.id).await.is_ok());
}
