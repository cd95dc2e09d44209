//! The work at one destination over a store in memory: what is told, told again, refused, given up and told once more.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::destination::{Kept, work};
use crate::domain::client::Client;
use crate::domain::id::{Sid, SignOutId, UserId};
use crate::domain::outbox::redeliver::redeliver;
use crate::domain::outbox::send::{Notice, Outcome, Tried};
use crate::domain::outbox::settle::settle;
use crate::domain::outbox::{Attempt, Channel, Destination, Standing, backoff, queue};
use crate::domain::realm::Realm;
use crate::domain::signout::receipt::{App, AppState, read};
use crate::domain::signout::{self, Reason, Request, Selection, State};
use crate::domain::testing::{self, Script};
use crate::domain::time::{ManualClock, Span, Timestamp};
use crate::domain::{Actor, Context, client};

mod hanging;

struct House {
    wire: Arc<Script>,
    ctx: Arc<Context>,
    clock: Arc<ManualClock>,
    realm: Arc<Realm>,
    app: Arc<Client>,
    ann: UserId,
}

async fn house() -> House {
    let wire = Arc::new(Script::default());
    let (ctx, clock) = testing::context_with(wire.clone());
    let realm = testing::realm(&ctx, "demo").await;
    let app = testing::client(&ctx, &realm, "app").await;
    let ann = testing::user(&ctx, &realm, "ann").await.id;
    House {
        wire,
        ctx,
        clock,
        realm,
        app,
        ann,
    }
}

impl House {
    async fn sign_in(&self) -> Sid {
        let sid = testing::session(&self.ctx, &self.realm, self.ann).await;
        testing::grant(&self.ctx, &self.realm, &self.app, sid, "openid").await;
        sid
    }

    async fn end(&self, select: Selection) -> SignOutId {
        let request = Request::new(select, Reason::Admin, Actor::system("test"));
        signout::end(&self.ctx, &self.realm, &request)
            .await
            .unwrap()
            .id
    }

    async fn end_one(&self) -> SignOutId {
        let sid = self.sign_in().await;
        self.end(Selection::Sessions(vec![sid.to_string()])).await
    }

    async fn work(&self) -> Kept {
        let mut kept = Kept::default();
        let stop = CancellationToken::new();
        let destination = Destination::of(&self.realm, self.app.id, Channel::BackChannel);
        work(&self.ctx, &destination, &mut kept, &stop)
            .await
            .unwrap();
        kept
    }

    fn until(&self, at: Timestamp) {
        self.clock.advance(Span(at.since(self.ctx.now()).0 + 1));
    }

    async fn app(&self, act: SignOutId) -> App {
        let receipt = read(&self.ctx, &self.realm, act).await.unwrap().unwrap();
        receipt.apps.into_iter().next().unwrap()
    }

    /// The claims of every logout token sent since the last call.
    fn tokens(&self) -> Vec<serde_json::Value> {
        let sent = self.wire.sent();
        sent.iter()
            .map(|request| {
                assert_eq!(request.url, "https://app.example/logout");
                let body = std::str::from_utf8(&request.body).unwrap();
                let token = body.strip_prefix("logout_token=").unwrap();
                let parts: Vec<&str> = token.split('.').collect();
                let read = |part: &str| -> serde_json::Value {
                    use base64::Engine as _;
                    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
                    serde_json::from_slice(&engine.decode(part).unwrap()).unwrap()
                };
                assert_eq!(read(parts[0])["typ"], "logout+jwt");
                read(parts[1])
            })
            .collect()
    }
}

#[tokio::test]
async fn an_app_that_answers_has_acknowledged() {
    let house = house().await;
    let sid = house.sign_in().await;
    let act = house.end(Selection::Sessions(vec![sid.to_string()])).await;
    assert_eq!(house.app(act).await.state, AppState::Retrying);
    house.wire.answer(200, "");
    house.work().await;
    let [claims] = house.tokens().try_into().unwrap();
    assert_eq!(claims["iss"], "http://localhost:8080/realms/demo");
    assert_eq!(claims["aud"], "app");
    assert_eq!(claims["sub"], house.ann.to_string());
    assert_eq!(claims["sid"], sid.to_string());
    assert_eq!(
        claims["events"],
        serde_json::json!({"http://schemas.openid.net/event/backchannel-logout": {}})
    );
    assert!(claims.get("nonce").is_none());
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        120
    );
    let app = house.app(act).await;
    assert_eq!((app.state, app.pending()), (AppState::Acknowledged, 0));
    assert_eq!(app.channels[0].attempts, 1);
    let receipt = read(&house.ctx, &house.realm, act).await.unwrap().unwrap();
    assert_eq!(receipt.sign_out.state, State::Settled);
    house.work().await;
    assert!(house.tokens().is_empty(), "nothing is sent twice");
}

#[tokio::test]
async fn each_attempt_has_a_token_of_its_own() {
    let house = house().await;
    let act = house.end_one().await;
    house.wire.answer(500, "<html>oops\n</html>");
    house.work().await;
    let app = house.app(act).await;
    assert_eq!(app.state, AppState::Retrying);
    let last = app.channels[0].last.clone().unwrap();
    assert_eq!(
        (last.status, last.text.as_str()),
        (Some(500), "<html>oops </html>")
    );
    let next = app.channels[0].next_at.unwrap();
    house.work().await;
    house.until(next);
    house.wire.answer(204, "");
    house.work().await;
    let tokens = house.tokens();
    assert_eq!(tokens.len(), 2, "not before it is due, and once then");
    assert_ne!(tokens[0]["jti"], tokens[1]["jti"]);
    assert_ne!(tokens[0]["iat"], serde_json::Value::Null);
    assert_eq!(house.app(act).await.state, AppState::Acknowledged);
}

#[tokio::test]
async fn what_an_app_refuses_is_shown_and_can_be_told_again() {
    let house = house().await;
    let act = house.end_one().await;
    house.wire.answer(400, "{\"error\":\"invalid_request\"}");
    house.work().await;
    let app = house.app(act).await;
    assert_eq!(app.state, AppState::Rejected);
    assert!(
        app.channels[0]
            .last
            .as_ref()
            .unwrap()
            .text
            .contains("invalid_request")
    );
    house.clock.advance(Span::hours(2));
    house.work().await;
    assert_eq!(house.tokens().len(), 1);
    let actor = Actor::system("test");
    let again = redeliver(&house.ctx, &house.realm, &actor, act, Some(house.app.id))
        .await
        .unwrap();
    assert_eq!(again, 1);
    house.wire.answer(200, "");
    house.work().await;
    assert_eq!(house.app(act).await.state, AppState::Acknowledged);
}

#[tokio::test]
async fn after_a_day_it_is_given_up_and_can_still_be_told_again() {
    let house = house().await;
    let act = house.end_one().await;
    let mut attempts = 0;
    for _ in 0..200 {
        let kept = house.work().await;
        attempts += house.wire.sent().len();
        let app = house.app(act).await;
        let Some(next) = app.channels[0].next_at else {
            break;
        };
        house.until(next.max(kept.rests_until));
    }
    let app = house.app(act).await;
    assert_eq!(app.state, AppState::GaveUp);
    assert!((20..100).contains(&attempts), "{attempts}");
    assert_eq!(
        queue::destinations(&house.ctx).await.unwrap(),
        [],
        "nothing waits any more"
    );
    let receipt = read(&house.ctx, &house.realm, act).await.unwrap().unwrap();
    let since = house.ctx.now().since(receipt.sign_out.at);
    assert!(since >= backoff::GIVE_UP_AFTER, "{since}");
    let actor = Actor::system("test");
    let again = redeliver(&house.ctx, &house.realm, &actor, act, None).await;
    assert_eq!(again.unwrap(), 1);
    house.clock.advance(Span::mins(10));
    house.wire.answer(200, "");
    house.work().await;
    assert_eq!(house.app(act).await.state, AppState::Acknowledged);
}

#[tokio::test]
async fn everything_of_a_person_is_one_notice_where_the_app_takes_that() {
    let house = house().await;
    let wide = |settings: &mut client::ClientSettings| settings.backchannel_logout_user_wide = true;
    testing::change_client(&house.ctx, &house.realm, &house.app, wide).await;
    let (first, second) = (house.sign_in().await, house.sign_in().await);
    house.clock.advance(Span::secs(1));
    let act = house.end(Selection::Users(vec![house.ann])).await;
    house.wire.answer(200, "");
    house.work().await;
    let [claims] = house.tokens().try_into().unwrap();
    assert_eq!(claims.get("sid"), None);
    assert_eq!(claims["sub"], house.ann.to_string());
    let app = house.app(act).await;
    assert_eq!((app.state, app.sessions), (AppState::Acknowledged, 2));

    // Once they are back, a notice about all of them would end what they have just started.
    let third = house.sign_in().await;
    house.clock.advance(Span::secs(1));
    house.end(Selection::Users(vec![house.ann])).await;
    house.clock.advance(Span::secs(1));
    house.sign_in().await;
    house.wire.answer(200, "");
    house.work().await;
    let [claims] = house.tokens().try_into().unwrap();
    assert_eq!(claims["sid"], third.to_string());
    assert!(first != second);
}

#[tokio::test]
async fn an_app_that_was_deleted_is_told_what_was_written_down() {
    let house = house().await;
    house.sign_in().await;
    client::verbs::delete(
        &house.ctx,
        &house.realm,
        &Actor::system("test"),
        house.app.id,
    )
    .await
    .unwrap();
    house.wire.answer(200, "");
    house.work().await;
    let [claims] = house.tokens().try_into().unwrap();
    assert_eq!(claims["aud"], "app");
}

#[tokio::test]
async fn whoever_wants_no_notice_of_this_kind_gets_none() {
    let house = house().await;
    let only = |settings: &mut client::ClientSettings| {
        settings.backchannel_logout_initiators = vec![signout::reason::Initiator::User]
    };
    testing::change_client(&house.ctx, &house.realm, &house.app, only).await;
    let act = house.end_one().await;
    house.work().await;
    assert!(house.tokens().is_empty());
    assert_eq!(house.app(act).await.state, AppState::Bounded);
}

#[tokio::test]
async fn of_two_nodes_one_at_a_time_works_a_queue() {
    let house = house().await;
    let elsewhere = Arc::new(Script::default());
    let other = testing::node(&house.ctx, "other", elsewhere.clone());
    let destination = Destination::of(&house.realm, house.app.id, Channel::BackChannel);
    let stop = CancellationToken::new();
    // This node has the lease from its first notice on.
    house.end_one().await;
    house.wire.answer(200, "");
    house.work().await;
    assert_eq!(house.tokens().len(), 1);
    let act = house.end_one().await;
    let mut theirs = Kept::default();
    work(&other, &destination, &mut theirs, &stop)
        .await
        .unwrap();
    assert!(elsewhere.sent().is_empty(), "the lease is another node's");
    assert!(
        theirs.rests_until > other.now(),
        "it looks again when that ends"
    );
    // This node is gone: when its lease has run out, the other tells the app.
    house.until(theirs.rests_until);
    elsewhere.answer(200, "");
    work(&other, &destination, &mut theirs, &stop)
        .await
        .unwrap();
    assert_eq!(elsewhere.sent().len(), 1);
    assert_eq!(house.app(act).await.state, AppState::Acknowledged);
    // And now it is the other's, until it gives it back.
    let last = house.end_one().await;
    house.work().await;
    assert!(house.wire.sent().is_empty());
    theirs.give_back(&other, &destination).await;
    house.wire.answer(200, "");
    house.work().await;
    assert_eq!(house.app(last).await.state, AppState::Acknowledged);
}

#[tokio::test]
async fn who_was_faster_with_an_entry_has_settled_it() {
    let house = house().await;
    let act = house.end_one().await;
    let destination = Destination::of(&house.realm, house.app.id, Channel::BackChannel);
    let read = async || {
        queue::due(&house.ctx, &destination, house.ctx.now(), 10)
            .await
            .unwrap()
    };
    let (first, second) = (read().await, read().await);
    assert_eq!((first.len(), second.len()), (1, 1));
    let tried = |queued, outcome| Tried {
        notice: Notice {
            queued,
            user_wide: false,
        },
        attempt: Attempt {
            at: house.ctx.now(),
            took: 1,
            status: None,
            text: String::new(),
        },
        outcome,
        answered: true,
    };
    let settled = async |tried| {
        let mut standing = Standing::default();
        settle(
            &house.ctx,
            &house.realm,
            &destination,
            vec![tried],
            &mut standing,
        )
        .await
        .unwrap();
    };
    // The first to settle moves the entry; what the second read is nobody's any more.
    settled(tried(first, Outcome::Retry { after: None })).await;
    settled(tried(second, Outcome::Rejected)).await;
    let app = house.app(act).await;
    assert_eq!(
        (app.state, app.channels[0].attempts),
        (AppState::Retrying, 1)
    );
    assert_eq!(
        queue::length(&house.ctx, &destination, 10).await.unwrap(),
        1
    );
}
