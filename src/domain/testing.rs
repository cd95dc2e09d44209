//! What unit tests of the domain share: a context over a store in memory, with a clock that they move.

use std::sync::Arc;

use super::entropy::OsEntropy;
use super::id::{Sid, UserId};
use super::keys::KeyRing;
use super::realm::{self, Realm, RealmSettings};
use super::session::{self, Start};
use super::signout::expand::Door;
use super::time::ManualClock;
use super::user::{self, User, UserSettings};
use super::{Actor, Context};
use crate::crypto::{PasswordCost, Passwords, Vault};
use crate::store::{FeedPos, StoreKind};

/// An empty server, and its clock.
pub fn context() -> (Arc<Context>, Arc<ManualClock>) {
    crate::crypto::install();
    let clock = Arc::new(ManualClock::default());
    let nowhere = std::path::Path::new("");
    let context = Context {
        store: crate::store::open(&StoreKind::Memory, nowhere).unwrap(),
        clock: clock.clone(),
        entropy: Arc::new(OsEntropy),
        vault: Vault::from_key([7; 32]),
        passwords: Passwords::new(PasswordCost::test(), 1, 64),
        public_url: "http://localhost:8080".to_owned(),
        node: "test".to_owned(),
        catalog: realm::Catalog::default(),
        keys: KeyRing::default(),
        ids: crate::domain::id::Ids::default(),
        door: Door::default(),
        signals: super::ssf::Signals::default(),
    };
    (Arc::new(context), clock)
}

/// A realm with default settings.
pub async fn realm(ctx: &Context, name: &str) -> Arc<Realm> {
    realm::verbs::create(ctx, &Actor::system("test"), name, RealmSettings::default())
        .await
        .unwrap()
}

/// Where the feed of changes stands: two equal answers mean that nothing was written in between.
pub async fn position(ctx: &Context) -> FeedPos {
    ctx.store.health().await.pos
}

/// A user without a password.
pub async fn user(ctx: &Context, realm: &Realm, username: &str) -> User {
    let settings = UserSettings {
        username: username.to_owned(),
        ..UserSettings::default()
    };
    user::verbs::create(ctx, realm, &Actor::system("test"), settings)
        .await
        .unwrap()
}

/// A session of this user, from the present moment on.
pub async fn session(ctx: &Context, realm: &Realm, id: UserId) -> Sid {
    let user = user::by_id(ctx, realm, id).await.unwrap().unwrap();
    let start = Start {
        user: &user,
        amr: vec!["pwd".to_owned()],
        remember_me: false,
        ip: "192.0.2.1",
        user_agent: "test",
    };
    session::start(ctx, realm, start).await.unwrap().session.sid
}
