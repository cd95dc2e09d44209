//! What unit tests of the domain share: a context over a store in memory, with a clock that they move.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::client::{self, Client, ClientSettings};
use super::entropy::OsEntropy;
use super::grant::{Grant, TokenFamily, code};
use super::id::{Sid, UserId};
use super::keys::KeyRing;
use super::outbox::wire::{Answered, Outgoing, Wire, WireError};
use super::realm::{self, Realm, RealmSettings};
use super::session::{self, Start};
use super::signout::expand::Door;
use super::status::Lists;
use super::time::ManualClock;
use super::user::{self, User, UserSettings};
use super::{Actor, Context};
use crate::crypto::{PasswordCost, Passwords, Vault};
use crate::store::{FeedPos, StoreKind};

/// An empty server that reaches nobody, and its clock.
pub fn context() -> (Arc<Context>, Arc<ManualClock>) {
    context_with(Arc::new(Script::default()))
}

/// An empty server with this way out, and its clock.
pub fn context_with(wire: Arc<dyn Wire>) -> (Arc<Context>, Arc<ManualClock>) {
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
        bell: super::outbox::Bell::new(uuid::Uuid::nil()),
        wire,
        proofs: crate::domain::proof::Proofs::default(),
        pulse: crate::domain::pulse::Pulse::default(),
        turns: crate::domain::session::Turns::default(),
        status: Lists::default(),
        imports: tokio::sync::Notify::new(),
        throttle: user::throttle::Throttle::default(),
    };
    (Arc::new(context), clock)
}

/// Another node over the same store and clock, with this way out.
pub fn node(first: &Context, name: &str, wire: Arc<dyn Wire>) -> Context {
    let (other, _) = context_with(wire);
    let other = Arc::into_inner(other).unwrap();
    Context {
        store: first.store.clone(),
        clock: first.clock.clone(),
        node: name.to_owned(),
        bell: super::outbox::Bell::new(uuid::Uuid::from_u128(u128::from(name.len() as u64))),
        ..other
    }
}

/// A way out that answers what it was told to, in order, and keeps what was sent. When the script is at its end, nobody
/// is there.
#[derive(Default)]
pub struct Script {
    answers: Mutex<VecDeque<Result<Answered, WireError>>>,
    sent: Mutex<Vec<Outgoing>>,
}

impl Script {
    /// Adds an answer with this status and body.
    pub fn answer(&self, status: u16, body: &str) {
        let answered = Answered {
            status,
            content_type: None,
            retry_after: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
            took: Duration::from_millis(1),
        };
        self.answers.lock().unwrap().push_back(Ok(answered));
    }

    /// What was sent since the last call.
    pub fn sent(&self) -> Vec<Outgoing> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

#[async_trait]
impl Wire for Script {
    async fn reach(&self, _url: &str, _timeout: Duration) -> Result<u16, WireError> {
        Err(WireError::Unreachable("nobody is there".to_owned()))
    }

    async fn send(&self, request: Outgoing) -> Result<Answered, WireError> {
        self.sent.lock().unwrap().push(request);
        let next = self.answers.lock().unwrap().pop_front();
        next.unwrap_or_else(|| Err(WireError::Unreachable("nobody is there".to_owned())))
    }
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
    let started = session::start(ctx, realm, start, session::Terms::default()).await;
    started.unwrap().unwrap().session.sid
}

/// A client of this name that is told by the back channel.
pub async fn client(ctx: &Context, realm: &Realm, client_id: &str) -> Arc<Client> {
    let settings = ClientSettings {
        client_id: client_id.to_owned(),
        client_secret: Some("a-secret-of-the-app-that-is-long".to_owned()),
        redirect_uris: vec![format!("https://{client_id}.example/callback")],
        scope: "openid profile offline_access".to_owned(),
        backchannel_logout_uri: Some(format!("https://{client_id}.example/logout")),
        require_pkce: false,
        ..ClientSettings::default()
    };
    client::verbs::create(ctx, realm, &Actor::system("test"), settings)
        .await
        .unwrap()
        .client
}

/// What this client is granted in a session: a code, redeemed.
pub async fn grant(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    sid: Sid,
    scope: &str,
) -> TokenFamily {
    let session = session::find(ctx, realm, sid).await.unwrap().unwrap().value;
    let grant = Grant::given(client, &session, scope.to_owned(), "1");
    let issue = code::Issue {
        grant,
        redirect_uri: format!("https://{}.example/callback", client.client_id()),
        code_challenge: None,
    };
    let text = code::issue(ctx, realm, issue).await.unwrap();
    let redeem = code::Redeem {
        code: &text,
        redirect_uri: None,
        code_verifier: None,
        resources: &[],
    };
    code::redeem(ctx, realm, client, redeem)
        .await
        .unwrap()
        .unwrap()
}

/// Changes a client's settings.
pub async fn change_client(
    ctx: &Context,
    realm: &Realm,
    client: &Client,
    change: impl Fn(&mut ClientSettings),
) {
    let changed = |client: &Client| {
        let mut settings = client.settings.clone();
        change(&mut settings);
        Ok::<_, client::verbs::ClientError>(settings)
    };
    client::verbs::revise(ctx, realm, &Actor::system("test"), client.id, changed)
        .await
        .unwrap();
}
