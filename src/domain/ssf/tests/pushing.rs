//! Handing over: strictly in order, again after a failure, never again after a refusal.

use super::*;
use crate::domain::ssf::push::{Next, Settled, next, settle};
use crate::domain::time::Timestamp;

struct Pushed {
    house: House,
    stream: Arc<Stream>,
    sids: Vec<Sid>,
}

/// Three events wait for a receiver.
async fn pushed() -> Pushed {
    let house = house().await;
    let stream = house
        .stream(&house.app, pushing_to("https://receiver.example/events"))
        .await;
    let mut sids = Vec::new();
    for _ in 0..3 {
        let sid = house.session(house.ann.id, &[&house.app]).await;
        house.end(&[sid]).await;
        sids.push(sid);
    }
    Pushed {
        house,
        stream,
        sids,
    }
}

impl Pushed {
    /// One attempt, when there is one to be made.
    async fn attempt(&self) -> Option<Settled> {
        let ctx = &self.house.ctx;
        match next(ctx, self.house.realm_id(), self.stream.id)
            .await
            .unwrap()
        {
            Next::Send(outgoing, attempt) => {
                let came = ctx.wire.send(outgoing).await;
                Some(settle(ctx, attempt, came).await.unwrap())
            }
            Next::Later | Next::Idle => None,
        }
    }

    /// The sessions of what was sent since the last call.
    fn sent(&self) -> Vec<String> {
        let bodies = self.house.wire.sent().into_iter().map(|o| o.body);
        let text = |body: bytes::Bytes| String::from_utf8(body.to_vec()).unwrap();
        bodies
            .map(|body| {
                let claims = claims(&text(body));
                claims["sub_id"]["session"]["id"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    }

    fn sid(&self, number: usize) -> String {
        self.sids[number].to_string()
    }
}

#[tokio::test]
async fn events_go_out_in_order_each_with_the_receivers_header() {
    let pushed = pushed().await;
    for _ in 0..3 {
        pushed.house.wire.answer(202, "");
    }
    assert_eq!(pushed.attempt().await, Some(Settled::Taken));
    let sent = pushed.house.wire.sent();
    let [first] = sent.as_slice() else {
        panic!("one request")
    };
    assert_eq!(first.url, "https://receiver.example/events");
    for (name, value) in [
        ("content-type", "application/secevent+jwt"),
        ("accept", "application/json"),
        ("authorization", "Bearer of-the-receiver"),
    ] {
        let found = first.headers.iter().find(|(n, _)| *n == name);
        assert_eq!(found.map(|(_, v)| v.as_str()), Some(value), "{name}");
    }
    assert_eq!(pushed.attempt().await, Some(Settled::Taken));
    assert_eq!(pushed.attempt().await, Some(Settled::Taken));
    assert_eq!(pushed.sent(), [pushed.sid(1), pushed.sid(2)]);
    assert_eq!(pushed.attempt().await, None);
    let marks = pushed.house.marks(&pushed.stream).await;
    assert_eq!((marks.delivered, marks.lease), (3, None));
}

#[tokio::test]
async fn a_failure_holds_everything_back_until_the_pause_is_over() {
    let pushed = pushed().await;
    pushed.house.wire.answer(500, "down");
    pushed.house.wire.answer(200, "200 is not 202");
    pushed.house.wire.answer(400, "no JSON");
    // The fourth time nobody is there.
    for failures in 1..=4 {
        assert_eq!(pushed.attempt().await, Some(Settled::Retrying));
        assert_eq!(pushed.attempt().await, None, "not before the pause is over");
        let marks = pushed.house.marks(&pushed.stream).await;
        assert_eq!(marks.failures, failures);
        assert!(marks.last_problem.is_some());
        pushed.house.clock.advance(Span::mins(5));
    }
    let first = pushed.sid(0);
    assert_eq!(
        pushed.sent(),
        [&first, &first, &first, &first].map(String::clone),
        "nothing overtakes the one in front"
    );
    for _ in 0..3 {
        pushed.house.wire.answer(202, "");
    }
    while pushed.attempt().await.is_some() {}
    assert_eq!(pushed.sent(), [pushed.sid(0), pushed.sid(1), pushed.sid(2)]);
    let marks = pushed.house.marks(&pushed.stream).await;
    assert_eq!((marks.failures, marks.last_problem), (0, None));
}

#[tokio::test]
async fn a_refused_event_is_set_aside_and_the_next_one_goes() {
    let pushed = pushed().await;
    let refusal = r#"{"err":"invalid_request","description":"no such user"}"#;
    pushed.house.wire.answer(400, refusal);
    pushed.house.wire.answer(202, "");
    assert_eq!(pushed.attempt().await, Some(Settled::Rejected));
    assert_eq!(pushed.attempt().await, Some(Settled::Taken));
    assert_eq!(pushed.sent(), [pushed.sid(0), pushed.sid(1)]);
    let marks = pushed.house.marks(&pushed.stream).await;
    assert_eq!((marks.rejected, marks.delivered), (1, 1));
    assert_eq!(marks.dead[0].why, "invalid_request: no such user");
}

#[tokio::test]
async fn after_a_day_without_an_answer_events_are_given_up() {
    let pushed = pushed().await;
    assert_eq!(pushed.attempt().await, Some(Settled::Retrying));
    pushed.house.clock.advance(Span::hours(25));
    let (house, app) = (&pushed.house, &pushed.house.app);
    let fresh = house.session(house.ann.id, &[app]).await;
    pushed.house.end(&[fresh]).await;
    assert_eq!(pushed.attempt().await, Some(Settled::GaveUp));
    let marks = pushed.house.marks(&pushed.stream).await;
    assert_eq!(marks.gave_up, 3, "all that are a day old");
    pushed.house.wire.sent();
    pushed.house.clock.advance(Span::mins(6));
    pushed.house.wire.answer(202, "");
    assert_eq!(pushed.attempt().await, Some(Settled::Taken));
    assert_eq!(pushed.sent(), [fresh.to_string()]);
}

#[tokio::test]
async fn a_paused_stream_sends_nothing_and_another_nodes_stream_is_left_to_it() {
    let pushed = pushed().await;
    let (ctx, realm) = (&pushed.house.ctx, &pushed.house.realm);
    let id = pushed.stream.id;
    let set = async |status| {
        status::set(ctx, realm, &pushed.house.app, id, status, None)
            .await
            .unwrap();
    };
    set(Status::Paused).await;
    assert_eq!(pushed.attempt().await, None);
    set(Status::Enabled).await;
    let now = ctx.clock.now();
    let held = async |until: Timestamp| {
        super::marks::revise(ctx, (realm.id, id), &[], |marks, _, _| {
            marks.lease = Some(super::marks::Lease {
                node: "another".to_owned(),
                until,
            });
            Ok(Some(()))
        })
        .await
        .unwrap();
    };
    held(now.plus(Span::secs(10))).await;
    assert_eq!(pushed.attempt().await, None);
    pushed.house.clock.advance(Span::secs(11));
    // Its lease ran out while this one's attempt is under way: what came of it is not written over the other's work.
    let Next::Send(outgoing, attempt) = next(ctx, realm.id, id).await.unwrap() else {
        panic!("nothing to send")
    };
    pushed.house.wire.answer(202, "");
    let came = ctx.wire.send(outgoing).await;
    held(now.plus(Span::mins(5))).await;
    let settled = settle(ctx, attempt, came).await.unwrap();
    assert_eq!(settled, Settled::Outrun);
    let waiting = bounds::count(ctx, realm.id, id).await.unwrap();
    assert_eq!(waiting, (3, true), "at least once, never lost");
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it_but_not_for_ever() {
    let pushed = pushed().await;
    let ask = |secs| {
        let mut answer = crate::domain::outbox::wire::Answered {
            status: 503,
            content_type: None,
            retry_after: None,
            body: bytes::Bytes::new(),
            took: std::time::Duration::from_millis(1),
        };
        answer.retry_after = Some(secs);
        answer
    };
    let ctx = &pushed.house.ctx;
    for (asked, pause) in [(120, Span::mins(2)), (1_000_000, Span::hours(1))] {
        let id = pushed.stream.id;
        let Next::Send(_, attempt) = next(ctx, pushed.house.realm_id(), id).await.unwrap() else {
            panic!("nothing to send")
        };
        let settled = settle(ctx, attempt, Ok(ask(asked))).await.unwrap();
        assert_eq!(settled, Settled::Retrying);
        let marks = pushed.house.marks(&pushed.stream).await;
        // The clock goes on by itself.
        let left = marks.next_attempt_at.unwrap().since(ctx.now());
        assert!(left <= pause && Span(left.0 + 60_000) > pause, "{left}");
        pushed.house.clock.advance(pause);
    }
}

#[tokio::test]
async fn what_waits_for_a_disabled_client_waits_until_it_is_enabled() {
    let pushed = pushed().await;
    let (ctx, realm) = (&pushed.house.ctx, &pushed.house.realm);
    let switch = async |enabled| {
        let settings = ClientSettings {
            enabled,
            ..pushed.house.app.settings.clone()
        };
        client::verbs::update(ctx, realm, &admin(), pushed.house.app.id, settings)
            .await
            .unwrap();
    };
    switch(false).await;
    assert_eq!(pushed.attempt().await, None);
    switch(true).await;
    pushed.house.wire.answer(202, "");
    assert_eq!(pushed.attempt().await, Some(Settled::Taken));
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_stands_on_the_overview() {
    let pushed = pushed().await;
    let (ctx, realm) = (&pushed.house.ctx, &pushed.house.realm);
    let failing = async || {
        let seen = crate::domain::overview::now(ctx, realm, false).await;
        seen.unwrap().failing
    };
    for _ in 0..3 {
        assert!(failing().await.is_empty());
        assert_eq!(pushed.attempt().await, Some(Settled::Retrying));
        pushed.house.clock.advance(Span::hours(1));
    }
    assert_eq!(failing().await, [("app".to_owned(), "app".to_owned())]);
}
