//! What a receiver may do with its own stream, and that it is its own alone.

use super::*;

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
async fn a_client_that_hears_by_a_stream_may_lag_as_the_realm_allows() {
    let house = house().await;
    let settings = crate::domain::realm::RealmSettings {
        logout: crate::domain::realm::LogoutPolicy {
            longest_lag: Span::secs(1),
            ..house.realm.settings.logout.clone()
        },
        ..house.realm.settings.clone()
    };
    let realm = Realm {
        settings,
        ..(*house.realm).clone()
    };
    let change = async |name: &str| {
        let settings = ClientSettings {
            client_name: Some(name.to_owned()),
            ..house.app.settings.clone()
        };
        client::verbs::update(&house.ctx, &realm, &admin(), house.app.id, settings).await
    };
    assert!(change("one").await.is_err(), "nobody tells it");
    house.stream(&house.app, polling()).await;
    assert!(change("two").await.is_ok());
}
