//! Streams over a store in memory: who hears of what, in which order, what is held and what is dropped.

use std::sync::Arc;

use serde_json::{Value, json};

use super::queue::{Poll, Polled};
use super::settings::{Settings, Wanted};
use super::*;
use crate::crypto::{self, Secret};
use crate::domain::client::{self, Client, ClientSettings, SsfSubjects};
use crate::domain::id::{RealmId, Sid, UserId};
use crate::domain::realm::Realm;
use crate::domain::signout::{self, Reason, Request, Selection, SignOut};
use crate::domain::testing::{self, Script};
use crate::domain::time::ManualClock;
use crate::domain::user::{User, UserSettings};
use crate::domain::{Actor, ActorKind, Context};

mod hearing;
mod pushing;
mod receipts;

struct House {
    ctx: Arc<Context>,
    clock: Arc<ManualClock>,
    wire: Arc<Script>,
    realm: Arc<Realm>,
    app: Arc<Client>,
    ann: User,
    bob: User,
}

async fn house() -> House {
    let wire = Arc::new(Script::default());
    let (ctx, clock) = testing::context_with(wire.clone());
    let realm = testing::realm(&ctx, "demo").await;
    let app = add(&ctx, &realm, "app", SsfSubjects::Own).await;
    let ann = user(&ctx, &realm, "ann").await;
    let bob = user(&ctx, &realm, "bob").await;
    House {
        ctx,
        clock,
        wire,
        realm,
        app,
        ann,
        bob,
    }
}

async fn user(ctx: &Context, realm: &Realm, username: &str) -> User {
    let settings = UserSettings {
        username: username.to_owned(),
        claims: json!({ "email": format!("{username}@example.com") })
            .as_object()
            .cloned()
            .unwrap(),
        ..UserSettings::default()
    };
    crate::domain::user::verbs::create(ctx, realm, &Actor::system("test"), settings)
        .await
        .unwrap()
}

async fn add(ctx: &Context, realm: &Realm, id: &str, subjects: SsfSubjects) -> Arc<Client> {
    let settings = ClientSettings {
        client_id: id.to_owned(),
        client_secret: Some("a-secret-of-the-app-that-is-long".to_owned()),
        redirect_uris: vec!["https://app.example/callback".to_owned()],
        scope: "openid email offline_access ssf.manage".to_owned(),
        ssf_subjects: subjects,
        require_pkce: false,
        ..ClientSettings::default()
    };
    client::verbs::create(ctx, realm, &Actor::system("test"), settings)
        .await
        .unwrap()
        .client
}

fn polling() -> Settings {
    Settings {
        method: Wanted::Poll,
        events_requested: None,
        description: None,
    }
}

fn pushing_to(endpoint_url: &str) -> Settings {
    Settings {
        method: Wanted::Push {
            endpoint_url: endpoint_url.to_owned(),
            authorization: Some(Secret::new("Bearer of-the-receiver".to_owned())),
        },
        ..polling()
    }
}

fn admin() -> Actor {
    Actor {
        kind: ActorKind::Admin,
        id: "dana".to_owned(),
        name: "Dana".to_owned(),
        realm: "demo".to_owned(),
        sid: None,
        ip: None,
    }
}

impl House {
    fn realm_id(&self) -> RealmId {
        self.realm.id
    }

    async fn client(&self, id: &str, subjects: SsfSubjects) -> Arc<Client> {
        add(&self.ctx, &self.realm, id, subjects).await
    }

    async fn stream(&self, client: &Client, settings: Settings) -> Arc<Stream> {
        verbs::create(&self.ctx, &self.realm, client, settings)
            .await
            .unwrap()
    }

    /// A session in which the clients take part.
    async fn session(&self, user: UserId, clients: &[&Client]) -> Sid {
        let sid = testing::session(&self.ctx, &self.realm, user).await;
        for client in clients {
            testing::grant(&self.ctx, &self.realm, client, sid, "openid").await;
        }
        sid
    }

    async fn end(&self, sids: &[Sid]) -> SignOut {
        let select = Selection::Sessions(sids.iter().map(Sid::to_string).collect());
        let request = Request::new(select, Reason::Admin, admin());
        signout::end(&self.ctx, &self.realm, &request)
            .await
            .unwrap()
    }

    async fn poll(&self, stream: &Stream, poll: Poll) -> Polled {
        let stream = streams::find(&self.ctx, self.realm.id, stream.id)
            .await
            .unwrap()
            .unwrap();
        queue::poll(&self.ctx, &self.realm, &stream, &poll)
            .await
            .unwrap()
    }

    /// What waits, as claims.
    async fn waiting(&self, stream: &Stream) -> Vec<Value> {
        let polled = self.poll(stream, Poll::default()).await;
        polled.sets.iter().map(|(_, set)| claims(set)).collect()
    }

    /// The types of what waits, by the last part of their URIs.
    async fn types(&self, stream: &Stream) -> Vec<String> {
        self.waiting(stream).await.iter().map(kind).collect()
    }

    async fn marks(&self, stream: &Stream) -> Marks {
        marks::of(&self.ctx, self.realm.id, stream.id)
            .await
            .unwrap()
    }
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&crypto::unb64(part).unwrap()).unwrap()
}

fn claims(token: &str) -> Value {
    part(token, 1)
}

fn kind(claims: &Value) -> String {
    let events = claims["events"].as_object().unwrap();
    assert_eq!(events.len(), 1, "exactly one event: {claims}");
    let uri = events.keys().next().unwrap();
    uri.rsplit('/').next().unwrap().to_owned()
}

fn payload(claims: &Value) -> &Value {
    claims["events"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap()
}

#[tokio::test]
async fn a_security_event_token_says_this_and_nothing_else() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    let sid = house.session(house.ann.id, &[&house.app]).await;
    let act = house.end(&[sid]).await;
    let polled = house.poll(&stream, Poll::default()).await;
    let [(jti, token)] = polled.sets.as_slice() else {
        panic!("{polled:?}")
    };
    let header = part(token, 0);
    assert_eq!(
        (header["typ"].as_str(), header["alg"].as_str()),
        (Some("secevent+jwt"), Some("RS256"))
    );
    let issuer = "http://localhost:8080/realms/demo";
    assert_eq!(
        claims(token),
        json!({
            "iss": issuer,
            "aud": "app",
            "jti": jti.to_string(),
            "iat": act.at.secs(),
            "txn": act.id.to_string(),
            "sub_id": {
                "format": "complex",
                "user": { "format": "iss_sub", "iss": issuer, "sub": house.ann.id.to_string() },
                "session": { "format": "opaque", "id": sid.to_string() },
                "tenant": { "format": "opaque", "id": "demo" },
            },
            "events": {
                "https://schemas.openid.net/secevent/caep/event-type/session-revoked": {
                    "event_timestamp": act.at.secs(),
                    "initiating_entity": "admin",
                    "reason_admin": { "en": "An administrator ended it" },
                    "reason_user": { "en": "An administrator signed you out" },
                },
            },
        })
    );
    house.clock.advance(Span::secs(90));
    let again = house.poll(&stream, Poll::default()).await;
    assert_eq!(
        again.sets, polled.sets,
        "sent again, it is the same token: same jti, same iat"
    );
}

#[tokio::test]
async fn nothing_is_acknowledged_by_being_read() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    let sids = [
        house.session(house.ann.id, &[&house.app]).await,
        house.session(house.ann.id, &[&house.app]).await,
        house.session(house.bob.id, &[&house.app]).await,
    ];
    for sid in sids {
        house.end(&[sid]).await;
    }
    let at_most = |max| Poll {
        max: Some(max),
        ..Poll::default()
    };
    let first = house.poll(&stream, at_most(2)).await;
    assert_eq!((first.sets.len(), first.more), (2, true));
    let all = house.poll(&stream, Poll::default()).await;
    assert_eq!((all.sets.len(), all.more), (3, false), "redelivered");
    assert_eq!(all.sets[..2], first.sets[..], "in order");
    // Acknowledging alone, with nothing asked for.
    let only_ack = Poll {
        max: Some(0),
        ack: vec![all.sets[0].0],
        errors: vec![(all.sets[1].0, "invalid_key: unknown".to_owned())],
        ..Poll::default()
    };
    let done = house.poll(&stream, only_ack).await;
    assert!(done.sets.is_empty());
    let left = house.poll(&stream, Poll::default()).await;
    assert_eq!(left.sets, all.sets[2..], "what was acknowledged is gone");
    let marks = house.marks(&stream).await;
    assert_eq!((marks.delivered, marks.rejected), (1, 1));
    assert_eq!(marks.dead[0].why, "invalid_key: unknown");
    // Acknowledged again: it was settled before.
    let again = Poll {
        ack: vec![all.sets[0].0],
        ..Poll::default()
    };
    assert_eq!(house.poll(&stream, again).await.sets.len(), 1);
    assert_eq!(house.marks(&stream).await.delivered, 1);
}

#[tokio::test]
async fn a_poll_that_waits_is_answered_when_something_happens() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    let sid = house.session(house.ann.id, &[&house.app]).await;
    let (ctx, realm, waiting) = (house.ctx.clone(), house.realm.clone(), stream.clone());
    let polled = tokio::spawn(async move {
        queue::poll(&ctx, &realm, &waiting, &Poll::waiting())
            .await
            .unwrap()
    });
    tokio::task::yield_now().await;
    assert!(!polled.is_finished());
    house.end(&[sid]).await;
    assert_eq!(polled.await.unwrap().sets.len(), 1);
    // A server that stops lets everybody go.
    let done = house.poll(&stream, Poll::default()).await;
    let ack = Poll {
        ack: done.sets.iter().map(|(id, _)| *id).collect(),
        ..Poll::default()
    };
    house.poll(&stream, ack).await;
    house.ctx.signals.close();
    assert!(house.poll(&stream, Poll::waiting()).await.sets.is_empty());
}

#[tokio::test]
async fn a_paused_stream_holds_a_bounded_queue_and_says_what_it_dropped() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    let (ctx, realm) = (&house.ctx, &house.realm);
    let set = async |status| {
        status::set(ctx, realm, &house.app, stream.id, status, None)
            .await
            .unwrap()
    };
    let paused = set(Status::Paused).await;
    let mut sids = Vec::new();
    for _ in 0..5 {
        sids.push(house.session(house.ann.id, &[&house.app]).await);
    }
    for sid in &sids {
        house.end(&[*sid]).await;
    }
    assert!(
        house.waiting(&stream).await.is_empty(),
        "held, not handed out"
    );
    let id = house.realm_id();
    assert_eq!(bounds::count(ctx, id, stream.id).await.unwrap(), (5, true));
    assert_eq!(bounds::trim(ctx, id, &paused, 3).await.unwrap(), 2);
    assert_eq!(house.marks(&stream).await.dropped, 2);
    assert_eq!(bounds::trim(ctx, id, &paused, 3).await.unwrap(), 0);
    set(Status::Enabled).await;
    let held: Vec<Value> = house.waiting(&stream).await;
    let sessions: Vec<&str> = held
        .iter()
        .map(|set| set["sub_id"]["session"]["id"].as_str().unwrap())
        .collect();
    let newest: Vec<String> = sids[2..].iter().map(Sid::to_string).collect();
    assert_eq!(sessions, newest, "the oldest went, the order stayed");
    // Disabled: nothing is kept.
    set(Status::Disabled).await;
    assert_eq!(bounds::count(ctx, id, stream.id).await.unwrap(), (0, true));
    assert_eq!(house.marks(&stream).await.dropped, 5);
    let sid = house.session(house.ann.id, &[&house.app]).await;
    house.end(&[sid]).await;
    set(Status::Enabled).await;
    assert!(house.waiting(&stream).await.is_empty());
}

#[tokio::test]
async fn an_imposed_status_is_told_ahead_of_what_is_held() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    let sid = house.session(house.ann.id, &[&house.app]).await;
    house.end(&[sid]).await;
    let why = Some("maintenance".to_owned());
    status::impose(
        &house.ctx,
        &house.realm,
        &admin(),
        stream.id,
        Status::Paused,
        why,
    )
    .await
    .unwrap();
    let told = house.waiting(&stream).await;
    let [told] = told.as_slice() else {
        panic!("only the note: {told:?}")
    };
    assert_eq!(kind(told), "stream-updated");
    assert_eq!(
        payload(told),
        &json!({ "status": "paused", "reason": "maintenance" })
    );
    assert_eq!(
        told["sub_id"],
        json!({ "format": "opaque", "id": stream.id.to_string() })
    );
    let ack = Poll {
        ack: vec![told["jti"].as_str().unwrap().parse().unwrap()],
        ..Poll::default()
    };
    assert!(house.poll(&stream, ack).await.sets.is_empty());
    let waiting = bounds::count(&house.ctx, house.realm_id(), stream.id);
    assert_eq!(waiting.await.unwrap(), (1, true), "the event is held");
}

#[tokio::test]
async fn verification_goes_through_the_queue_and_not_too_often() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    let verify = async |state: &str| {
        let state = Some(state.to_owned());
        status::verify(&house.ctx, &house.realm, &stream, state).await
    };
    verify("first").await.unwrap();
    assert!(matches!(verify("second").await, Err(SsfError::TooSoon(30))));
    house.clock.advance(VERIFY_EVERY);
    verify("third").await.unwrap();
    let told = house.waiting(&stream).await;
    let states: Vec<_> = told
        .iter()
        .map(|set| payload(set)["state"].clone())
        .collect();
    assert_eq!(states, ["first", "third"]);
    assert_eq!(kind(&told[0]), "verification");
}

#[tokio::test]
async fn a_receiver_has_one_stream_and_its_own_alone() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    let (ctx, realm) = (&house.ctx, &house.realm);
    assert!(matches!(
        verbs::create(ctx, realm, &house.app, polling()).await,
        Err(SsfError::Exists)
    ));
    let other = house.client("other", SsfSubjects::Own).await;
    assert!(verbs::own(ctx, realm, other.id).await.unwrap().is_none());
    for refused in [
        verbs::find(ctx, realm, other.id, stream.id).await.err(),
        verbs::replace(ctx, realm, &other, stream.id, polling())
            .await
            .err(),
        verbs::delete(ctx, realm, &other, stream.id).await.err(),
        status::set(ctx, realm, &other, stream.id, Status::Disabled, None)
            .await
            .err(),
    ] {
        assert!(matches!(refused, Some(SsfError::NotFound)), "{refused:?}");
    }
    // Another realm's client with the same name is another receiver.
    let elsewhere = testing::realm(ctx, "elsewhere").await;
    let namesake = add(ctx, &elsewhere, "app", SsfSubjects::All).await;
    assert!(matches!(
        verbs::find(ctx, &elsewhere, namesake.id, stream.id).await,
        Err(SsfError::NotFound)
    ));
    let sid = house.session(house.ann.id, &[&house.app]).await;
    house.end(&[sid]).await;
    verbs::delete(ctx, realm, &house.app, stream.id)
        .await
        .unwrap();
    let left = queue::waiting(ctx).await.unwrap();
    assert!(left.is_empty(), "nothing is left of it: {left:?}");
    // A deleted client takes its stream along.
    house.stream(&house.app, polling()).await;
    client::verbs::delete(ctx, realm, &admin(), house.app.id)
        .await
        .unwrap();
    ctx.signals.clear();
    assert!(streams::all(ctx, realm.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_header_of_a_receiver_is_kept_sealed() {
    let house = house().await;
    let stream = house
        .stream(&house.app, pushing_to("https://receiver.example/events"))
        .await;
    let at = crate::domain::key::stream(house.realm_id(), stream.id);
    let kept = house.ctx.store.get(&at).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&kept.value);
    assert!(!text.contains("of-the-receiver"), "{text}");
    let opened = settings::authorization(&house.ctx, house.realm_id(), &stream).unwrap();
    assert_eq!(opened.unwrap().expose(), "Bearer of-the-receiver");
}

#[tokio::test]
async fn what_a_receiver_may_not_say_is_refused() {
    let house = house().await;
    let push = |url: &str, header: Option<&str>| Settings {
        method: Wanted::Push {
            endpoint_url: url.to_owned(),
            authorization: header.map(|h| Secret::new(h.to_owned())),
        },
        ..polling()
    };
    for settings in [
        push("http://receiver.example/", None),
        push("receiver", None),
        push("https://user:pass@receiver.example/", None),
        push("https://receiver.example/", Some("Bearer a\r\nX: y")),
        push("https://receiver.example/", Some("")),
        Settings {
            events_requested: Some(vec!["x".repeat(501)]),
            ..polling()
        },
        Settings {
            description: Some("x".repeat(1001)),
            ..polling()
        },
    ] {
        let refused = verbs::create(&house.ctx, &house.realm, &house.app, settings).await;
        assert!(matches!(refused, Err(SsfError::Invalid(_))), "{refused:?}");
    }
    let good = push("http://127.0.0.1:9/events", Some("Bearer token"));
    house.stream(&house.app, good).await;
}
