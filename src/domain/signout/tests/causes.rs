//! What ends things without an administrator: idleness, a token used twice, and an end that meets a new grant.

use super::*;
use crate::domain::grant::{Grant, code};
use crate::domain::user::{self, UserSettings};

#[tokio::test]
async fn an_idle_session_ends_through_the_door() {
    let house = house().await;
    let sid = house.sign_in(house.ann.id).await;
    let (_, token) = house.grant(sid, "openid").await;
    house.clock.advance(Span::mins(31));
    assert!(matches!(
        denial::session(&house.ctx, &house.realm, sid)
            .await
            .unwrap()
            .unwrap_err(),
        Denied::Idle
    ));
    let mut ended = 0;
    while let swept = sweep::sweep(&house.ctx).await.unwrap()
        && swept.looked > 0
    {
        ended += swept.ended;
    }
    assert_eq!(ended, 1);
    let session = session::find(&house.ctx, &house.realm, sid)
        .await
        .unwrap()
        .unwrap()
        .value;
    assert_eq!(session.ended.unwrap().reason, Reason::Idle);
    assert!(house.refresh(&token).await.is_err());
}

#[tokio::test]
async fn a_refresh_token_used_twice_takes_its_family_but_not_the_session() {
    let house = house().await;
    let sid = house.sign_in(house.ann.id).await;
    let (_, first) = house.grant(sid, "openid").await;
    let second = house.refresh(&first).await.unwrap();
    assert_eq!(
        house.refresh(&first).await.unwrap(),
        second,
        "the unused successor again"
    );
    let third = house.refresh(&second).await.unwrap();
    assert_eq!(house.refresh(&first).await, Err(RotateError::Reused));
    assert!(matches!(
        house.refresh(&third).await,
        Err(RotateError::Denied(Denied::Ended(_)))
    ));
    assert!(house.good(sid).await);
}

#[tokio::test]
async fn a_session_that_ends_while_a_code_is_exchanged_takes_the_new_family_along() {
    for _ in 0..20 {
        let house = house().await;
        let sid = house.sign_in(house.ann.id).await;
        let (ctx, realm) = (house.ctx.clone(), house.realm.clone());
        let admin = house.admin(None);
        let ending = tokio::spawn(async move {
            let request = Request::new(
                Selection::Sessions(vec![sid.to_string()]),
                Reason::Admin,
                admin,
            );
            end(&ctx, &realm, &request).await.unwrap();
        });
        let session = session::find(&house.ctx, &house.realm, sid)
            .await
            .unwrap()
            .unwrap()
            .value;
        if session.ended.is_none() {
            tokio::time::timeout(std::time::Duration::from_secs(5), async {
                let issue = code::Issue {
                    grant: Grant {
                        client: house.client.id,
                        client_id: "app".to_owned(),
                        client_name: "app".to_owned(),
                        user: house.ann.id,
                        username: "ann".to_owned(),
                        sid,
                        session_started_at: session.started_at,
                        scope: "openid offline_access".to_owned(),
                        resources: Vec::new(),
                        auth_time: session.auth_time,
                        amr: Vec::new(),
                        acr: "1".to_owned(),
                        nonce: None,
                        claims: None,
                    },
                    redirect_uri: "https://app.example/callback".to_owned(),
                    code_challenge: None,
                };
                let text = code::issue(&house.ctx, &house.realm, issue).await.unwrap();
                let redeem = code::Redeem {
                    code: &text,
                    redirect_uri: None,
                    code_verifier: None,
                    resources: &[],
                };
                let redeemed = code::redeem(&house.ctx, &house.realm, &house.client, redeem)
                    .await
                    .unwrap();
                ending.await.unwrap();
                if let Ok(family) = redeemed {
                    let judged = denial::family(&house.ctx, &house.realm, &house.client, family.id)
                        .await
                        .unwrap();
                    assert!(judged.is_err(), "a family outlived the administrator's act");
                }
            })
            .await
            .unwrap();
        }
        assert!(!house.good(sid).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_who_is_disabled_stays_with_a_session_that_started_meanwhile() {
    let house = house().await;
    // Time that flies: no two things happen within one millisecond.
    let clock = house.clock.clone();
    let flying = Arc::new(());
    let flies = Arc::downgrade(&flying);
    let wings = std::thread::spawn(move || {
        while flies.strong_count() > 0 {
            clock.advance(Span(1));
            std::thread::yield_now();
        }
    });
    let mut started = 0;
    for round in 0..200 {
        let name = format!("guest-{round}");
        let guest = testing::user(&house.ctx, &house.realm, &name).await;
        // Enough to do for the act that somebody can come in while it is done.
        for _ in 0..20 {
            testing::session(&house.ctx, &house.realm, guest.id).await;
        }
        let read = user::by_id(&house.ctx, &house.realm, guest.id)
            .await
            .unwrap()
            .unwrap();
        let (ctx, realm) = (house.ctx.clone(), house.realm.clone());
        let starting = tokio::spawn(async move {
            for _ in 0..round % 40 {
                tokio::task::yield_now().await;
            }
            let start = session::Start {
                user: &read,
                amr: vec!["pwd".to_owned()],
                remember_me: false,
                ip: "192.0.2.1",
                user_agent: "test",
            };
            let begun = session::start(&ctx, &realm, start, session::Terms::default()).await;
            begun.ok().map(|outcome| outcome.unwrap().session.sid)
        });
        let settings = UserSettings {
            enabled: false,
            username: name,
            ..UserSettings::default()
        };
        let actor = Actor::system("test");
        user::verbs::update(&house.ctx, &house.realm, &actor, guest.id, settings)
            .await
            .unwrap();
        if let Some(sid) = starting.await.unwrap() {
            started += 1;
            assert!(!house.good(sid).await, "round {round}: a session survived");
        }
    }
    assert!(started > 0, "no session started in time to be ended");
    drop(flying);
    wings.join().unwrap();
}
