//! Who is let in, and what a sign-in that is under way may still do.

use std::sync::Arc;

use super::*;
use crate::domain::session::{self, Start};
use crate::domain::user::{UserSettings, verbs};
use crate::domain::{Actor, denial, testing};

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

    async fn create(&self, settings: UserSettings) -> User {
        verbs::create(&self.ctx, &self.realm, &admin(), settings)
            .await
            .unwrap()
    }

    async fn sign_in(
        &self,
        username: &str,
        password: &str,
    ) -> Result<Versioned<User>, AuthenticateError> {
        let password = Secret::new(password.to_owned());
        authenticate(&self.ctx, &self.realm, username, password)
            .await
            .unwrap()
    }

    async fn stored_hash(&self, id: UserId) -> String {
        let read = with_password(&self.ctx, &self.realm, id).await.unwrap();
        read.1.unwrap().value.hash
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

fn having(username: &str, password: &str) -> UserSettings {
    UserSettings {
        password: Some(password.to_owned()),
        ..named(username)
    }
}

#[tokio::test]
async fn who_is_let_in() {
    let house = House::new().await;
    house.create(having("alice", "first")).await;
    house.create(named("nopassword")).await;
    house
        .create(UserSettings {
            enabled: false,
            ..having("gone", "first")
        })
        .await;
    let long = "x".repeat(1025);
    let table = [
        ("alice", "first", None),
        ("ALICE", "first", None),
        ("alice", "First", Some(AuthenticateError::WrongCredentials)),
        ("alice", "", Some(AuthenticateError::WrongCredentials)),
        ("alice", &long, Some(AuthenticateError::WrongCredentials)),
        ("nobody", "first", Some(AuthenticateError::WrongCredentials)),
        (&long, "first", Some(AuthenticateError::WrongCredentials)),
        ("", "", Some(AuthenticateError::WrongCredentials)),
        ("nopassword", "", Some(AuthenticateError::WrongCredentials)),
        ("gone", "first", Some(AuthenticateError::Disabled)),
        ("gone", "wrong", Some(AuthenticateError::WrongCredentials)),
    ];
    for (username, password, refused) in table {
        assert_eq!(
            house.sign_in(username, password).await.err(),
            refused,
            "{username} {password}"
        );
    }
}

#[tokio::test]
async fn a_weak_hash_from_elsewhere_is_upgraded_at_the_next_sign_in_and_ends_nothing() {
    let house = House::new().await;
    // PBKDF2-HMAC-SHA256 of "password" with the salt "saltsaltsalt" and one round.
    let salt = b"saltsaltsalt";
    let mut out = [0; 32];
    let rounds = std::num::NonZeroU32::new(1).unwrap();
    aws_lc_rs::pbkdf2::derive(
        aws_lc_rs::pbkdf2::PBKDF2_HMAC_SHA256,
        rounds,
        salt,
        b"password",
        &mut out,
    );
    let phc = |bytes: &[u8]| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes)
    };
    let hash = format!("$pbkdf2-sha256$i=1${}${}", phc(salt), phc(&out));
    let alice = UserSettings {
        password_hash: Some(hash.clone()),
        ..named("alice")
    };
    let alice = house.create(alice).await;
    let sid = testing::session(&house.ctx, &house.realm, alice.id).await;
    assert!(house.sign_in("alice", "wrong").await.is_err());
    assert_eq!(house.stored_hash(alice.id).await, hash);
    assert!(house.sign_in("alice", "password").await.is_ok());
    assert!(house.stored_hash(alice.id).await.starts_with("$argon2id$"));
    assert!(house.sign_in("alice", "password").await.is_ok());
    assert!(
        denial::session(&house.ctx, &house.realm, sid)
            .await
            .unwrap()
            .is_ok()
    );
}

#[tokio::test]
async fn a_sign_in_under_way_cannot_finish_with_the_old_password() {
    let house = House::new().await;
    let (ctx, realm) = (&house.ctx, &house.realm);
    let alice = house.create(having("alice", "first")).await;
    let old = || Secret::new("first".to_owned());
    let under_way = authenticate(ctx, realm, "alice", old())
        .await
        .unwrap()
        .unwrap();
    verbs::set_password(
        ctx,
        realm,
        &admin(),
        alice.id,
        Secret::new("second".to_owned()),
    )
    .await
    .unwrap();
    let start = Start {
        user: &under_way,
        amr: Vec::new(),
        remember_me: false,
        ip: "192.0.2.1",
        user_agent: "",
    };
    assert!(matches!(
        session::start(ctx, realm, start, session::Terms::default()).await,
        Err(Fault::Busy)
    ));
}
