//! Pages of notices, and one notice told again.

use std::sync::Arc;

use super::*;
use crate::domain::client::{Client, ClientSettings, verbs};
use crate::domain::outbox::{queue, redeliver};
use crate::domain::signout::{self, Reason, Request, Selection};
use crate::domain::time::{ManualClock, Span, Timestamp};
use crate::domain::{Actor, testing};

async fn app(ctx: &Context, realm: &Realm, id: &str) -> Arc<Client> {
    let settings = ClientSettings {
        client_id: id.to_owned(),
        redirect_uris: vec!["https://app.example/cb".to_owned()],
        require_pkce: false,
        backchannel_logout_uri: Some("https://app.example/out".to_owned()),
        ..ClientSettings::default()
    };
    let made = verbs::create(ctx, realm, &Actor::system("test"), settings).await;
    made.unwrap().client
}

/// Three acts, each of a session that two apps took part in, one of them told.
async fn house() -> (Arc<Context>, Arc<ManualClock>, Arc<Realm>, [Arc<Client>; 2]) {
    let (ctx, clock) = testing::context();
    let realm = testing::realm(&ctx, "demo").await;
    let apps = [
        app(&ctx, &realm, "files").await,
        app(&ctx, &realm, "mail").await,
    ];
    testing::client(&ctx, &realm, "silent").await;
    for name in ["ann", "bob", "cleo"] {
        let user = testing::user(&ctx, &realm, name).await;
        let sid = testing::session(&ctx, &realm, user.id).await;
        for app in &apps {
            testing::grant(&ctx, &realm, app, sid, "openid").await;
        }
        let select = Selection::Sessions(vec![sid.to_string()]);
        let request = Request::new(select, Reason::Admin, Actor::system("test"));
        signout::end(&ctx, &realm, &request).await.unwrap();
        clock.advance(Span::secs(1));
    }
    (ctx, clock, realm, apps)
}

async fn pages(ctx: &Context, realm: &Realm, filter: Filter, limit: usize) -> Vec<DeliveryId> {
    let (mut all, mut cursor) = (Vec::new(), None);
    for _ in 0..50 {
        let page = list(ctx, realm, filter, cursor.as_deref(), limit)
            .await
            .unwrap()
            .unwrap();
        assert!(page.rows.len() <= limit);
        all.extend(page.rows.into_iter().map(|(id, _)| id));
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
    panic!("the list has no end");
}

#[tokio::test]
async fn pages_of_any_size_show_each_notice_once_newest_act_first() {
    let (ctx, _, realm, [files, _]) = house().await;
    let whole = pages(&ctx, &realm, Filter::default(), 100).await;
    assert_eq!(whole.len(), 6);
    assert!(whole.is_sorted_by(|a, b| a.act >= b.act));
    for limit in 1..=7 {
        assert_eq!(pages(&ctx, &realm, Filter::default(), limit).await, whole);
    }
    let of_files = Filter {
        client: Some(files.id),
        ..Filter::default()
    };
    for limit in [1, 2, 10] {
        let found = pages(&ctx, &realm, of_files, limit).await;
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|id| id.client == files.id));
    }
    let waiting = Filter {
        status: Some(Status::Waiting),
        ..Filter::default()
    };
    assert_eq!(pages(&ctx, &realm, waiting, 4).await, whole);
    let done = Filter {
        status: Some(Status::Done),
        ..Filter::default()
    };
    assert!(pages(&ctx, &realm, done, 4).await.is_empty());
    let webhooks = Filter {
        channel: Some(Channel::Webhook),
        ..Filter::default()
    };
    assert!(pages(&ctx, &realm, webhooks, 4).await.is_empty());
    let refused = list(&ctx, &realm, done, Some("nonsense"), 4).await.unwrap();
    assert_eq!(refused.unwrap_err(), CursorError);
}

#[tokio::test]
async fn an_id_reads_back_and_finds_its_notice() {
    let (ctx, _, realm, _) = house().await;
    for id in pages(&ctx, &realm, Filter::default(), 10).await {
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert!(
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        let found = find(&ctx, &realm, id).await.unwrap().unwrap();
        assert_eq!(found.sid, id.sid);
    }
    for bad in ["", "x", "AAAA", "not base64!"] {
        assert_eq!(bad.parse::<DeliveryId>(), Err(DeliveryIdError), "{bad}");
    }
}

#[tokio::test]
async fn one_notice_is_told_again_and_no_other() {
    let (ctx, _, realm, [files, _]) = house().await;
    let ids = pages(&ctx, &realm, Filter::default(), 10).await;
    // Refuse everything that the app `files` is told.
    let destination =
        crate::domain::outbox::Destination::of(&realm, files.id, Channel::BackChannel);
    let far = Timestamp(u64::MAX);
    for queued in queue::due(&ctx, &destination, far, 10).await.unwrap() {
        let at = DeliveryId {
            act: queued.entry.sign_out,
            client: files.id,
            channel: Channel::BackChannel,
            sid: queued.entry.sid,
        };
        let mut delivery = find(&ctx, &realm, at).await.unwrap().unwrap();
        delivery.state = DeliveryState::Rejected;
        let mut batch = crate::store::Batch::new();
        batch.del(queued.key);
        batch.put(
            at.key(realm.id),
            crate::domain::record::encode(&delivery).unwrap(),
        );
        ctx.commit(batch).await.unwrap();
    }
    let mine: Vec<_> = ids.into_iter().filter(|id| id.client == files.id).collect();
    let actor = Actor::system("test");
    assert!(redeliver::one(&ctx, &realm, &actor, mine[1]).await.unwrap());
    let waiting = queue::due(&ctx, &destination, far, 10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].entry.sid, mine[1].sid);
    for (n, id) in mine.iter().enumerate() {
        let delivery = find(&ctx, &realm, *id).await.unwrap().unwrap();
        let expected = if n == 1 {
            Status::Waiting
        } else {
            Status::Refused
        };
        assert_eq!(Status::of(&delivery), Some(expected));
    }
    // It waits and is due: there is nothing to hurry.
    assert!(!redeliver::one(&ctx, &realm, &actor, mine[1]).await.unwrap());
}
