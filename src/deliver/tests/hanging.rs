//! An app that never answers: in whose way it is, and in whose not.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::domain::outbox::wire::{Answered, Outgoing, Wire, WireError};

#[tokio::test]
async fn a_notice_that_hangs_is_in_no_way_of_the_next_and_of_no_stop() {
    let hanging = Arc::new(Hanging::default());
    let (ctx, _) = testing::context_with(hanging.clone());
    let realm = testing::realm(&ctx, "demo").await;
    let app = testing::client(&ctx, &realm, "app").await;
    let ann = testing::user(&ctx, &realm, "ann").await.id;
    let end = async || {
        let sid = testing::session(&ctx, &realm, ann).await;
        testing::grant(&ctx, &realm, &app, sid, "openid").await;
        let select = Selection::Sessions(vec![sid.to_string()]);
        let request = Request::new(select, Reason::Admin, Actor::system("test"));
        signout::end(&ctx, &realm, &request).await.unwrap();
    };
    let reached = async |n| {
        while hanging.sent.load(Ordering::SeqCst) < n {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    end().await;
    let stop = CancellationToken::new();
    let (node, told) = (ctx.clone(), stop.clone());
    let destination = Destination::of(&realm, app.id, Channel::BackChannel);
    let working = tokio::spawn(async move {
        let mut kept = Kept::default();
        work(&node, &destination, &mut kept, &told).await.unwrap();
    });
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, reached(1)).await.unwrap();
    end().await;
    tokio::time::timeout(patience, reached(2)).await.unwrap();
    stop.cancel();
    tokio::time::timeout(patience, working)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(queue::length(&ctx, &destination, 10).await.unwrap(), 2);
}

/// A way out that nothing comes back from.
#[derive(Default)]
struct Hanging {
    sent: AtomicUsize,
}

#[async_trait::async_trait]
impl Wire for Hanging {
    async fn reach(&self, _url: &str, _timeout: std::time::Duration) -> Result<u16, WireError> {
        Err(WireError::Unreachable("nobody is there".to_owned()))
    }

    async fn send(&self, _: Outgoing) -> Result<Answered, WireError> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }
}
