//! What a receipt says of those who hear by a stream.

use super::*;
use crate::domain::outbox::redeliver::redeliver;
use crate::domain::signout::receipt;

async fn channels(house: &House, act: &SignOut) -> Vec<(String, String, String)> {
    let read = receipt::read(&house.ctx, &house.realm, act.id)
        .await
        .unwrap()
        .unwrap();
    let mut rows: Vec<_> = read
        .apps
        .iter()
        .flat_map(|app| {
            app.channels.iter().map(|told| {
                let state = told.state().map_or("-", |state| state.as_str());
                (
                    app.client_id.clone(),
                    told.channel.as_str().to_owned(),
                    state.to_owned(),
                )
            })
        })
        .filter(|(_, channel, _)| channel != "none")
        .collect();
    rows.sort();
    rows
}

fn row(client: &str, channel: &str, state: &str) -> (String, String, String) {
    (client.to_owned(), channel.to_owned(), state.to_owned())
}

#[tokio::test]
async fn a_receivers_line_follows_what_it_says() {
    let house = house().await;
    let siem = house.client("siem", SsfSubjects::All).await;
    let of_app = house.stream(&house.app, polling()).await;
    let of_siem = house.stream(&siem, polling()).await;
    let sid = house.session(house.ann.id, &[&house.app]).await;
    let act = house.end(&[sid]).await;
    assert_eq!(act.state, signout::State::Delivering);
    assert_eq!(
        channels(&house, &act).await,
        [
            row("app", "ssf-poll", "retrying"),
            row("siem", "ssf-poll", "retrying")
        ]
    );
    let first = house.poll(&of_app, Poll::default()).await.sets[0].0;
    let other = house.poll(&of_siem, Poll::default()).await.sets[0].0;
    let ack = Poll {
        ack: vec![first],
        ..Poll::default()
    };
    house.poll(&of_app, ack).await;
    let refuse = Poll {
        errors: vec![(other, "access_denied".to_owned())],
        ..Poll::default()
    };
    house.poll(&of_siem, refuse).await;
    let settled = [
        row("app", "ssf-poll", "acknowledged"),
        row("siem", "ssf-poll", "rejected"),
    ];
    assert_eq!(channels(&house, &act).await, settled);
    // Told again, it waits in the stream again.
    let moved = redeliver(&house.ctx, &house.realm, &admin(), act.id, None)
        .await
        .unwrap();
    assert_eq!(moved, 1);
    let again = house.poll(&of_siem, Poll::default()).await;
    assert_eq!(claims(&again.sets[0].1)["txn"], act.id.to_string());
    let ack = Poll {
        ack: vec![again.sets[0].0],
        ..Poll::default()
    };
    house.poll(&of_siem, ack).await;
    assert_eq!(
        channels(&house, &act).await[1],
        row("siem", "ssf-poll", "acknowledged")
    );
}

#[tokio::test]
async fn a_large_act_counts_what_its_receivers_say() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    for _ in 0..30 {
        house.session(house.ann.id, &[&house.app]).await;
    }
    let request = Request::new(Selection::All, Reason::Admin, admin());
    let act = signout::end(&house.ctx, &house.realm, &request)
        .await
        .unwrap();
    assert!(act.large);
    let polled = house.poll(&stream, Poll::default()).await;
    assert_eq!(polled.sets.len(), 30);
    let ids: Vec<_> = polled.sets.iter().map(|(id, _)| *id).collect();
    let refused = ids[..2].iter().map(|id| (*id, "no".to_owned())).collect();
    let said = Poll {
        ack: ids[2..].to_vec(),
        errors: refused,
        ..Poll::default()
    };
    house.poll(&stream, said).await;
    let read = receipt::read(&house.ctx, &house.realm, act.id)
        .await
        .unwrap()
        .unwrap();
    let app = read.apps.iter().find(|a| a.client_id == "app").unwrap();
    let told = app.channels.iter().find(|t| t.channel == Channel::SsfPoll);
    let told = told.unwrap();
    assert_eq!(
        (told.notices, told.acknowledged, told.rejected),
        (30, 28, 2)
    );
}

#[tokio::test]
async fn what_is_dropped_or_deleted_is_given_up_on_the_receipt() {
    let house = house().await;
    let stream = house.stream(&house.app, polling()).await;
    let sid = house.session(house.ann.id, &[&house.app]).await;
    let dropped = house.end(&[sid]).await;
    house.clock.advance(Span::days(8));
    bounds::tidy(&house.ctx).await.unwrap();
    let gave_up = [row("app", "ssf-poll", "gave_up")];
    assert_eq!(channels(&house, &dropped).await, gave_up);
    let sid = house.session(house.ann.id, &[&house.app]).await;
    let deleted = house.end(&[sid]).await;
    verbs::delete(&house.ctx, &house.realm, &house.app, stream.id)
        .await
        .unwrap();
    assert_eq!(channels(&house, &deleted).await, gave_up);
    let admin = admin();
    let moved = redeliver(&house.ctx, &house.realm, &admin, deleted.id, None);
    assert_eq!(moved.await.unwrap(), 0, "there is no stream to put it into");
}
